#include "app/cli/rows.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <array>
#include <cstdio>

namespace casebook::cli {

namespace {

/// Ten digits are enough to read and hide the noise of binary fractions; --csv and --json print all of them.
std::string plain_cell(const Value& value)
{
    const auto* number = std::get_if<double>(&value);
    if (!number) return to_text(value);
    std::array<char, 40> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), "%.10g", *number);
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

/// What a column holds, by the names that the views use.
enum class Quantity { other, instant, nanoseconds, milliseconds, bytes };

struct NamedQuantity {
    Quantity quantity = Quantity::other;
    std::string heading;
};

NamedQuantity quantity_of(const std::string& column)
{
    const auto ends_with = [&](std::string_view suffix) {
        return column.size() > suffix.size() && std::string_view(column).substr(column.size() - suffix.size()) == suffix;
    };
    const std::string stem = column.substr(0, column.rfind('_'));
    if (ends_with("_ns")) return {stem == "duration" || stem == "self" ? Quantity::nanoseconds : Quantity::instant, stem};
    if (ends_with("_ms")) return {Quantity::milliseconds, stem};
    if (ends_with("_bytes")) return {Quantity::bytes, stem};
    return {column == "bytes" ? Quantity::bytes : Quantity::other, column};
}

std::string readable_cell(const Value& value, Quantity quantity)
{
    const auto* integer = std::get_if<std::int64_t>(&value);
    const auto* real = std::get_if<double>(&value);
    if (!integer && !real) return to_text(value);
    const double number = integer ? static_cast<double>(*integer) : *real;
    switch (quantity) {
    case Quantity::instant: return integer ? format_instant(*integer) : plain_cell(value);
    case Quantity::nanoseconds: return format_ms(number / 1e6);
    case Quantity::milliseconds: return format_ms(number);
    case Quantity::bytes: return format_bytes(number);
    case Quantity::other: return integer ? to_text(value) : format_number(number, 4);
    }
    return to_text(value);
}

bool is_number(const Value& value)
{
    return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

}  // namespace

std::string rows_text(const QueryResult& result, int width, bool color, int indent, Cells cells)
{
    std::vector<Table::Column> columns;
    std::vector<Quantity> quantities;
    for (std::size_t c = 0; c < result.columns.size(); ++c) {
        bool numbers = false, other = false;
        for (const auto& row : result.rows) {
            numbers = numbers || is_number(row[c]);
            other = other || (!is_number(row[c]) && !std::holds_alternative<std::monostate>(row[c]));
        }
        const NamedQuantity named = cells == Cells::readable ? quantity_of(result.columns[c]) : NamedQuantity{{}, result.columns[c]};
        quantities.push_back(named.quantity);
        columns.push_back({printable(named.heading), numbers && !other && named.quantity != Quantity::instant});
    }
    Table table(std::move(columns));
    for (const auto& row : result.rows) {
        std::vector<std::string> words;
        for (std::size_t c = 0; c < row.size(); ++c)
            words.push_back(cells == Cells::readable ? readable_cell(row[c], quantities[c]) : plain_cell(row[c]));
        table.add(std::move(words));
    }
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    std::string text = table.text(width, color, indent);
    if (result.rows.empty()) text += margin + "(no rows)\n";
    return text;
}

}  // namespace casebook::cli
