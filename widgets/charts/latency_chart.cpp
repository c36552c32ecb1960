#include "widgets/charts/latency_chart.h"

#include "widgets/charts/duration_ticker.h"
#include "widgets/charts/request_cloud.h"
#include "widgets/charts/time_ticker.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr int cell_pixels = 4;              // width of a heat map cell
constexpr std::size_t most_crosses = 2'000;  // over a heat map; more would hide it

}  // namespace

LatencyChart::LatencyChart(QWidget* parent) : Chart(parent), requests_(std::make_shared<const LatencySet>(LatencyPoints())), ticker_(new TimeTicker)
{
    setAccessibleName(tr("Requests by start and duration"));
    set_hint(tr("No requests here. Import traces: OTLP, Jaeger or Zipkin."));
    set_drag(Drag::select);
    ticker_->setTickCount(7);
    QCPAxisRect* rect = plot().axisRect();
    rect->setupFullAxesBox(false);
    rect->axis(QCPAxis::atTop)->setTicks(false);
    rect->axis(QCPAxis::atRight)->setTicks(false);
    plot().xAxis->setTicker(ticker_);
    plot().yAxis->setTicker(QSharedPointer<DurationTicker>(new DurationTicker));
    set_value_label(*plot().yAxis, tr("duration, log scale"));
    for (QCPColorMap** map : {&map_, &failed_map_}) {
        *map = new QCPColorMap(plot().xAxis, plot().yAxis);
        (*map)->setInterpolate(false);
        (*map)->setTightBoundary(true);
        (*map)->setVisible(false);  // until there are too many points; its empty cells would show as a stain
    }
    map_->setDataScaleType(QCPAxis::stLogarithmic);
    failed_map_->setDataRange(QCPRange(0, 1));
    cloud_ = new RequestCloud(plot().xAxis, plot().yAxis);
    box_item_ = new QCPItemRect(&plot());
    box_text_ = new QCPItemText(&plot());
    box_text_->position->setParentAnchor(box_item_->bottomLeft);
    box_text_->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    box_text_->setPadding(QMargins(4, 0, 0, 2));
    threshold_item_ = new QCPItemStraightLine(&plot());
    threshold_text_ = new QCPItemText(&plot());
    threshold_text_->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
    threshold_text_->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    threshold_item_->setVisible(false);
    threshold_text_->setVisible(false);
    place_box();
    connect(plot().xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, &LatencyChart::view_changed);
    connect(plot().yAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, &LatencyChart::view_changed);
    // Several changes of the view between two paints count once; the cells depend on the width that the layout gives.
    connect(&plot(), &QCustomPlot::beforeReplot, this, &LatencyChart::choose_shape);
    connect(&plot(), &QCustomPlot::afterLayout, this, &LatencyChart::fill);
    apply_colors();
    set_empty(true);
}

LatencyChart::~LatencyChart() { plot().disconnect(this); }

void LatencyChart::set_requests(std::shared_ptr<const LatencySet> requests)
{
    cloud_->show(nullptr, 0, 0, 0, {});
    requests_ = std::move(requests);
    box_.reset();
    place_box();
    set_empty(points().size() == 0);
    if (is_empty()) return;
    ticker_->set_origin(points().start_ns.front(), zone_);
    place_windows();
    place_events();
    reset_view();
    if (shared_time()) show_time(*shared_time());
}

void LatencyChart::set_windows(std::vector<ChartWindow> windows)
{
    windows_ = std::move(windows);
    place_windows();
    plot().replot(QCustomPlot::rpQueuedReplot);
}

void LatencyChart::set_threshold(double duration_ns, const QString& name)
{
    threshold_ns_ = duration_ns;
    const bool shown = duration_ns > 0;
    threshold_item_->setVisible(shown);
    threshold_text_->setVisible(shown);
    if (!shown) return;
    threshold_item_->point1->setCoords(0, duration_to_axis(duration_ns));
    threshold_item_->point2->setCoords(1, duration_to_axis(duration_ns));
    threshold_text_->position->setCoords(0.005, duration_to_axis(duration_ns));
    threshold_text_->setText(name + QLatin1Char(' ') + duration_text(static_cast<std::int64_t>(duration_ns)));
    plot().replot(QCustomPlot::rpQueuedReplot);
}

void LatencyChart::set_time_zone(TimeZoneMode zone)
{
    zone_ = zone;
    if (is_empty()) return;
    ticker_->set_origin(points().start_ns.front(), zone_);
    view_changed();
}

void LatencyChart::place_windows()
{
    for (QCPItemText* item : window_names_) plot().removeItem(item);
    for (QCPItemRect* item : window_items_) plot().removeItem(item);
    window_items_.clear();
    window_names_.clear();
    if (is_empty()) return;
    for (const ChartWindow& window : windows_) {
        auto* item = new QCPItemRect(&plot());
        item->setLayer(QStringLiteral("background"));
        item->setPen(Qt::NoPen);
        for (QCPItemPosition* corner : {item->topLeft, item->bottomRight}) {
            corner->setTypeX(QCPItemPosition::ptPlotCoords);
            corner->setTypeY(QCPItemPosition::ptAxisRectRatio);
        }
        item->topLeft->setCoords(ticker_->to_axis(window.from_ns), 0);
        item->bottomRight->setCoords(ticker_->to_axis(window.to_ns), 1);
        auto* name = new QCPItemText(&plot());
        name->setText(window.name);
        name->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        name->setPadding(QMargins(4, 2, 0, 0));
        name->position->setParentAnchor(item->topLeft);
        window_items_.push_back(item);
        window_names_.push_back(name);
    }
    apply_colors();
}

void LatencyChart::set_events(std::vector<ChartEvent> events)
{
    events_ = std::move(events);
    place_events();
    plot().replot(QCustomPlot::rpQueuedReplot);
}

void LatencyChart::place_events()
{
    for (QCPItemLine* item : event_items_) plot().removeItem(item);
    event_items_.clear();
    if (is_empty()) return;
    for (const ChartEvent& event : events_) {
        auto* line = new QCPItemLine(&plot());
        for (QCPItemPosition* end : {line->start, line->end}) {
            end->setTypeX(QCPItemPosition::ptPlotCoords);
            end->setTypeY(QCPItemPosition::ptAxisRectRatio);
        }
        line->start->setCoords(ticker_->to_axis(event.at_ns), 0);
        line->end->setCoords(ticker_->to_axis(event.at_ns), 1);
        event_items_.push_back(line);
    }
    apply_colors();
}

void LatencyChart::view_changed()
{
    dirty_ = true;
    if (is_empty()) return;
    plot().xAxis->setLabel(ticker_->axis_label(plot().xAxis->range()));
    plot().replot(QCustomPlot::rpQueuedReplot);
    emit range_changed(from_ns(), to_ns());
}

void LatencyChart::choose_shape()
{
    if (!dirty_ || is_empty()) return;
    const auto [first, last] = requests_->places(from_ns(), to_ns());
    const bool heat = last - first > most_points;
    if (heat == heat_) return;
    heat_ = heat;
    map_->setVisible(heat);
    if (heat) add_scale();
    else remove_scale();
}

void LatencyChart::add_scale()
{
    scale_ = new QCPColorScale(&plot());
    plot().plotLayout()->addElement(0, 1, scale_);
    scale_->setType(QCPAxis::atRight);
    scale_->setBarWidth(10);
    scale_->setDataScaleType(QCPAxis::stLogarithmic);
    scale_->axis()->setTicker(QSharedPointer<QCPAxisTickerLog>(new QCPAxisTickerLog));
    scale_->axis()->setLabel(tr("requests per cell (count)"));
    scale_->axis()->setNumberFormat(QStringLiteral("gb"));
    scale_->axis()->setNumberPrecision(4);
    map_->setColorScale(scale_);
    apply_colors();
}

void LatencyChart::remove_scale()
{
    if (scale_ == nullptr) return;
    map_->setColorScale(nullptr);
    plot().plotLayout()->remove(scale_);
    plot().plotLayout()->simplify();
    scale_ = nullptr;
}

void LatencyChart::place_window_names()
{
    const QFontMetrics metrics(font());
    const QRect pane = plot().axisRect()->rect();
    for (std::size_t i = 0; i < window_names_.size(); ++i) {
        const double left = window_items_[i]->topLeft->pixelPosition().x(), right = window_items_[i]->bottomRight->pixelPosition().x();
        const double from = std::max(left, static_cast<double>(pane.left()));
        // A window far outside ends billions of pixels away.
        const int room = static_cast<int>(std::max(0.0, std::min(right, static_cast<double>(pane.right())) - from)) - 8;
        window_names_[i]->position->setCoords(from - left, 0);
        window_names_[i]->setVisible(room > metrics.averageCharWidth() * 2);
        window_names_[i]->setText(metrics.elidedText(windows_[i].name, Qt::ElideRight, std::max(0, room)));
    }
}

void LatencyChart::fill()
{
    if (is_empty()) return;
    place_window_names();
    // Ticks were made before the layout gave the width.
    if (ticker_->fit(plot().axisRect()->width(), fontMetrics())) plot().replot(QCustomPlot::rpQueuedReplot);
    const int width = plot().axisRect()->width();
    if (!dirty_ && width == filled_width_) return;
    dirty_ = false;
    filled_width_ = width;
    fill_points();
}

void LatencyChart::fill_points()
{
    const auto [first, last] = requests_->places(from_ns(), to_ns());
    auto failed = requests_->failed_in(first, last);
    if (heat_) fill_heat(failed.size());
    failed_map_->setVisible(heat_ && failed.size() > most_crosses);
    if (failed_map_->visible()) failed = {};
    const std::size_t dots = heat_ ? 0 : last - first - failed.size();
    RequestCloud::Look look;
    look.dot = colors().accent;
    look.dot.setAlpha(dots > 2000 ? 150 : 220);
    look.round = dots <= 5000;
    look.dot_size = look.round ? 5 : 3;
    look.cross = colors().error;
    cloud_->set_look(look);
    cloud_->show(&points(), points().start_ns.front(), first, heat_ ? first : last, failed);
}

void LatencyChart::fill_heat(std::size_t failed)
{
    const int width = std::max(8, plot().axisRect()->width() / cell_pixels);
    const LatencyGrid& grid = requests_->grid;
    const LatencyCounts counts = grid.counts(from_ns(), to_ns(), width);
    const double left = ticker_->to_axis(from_ns()), right = ticker_->to_axis(to_ns());
    // A map's range runs through the middles of its outer cells.
    const double half = (right - left) / width / 2, row = (grid.high() - grid.low()) / LatencyGrid::rows / 2;
    for (QCPColorMap* map : {map_, failed_map_}) {
        QCPColorMapData* data = map->data();
        if (data->keySize() != width || data->valueSize() != LatencyGrid::rows) data->setSize(width, LatencyGrid::rows);
        data->setRange(QCPRange(left + half, right - half), QCPRange(grid.low() + row, grid.high() - row));
    }
    const bool shares = failed > most_crosses;
    std::uint32_t most = 1;
    std::size_t cell = 0;
    for (int y = 0; y < LatencyGrid::rows; ++y)
        for (int x = 0; x < width; ++x, ++cell) {
            const std::uint32_t count = counts.all[cell];
            map_->data()->setCell(x, y, count == 0 ? std::nan("") : count);
            most = std::max(most, count);
            if (shares) failed_map_->data()->setCell(x, y, counts.failed[cell] == 0 ? std::nan("") : counts.failed[cell] / static_cast<double>(count));
        }
    map_->setDataRange(QCPRange(1, std::max(2.0, static_cast<double>(most))));
}

void LatencyChart::reset_view()
{
    if (is_empty()) return;
    const TimeRange data{points().start_ns.front(), points().start_ns.back()}, whole = whole_time(data);
    const double from = ticker_->to_axis(whole.from_ns), to = ticker_->to_axis(whole.to_ns);
    const double room = whole == data ? std::max((to - from) * 0.01, 1e-6) : 0;
    plot().yAxis->setRange(requests_->grid.low(), requests_->grid.high());
    plot().xAxis->setRange(from - room, to + room);
    view_changed();
}

void LatencyChart::apply_colors()
{
    Chart::apply_colors();
    QCPColorGradient gradient;
    gradient.clearColorStops();
    for (int i = 0; i <= 8; ++i) gradient.setColorStopAt(i / 8.0, colors().heat(0.12 + 0.88 * i / 8.0));
    gradient.setNanHandling(QCPColorGradient::nhTransparent);
    map_->setGradient(gradient);
    // One failed request of many must be seen, too.
    QColor few = colors().error, most = colors().error;
    few.setAlphaF(0.45F);
    QCPColorGradient failed;
    failed.clearColorStops();
    failed.setColorStopAt(0, few);
    failed.setColorStopAt(1, most);
    failed.setNanHandling(QCPColorGradient::nhTransparent);
    failed_map_->setGradient(failed);
    if (scale_ != nullptr) {
        QCPAxis* axis = scale_->axis();
        axis->setTickLabelColor(colors().text);
        axis->setLabelColor(colors().text);
        axis->setBasePen(QPen(colors().muted));
        axis->setTickPen(QPen(colors().muted));
        axis->setSubTickPen(QPen(colors().muted));
        axis->setTickLabelFont(font());
        axis->setLabelFont(font());
    }
    for (std::size_t i = 0; i < window_items_.size(); ++i) {
        window_items_[i]->setBrush(colors().window_fill(windows_[i].role));
        window_names_[i]->setColor(colors().muted);
        window_names_[i]->setFont(font());
    }
    // Lines only: three deploys within seconds would write their names over each other; the pointer says them.
    for (QCPItemLine* line : event_items_) line->setPen(QPen(colors().text, 1, Qt::DashDotLine));
    QColor fill = colors().selection;
    fill.setAlpha(40);
    box_item_->setBrush(fill);
    box_item_->setPen(QPen(colors().text, 1, Qt::DashLine));
    box_text_->setColor(colors().text);
    box_text_->setFont(font());
    threshold_item_->setPen(QPen(colors().error, 1, Qt::DashLine));
    threshold_text_->setColor(colors().error);
    threshold_text_->setFont(font());
    dirty_ = true;
}

void LatencyChart::replot_now() { plot().replot(QCustomPlot::rpImmediateRefresh); }

}  // namespace casebook
