#include "widgets/panels/timeline.h"

#include "analyzers/core/text.h"
#include "widgets/models/finding_text.h"
#include "widgets/qt_text.h"
#include "widgets/style/theme.h"

#include <QContextMenuEvent>
#include <QDateTime>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QPainterPath>
#include <QTimeZone>
#include <QToolTip>

#include <cmath>

namespace casebook {
namespace {

constexpr std::size_t bucket_count = 400;
constexpr double side_margin = 8, drag_threshold = 4;

/// A step of the axis that a person expects, at least `wanted_ns`.
std::int64_t tick_step(double wanted_ns)
{
    constexpr std::int64_t ms = 1'000'000, s = 1'000 * ms, minute = 60 * s, hour = 60 * minute, day = 24 * hour;
    for (const std::int64_t step :
         {ms,         2 * ms,     5 * ms,      10 * ms,     20 * ms,     50 * ms,  100 * ms, 200 * ms,
          500 * ms,   s,          2 * s,       5 * s,       10 * s,      15 * s,   30 * s,   minute,
          2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour,     2 * hour, 3 * hour,
          6 * hour,   12 * hour,  day,         2 * day,     7 * day,     30 * day, 365 * day})
        if (static_cast<double>(step) >= wanted_ns) return step;
    return static_cast<std::int64_t>(wanted_ns);
}

QString tick_text(std::int64_t at_ns, std::int64_t step)
{
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(at_ns / 1'000'000, QTimeZone::utc());
    constexpr std::int64_t s = 1'000'000'000;
    const char* format = step < s ? "HH:mm:ss.zzz" : step < 60 * s ? "HH:mm:ss" : step < 86'400 * s ? "HH:mm" : "d MMM";
    return QLocale::c().toString(time, QString::fromLatin1(format));
}

}  // namespace

TimelinePanel::TimelinePanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), loading_(session.jobs())
{
    setObjectName(QStringLiteral("timeline"));
    setAccessibleName(tr("Timeline of the case"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&session_, &Session::ledgerChanged, this, &TimelinePanel::reload);
    connect(&session_, &Session::reportChanged, this, qOverload<>(&QWidget::update));
    connect(&session_, &Session::windowsChanged, this, qOverload<>(&QWidget::update));
    connect(&session_, &Session::selectionChanged, this, qOverload<>(&QWidget::update));
    reload();
}

QSize TimelinePanel::sizeHint() const
{
    return {600, fontMetrics().height() * 6};
}

QSize TimelinePanel::minimumSizeHint() const
{
    return {200, fontMetrics().height() * 6};
}

void TimelinePanel::reload()
{
    if (!session_.hasCase()) {
        loading_.clear();
        data_ = {};
        update();
        return;
    }
    loading_ = session_.read<TimelineData>(
        tr("Timeline"), [](CaseFile& file, const Control& control) { return read_timeline(file, control); }, this,
        [this](Result<TimelineData> read) {
            if (!read) return;
            data_ = *read;
            update();
            loading_ = session_.spans(this, [this, read = *read](Result<std::shared_ptr<const SpanTable>> spans) {
                if (!spans) return;
                loading_ = session_.compute<TimelineData>(
                    tr("Timeline"),
                    [read, spans = *spans](const Control& control) {
                        return add_requests(read, *spans, bucket_count, control);
                    },
                    this,
                    [this](Result<TimelineData> done) {
                        if (!done) return;
                        data_ = std::move(*done);
                        update();
                    });
            });
        });
}

QRectF TimelinePanel::plot() const
{
    const double line = fontMetrics().height();
    return QRectF(side_margin, line + 2, width() - 2 * side_margin, height() - 2 * line - 6);
}

double TimelinePanel::x_of(std::int64_t at_ns) const
{
    const QRectF area = plot();
    const double share = static_cast<double>(at_ns - data_.extent.from_ns) /
                         static_cast<double>(data_.extent.to_ns - data_.extent.from_ns);
    return area.left() + std::clamp(share, 0.0, 1.0) * area.width();
}

std::int64_t TimelinePanel::time_at(double x) const
{
    const QRectF area = plot();
    const double share = std::clamp((x - area.left()) / area.width(), 0.0, 1.0);
    return data_.extent.from_ns +
           static_cast<std::int64_t>(share * static_cast<double>(data_.extent.to_ns - data_.extent.from_ns));
}

/// The windows of the user, else those the analysis proposed.
std::vector<WindowRow> TimelinePanel::shown_windows() const
{
    if (!session_.windows().empty() || !session_.report()) return session_.windows();
    std::vector<WindowRow> proposed;
    for (const WindowRow& window : session_.report()->windows)
        if (!window.role.empty()) proposed.push_back(window);  // one without a role is the whole case
    return proposed;
}

void TimelinePanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), palette().color(QPalette::Base));
    if (!has_time()) {
        painter.setPen(theme().muted_text);
        painter.drawText(rect().adjusted(8, 2, -8, -2), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("Nothing in this case has a time yet. Traces, metrics and events appear here."));
        return;
    }
    const QRectF area = plot();
    paint_windows(painter, area);
    paint_requests(painter, area);
    paint_events(painter, area);
    paint_axis(painter, area);

    QColor mark = palette().color(QPalette::Highlight);
    const auto band = [&](double from, double to) {
        QColor fill = mark;
        fill.setAlpha(60);
        const QRectF box(QPointF(std::min(from, to), area.top()), QPointF(std::max(from, to), area.bottom()));
        painter.fillRect(box, fill);
        painter.setPen(QPen(mark, 1));
        painter.drawLine(box.topLeft(), box.bottomLeft());
        painter.drawLine(box.topRight(), box.bottomRight());
    };
    if (drag_from_) band(*drag_from_, drag_to_);
    else if (session_.selection().range)
        band(x_of(session_.selection().range->from_ns), x_of(session_.selection().range->to_ns));
    if (hasFocus()) {
        painter.setPen(QPen(mark, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

void TimelinePanel::paint_windows(QPainter& painter, const QRectF& area) const
{
    const bool proposed = session_.windows().empty();
    for (const WindowRow& window : shown_windows()) {
        const double left = x_of(window.range.from_ns), right = std::max(x_of(window.range.to_ns), left + 2);
        const QRectF box(left, area.top(), right - left, area.height());
        painter.fillRect(box, theme().window(window.role));
        QColor edge = theme().window(window.role);
        edge.setAlpha(255);
        painter.setPen(QPen(edge, 1, proposed ? Qt::DashLine : Qt::SolidLine));
        painter.drawLine(box.topLeft(), box.bottomLeft());
        painter.drawLine(box.topRight(), box.bottomRight());
        const QString name = proposed ? tr("%1 (proposed)").arg(to_qt(window.name)) : to_qt(window.name);
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRectF(left + 3, 1, std::max(0.0, box.width() - 4), fontMetrics().height()),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         fontMetrics().elidedText(name, Qt::ElideRight, static_cast<int>(box.width()) - 4));
    }
}

void TimelinePanel::paint_requests(QPainter& painter, const QRectF& area) const
{
    if (data_.buckets.empty()) return;
    const double step = area.width() / static_cast<double>(data_.buckets.size());
    QColor bar = theme().note;
    bar.setAlpha(110);
    const auto height_of = [&](std::uint32_t count) {
        return count == 0 ? 0.0 : std::max(1.5, area.height() * count / static_cast<double>(data_.max_requests));
    };
    for (std::size_t i = 0; i < data_.buckets.size(); ++i) {
        const auto& bucket = data_.buckets[i];
        if (bucket.requests == 0) continue;
        const double x = area.left() + static_cast<double>(i) * step;
        const double height = height_of(bucket.requests), failed = height_of(bucket.errors);
        painter.fillRect(QRectF(x, area.bottom() - height, std::max(1.0, step - 0.3), height), bar);
        if (failed > 0)
            painter.fillRect(QRectF(x, area.bottom() - failed, std::max(1.0, step - 0.3), failed), theme().critical);
    }
    // The line is broken where nothing happened for a while.
    constexpr std::size_t bridged_buckets = 12;
    QPolygonF line;
    std::size_t last = 0;
    const auto draw = [&] {
        if (line.size() == 1) line << line.first() + QPointF(1, 0);
        painter.drawPolyline(line);
        line.clear();
    };
    painter.setPen(QPen(palette().color(QPalette::Text), 1));
    for (std::size_t i = 0; i < data_.buckets.size(); ++i) {
        if (data_.buckets[i].requests == 0) continue;
        if (!line.isEmpty() && i - last > bridged_buckets) draw();
        last = i;
        line << QPointF(area.left() + (static_cast<double>(i) + 0.5) * step,
                        area.bottom() - area.height() * static_cast<double>(data_.buckets[i].p95_ms /
                                                                            std::max(data_.max_p95_ms, 1e-6f)));
    }
    draw();
    const QString legend =
        tr("bars: requests, line: p95 up to %1").arg(to_qt(format_ms(static_cast<double>(data_.max_p95_ms))));
    painter.setPen(theme().muted_text);
    const double legend_width = fontMetrics().horizontalAdvance(legend);
    double taken = area.left();
    for (const WindowRow& window : shown_windows())
        taken = std::max(taken, std::min(x_of(window.range.to_ns), x_of(window.range.from_ns) + 180));
    if (area.right() - taken > legend_width + 8)
        painter.drawText(QRectF(area.right() - legend_width, 1, legend_width, fontMetrics().height()),
                         Qt::AlignRight | Qt::AlignVCenter, legend);
}

void TimelinePanel::paint_events(QPainter& painter, const QRectF& area) const
{
    const QColor color = theme().inconclusive;
    double last = -100;
    for (const TimelineEvent& event : data_.events) {
        const double x = x_of(event.at_ns);
        painter.setPen(QPen(color, 1, Qt::DashLine));
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        if (x - last < 3) continue;  // markers on top of each other say no more than one
        last = x;
        QPainterPath flag;
        flag.moveTo(x, area.top());
        flag.lineTo(x + 7, area.top() + 4);
        flag.lineTo(x, area.top() + 8);
        flag.closeSubpath();
        painter.fillPath(flag, color);
    }
}

void TimelinePanel::paint_axis(QPainter& painter, const QRectF& area) const
{
    painter.setPen(QPen(theme().grid, 1));
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    const double width_ns = static_cast<double>(data_.extent.to_ns - data_.extent.from_ns);
    const double label = fontMetrics().horizontalAdvance(QStringLiteral("00:00:00.000")) + 16;
    const std::int64_t step = tick_step(width_ns * label / area.width());
    std::int64_t tick = data_.extent.from_ns - data_.extent.from_ns % step;
    for (; tick < data_.extent.to_ns; tick += step) {
        if (tick < data_.extent.from_ns) continue;
        const double x = x_of(tick);
        painter.setPen(QPen(theme().grid, 1));
        painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3));
        painter.setPen(theme().muted_text);
        const QString text = tick_text(tick, step);
        const double half = fontMetrics().horizontalAdvance(text) / 2.0;
        if (x - half < 0 || x + half > width()) continue;
        painter.drawText(QRectF(x - half - 1, area.bottom() + 3, 2 * half + 2, fontMetrics().height()), Qt::AlignCenter,
                         text);
    }
}

QString TimelinePanel::tip_at(const QPointF& place) const
{
    if (!has_time()) return {};
    QStringList lines{time_text(time_at(place.x()))};
    for (const TimelineEvent& event : data_.events)
        if (std::abs(x_of(event.at_ns) - place.x()) < 4 && lines.size() < 8)
            lines << QStringLiteral("%1 %2 %3")
                         .arg(to_qt(event.kind), to_qt(event.service), to_qt(event.text))
                         .simplified();
    if (!data_.buckets.empty()) {
        const double share = (place.x() - plot().left()) / plot().width();
        const auto at =
            std::min(data_.buckets.size() - 1,
                     static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(data_.buckets.size())));
        const auto& bucket = data_.buckets[at];
        if (bucket.requests > 0)
            lines << tr("%1 requests, %2 failed, p95 %3")
                         .arg(bucket.requests)
                         .arg(bucket.errors)
                         .arg(to_qt(format_ms(static_cast<double>(bucket.p95_ms))));
    }
    for (const WindowRow& window : shown_windows())
        if (window.range.contains(time_at(place.x()))) lines << tr("in window %1").arg(to_qt(window.name));
    return lines.join(QLatin1Char('\n'));
}

bool TimelinePanel::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        auto* help = static_cast<QHelpEvent*>(event);
        QToolTip::showText(help->globalPos(), tip_at(help->pos()), this);
        return true;
    }
    return QWidget::event(event);
}

void TimelinePanel::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !has_time()) return;
    drag_from_ = drag_to_ = event->position().x();
}

void TimelinePanel::mouseMoveEvent(QMouseEvent* event)
{
    if (!drag_from_) return;
    drag_to_ = event->position().x();
    update();
}

void TimelinePanel::mouseReleaseEvent(QMouseEvent* event)
{
    if (!drag_from_ || event->button() != Qt::LeftButton) return;
    const double from = std::min(*drag_from_, event->position().x()), to = std::max(*drag_from_, event->position().x());
    drag_from_.reset();
    if (to - from >= drag_threshold) session_.selectRange(TimeRange{time_at(from), time_at(to)});
    update();
}

void TimelinePanel::mouseDoubleClickEvent(QMouseEvent* event)
{
    // Double click in a window marks its time, elsewhere takes the mark away.
    drag_from_.reset();
    for (const WindowRow& window : shown_windows())
        if (has_time() && window.range.contains(time_at(event->position().x())))
            return session_.selectRange(window.range);
    session_.selectRange(std::nullopt);
}

void TimelinePanel::contextMenuEvent(QContextMenuEvent* event)
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const auto range = session_.selection().range;
    const auto add = [&](const QString& text, const char* name) {
        QAction* action = menu->addAction(text);
        action->setEnabled(range.has_value() && !session_.isReadOnly());
        connect(action, &QAction::triggered, this, [this, range, name] { session_.setWindow(name, *range); });
    };
    add(tr("The marked time is the incident"), "incident");
    add(tr("The marked time is the baseline"), "baseline");
    add(tr("The marked time is after the fix"), "after");
    menu->addSeparator();
    connect(menu->addAction(tr("Take the mark away")), &QAction::triggered, this,
            [this] { session_.selectRange(std::nullopt); });
    connect(menu->addAction(tr("Edit windows...")), &QAction::triggered, this, &TimelinePanel::windowsRequested);
    menu->popup(event->reason() == QContextMenuEvent::Keyboard ? mapToGlobal(rect().center()) : event->globalPos());
}

/// Left and right move the marked time, with Shift they move its end; Escape takes the mark away.
void TimelinePanel::keyPressEvent(QKeyEvent* event)
{
    if (!has_time()) return QWidget::keyPressEvent(event);
    const std::int64_t whole = data_.extent.to_ns - data_.extent.from_ns, step = std::max<std::int64_t>(1, whole / 50);
    const int direction = event->key() == Qt::Key_Left ? -1 : event->key() == Qt::Key_Right ? 1 : 0;
    if (event->key() == Qt::Key_Escape) return session_.selectRange(std::nullopt);
    if (direction == 0) return QWidget::keyPressEvent(event);
    TimeRange range =
        session_.selection().range.value_or(TimeRange{data_.extent.from_ns, data_.extent.from_ns + whole / 10 + 1});
    range.to_ns += direction * step;
    if (!(event->modifiers() & Qt::ShiftModifier)) range.from_ns += direction * step;
    if (range.from_ns < data_.extent.from_ns || range.to_ns > data_.extent.to_ns || range.to_ns <= range.from_ns)
        return;
    session_.selectRange(range);
}

}  // namespace casebook
