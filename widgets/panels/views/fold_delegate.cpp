#include "widgets/panels/views/fold_delegate.h"

#include "widgets/charts/time_text.h"
#include "widgets/models/views/folded_model.h"

#include <QApplication>
#include <QPainter>
#include <algorithm>

namespace casebook {
namespace {

constexpr int indent = 14;
constexpr int most_indented = 24;  // levels; deeper nodes say their depth instead

}  // namespace

int FoldDelegate::fold_x(int depth) { return 6 + std::min(depth, most_indented) * indent; }

void FoldDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QString text = std::exchange(item.text, QString());
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, option.widget);
    const ViewColors colors = view_colors(option.palette);
    const bool selected = option.state & QStyle::State_Selected;
    const QColor ink = selected ? option.palette.color(QPalette::HighlightedText) : option.palette.color(QPalette::Text);
    painter->save();
    painter->setClipRect(option.rect);
    Cell cell{option, index, colors, selected, ink, option.rect.adjusted(6, 0, -6, 0), ink, text};
    paint_cell(*painter, cell);
    if (index.column() == FoldedModel::foldedColumn) paint_node(*painter, cell);
    painter->setPen(cell.text_color);
    painter->setFont(item.font);
    painter->drawText(cell.place, static_cast<int>(item.displayAlignment), item.fontMetrics.elidedText(cell.text, Qt::ElideRight, cell.place.width()));
    painter->restore();
}

void FoldDelegate::paint_node(QPainter& painter, Cell& cell)
{
    const QRect& area = cell.option.rect;
    const int depth = cell.index.data(FoldedModel::depthRole).toInt(), fold = cell.index.data(FoldedModel::foldRole).toInt();
    const int x = area.left() + fold_x(depth), y = area.center().y();
    painter.setPen(cell.selected ? cell.ink : cell.colors.grid);
    for (int level = std::max(1, std::min(depth, most_indented) - 23); level <= std::min(depth, most_indented); ++level)
        painter.drawLine(area.left() + fold_x(level - 1) + 5, area.top(), area.left() + fold_x(level - 1) + 5, area.bottom());
    if (fold != 0) {
        const QPoint open[]{{x + 1, y - 2}, {x + 9, y - 2}, {x + 5, y + 3}};
        const QPoint shut[]{{x + 3, y - 4}, {x + 3, y + 5}, {x + 8, y}};
        painter.setPen(Qt::NoPen);
        painter.setBrush(cell.selected ? cell.ink : cell.colors.muted);
        painter.drawPolygon(fold == 2 ? shut : open, 3);
    }
    cell.place.setLeft(x + fold_width);
    if (depth > most_indented) {
        const QString deep = QStringLiteral("%1 ›").arg(count_text(depth));
        painter.setPen(cell.selected ? cell.ink : cell.colors.muted);
        painter.drawText(cell.place, Qt::AlignLeft | Qt::AlignVCenter, deep);
        cell.place.setLeft(cell.place.left() + cell.option.fontMetrics.horizontalAdvance(deep) + 6);
    }
}

}  // namespace casebook
