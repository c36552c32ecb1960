#pragma once

#include "widgets/charts/view_colors.h"

#include <QStyledItemDelegate>

namespace casebook {

/// Paints the rows of a FoldedModel: in its first column indented nodes with lines and a fold mark. Subclasses paint what the
/// other columns show besides text.
class FoldDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    explicit FoldDelegate(QObject* parent = nullptr) : QStyledItemDelegate(parent) {}
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const final;

    /// Where the fold mark of a node is, from the left of its cell.
    static int fold_x(int depth);
    static constexpr int fold_width = 16;

protected:
    /// A cell to be painted: its ground is painted already, its text comes after.
    struct Cell {
        const QStyleOptionViewItem& option;
        const QModelIndex& index;
        const ViewColors& colors;
        bool selected = false;
        QColor ink;          ///< of texts on this ground
        QRect place;         ///< for the text; may be made smaller
        QColor text_color;   ///< may be changed
        QString text;        ///< may be changed
    };
    /// Paints what lies under the text of a cell, the first column's marks and lines excepted.
    virtual void paint_cell(QPainter& painter, Cell& cell) const = 0;

private:
    static void paint_node(QPainter& painter, Cell& cell);
};

}  // namespace casebook
