#include "widgets/panels/views/trace_diff_delegate.h"

#include "widgets/models/views/trace_diff_model.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr double faint = 0.01;  // differences that need no colour

}  // namespace

void TraceDiffDelegate::paint_cell(QPainter& painter, Cell& cell) const
{
    const QRect& area = cell.option.rect;
    const QVariant change = cell.index.data(TraceDiffModel::changeRole);
    if (!cell.selected && cell.index.data(TraceDiffModel::alertRole).toBool()) cell.text_color = cell.colors.error;
    if (!change.isValid()) return;
    const double share = std::clamp(change.toDouble(), -1.0, 1.0);
    if (std::fabs(share) < faint) {
        if (!cell.selected && cell.index.column() != TraceDiffModel::callColumn) cell.text_color = cell.colors.muted;
        return;
    }
    QColor color = share > 0 ? cell.colors.error : cell.colors.good;
    if (cell.index.column() == TraceDiffModel::callColumn) {
        // How much of the difference is here: a stripe that is the taller the more.
        const int height = std::max(3, static_cast<int>(std::lround(std::fabs(share) * (area.height() - 2))));
        painter.fillRect(area.left(), area.bottom() - height, 4, height, color);
        return;
    }
    const QRect whole = area.adjusted(3, 3, -3, -3);
    const int middle = whole.center().x(), length = std::max(1, static_cast<int>(std::lround(std::fabs(share) * whole.width() / 2)));
    if (cell.selected) {  // on the colour of the selection neither red nor green can be told: the bar keeps its own ground
        painter.fillRect(whole, cell.option.palette.base());
        cell.text_color = cell.option.palette.color(QPalette::Text);
    }
    color.setAlpha(95);
    painter.fillRect(QRect(share > 0 ? middle : middle - length, whole.top(), length, whole.height()), color);
    painter.setPen(cell.colors.grid);
    painter.drawLine(middle, whole.top(), middle, whole.bottom());
}

}  // namespace casebook
