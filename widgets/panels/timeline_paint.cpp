// What the timeline draws, from the floor up.
#include "widgets/panels/timeline.h"

#include "analyzers/core/text.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/display_zone.h"
#include "widgets/qt_text.h"
#include "widgets/style/theme.h"

#include <QDateTime>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

/// A step of the axis that a person expects, at least `wanted_ns`.
std::int64_t tick_step(double wanted_ns)
{
    constexpr std::int64_t us = 1'000, ms = 1'000 * us, s = 1'000 * ms, minute = 60 * s, hour = 60 * minute, day = 24 * hour;
    for (const std::int64_t step :
         {us,         10 * us,    100 * us,    ms,          2 * ms,      5 * ms, 10 * ms,  20 * ms,  50 * ms, 100 * ms, 200 * ms,
          500 * ms,   s,          2 * s,       5 * s,       10 * s,      15 * s, 30 * s,   minute,   2 * minute,
          5 * minute, 10 * minute, 15 * minute, 30 * minute, hour,       2 * hour, 3 * hour, 6 * hour, 12 * hour,
          day,        2 * day,    7 * day,     30 * day,    365 * day})
        if (static_cast<double>(step) >= wanted_ns) return step;
    return static_cast<std::int64_t>(std::min(wanted_ns, 4e18));
}

QString tick_text(std::int64_t at_ns, std::int64_t step, TimeZoneMode zone)
{
    constexpr std::int64_t s = 1'000'000'000;
    if (step >= 86'400 * s) return instant_text(at_ns, zone, 0).mid(5, 5);
    const int digits = step < 1'000'000 ? 6 : step < s ? 3 : 0;
    const QString text = instant_text(at_ns, zone, digits).mid(11);
    return step < 60 * s ? text : text.left(5);
}

}  // namespace

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
    painter.save();
    painter.setClipRect(QRectF(area.left(), 0, area.width(), height()));
    paint_windows(painter, area);
    paint_requests(painter, area);
    paint_pauses(painter, area);
    paint_snapshots(painter, area);
    paint_events(painter, area);
    paint_marks(painter, area);
    painter.restore();
    paint_overview(painter, area);
    paint_axis(painter, area);
    if (hasFocus()) {
        painter.setPen(QPen(palette().color(QPalette::Highlight), 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

/// A thin line over the whole case, thick where the time in sight lies.
void TimelinePanel::paint_overview(QPainter& painter, const QRectF& area) const
{
    if (!session_.visibleRange()) return;
    const TimeRange whole = session_.extent(), range = visible();
    const auto place = [&](std::int64_t at_ns) {
        return area.left() + std::clamp(TimeRange{whole.from_ns, at_ns}.seconds() / std::max(whole.seconds(), 1e-9), 0.0, 1.0) * area.width();
    };
    painter.fillRect(QRectF(area.left(), 0, area.width(), 1), theme().grid);
    const double left = place(range.from_ns), right = place(range.to_ns);
    painter.fillRect(QRectF(left, 0, std::max(4.0, right - left), 3), palette().color(QPalette::Highlight));
}

void TimelinePanel::paint_windows(QPainter& painter, const QRectF& area) const
{
    const bool proposed = session_.windows().empty();
    for (const WindowRow& window : dragged_windows()) {
        const bool dragged = drag_ == Drag::edge && edge_ && edge_->window == window.name;
        const double left = x_of(window.range.from_ns), right = std::max(x_of(window.range.to_ns), left + 2);
        if (right < area.left() || left > area.right()) continue;
        const QRectF box(left, area.top(), right - left, area.height());
        painter.fillRect(box, theme().window(window.role));
        QColor edge = theme().window(window.role);
        edge.setAlpha(255);
        const auto draw_edge = [&](double x, bool is_end) {
            const auto& grip = dragged ? edge_ : hovered_;
            const bool gripped = grip && grip->window == window.name && grip->is_end == is_end;
            painter.setPen(QPen(edge, gripped ? 3 : 1, proposed && !gripped ? Qt::DashLine : Qt::SolidLine));
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        };
        draw_edge(left, false);
        draw_edge(right, true);
        const QString name = proposed ? tr("%1 (proposed)").arg(to_qt(window.name)) : to_qt(window.name);
        const double text_left = std::max(left, area.left()) + 3, room = std::min(right, area.right()) - text_left;
        painter.setPen(palette().color(QPalette::Text));
        painter.drawText(QRectF(text_left, 3, std::max(0.0, room), fontMetrics().height()), Qt::AlignLeft | Qt::AlignVCenter,
                         fontMetrics().elidedText(name, Qt::ElideRight, static_cast<int>(room)));
    }
}

void TimelinePanel::paint_requests(QPainter& painter, const QRectF& area) const
{
    const TimelineData& data = session_.visibleRange() && detail_.extent == visible() && !detail_.buckets.empty() ? detail_ : data_;
    if (data.buckets.empty()) return;
    // Until the time in sight is counted, the buckets of before stand where they belong.
    const double first = x_of(data.extent.from_ns), step = (x_of(data.extent.to_ns) - first) / static_cast<double>(data.buckets.size());
    if (!(step > 0)) return;
    QColor bar = theme().note;
    bar.setAlpha(110);
    const auto height_of = [&](std::uint32_t count) {
        return count == 0 ? 0.0 : std::max(1.5, area.height() * count / static_cast<double>(std::max(1u, data.max_requests)));
    };
    // Bars end at whole pixels, side by side: hundreds of smoothed translucent edges take longer than there is for a frame.
    painter.setRenderHint(QPainter::Antialiasing, false);
    const int bottom = static_cast<int>(area.bottom());
    for (std::size_t i = 0; i < data.buckets.size(); ++i) {
        const auto& bucket = data.buckets[i];
        const double x = first + static_cast<double>(i) * step;
        if (bucket.requests == 0 || x + step < area.left() || x > area.right()) continue;
        const int left = static_cast<int>(std::lround(x)), right = static_cast<int>(std::lround(x + step)) - (step >= 4 ? 1 : 0);
        const auto fill = [&](std::uint32_t count, const QColor& color) {
            const int height = static_cast<int>(std::lround(height_of(count)));
            if (height > 0) painter.fillRect(left, bottom - height, std::max(1, right - left), height, color);
        };
        fill(bucket.requests, bar);
        fill(bucket.errors, theme().critical);
    }
    painter.setRenderHint(QPainter::Antialiasing);
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
    for (std::size_t i = 0; i < data.buckets.size(); ++i) {
        if (data.buckets[i].requests == 0) continue;
        if (!line.isEmpty() && i - last > bridged_buckets) draw();
        last = i;
        line << QPointF(first + (static_cast<double>(i) + 0.5) * step,
                        area.bottom() - area.height() * static_cast<double>(data.buckets[i].p95_ms / std::max(data.max_p95_ms, 1e-6f)));
    }
    draw();
    paint_legend(painter, area, tr("bars: requests, line: p95 up to %1").arg(to_qt(format_ms(static_cast<double>(data.max_p95_ms)))));
}

void TimelinePanel::paint_legend(QPainter& painter, const QRectF& area, const QString& legend) const
{
    painter.setPen(theme().muted_text);
    const double legend_width = fontMetrics().horizontalAdvance(legend);
    double taken = area.left();
    for (const WindowRow& window : session_.shownWindows())
        taken = std::max(taken, std::min(x_of(window.range.to_ns), x_of(window.range.from_ns) + 180));
    if (area.right() - taken > legend_width + 8)
        painter.drawText(QRectF(area.right() - legend_width, 3, legend_width, fontMetrics().height()), Qt::AlignRight | Qt::AlignVCenter, legend);
}

/// Without requests, what stopped the program takes their place.
void TimelinePanel::paint_pauses(QPainter& painter, const QRectF& area) const
{
    if (!data_.buckets.empty()) return;
    if (data_.pauses.empty()) {
        paint_legend(painter, area, tr("No requests in this evidence; traces would fill this strip"));
        return;
    }
    QColor bar = theme().warning;
    bar.setAlpha(170);
    double pixel = -far_away_px, tallest = 0;
    const auto draw = [&] {
        if (tallest > 0) painter.fillRect(QRectF(pixel, area.bottom() - tallest, 1.5, tallest), bar);
    };
    for (const TimelinePause& pause : data_.pauses) {
        const double x = std::floor(x_of(pause.at_ns));
        if (x < area.left() - 1 || x > area.right() + 1) continue;
        if (x != pixel) {
            draw();
            pixel = x;
            tallest = 0;
        }
        tallest = std::max(tallest, std::max(1.5, area.height() * static_cast<double>(pause.pause_ms / std::max(data_.max_pause_ms, 1e-6f))));
    }
    draw();
    paint_legend(painter, area, tr("bars: pauses of the collector up to %1").arg(to_qt(format_ms(static_cast<double>(data_.max_pause_ms)))));
}

/// A diamond on the floor for each look at how something stood.
void TimelinePanel::paint_snapshots(QPainter& painter, const QRectF& area) const
{
    const QColor color = theme().muted_text;
    double last = -far_away_px;
    for (const TimelineSnapshot& snapshot : data_.snapshots) {
        const double x = x_of(snapshot.at_ns);
        if (x < area.left() - 1 || x > area.right() + 1 || x - last < 2) continue;
        last = x;
        QPainterPath diamond;
        diamond.moveTo(x, area.bottom() - 6);
        diamond.lineTo(x + 3, area.bottom() - 3);
        diamond.lineTo(x, area.bottom());
        diamond.lineTo(x - 3, area.bottom() - 3);
        diamond.closeSubpath();
        painter.fillPath(diamond, color);
    }
}

void TimelinePanel::paint_events(QPainter& painter, const QRectF& area) const
{
    const QColor color = theme().inconclusive;
    double last = -far_away_px;
    for (const TimelineEvent& event : data_.events) {
        const double x = x_of(event.at_ns);
        if (x < area.left() - 1 || x > area.right() + 1 || x - last < 1) continue;
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
    const TimeZoneMode zone = DisplayZone::instance().mode();
    const TimeRange range = visible();
    painter.setPen(QPen(theme().grid, 1));
    painter.drawLine(area.bottomLeft(), area.bottomRight());
    const QFontMetrics metrics = fontMetrics();
    // The zone and the day stand at the left end: an axis without them would not say when.
    const QString day = zone_text(zone, range.from_ns) + QLatin1Char(' ') + instant_text(range.from_ns, zone, 0).left(10);
    const double day_width = metrics.horizontalAdvance(day) + 10;
    painter.setPen(theme().muted_text);
    painter.drawText(QRectF(area.left(), area.bottom() + 3, day_width, metrics.height()), Qt::AlignLeft | Qt::AlignVCenter, day);

    const double label = metrics.horizontalAdvance(QStringLiteral("00:00:00.000")) + 16;
    const std::int64_t step = std::max<std::int64_t>(1, tick_step(range.seconds() * 1e9 * label / std::max(1.0, area.width())));
    // Ticks are round in the zone that is shown.
    const std::int64_t shift = QDateTime::fromSecsSinceEpoch(range.from_ns / 1'000'000'000, zone == TimeZoneMode::utc ? Qt::UTC : Qt::LocalTime).offsetFromUtc() * std::int64_t{1'000'000'000};
    std::int64_t tick = range.from_ns - (range.from_ns + shift) % step;
    for (int count = 0; tick < range.to_ns && count < 1'000; tick += step, ++count) {
        if (tick < range.from_ns) continue;
        const double x = x_of(tick);
        painter.setPen(QPen(theme().grid, 1));
        painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3));
        painter.setPen(theme().muted_text);
        const QString text = tick_text(tick, step, zone);
        const double half = metrics.horizontalAdvance(text) / 2.0;
        if (x - half < area.left() + day_width || x + half > width()) continue;
        painter.drawText(QRectF(x - half - 1, area.bottom() + 3, 2 * half + 2, metrics.height()), Qt::AlignCenter, text);
    }
}

void TimelinePanel::paint_marks(QPainter& painter, const QRectF& area) const
{
    const QColor mark = palette().color(QPalette::Highlight);
    const auto band = [&](double from, double to) {
        QColor fill = mark;
        fill.setAlpha(60);
        const QRectF box(QPointF(std::min(from, to), area.top()), QPointF(std::max(from, to), area.bottom()));
        painter.fillRect(box, fill);
        painter.setPen(QPen(mark, 1));
        painter.drawLine(box.topLeft(), box.bottomLeft());
        painter.drawLine(box.topRight(), box.bottomRight());
    };
    if (drag_ == Drag::mark || drag_ == Drag::window) band(drag_from_, drag_to_);
    else if (const auto& range = session_.selection().range) band(x_of(range->from_ns), x_of(range->to_ns));
}

}  // namespace casebook
