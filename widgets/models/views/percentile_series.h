#pragma once

#include "widgets/charts/chart_data.h"
#include "widgets/charts/latency_points.h"

#include <vector>

namespace casebook {

/// P50, P95 and P99 over time in ms, one point per stretch. There are as many stretches (5 to 120) as leave 20 requests in
/// each on average; percentiles are exact. Stretches with fewer requests than a percentile needs to differ from
/// the maximum (2, 20, 100) have no point for it, unless no stretch has that many. `points` sorted by start.
std::vector<ChartSeries> percentile_series(const LatencyPoints& points);
/// Requests and failed requests per second over the same stretches.
std::vector<ChartSeries> traffic_series(const LatencyPoints& points);

}  // namespace casebook
