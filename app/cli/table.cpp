#include "app/cli/table.h"

#include "app/cli/terminal.h"

#include <algorithm>
#include <clocale>
#include <cwchar>

namespace casebook::cli {

namespace {

/// The code point at `at` and how many bytes it has; invalid bytes count as one unknown character.
std::pair<char32_t, std::size_t> code_point(std::string_view text, std::size_t at)
{
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 1;
    if (length == 1 || at + length > text.size()) return {lead, 1};
    char32_t point = lead & (0x7f >> length);
    for (std::size_t i = 1; i < length; ++i) point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3f);
    return {point, length};
}

/// Unicode 15, East_Asian_Width W and F in coarse blocks, and the combining marks that are met in practice.
int width_of(char32_t c)
{
    if (c < 0x300) return 1;
    if ((c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff) return 0;
    if ((c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf && c != 0x303f) || (c >= 0xac00 && c <= 0xd7a3) ||
        (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
        (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd))
        return 2;
    return 1;
}

}  // namespace

int display_width(std::string_view utf8)
{
    int width = 0;
    for (std::size_t at = 0; at < utf8.size();) {
        const auto [point, length] = code_point(utf8, at);
        width += width_of(point);
        at += length;
    }
    return width;
}

std::string cut_to_width(std::string_view utf8, int width)
{
    if (width <= 0) return {};
    int used = 0;
    std::size_t fits = 0;  // bytes that leave room for the ellipsis
    for (std::size_t at = 0; at < utf8.size();) {
        const auto [point, length] = code_point(utf8, at);
        used += width_of(point);
        if (used > width) return std::string(utf8.substr(0, fits)) + "…";
        at += length;
        if (used <= width - 1) fits = at;
    }
    return std::string(utf8);
}

void Table::add(std::vector<std::string> cells)
{
    cells.resize(columns_.size());
    for (std::string& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

std::string Table::text(int width, bool color, int indent, int max_cell) const
{
    std::vector<int> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        int widest = display_width(columns_[c].heading);
        for (const auto& row : rows_) widest = std::max(widest, std::min(max_cell, display_width(row[c])));
        widths.push_back(widest);
    }
    if (width > 0) {
        int needed = indent;
        for (const int column : widths) needed += column + 2;
        while (needed - 2 > width) {
            // Numbers stay whole; text gives way, the widest first.
            int widest = -1;
            for (std::size_t c = 0; c < columns_.size(); ++c)
                if (!columns_[c].right && widths[c] > 12 && (widest < 0 || widths[c] > widths[static_cast<std::size_t>(widest)]))
                    widest = static_cast<int>(c);
            if (widest < 0) break;
            --widths[static_cast<std::size_t>(widest)];
            --needed;
        }
    }

    std::string out;
    const auto append = [&](std::size_t c, std::string_view cell) {
        const std::string shown = cut_to_width(cell, widths[c]);
        const std::string padding(static_cast<std::size_t>(std::max(0, widths[c] - display_width(shown))), ' ');
        const bool last = c + 1 == columns_.size();
        out += columns_[c].right ? padding + shown : last ? shown : shown + padding;
        if (!last) out += "  ";
    };
    const auto end_line = [&] {
        while (!out.empty() && out.back() == ' ') out.pop_back();
        out += '\n';
    };
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    const bool headed = std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.heading.empty(); });
    if (headed) {
        out += margin;
        if (color) out += "\033[1m";
        for (std::size_t c = 0; c < columns_.size(); ++c) append(c, columns_[c].heading);
        if (color) out += "\033[0m";
        end_line();
    }
    for (const auto& row : rows_) {
        out += margin;
        for (std::size_t c = 0; c < columns_.size(); ++c) append(c, row[c]);
        end_line();
    }
    return out;
}

std::string wrap(std::string_view text, int width, int indent)
{
    if (width <= 0) return std::string(text);
    const int room = std::max(20, width - indent);
    std::string out;
    int used = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t space = std::min(text.find(' ', at), text.size());
        const std::string_view word = text.substr(at, space - at);
        at = space + 1;
        const int needed = display_width(word);
        if (used > 0 && used + 1 + needed > room) {
            out += '\n';
            out.append(static_cast<std::size_t>(indent), ' ');
            used = 0;
        } else if (used > 0) {
            out += ' ';
            ++used;
        }
        out += word;
        used += needed;
    }
    return out;
}

}  // namespace casebook::cli
