#pragma once

#include "analyzers/store/query.h"
#include "widgets/models/views/table_data.h"

#include <memory>

namespace casebook {

/// One row per series of metric_point, by name and labels.
const char* metric_series_query();
/// The shape of every series: its mean and highest value in 40 stretches of its own time.
const char* metric_shapes_query();

/// Series as people look for them. Columns: metric, labels (those in which the series of one metric differ; the tooltip has
/// all), trend (a small line over the time of the series; what is added per stretch for counters), latest value, unit,
/// lowest and highest value, points, series_id. Values are shown in a readable unit each. The texts point into `series`, which is kept.
std::shared_ptr<TableData> metric_table(std::shared_ptr<const QueryResult> series, const QueryResult& stretches);

}  // namespace casebook
