#include "analyzers/core/text.h"
#include "analyzers/importers/support/psql_framing.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace casebook::framing {

namespace {

constexpr std::string_view label = "QUERY PLAN";
constexpr std::array<std::string_view, 3> bars{"|", "\u2502", "\u2551"};  // | and its single and double box drawing

std::string_view last_code_point(std::string_view text)
{
    std::size_t at = text.size();
    while (at > 0) {
        --at;
        if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) break;
    }
    return text.substr(at);
}

std::string_view first_code_point(std::string_view text)
{
    std::size_t end = text.empty() ? 0 : 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    return text.substr(0, end);
}

std::string_view from_column(std::string_view text, std::size_t column)
{
    while (column-- > 0 && !text.empty()) text.remove_prefix(first_code_point(text).size());
    return text;
}

bool is_bar(std::string_view code_point)
{
    return std::find(bars.begin(), bars.end(), code_point) != bars.end();
}

// Box drawing characters are U+2500 to U+257F: E2 94 80 to E2 95 BF.
bool is_box_drawing(std::string_view text, std::size_t at)
{
    return text.size() - at >= 3 && static_cast<unsigned char>(text[at]) == 0xE2 &&
           (static_cast<unsigned char>(text[at + 1]) == 0x94 || static_cast<unsigned char>(text[at + 1]) == 0x95);
}

struct Rule {
    std::size_t width = 0;
    std::optional<std::int64_t> record;  ///< of expanded output
    bool dbeaver = false;                ///< "-----+": rows have a bar on their right only
};

// "-----", "+----+", "┌───┐", "-[ RECORD 2 ]----", "* Record 2"
std::optional<Rule> rule_of(std::string_view text)
{
    text = without_trailing_spaces(text);
    if (text.size() < 3) return std::nullopt;
    Rule rule;
    rule.width = width_of(text);
    if (text.starts_with("* Record ")) {
        rule.record = parse_int(trim(text.substr(9)));
        return rule.record ? std::optional(rule) : std::nullopt;
    }
    std::size_t strokes = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '-' || text[at] == '+') {
            strokes += text[at] == '-';
            ++at;
        } else if (text[at] == ' ' && strokes == 0) {
            ++at;
        } else if (is_box_drawing(text, at) && !is_bar(text.substr(at, 3))) {
            ++strokes;
            at += 3;
        } else if (constexpr std::string_view open = "[ RECORD "; text.substr(at, open.size()) == open) {
            const std::size_t close = text.find(']', at);
            if (close == std::string_view::npos) return std::nullopt;
            rule.record = parse_int(trim(text.substr(at + open.size(), close - at - open.size())));
            if (!rule.record) return std::nullopt;
            at = close + 1;
        } else {
            return std::nullopt;
        }
    }
    if (strokes < 2 && !rule.record) return std::nullopt;
    if (text == "->" || text == "--") return std::nullopt;
    rule.dbeaver = text.ends_with("-+") && !text.starts_with('+') && !rule.record;
    return rule;
}

bool is_row_count(std::string_view text)
{
    text = trim(text);
    if (text.size() < 5 || text.front() != '(' || text.back() != ')') return false;
    const std::size_t space = text.find(' ');
    return space != std::string_view::npos && parse_int(text.substr(1, space - 1)) &&
           text.substr(space, text.size() - space - 1).find_first_of("():=") == std::string_view::npos;
}

// The text behind "QUERY PLAN" and its separator; nothing when the line does not begin so. `column` is where it starts.
std::optional<std::string_view> behind_label(std::string_view text, bool without_separator, std::size_t& column)
{
    const std::size_t indent = std::min(text.find_first_not_of(' '), text.size());
    if (!text.substr(indent).starts_with(label)) return std::nullopt;
    std::string_view rest = text.substr(indent + label.size());
    const std::size_t gap = std::min(rest.find_first_not_of(' '), rest.size());
    const std::string_view separator = first_code_point(rest.substr(gap));
    if (is_bar(separator)) {
        rest.remove_prefix(gap + separator.size());
        column = indent + label.size() + gap + 1;
        return rest;
    }
    if (!without_separator || rest.empty()) return std::nullopt;
    column = indent + label.size();
    return rest;
}

}  // namespace

void take_quotes(std::vector<Line>& lines, Held& held)
{
    // One record of CSV: from a quote at the beginning of a line to one at the end of the same or a later line.
    const auto closes = [](std::string_view text) {
        std::size_t quotes = 0;
        while (quotes < text.size() && text[text.size() - 1 - quotes] == '"') ++quotes;
        return quotes % 2 == 1;
    };
    const auto undouble = [&held](std::string_view text, char quote) -> std::string_view {
        if (text.find(quote) == std::string_view::npos) return text;
        std::string out;
        for (std::size_t i = 0; i < text.size(); ++i) {
            out += text[i];
            if (text[i] == quote && i + 1 < text.size() && text[i + 1] == quote) ++i;
        }
        held.push_back(std::move(out));
        return held.back();
    };
    std::size_t ends_quoted = 0;
    std::size_t ends_single = 0;
    std::size_t filled = 0;
    bool csv = false;
    for (const Line& line : lines) {
        const std::string_view text = without_trailing_spaces(line.text);
        if (text.empty()) continue;
        ++filled;
        ends_quoted += text.ends_with('"') || text.ends_with("\",");
        ends_single += text.starts_with('\'') && text.ends_with('\'') && text.size() > 1;
        csv = csv || text == label || text.starts_with("QUERY PLAN,") || text.starts_with("\"[") || text.starts_with("\"{") ||
              text.starts_with("\"<explain") || text.starts_with("\"- Plan:");
    }
    if (ends_single * 2 > filled) {
        for (Line& line : lines) {
            const std::string_view text = without_trailing_spaces(line.text);
            if (!text.starts_with('\'') || !text.ends_with('\'') || text.size() < 2) continue;
            line.text = undouble(text.substr(1, text.size() - 2), '\'');
            line.as_is = false;
        }
        return;
    }
    const bool quoted_lines = ends_quoted * 2 > filled;
    if (!csv && !quoted_lines) return;
    bool open = false;
    std::size_t opened_at = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        Line& line = lines[i];
        std::string_view text = without_trailing_spaces(line.text);
        if (open) {
            open = !closes(text);
            if (!open) text.remove_suffix(1);
            line.text = undouble(text, '"');
            line.as_is = false;
            continue;
        }
        constexpr std::string_view expanded = "QUERY PLAN,";
        if (text.starts_with(expanded)) {
            text.remove_prefix(expanded.size());
            line.text = text;
            line.as_is = false;
        }
        if (text.ends_with("\",")) text.remove_suffix(1);
        if (text.starts_with('"') && text.size() > 1) {
            const bool ends_here = closes(text.substr(1));
            // A quote that is never closed is a quote, not a record.
            if (!ends_here && i >= opened_at) {
                std::size_t close = i + 1;
                while (close < lines.size() && !closes(without_trailing_spaces(lines[close].text))) ++close;
                opened_at = close + 1;
                if (close == lines.size()) continue;
            }
            open = !ends_here;
            text = text.substr(1, text.size() - (ends_here ? 2 : 1));
            line.text = undouble(text, '"');
            line.as_is = false;
        } else if (quoted_lines && text.ends_with('"') && std::count(text.begin(), text.end(), '"') % 2 == 1) {
            line.text = text.substr(0, text.size() - 1);  // the opening quote was left behind when it was copied
            line.as_is = false;
        }
    }
}

void take_numbers(std::vector<Line>& lines)
{
    // "12  ->  Seq Scan", "12: ...", "12. ...": only when nearly every line has one and they count up.
    const auto number_of = [](std::string_view text, std::size_t& size) -> std::optional<std::int64_t> {
        const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
        std::size_t end = begin;
        while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
        if (end == begin || end - begin > 7) return std::nullopt;
        size = end;
        if (size < text.size()) {
            const char next = text[size];
            if (next != ' ' && next != '\t' && next != ':' && next != '|' && next != '.' && next != ')') return std::nullopt;
            ++size;
        }
        return parse_int(text.substr(begin, end - begin));
    };
    std::size_t filled = 0;
    std::size_t counted = 0;
    std::int64_t expected = -1;
    for (const Line& line : lines) {
        if (trim(line.text).empty()) continue;
        ++filled;
        std::size_t size = 0;
        const auto number = number_of(line.text, size);
        if (!number) continue;
        counted += expected < 0 || *number == expected;
        expected = *number + 1;
    }
    if (filled < 2 || counted * 10 < filled * 8) return;
    for (Line& line : lines) {
        std::size_t size = 0;
        if (!number_of(line.text, size)) continue;
        line.text.remove_prefix(size);
        line.as_is = false;
    }
}

void take_boxes(std::vector<Line>& lines, Held& held)
{
    std::vector<Line> out;
    out.reserve(lines.size());
    std::size_t column = 0;             // of the text in a record of expanded output; 0 outside of one
    bool raw_records = false;           // unaligned: only the first line of a record has the label
    bool in_records = false;
    bool starts_table = false;
    std::int64_t last_record = 0;
    std::size_t dbeaver_width = 0;
    const auto emit = [&](Line line, std::string_view text) {
        line.as_is = line.as_is && text.data() == line.text.data() && text.size() == line.text.size();
        line.text = text;
        line.starts_table = std::exchange(starts_table, false);
        out.push_back(line);
    };
    for (const Line& line : lines) {
        std::string_view text = without_trailing_spaces(line.text);
        if (const auto rule = rule_of(text)) {
            dbeaver_width = rule->dbeaver ? rule->width : 0;
            if (rule->record) {
                if (*rule->record <= last_record || !in_records) starts_table = true;
                last_record = *rule->record;
                in_records = true;
            }
            // take_marks() measures with it.
            Line kept = line;
            kept.boxed = true;
            kept.wraps = true;
            kept.as_is = false;
            out.push_back(kept);
            continue;
        }
        Line content = line;
        const std::string_view first = first_code_point(trim(text));
        const std::string_view last = last_code_point(text);
        if (is_bar(first) && is_bar(last) && trim(text).size() >= first.size() + last.size()) {
            const std::size_t indent = text.find(first);
            text = text.substr(indent + first.size());
            text.remove_suffix(last.size());
            content.boxed = true;
        } else if (dbeaver_width != 0 && last == "|" && width_of(text) == dbeaver_width) {
            text = without_trailing_spaces(text.substr(0, text.size() - 1));
            content.text = text;
            content.as_is = false;
        }
        // "QUERY PLAN   |" without a text is a header too.
        if (trim(text) == label || (last == "|" && trim(text.substr(0, text.size() - 1)) == label)) {
            starts_table = true;
            in_records = raw_records = false;
            column = 0;
            continue;
        }
        std::size_t found = 0;
        if (const auto rest = behind_label(text, in_records, found)) {
            if (!in_records && column == 0) starts_table = true;
            column = found;
            content.margin = true;
            // Unaligned output has no margin; one is given so that all lines of a record look alike.
            raw_records = !in_records && text.substr(text.find(label) + label.size()).starts_with('|');
            if (raw_records) {
                held.push_back(" " + std::string(*rest));
                emit(content, held.back());
            } else {
                emit(content, *rest);
            }
            continue;
        }
        if (column > 0 && is_row_count(text)) column = 0;
        if (column > 0 && text.empty()) {
            if (!raw_records) column = 0;
            in_records = in_records && raw_records;
            continue;
        }
        content.margin = column > 0;
        if (column > 0 && raw_records) {
            held.push_back(" " + std::string(text));
            emit(content, held.back());
            continue;
        }
        if (column > 0 && width_of(text) > column) {
            emit(content, from_column(text, column));
            continue;
        }
        column = 0;
        content.margin = false;
        emit(content, content.boxed ? text : content.text);
    }
    lines = std::move(out);
}

namespace {

constexpr std::string_view return_mark = "\u21b5";
constexpr std::string_view dots = "\u2026";

bool is_wrap(std::string_view mark)
{
    return mark == "." || mark == dots;
}

bool is_kept_rule(const Line& line)
{
    return line.boxed && line.wraps;
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
