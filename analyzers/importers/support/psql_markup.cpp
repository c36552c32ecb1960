#include "analyzers/core/text.h"
#include "analyzers/importers/support/psql_framing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace casebook::framing {

namespace {

// The lines a decoder yields, in the order of the input.
class Output {
public:
    explicit Output(Held& held) : held_(held) {}

    void pass(const Line& line) { lines_.push_back(line); }

    void start_table() { starts_table_ = true; }

    void cell(std::string text, std::int64_t number)
    {
        held_.push_back(std::move(text));
        const std::string_view all = held_.back();
        for (std::size_t begin = 0; begin <= all.size();) {
            const std::size_t end = std::min(all.find('\n', begin), all.size());
            Line line;
            line.text = without_trailing_spaces(all.substr(begin, end - begin));
            line.line = number;
            line.starts_table = std::exchange(starts_table_, false);
            line.as_is = false;
            lines_.push_back(line);
            begin = end + 1;
        }
    }

    std::vector<Line> take() { return std::move(lines_); }

private:
    Held& held_;
    std::vector<Line> lines_;
    bool starts_table_ = false;
};

bool any_line_starts_with(const std::vector<Line>& lines, std::string_view start)
{
    return std::any_of(lines.begin(), lines.end(),
                       [start](const Line& line) { return trim(line.text).starts_with(start); });
}

void append_code_point(std::string& out, unsigned code)
{
    if (code == 0xA0) out += ' ';
    else if (code < 0x80) out += static_cast<char>(code);
    else if (code < 0x800) (out += static_cast<char>(0xC0 | (code >> 6))) += static_cast<char>(0x80 | (code & 0x3F));
    else out += '?';
}

std::string unescape_html(std::string_view text)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> names{
        {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&nbsp;", " "}, {"&amp;", "&"}}};
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '<') {
            // The only element inside a cell is a line break, and psql writes a line end behind it.
            const std::size_t close = std::min(text.find('>', i), text.size() - 1);
            if (equals_ignoring_case(text.substr(i, 3), "<br")) {
                out += '\n';
                i = close + (text.substr(close + 1).starts_with('\n') ? 1 : 0);
            } else {
                i = close;
            }
            continue;
        }
        if (text[i] != '&') {
            out += text[i];
            continue;
        }
        const auto named = std::find_if(names.begin(), names.end(),
                                        [&](const auto& name) { return text.substr(i).starts_with(name.first); });
        unsigned code = 0;
        if (named != names.end()) {
            out += named->second;
            i += named->first.size() - 1;
        } else if (text.substr(i).starts_with("&#")) {
            const auto parsed = std::from_chars(text.data() + i + 2, text.data() + text.size(), code);
            append_code_point(out, code);
            i = static_cast<std::size_t>(parsed.ptr - text.data());
            if (i >= text.size() || text[i] != ';') --i;
        } else {
            out += '&';
        }
    }
    return out;
}

std::string unescape_latex(std::string_view text)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> names{
        {{"\\textless{}", "<"}, {"\\textgreater{}", ">"}, {"\\textbar{}", "|"}, {"\\textbackslash{}", "\\"},
         {"\\backslash", "\\"}, {"\\^{}", "^"}, {"\\~{}", "~"}, {"\\textasciitilde{}", "~"}, {"\\\\", "\n"}}};
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        const auto named = std::find_if(names.begin(), names.end(),
                                        [&](const auto& name) { return text.substr(i).starts_with(name.first); });
        if (named != names.end()) {
            out += named->second;
            i += named->first.size() - 1;
        } else if (i + 1 < text.size()) {
            out += text[++i];  // \_ \{ \} \% \$ \& \#
        }
    }
    return out;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to)
{
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t found = std::min(text.find(from, at), text.size());
        out += text.substr(at, found - at);
        if (found == text.size()) break;
        out += to;
        at = found + from.size();
    }
    return out;
}

}  // namespace

bool take_html(std::vector<Line>& lines, Held& held)
{
    if (!any_line_starts_with(lines, "<table") || !any_line_starts_with(lines, "<t")) return false;
    Output output(held);
    bool in_table = false;
    std::string cell;
    std::int64_t cell_line = 0;
    bool in_cell = false;
    for (const Line& line : lines) {
        std::string_view rest = line.text;
        if (!in_table && rest.find("<table") != std::string_view::npos) {
            in_table = true;
            output.start_table();
        } else if (!in_table) {
            // psql puts the row count into a paragraph.
            if (!rest.starts_with("<p>") && !rest.starts_with("</p>")) output.pass(line);
            continue;
        }
        while (true) {
            if (in_cell) {
                const std::size_t close = rest.find("</td>");
                cell += rest.substr(0, close);
                if (close == std::string_view::npos) {
                    cell += '\n';
                    break;
                }
                in_cell = false;
                rest.remove_prefix(close + 5);
                output.cell(unescape_html(cell), cell_line);
                continue;
            }
            const std::size_t open = rest.find("<td");
            if (open == std::string_view::npos) break;
            const std::size_t text = rest.find('>', open);
            if (text == std::string_view::npos) break;
            // "Record 1" of expanded output spans two columns.
            const bool is_record = rest.substr(open, text - open).find("colspan") != std::string_view::npos;
            rest.remove_prefix(text + 1);
            if (is_record) continue;
            cell.clear();
            cell_line = line.line;
            in_cell = true;
        }
        if (!in_cell && rest.find("</table>") != std::string_view::npos) in_table = false;
    }
    if (in_cell) output.cell(unescape_html(cell), cell_line);  // cut off
    lines = output.take();
    return true;
}

bool take_latex(std::vector<Line>& lines, Held& held)
{
    if (!any_line_starts_with(lines, "\\begin{tabular}") && !any_line_starts_with(lines, "\\begin{longtable}")) return false;
    Output output(held);
    bool in_table = false;
    for (const Line& line : lines) {
        std::string_view text = without_trailing_spaces(line.text);
        if (text.starts_with("\\begin{")) {
            in_table = true;
            output.start_table();
            continue;
        }
        if (text.starts_with("\\end{")) in_table = false;
        if (!in_table) {
            if (!text.starts_with("\\")) output.pass(line);
            continue;
        }
        constexpr std::string_view ragged = "\\raggedright{";
        constexpr std::string_view row_end = "\\tabularnewline";
        if (text.ends_with(row_end)) text = without_trailing_spaces(text.substr(0, text.size() - row_end.size()));
        else if (text.ends_with(" \\\\")) text.remove_suffix(3);
        std::string_view start = trim(text);
        constexpr std::string_view label = "QUERY PLAN";
        if (start.starts_with(label)) {
            const std::size_t column = text.find('&');
            if (column == std::string_view::npos) continue;
            text.remove_prefix(column + 1);
            if (text.starts_with(' ')) text.remove_prefix(1);
        }
        if (text.starts_with(ragged) && text.ends_with('}')) {
            text.remove_prefix(ragged.size());
            text.remove_suffix(1);
        } else if (text.starts_with("\\hline") || text.starts_with("\\multicolumn") || text.starts_with("\\end") ||
                   text.find("\\textit{") != std::string_view::npos || text.starts_with("\\midrule") ||
                   text.starts_with("\\toprule") || text.starts_with("\\bottomrule") || text.starts_with("\\caption")) {
            continue;
        }
        output.cell(unescape_latex(text), line.line);
    }
    lines = output.take();
    return true;
}

bool take_asciidoc(std::vector<Line>& lines, Held& held)
{
    const auto is_fence = [](const Line& line) { return without_trailing_spaces(line.text) == "|===="; };
    if (std::none_of(lines.begin(), lines.end(), is_fence)) return false;
    Output output(held);
    bool in_table = false;
    for (const Line& line : lines) {
        if (is_fence(line)) {
            in_table = !in_table;
            if (in_table) output.start_table();
            continue;
        }
        std::string_view text = line.text;
        if (!in_table) {
            if (!text.starts_with("[") && !text.starts_with("....")) output.pass(line);
            continue;
        }
        constexpr std::string_view expanded = "<l|QUERY PLAN <l|";
        if (text.starts_with("^l|") || text.starts_with("2+^|")) continue;
        if (text.starts_with(expanded)) text.remove_prefix(expanded.size());
        else if (text.starts_with('|')) text.remove_prefix(1);
        output.cell(replaced(text, "\\|", "|"), line.line);
    }
    lines = output.take();
    return true;
}

bool take_troff(std::vector<Line>& lines, Held& held)
{
    const auto is_start = [](const Line& line) { return line.text.starts_with(".TS"); };
    if (std::none_of(lines.begin(), lines.end(), is_start)) return false;
    Output output(held);
    bool in_table = false;
    bool in_format = false;  // between .TS or .T& and the line that ends with a dot
    for (const Line& line : lines) {
        std::string_view text = line.text;
        if (text.starts_with(".TS")) {
            in_table = in_format = true;
            output.start_table();
        } else if (text.starts_with(".TE")) {
            in_table = false;
        } else if (text.starts_with(".T&")) {
            in_format = true;
        } else if (!in_table) {
            if (!text.starts_with('.')) output.pass(line);
        } else if (in_format) {
            in_format = !without_trailing_spaces(text).ends_with('.');
        } else if (text != "_" && !text.starts_with("\\fI")) {
            constexpr std::string_view expanded = "QUERY PLAN\t";
            if (text.starts_with(expanded)) text.remove_prefix(expanded.size());
            output.cell(replaced(text, "\\(rs", "\\"), line.line);
        }
    }
    lines = output.take();
    return true;
}

}  // namespace casebook::framing
