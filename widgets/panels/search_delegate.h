#pragma once

#include <QStyledItemDelegate>

namespace casebook {

/// A hit on one line: its kind, the title with what matched in bold, what is said beside it, and a command's keys.
class SearchDelegate : public QStyledItemDelegate {
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace casebook
