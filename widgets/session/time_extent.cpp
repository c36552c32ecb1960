#include "widgets/session/time_extent.h"

#include "analyzers/core/instant.h"
#include "analyzers/store/query.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr const char* extent_sql =
    "SELECT min(low), max(high) FROM ("
    " SELECT min(at_ns) AS low, max(at_ns) AS high FROM event WHERE at_ns > ?1 UNION ALL"
    " SELECT min(at_ns), max(at_ns) FROM metric_point WHERE at_ns > ?1 UNION ALL"
    " SELECT min(at_ns), max(at_ns) FROM session WHERE at_ns > ?1 UNION ALL"
    " SELECT min(at_ns), max(at_ns) FROM gc_pause WHERE at_ns > ?1 UNION ALL"
    " SELECT min(at_ns), max(at_ns) FROM heap_class WHERE at_ns > ?1 UNION ALL"
    " SELECT min(at_ns), max(at_ns) FROM log_line WHERE at_ns > ?1 UNION ALL"
    " SELECT min(snapshot_at_ns), max(snapshot_at_ns) FROM statement WHERE snapshot_at_ns > ?1 UNION ALL"
    " SELECT min(from_ns), max(to_ns) FROM \"window\" WHERE from_ns > ?1)";
constexpr std::int64_t earliest_date_ns = 1'000'000'000'000'000;

}  // namespace

Result<TimeRange> read_time_extent(CaseFile& file, const SpanTable* spans, const Control& control)
{
    TRY_ASSIGN(const QueryResult found, run_query(file, extent_sql, {Value(earliest_date_ns)}, {}, control));
    TimeRange extent;
    if (!found.rows.empty())
        if (const auto* from = std::get_if<std::int64_t>(&found.rows[0][0]))
            if (const auto* to = std::get_if<std::int64_t>(&found.rows[0][1])) extent = {clamp_instant(*from), clamp_instant(*to) + 1};
    if (spans != nullptr && !spans->empty()) {
        const TimeRange range = spans->time_range();
        const bool alone = extent.to_ns <= extent.from_ns;
        extent = alone ? range : TimeRange{std::min(extent.from_ns, range.from_ns), std::max(extent.to_ns, range.to_ns)};
    }
    return extent;
}

}  // namespace casebook
