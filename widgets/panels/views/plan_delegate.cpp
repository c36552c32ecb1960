#include "widgets/panels/views/plan_delegate.h"

#include "analyzers/core/text.h"
#include "widgets/models/views/plan_model.h"

#include <QPainter>
#include <algorithm>

namespace casebook {

void PlanDelegate::paint_cell(QPainter& painter, Cell& cell) const
{
    const QRect& area = cell.option.rect;
    const ViewColors& colors = cell.colors;
    if (cell.index.data(PlanModel::evidenceRole).toBool()) {
        QColor tint = colors.evidence;
        tint.setAlpha(cell.selected ? 0 : 46);
        painter.fillRect(area, tint);
        if (cell.index.column() == PlanModel::nodeColumn) painter.fillRect(area.left(), area.top(), 4, area.height(), colors.evidence);
    }
    switch (cell.index.column()) {
    case PlanModel::selfColumn: {
        const double share = std::clamp(cell.index.data(PlanModel::shareRole).toDouble(), 0.0, 1.0);
        const QRect whole = area.adjusted(3, 3, -3, -3);
        QColor fill = share >= 0.5 ? colors.error : share >= 0.2 ? colors.warning : colors.accent;
        fill.setAlpha(95);
        QRect bar(whole.left(), whole.top(), std::max(1, static_cast<int>(share * whole.width())), whole.height());
        if (cell.selected) {  // a bar behind the figures would take their contrast with the selection
            fill = cell.ink;
            bar.setTop(bar.bottom() - 1);
        }
        if (share > 0) painter.fillRect(bar, fill);
        if (share >= 0.01) {
            painter.setPen(cell.selected ? cell.ink : colors.muted);
            painter.drawText(cell.place, Qt::AlignLeft | Qt::AlignVCenter, QString::fromStdString(format_percent(share)));
        }
        break;
    }
    case PlanModel::factorColumn: {
        const QVariant factor = cell.index.data(PlanModel::factorRole);
        if (!factor.isValid()) break;
        const double off = std::max(factor.toDouble(), 1 / factor.toDouble());
        if (off < notable_factor) {
            cell.text_color = cell.selected ? cell.ink : colors.muted;
            break;
        }
        cell.text_color = cell.selected ? cell.ink : off >= notable_factor * notable_factor ? colors.error : colors.warning;
        const int x = cell.place.left() + 5, y = cell.place.center().y(), tip = factor.toDouble() > 1 ? -4 : 4;
        const QPoint arrow[]{{x, y + tip}, {x - 4, y - tip}, {x + 4, y - tip}};
        painter.setPen(Qt::NoPen);
        painter.setBrush(cell.text_color);
        painter.drawPolygon(arrow, 3);
        break;
    }
    default: break;
    }
}

}  // namespace casebook
