#pragma once

#include "analyzers/trace/span_table.h"

#include <span>
#include <vector>

namespace casebook {

/// The span of a trace that users wait for: the root when a service answers with it; below a client or wrapping root
/// (covering no more than twice as long) the one server or consumer span that does the work; in a trace without its root
/// the first server or consumer span without a parent; else the root. Never no_row.
SpanTable::Row request_row(const SpanTable& spans, std::uint32_t trace);
/// request_row of every trace.
std::vector<SpanTable::Row> request_rows(const SpanTable& spans);

/// Failed as its user sees it: status error; where the status is unset, as instrumentation leaves it for servers, an HTTP code of
/// the 500s, or a gRPC code that OpenTelemetry counts as an error of the server (unknown, deadline exceeded, unimplemented,
/// internal, unavailable, data loss).
bool is_failed(const SpanTable& spans, SpanTable::Row row);
/// The span says whether it failed: a status, or an HTTP or gRPC code.
bool records_outcome(const SpanTable& spans, SpanTable::Row row);

/// Rows by (service, operation).
struct OperationRows {
    SpanTable::Id service = 0, operation = 0;
    std::vector<SpanTable::Row> rows;  ///< in the order given
};
/// By service name, then operation name. O(n log n).
std::vector<OperationRows> group_by_operation(const SpanTable& spans, std::span<const SpanTable::Row> rows);

struct Latency {
    std::size_t count = 0;
    double mean_ms = 0, p50_ms = 0, p90_ms = 0, p95_ms = 0, p99_ms = 0, max_ms = 0;
};
Latency latency_of(const SpanTable& spans, std::span<const SpanTable::Row> rows);

/// The highest of the percentiles 99.9, 99, 95, 90, 75, 50 with at least `tail_samples` of `count` values above it; 0 when
/// there are too few for the median.
double highest_percentile(std::size_t count, double tail_samples);

}  // namespace casebook
