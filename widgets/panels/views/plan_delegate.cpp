#include "widgets/panels/views/plan_delegate.h"

#include "analyzers/core/text.h"
#include "widgets/charts/time_text.h"
#include "widgets/charts/view_colors.h"
#include "widgets/models/views/plan_model.h"

#include <QApplication>
#include <QPainter>
#include <algorithm>

namespace casebook {
namespace {

constexpr int indent = 14;
constexpr int most_indented = 24;  // levels; deeper nodes say their depth instead

}  // namespace

int PlanDelegate::fold_x(int depth) { return 6 + std::min(depth, most_indented) * indent; }

void PlanDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
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
    QRect place = option.rect.adjusted(6, 0, -6, 0);
    QColor color = ink;
    if (index.data(PlanModel::evidenceRole).toBool()) {
        QColor tint = colors.evidence;
        tint.setAlpha(selected ? 0 : 46);
        painter->fillRect(option.rect, tint);
        if (index.column() == PlanModel::nodeColumn) painter->fillRect(option.rect.left(), option.rect.top(), 4, option.rect.height(), colors.evidence);
    }
    switch (index.column()) {
    case PlanModel::nodeColumn: {
        const int depth = index.data(PlanModel::depthRole).toInt(), fold = index.data(PlanModel::foldRole).toInt();
        const int x = option.rect.left() + fold_x(depth), y = option.rect.center().y();
        painter->setPen(selected ? ink : colors.grid);
        for (int level = std::max(1, std::min(depth, most_indented) - 23); level <= std::min(depth, most_indented); ++level)
            painter->drawLine(option.rect.left() + fold_x(level - 1) + 5, option.rect.top(), option.rect.left() + fold_x(level - 1) + 5, option.rect.bottom());
        if (fold != 0) {
            const QPoint open[]{{x + 1, y - 2}, {x + 9, y - 2}, {x + 5, y + 3}};
            const QPoint shut[]{{x + 3, y - 4}, {x + 3, y + 5}, {x + 8, y}};
            painter->setPen(Qt::NoPen);
            painter->setBrush(selected ? ink : colors.muted);
            painter->drawPolygon(fold == 2 ? shut : open, 3);
        }
        place.setLeft(x + fold_width);
        if (depth > most_indented) {
            const QString deep = QStringLiteral("%1 ›").arg(count_text(depth));
            painter->setPen(selected ? ink : colors.muted);
            painter->drawText(place, Qt::AlignLeft | Qt::AlignVCenter, deep);
            place.setLeft(place.left() + item.fontMetrics.horizontalAdvance(deep) + 6);
        }
        break;
    }
    case PlanModel::selfColumn: {
        const double share = std::clamp(index.data(PlanModel::shareRole).toDouble(), 0.0, 1.0);
        const QRect whole = option.rect.adjusted(3, 3, -3, -3);
        QColor fill = share >= 0.5 ? colors.error : share >= 0.2 ? colors.warning : colors.accent;
        fill.setAlpha(selected ? 150 : 95);
        if (share > 0) painter->fillRect(QRect(whole.left(), whole.top(), std::max(1, static_cast<int>(share * whole.width())), whole.height()), fill);
        if (share >= 0.01) {
            painter->setPen(selected ? ink : colors.muted);
            painter->drawText(place, Qt::AlignLeft | Qt::AlignVCenter, QString::fromStdString(format_percent(share)));
        }
        break;
    }
    case PlanModel::factorColumn: {
        const QVariant factor = index.data(PlanModel::factorRole);
        if (!factor.isValid()) break;
        const double off = std::max(factor.toDouble(), 1 / factor.toDouble());
        if (off < notable_factor) { color = selected ? ink : colors.muted; break; }
        color = selected ? ink : off >= notable_factor * notable_factor ? colors.error : colors.warning;
        const int x = place.left() + 5, y = place.center().y(), tip = factor.toDouble() > 1 ? -4 : 4;
        const QPoint arrow[]{{x, y + tip}, {x - 4, y - tip}, {x + 4, y - tip}};
        painter->setPen(Qt::NoPen);
        painter->setBrush(color);
        painter->drawPolygon(arrow, 3);
        break;
    }
    default: break;
    }
    painter->setPen(color);
    painter->drawText(place, static_cast<int>(item.displayAlignment), item.fontMetrics.elidedText(text, Qt::ElideRight, place.width()));
    painter->restore();
}

}  // namespace casebook
