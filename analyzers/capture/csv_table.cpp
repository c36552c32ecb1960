#include "analyzers/capture/csv_table.h"

#include "analyzers/core/text.h"

namespace casebook::capture_detail {

void append_cell(std::string& out, std::string_view text, bool is_null)
{
    if (is_null) return;
    const bool quoted = text.empty() || text.find_first_of(",\"\n\r") != std::string_view::npos || text.front() == ' ' ||
                        text.back() == ' ' || text.front() == '\t' || text.back() == '\t';
    if (!quoted) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

void CsvTable::add_row(const std::vector<std::string_view>& cells)
{
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) text += ',';
        append_cell(text, cells[i], cells[i].empty());
    }
    text += '\n';
    ++rows;
}

std::string kept_text(std::string_view cell, bool is_sql, const Secrets& secrets)
{
    std::string text = is_clean_utf8(cell) ? std::string(cell) : clean_utf8(cell);
    if (is_sql) text = mask_passwords(text);
    if (secrets.occurs_in_cell(text)) text = secrets.scrub_cell(text);
    return text;
}

CsvTable csv_of(const Answer& answer, std::string file, std::string_view sampled_at, const Secrets& secrets)
{
    CsvTable table;
    table.file = std::move(file);
    std::vector<char> is_sql(answer.columns());
    if (!sampled_at.empty()) table.header = "sampled_at";
    for (std::size_t column = 0; column < answer.columns(); ++column) {
        if (!table.header.empty()) table.header += ',';
        append_cell(table.header, answer.name(column));
        is_sql[column] = answer.name(column) == "query" ? 1 : 0;
    }
    table.header += '\n';
    for (std::size_t row = 0; row < answer.rows(); ++row) {
        table.text += sampled_at;
        for (std::size_t column = 0; column < answer.columns(); ++column) {
            if (column > 0 || !sampled_at.empty()) table.text += ',';
            append_cell(table.text, kept_text(answer.cell(row, column), is_sql[column] != 0, secrets),
                        answer.is_null(row, column));
        }
        table.text += '\n';
    }
    table.rows = static_cast<std::int64_t>(answer.rows());
    return table;
}

}  // namespace casebook::capture_detail
