#include "widgets/models/timeline_data.h"

#include "analyzers/store/query.h"

#include <algorithm>

namespace casebook {
namespace {

std::int64_t integer(const Value& value)
{
    const auto* number = std::get_if<std::int64_t>(&value);
    return number ? *number : 0;
}

}  // namespace

Result<TimelineData> read_timeline(CaseFile& file, const Control& control)
{
    TimelineData data;
    TRY_ASSIGN(const auto events, run_query(file, "SELECT at_ns, kind, service, text FROM event ORDER BY at_ns", {},
                                            QueryLimits{.max_rows = 5'000}, control));
    for (const auto& row : events.rows)
        data.events.push_back({integer(row[0]), to_text(row[1]), to_text(row[2]), to_text(row[3])});
    return data;
}

Result<TimelineData> count_requests(const SpanTable& spans, TimeRange range, std::size_t bucket_count, const Control& control)
{
    TimelineData data;
    data.extent = range;
    if (bucket_count == 0 || range.to_ns <= range.from_ns) return data;
    // Counting sort of the requests' durations by bucket, then an exact percentile in each.
    const double width = static_cast<double>(range.to_ns - range.from_ns) / static_cast<double>(bucket_count);
    const auto bucket_of = [&](SpanTable::Row row) {
        const auto at = static_cast<std::size_t>(static_cast<double>(spans.start_ns[row] - range.from_ns) / width);
        return std::min(at, bucket_count - 1);
    };
    data.buckets.assign(bucket_count, {});
    std::vector<SpanTable::Row> requests;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if ((row & 0xffff) == 0) TRY(control.check());
        if (spans.parent[row] != SpanTable::no_row || !range.contains(spans.start_ns[row])) continue;
        TimelineData::Bucket& bucket = data.buckets[bucket_of(row)];
        ++bucket.requests;
        bucket.errors += spans.status[row] == SpanStatus::error;
        requests.push_back(row);
    }
    std::vector<std::size_t> begin(bucket_count + 1, 0);
    for (std::size_t i = 0; i < bucket_count; ++i) begin[i + 1] = begin[i] + data.buckets[i].requests;
    std::vector<std::int64_t> durations(requests.size());
    std::vector<std::size_t> next(begin.begin(), begin.end() - 1);
    for (const SpanTable::Row row : requests) durations[next[bucket_of(row)]++] = spans.duration_ns[row];
    for (std::size_t i = 0; i < bucket_count; ++i) {
        const std::size_t count = begin[i + 1] - begin[i];
        data.max_requests = std::max(data.max_requests, data.buckets[i].requests);
        if (count == 0) continue;
        const auto first = durations.begin() + static_cast<std::ptrdiff_t>(begin[i]);
        const auto nth = first + static_cast<std::ptrdiff_t>((count - 1) * 95 / 100);
        std::nth_element(first, nth, first + static_cast<std::ptrdiff_t>(count));
        data.buckets[i].p95_ms = static_cast<float>(static_cast<double>(*nth) / 1e6);
        data.max_p95_ms = std::max(data.max_p95_ms, data.buckets[i].p95_ms);
    }
    return data;
}

Result<TimelineData> add_requests(TimelineData data, const SpanTable& spans, std::size_t bucket_count, const Control& control)
{
    if (spans.empty() || bucket_count == 0) return data;
    const TimeRange range = spans.time_range();
    if (data.extent.to_ns <= data.extent.from_ns) data.extent = range;
    data.extent = {std::min(data.extent.from_ns, range.from_ns), std::max(data.extent.to_ns, range.to_ns)};
    TRY_ASSIGN(TimelineData counted, count_requests(spans, data.extent, bucket_count, control));
    counted.events = std::move(data.events);
    return counted;
}

}  // namespace casebook
