// Keyboard and mouse of the waterfall.

#include "widgets/panels/views/waterfall.h"

#include <QApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QScrollBar>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr double zoom_step = 1.5;

QPoint point_of(const QMouseEvent* event) { return event->position().toPoint(); }

}  // namespace

bool Waterfall::viewportEvent(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return QAbstractScrollArea::viewportEvent(event);
    auto* help = static_cast<QHelpEvent*>(event);
    const std::optional<Node> node = node_at(help->pos());
    if (!node) {
        QToolTip::hideText();
        return true;
    }
    const QString text = span_text(*node).toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>"));
    QToolTip::showText(help->globalPos(), QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(text), viewport(), row_rect(*node));
    return true;
}

void Waterfall::keyPressEvent(QKeyEvent* event)
{
    if (rows_.empty()) return QAbstractScrollArea::keyPressEvent(event);
    const bool shift = event->modifiers() & Qt::ShiftModifier;
    const std::int64_t page = std::max(1, (viewport()->height() - header_height()) / row_height() - 1);
    const double width = view_to_ - view_from_, middle = (view_from_ + view_to_) / 2;
    const auto all = static_cast<std::int64_t>(rows_.tree.visible_count());
    switch (event->key()) {
    case Qt::Key_Up: return move_current(-1);
    case Qt::Key_Down: return move_current(1);
    case Qt::Key_PageUp: return move_current(-page);
    case Qt::Key_PageDown: return move_current(page);
    case Qt::Key_Home: return move_current(-all);
    case Qt::Key_End: return move_current(all);
    case Qt::Key_Left:
    case Qt::Key_Right: break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: return zoom(zoom_step, middle);
    case Qt::Key_Minus: return zoom(1 / zoom_step, middle);
    case Qt::Key_Enter:
        if (current_ != FlatTree::none) zoom_to(current_);
        return;
    default: return QAbstractScrollArea::keyPressEvent(event);
    }
    const bool left = event->key() == Qt::Key_Left;
    if (shift) return set_view(view_from_ + (left ? -0.2 : 0.2) * width, view_to_ + (left ? -0.2 : 0.2) * width);
    if (current_ == FlatTree::none) return;
    const bool has_children = rows_.tree.descendants(current_) > 0, closed = rows_.tree.is_collapsed(current_);
    if (left && has_children && !closed) return set_collapsed(current_, true);
    if (left && rows_.tree.parent(current_) != FlatTree::none) return go_to(rows_.tree.parent(current_));
    if (!left && has_children && closed) return set_collapsed(current_, false);
    if (!left && has_children) go_to(current_ + 1);  // pre-order: the first child follows
}

void Waterfall::mousePressEvent(QMouseEvent* event)
{
    if (rows_.empty() || (event->button() != Qt::LeftButton && event->button() != Qt::MiddleButton)) return;
    press_ = point_of(event);
    press_from_ = view_from_;
    press_to_ = view_to_;
    press_scroll_ = verticalScrollBar()->value();
    dragged_ = false;
    stretch_to_ = press_.x();
    const bool in_time = press_.x() > label_width_, in_header = press_.y() < header_height();
    const bool shift = event->modifiers() & Qt::ShiftModifier;
    if (std::abs(press_.x() - label_width_) <= 3) drag_ = Drag::splitter;
    else if (in_header && in_time && press_.y() < header_height() - fontMetrics().height() - 8) drag_ = Drag::overview;
    else if (in_time && (in_header || shift)) drag_ = Drag::zoomStretch;
    else drag_ = in_header ? Drag::none : Drag::pan;
    if (drag_ == Drag::overview) mouseMoveEvent(event);
    const std::optional<Node> node = node_at(press_);
    if (!node || drag_ == Drag::splitter) return;
    const int twisty = label_x(*node);
    if (press_.x() < label_width_ && press_.x() >= twisty - 4 && press_.x() < twisty + 14 && rows_.tree.descendants(*node) > 0) {
        drag_ = Drag::none;
        set_collapsed(*node, !rows_.tree.is_collapsed(*node));
    }
    select(*node);
}

void Waterfall::mouseMoveEvent(QMouseEvent* event)
{
    const QPoint point = point_of(event);
    if (!(event->buttons() & (Qt::LeftButton | Qt::MiddleButton))) {
        viewport()->setCursor(std::abs(point.x() - label_width_) <= 3 ? Qt::SplitHCursor : Qt::ArrowCursor);
        return;
    }
    if ((point - press_).manhattanLength() > QApplication::startDragDistance()) dragged_ = true;
    if (!dragged_ && drag_ != Drag::overview) return;
    const double width = press_to_ - press_from_;
    const int room = std::max(1, viewport()->width() - label_width_);
    switch (drag_) {
    case Drag::none: return;
    case Drag::splitter:
        label_width_ = std::clamp(point.x(), 60, std::max(60, viewport()->width() - 80));
        viewport()->update();
        return;
    case Drag::pan: {
        viewport()->setCursor(Qt::ClosedHandCursor);
        verticalScrollBar()->setValue(press_scroll_ - (point.y() - press_.y()));
        if (press_.x() <= label_width_) return;
        const double by = -static_cast<double>(point.x() - press_.x()) / room * width;
        return set_view(press_from_ + by, press_to_ + by);
    }
    case Drag::overview: {
        const double whole = static_cast<double>(rows_.end_ns() - rows_.start_ns());
        const double center = static_cast<double>(point.x() - label_width_) / room * whole;
        return set_view(center - width / 2, center + width / 2);
    }
    case Drag::zoomStretch:
        stretch_to_ = std::clamp(point.x(), label_width_, viewport()->width());
        viewport()->update();
        return;
    }
}

void Waterfall::mouseReleaseEvent(QMouseEvent*)
{
    const Drag drag = std::exchange(drag_, Drag::none);
    viewport()->setCursor(Qt::ArrowCursor);
    if (drag == Drag::zoomStretch && dragged_ && stretch_to_ != press_.x()) {
        const double a = time_at(press_.x()), b = time_at(stretch_to_);
        set_view(std::min(a, b), std::max(a, b));
    }
    viewport()->update();
}

void Waterfall::mouseDoubleClickEvent(QMouseEvent* event)
{
    const std::optional<Node> node = node_at(point_of(event));
    if (!node || event->button() != Qt::LeftButton) return;
    if (point_of(event).x() > label_width_) return zoom_to(*node);
    if (rows_.tree.descendants(*node) > 0) set_collapsed(*node, !rows_.tree.is_collapsed(*node));
}

void Waterfall::wheelEvent(QWheelEvent* event)
{
    const QPoint angle = event->angleDelta();
    const double notches = (angle.y() != 0 ? angle.y() : angle.x()) / 120.0;
    if (event->modifiers() & Qt::ControlModifier) {
        zoom(std::pow(zoom_step, notches), std::max(view_from_, time_at(event->position().toPoint().x())));
    } else if ((event->modifiers() & Qt::ShiftModifier) || (angle.x() != 0 && std::abs(angle.x()) > std::abs(angle.y()))) {
        const double by = -notches * 0.1 * (view_to_ - view_from_);
        set_view(view_from_ + by, view_to_ + by);
    } else {
        verticalScrollBar()->setValue(verticalScrollBar()->value() - static_cast<int>(notches * 3 * row_height()));
    }
    event->accept();
}

}  // namespace casebook
