#pragma once

#include "analyzers/core/control.h"
#include "analyzers/store/case_file.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

struct QueryLimits {
    std::int64_t max_rows = 0;       ///< 0 = all; more rows set `cut`
    std::int64_t max_ms = 30'000;
    std::int64_t max_steps = 0;      ///< in thousands of virtual machine steps; 0 = no limit
};

struct QueryResult {
    std::vector<std::string> columns;
    std::vector<std::vector<Value>> rows;
    bool cut = false;
};

/// Runs one SELECT that a person typed or a case file carries. Reads only, whatever the text says: an authorizer allows
/// SELECT on the views and tables of the case and known functions, nothing else; limits stop runaways.
/// Errors: usage (not a single SELECT, SQL error with SQLite's words), limitExceeded, cancelled.
Result<QueryResult> run_query(CaseFile& file, std::string_view sql, const std::vector<Value>& arguments,
                              const QueryLimits& limits, const Control& control);

/// Where in the text of a query an error of run_query() lies; both count from 1, columns in characters.
struct QueryPlace { int line = 1, column = 1; };
/// The place that the words of such an error name ("no such column: x, at line 2, column 8"); nothing when they name none.
std::optional<QueryPlace> place_of(const Error& error);

/// Result rows as JSON array of objects, or CSV with header (RFC 4180). Blobs as lower-case hex.
std::string to_json(const QueryResult& result);
std::string to_csv(const QueryResult& result);
std::string to_text(const Value& value);

}  // namespace casebook
