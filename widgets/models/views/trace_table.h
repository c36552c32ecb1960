#pragma once

#include "analyzers/trace/span_table.h"
#include "widgets/models/views/table_data.h"

#include <memory>
#include <optional>

namespace casebook {

/// What a list of traces is limited to; empty or absent = everything.
struct TraceFilter {
    std::string service, operation;   ///< some entry span of the trace (server, consumer or root) has both
    std::optional<TimeRange> range;   ///< the trace starts in it
};

/// One row per trace: start, duration, service and operation of its first span, spans, errors, services, id. The last
/// column, hidden in views, is the trace's index in the table: see trace_index_column. O(spans).
std::shared_ptr<TableData> trace_table(std::shared_ptr<const SpanTable> spans, const TraceFilter& filter = {});
/// The trace of a row of trace_table().
std::size_t trace_of_row(const TableData& table, std::size_t row);

/// One row per service and operation of entry spans (server, consumer, and roots): rate, errors, P50, P95 and P99, each with
/// its change against the baseline when there is one, longest, calls and total time. Percentiles are exact; how they
/// changed is left open where one side has too few requests.
/// `range` absent = the whole case.
std::shared_ptr<TableData> operation_table(std::shared_ptr<const SpanTable> spans, std::optional<TimeRange> range, std::optional<TimeRange> baseline);

/// The requests of the traces that pass the filter, as rows of the span table: the entry spans of the named service and
/// operation (the outermost where they nest), or the first span of every trace when neither is named. O(spans).
std::vector<SpanTable::Row> request_rows(const SpanTable& spans, const TraceFilter& filter);

}  // namespace casebook
