#pragma once

#include <QStyledItemDelegate>

namespace casebook {

/// Paints the rows of a PlanModel: indented nodes with a fold mark, bars of own time, estimates that were far off.
class PlanDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit PlanDelegate(QObject* parent = nullptr) : QStyledItemDelegate(parent) {}
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

    /// Where the fold mark of a node is, from the left of its cell.
    static int fold_x(int depth);
    static constexpr int fold_width = 16;
    /// Estimates off by this factor are marked, by the square of it strongly. After PEV2 and explain.depesz.com.
    static constexpr double notable_factor = 10;
};

}  // namespace casebook
