#include "widgets/style/casebook_style.h"

#include <QPainter>
#include <QStyleFactory>
#include <QStyleOption>

namespace casebook {

CasebookStyle::CasebookStyle() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

void CasebookStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                  const QWidget* widget) const
{
    if (element == PE_IndicatorCheckBox || element == PE_IndicatorItemViewItemCheck) {
        QProxyStyle::drawPrimitive(element, option, painter, widget);
        // Fusion derives the frame from the window's colour, which on a dark one leaves an empty box without an edge.
        QColor edge = option->palette.color(option->state & State_Enabled ? QPalette::Active : QPalette::Disabled, QPalette::Text);
        edge.setAlpha(option->state & State_Enabled ? 170 : 110);
        painter->save();
        painter->setPen(edge);
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
        painter->restore();
        return;
    }
    if (element != PE_IndicatorTabClose) return QProxyStyle::drawPrimitive(element, option, painter, widget);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QPalette& palette = option->palette;
    const QRectF box = QRectF(option->rect).adjusted(1, 1, -1, -1);
    if (option->state & State_MouseOver) {
        QColor ground = palette.color(QPalette::WindowText);
        ground.setAlpha(option->state & State_Sunken ? 70 : 40);
        painter->setPen(Qt::NoPen);
        painter->setBrush(ground);
        painter->drawRoundedRect(box, 3, 3);
    }
    painter->setPen(QPen(palette.color(QPalette::WindowText), 1.4, Qt::SolidLine, Qt::RoundCap));
    const QRectF cross = box.adjusted(box.width() * 0.3, box.height() * 0.3, -box.width() * 0.3, -box.height() * 0.3);
    painter->drawLine(cross.topLeft(), cross.bottomRight());
    painter->drawLine(cross.topRight(), cross.bottomLeft());
    painter->restore();
}

}  // namespace casebook
