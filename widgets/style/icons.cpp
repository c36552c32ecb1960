#include "widgets/style/icons.h"

#include "widgets/style/theme.h"

#include <QApplication>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPainterPath>
#include <QPixmap>
#include <QSvgRenderer>

#include <cmath>
#include <numbers>

namespace casebook {
namespace {

/// Paints at any size, on request; nothing is cached, so colours are always those of the theme in use.
class PaintedEngine : public QIconEngine {
public:
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap image(size);
        image.fill(Qt::transparent);
        QPainter painter(&image);
        paint(&painter, QRect(QPoint(0, 0), size), mode, state);
        return image;
    }
};

class ActionEngine : public PaintedEngine {
public:
    explicit ActionEngine(QByteArray svg) : svg_(std::move(svg)) {}
    QIconEngine* clone() const override { return new ActionEngine(svg_); }
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        const QPalette palette = QApplication::palette();
        const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        QColor color = palette.color(group, QPalette::ButtonText);
        if (mode == QIcon::Selected) color = palette.color(QPalette::HighlightedText);
        QByteArray colored = svg_;
        colored.replace("currentColor", color.name().toLatin1());
        QSvgRenderer renderer(colored);
        renderer.render(painter, rect);
    }

private:
    QByteArray svg_;
};

QPolygonF regular_polygon(int corners, const QPointF& center, double radius, double turn)
{
    QPolygonF polygon;
    for (int i = 0; i < corners; ++i) {
        const double angle = turn + 2 * std::numbers::pi * i / corners;
        polygon << center + QPointF(radius * std::sin(angle), -radius * std::cos(angle));
    }
    return polygon;
}

class BadgeEngine : public PaintedEngine {
public:
    BadgeEngine(Verdict verdict, Severity severity) : verdict_(verdict), severity_(severity) {}
    QIconEngine* clone() const override { return new BadgeEngine(verdict_, severity_); }
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode, QIcon::State) override
    {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const double side = std::min(rect.width(), rect.height());
        painter->translate(QRectF(rect).center());
        painter->scale(side / 16, side / 16);  // drawn in a square from -8 to 8
        const QColor color = theme().verdict(verdict_, severity_);
        switch (verdict_) {
        case Verdict::confirmed: paint_shape(*painter, color, true); break;
        case Verdict::suspected: paint_shape(*painter, color, false); break;
        case Verdict::inconclusive: paint_half(*painter, color); break;
        case Verdict::ruledOut: paint_tick(*painter, color); break;
        case Verdict::notEnoughEvidence: paint_dashes(*painter, color); break;
        }
        painter->restore();
    }

private:
    void paint_shape(QPainter& painter, const QColor& color, bool filled) const
    {
        QPainterPath shape;
        double mark_y = 0;
        if (severity_ == Severity::critical) {
            shape.addPolygon(regular_polygon(8, {}, 7.3, std::numbers::pi / 8));
        } else if (severity_ == Severity::warning) {
            shape.addPolygon(regular_polygon(3, {0, 1.6}, 8.4, 0));
            mark_y = 1.8;
        } else {
            shape.addEllipse(QPointF(), 6.8, 6.8);
        }
        shape.closeSubpath();
        painter.setPen(QPen(color, 1.5, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.setBrush(filled ? QBrush(color) : Qt::NoBrush);
        painter.drawPath(shape);
        const QColor mark = filled ? QApplication::palette().color(QPalette::Base) : color;
        if (filled) {
            painter.setPen(QPen(mark, 1.9, Qt::SolidLine, Qt::RoundCap));
            painter.drawLine(QPointF(0, mark_y - 3.4), QPointF(0, mark_y + 0.7));
            painter.setPen(Qt::NoPen);
            painter.setBrush(mark);
            painter.drawEllipse(QPointF(0, mark_y + 3.3), 1.15, 1.15);
            return;
        }
        QPainterPath question;
        question.moveTo(-1.9, mark_y - 1.9);
        question.cubicTo(-1.9, mark_y - 4.6, 2.1, mark_y - 4.4, 1.9, mark_y - 1.9);
        question.cubicTo(1.8, mark_y - 0.5, 0, mark_y - 0.6, 0, mark_y + 1.0);
        painter.setPen(QPen(mark, 1.4, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.setBrush(Qt::NoBrush);
        painter.drawPath(question);
        painter.setPen(Qt::NoPen);
        painter.setBrush(mark);
        painter.drawEllipse(QPointF(0, mark_y + 3.4), 0.95, 0.95);
    }

    static void paint_half(QPainter& painter, const QColor& color)
    {
        painter.setPen(QPen(color, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(QPointF(), 6.6, 6.6);
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        painter.drawPie(QRectF(-6.6, -6.6, 13.2, 13.2), 90 * 16, 180 * 16);
    }

    static void paint_tick(QPainter& painter, const QColor& color)
    {
        painter.setPen(QPen(color, 1.4));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(QPointF(), 6.7, 6.7);
        painter.setPen(QPen(color, 1.8, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter.drawPolyline(QPolygonF{QPointF(-3.1, 0.2), QPointF(-0.9, 2.6), QPointF(3.3, -2.6)});
    }

    static void paint_dashes(QPainter& painter, const QColor& color)
    {
        QPen pen(color, 1.5);
        pen.setDashPattern({2.0, 1.7});
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(QPointF(), 6.6, 6.6);
        painter.setPen(QPen(color, 1.5, Qt::SolidLine, Qt::RoundCap));
        painter.drawLine(QPointF(-2.6, 0), QPointF(2.6, 0));
        painter.drawLine(QPointF(0, -2.6), QPointF(0, 2.6));
    }

    Verdict verdict_;
    Severity severity_;
};

}  // namespace

QIcon action_icon(const QString& name)
{
    QFile file(QStringLiteral(":/casebook/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly)) return {};
    return QIcon(new ActionEngine(file.readAll()));
}

QIcon application_icon()
{
    return QIcon(QStringLiteral(":/casebook/icons/casebook.svg"));
}

QIcon verdict_badge(Verdict verdict, Severity severity)
{
    return QIcon(new BadgeEngine(verdict, severity));
}

}  // namespace casebook
