#pragma once

#include "widgets/models/views/plan_model.h"
#include "widgets/panels/views/fold_view.h"

#include <QWidget>

class QLabel;
class QSplitter;
class QStackedLayout;
class QTreeWidget;

namespace casebook {

/// A query plan: a line that says what it costs, the nodes as a foldable table, the properties of the current node.
/// Keys: Left and Right fold, H goes to the heaviest node, G to the next node of the evidence.
class PlanPane : public QWidget {
    Q_OBJECT
public:
    explicit PlanPane(QWidget* parent = nullptr);

    void set_plan(PlanView plan);
    void set_evidence(const std::vector<int>& node_ids);
    PlanModel& model() { return *model_; }
    FoldView& view() { return *view_; }
    void go_to(FlatTree::Node node);
    /// The nodes in sight as indented text with their figures.
    QString text() const;
    QString summary() const;

private:
    void show_node();
    void add_actions();

    PlanModel* model_;
    FoldView* view_;
    QTreeWidget* properties_;
    QLabel* summary_;
    QLabel* hint_;
    QWidget* body_;
    QStackedLayout* stack_;
    QSplitter* splitter_;
};

}  // namespace casebook
