#include "app/cli/rows.h"

#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <array>
#include <cstdio>

namespace casebook::cli {

namespace {

/// Ten digits are enough to read and hide the noise of binary fractions; --csv and --json print all of them.
std::string cell_of(const Value& value)
{
    const auto* number = std::get_if<double>(&value);
    if (!number) return to_text(value);
    std::array<char, 40> buffer{};
    const int length = std::snprintf(buffer.data(), buffer.size(), "%.10g", *number);
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

}  // namespace

std::string rows_text(const QueryResult& result, int width, bool color, int indent)
{
    std::vector<Table::Column> columns;
    for (std::size_t c = 0; c < result.columns.size(); ++c) {
        bool numbers = false, other = false;
        for (const auto& row : result.rows) {
            const bool number = std::holds_alternative<std::int64_t>(row[c]) || std::holds_alternative<double>(row[c]);
            numbers = numbers || number;
            other = other || (!number && !std::holds_alternative<std::monostate>(row[c]));
        }
        columns.push_back({printable(result.columns[c]), numbers && !other});
    }
    Table table(std::move(columns));
    for (const auto& row : result.rows) {
        std::vector<std::string> cells;
        for (const Value& value : row) cells.push_back(cell_of(value));
        table.add(std::move(cells));
    }
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    std::string text = table.text(width, color, indent);
    if (result.rows.empty()) text += margin + "(no rows)\n";
    if (result.cut) text += margin + "(more rows not shown)\n";
    return text;
}

}  // namespace casebook::cli
