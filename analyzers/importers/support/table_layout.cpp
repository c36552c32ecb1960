// Tells how a table is framed from the first bytes of an input.

#include "analyzers/importers/support/table_text.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <set>

namespace casebook {
namespace {

constexpr std::size_t lines_looked_at = 600;    // an expanded record has a line per column, and more per statement
constexpr std::size_t lines_before_table = 40;  // psql chatter before a table is a few lines
constexpr std::size_t records_looked_at = 5;

struct Lines {
    std::vector<std::string_view> text;
    std::vector<std::size_t> begin;
    bool last_is_cut = false;
};

Lines first_lines(std::string_view head, bool whole)
{
    Lines lines;
    std::size_t at = 0;
    while (at < head.size() && lines.text.size() < lines_looked_at) {
        std::size_t end = head.find('\n', at);
        if (end == std::string_view::npos) {
            end = head.size();
            lines.last_is_cut = !whole;
        }
        std::string_view line = head.substr(at, end - at);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        lines.text.push_back(line);
        lines.begin.push_back(at);
        at = end + 1;
    }
    return lines;
}

/// Cells of up to `records_looked_at` records from `text`; the last entry may be cut, then `cut` is set.
struct Trial {
    std::vector<std::vector<std::string>> rows;
    bool header_cut = false;
    int agreement = 0;  // 2 = every further row has as many cells as the first, 1 = some have, 0 = none
};

Trial try_dialect(std::string_view text, bool whole, const CsvDialect& dialect)
{
    Trial trial;
    CsvRecord record;
    std::size_t at = 0;
    while (at < text.size() && trial.rows.size() < records_looked_at) {
        auto outcome = record.parse(text.substr(at), whole, dialect);
        if (outcome == CsvRecord::Outcome::needsMore) {
            if (!trial.rows.empty()) break;
            trial.header_cut = true;
            record.parse(text.substr(at), true, dialect);
        }
        at += record.size();
        if (record.cells().size() == 1 && trim(record.cells().front()).empty()) continue;
        if (record.cells().size() == 1 && !trial.rows.empty() && is_psql_chatter(record.cells().front())) break;
        trial.rows.emplace_back(record.cells().begin(), record.cells().end());
    }
    std::size_t same = 0;
    for (const auto& row : trial.rows) same += row.size() == trial.rows.front().size();
    trial.agreement = same == trial.rows.size() ? 2 : same > 1 ? 1 : 0;
    return trial;
}

bool any_cell_quoted(std::string_view text, char delimiter)
{
    const std::string_view sample = text.substr(0, 4096);
    const std::array<char, 2> opening{delimiter, '"'};
    return sample.starts_with('"') || sample.find(std::string_view(opening.data(), 2)) != std::string_view::npos ||
           sample.find("\n\"") != std::string_view::npos;
}

bool is_comment(std::string_view line) { return line.starts_with('#') || line.starts_with("--"); }

/// A line that starts with '#' and is the header all the same: "#time,load" over "2026-11-23T00:00:00Z,1".
bool is_commented_header(const Lines& lines, std::size_t index)
{
    if (!lines.text[index].starts_with('#') || index + 1 >= lines.text.size()) return false;
    const std::string_view next = lines.text[index + 1];
    for (const char delimiter : {',', ';', '\t'}) {
        const auto count = std::count(lines.text[index].begin(), lines.text[index].end(), delimiter);
        if (count == 0 || count != std::count(next.begin(), next.end(), delimiter)) continue;
        if (parse_instant(next.substr(0, next.find(delimiter)))) return true;
    }
    return false;
}

TableLayout delimited_layout(std::string_view head, bool whole, const Lines& lines)
{
    TableLayout layout;
    std::size_t first = 0;
    char told = 0;  // by "sep=;", as Excel writes it
    while (first < lines.text.size()) {
        const std::string_view line = trim(lines.text[first]);
        if (line.size() == 5 && equals_ignoring_case(line.substr(0, 4), "sep=")) told = line[4];
        else if (!line.empty() && !is_psql_chatter(line) && (!is_comment(line) || is_commented_header(lines, first)))
            break;
        ++first;
    }
    if (first == lines.text.size()) return layout;
    const std::string_view text = head.substr(lines.begin[first]);

    Trial best;
    for (const char delimiter : {',', ';', '\t', '|'}) {
        if (told && delimiter != told) continue;
        const bool quotes = any_cell_quoted(text, delimiter);
        for (const bool quoted : {true, false}) {
            // Commas and semicolons always come with CSV quotes; tabs and bars with them only if one is seen.
            if (quoted != (delimiter == ',' || delimiter == ';' || quotes) && !(delimiter == '|' && quotes)) continue;
            const CsvDialect dialect{delimiter, quoted, delimiter == '\t' && !quoted};
            Trial trial = try_dialect(text, whole, dialect);
            if (trial.rows.empty() || trial.rows.front().size() < 2) continue;
            const bool better =
                best.rows.empty() || trial.agreement > best.agreement ||
                (trial.agreement == best.agreement && trial.rows.front().size() > best.rows.front().size());
            if (!better) continue;
            best = std::move(trial);
            layout.dialect = dialect;
            layout.framing = TableFraming::delimited;
        }
    }
    if (layout.framing == TableFraming::none) return layout;
    layout.preamble_lines = static_cast<std::int64_t>(first);
    layout.columns = std::move(best.rows[0]);
    layout.columns_cut = best.header_cut;
    if (best.rows.size() > 1) layout.first_row = std::move(best.rows[1]);
    return layout;
}

bool is_identifier(std::string_view text)
{
    return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
           });
}

/// "userid|16806" lines, a blank line between records (\x with \pset format unaligned).
TableLayout expanded_unaligned_layout(const Lines& lines)
{
    TableLayout layout;
    std::size_t first = 0;
    while (first < lines.text.size() && (lines.text[first].empty() || is_psql_chatter(lines.text[first]))) ++first;
    std::set<std::string_view> seen;
    bool repeats = false;
    for (std::size_t i = first; i < lines.text.size(); ++i) {
        const std::string_view line = lines.text[i];
        if (line.empty()) {
            repeats = i + 1 < lines.text.size() && !layout.columns.empty() &&
                      lines.text[i + 1].starts_with(layout.columns.front() + "|");
            break;
        }
        const std::size_t bar = line.find('|');
        const std::string_view name = line.substr(0, bar);
        if (bar == std::string_view::npos || !is_identifier(name)) {
            if (layout.columns.empty()) return {};
            continue;  // the value of the line before goes on
        }
        if (!seen.insert(name).second) return {};
        layout.columns.emplace_back(name);
        layout.first_row.emplace_back(line.substr(bar + 1));
    }
    if (layout.columns.size() < 2 || (!repeats && layout.columns.size() < 5)) return {};
    layout.framing = TableFraming::expandedUnaligned;
    layout.preamble_lines = static_cast<std::int64_t>(first);
    return layout;
}

}  // namespace

bool is_psql_chatter(std::string_view line)
{
    line = trim(line);
    if (line.starts_with('(') && (line.ends_with(" rows)") || line.ends_with(" row)")))
        return parse_int(line.substr(1, line.find(' ') - 1)).has_value();
    for (const std::string_view exact : {"SET", "BEGIN", "COMMIT", "ROLLBACK", "DISCARD ALL", "LOAD"})
        if (line == exact) return true;
    for (const std::string_view start : {"COPY ", "Time: ", "SELECT "})
        if (line.starts_with(start)) {
            const std::string_view rest = line.substr(start.size());
            return !rest.empty() && rest.front() >= '0' && rest.front() <= '9' &&
                   rest.find(',') == std::string_view::npos;
        }
    for (const std::string_view start :
         {"Timing is ", "Expanded display is ", "Output format is ", "Pager usage is ", "Null display is ",
          "Border style is ", "Line style is ", "Field separator is ", "Tuples only is ", "Default footer is ",
          "Title is ", "You are now connected to "})
        if (line.starts_with(start)) return true;
    return false;
}

TableLayout table_layout(std::string_view head, bool whole)
{
    if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
    const Lines lines = first_lines(head, whole);
    if (TableLayout json = json_layout(head); json.framing != TableFraming::none) return json;
    for (std::size_t i = 0; i < std::min(lines.text.size(), lines_before_table); ++i) {
        if (is_record_rule(lines.text[i])) return expanded_layout(lines.text, i);
        if (i > 0 && is_column_rule(lines.text[i], lines.text[i - 1])) return aligned_layout(lines.text, i);
    }
    if (TableLayout layout = expanded_unaligned_layout(lines); layout.framing != TableFraming::none) return layout;
    return delimited_layout(head, whole, lines);
}

}  // namespace casebook
