#pragma once

#include "analyzers/store/query.h"
#include "widgets/charts/chart_data.h"

#include <map>
#include <vector>

namespace casebook {

struct SeriesSet {
    std::vector<ChartSeries> series;
    ChartAxis axis = ChartAxis::time;
};

/// Rows as lines over time. The time is the column `at_ns` or `snapshot_at_ns`, else the first other column of instants;
/// without one (or where it is NULL everywhere) rows count as snapshots in their order. Text columns name the line,
/// except `unit`, which gives its unit; every other column of numbers is a line of its own. `labels` in JSON are shown
/// as "service, instance" and what else tells the lines of one name apart. Names say the unit when no column does
/// ("_seconds", "_bytes", ".ms"). At most 200 lines.
SeriesSet series_from_query(const QueryResult& result);

/// A JSON object of labels; empty for other text.
std::map<QString, QString> labels_of(const QString& json);
/// The unit a metric is shown in: the one it has, else what its name ends with ("_seconds", "_bytes", ".ms"), else "1".
QString metric_unit(const QString& name, const QString& unit);

/// True for counters: named "*_total", or "*_count", "*.count", "*_sum" and never falling.
bool is_counter(const ChartSeries& series);
/// Increase per second between neighbouring points; a fall is a reset and counts from zero.
ChartSeries rate_of(const ChartSeries& counter);

}  // namespace casebook
