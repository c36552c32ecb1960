// psql's expanded output, aligned and unaligned:
//   -[ RECORD 1 ]---+---------------        userid|16806
//   userid          | 16806                 query|select 1
//   query           | select 1     +
//                   | from t                userid|10

#include "analyzers/importers/support/table_text.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {
namespace {

/// A drawn "name | value" line cut at its bar; border 2 has bars at both ends as well.
bool cut_pair(std::string_view line, std::string_view& name, std::string_view& value)
{
    const bool framed = line.starts_with('|');
    if (framed) {
        line.remove_prefix(1);
        while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
        if (line.ends_with('|')) line.remove_suffix(1);
    }
    const std::size_t bar = line.find('|');
    if (bar == std::string_view::npos) return false;
    name = trim(line.substr(0, bar));
    value = line.substr(bar + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    return true;
}

class ExpandedTable final : public TableReader {
public:
    ExpandedTable(Source& source, TableLayout layout)
        : TableReader(std::move(layout)), source_(source), drawn_(layout_.framing == TableFraming::expanded)
    {}

    Result<bool> next() override
    {
        names_.clear();
        texts_.clear();
        bool continues = false;
        for (;;) {
            TRY_ASSIGN(const auto line, source_.line());
            if (!line) break;
            if (source_.line_number() <= layout_.preamble_lines) continue;
            const std::string text = drawn_ ? plain_drawing(*line) : std::string(*line);
            if (drawn_ ? is_record_rule(text) : text.empty()) {
                if (!names_.empty()) break;
                continue;
            }
            if (is_psql_chatter(text)) continue;
            take_line(text, continues);
        }
        if (names_.empty()) return false;
        arrange();
        return true;
    }

private:
    void take_line(std::string_view text, bool& continues)
    {
        std::string_view name, value;
        const bool pair = drawn_ ? cut_pair(text, name, value) : cut_unaligned(text, name, value);
        if (!pair || (drawn_ && name.empty())) {
            if (texts_.empty()) return;  // prose before the first record
            if (!drawn_ || continues) append(pair ? value : text, continues);
            return;
        }
        if (names_.empty()) line_ = source_.line_number();
        names_.emplace_back(name);
        texts_.emplace_back();
        append(value, continues);
    }

    /// A line of an unaligned record starts a new value only under a name the first record has.
    bool cut_unaligned(std::string_view text, std::string_view& name, std::string_view& value) const
    {
        const std::size_t bar = text.find('|');
        if (bar == std::string_view::npos) return false;
        name = text.substr(0, bar);
        value = text.substr(bar + 1);
        return std::find(layout_.columns.begin(), layout_.columns.end(), name) != layout_.columns.end();
    }

    void append(std::string_view value, bool& continues)
    {
        std::string& text = texts_.back();
        if (!drawn_) {
            if (!text.empty()) text += '\n';
            text += value;
            return;
        }
        while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
        // "select 1   +": the mark stands where the widest value ends, after blanks; a plus that ends a short
        // statement is rare enough and only costs a look at the next line.
        continues = value.size() > 1 && value.back() == '+';
        if (continues) {
            value.remove_suffix(1);
            while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
        }
        if (!text.empty()) text += '\n';
        text += value;
    }

    void arrange()
    {
        cells_.assign(layout_.columns.size(), {});
        std::size_t placed = 0;
        for (std::size_t i = 0; i < names_.size(); ++i) {
            std::size_t column = i;  // records of one result have the same names in the same order
            if (column >= layout_.columns.size() || layout_.columns[column] != names_[i]) {
                const auto found = std::find(layout_.columns.begin(), layout_.columns.end(), names_[i]);
                column = static_cast<std::size_t>(found - layout_.columns.begin());
            }
            if (column >= cells_.size()) continue;
            cells_[column] = trim(texts_[i]);
            ++placed;
        }
        ragged_ = placed < layout_.columns.size();
    }

    Source& source_;
    const bool drawn_;
    std::vector<std::string> names_, texts_;
};

}  // namespace

bool is_record_rule(std::string_view line)
{
    if (!line.starts_with("-[ RECORD ") && !line.starts_with("+-[ RECORD ") && !line.starts_with("* Record ")) {
        if (line.find('\xE2') == std::string_view::npos) return false;
        const std::string drawn = plain_drawing(line);
        return drawn.starts_with("-[ RECORD ") || drawn.starts_with("+-[ RECORD ");
    }
    return true;
}

TableLayout expanded_layout(const std::vector<std::string_view>& lines, std::size_t record_rule)
{
    TableLayout layout;
    for (std::size_t i = record_rule + 1; i < lines.size() && !is_record_rule(lines[i]); ++i) {
        const std::string drawn = plain_drawing(lines[i]);
        std::string_view name, value;
        if (!cut_pair(drawn, name, value) || name.empty()) continue;
        layout.columns.emplace_back(name);
        layout.first_row.emplace_back(trim(value));
    }
    if (layout.columns.empty()) return layout;
    layout.framing = TableFraming::expanded;
    layout.preamble_lines = static_cast<std::int64_t>(record_rule);
    return layout;
}

std::unique_ptr<TableReader> expanded_table(Source& source, TableLayout layout)
{
    return std::make_unique<ExpandedTable>(source, std::move(layout));
}

}  // namespace casebook
