#pragma once

#include "analyzers/store/query.h"
#include "analyzers/trace/span_table.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// Index of the trace with this id (up to 32 hex digits), or the number of traces when there is none.
std::size_t trace_of_id(const SpanTable& spans, const std::string& id);
/// The spans of rows with the columns trace_id and span_id; rows that are no span of the table are left out.
/// O(rows x log(traces) + spans of the traces met).
std::vector<SpanTable::Row> spans_of_rows(const SpanTable& spans, const QueryResult& rows);
/// Where a column is; nothing when there is none of that name.
std::optional<std::size_t> column_of(const QueryResult& rows, std::string_view name);

}  // namespace casebook
