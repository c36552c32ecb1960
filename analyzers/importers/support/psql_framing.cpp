#include "analyzers/importers/support/psql_framing.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {

namespace framing {

std::size_t width_of(std::string_view text)
{
    std::size_t width = 0;
    for (const char c : text) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return width;
}

std::string_view without_trailing_spaces(std::string_view text)
{
    const std::size_t last = text.find_last_not_of(" \t\r");
    return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

std::string_view first_code_point(std::string_view text)
{
    std::size_t end = text.empty() ? 0 : 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    return text.substr(0, end);
}

std::string_view last_code_point(std::string_view text)
{
    std::size_t at = text.size();
    while (at > 0) {
        --at;
        if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) break;
    }
    return text.substr(at);
}

bool is_row_count(std::string_view text)
{
    text = trim(text);
    if (text.size() < 5 || text.front() != '(' || text.back() != ')') return false;
    const std::size_t space = text.find(' ');
    return space != std::string_view::npos && parse_int(text.substr(1, space - 1)) &&
           text.substr(space, text.size() - space - 1).find_first_of("():=") == std::string_view::npos;
}

std::vector<Line> cut_lines(std::string_view input)
{
    std::vector<Line> lines;
    std::int64_t number = 0;
    for (std::size_t begin = 0; begin < input.size();) {
        const std::size_t end = std::min(input.find('\n', begin), input.size());
        Line line;
        line.text = input.substr(begin, end - begin);
        if (line.text.ends_with('\r')) line.text.remove_suffix(1);
        line.line = ++number;
        lines.push_back(line);
        begin = end + 1;
    }
    return lines;
}

}  // namespace framing

UnframedText::UnframedText(std::string_view input)
{
    using namespace framing;
    std::vector<Line> lines = cut_lines(input);
    // The kinds of markup exclude each other, and what they yield has no frame of characters.
    if (!take_html(lines, held_) && !take_latex(lines, held_) && !take_asciidoc(lines, held_) &&
        !take_troff(lines, held_)) {
        take_quotes(lines, held_);
        take_numbers(lines);
        take_boxes(lines, held_);
        take_marks(lines, held_);
    }
    lines_.reserve(lines.size());
    for (const Line& line : lines) {
        if (line.text.starts_with("```")) continue;
        lines_.push_back({line.text, line.line, line.starts_table, line.as_is});
    }
}

}  // namespace casebook
