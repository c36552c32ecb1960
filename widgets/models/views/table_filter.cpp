#include "widgets/models/views/table_filter.h"

#include "analyzers/core/text.h"

#include <QStringList>
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace casebook {
namespace {

using Kind = TableColumn::Kind;

char lower_of(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// `part` is lower case already and not empty.
bool contains(std::string_view text, std::string_view part)
{
    if (text.size() < part.size()) return false;
    const char first = part.front();
    const std::size_t last = text.size() - part.size();
    for (std::size_t at = 0; at <= last; ++at) {
        if (lower_of(text[at]) != first) continue;
        std::size_t i = 1;
        while (i < part.size() && lower_of(text[at + i]) == part[i]) ++i;
        if (i == part.size()) return true;
    }
    return false;
}

/// Splits at spaces outside quotes; the quotes go.
QStringList words_of(const QString& text)
{
    QStringList words;
    QString word;
    bool quoted = false, any = false;
    for (const QChar c : text) {
        if (c == QLatin1Char('"')) { quoted = !quoted; any = true; continue; }
        if (c.isSpace() && !quoted) {
            if (!word.isEmpty() || any) words += word;
            word.clear();
            any = false;
        } else {
            word += c;
        }
    }
    if (!word.isEmpty() || any) words += word;
    words.removeAll(QString());
    return words;
}

int column_named(const TableData& table, const QString& name)
{
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        if (table.columns[i].name.compare(name, Qt::CaseInsensitive) == 0 || table.columns[i].title.compare(name, Qt::CaseInsensitive) == 0)
            return static_cast<int>(i);
    return -1;
}

/// "20ms" in raw units of the column.
std::optional<double> number_for(const TableColumn& column, const std::string& text)
{
    static constexpr std::array<std::pair<std::string_view, double>, 6> times{
        {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"min", 6e10}, {"h", 3.6e12}, {"s", 1e9}}};
    static constexpr std::array<std::pair<std::string_view, double>, 5> sizes{{{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1}}};
    std::string_view number = text;
    double unit = 1;
    if (column.kind == Kind::duration || column.kind == Kind::bytes) {
        unit = column.scale.size;
        const auto strip = [&](const auto& units) {
            for (const auto& [name, size] : units) {
                if (!number.ends_with(name)) continue;
                unit = size;
                number.remove_suffix(name.size());
                return;
            }
        };
        if (column.kind == Kind::duration) strip(times);
        else strip(sizes);
        unit /= column.factor;
    } else if (column.kind == Kind::share) {
        unit = 0.01;
        if (number.ends_with('%')) number.remove_suffix(1);
    }
    std::string plain;
    for (const char c : trim(number))
        if (c != ',') plain += c;
    const std::optional<double> value = parse_double(plain);
    if (!value) return {};
    return *value * unit;
}

std::string_view digits_of(const TableColumn& column, std::size_t row, std::array<char, 64>& buffer)
{
    const auto end = column.integers.empty() ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), column.numbers[row])
                                             : std::to_chars(buffer.data(), buffer.data() + buffer.size(), column.integers[row]);
    return {buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())};
}

}  // namespace

TableFilter::TableFilter(const TableData& table, const QString& text)
{
    static constexpr std::array<std::pair<const char*, Compare>, 7> operators{
        {{">=", Compare::greaterEqual}, {"<=", Compare::lessEqual}, {"!=", Compare::notEqual}, {">", Compare::greater},
         {"<", Compare::less}, {"=", Compare::equal}, {":", Compare::contains}}};
    for (QString word : words_of(text)) {
        Term term;
        if (word.size() > 1 && word.startsWith(QLatin1Char('-'))) {
            term.negated = true;
            word.remove(0, 1);
        }
        term.text = lower(word.toStdString());
        for (const auto& [sign, compare] : operators) {
            const qsizetype at = word.indexOf(QLatin1String(sign));
            if (at <= 0) continue;
            const int column = column_named(table, word.left(at));
            if (column < 0) continue;
            term.column = column;
            term.compare = compare;
            term.text = lower(word.mid(at + static_cast<qsizetype>(qstrlen(sign))).toStdString());
            const auto number = number_for(table.columns[static_cast<std::size_t>(column)], term.text);
            term.is_number = number.has_value();
            term.number = number.value_or(0);
            break;
        }
        if (!term.text.empty()) terms_.push_back(std::move(term));
    }
}

bool TableFilter::holds(const Term& term, const TableColumn& column, std::size_t row)
{
    if (column.is_null(row)) return term.compare == Compare::notEqual;
    if (column.is_text()) {
        if (term.compare == Compare::contains) return contains(column.texts[row], term.text);
        const std::string value = lower(column.texts[row]);
        const int order = value.compare(term.text);
        switch (term.compare) {
        case Compare::less: return order < 0;
        case Compare::lessEqual: return order <= 0;
        case Compare::greater: return order > 0;
        case Compare::greaterEqual: return order >= 0;
        case Compare::notEqual: return order != 0;
        default: return order == 0;
        }
    }
    if (term.compare == Compare::contains || !term.is_number) {
        if (column.kind == Kind::instant)
            return contains(instant_text(column.integers[row], TimeZoneMode::utc, 9).toStdString(), term.text);
        std::array<char, 64> buffer{};
        return contains(digits_of(column, row, buffer), term.text) != (term.compare == Compare::notEqual);
    }
    const double value = column.number(row);
    switch (term.compare) {
    case Compare::less: return value < term.number;
    case Compare::lessEqual: return value <= term.number;
    case Compare::greater: return value > term.number;
    case Compare::greaterEqual: return value >= term.number;
    case Compare::notEqual: return value != term.number;
    default: return value == term.number;
    }
}

std::vector<std::uint32_t> TableFilter::rows(const TableData& table) const
{
    std::vector<std::uint8_t> pass(table.rows, 1);
    std::vector<std::uint8_t> hit(table.rows);
    for (const Term& term : terms_) {
        std::fill(hit.begin(), hit.end(), std::uint8_t{0});
        const bool digits = term.text.find_first_not_of("0123456789.-") == std::string::npos;
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const TableColumn& column = table.columns[i];
            if (term.column >= 0 && static_cast<int>(i) != term.column) continue;
            // A bare word looks at what reads as text: scaled numbers would match digits nobody sees.
            if (term.column < 0 && !column.is_text() && (column.kind != Kind::count || !digits)) continue;
            for (std::size_t row = 0; row < table.rows; ++row)
                if (pass[row] && !hit[row]) hit[row] = holds(term, column, row);
        }
        for (std::size_t row = 0; row < table.rows; ++row) pass[row] = pass[row] && (hit[row] != 0) != term.negated;
    }
    std::vector<std::uint32_t> rows;
    for (std::size_t row = 0; row < table.rows; ++row)
        if (pass[row]) rows.push_back(static_cast<std::uint32_t>(row));
    return rows;
}

}  // namespace casebook
