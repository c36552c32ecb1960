#pragma once

#include "widgets/models/views/trace_diff_model.h"

#include <QWidget>
#include <memory>

class QLabel;
class QSplitter;
class QToolBar;

namespace casebook {

class DataTable;
class FoldView;

/// A comparison of requests: what it comes to in a sentence, the two sides, the merged call tree and the places with a
/// difference, largest first. Keys in the tree: N and Shift+N go to the next and previous difference by size, D closes what is
/// the same; Enter or double click opens the waterfall.
class TraceDiffPane : public QWidget {
    Q_OBJECT
public:
    explicit TraceDiffPane(QWidget* parent = nullptr);

    void set_comparison(std::shared_ptr<const TraceDiffData> data);
    void set_time_zone(TimeZoneMode zone);

    TraceDiffModel& model() { return *model_; }
    FoldView& view() { return *view_; }
    DataTable& differences() { return *differences_; }
    QToolBar& tools() { return *tools_; }
    QString headline_text() const;
    QString side_label(bool side_b) const;
    /// The whole comparison as text: sentence, sides, the largest differences and the calls in sight.
    QString text() const;

signals:
    /// A span is to be seen in its trace: a row of the span table.
    void span_chosen(quint32 row);
    /// A and B are to change places.
    void swap_asked();

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void add_actions();
    void show_sides();
    void arrange();
    void next_difference(int direction);
    void choose(FlatTree::Node node, bool side_b);

    TraceDiffModel* model_;
    FoldView* view_;
    DataTable* differences_;
    QLabel* headline_;
    QLabel* sides_[2];
    QToolBar* tools_;
    QSplitter* splitter_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
};

}  // namespace casebook
