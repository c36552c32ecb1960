#pragma once

#include "analyzers/trace/cohort.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/views/prepared_requests.h"

#include <QWidget>
#include <memory>
#include <vector>

class QLabel;
class QSplitter;
class QTabWidget;

namespace casebook {

class DataTable;
class DistributionChart;
class LatencyChart;
class TimeChart;

/// Requests by start and duration above; below how they are spread, their percentiles and traffic over time, and what a
/// box of them has that the rest has not.
class LatencyPane : public QWidget {
    Q_OBJECT
public:
    explicit LatencyPane(QWidget* parent = nullptr);

    /// Without spans there are no traces to open and nothing to compare.
    void show_requests(PreparedRequests prepared);
    /// The answer to selection_changed(): how the two sides are spread.
    void show_split(const RequestSplit& split);
    void set_windows(std::vector<ChartWindow> windows);
    void set_events(std::vector<ChartEvent> events);
    /// What the requests are limited to; its link emits everything_asked(). Empty = no line.
    void set_note(const QString& html);
    void set_time_zone(TimeZoneMode zone);
    /// A further answer to it: what the selection has that the rest has not.
    void set_comparison(const CohortComparison& comparison);
    void set_comparison_hint(const QString& text);

    LatencyChart& chart() { return *chart_; }
    TimeChart& percentiles() { return *percentiles_; }
    DistributionChart& distribution() { return *distribution_; }
    DataTable& comparison() { return *comparison_; }
    QTabWidget& tabs() { return *tabs_; }
    const std::shared_ptr<const SpanTable>& spans() const { return spans_; }

signals:
    /// A box was drawn or, with no places, taken away: places of its requests among those of the chart.
    void selection_changed(const std::vector<quint32>& places);
    void everything_asked();
    /// A request was clicked: a row of the span table.
    void request_chosen(quint32 row);

private:
    void show_percentiles();
    void box_selected(const std::vector<quint32>& places);

    std::shared_ptr<const SpanTable> spans_;
    std::vector<ChartSeries> over_time_;
    RequestSplit all_;
    std::vector<ChartWindow> windows_;
    std::vector<ChartEvent> events_;
    QLabel* note_;
    LatencyChart* chart_;
    DistributionChart* distribution_;
    QLabel* summary_;
    TimeChart* percentiles_;
    DataTable* comparison_;
    QTabWidget* tabs_;
    QSplitter* splitter_;
};

}  // namespace casebook
