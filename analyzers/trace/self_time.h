#pragma once

#include "analyzers/trace/span_table.h"

#include <algorithm>
#include <limits>

namespace casebook {

/// End of a span for arithmetic on hostile input: never before its start, never past the last representable instant.
inline std::int64_t span_end_ns(const SpanTable& table, SpanTable::Row row)
{
    const std::int64_t start = table.start_ns[row];
    const std::int64_t duration = std::max<std::int64_t>(table.duration_ns[row], 0);
    const std::int64_t room = std::numeric_limits<std::int64_t>::max() - std::max<std::int64_t>(start, 0);
    return start + std::min(duration, room);
}

/// True when the parent waits for this child: it started before its parent ended and is not the consumer of a message
/// the parent produced. Other children (asynchronous work) take none of the parent's time.
inline bool is_blocking_child(const SpanTable& table, SpanTable::Row parent, SpanTable::Row child)
{
    return table.start_ns[child] < span_end_ns(table, parent)
           && !(table.kind[parent] == SpanKind::producer && table.kind[child] == SpanKind::consumer);
}

/// Fills table.self_ns from the finished tree: duration less the union of the blocking children's intervals, each
/// clamped to the parent (as Jaeger UI does; stock clients' children stick out by up
/// to 3.5 ms). 0 <= self <= duration on any input. One pass over all children.
void compute_self_time(SpanTable& table);

}  // namespace casebook
