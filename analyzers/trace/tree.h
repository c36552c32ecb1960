#pragma once

#include "analyzers/trace/span_table.h"

namespace casebook {

/// Links the rows of `table` into trees. Expects trace, span_id, parent_id, start_ns, duration_ns and kind filled, the
/// rows sorted by (trace, start, span id), and `first` and `count` of every trace. Fills parent, child_begin,
/// child_rows, self_ns, the three counts of what was odd, and root, start_ns and end_ns of every trace.
///
/// A parent is looked up in the span's own trace only. When several spans of a trace share an id, the first one is the
/// parent of those that name it. A span that names itself, or is part of a ring of parents, would have no root: the
/// ring is cut at its earliest span. The root of a trace is its earliest span that names no parent; without one, the
/// earliest whose parent is not there.
///
/// O(n log n) whatever the shape or the ids, iterative. Negative durations count as 0.
void build_trees(SpanTable& table);

}  // namespace casebook
