#include "analyzers/analysis/requests.h"

#include "analyzers/core/statistics.h"
#include "analyzers/trace/requests.h"

#include <map>

namespace casebook {
namespace {

constexpr std::size_t baseline_samples = 10;

}  // namespace

RequestSet find_requests(const SpanTable& spans, const AnalysisWindows& windows)
{
    RequestSet set;
    std::vector<double> all_ms;
    std::map<std::pair<SpanTable::Id, SpanTable::Id>, std::vector<double>> baseline_ms;
    for (const SpanTable::Row row : request_rows(spans)) {
        set.request_of_trace.push_back(static_cast<std::uint32_t>(set.rows.size()));
        set.rows.push_back(row);
        const double ms = static_cast<double>(spans.duration_ns[row]) / 1e6;
        if (windows.analysed.contains(spans.start_ns[row])) all_ms.push_back(ms);
        if (windows.baseline && windows.baseline->contains(spans.start_ns[row])) baseline_ms[{spans.service[row], spans.operation[row]}].push_back(ms);
    }
    std::map<std::pair<SpanTable::Id, SpanTable::Id>, double> limits;
    for (auto& [operation, durations] : baseline_ms)
        if (durations.size() >= baseline_samples) limits[operation] = percentile(std::move(durations), 99);
    const double fallback = 3 * median(all_ms);

    set.slow.resize(set.rows.size());
    for (std::size_t i = 0; i < set.rows.size(); ++i) {
        const SpanTable::Row row = set.rows[i];
        if (!windows.analysed.contains(spans.start_ns[row])) continue;
        const double seconds = static_cast<double>(spans.duration_ns[row]) / 1e9;
        const auto limit = limits.find({spans.service[row], spans.operation[row]});
        set.slow[i] = seconds * 1000 > (limit != limits.end() ? limit->second : fallback);
        ++set.analysed;
        set.total_seconds += seconds;
        if (is_failed(spans, row)) ++set.failed;
        if (set.slow[i]) {
            ++set.slow_count;
            set.slow_seconds += seconds;
        }
    }
    return set;
}

}  // namespace casebook
