#pragma once

#include "analyzers/trace/sql_lexer.h"

#include <string>

namespace casebook {

/// Makes statements that differ in constants only the same: every literal and parameter becomes a value token "?" (with
/// its sign, cast, CAST(… AS type) and type name before it: DATE '2024-01-01'), neighbouring strings one value, NULL,
/// TRUE and FALSE values where they are operands; lists of values behind IN and in ARRAY[…] become one value, equal rows
/// of VALUES or of an IN list one row, names of savepoints, prepared statements and cursors a value; semicolons at the
/// end go. PostgreSQL replaces the same constants, so the text pg_stat_statements keeps gives the same tokens.
/// O(length); texts are views into the statement or static.
std::vector<SqlToken> rewrite_sql(const std::vector<SqlToken>& tokens);

/// Folds a token for comparison: words in lower case, "orders" like orders ("Orders" keeps its quotes), `a` and [a]
/// like a. Appends to `text`.
void append_folded(const SqlToken& token, std::string& text);

}  // namespace casebook
