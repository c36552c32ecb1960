#pragma once

#include "widgets/models/views/table_data.h"

#include <QString>
#include <cstdint>
#include <vector>

namespace casebook {

/// A filter as people type it: terms separated by spaces, all must hold.
///   word  "two words"      some text column contains it (no case); a plain number column contains the digits
///   column:word            that column contains it
///   column>5  >= < <= = != compares; durations and sizes in the header's unit unless one is given (20ms, 1.5s, 3MB)
///   -term                  must not hold
/// Columns may be named by title or by name. A name that no column has makes the term a plain word.
class TableFilter {
public:
    TableFilter() = default;
    TableFilter(const TableData& table, const QString& text);

    bool empty() const { return terms_.empty(); }
    /// The rows that pass, ascending. Reads each column once per term.
    std::vector<std::uint32_t> rows(const TableData& table) const;

private:
    enum class Compare { contains, less, lessEqual, greater, greaterEqual, equal, notEqual };
    struct Term {
        int column = -1;  ///< -1 = any
        Compare compare = Compare::contains;
        std::string text;    ///< lower case
        double number = 0;   ///< in raw units of the column
        bool is_number = false;
        bool negated = false;
    };

    static bool holds(const Term& term, const TableColumn& column, std::size_t row);
    std::vector<Term> terms_;
};

}  // namespace casebook
