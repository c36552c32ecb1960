#pragma once

#include "analyzers/trace/cohort.h"
#include "analyzers/trace/span_table.h"
#include "widgets/charts/chart_data.h"
#include "widgets/charts/latency_points.h"
#include "widgets/charts/time_text.h"

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

    /// Requests as rows of a span table, which is kept.
    void set_requests(std::shared_ptr<const SpanTable> spans, const std::vector<SpanTable::Row>& rows);
    /// Requests without spans: no traces to open, nothing to compare.
    void set_points(LatencyPoints points);
    void set_windows(std::vector<ChartWindow> windows);
    void set_events(std::vector<ChartEvent> events);
    /// What the requests are limited to; its link emits everything_asked(). Empty = no line.
    void set_note(const QString& html);
    void set_time_zone(TimeZoneMode zone);
    /// The answer to selection_changed().
    void set_comparison(const CohortComparison& comparison);
    void set_comparison_hint(const QString& text);

    LatencyChart& chart() { return *chart_; }
    TimeChart& percentiles() { return *percentiles_; }
    DistributionChart& distribution() { return *distribution_; }
    DataTable& comparison() { return *comparison_; }
    QTabWidget& tabs() { return *tabs_; }
    const std::shared_ptr<const SpanTable>& spans() const { return spans_; }

signals:
    /// A box was drawn: its requests and all others, as rows of the span table.
    void selection_changed(const std::vector<quint32>& selected, const std::vector<quint32>& rest);
    void everything_asked();
    /// A request was clicked: a row of the span table.
    void request_chosen(quint32 row);

private:
    void show_points(LatencyPoints points);
    void show_percentiles();
    void box_selected(const std::vector<quint32>& places);

    std::shared_ptr<const SpanTable> spans_;
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
