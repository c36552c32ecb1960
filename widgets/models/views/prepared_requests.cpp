#include "widgets/models/views/prepared_requests.h"

#include "widgets/models/views/percentile_series.h"

#include <QCoreApplication>

namespace casebook {

PreparedRequests prepare_requests(std::shared_ptr<const SpanTable> spans, const std::vector<SpanTable::Row>& rows)
{
    LatencyPoints points;
    points.start_ns.reserve(rows.size());
    points.duration_ns.reserve(rows.size());
    points.failed.reserve(rows.size());
    points.reference = rows;
    for (const SpanTable::Row row : rows) {
        points.start_ns.push_back(spans->start_ns[row]);
        points.duration_ns.push_back(spans->duration_ns[row]);
        points.failed.push_back(spans->status[row] == SpanStatus::error);
    }
    PreparedRequests prepared = prepare_requests(std::move(points));
    prepared.spans = std::move(spans);
    return prepared;
}

PreparedRequests prepare_requests(LatencyPoints points)
{
    PreparedRequests prepared;
    prepared.requests = std::make_shared<const LatencySet>(std::move(points));
    prepared.over_time = percentile_series(prepared.requests->points);
    for (ChartSeries& line : traffic_series(prepared.requests->points)) prepared.over_time.push_back(std::move(line));
    prepared.all = split_requests(*prepared.requests, {});
    return prepared;
}

RequestSplit split_requests(const LatencySet& requests, std::span<const std::uint32_t> places)
{
    const auto tr = [](const char* text) { return QCoreApplication::translate("RequestSplit", text); };
    const LatencyPoints& points = requests.points;
    RequestSplit split;
    if (places.empty() || places.size() == points.size()) {
        split.distribution = distribution_of({points.duration_ns.begin(), points.duration_ns.end()}, tr("requests"));
        return split;
    }
    std::vector<std::uint8_t> inside(points.size(), 0);
    for (const std::uint32_t place : places) inside[place] = 1;
    std::vector<double> rest_ns, selected_ns;
    for (std::size_t i = 0; i < points.size(); ++i) {
        (inside[i] ? selected_ns : rest_ns).push_back(static_cast<double>(points.duration_ns[i]));
        (inside[i] ? split.selected : split.rest).push_back(points.reference[i]);
    }
    split.distribution = distribution_of(std::move(rest_ns), tr("the rest"), std::move(selected_ns), tr("selection"));
    return split;
}

}  // namespace casebook
