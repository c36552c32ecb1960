#include "widgets/panels/views/latency_pane.h"

#include "widgets/charts/distribution_chart.h"
#include "widgets/charts/latency_chart.h"
#include "widgets/charts/time_chart.h"
#include "widgets/models/views/cohort_table.h"
#include "widgets/models/views/percentile_series.h"
#include "widgets/panels/views/data_table.h"

#include <QLabel>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>

namespace casebook {

LatencyPane::LatencyPane(QWidget* parent)
    : QWidget(parent), note_(new QLabel), chart_(new LatencyChart), distribution_(new DistributionChart), summary_(new QLabel), percentiles_(new TimeChart),
      comparison_(new DataTable), tabs_(new QTabWidget), splitter_(new QSplitter(Qt::Vertical))
{
    auto* spread = new QWidget;
    auto* column = new QVBoxLayout(spread);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    summary_->setContentsMargins(8, 2, 8, 2);
    summary_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    column->addWidget(summary_);
    column->addWidget(distribution_, 1);
    tabs_->setDocumentMode(true);
    tabs_->addTab(spread, tr("Distribution"));
    tabs_->addTab(percentiles_, tr("Percentiles and traffic over time"));
    tabs_->addTab(comparison_, tr("Selection against the rest"));
    set_comparison_hint(tr("Drag a box around requests above, slow ones for instance: this tab then ranks the attributes they share and the others do not."));
    splitter_->addWidget(chart_);
    splitter_->addWidget(tabs_);
    splitter_->setStretchFactor(0, 3);
    splitter_->setStretchFactor(1, 2);
    splitter_->setChildrenCollapsible(false);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    all->addWidget(note_);
    all->addWidget(splitter_, 1);
    note_->setContentsMargins(8, 2, 8, 2);
    note_->setObjectName(QStringLiteral("selectionNote"));
    note_->setTextFormat(Qt::RichText);
    note_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    note_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    note_->hide();
    connect(note_, &QLabel::linkActivated, this, &LatencyPane::everything_asked);
    setFocusProxy(chart_);
    connect(chart_, &LatencyChart::box_selected, this, &LatencyPane::box_selected);
    connect(chart_, &LatencyChart::request_clicked, this, [this](quint32 row) { if (spans_) emit request_chosen(row); });
}

void LatencyPane::set_requests(std::shared_ptr<const SpanTable> spans, const std::vector<SpanTable::Row>& rows)
{
    spans_ = std::move(spans);
    LatencyPoints points;
    points.start_ns.reserve(rows.size());
    points.duration_ns.reserve(rows.size());
    points.failed.reserve(rows.size());
    points.reference = rows;
    for (const SpanTable::Row row : rows) {
        points.start_ns.push_back(spans_->start_ns[row]);
        points.duration_ns.push_back(spans_->duration_ns[row]);
        points.failed.push_back(spans_->status[row] == SpanStatus::error);
    }
    show_points(std::move(points));
}

void LatencyPane::set_points(LatencyPoints points)
{
    spans_.reset();
    show_points(std::move(points));
}

void LatencyPane::show_points(LatencyPoints points)
{
    chart_->set_points(std::move(points));
    comparison_->set_table(nullptr);
    show_percentiles();
    box_selected({});
}

void LatencyPane::show_percentiles()
{
    TimeChart::Data data;
    for (ChartSeries& line : percentile_series(chart_->points())) data.series.push_back(std::move(line));
    for (ChartSeries& line : traffic_series(chart_->points())) data.series.push_back(std::move(line));
    data.windows = windows_;
    data.events = events_;
    percentiles_->set_data(std::move(data));
}

void LatencyPane::set_windows(std::vector<ChartWindow> windows)
{
    if (windows == windows_) return;
    windows_ = windows;
    chart_->set_windows(std::move(windows));
    if (chart_->points().size() > 0) show_percentiles();
}

void LatencyPane::set_events(std::vector<ChartEvent> events)
{
    if (events == events_) return;
    events_ = events;
    chart_->set_events(std::move(events));
    if (chart_->points().size() > 0) show_percentiles();
}

void LatencyPane::set_note(const QString& html)
{
    note_->setText(html);
    note_->setVisible(!html.isEmpty());
}

void LatencyPane::set_time_zone(TimeZoneMode zone)
{
    chart_->set_time_zone(zone);
    percentiles_->set_time_zone(zone);
}

void LatencyPane::box_selected(const std::vector<quint32>& places)
{
    const LatencyPoints& points = chart_->points();
    std::vector<std::uint8_t> inside(points.size(), 0);
    for (const quint32 place : places) inside[place] = 1;
    std::vector<double> rest_ns, selected_ns;
    std::vector<quint32> selected, rest;
    for (std::size_t i = 0; i < points.size(); ++i) {
        (inside[i] ? selected_ns : rest_ns).push_back(static_cast<double>(points.duration_ns[i]));
        (inside[i] ? selected : rest).push_back(points.reference[i]);
    }
    const bool split = !selected.empty() && !rest.empty();
    if (split) distribution_->set_durations(std::move(rest_ns), tr("the rest"), std::move(selected_ns), tr("selection"));
    else distribution_->set_durations(selected.empty() ? std::move(rest_ns) : std::move(selected_ns), tr("requests"));
    QString summary = distribution_->summary();
    if (split) summary = tr("%1 selected. The rest: %2").arg(count_text(static_cast<std::int64_t>(selected.size())), summary);
    summary_->setText(summary);
    if (!spans_) return;
    if (!split) comparison_->set_table(nullptr);
    emit selection_changed(split ? selected : std::vector<quint32>{}, split ? rest : std::vector<quint32>{});
}

void LatencyPane::set_comparison(const CohortComparison& comparison)
{
    if (comparison.values.empty())
        set_comparison_hint(tr("No attribute tells the selection from the rest (%1 values of %2 attributes were compared).").arg(comparison.tested).arg(comparison.attributes));
    comparison_->set_table(cohort_table(comparison));
    tabs_->setCurrentWidget(comparison_);
}

void LatencyPane::set_comparison_hint(const QString& text) { comparison_->set_hint(text); }

}  // namespace casebook
