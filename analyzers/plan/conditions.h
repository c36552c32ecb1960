#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace casebook::plan {

/// What a column is compared with.
enum class Against : std::uint8_t {
    constant,    ///< literals, and functions without columns such as now()
    parameter,   ///< $1
    column,      ///< another column: a join, or the outer side of a nested loop
    expression,  ///< something else, a SubPlan for one
};

/// One comparison of a condition as EXPLAIN prints it ("Filter", "Index Cond", "Recheck Cond", "Join Filter").
struct ColumnTest {
    std::string qualifier;  ///< "o" of "o.status", unquoted; empty when there is none
    std::string column;     ///< "status", unquoted
    std::string op;         ///< "=" "<" "~~" "= ANY" "IS NULL" "IS NOT NULL" "IS DISTINCT FROM"; "" for a flag: (active)
    std::string value;      ///< the other side as printed, without enclosing brackets
    Against against = Against::constant;
    std::string function;   ///< what is applied to the column: "lower", "+", "->>"; empty for the column itself
    std::string cast;       ///< type the column itself is cast to: "numeric"; empty when it is not
    bool negated = false;   ///< below NOT
    bool in_or = false;     ///< one of several alternatives: no index condition by itself

    bool is_equality() const { return !negated && !in_or && (op == "=" || op == "= ANY" || op == "IS NULL"); }
    /// An index on the column can serve it: nothing hides the column. A cast to text of a varchar or name column, which
    /// the planner prints but which costs nothing, does not hide it.
    bool is_sargable() const { return function.empty() && (cast.empty() || cast == "text" || cast == "bpchar"); }
};

/// The comparisons of a condition, left to right. Parts that are no comparison with a column (a SubPlan, a constant, a
/// function of several columns) are left out. Text that is not what EXPLAIN prints gives what can be made of it; a
/// condition of more than 64 KiB or 64 levels is read so far. `left_out`, when given, becomes the number of parts that were
/// left out: nobody has statistics for them.
std::vector<ColumnTest> column_tests(std::string_view condition, std::size_t* left_out = nullptr);

/// The constant without cast and quotes: "'paid'::text" is "paid"; what is no literal is returned as it is.
std::string constant_text(std::string_view value);

}  // namespace casebook::plan
