#pragma once

#include "widgets/models/views/plan_diff_model.h"
#include "widgets/panels/views/query_view.h"

class QLabel;
class QToolBar;

namespace casebook {

class FoldView;

/// Two plans, those its query names (side "A" or "B", plan_id), as one tree: what it comes to in a sentence, the two sides, the
/// nodes with both figures and what changed. Keys: N and Shift+N go to the next and previous difference by size; Enter or double
/// click opens the plan at the node.
class PlanDiffView : public QueryView {
    Q_OBJECT
public:
    PlanDiffView(Session& session, QWidget* parent);
    QString copyText() const override;
    PlanDiffModel& model() { return *model_; }
    FoldView& tree() { return *tree_; }
    QString headline_text() const;

protected:
    void load() override;
    void show_rows(std::shared_ptr<const QueryResult> rows) override;
    void set_time_zone(TimeZoneMode) override {}

private:
    void add_actions(QToolBar& tools);
    void show_comparison(std::shared_ptr<const PlanDiffData> data);
    void next_difference(int direction);
    void open_node(FlatTree::Node place);
    void swap();

    PlanDiffModel* model_;
    FoldView* tree_;
    QLabel* headline_;
    QLabel* sides_[2];
};

/// Two plans of the case, compared.
Evidence plan_comparison(std::int64_t plan_a, std::int64_t plan_b);

}  // namespace casebook
