#pragma once

#include "analyzers/plan/plan_tree.h"

#include <optional>
#include <vector>

namespace casebook::plan {

/// Where a plan's time went, per node, in milliseconds of the clock on the wall.
struct NodeTime {
    double total_ms = 0;  ///< over all loops, with everything below
    double self_ms = 0;   ///< without what is below; never negative
    double processes = 1; ///< how many processes shared the node's work (leader included); total_ms is divided by it
};

/// Times of all nodes; empty for a plan without ANALYZE or with TIMING OFF.
///
/// EXPLAIN prints the mean time of one loop, and a loop of a parallel worker counts as one: total = time x loops /
/// processes. The number of processes of the part below a Gather is measured, not taken from "Workers Launched": it
/// is the loops of Gather's child per loop of Gather, which is right also when the leader did not take part. The same
/// divisor holds for the whole part, so exclusive times add up even where only one process worked (members of a
/// Parallel Append, the index scan below a parallel bitmap scan).
///
/// self = total - children. Time of an InitPlan is inside the node that first asked for its value, not the node it
/// is printed under: it is taken off the node with the largest self time among those that mention its parameter
/// ("$0", "(InitPlan 1).col1"), and off its parent when none does. Time of a CTE is inside the scans that read it:
/// it is taken off them in proportion to their self times. SubPlans are children as all others.
/// Rounding (0.001 ms per loop) can make children take longer than their parent, and children that run at the same time
/// can too: their self times are then cut so that those of a subtree never exceed its total.
std::vector<NodeTime> node_times(const Tree& tree);

}  // namespace casebook::plan
