#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"
#include "analyzers/plan/plan_queries.h"
#include "analyzers/plan/plan_store.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace casebook {

class CaseFile;

/// One scan of a table that ran, with what the planner expected of it.
struct ScanEstimate {
    std::size_t plan = 0;       ///< index into RowEstimates::plans
    plan::Misestimate miss;     ///< of every scan, the well estimated ones too
    double rows = 0;            ///< that it returned, over all loops
    double share = 0;           ///< 0 to 1, of the statement's time: what its estimate decided over
    std::string relation;       ///< bare
    std::string schema;         ///< empty unless the plan says it
    std::string condition;      ///< its comparisons in one spelling, whether an index, a bitmap or a filter does them
    std::string columns;        ///< compared with something that is no column: "city,country"
    std::size_t predicates = 0; ///< number of these columns
    bool guessed = false;       ///< part of the condition has no statistics: a function, a cast, a SubPlan, @>
    bool generic = false;       ///< a parameter stands for its values: one estimate for all of them

    bool cut_off() const { return miss.truncation != plan::Truncation::none; }
};

/// The scans of all plans of a case, in order of plans and nodes.
struct RowEstimates {
    std::vector<plan::StoredPlan> plans;
    std::vector<ScanEstimate> scans;

    bool has_actuals(std::size_t plan) const; ///< taken with ANALYZE
    bool has_actuals() const;                 ///< any of them
    const plan::StoredPlan& plan_of(const ScanEstimate& scan) const { return plans[scan.plan]; }
    const PlanNodeRow& node_of(const ScanEstimate& scan) const
    {
        return plans[scan.plan].row.nodes[static_cast<std::size_t>(scan.miss.node)];
    }
};

/// Reads every plan and its scans of tables; linear in the nodes. Errors: caseFile, cancelled.
Result<RowEstimates> load_row_estimates(CaseFile& file, const Control& control);

/// Scans of one condition that were estimated well, to look for one that is like a wrong one. Alike: within a factor of
/// two. add() all, then finish() once; every question takes O(log n).
class RightScans {
public:
    void add(const ScanEstimate& scan, std::optional<std::int64_t> at_ns);
    void finish();
    /// One returned about as many rows, and is not known to be of before `at_ns`.
    bool has_alike(const ScanEstimate& wrong, std::optional<std::int64_t> at_ns) const;
    /// Of one the planner expected about as many rows per loop.
    bool has_estimate_alike(const ScanEstimate& wrong) const;

private:
    std::vector<std::pair<double, std::int64_t>> rows_; ///< with the time, or the latest there is
    std::vector<double> expected_;
    std::vector<std::int64_t> latest_; ///< a tree of maxima over the times of rows_
};

} // namespace casebook
