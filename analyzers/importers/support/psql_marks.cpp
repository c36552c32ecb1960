#include "analyzers/core/text.h"
#include "analyzers/importers/support/psql_framing.h"

#include <algorithm>
#include <utility>

namespace casebook::framing {

namespace {

constexpr std::string_view return_mark = "\u21b5";
constexpr std::string_view dots = "\u2026";

bool is_wrap(std::string_view mark)
{
    return mark == "." || mark == dots;
}

/// A result without its header: lines up to the next rule, result or row count.
struct Region {
    std::size_t end = 0;
    bool plus_marks = false;  ///< '+' at the ends is psql's: about every line has one
    bool margin = false;      ///< all lines begin with a column for marks
    bool blank_marks = false; ///< in the old ASCII style, only lines that wrap are filled up with blanks
};

Region region_at(const std::vector<Line>& lines, std::size_t begin)
{
    Region region;
    std::size_t filled = 0;
    std::size_t marked = 0;
    std::size_t indented = 0;
    std::size_t i = begin;
    const std::string_view start = trim(lines[begin].text);
    // Each line of a text plan is a row of its own; the other formats are one row of many lines, all filled up.
    region.blank_marks = !start.empty() && std::string_view("[{<-").find(start.front()) == std::string_view::npos &&
                         !start.starts_with("Plan:") && !start.starts_with("Query ");
    for (; i < lines.size(); ++i) {
        const Line& line = lines[i];
        if (i > begin && (line.starts_table || is_kept_rule(line) || is_row_count(line.text))) break;
        if (trim(line.text).empty()) continue;
        ++filled;
        marked += without_trailing_spaces(line.text).ends_with('+');
        indented += line.text.starts_with(' ') || is_wrap(first_code_point(line.text));
    }
    region.end = std::max(i, begin + 1);
    region.plus_marks = filled > 1 && marked * 2 >= filled - 1;
    region.margin = indented == filled;
    return region;
}

/// A line's text, whether it goes on in the next, and the column for marks in front taken off.
struct Unmarked {
    std::string_view text;
    bool wraps = false;
};

Unmarked unmark_boxed(const Line& line, std::string_view next)
{
    // " text+": the margins hold the marks.
    Unmarked out{line.text, false};
    const std::string_view mark = last_code_point(line.text);
    out.wraps = is_wrap(mark) && is_wrap(first_code_point(next));
    if (mark == "+" || mark == return_mark || mark == " " || out.wraps) out.text.remove_suffix(mark.size());
    return out;
}

Unmarked unmark_open(const Line& line, std::string_view next, const Region& region, std::size_t rule_width)
{
    const std::string_view stripped = without_trailing_spaces(line.text);
    const std::string_view mark = last_code_point(stripped);
    const std::size_t width = width_of(stripped);
    // With border 0 the mark stands behind the rule's width, else in its last column.
    const bool border_zero = rule_width != 0 && width == rule_width + 1;
    const bool at_edge = border_zero || (rule_width != 0 && width == rule_width);
    const std::string_view unmarked = stripped.substr(0, stripped.size() - mark.size());
    if (mark == return_mark || (mark == "+" && (region.plus_marks || at_edge))) return {unmarked, false};
    if (is_wrap(mark) && (first_code_point(next) == mark || border_zero)) return {unmarked, true};
    const bool is_filled = rule_width != 0 && line.text.ends_with(' ') && width_of(line.text) == rule_width;
    if (region.blank_marks && is_filled && next.starts_with(' ')) return {line.text.substr(0, line.text.size() - 1), true};
    return {line.text, false};
}

}  // namespace

void take_marks(std::vector<Line>& lines, Held& held)
{
    std::vector<Line> out;
    out.reserve(lines.size());
    std::size_t rule_width = 0;
    bool continues = false;
    Region region;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        Line line = lines[i];
        if (is_kept_rule(line)) {
            rule_width = width_of(without_trailing_spaces(line.text));
            continue;
        }
        if (i >= region.end) region = region_at(lines, i);
        const std::string_view next = i + 1 < lines.size() && !is_kept_rule(lines[i + 1]) ? lines[i + 1].text : std::string_view();
        Unmarked unmarked = line.boxed ? unmark_boxed(line, next) : unmark_open(line, next, region, rule_width);
        std::string_view text = unmarked.text;
        const std::string_view first = first_code_point(text);
        if (first == " " ? (region.margin || line.margin || line.boxed) : continues && is_wrap(first)) text.remove_prefix(first.size());
        if (!unmarked.wraps) text = without_trailing_spaces(text);
        if (continues) {
            held.back() += text;
            out.back().text = unmarked.wraps ? std::string_view(held.back()) : without_trailing_spaces(held.back());
        } else {
            line.as_is = line.as_is && !unmarked.wraps && text.data() == line.text.data() && text.size() == line.text.size();
            line.text = text;
            if (unmarked.wraps) {
                held.emplace_back(text);
                line.text = held.back();
            }
            out.push_back(line);
        }
        continues = unmarked.wraps;
    }
    lines = std::move(out);
}

}  // namespace casebook::framing
