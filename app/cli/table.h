#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace casebook::cli {

/// Columns on a terminal: East Asian wide characters and emoji count two, combining marks none.
int display_width(std::string_view utf8);

/// The text, or its beginning and an ellipsis, in at most `width` columns.
std::string cut_to_width(std::string_view utf8, int width);

/// Text in aligned columns: a heading, then rows; columns of numbers to the right. Cells are made printable.
class Table {
public:
    struct Column {
        std::string heading;
        bool right = false;  ///< numbers
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    /// Fewer cells than columns leave the rest empty.
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }

    /// `width` > 0: the widest left-aligned column is narrowed until a row fits. Cells are never wider than
    /// `max_cell`. `indent` spaces before each line; `color` makes the heading bold.
    std::string text(int width, bool color, int indent = 0, int max_cell = 120) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// Text broken at spaces so that lines fit in `width` columns (0: not broken), each line after the first indented.
std::string wrap(std::string_view text, int width, int indent);

}  // namespace casebook::cli
