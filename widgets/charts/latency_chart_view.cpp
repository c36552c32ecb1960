// What the user does with a latency chart: zoom, pan, select a box, read and click requests.

#include "widgets/charts/latency_chart.h"

#include "widgets/charts/duration_ticker.h"
#include "widgets/charts/time_ticker.h"

#include <QKeyEvent>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr int near_pixels = 8;

}  // namespace

std::int64_t LatencyChart::from_ns() const { return ticker_->to_ns(plot().xAxis->range().lower); }
std::int64_t LatencyChart::to_ns() const { return ticker_->to_ns(plot().xAxis->range().upper); }

void LatencyChart::set_range(std::int64_t from_ns, std::int64_t to_ns)
{
    if (!is_empty() && to_ns > from_ns) plot().xAxis->setRange(ticker_->to_axis(from_ns), ticker_->to_axis(to_ns));
}

std::optional<TimeRange> LatencyChart::time_in_sight() const
{
    if (is_empty()) return {};
    return TimeRange{from_ns(), to_ns()};
}

void LatencyChart::zoom(double factor)
{
    if (!is_empty()) plot().xAxis->scaleRange(1 / factor);
}

void LatencyChart::pan(double right, double up)
{
    if (is_empty()) return;
    if (right != 0) plot().xAxis->moveRange(right * plot().xAxis->range().size());
    if (up != 0) plot().yAxis->moveRange(up * plot().yAxis->range().size());
}

void LatencyChart::wheel_turned(QPoint at, double notches, Qt::KeyboardModifiers modifiers)
{
    const double factor = std::pow(1.25, -notches);
    if (modifiers & Qt::ShiftModifier) return pan(-notches * 0.1, 0);
    if (modifiers & Qt::ControlModifier) plot().yAxis->scaleRange(factor, plot().yAxis->pixelToCoord(at.y()));
    else plot().xAxis->scaleRange(factor, plot().xAxis->pixelToCoord(at.x()));
}

void LatencyChart::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && box_) return select_box({});
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && !is_empty()) return select_visible();
    Chart::keyPressEvent(event);
}

void LatencyChart::rect_selected(const QRect& rect)
{
    LatencyBox box;
    box.from_ns = ticker_->to_ns(plot().xAxis->pixelToCoord(rect.left()));
    box.to_ns = ticker_->to_ns(plot().xAxis->pixelToCoord(rect.right()));
    box.least_ns = static_cast<std::int64_t>(duration_from_axis(plot().yAxis->pixelToCoord(rect.bottom())));
    box.most_ns = static_cast<std::int64_t>(duration_from_axis(plot().yAxis->pixelToCoord(rect.top())));
    select_box(box);
}

void LatencyChart::select_visible()
{
    const QCPRange values = plot().yAxis->range();
    select_box(LatencyBox{from_ns(), to_ns(), static_cast<std::int64_t>(duration_from_axis(values.lower)), static_cast<std::int64_t>(duration_from_axis(values.upper))});
}

void LatencyChart::select_box(std::optional<LatencyBox> box)
{
    box_ = box;
    place_box();
    std::vector<quint32> places;
    if (box_) places = points_in_box(points(), *box_);
    box_text_->setText(tr("%1 requests selected").arg(count_text(static_cast<std::int64_t>(places.size()))));
    plot().replot(QCustomPlot::rpQueuedReplot);
    emit box_selected(places);
}

void LatencyChart::place_box()
{
    box_item_->setVisible(box_.has_value());
    box_text_->setVisible(box_.has_value());
    if (!box_) return;
    box_item_->topLeft->setCoords(ticker_->to_axis(box_->from_ns), duration_to_axis(static_cast<double>(box_->most_ns)));
    box_item_->bottomRight->setCoords(ticker_->to_axis(box_->to_ns), duration_to_axis(static_cast<double>(box_->least_ns)));
}

QPoint LatencyChart::point_of(std::int64_t at_ns, double duration_ns) const
{
    QCustomPlot& plot = this->plot();
    return {static_cast<int>(plot.xAxis->coordToPixel(ticker_->to_axis(at_ns))), static_cast<int>(plot.yAxis->coordToPixel(duration_to_axis(duration_ns)))};
}

std::optional<std::size_t> LatencyChart::nearest(QPoint at) const
{
    QCustomPlot& plot = this->plot();
    const std::int64_t from = ticker_->to_ns(plot.xAxis->pixelToCoord(at.x() - near_pixels)), to = ticker_->to_ns(plot.xAxis->pixelToCoord(at.x() + near_pixels));
    const auto first = std::lower_bound(points().start_ns.begin(), points().start_ns.end(), from);
    std::optional<std::size_t> best;
    double best_distance = near_pixels;
    for (auto i = static_cast<std::size_t>(first - points().start_ns.begin()); i < points().size() && points().start_ns[i] <= to; ++i) {
        const double dx = plot.xAxis->coordToPixel(ticker_->to_axis(points().start_ns[i])) - at.x();
        const double dy = plot.yAxis->coordToPixel(duration_to_axis(static_cast<double>(points().duration_ns[i]))) - at.y();
        const double distance = std::hypot(dx, dy);
        if (distance > best_distance) continue;
        best_distance = distance;
        best = i;
    }
    return best;
}

void LatencyChart::clicked(QPoint at)
{
    if (const auto point = nearest(at)) emit request_clicked(points().reference[*point]);
    else if (box_) select_box({});
}

QString LatencyChart::text_at(QPoint at) const
{
    QCustomPlot& plot = this->plot();
    if (is_empty() || !plot.axisRect()->rect().contains(at)) return {};
    for (std::size_t i = 0; i < event_items_.size(); ++i)
        if (std::fabs(plot.xAxis->coordToPixel(ticker_->to_axis(events_[i].at_ns)) - at.x()) < near_pixels / 2.0 && (heat_ || !nearest(at)))
            return ticker_->exact_text(events_[i].at_ns) + QLatin1Char('\n') + events_[i].text;
    if (!heat_) {
        const auto point = nearest(at);
        if (!point) return {};
        QString text = ticker_->exact_text(points().start_ns[*point]) + QLatin1Char('\n') + exact_duration_text(points().duration_ns[*point]);
        if (!points().failed.empty() && points().failed[*point]) text += tr("\nfailed");
        return text + tr("\nClick to open the trace");
    }
    const double width = plot.xAxis->range().size() / std::max(1, plot.axisRect()->width()) * 4, x = plot.xAxis->pixelToCoord(at.x());
    const double row = (requests_->grid.high() - requests_->grid.low()) / LatencyGrid::rows, y = std::floor((plot.yAxis->pixelToCoord(at.y()) - requests_->grid.low()) / row) * row + requests_->grid.low();
    const LatencyBox box{ticker_->to_ns(x - width / 2), ticker_->to_ns(x + width / 2), static_cast<std::int64_t>(duration_from_axis(y)), static_cast<std::int64_t>(duration_from_axis(y + row))};
    const std::vector<std::uint32_t> places = points_in_box(points(), box);
    const auto failed = points().failed.empty() ? 0 : std::count_if(places.begin(), places.end(), [this](std::uint32_t place) { return points().failed[place]; });
    const QString count = failed == 0 ? tr("%1 requests").arg(count_text(static_cast<std::int64_t>(places.size())))
                                      : tr("%1 requests, %2 of them failed").arg(count_text(static_cast<std::int64_t>(places.size())), count_text(failed));
    return count + tr("\n%1 to %2\naround %3").arg(duration_text(box.least_ns), duration_text(box.most_ns), ticker_->exact_text(ticker_->to_ns(x)));
}

void LatencyChart::pointer_moved(QPoint at)
{
    const QString text = text_at(at);
    if (text.isEmpty()) QToolTip::hideText();
    else QToolTip::showText(plot().mapToGlobal(at + QPoint(12, 12)), text, &plot());
}

QString LatencyChart::csv() const
{
    QString text = QStringLiteral("start_ns,duration_ns,failed\r\n");
    const auto first = std::lower_bound(points().start_ns.begin(), points().start_ns.end(), from_ns());
    for (auto i = static_cast<std::size_t>(first - points().start_ns.begin()); i < points().size() && points().start_ns[i] < to_ns(); ++i)
        text += QStringLiteral("%1,%2,%3\r\n").arg(points().start_ns[i]).arg(points().duration_ns[i]).arg(points().failed.empty() ? 0 : points().failed[i]);
    return text;
}

}  // namespace casebook
