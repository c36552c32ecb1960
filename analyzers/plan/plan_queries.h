#pragma once

#include "analyzers/core/rows.h"
#include "analyzers/plan/conditions.h"
#include "analyzers/plan/plan_tree.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Questions analyzers and views ask of one plan. Pure functions of a PlanRow, as an importer gives it or load_plans()
// reads it back; none changes it, none recurses, all are linear in the number of nodes unless said.

namespace casebook::plan {

/// A node's `detail` as properties: "Filter", "Index Cond", "Sort Method", ... Empty when it is not JSON.
Properties detail_of(const PlanNodeRow& node);

/// `end[i]` is one past the last node of the subtree of node i; nodes are in pre-order.
std::vector<int> subtree_ends(const PlanRow& plan);
/// Child indices per node, in order.
std::vector<std::vector<int>> children_of(const PlanRow& plan);

bool is_scan(std::string_view node_type);        ///< reads a table or an index: "Seq Scan", "Index Only Scan Backward", ...
bool is_index_scan(std::string_view node_type);  ///< "Index Scan", "Index Only Scan", "Bitmap Heap Scan", in any direction
bool is_join(std::string_view node_type);

/// Time of the statement: execution time, else that of the root. Nothing without ANALYZE.
std::optional<double> execution_ms(const PlanRow& plan);

/// Why a node's actual rows cannot be held against its estimate.
enum class Truncation : std::uint8_t {
    none,
    limit,        ///< a Limit above stopped it early
    merge,        ///< a merge join stopped when its other side ended
    semi,         ///< the inner side of a semi or anti join, an EXISTS: stops at the first match
    neverRun,     ///< loops = 0
};
/// Per node: what cut it off. A sort, hash, aggregate and their like read all there is, so nothing below is cut off.
std::vector<Truncation> truncations(const PlanRow& plan);

/// How far the estimate of one node is off.
struct Misestimate {
    int node = 0;
    double factor = 1;         ///< >= 1; rows are taken as at least 1, as the planner does
    bool underestimated = false;
    double plan_rows = 0, actual_rows = 0;  ///< both per loop
    double rows_total = 0;     ///< the larger of the two, over all loops
    double fed_ms = 0;         ///< what its estimate decided: self time of the node, of the nodes above it, and of what
                               ///< nested loops above run once for each of its rows
    bool is_origin = false;    ///< no node below it is off by as much: where the error begins
    Truncation truncation = Truncation::none;
};
/// Nodes whose estimate is off by at least `factor`, in pre-order. Up to version 17 the mean of several loops is rounded
/// to a whole number: a node that was run 100 times and printed 0 rows may have had up to 50. Whole means are taken half a
/// row nearer to the estimate, so the factor is what is certain. Nodes that do not count their rows are left out: INSERT
/// and its like, and the parts of a bitmap, whose rows are those of the heap scan above.
std::vector<Misestimate> misestimates(const PlanRow& plan, double factor);

/// One scan of a table, with what an index would have to serve.
struct RelationScan {
    int node = 0;
    std::string relation, schema, alias, index;
    std::string node_type;
    std::vector<ColumnTest> filter;     ///< of "Filter": rows are read, then discarded
    std::vector<ColumnTest> condition;  ///< of "Index Cond" (for a bitmap scan that of the index scans below it)
    std::string filter_text;
    double rows_read = 0;     ///< kept + discarded, over all loops and workers
    double rows_kept = 0;
    double rows_removed = 0;  ///< by the filter
    double loops = 0;
    std::optional<double> self_ms;   ///< with the index scans of a bitmap scan
    std::optional<double> share;     ///< of the statement's time; of its blocks when there are no times
    std::optional<std::int64_t> blocks;  ///< shared hit + read of this scan alone
    bool has_actuals = false;        ///< read with ANALYZE
    Truncation truncation = Truncation::none;

    double removed_share() const { return rows_read > 0 ? rows_removed / rows_read : 0; }
};
/// Every scan of a table in a plan, in pre-order. Comparisons are those of the scan's own columns.
std::vector<RelationScan> relation_scans(const PlanRow& plan);

/// Columns of a scan's filter that an index could be on: equality first, then range, no alternatives, nothing hidden in
/// a function or cast, each once. Names only; `max_columns` at most.
std::vector<std::string> index_columns(const RelationScan& scan, std::size_t max_columns = 3);

/// Children of one Append that are partitions of one table.
struct PartitionScan {
    int append = 0;            ///< node
    std::string table;         ///< the partitioned table, as far as the plan tells: the alias its partitions share
    std::vector<int> members;  ///< scans of partitions
    int executed = 0;          ///< members that were run at least once (all of them without ANALYZE)
    int with_rows = 0;         ///< members that returned rows
    int removed = 0;           ///< "Subplans Removed": pruned when the plan started
    std::vector<ColumnTest> tests;  ///< conditions of the first member
};
/// Appends over two or more partitions of one table, told by the aliases the planner gives them: events_1, events_2, ...
std::vector<PartitionScan> partition_scans(const PlanRow& plan);

/// Exclusive blocks (shared hit + read) per node; nothing without BUFFERS. Never negative.
std::vector<std::optional<std::int64_t>> own_blocks(const PlanRow& plan);

}  // namespace casebook::plan
