#pragma once

// Parts of the table framings that telling them and reading them share.

#include "analyzers/importers/support/table_reader.h"

#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// psql's table drawing in ASCII: unicode box lines and newline marks become '|', '-', '+'. Columns keep their place.
std::string plain_drawing(std::string_view line);

/// "-[ RECORD 1 ]---+----" in any border style.
bool is_record_rule(std::string_view line);
/// "-----+----" under a header line with as many bars as the rule has crossings.
bool is_column_rule(std::string_view line, std::string_view header);

TableLayout expanded_layout(const std::vector<std::string_view>& lines, std::size_t record_rule);
TableLayout aligned_layout(const std::vector<std::string_view>& lines, std::size_t column_rule);
/// An array of flat objects, or one flat object per line.
TableLayout json_layout(std::string_view head);

/// Where the columns of an aligned table lie, from its rule.
struct AlignedColumns {
    struct Slot {
        std::size_t begin, end;
    };  ///< display columns, without the bars
    std::vector<Slot> slots;
    bool framed = false;  ///< border 2: bars at both ends
    explicit AlignedColumns(std::string_view rule);
    /// One drawn line cut into raw slots. False when the line does not fit the columns.
    bool cut(std::string_view line, std::vector<std::string_view>& cells) const;
};

/// Display columns of one code point as terminals count them: 0 for combining marks, 2 for wide East Asian, else 1.
int display_width(char32_t code_point);

}  // namespace casebook
