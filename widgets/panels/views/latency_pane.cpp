#include "widgets/panels/views/latency_pane.h"

#include "widgets/charts/distribution_chart.h"
#include "widgets/charts/latency_chart.h"
#include "widgets/charts/time_chart.h"
#include "widgets/models/views/cohort_table.h"
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
    summary_->setWordWrap(true);
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
    note_->setWordWrap(true);
    note_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    note_->hide();
    connect(note_, &QLabel::linkActivated, this, &LatencyPane::everything_asked);
    setFocusProxy(chart_);
    connect(chart_, &LatencyChart::box_selected, this, &LatencyPane::box_selected);
    connect(chart_, &LatencyChart::request_clicked, this, [this](quint32 row) { if (spans_) emit request_chosen(row); });
}

void LatencyPane::show_requests(PreparedRequests prepared)
{
    spans_ = std::move(prepared.spans);
    over_time_ = std::move(prepared.over_time);
    all_ = std::move(prepared.all);
    chart_->set_requests(std::move(prepared.requests));
    show_percentiles();
    show_split(all_);
}

void LatencyPane::show_split(const RequestSplit& split)
{
    const bool divided = !split.selected.empty();
    distribution_->set_distribution(split.distribution);
    const QString& summary = split.distribution.summary;
    summary_->setText(divided ? tr("%1 selected. The rest: %2").arg(count_text(static_cast<std::int64_t>(split.selected.size())), summary) : summary);
    if (!divided) comparison_->set_table(nullptr);
}

void LatencyPane::show_percentiles()
{
    TimeChart::Data data;
    data.series = over_time_;
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
    if (places.empty()) show_split(all_);
    emit selection_changed(places);
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
