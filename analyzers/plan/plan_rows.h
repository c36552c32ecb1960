#pragma once

#include "analyzers/core/rows.h"
#include "analyzers/plan/plan_tree.h"

namespace casebook::plan {

/// The rows of a plan. Times as plan_times.h has them; `rows_removed` = all "Rows Removed by ..." times loops, 0 for a
/// node that was run and has a condition but printed none; buffers are inclusive, as printed. `detail` holds every
/// property without a column of its own under the names of EXPLAIN (FORMAT JSON), and "Workers" as a list.
/// Consumes the tree: texts are moved out of it.
PlanRow plan_row(Tree&& tree);

}  // namespace casebook::plan
