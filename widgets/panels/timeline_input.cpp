// What the user does with the timeline: mark, zoom and pan, make windows and drag their edges.
#include "widgets/panels/timeline.h"

#include "widgets/qt_text.h"

#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QToolTip>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr double drag_threshold = 4, edge_reach = 4;  // pixels
constexpr double notch_factor = 1.25, key_factor = 1.4, key_share = 0.2;

}  // namespace

/// The edge under the pointer; of two the nearer one.
std::optional<TimelinePanel::Edge> TimelinePanel::edge_at(double x) const
{
    std::optional<Edge> best;
    double nearest = edge_reach;
    if (!has_time() || session_.isReadOnly()) return best;
    for (const WindowRow& window : session_.shownWindows())
        for (const bool is_end : {false, true}) {
            const double distance = std::abs(x_of(is_end ? window.range.to_ns : window.range.from_ns) - x);
            if (distance > nearest) continue;
            nearest = distance;
            best = Edge{window.name, is_end, window.range};
        }
    return best;
}

TimeRange TimelinePanel::dragged_window() const
{
    TimeRange range = edge_->range;
    if (std::abs(drag_to_ - drag_from_) < 1) return range;
    const std::int64_t time = time_at(drag_to_), least = std::max<std::int64_t>(1, (visible().to_ns - visible().from_ns) / 1'000);
    if (edge_->is_end) range.to_ns = std::max(time, range.from_ns + least);
    else range.from_ns = std::min(time, range.to_ns - least);
    return range;
}

std::vector<WindowRow> TimelinePanel::dragged_windows() const
{
    std::vector<WindowRow> rows = session_.shownWindows();
    if (drag_ != Drag::edge || !edge_) return rows;
    const TimeRange range = dragged_window();
    const std::int64_t before = edge_->is_end ? edge_->range.to_ns : edge_->range.from_ns, after = edge_->is_end ? range.to_ns : range.from_ns;
    for (WindowRow& row : rows) {
        if (row.name == edge_->window) row.range = range;
        else if (edge_->is_end && row.range.from_ns == before && after < row.range.to_ns) row.range.from_ns = after;
        else if (!edge_->is_end && row.range.to_ns == before && after > row.range.from_ns) row.range.to_ns = after;
    }
    return rows;
}

void TimelinePanel::finish_edge()
{
    drag_ = Drag::edge;  // still, for what it comes to
    const std::vector<WindowRow> before = session_.shownWindows(), after = dragged_windows();
    give_up_drag();
    // Windows that were only proposed become the user's all together: else moving one would make the others vanish.
    std::vector<WindowRow> changed;
    bool any = false;
    for (std::size_t i = 0; i < after.size(); ++i) {
        const bool moved = after[i].range != before[i].range;
        any |= moved;
        if (moved || session_.windows().empty()) changed.push_back(after[i]);
    }
    if (any) session_.setWindows(changed);
}

bool TimelinePanel::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        QToolTip::showText(help->globalPos(), tip_at(help->pos()), this);
        return true;
    }
    // Escape ends a drag before a dialog or the window gets it.
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) event->accept();
    return QWidget::event(event);
}

void TimelinePanel::mousePressEvent(QMouseEvent* event)
{
    if (!has_time() || drag_ != Drag::none) return;
    const double x = event->position().x();
    drag_from_ = drag_to_ = x;
    if (event->button() == Qt::MiddleButton) {
        drag_ = Drag::pan;
        setCursor(Qt::ClosedHandCursor);
    } else if (event->button() == Qt::LeftButton) {
        edge_ = event->modifiers() & Qt::ShiftModifier ? std::nullopt : edge_at(x);
        drag_ = edge_ ? Drag::edge : event->modifiers() & Qt::ShiftModifier ? Drag::window : Drag::mark;
    }
}

void TimelinePanel::mouseMoveEvent(QMouseEvent* event)
{
    const double x = event->position().x();
    if (drag_ == Drag::none) {
        const auto edge = edge_at(x);
        if (edge != hovered_) update();
        hovered_ = edge;
        if (edge) setCursor(Qt::SizeHorCursor);
        else unsetCursor();
        return;
    }
    if (drag_ == Drag::pan) {
        pan((drag_to_ - x) / std::max(1.0, plot().width()));
        drag_to_ = x;
        return;
    }
    drag_to_ = x;
    QToolTip::showText(event->globalPosition().toPoint() + QPoint(0, 12), tip_at(event->position()), this);
    update();
}

void TimelinePanel::mouseReleaseEvent(QMouseEvent* event)
{
    const Drag drag = std::exchange(drag_, Drag::none);
    if (drag == Drag::none) return;
    unsetCursor();
    update();
    if (drag == Drag::pan) return;
    if (drag == Drag::edge) {
        drag_to_ = event->position().x();
        return finish_edge();
    }
    const double from = std::min(drag_from_, event->position().x()), to = std::max(drag_from_, event->position().x());
    if (to - from < drag_threshold) return;
    const TimeRange range{time_at(from), time_at(to)};
    if (range.to_ns <= range.from_ns) return;
    session_.selectRange(range);
    if (drag == Drag::window) offer_window(range, event->globalPosition().toPoint());
}

void TimelinePanel::leaveEvent(QEvent* event)
{
    QWidget::leaveEvent(event);
    if (drag_ == Drag::none && hovered_) {
        hovered_.reset();
        update();
    }
}

void TimelinePanel::give_up_drag()
{
    drag_ = Drag::none;
    edge_.reset();
    unsetCursor();
    QToolTip::hideText();
    update();
}

void TimelinePanel::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !has_time()) return;
    give_up_drag();
    if (session_.visibleRange()) return session_.showRange({});
    // Everything is in sight already: in a window its time is marked, elsewhere the mark is taken away.
    for (const WindowRow& window : session_.shownWindows())
        if (window.range.contains(time_at(event->position().x()))) return session_.selectRange(window.range);
    session_.selectRange(std::nullopt);
}

void TimelinePanel::wheelEvent(QWheelEvent* event)
{
    if (!has_time()) return;
    event->accept();
    const QPoint angle = event->angleDelta();
    if (angle.x() != 0 && angle.y() == 0) return pan(-angle.x() / 120.0 * 0.1);
    const double notches = angle.y() / 120.0;
    if (event->modifiers() & Qt::ShiftModifier) return pan(-notches * 0.1);
    zoom(std::pow(notch_factor, notches), event->position().x());
}

/// Zooms around a place; 2 shows half as much.
void TimelinePanel::zoom(double factor, double x)
{
    const TimeRange range = visible();
    const double share = std::clamp((x - plot().left()) / std::max(1.0, plot().width()), 0.0, 1.0);
    const double length = static_cast<double>(range.to_ns - range.from_ns), wanted = std::min(length / factor, 4e18);
    const double from = static_cast<double>(range.from_ns - session_.extent().from_ns) + share * (length - wanted);
    const std::int64_t begin = session_.extent().from_ns + static_cast<std::int64_t>(std::clamp(from, -2e18, 2e18));
    session_.showRange(TimeRange{begin, begin + static_cast<std::int64_t>(std::max(1.0, wanted))});
}

/// Moves what is in sight to the right by a share of it, not further than the case goes.
void TimelinePanel::pan(double share)
{
    if (!session_.visibleRange()) return;
    TimeRange range = visible();
    const TimeRange whole = session_.extent();
    auto by = static_cast<std::int64_t>(share * static_cast<double>(range.to_ns - range.from_ns));
    if (by > 0) by = std::min(by, std::max<std::int64_t>(0, whole.to_ns - range.to_ns));
    else by = std::max(by, std::min<std::int64_t>(0, whole.from_ns - range.from_ns));
    session_.showRange(TimeRange{range.from_ns + by, range.to_ns + by});
}

void TimelinePanel::set_role(const std::string& name, TimeRange range)
{
    session_.setWindow(name, range);
}

void TimelinePanel::fill_menu(QMenu& menu, std::optional<TimeRange> range)
{
    const auto add = [&](const QString& text, const char* name) {
        QAction* action = menu.addAction(text);
        action->setObjectName(QStringLiteral("window_") + QLatin1String(name));
        action->setEnabled(range.has_value() && !session_.isReadOnly());
        connect(action, &QAction::triggered, this, [this, range, name] { set_role(name, *range); });
    };
    add(tr("The marked time is the &incident"), "incident");
    add(tr("The marked time is the &baseline"), "baseline");
    add(tr("The marked time is &after the fix"), "after");
    connect(menu.addAction(tr("Another &name, or exact times...")), &QAction::triggered, this, &TimelinePanel::windowsRequested);
}

/// A stretch was dragged with Shift: what is it?
void TimelinePanel::offer_window(TimeRange range, const QPoint& global)
{
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("newWindowMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fill_menu(*menu, range);
    menu->popup(global);
    if (!menu->actions().isEmpty()) menu->setActiveAction(menu->actions().first());
}

void TimelinePanel::contextMenuEvent(QContextMenuEvent* event)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto range = session_.selection().range;
    fill_menu(*menu, range);
    menu->addSeparator();
    QAction* show = menu->addAction(tr("Show only the marked time"));
    show->setShortcut(Qt::Key_Z);
    show->setEnabled(range.has_value());
    connect(show, &QAction::triggered, this, [this, range] { session_.showRange(range); });
    QAction* all = menu->addAction(tr("Show everything"));
    all->setShortcut(Qt::Key_Home);
    all->setEnabled(session_.visibleRange().has_value());
    connect(all, &QAction::triggered, this, [this] { session_.showRange({}); });
    QAction* none = menu->addAction(tr("Take the mark away"));
    none->setEnabled(range.has_value());
    connect(none, &QAction::triggered, this, [this] { session_.selectRange(std::nullopt); });
    menu->popup(event->reason() == QContextMenuEvent::Keyboard ? mapToGlobal(rect().center()) : event->globalPos());
}

void TimelinePanel::move_mark(int direction, bool end_only)
{
    const TimeRange seen = visible();
    const std::int64_t whole = seen.to_ns - seen.from_ns, step = std::max<std::int64_t>(1, whole / 50);
    TimeRange range = session_.selection().range.value_or(TimeRange{seen.from_ns, seen.from_ns + whole / 10 + 1});
    range.to_ns += direction * step;
    if (!end_only) range.from_ns += direction * step;
    if (range.from_ns < session_.extent().from_ns || range.to_ns > session_.extent().to_ns || range.to_ns <= range.from_ns) return;
    session_.selectRange(range);
}

void TimelinePanel::keyPressEvent(QKeyEvent* event)
{
    if (!has_time()) return QWidget::keyPressEvent(event);
    switch (event->key()) {
    case Qt::Key_Left: return move_mark(-1, event->modifiers() & Qt::ShiftModifier);
    case Qt::Key_Right: return move_mark(1, event->modifiers() & Qt::ShiftModifier);
    case Qt::Key_Plus:
    case Qt::Key_Equal: return zoom(key_factor, plot().center().x());
    case Qt::Key_Minus: return zoom(1 / key_factor, plot().center().x());
    case Qt::Key_PageUp: return pan(-key_share);
    case Qt::Key_PageDown: return pan(key_share);
    case Qt::Key_Home:
    case Qt::Key_0: return session_.showRange({});
    case Qt::Key_Z:
        if (event->modifiers() == Qt::NoModifier && session_.selection().range) return session_.showRange(session_.selection().range);
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter: emit windowsRequested(); return;
    case Qt::Key_Escape:
        if (drag_ != Drag::none) give_up_drag();
        else session_.selectRange(std::nullopt);
        return;
    default: break;
    }
    QWidget::keyPressEvent(event);
}

}  // namespace casebook
