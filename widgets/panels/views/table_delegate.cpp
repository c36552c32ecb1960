#include "widgets/panels/views/table_delegate.h"

#include "widgets/models/views/table_model.h"

#include <QApplication>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>

namespace casebook {
namespace {

void paint_spark(QPainter& painter, const QRect& area, const QList<float>& values, const QColor& color)
{
    if (values.size() < 2) return;
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    const double span = std::max<double>(*most - *least, 1e-30);
    QPainterPath path;
    for (qsizetype i = 0; i < values.size(); ++i) {
        const double x = area.left() + static_cast<double>(i) * area.width() / static_cast<double>(values.size() - 1);
        const double y = area.bottom() - (values[i] - *least) / span * area.height();
        i == 0 ? path.moveTo(x, y) : path.lineTo(x, y);
    }
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, 1.2));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(path);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawEllipse(path.currentPosition(), 2, 2);
    painter.setRenderHint(QPainter::Antialiasing, false);
}

void paint_arrow(QPainter& painter, QPoint center, bool up, const QColor& color)
{
    const int tip = up ? -4 : 4;
    const QPoint arrow[]{{center.x(), center.y() + tip}, {center.x() - 4, center.y() - tip + (up ? -1 : 1)}, {center.x() + 4, center.y() - tip + (up ? -1 : 1)}};
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawPolygon(arrow, 3);
}

}  // namespace

void TableDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const
{
    QStyledItemDelegate::initStyleOption(option, index);
    if (const QVariant elide = index.data(TableModel::elideRole); elide.isValid()) option->textElideMode = static_cast<Qt::TextElideMode>(elide.toInt());
}

void TableDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const QVariant bar = index.data(TableModel::barRole), spark = index.data(TableModel::sparkRole), change = index.data(TableModel::changeRole);
    if (!bar.isValid() && !spark.isValid() && !change.isValid()) return QStyledItemDelegate::paint(painter, option, index);
    QStyleOptionViewItem item = option;
    initStyleOption(&item, index);
    const QWidget* widget = option.widget;
    const QStyle* style = widget ? widget->style() : QApplication::style();
    const QString text = std::exchange(item.text, QString());
    style->drawControl(QStyle::CE_ItemViewItem, &item, painter, widget);  // ground, selection and focus, without the text
    const ViewColors colors = view_colors(option.palette);
    const bool selected = option.state & QStyle::State_Selected;
    painter->save();
    painter->setClipRect(option.rect);
    QRect place = option.rect.adjusted(5, 0, -5, 0);
    if (bar.isValid()) {
        const QRect whole = option.rect.adjusted(3, 3, -3, -3);
        const int width = static_cast<int>(std::clamp(bar.toDouble(), 0.0, 1.0) * whole.width());
        QColor fill = colors.accent;
        fill.setAlpha(selected ? 120 : colors.dark ? 105 : 70);
        painter->fillRect(QRect(whole.left(), whole.top(), std::max(width, bar.toDouble() > 0 ? 1 : 0), whole.height()), fill);
    }
    const QColor ink = selected ? option.palette.color(QPalette::HighlightedText) : option.palette.color(QPalette::Text);
    if (spark.isValid()) {
        const int width = text.isEmpty() ? place.width() : std::min(90, place.width() / 3);
        paint_spark(*painter, QRect(place.left(), place.top() + 4, width, place.height() - 8), spark.value<QList<float>>(), selected ? ink : colors.accent);
        place.setLeft(place.left() + width + 6);
    }
    QColor text_color = ink;
    if (change.isValid() && change.toInt() != 0) {
        const bool up = index.data(TableModel::sortRole).toDouble() > 0;
        const QColor color = selected ? ink : change.toInt() > 0 ? colors.error : colors.good;
        paint_arrow(*painter, {place.left() + 5, place.center().y()}, up, color);
        text_color = color;
        place.setLeft(place.left() + 14);
    }
    painter->setPen(text_color);
    painter->drawText(place, static_cast<int>(item.displayAlignment), item.fontMetrics.elidedText(text, item.textElideMode, place.width()));
    painter->restore();
}

}  // namespace casebook
