#include "analyzers/core/text.h"
#include "analyzers/importers/support/psql_framing.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace casebook::framing {

namespace {

constexpr std::string_view label = "QUERY PLAN";

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

}  // namespace casebook::framing
