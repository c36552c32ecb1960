// What the timeline knows; what it draws is in timeline_paint.cpp, what the user does with it in timeline_input.cpp.
#include "widgets/panels/timeline.h"

#include "analyzers/core/text.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/display_zone.h"
#include "widgets/qt_text.h"

#include <QMap>

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr std::size_t bucket_count = 400;
constexpr double side_margin = 8;
constexpr int count_pause_ms = 80;    // after a move, before requests are counted anew

}  // namespace

QString window_tip(const QString& name, const TimeRange& range)
{
    const TimeZoneMode zone = DisplayZone::instance().mode();
    QString from = instant_text(range.from_ns, zone, 3), to = instant_text(range.to_ns, zone, 3);
    if (from.left(11) == to.left(11)) to = to.mid(11);
    return TimelinePanel::tr("%1, %2 to %3 %4 (%5)").arg(name, from, to, zone_text(zone, range.from_ns), to_qt(format_ms(range.seconds() * 1e3)));
}

TimelinePanel::TimelinePanel(Session& session, QWidget* parent)
    : QWidget(parent), session_(session), loading_(session.jobs()), counting_(session.jobs())
{
    setObjectName(QStringLiteral("timeline"));
    setAccessibleName(tr("Timeline of the case"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    count_timer_.setSingleShot(true);
    count_timer_.setInterval(count_pause_ms);
    connect(&count_timer_, &QTimer::timeout, this, &TimelinePanel::count_visible);
    connect(&session_, &Session::ledgerChanged, this, &TimelinePanel::reload);
    for (const auto signal : {&Session::reportChanged, &Session::windowsChanged, &Session::selectionChanged})
        connect(&session_, signal, this, qOverload<>(&QWidget::update));
    for (const auto signal : {&Session::visibleRangeChanged, &Session::extentChanged})
        connect(&session_, signal, this, [this] {
            update();
            if (spans_) count_timer_.start();
        });
    connect(&DisplayZone::instance(), &DisplayZone::changed, this, qOverload<>(&QWidget::update));
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
    data_ = detail_ = {};
    spans_.reset();
    counting_.clear();
    loading_.clear();
    update();
    if (!session_.hasCase()) return;
    loading_ = session_.read<TimelineData>(
        tr("Timeline"), [](CaseFile& file, const Control& control) { return read_timeline(file, control); }, this,
        [this](Result<TimelineData> read) {
            if (!read) return;
            data_ = *read;
            update();
            loading_ = session_.spans(this, [this](Result<std::shared_ptr<const SpanTable>> spans) {
                if (!spans || (*spans)->empty()) return;
                spans_ = std::move(*spans);
                count_visible();
            });
        });
}

/// Counts requests of the time in sight, and of the whole case when that was not done yet.
void TimelinePanel::count_visible()
{
    if (!spans_ || !has_time()) return;
    const TimeRange whole = session_.extent(), range = visible();
    const bool need_whole = data_.extent != whole || data_.buckets.empty();
    if (!need_whole && (range == whole || (detail_.extent == range && !detail_.buckets.empty()))) return;
    struct Counted {
        std::optional<TimelineData> whole, detail;
    };
    counting_ = session_.compute<Counted>(
        tr("Count requests"),
        [spans = spans_, whole, range, need_whole](const Control& control) -> Result<Counted> {
            Counted counted;
            if (need_whole) { TRY_ASSIGN(counted.whole, count_requests(*spans, whole, bucket_count, control)); }
            if (range != whole) { TRY_ASSIGN(counted.detail, count_requests(*spans, range, bucket_count, control)); }
            return counted;
        },
        this, [this](Result<Counted> counted) {
            if (!counted) return;
            if (counted->whole) {
                data_ = with_moments_of(std::move(*counted->whole), std::move(data_));
            }
            if (counted->detail) detail_ = std::move(*counted->detail);
            update();
        });
}

TimeRange TimelinePanel::visible() const
{
    return session_.visibleRange().value_or(session_.extent());
}

QRectF TimelinePanel::plot() const
{
    const double line = fontMetrics().height();
    return QRectF(side_margin, line + 2, width() - 2 * side_margin, height() - 2 * line - 6);
}

double TimelinePanel::x_of(std::int64_t at_ns) const
{
    const QRectF area = plot();
    const TimeRange range = visible();
    const double share = TimeRange{range.from_ns, at_ns}.seconds() / std::max(range.seconds(), 1e-9);
    return std::clamp(area.left() + share * area.width(), -far_away_px, far_away_px);
}

std::int64_t TimelinePanel::time_at(double x) const
{
    const QRectF area = plot();
    const TimeRange range = visible();
    const double share = std::clamp((x - area.left()) / area.width(), 0.0, 1.0);
    return range.from_ns + static_cast<std::int64_t>(share * static_cast<double>(range.to_ns - range.from_ns));
}

QString TimelinePanel::tip_at(const QPointF& place) const
{
    if (!has_time()) return {};
    if (drag_ == Drag::edge && edge_) return window_tip(to_qt(edge_->window), dragged_window());
    if (drag_ == Drag::mark || drag_ == Drag::window)
        return window_tip(drag_ == Drag::mark ? tr("mark") : tr("new window"), {time_at(std::min(drag_from_, drag_to_)), time_at(std::max(drag_from_, drag_to_))});
    const TimeZoneMode zone = DisplayZone::instance().mode();
    const std::int64_t time = time_at(place.x());
    QStringList lines{instant_text(time, zone, 3) + QLatin1Char(' ') + zone_text(zone, time)};
    for (const TimelineEvent& event : data_.events)
        if (std::abs(x_of(event.at_ns) - place.x()) < 4 && lines.size() < 8)
            lines << QStringLiteral("%1 %2 %3 %4").arg(instant_text(event.at_ns, zone, 3).mid(11), to_qt(event.kind), to_qt(event.service), to_qt(event.text)).simplified();
    QMap<QString, int> looks;
    for (const TimelineSnapshot& snapshot : data_.snapshots)
        if (std::abs(x_of(snapshot.at_ns) - place.x()) < 4) ++looks[to_qt(snapshot.kind)];
    for (auto look = looks.cbegin(); look != looks.cend(); ++look)
        lines << (look.value() == 1 ? tr("recorded here: %1").arg(look.key()) : tr("recorded here: %1, %2 times").arg(look.key()).arg(look.value()));
    float longest = 0;
    std::size_t stops = 0;
    for (const TimelinePause& pause : data_.pauses)
        if (std::abs(x_of(pause.at_ns) - place.x()) < 2) {
            ++stops;
            longest = std::max(longest, pause.pause_ms);
        }
    if (stops == 1) lines << tr("pause of the collector, %1").arg(to_qt(format_ms(static_cast<double>(longest))));
    else if (stops > 1) lines << tr("%1 pauses of the collector, longest %2").arg(stops).arg(to_qt(format_ms(static_cast<double>(longest))));
    const TimelineData& data = session_.visibleRange() && detail_.extent == visible() ? detail_ : data_;
    if (!data.buckets.empty() && data.extent.contains(time)) {
        const double share = TimeRange{data.extent.from_ns, time}.seconds() / std::max(data.extent.seconds(), 1e-9);
        const auto at = std::min(data.buckets.size() - 1, static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(data.buckets.size())));
        const auto& bucket = data.buckets[at];
        if (bucket.requests > 0)
            lines << tr("%1 requests, %2 failed, p95 %3").arg(bucket.requests).arg(bucket.errors).arg(to_qt(format_ms(static_cast<double>(bucket.p95_ms))));
    }
    for (const WindowRow& window : session_.shownWindows())
        if (window.range.contains(time)) lines << tr("in window %1").arg(window_tip(to_qt(window.name), window.range));
    if (edge_at(place.x())) lines << tr("Drag the edge to change the window");
    return lines.join(QLatin1Char('\n'));
}

}  // namespace casebook
