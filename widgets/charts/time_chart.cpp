#include "widgets/charts/time_chart.h"

#include "analyzers/core/text.h"
#include "widgets/charts/duration_ticker.h"
#include "widgets/charts/time_ticker.h"

#include <QToolTip>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace casebook {
namespace {

constexpr std::size_t smooth_points = 20'000;  // above, antialiasing costs more than it shows
constexpr std::size_t marked_points = 100;
constexpr std::size_t most_named = 12;         // lines in a legend
constexpr int widest_name = 300;               // pixels
constexpr double gap_factor = 4;               // a pause this many times the usual one breaks the line

/// The usual distance of neighbouring points, in ns.
double usual_step(const ChartSeries& series)
{
    std::vector<double> steps;
    const std::size_t stride = series.at_ns.size() / 2000 + 1;
    for (std::size_t i = 1; i < series.at_ns.size(); i += stride) steps.push_back(static_cast<double>(series.at_ns[i] - series.at_ns[i - 1]));
    if (steps.empty()) return 0;
    std::nth_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2), steps.end());
    return steps[steps.size() / 2];
}


}  // namespace

TimeChart::TimeChart(QWidget* parent) : Chart(parent), ticker_(new TimeTicker)
{
    setAccessibleName(tr("Chart over time"));
    set_hint(tr("Nothing to plot. Import metrics (Prometheus, OTLP or CSV) or pick another series."));
    ticker_->setTickCount(7);
    connect(&plot(), &QCustomPlot::afterLayout, this, [this] {
        place_names();
        // Ticks were made before the layout gave the width.
        if (!panes_.empty() && ticker_->fit(time_rect().width(), fontMetrics())) plot().replot(QCustomPlot::rpQueuedReplot);
    });
    set_empty(true);
}

TimeChart::~TimeChart() { plot().disconnect(this); }

void TimeChart::set_time_zone(TimeZoneMode zone)
{
    zone_ = zone;
    if (is_empty()) return;
    ticker_->set_origin(data_.axis == ChartAxis::time ? first_ns_ : 0, zone_);
    time_range_changed(time_rect().axis(QCPAxis::atBottom)->range());
    plot().replot(QCustomPlot::rpQueuedReplot);
}

void TimeChart::set_data(Data data)
{
    data_ = std::move(data);
    build();
}

void TimeChart::build()
{
    plot().clearItems();
    plot().clearPlottables();
    panes_.clear();
    window_names_.clear();
    event_names_.clear();
    plot().plotLayout()->clear();
    plot().plotLayout()->setRowSpacing(2);
    first_ns_ = std::numeric_limits<std::int64_t>::max();
    last_ns_ = std::numeric_limits<std::int64_t>::min();
    for (const ChartSeries& series : data_.series) {
        if (series.at_ns.empty()) continue;
        first_ns_ = std::min(first_ns_, series.at_ns.front());
        last_ns_ = std::max(last_ns_, series.at_ns.back());
    }
    set_empty(first_ns_ > last_ns_);
    if (is_empty()) return;
    if (last_ns_ == first_ns_) last_ns_ = first_ns_ + 1'000'000'000;
    ticker_->set_axis(data_.axis);
    ticker_->set_origin(data_.axis == ChartAxis::time ? first_ns_ : 0, zone_);
    for (const ChartSeries& series : data_.series)
        if (!series.at_ns.empty() && std::none_of(panes_.begin(), panes_.end(), [&](const Pane& pane) { return pane.unit == series.unit; })) add_pane(series.unit);
    auto* margins = new QCPMarginGroup(&plot());
    for (Pane& pane : panes_) {
        pane.rect->setMarginGroup(QCP::msLeft | QCP::msRight, margins);
        const bool last = &pane == &panes_.back();
        add_windows(pane, &pane == &panes_.front());
        add_events(pane, &pane == &panes_.front());
        add_thresholds(pane);
        add_legend(pane);
        fit_values(pane);
        pane.rect->axis(QCPAxis::atBottom)->setTickLabels(last);
        connect(pane.rect->axis(QCPAxis::atBottom), qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, &TimeChart::time_range_changed);
    }
    apply_colors();
    reset_view();
    // New data do not take away what the user looks at.
    if (shared_time() && data_.axis == ChartAxis::time) show_time(*shared_time());
}

void TimeChart::add_pane(const QString& unit)
{
    Pane pane;
    pane.unit = unit;
    pane.rect = new QCPAxisRect(&plot());
    QCPLayoutGrid* layout = plot().plotLayout();
    pane.row = layout->rowCount();
    layout->addElement(pane.row, 0, pane.rect);
    pane.rect->setupFullAxesBox(false);
    for (const QCPAxis::AxisType side : {QCPAxis::atTop, QCPAxis::atRight}) {
        pane.rect->axis(side)->setTicks(false);
        pane.rect->axis(side)->setTickLabels(false);
    }
    pane.rect->setMinimumSize(80, 50);
    QCPAxis* time = pane.rect->axis(QCPAxis::atBottom);
    time->setTicker(ticker_);
    double largest = 0;
    for (const ChartSeries& series : data_.series)
        if (series.unit == unit)
            for (const double value : series.values)
                if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
    pane.shown = axis_unit(unit, largest);
    for (std::size_t index = 0; index < data_.series.size(); ++index) {
        const ChartSeries& series = data_.series[index];
        if (series.unit != unit || series.at_ns.empty()) continue;
        QCPGraph* graph = plot().addGraph(time, pane.rect->axis(QCPAxis::atLeft));
        const std::size_t size = std::min(series.at_ns.size(), series.values.size());
        const double gap = series.step || series.points_only ? 0 : usual_step(series) * gap_factor;
        QVector<QCPGraphData> points;
        points.reserve(static_cast<qsizetype>(size));
        for (std::size_t i = 0; i < size; ++i) {
            const double at = ticker_->to_axis(series.at_ns[i]);
            if (i > 0 && gap > 0 && static_cast<double>(series.at_ns[i] - series.at_ns[i - 1]) > gap) points.append({at, std::nan("")});
            points.append({at, series.values[i] * pane.shown.factor});
        }
        graph->data()->set(points, std::is_sorted(series.at_ns.begin(), series.at_ns.end()));
        graph->setName(series.name);
        if (series.step) graph->setLineStyle(QCPGraph::lsStepLeft);
        if (series.points_only) graph->setLineStyle(QCPGraph::lsNone);
        // Few points are shown as such: what lies between them was not measured.
        if (series.points_only || size <= marked_points) graph->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, 5));
        graph->setAntialiased(size <= smooth_points);
        pane.series.push_back(index);
        pane.graphs.push_back(graph);
    }
    QCPAxis* value = pane.rect->axis(QCPAxis::atLeft);
    value->setTicker(QSharedPointer<NumberTicker>(new NumberTicker));
    set_value_label(*value, pane.series.size() == 1 ? data_.series[pane.series.front()].name + QStringLiteral(" (") + pane.shown.name + QLatin1Char(')') : pane.shown.name);
    pane.cursor = new QCPItemLine(&plot());
    pane.cursor->setClipAxisRect(pane.rect);
    for (QCPItemPosition* end : {pane.cursor->start, pane.cursor->end}) {
        end->setAxes(time, value);
        end->setAxisRect(pane.rect);
        end->setTypeX(QCPItemPosition::ptPlotCoords);
        end->setTypeY(QCPItemPosition::ptAxisRectRatio);
    }
    pane.cursor->setVisible(false);
    panes_.push_back(std::move(pane));
}

void TimeChart::add_windows(Pane& pane, bool named)
{
    for (const ChartWindow& window : data_.windows) {
        auto* area = new QCPItemRect(&plot());
        area->setClipAxisRect(pane.rect);
        area->setPen(Qt::NoPen);
        area->setProperty("role", window.role);
        area->setLayer(QStringLiteral("background"));
        for (QCPItemPosition* corner : {area->topLeft, area->bottomRight}) {
            corner->setAxes(pane.rect->axis(QCPAxis::atBottom), pane.rect->axis(QCPAxis::atLeft));
            corner->setAxisRect(pane.rect);
            corner->setTypeX(QCPItemPosition::ptPlotCoords);
            corner->setTypeY(QCPItemPosition::ptAxisRectRatio);
        }
        area->topLeft->setCoords(ticker_->to_axis(window.from_ns), 0);
        area->bottomRight->setCoords(ticker_->to_axis(window.to_ns), 1);
        if (!named) continue;
        auto* name = new QCPItemText(&plot());
        name->setClipAxisRect(pane.rect);
        name->setText(window.name);
        name->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        name->setPadding(QMargins(4, 2, 0, 0));
        name->position->setParentAnchor(area->topLeft);
        name->position->setCoords(0, 0);
        name->setProperty("window", window.name);
        window_names_.emplace_back(area, name);
    }
}

/// A window's name has the width of the window, and stays in sight while the window is.
/// Windows are named within their part in sight, events where no other name stands: those that fall together on up to three
/// lines, and what still has no room is told by the pointer.
void TimeChart::place_names()
{
    const QFontMetrics metrics(font());
    std::array<double, 3> ends{-1e9, -1e9, -1e9};
    for (const auto& [line, name] : event_names_) {  // in order of time
        const QRect pane = line->clipAxisRect()->rect();
        const double at = line->end->pixelPosition().x();
        const auto row = std::find_if(ends.begin(), ends.end(), [at](double end) { return end <= at; });
        const int room = std::min(widest_name, static_cast<int>(pane.right() - at) - 8);
        const bool fits = row != ends.end() && at >= pane.left() && room > metrics.averageCharWidth() * 4 && pane.height() > metrics.height() * (row - ends.begin() + 2);
        name->setVisible(fits);
        if (!fits) continue;
        name->setText(metrics.elidedText(name->property("name").toString(), Qt::ElideRight, room));
        name->position->setCoords(0, -static_cast<double>(row - ends.begin()) * metrics.height());
        *row = at + metrics.horizontalAdvance(name->text()) + 8;
    }
    for (const auto& [area, name] : window_names_) {
        const QRect pane = area->clipAxisRect()->rect();
        const double left = area->topLeft->pixelPosition().x(), right = area->bottomRight->pixelPosition().x();
        const double from = std::max(left, static_cast<double>(pane.left()));
        // A window far outside ends billions of pixels away.
        const int room = static_cast<int>(std::max(0.0, std::min(right, static_cast<double>(pane.right())) - from)) - 8;
        name->position->setCoords(from - left, 0);
        name->setVisible(room > metrics.averageCharWidth() * 2);
        name->setText(metrics.elidedText(name->property("window").toString(), Qt::ElideRight, std::max(0, room)));
    }
}

void TimeChart::add_thresholds(Pane& pane)
{
    QCPAxis* time = pane.rect->axis(QCPAxis::atBottom);
    QCPAxis* value = pane.rect->axis(QCPAxis::atLeft);
    for (const ChartThreshold& threshold : data_.thresholds) {
        if (threshold.unit != pane.unit) continue;
        const double at = threshold.value * pane.shown.factor;
        auto* line = new QCPItemStraightLine(&plot());
        line->setClipAxisRect(pane.rect);
        line->setProperty("threshold", true);
        for (QCPItemPosition* point : {line->point1, line->point2}) point->setAxes(time, value);
        line->point1->setCoords(0, at);
        line->point2->setCoords(1, at);
        auto* name = new QCPItemText(&plot());
        name->setClipAxisRect(pane.rect);
        name->setProperty("threshold", true);
        const QString unit = pane.shown.name == QLatin1String("count") ? QString() : QLatin1Char(' ') + pane.shown.name;
        name->setText(threshold.name + QLatin1Char(' ') + QString::fromStdString(format_number(at, 4)) + unit);
        name->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
        name->position->setAxes(time, value);
        name->position->setAxisRect(pane.rect);
        name->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
        name->position->setTypeY(QCPItemPosition::ptPlotCoords);
        name->position->setCoords(0.005, at);
    }
}

void TimeChart::add_events(Pane& pane, bool named)
{
    for (const ChartEvent& event : data_.events) {
        auto* line = new QCPItemLine(&plot());
        line->setClipAxisRect(pane.rect);
        line->setProperty("event", true);
        const double at = ticker_->to_axis(event.at_ns);
        for (QCPItemPosition* end : {line->start, line->end}) {
            end->setAxes(pane.rect->axis(QCPAxis::atBottom), pane.rect->axis(QCPAxis::atLeft));
            end->setAxisRect(pane.rect);
            end->setTypeX(QCPItemPosition::ptPlotCoords);
            end->setTypeY(QCPItemPosition::ptAxisRectRatio);
        }
        line->start->setCoords(at, 0);
        line->end->setCoords(at, 1);
        if (!named) continue;
        auto* name = new QCPItemText(&plot());
        name->setClipAxisRect(pane.rect);
        name->setProperty("event", true);
        name->setProperty("name", event.text);
        name->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
        name->setPadding(QMargins(4, 0, 0, 2));
        name->position->setParentAnchor(line->end);
        event_names_.emplace_back(line, name);
    }
}

void TimeChart::add_legend(Pane& pane)
{
    if (pane.graphs.size() < 2) return;
    // Beside the pane, not in it: a legend over the lines would hide what it explains.
    auto* legend = new QCPLegend;
    plot().plotLayout()->insertRow(pane.row);
    auto* line = new QCPLayoutGrid;
    plot().plotLayout()->addElement(pane.row, 0, line);
    line->addElement(0, 0, legend);
    line->addElement(0, 1, new QCPTextElement(&plot()));  // takes the room that is left
    line->setColumnStretchFactor(0, 0.001);
    plot().plotLayout()->setRowStretchFactor(pane.row, 0.001);
    for (Pane& other : panes_)
        if (&other != &pane && other.row >= pane.row) ++other.row;
    ++pane.row;
    legend->setLayer(QStringLiteral("legend"));
    legend->setFillOrder(QCPLegend::foColumnsFirst);
    legend->setMargins(QMargins(60, 2, 10, 0));
    for (QCPGraph* graph : pane.graphs) graph->setName(fontMetrics().elidedText(graph->name(), Qt::ElideMiddle, widest_name));
    if (pane.graphs.size() > most_named) pane.graphs[most_named - 1]->setName(tr("and %1 more").arg(pane.graphs.size() - most_named + 1));
    for (std::size_t i = 0; i < std::min(pane.graphs.size(), most_named); ++i) legend->addItem(new QCPPlottableLegendItem(legend, pane.graphs[i]));
    pane.legend = legend;
    wrap_legend(pane);
}

/// As many names side by side as the width has room for.
void TimeChart::wrap_legend(Pane& pane)
{
    if (pane.legend == nullptr) return;
    int widest = 40;
    for (std::size_t i = 0; i < std::min(pane.graphs.size(), most_named); ++i) widest = std::max(widest, fontMetrics().horizontalAdvance(pane.graphs[i]->name()));
    const int room = std::max(1, plot().width() - 90) / (widest + 60);
    if (pane.legend->wrap() == std::max(1, room)) return;
    pane.legend->setWrap(std::max(1, room));
    QList<QCPAbstractLegendItem*> items;
    for (int i = 0; i < pane.legend->itemCount(); ++i) items += pane.legend->item(i);
    for (QCPAbstractLegendItem* item : items) pane.legend->take(item);
    pane.legend->simplify();
    for (QCPAbstractLegendItem* item : items) pane.legend->addItem(item);
}

void TimeChart::resizeEvent(QResizeEvent* event)
{
    Chart::resizeEvent(event);
    for (Pane& pane : panes_) wrap_legend(pane);
}

void TimeChart::fit_values(Pane& pane)
{
    double least = 0, most = 0;
    for (const std::size_t index : pane.series)
        for (const double value : data_.series[index].values)
            if (std::isfinite(value)) { least = std::min(least, value); most = std::max(most, value); }
    for (const ChartThreshold& threshold : data_.thresholds)
        if (threshold.unit == pane.unit) most = std::max(most, threshold.value);
    const double room = (most - least) * 0.08;
    // Zero is part of the picture: a cut axis makes small changes look large.
    const double top = most + room > least ? most + room : least + 1;
    pane.rect->axis(QCPAxis::atLeft)->setRange((least < 0 ? least - room : 0) * pane.shown.factor, top * pane.shown.factor);
}

void TimeChart::apply_colors()
{
    Chart::apply_colors();
    for (Pane& pane : panes_) {
        for (std::size_t i = 0; i < pane.graphs.size(); ++i) {
            QCPGraph* graph = pane.graphs[i];
            const QColor color = colors().category(pane.series[i]);
            graph->setPen(QPen(color, 1));
            if (!graph->scatterStyle().isNone()) graph->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, QPen(color, 1), color, 5));
        }
        pane.cursor->setPen(QPen(colors().muted, 1, Qt::DotLine));
    }
    for (int i = 0; i < plot().itemCount(); ++i) {
        QCPAbstractItem* item = plot().item(i);
        const bool threshold = item->property("threshold").toBool(), event = item->property("event").toBool();
        const QColor color = threshold ? colors().error : event ? colors().text : colors().muted;
        if (auto* area = qobject_cast<QCPItemRect*>(item)) area->setBrush(colors().window_fill(item->property("role").toString()));
        if (auto* text = qobject_cast<QCPItemText*>(item)) { text->setColor(color); text->setFont(font()); }
        if (auto* line = qobject_cast<QCPItemStraightLine*>(item)) line->setPen(QPen(color, 1, Qt::DashLine));
        if (auto* line = qobject_cast<QCPItemLine*>(item); line != nullptr && event) line->setPen(QPen(color, 1, Qt::DashDotLine));
    }
    for (QCPLegend* legend : plot().findChildren<QCPLegend*>()) {
        legend->setBrush(Qt::NoBrush);
        legend->setBorderPen(Qt::NoPen);
        legend->setTextColor(colors().text);
        legend->setFont(font());
    }
}

}  // namespace casebook
