#pragma once

#include "analyzers/core/rows.h"
#include "analyzers/store/query.h"
#include "widgets/models/views/folded_model.h"

#include <optional>
#include <vector>

namespace casebook {

/// A plan to look at: the nodes in pre-order and what the statement says as a whole.
struct PlanView {
    std::vector<PlanNodeRow> nodes;
    std::optional<double> planning_ms, execution_ms;
    QString title;  ///< the query or the file; may be empty
    QString query;
};

/// Rows of the view plan_node as nodes, in the order given. Columns are found by name; missing ones stay empty.
std::vector<PlanNodeRow> plan_nodes_of(const QueryResult& result);

/// How far the row estimate was off: actual over planned rows per loop, each at least 1. 1 = right, above = more rows
/// than planned. Nothing when the plan was not run or the node never executed.
std::optional<double> estimate_factor(const PlanNodeRow& node);

/// A plan as a table of the nodes in sight, foldable. Costs of a node do not depend on the depth of the plan.
class PlanModel : public FoldedModel {
    Q_OBJECT
public:
    enum Column { nodeColumn, selfColumn, totalColumn, rowsColumn, plannedColumn, factorColumn, removedColumn, readColumn, hitColumn, loopsColumn, conditionColumn, columnCount_ };
    enum Role {
        shareRole = lastFoldRole + 1,   ///< double 0..1 of the plan's time (or cost) that is the node's own
        factorRole,                     ///< double, or nothing: estimate factor
        evidenceRole,                   ///< bool
    };

    explicit PlanModel(QObject* parent = nullptr);

    void set_plan(PlanView plan);
    /// Marks nodes (by node_id) a finding points at.
    void set_evidence(const std::vector<int>& node_ids);
    const PlanView& plan() const { return plan_; }
    /// True when shares are of cost because the plan was not run with timing.
    bool shares_cost() const { return !timed_; }
    double share(FlatTree::Node node) const;
    /// The node with the largest share; none when the plan is empty.
    FlatTree::Node heaviest() const;
    const std::vector<FlatTree::Node>& evidence() const { return evidence_; }

    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    /// "Index Scan using i on t".
    static QString node_title(const PlanNodeRow& node);
    /// The condition that says most about the node: filter, index condition, join condition; empty when none.
    QString condition(FlatTree::Node node) const;
    QString node_text(FlatTree::Node node) const;

private:
    QString cell(FlatTree::Node node, int column) const;

    PlanView plan_;
    bool timed_ = false;
    std::vector<double> own_;       ///< own time in ms, or own cost
    std::vector<double> cost_;      ///< total cost as planned
    double own_sum_ = 0;
    std::vector<FlatTree::Node> evidence_;
    std::vector<std::uint8_t> evidence_marks_;
};

}  // namespace casebook
