#pragma once

#include "analyzers/plan/plan_diff.h"
#include "analyzers/plan/plan_store.h"

#include <QString>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace casebook {

/// A place of two plans laid over each other.
struct PlanDiffNode {
    std::uint32_t depth = 0;
    int a = -1, b = -1;  ///< index into the nodes of each plan; -1 = not there, never both
    plan::NodeChange change = plan::NodeChange::same;
};

/// Figures of one node of a plan: milliseconds, or the planner's cost where one of the plans has no times.
struct PlanFigures {
    double total = 0, self = 0;  ///< 0 for what was never run
};

/// Two plans as one tree with what views say about them. Immutable once made.
struct PlanDiffData {
    plan::StoredPlan a, b;
    QString name_a, name_b;  ///< "orders.txt, line 12"
    plan::PlanDiff diff;
    bool timed = false;      ///< figures are milliseconds of both plans, else cost units
    std::vector<PlanFigures> figures_a, figures_b;
    std::vector<PlanDiffNode> nodes;    ///< in pre-order: the second plan's, and what only the first has where it hung there
    std::vector<std::uint32_t> ranked;  ///< nodes with a difference of their own, largest first, then those that changed without one

    double total_difference(const PlanDiffNode& node) const;  ///< of B less A; what is not there counts 0
    double self_difference(const PlanDiffNode& node) const;
    const PlanNodeRow& node_of(const PlanDiffNode& node) const { return node.b >= 0 ? b.row.nodes[static_cast<std::size_t>(node.b)] : a.row.nodes[static_cast<std::size_t>(node.a)]; }
};

/// Lays the plans over each other; linear but for sorting, any thread.
std::shared_ptr<const PlanDiffData> compare_plans(plan::StoredPlan a, plan::StoredPlan b, const QString& name_a, const QString& name_b);

/// "was Index Scan using i", "only in B"; empty for what is the same.
QString plan_change_text(const PlanDiffData& data, const PlanDiffNode& node);
/// "120 ms", "1,234 cost units".
QString plan_figure_text(const PlanDiffData& data, double figure);
/// "B takes 3.2 s longer (0.1 s → 3.3 s); 3.1 s of it in Seq Scan on orders, which was Index Scan using i." Then
/// what else differs that has a say: rows returned, settings, blocks read, statements.
QString plan_diff_headline(const PlanDiffData& data);
/// "orders.txt, line 12 · 120 ms · 4 nodes"
QString plan_side_text(const PlanDiffData& data, bool side_b);
/// Everything known of a place, a line each.
QString plan_place_text(const PlanDiffData& data, const PlanDiffNode& node);

}  // namespace casebook
