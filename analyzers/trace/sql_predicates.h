#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// One table of a statement with the columns that it compares for equality with a value or parameter.
struct SqlEquality {
    std::string table;                 ///< without schema and quotes, lower case unless quoted
    std::vector<std::string> columns;  ///< sorted, each once
};

/// What an index could serve, as far as the text tells: `col = value`, `col IN (...)`, `col = ANY (...)` in WHERE and ON,
/// columns told apart by alias. Comparisons below OR or NOT, in subqueries of their own, or behind a function do not
/// count. Works on any dialect and on truncated text; O(length).
std::vector<SqlEquality> equality_predicates(std::string_view sql);

}  // namespace casebook
