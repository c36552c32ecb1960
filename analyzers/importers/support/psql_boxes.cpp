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

}  // namespace casebook::framing
