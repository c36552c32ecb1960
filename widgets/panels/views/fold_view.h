#pragma once

#include "widgets/models/views/folded_model.h"

#include <QTableView>
#include <functional>

namespace casebook {

/// A FoldedModel to look at and walk through. Keys: Left closes or goes to the parent, Right opens or goes to the first child,
/// Home and End go to the ends, * opens all, / closes all but two levels. Mouse: a click on the mark folds, a double click on a
/// node too, unless double clicks are for the view's owner (activated()).
class FoldView : public QTableView {
    Q_OBJECT
public:
    /// `model` must outlive the view.
    explicit FoldView(FoldedModel& model, QWidget* parent = nullptr);

    void set_double_click_folds(bool on) { double_click_folds_ = on; }
    /// The current node; FlatTree::none when there is none.
    FlatTree::Node current_node() const;
    /// Selects the node, opens what hides it, and scrolls to it.
    void go_to(FlatTree::Node node);
    /// Makes the columns as wide as title and texts of the first rows need, each at most `widest` and the nodes at most
    /// `widest_node` pixels.
    void fit_columns(int widest, int widest_node);
    /// Adds an entry to the context menu, with a key that works while the focus is here.
    QAction* add_action(const QString& text, const QKeySequence& keys, std::function<void()> act);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;

private:
    bool fold_at(const QMouseEvent& event, bool anywhere);

    FoldedModel& model_;
    bool double_click_folds_ = true;
};

}  // namespace casebook
