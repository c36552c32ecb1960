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

float real(const Value& value)
{
    const auto* number = std::get_if<double>(&value);
    return number ? static_cast<float>(*number) : static_cast<float>(integer(value));
}

constexpr const char* snapshots_sql = "SELECT DISTINCT at_ns, 'class histogram' FROM heap_class WHERE at_ns IS NOT NULL "
                                      "UNION ALL SELECT DISTINCT at_ns, 'thread dump' FROM thread WHERE at_ns IS NOT NULL "
                                      "UNION ALL SELECT DISTINCT snapshot_at_ns, 'statements' FROM statement WHERE snapshot_at_ns IS NOT NULL "
                                      "UNION ALL SELECT DISTINCT at_ns, 'sessions' FROM session WHERE at_ns IS NOT NULL "
                                      "UNION ALL SELECT DISTINCT at_ns, 'tables' FROM table_stat WHERE at_ns IS NOT NULL "
                                      "UNION ALL SELECT at_ns, 'plan' FROM plan WHERE at_ns IS NOT NULL ORDER BY 1, 2";

}  // namespace

Result<TimelineData> read_timeline(CaseFile& file, const Control& control)
{
    TimelineData data;
    TRY_ASSIGN(const auto events, run_query(file, "SELECT at_ns, kind, service, text FROM event ORDER BY at_ns", {},
                                            QueryLimits{.max_rows = 5'000}, control));
    for (const auto& row : events.rows)
        data.events.push_back({integer(row[0]), to_text(row[1]), to_text(row[2]), to_text(row[3])});
    TRY_ASSIGN(const auto snapshots, run_query(file, snapshots_sql, {}, QueryLimits{.max_rows = 5'000}, control));
    for (const auto& row : snapshots.rows) data.snapshots.push_back({integer(row[0]), to_text(row[1])});
    TRY_ASSIGN(const auto pauses, run_query(file, "SELECT at_ns, pause_ms FROM gc_pause WHERE at_ns IS NOT NULL ORDER BY at_ns", {},
                                            QueryLimits{.max_rows = 100'000}, control));
    for (const auto& row : pauses.rows) {
        data.pauses.push_back({integer(row[0]), real(row[1])});
        data.max_pause_ms = std::max(data.max_pause_ms, data.pauses.back().pause_ms);
    }
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

TimelineData with_moments_of(TimelineData counted, TimelineData data)
{
    data.extent = counted.extent;
    data.buckets = std::move(counted.buckets);
    data.max_requests = counted.max_requests;
    data.max_p95_ms = counted.max_p95_ms;
    return data;
}

Result<TimelineData> add_requests(TimelineData data, const SpanTable& spans, std::size_t bucket_count, const Control& control)
{
    if (spans.empty() || bucket_count == 0) return data;
    const TimeRange range = spans.time_range();
    if (data.extent.to_ns <= data.extent.from_ns) data.extent = range;
    data.extent = {std::min(data.extent.from_ns, range.from_ns), std::max(data.extent.to_ns, range.to_ns)};
    TRY_ASSIGN(TimelineData counted, count_requests(spans, data.extent, bucket_count, control));
    return with_moments_of(std::move(counted), std::move(data));
}

}  // namespace casebook
