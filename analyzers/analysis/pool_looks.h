#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/trace/pool_use.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// What the gauges of one instance's pool say: the moments at which every connection was used while requests waited.
struct PoolGaugeLook {
    bool there = false, has_pending = false, max_known = false;
    double max = 0, most_used = 0, most_pending = 0, mean_wait_ms = 0, little = 0;
    std::size_t samples = 0, saturated = 0;
    std::int64_t step_ns = 1'000'000'000;    ///< between two samples
    /// Samples at the alert line or above it with counted waits over the limit: between two samples the pool may have been full.
    std::size_t near_full = 0;
    double near_full_wait_ms = 0;           ///< mean of those waits
    std::optional<TimeRange> near_full_when;
    std::vector<std::int64_t> saturated_at;
    std::optional<TimeRange> when;          ///< the run of saturated samples with the most waiting
    std::string pool, instance;
    const Series* series = nullptr;
    double sum_of_max = 0;                  ///< of all instances, when spans do not say which instance they are of; else 0
    bool saw() const { return saturated > 0 && (most_pending > 0 || mean_wait_ms > 0); }
    /// A gauge is the state at one moment: one such moment proves something only beside other evidence or the counters of
    /// waits, which cover all the time between two samples.
    bool holds() const { return saw() && (saturated >= 2 || mean_wait_ms > 0) && samples >= 2; }
    bool near(const TimeRange& range) const
    {
        const auto after = std::lower_bound(saturated_at.begin(), saturated_at.end(), range.from_ns - step_ns);
        return after != saturated_at.end() && *after < range.to_ns + step_ns;
    }
};

/// What the acquire spans of one instance say about the stretch with the most waiting.
struct PoolSpanLook {
    bool there = false;
    std::size_t acquires = 0, in_stretch = 0, long_waits = 0;
    double waited_s = 0;  ///< in the stretch, all requests
    double wait_p95_ms = 0, worst_ms = 0, hold_mean_ms = 0, rate = 0, little = 0, overall_p95_ms = 0;
    int plateau = 0;
    double remote_share = 0;
    TimeRange stretch;
    std::map<SpanTable::Id, double> hold_by_operation, wait_by_operation;  ///< seconds in the stretch
};

/// By service, one per instance: of its pools the one that was saturated most. Waits count from `wait_limit_ms`; `alert_percent` of
/// the maximum is the alert line. Errors:
/// caseFile, cancelled.
Result<std::map<std::string, std::vector<PoolGaugeLook>>> look_at_gauges(CaseEvidence& evidence, const AnalysisWindows& windows, double wait_limit_ms, double alert_percent);

/// The stretch of an instance's uses with the most waiting; one that its gauges saw as well comes before all others.
PoolSpanLook look_at_spans(const SpanTable& spans, const ServicePool& pool, const AnalysisWindows& windows, double wait_limit_ms, const PoolGaugeLook& gauges);

}  // namespace casebook
