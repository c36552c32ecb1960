#include "analyzers/analysis/release_rows.h"

#include "analyzers/analysis/operations.h"
#include "analyzers/core/statistics.h"
#include "analyzers/trace/failure.h"

namespace casebook::release_rows {

ServiceLevel level_of(const SpanTable& spans, const Rows& rows, double percentile_of_tail)
{
    ServiceLevel level;
    std::vector<double> ms = durations_ms(spans, rows);
    level.count = rows.size();
    level.p50_ms = percentile_in_place(ms, 50);
    level.tail_ms = percentile_in_place(ms, percentile_of_tail);
    for (const Row row : rows) level.failures += failed(spans, row);
    level.failed = rows.empty() ? 0 : static_cast<double>(level.failures) / static_cast<double>(rows.size());
    return level;
}

Rows between(const SpanTable& spans, const Rows& rows, std::int64_t from_ns, std::int64_t to_ns)
{
    Rows result;
    for (const Row row : rows)
        if (spans.start_ns[row] >= from_ns && spans.start_ns[row] < to_ns) result.push_back(row);
    return result;
}

Rows of_versions(const SpanTable& spans, const Rows& rows, const std::set<Id>& versions)
{
    Rows result;
    for (const Row row : rows)
        if (versions.contains(spans.version[row])) result.push_back(row);
    return result;
}

}  // namespace casebook::release_rows
