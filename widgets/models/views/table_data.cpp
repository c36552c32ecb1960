#include "widgets/models/views/table_data.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace casebook {
namespace {

constexpr std::size_t sampled_rows = 10'000;
constexpr qsizetype cell_length = 400;

/// The middle of the non-zero absolute values, from a sample.
double typical(const TableColumn& column)
{
    const std::size_t rows = std::max(column.integers.size(), column.numbers.size());
    const std::size_t step = rows / sampled_rows + 1;
    std::vector<double> values;
    for (std::size_t row = 0; row < rows; row += step) {
        const double value = std::fabs(column.number(row));
        if (value > 0 && std::isfinite(value)) values.push_back(value);
    }
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// Milliseconds wherever they are readable, because that is what people compare.
ScaledUnit duration_scale(double typical_ns, double largest_ns)
{
    if (typical_ns >= 5e9) return {"s", 1e9};
    if (largest_ns >= 1e6 || largest_ns == 0) return {"ms", 1e6};
    if (largest_ns >= 1e3) return {"us", 1e3};
    return {"ns", 1};
}

/// Three digits of a typical value.
int decimals_of(double typical)
{
    if (typical <= 0) return 0;
    return std::clamp(2 - static_cast<int>(std::floor(std::log10(typical))), 0, 6);
}

QString fixed(double value, int decimals)
{
    if (!std::isfinite(value)) return QString::number(value);
    std::array<char, 400> buffer{};
    const int size = std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
    std::string text(buffer.data(), static_cast<std::size_t>(std::clamp(size, 0, 399)));
    std::size_t end = text.find('.');
    if (end == std::string::npos) end = text.size();
    const std::size_t start = text.front() == '-' ? 1 : 0;
    while (end > start + 3) text.insert(end -= 3, 1, ',');
    return QString::fromStdString(text);
}

/// A value that would round to nothing says so: "<0.01".
QString fixed_or_less(double value, int decimals)
{
    const double least = std::pow(10.0, -decimals);
    if (value == 0 || std::fabs(value) >= least / 2) return fixed(value, decimals);
    return (value < 0 ? QStringLiteral(">-") : QStringLiteral("<")) + fixed(least, decimals);
}

std::string shortest(double value)
{
    std::array<char, 64> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return error == std::errc() ? std::string(buffer.data(), end) : std::string();
}

}  // namespace

double TableColumn::number(std::size_t row) const
{
    if (is_null(row)) return 0;
    if (!integers.empty()) return static_cast<double>(integers[row]);
    return numbers.empty() ? 0 : numbers[row];
}

void finish_column(TableColumn& column)
{
    if (column.is_text()) return;
    const std::size_t rows = std::max(column.integers.size(), column.numbers.size());
    column.largest = 0;
    bool whole = true;
    for (std::size_t row = 0; row < rows; ++row) {
        const double value = std::fabs(column.number(row));
        if (std::isfinite(value)) column.largest = std::max(column.largest, value);
    }
    for (std::size_t row = 0; whole && row < column.numbers.size(); ++row)
        whole = column.is_null(row) || column.numbers[row] == std::floor(column.numbers[row]);
    const double middle = typical(column);
    switch (column.kind) {
    case TableColumn::Kind::duration:
        column.scale = duration_scale(middle * column.factor, column.largest * column.factor);
        column.decimals = std::min(decimals_of(middle * column.factor / column.scale.size), column.scale.size > 1 ? 4 : 0);
        break;
    case TableColumn::Kind::bytes:
        column.scale = unit_for_bytes(middle * column.factor);
        column.decimals = column.scale.size > 1 ? decimals_of(middle * column.factor / column.scale.size) : 0;
        break;
    case TableColumn::Kind::share:
        column.decimals = std::min(1, decimals_of(middle * 100));
        break;
    case TableColumn::Kind::count:
        column.decimals = whole ? 0 : decimals_of(middle);
        break;
    case TableColumn::Kind::instant:
    case TableColumn::Kind::text: break;
    }
}

void finish_table(TableData& table)
{
    for (TableColumn& column : table.columns) finish_column(column);
}

QString cell_text(const TableColumn& column, std::size_t row, TimeZoneMode zone)
{
    if (row < column.shown.size()) return to_qt_line(column.shown[row], cell_length);
    if (column.is_null(row)) return {};
    if (column.is_text()) return to_qt_line(column.texts[row], cell_length);
    if (column.kind == TableColumn::Kind::instant) return instant_text(column.integers[row], zone, 3);
    QString text;
    const double value = column.number(row);
    if (column.kind == TableColumn::Kind::count && !column.integers.empty()) text = count_text(column.integers[row]);
    else if (column.kind == TableColumn::Kind::share) text = fixed_or_less(value * 100, column.decimals);
    else if (column.kind == TableColumn::Kind::count) text = fixed_or_less(value, column.decimals);
    else text = fixed_or_less(value * column.factor / column.scale.size, column.decimals);
    const bool signed_column = column.decor == TableColumn::Decor::change || column.decor == TableColumn::Decor::gain || column.decor == TableColumn::Decor::drift;
    return signed_column && value > 0 && !text.startsWith(QLatin1Char('<')) ? QLatin1Char('+') + text : text;
}

QString exact_cell_text(const TableColumn& column, std::size_t row, TimeZoneMode zone)
{
    if (column.is_null(row)) return QStringLiteral("NULL");
    if (column.is_text()) return to_qt((column.texts[row].empty() && row < column.shown.size() ? column.shown : column.texts)[row].substr(0, 4000));
    const QString raw = column.integers.empty() ? QString::fromStdString(shortest(column.numbers[row])) : count_text(column.integers[row]);
    switch (column.kind) {
    case TableColumn::Kind::instant:
        return instant_text(column.integers[row], zone, 9) + QLatin1Char(' ') + zone_text(zone, column.integers[row]);
    case TableColumn::Kind::duration: {
        const double ns = column.number(row) * column.factor;
        if (std::fabs(ns) > 9e18) return raw;
        return column.factor == 1 ? exact_duration_text(static_cast<std::int64_t>(ns))
                                  : raw + (column.factor == 1e6 ? QStringLiteral(" ms") : column.factor == 1e3 ? QStringLiteral(" us") : QStringLiteral(" s"));
    }
    case TableColumn::Kind::bytes: return raw + QStringLiteral(" B");
    case TableColumn::Kind::share: return fixed(column.number(row) * 100, 4) + QStringLiteral(" %");
    default: return column.unit.isEmpty() ? raw : raw + QLatin1Char(' ') + column.unit;
    }
}

std::string raw_cell_text(const TableColumn& column, std::size_t row)
{
    if (column.is_null(row)) return {};
    if (column.is_text()) return std::string(column.texts[row]);
    return column.integers.empty() ? shortest(column.numbers[row]) : std::to_string(column.integers[row]);
}

QString header_text(const TableColumn& column, TimeZoneMode zone)
{
    QString unit = column.unit;
    if (column.kind == TableColumn::Kind::share) unit = QStringLiteral("%");
    if (column.kind == TableColumn::Kind::duration || column.kind == TableColumn::Kind::bytes) unit = QLatin1String(column.scale.name);
    if (column.kind == TableColumn::Kind::instant)
        unit = zone_text(zone, column.integers.empty() ? 0 : column.integers.front());
    return unit.isEmpty() ? column.title : column.title + QStringLiteral(" (") + unit + QLatin1Char(')');
}

}  // namespace casebook
