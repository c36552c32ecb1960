#pragma once

#include "analyzers/trace/span_table.h"
#include "widgets/charts/chart_data.h"
#include "widgets/charts/distribution.h"
#include "widgets/charts/latency_points.h"

#include <memory>
#include <span>
#include <vector>

namespace casebook {

// What the latency view shows, counted before it is shown: five million requests take seconds, which a job's thread has
// and the window's has not. All functions here may run on any thread.

/// Requests divided by a box. Without a box, or when it holds all or none, there are no two sides, and the distribution is
/// of all.
struct RequestSplit {
    Distribution distribution;
    std::vector<std::uint32_t> selected, rest;  ///< references of the requests
};

struct PreparedRequests {
    std::shared_ptr<const SpanTable> spans;     ///< null for requests without spans
    std::shared_ptr<const LatencySet> requests;
    std::vector<ChartSeries> over_time;         ///< percentiles and traffic
    RequestSplit all;
};

/// Rows of a span table as requests; the table is kept.
PreparedRequests prepare_requests(std::shared_ptr<const SpanTable> spans, const std::vector<SpanTable::Row>& rows);
PreparedRequests prepare_requests(LatencyPoints points);
/// `places`: of the selected requests in `requests.points`.
RequestSplit split_requests(const LatencySet& requests, std::span<const std::uint32_t> places);

}  // namespace casebook
