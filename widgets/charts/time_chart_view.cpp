// What the user does with a time chart: zoom, pan, read values, export.

#include "widgets/charts/time_chart.h"

#include "widgets/charts/time_ticker.h"

#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr double least_seconds = 1e-6;

/// The index of the point nearest to a time; npos for none.
std::size_t nearest(const ChartSeries& series, std::int64_t at_ns)
{
    if (series.at_ns.empty()) return static_cast<std::size_t>(-1);
    const auto next = std::lower_bound(series.at_ns.begin(), series.at_ns.end(), at_ns);
    if (next == series.at_ns.begin()) return 0;
    const auto index = static_cast<std::size_t>(next - series.at_ns.begin());
    if (series.step) return next != series.at_ns.end() && *next == at_ns ? index : index - 1;
    return next == series.at_ns.end() || at_ns - series.at_ns[index - 1] < *next - at_ns ? index - 1 : index;
}

}  // namespace

void TimeChart::set_range(std::int64_t from_ns, std::int64_t to_ns)
{
    if (is_empty() || to_ns <= from_ns) return;
    time_rect().axis(QCPAxis::atBottom)->setRange(ticker_->to_axis(from_ns), ticker_->to_axis(to_ns));
}

std::int64_t TimeChart::from_ns() const { return is_empty() ? 0 : ticker_->to_ns(time_rect().axis(QCPAxis::atBottom)->range().lower); }
std::int64_t TimeChart::to_ns() const { return is_empty() ? 0 : ticker_->to_ns(time_rect().axis(QCPAxis::atBottom)->range().upper); }

std::optional<TimeRange> TimeChart::time_in_sight() const
{
    if (is_empty() || data_.axis != ChartAxis::time) return {};
    return TimeRange{from_ns(), to_ns()};
}

int TimeChart::line_count() const { return plot().graphCount(); }
int TimeChart::drawn_points(int line) const { return plot().graph(line)->dataCount(); }

QPoint TimeChart::point_of(std::int64_t at_ns) const
{
    const QCPAxisRect* rect = panes_.front().rect;
    return {static_cast<int>(rect->axis(QCPAxis::atBottom)->coordToPixel(ticker_->to_axis(at_ns))), rect->rect().center().y()};
}

void TimeChart::reset_view()
{
    if (is_empty()) return;
    for (Pane& pane : panes_) fit_values(pane);
    const TimeRange data{first_ns_, last_ns_};
    const TimeRange whole = data_.axis == ChartAxis::time ? whole_time(data) : data;
    // Charts that share their axis begin and end at the same pixel; alone, the outermost points get some room.
    const double room = whole == data ? (ticker_->to_axis(last_ns_) - ticker_->to_axis(first_ns_)) * 0.01 : 0;
    const QCPRange range(ticker_->to_axis(whole.from_ns) - room, ticker_->to_axis(whole.to_ns) + room);
    time_rect().axis(QCPAxis::atBottom)->setRange(range);
    time_range_changed(range);
}

void TimeChart::time_range_changed(const QCPRange& range)
{
    if (changing_) return;
    changing_ = true;
    QCPRange sane = range;
    if (sane.size() < least_seconds) sane = QCPRange(sane.center() - least_seconds / 2, sane.center() + least_seconds / 2);
    for (Pane& pane : panes_) pane.rect->axis(QCPAxis::atBottom)->setRange(sane);
    time_rect().axis(QCPAxis::atBottom)->setLabel(ticker_->axis_label(sane));
    changing_ = false;
    plot().replot(QCustomPlot::rpQueuedReplot);
    emit range_changed(ticker_->to_ns(sane.lower), ticker_->to_ns(sane.upper));
}

void TimeChart::zoom(double factor)
{
    if (is_empty()) return;
    QCPAxis* time = time_rect().axis(QCPAxis::atBottom);
    time->scaleRange(1 / factor, time->range().center());
}

void TimeChart::pan(double right, double up)
{
    if (is_empty()) return;
    QCPAxis* time = time_rect().axis(QCPAxis::atBottom);
    if (right != 0) time->moveRange(right * time->range().size());
    if (up != 0 && panes_.size() == 1) {
        QCPAxis* value = panes_.front().rect->axis(QCPAxis::atLeft);
        value->moveRange(up * value->range().size());
    }
    plot().replot(QCustomPlot::rpQueuedReplot);
}

void TimeChart::wheel_turned(QPoint at, double notches, Qt::KeyboardModifiers modifiers)
{
    const double factor = std::pow(1.25, -notches);
    QCPAxis* time = time_rect().axis(QCPAxis::atBottom);
    if (modifiers & Qt::ShiftModifier) return pan(-notches * 0.1, 0);
    if (!(modifiers & Qt::ControlModifier)) return time->scaleRange(factor, time->pixelToCoord(at.x()));
    for (Pane& pane : panes_) {
        if (&pane != pane_at(at)) continue;
        QCPAxis* value = pane.rect->axis(QCPAxis::atLeft);
        value->scaleRange(factor, value->pixelToCoord(at.y()));
        plot().replot(QCustomPlot::rpQueuedReplot);
    }
}

void TimeChart::rect_selected(const QRect& rect)
{
    QCPAxis* time = time_rect().axis(QCPAxis::atBottom);
    const std::int64_t from = ticker_->to_ns(time->pixelToCoord(rect.left())), to = ticker_->to_ns(time->pixelToCoord(rect.right()));
    if (to <= from) return;
    if (drag() == Drag::pan) set_range(from, to);
    emit stretch_selected(from, to);
}

const TimeChart::Pane* TimeChart::pane_at(QPoint at) const
{
    for (const Pane& pane : panes_)
        if (pane.rect->rect().contains(at)) return &pane;
    return nullptr;
}

QString TimeChart::text_at(QPoint at) const
{
    const Pane* pane = pane_at(at);
    if (pane == nullptr) return {};
    const std::int64_t time = ticker_->to_ns(pane->rect->axis(QCPAxis::atBottom)->pixelToCoord(at.x()));
    const auto time_text = [this](std::int64_t ns) { return ticker_->exact_text(ns); };
    QStringList lines{time_text(time)};
    for (const ChartWindow& window : data_.windows)
        if (time >= window.from_ns && time < window.to_ns) lines += tr("window %1").arg(window.name);
    const double tolerance = static_cast<double>(to_ns() - from_ns()) * 8.0 / std::max(1, pane->rect->width());
    for (const ChartEvent& event : data_.events)
        if (std::fabs(static_cast<double>(event.at_ns - time)) < tolerance) lines += time_text(event.at_ns) + QStringLiteral("  ") + event.text;
    constexpr qsizetype most_lines = 16;
    for (const std::size_t index : pane->series) {
        const ChartSeries& series = data_.series[index];
        const std::size_t point = nearest(series, time);
        if (point >= series.values.size()) continue;
        if (lines.size() >= most_lines) { lines += tr("and more"); break; }
        lines += QStringLiteral("%1: %2 %3  (%4)").arg(series.name, QString::number(series.values[point], 'g', 15), series.unit.isEmpty() ? QStringLiteral("") : series.unit, time_text(series.at_ns[point]));
    }
    return lines.join(QLatin1Char('\n'));
}

void TimeChart::pointer_moved(QPoint at)
{
    const Pane* under = pane_at(at);
    for (Pane& pane : panes_) {
        const double time = pane.rect->axis(QCPAxis::atBottom)->pixelToCoord(at.x());
        pane.cursor->setVisible(under != nullptr);
        pane.cursor->start->setCoords(time, 0);
        pane.cursor->end->setCoords(time, 1);
    }
    plot().replot(QCustomPlot::rpQueuedReplot);
    if (under == nullptr) return QToolTip::hideText();
    QToolTip::showText(plot().mapToGlobal(at + QPoint(12, 12)), text_at(at), &plot());
}

void TimeChart::replot_now() { plot().replot(QCustomPlot::rpImmediateRefresh); }

QString TimeChart::csv() const
{
    QString text = QStringLiteral("series,unit,at_ns,value\r\n");
    const std::int64_t from = from_ns(), to = to_ns();
    for (const ChartSeries& series : data_.series) {
        QString name = series.name;
        name = QLatin1Char('"') + name.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
        const auto first = std::lower_bound(series.at_ns.begin(), series.at_ns.end(), from), last = std::upper_bound(first, series.at_ns.end(), to);
        for (auto at = first; at != last; ++at) {
            const auto point = static_cast<std::size_t>(at - series.at_ns.begin());
            text += QStringLiteral("%1,%2,%3,%4\r\n").arg(name, series.unit).arg(*at).arg(series.values[point], 0, 'g', 17);
        }
    }
    return text;
}

}  // namespace casebook
