#pragma once

#include "widgets/charts/view_colors.h"

#include <QStyledItemDelegate>

namespace casebook {

/// Paints what TableModel's roles carry: a bar behind a number, a small line behind a text, an arrow for a change.
class TableDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit TableDelegate(QObject* parent = nullptr) : QStyledItemDelegate(parent) {}
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

}  // namespace casebook
