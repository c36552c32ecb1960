#pragma once

#include "analyzers/core/rows.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace casebook::plan {

/// What became of a node between two plans of one statement.
enum class NodeChange : std::uint8_t {
    same,       ///< same kind, same table, same index, same condition
    condition,  ///< the same, but its condition is attached differently ("Index Cond" became "Filter")
    index,      ///< another index of the same table
    method,     ///< another way to do the same: Seq Scan for Index Scan, Hash Join for Nested Loop
    added,      ///< only in the second plan: a Sort that was not needed before
    removed,    ///< only in the first plan
    order,      ///< a join that joins other tables than any join of the other plan
};
const char* name_of(NodeChange change);

struct NodePair {
    int before = -1;  ///< index into the nodes; -1 = not there
    int after = -1;
    NodeChange change = NodeChange::same;
    std::string partition_of;       ///< the partitioned table, for a scan of one of its partitions
    std::string what;               ///< "Index Scan on orders using orders_pkey -> Seq Scan on orders"; empty when same
    std::optional<double> self_ms;  ///< after - before, of self time; nothing when either has none
    double weight_ms = 0;           ///< larger self time of the two: how much this pair matters
};

/// Two plans side by side.
struct PlanDiff {
    /// Pairs in the order of the second plan, then what is only in the first.
    std::vector<NodePair> pairs;
    bool same_shape = true;         ///< no pair changed but by its figures or the attachment of conditions
    std::optional<double> time_factor;    ///< execution time, after / before
    std::optional<double> blocks_factor;  ///< shared blocks of the root, after / before
    std::optional<double> rows_factor;    ///< rows of the root, after / before
    /// Settings that differ, "work_mem: 4MB -> 64kB".
    std::vector<std::string> settings;
};

/// Compares two plans of one statement. Nodes are aligned by what they work on: scans by the alias the statement gives
/// their table, joins and all else by the set of aliases below them, so that a change low in the plan does not hide what
/// stayed above it. Partitions of one table count as the table, and are aligned by name. Linear but for sorting.
PlanDiff diff(const PlanRow& before, const PlanRow& after);

/// Pairs that changed, the most telling first: method, index, order, added and removed, condition; within a kind by
/// weight. Partitions of one table that came or went are one entry.
std::vector<NodePair> changes(const PlanDiff& diff);

/// Identifies a plan's shape: node types, tables, indexes and how they hang together; no figures, no literals. Plans of
/// one statement with different shapes are a plan flip. Numbers of workers do not count, nor does the number of equal
/// partitions side by side.
std::uint64_t shape_of(const PlanRow& plan);

/// "Index Scan on orders using orders_pkey"
std::string node_title(const PlanNodeRow& node);

}  // namespace casebook::plan
