#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// One line of what psql (or another client) put a frame around.
struct FramedLine {
    std::string_view text;      ///< the content alone, without trailing spaces
    std::int64_t line = 0;      ///< 1-based line of the input
    bool starts_table = false;  ///< first line of a result
    bool as_is = false;         ///< `text` is a whole line of the input
};

/// The lines of a result freed from psql's framing: aligned and wrapped with border 0 to 2 in ASCII, old ASCII and
/// Unicode, expanded, unaligned, CSV, HTML, LaTeX, AsciiDoc, troff; tuples only or with headers and footers; and what
/// other clients do: bars on the right (DBeaver), every line in quotes (pgAdmin), numbered lines, code fences.
/// Lines outside of results are passed on as they are. `input` must outlive the object.
class UnframedText {
public:
    explicit UnframedText(std::string_view input);

    const std::vector<FramedLine>& lines() const { return lines_; }

private:
    std::vector<FramedLine> lines_;
    std::deque<std::string> held_;
};

namespace framing {

/// A line on its way out of its frame.
struct Line {
    std::string_view text;
    std::int64_t line = 0;
    bool starts_table = false;
    bool as_is = true;
    bool boxed = false;  ///< marks at its ends are already taken off
    bool wraps = false;  ///< goes on in the next line
    bool margin = false; ///< begins with a column for marks
};

using Held = std::deque<std::string>;

/// Code points in the text, as a terminal's column count has it for narrow characters.
std::size_t width_of(std::string_view text);
std::string_view without_trailing_spaces(std::string_view text);
std::string_view first_code_point(std::string_view text);
std::string_view last_code_point(std::string_view text);
bool is_row_count(std::string_view text);  ///< "(3 rows)", in any language
/// A rule take_boxes() keeps for take_marks() to measure with.
inline bool is_kept_rule(const Line& line) { return line.boxed && line.wraps; }

std::vector<Line> cut_lines(std::string_view input);

// Markup first: each replaces a table of its kind by the lines in its cells. All return whether there was one.
bool take_html(std::vector<Line>& lines, Held& held);
bool take_latex(std::vector<Line>& lines, Held& held);
bool take_asciidoc(std::vector<Line>& lines, Held& held);
bool take_troff(std::vector<Line>& lines, Held& held);

// Then frames of characters.
void take_quotes(std::vector<Line>& lines, Held& held);   ///< CSV records and lines in quotes
void take_numbers(std::vector<Line>& lines);              ///< "12: Seq Scan ..."
void take_boxes(std::vector<Line>& lines, Held& held);    ///< bars, rules, headers, records of expanded output
void take_marks(std::vector<Line>& lines, Held& held);    ///< '+' and wrap marks; joins wrapped lines

}  // namespace framing

}  // namespace casebook
