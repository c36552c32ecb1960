// psql's aligned format, border 0 is not told from prose and not read:
//    userid | calls |   query
//   --------+-------+------------
//        10 |     3 | select 1  +
//           |       | from t

#include "analyzers/importers/support/table_text.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {
namespace {

struct Decoded {
    char32_t code_point;
    std::size_t size;
};

/// The code point at `at`; a byte that is no UTF-8 counts as one of its own.
Decoded decode(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const auto tail = [&](std::size_t i) { return at + i < text.size() && (byte(i) & 0xC0) == 0x80; };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    if ((lead & 0xE0) == 0xC0 && tail(1)) return {static_cast<char32_t>((lead & 0x1F) << 6 | (byte(1) & 0x3F)), 2};
    if ((lead & 0xF0) == 0xE0 && tail(1) && tail(2))
        return {static_cast<char32_t>((lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F)), 3};
    if ((lead & 0xF8) == 0xF0 && tail(1) && tail(2) && tail(3))
        return {static_cast<char32_t>((lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 |
                                      (byte(3) & 0x3F)),
                4};
    return {lead, 1};
}

bool is_bar(char c) { return c == '|' || c == ':' || c == ';'; }  // the last two are linestyle old-ascii

bool only_rule_characters(std::string_view line)
{
    return line.size() >= 3 && line.find("--") != std::string_view::npos &&
           line.find_first_not_of("-+") == std::string_view::npos;
}

class AlignedTable final : public TableReader {
public:
    AlignedTable(Source& source, TableLayout layout) : TableReader(std::move(layout)), source_(source) {}

    Result<bool> next() override
    {
        for (;;) {
            if (!columns_) {
                TRY_ASSIGN(const bool found, find_rule());
                if (!found) return false;
            }
            TRY_ASSIGN(const auto line, source_.line());
            if (!line) return false;
            const std::string drawn = undrawn(*line);
            if (trim(drawn).empty() || is_psql_chatter(drawn)) {
                columns_.reset();
                continue;
            }  // the table is over; \watch prints more
            if (only_rule_characters(trim(drawn))) continue;
            line_ = source_.line_number();
            TRY_ASSIGN(const bool complete, read_row(drawn));
            if (complete) return true;
        }
    }

private:
    /// Skips to the rule of the next table with the same columns.
    Result<bool> find_rule()
    {
        std::string before;
        for (;;) {
            TRY_ASSIGN(const auto line, source_.line());
            if (!line) return false;
            std::string drawn = plain_drawing(*line);
            if (is_column_rule(drawn, before)) {
                AlignedColumns columns{trim_right(drawn)};
                std::vector<std::string_view> names;
                if (columns.cut(before, names) && same_names(names)) {
                    columns_.emplace(std::move(columns));
                    unicode_ = line->find('\xE2') != std::string_view::npos;
                    return true;
                }
            }
            before = std::move(drawn);
        }
    }

    /// Box characters are drawing only where the rule is drawn with them; else they belong to a cell.
    std::string undrawn(std::string_view line) const { return unicode_ ? plain_drawing(line) : std::string(line); }

    static std::string_view trim_right(std::string_view text)
    {
        while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
        return text;
    }

    bool same_names(const std::vector<std::string_view>& names) const
    {
        return std::equal(names.begin(), names.end(), layout_.columns.begin(), layout_.columns.end(),
                          [](std::string_view a, const std::string& b) { return trim(a) == b; });
    }

    /// Reads the row that starts with `drawn` and its continuation lines.
    Result<bool> read_row(std::string drawn)
    {
        texts_.assign(layout_.columns.size(), {});
        ragged_ = false;
        bool more = true;
        for (bool first = true; more; first = false) {
            std::vector<std::string_view> slots;
            if (!columns_->cut(drawn, slots)) {
                ragged_ = true;
                break;
            }
            more = false;
            for (std::size_t i = 0; i < slots.size() && i < texts_.size(); ++i) {
                std::string_view slot = slots[i];
                const std::size_t width = columns_->slots[i].end - columns_->slots[i].begin;
                const char mark = display_size(slot) >= width && !slot.empty() ? slot.back() : ' ';
                if (mark == '+' || mark == '.') slot.remove_suffix(1);
                more = more || mark == '+' || mark == '.';
                if (slot.starts_with(' ') || (!first && slot.starts_with('.'))) slot.remove_prefix(1);
                slot = trim_right(slot);
                texts_[i].append(slot);
                if (mark == '+') texts_[i] += '\n';
            }
            if (!more) break;
            TRY_ASSIGN(const auto line, source_.line());
            if (!line) break;
            drawn = undrawn(*line);
        }
        cells_.clear();
        for (const std::string& text : texts_) cells_.push_back(trim(text));
        return true;
    }

    static std::size_t display_size(std::string_view text)
    {
        std::size_t size = 0;
        for (std::size_t at = 0; at < text.size();) {
            const Decoded d = decode(text, at);
            size += static_cast<std::size_t>(display_width(d.code_point));
            at += d.size;
        }
        return size;
    }

    Source& source_;
    std::optional<AlignedColumns> columns_;
    std::vector<std::string> texts_;
    bool unicode_ = false;
};

}  // namespace

int display_width(char32_t c)
{
    if (c < 0x300) return 1;
    if (c <= 0x36F || (c >= 0x200B && c <= 0x200F) || (c >= 0xFE00 && c <= 0xFE0F)) return 0;
    const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                      (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                      (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
    return wide ? 2 : 1;
}

std::string plain_drawing(std::string_view line)
{
    std::string plain;
    if (line.find('\xE2') == std::string_view::npos) return plain.assign(line);
    plain.reserve(line.size());
    for (std::size_t at = 0; at < line.size();) {
        const Decoded d = decode(line, at);
        switch (d.code_point) {
        case 0x2502:
        case 0x2503:
        case 0x2551: plain += '|'; break;
        case 0x2500:
        case 0x2501:
        case 0x2550: plain += '-'; break;
        case 0x253C:
        case 0x251C:
        case 0x2524:
        case 0x252C:
        case 0x2534:
        case 0x250C:
        case 0x2510:
        case 0x2514:
        case 0x2518:
        case 0x256C:
        case 0x256A:
        case 0x256B:
        case 0x2560:
        case 0x2563:
        case 0x2566:
        case 0x2569:
        case 0x2554:
        case 0x2557:
        case 0x255A:
        case 0x255D: plain += '+'; break;
        case 0x21B5: plain += '+'; break;  // newline mark
        case 0x2026: plain += '.'; break;  // wrap mark
        default: plain.append(line, at, d.size);
        }
        at += d.size;
    }
    return plain;
}

AlignedColumns::AlignedColumns(std::string_view rule)
{
    framed = rule.starts_with('+');
    std::size_t begin = framed ? 1 : 0;
    for (std::size_t i = begin; i <= rule.size(); ++i) {
        if (i != rule.size() && rule[i] != '+') continue;
        if (i > begin) slots.push_back({begin, i});
        begin = i + 1;
    }
}

bool AlignedColumns::cut(std::string_view line, std::vector<std::string_view>& cells) const
{
    cells.clear();
    std::size_t at = 0, column = 0;
    for (std::size_t s = 0; s < slots.size(); ++s) {
        const auto advance_to = [&](std::size_t target) {
            while (at < line.size() && column < target) {
                const Decoded d = decode(line, at);
                column += static_cast<std::size_t>(display_width(d.code_point));
                at += d.size;
            }
        };
        advance_to(slots[s].begin);
        const std::size_t from = at;
        const bool last = s + 1 == slots.size();
        if (last && !framed) {
            cells.push_back(line.substr(std::min(from, line.size())));
            return true;
        }
        advance_to(slots[s].end);
        // psql may print a column wider than we count its characters: the bar is then a little to the right.
        if (at < line.size() && !is_bar(line[at])) {
            const std::size_t bar = line.find('|', at);
            if (bar == std::string_view::npos) return false;
            at = bar;
            column = slots[s].end;
        }
        if (at >= line.size()) return false;
        cells.push_back(line.substr(from, at - from));
    }
    return true;
}

bool is_column_rule(std::string_view line, std::string_view header)
{
    const std::string rule = plain_drawing(line);
    std::string_view text = rule;
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
    if (!only_rule_characters(text)) return false;
    const std::string names = plain_drawing(header);
    const auto crossings = std::count(text.begin(), text.end(), '+');
    return crossings > 0 && names.find_first_not_of("-+ |") != std::string::npos &&
           std::count(names.begin(), names.end(), '|') >= crossings;
}

TableLayout aligned_layout(const std::vector<std::string_view>& lines, std::size_t column_rule)
{
    TableLayout layout;
    const std::string rule = plain_drawing(lines[column_rule]);
    const AlignedColumns columns{trim(rule)};
    const std::string header = plain_drawing(lines[column_rule - 1]);
    std::vector<std::string_view> cells;
    if (!columns.cut(header, cells)) return layout;
    layout.framing = TableFraming::aligned;
    for (const std::string_view cell : cells) layout.columns.emplace_back(trim(cell));
    if (column_rule + 1 < lines.size() && !is_psql_chatter(lines[column_rule + 1])) {
        const std::string row = plain_drawing(lines[column_rule + 1]);
        if (columns.cut(row, cells))
            for (const std::string_view cell : cells) layout.first_row.emplace_back(trim(cell));
    }
    return layout;
}

std::unique_ptr<TableReader> aligned_table(Source& source, TableLayout layout)
{
    return std::make_unique<AlignedTable>(source, std::move(layout));
}

}  // namespace casebook
