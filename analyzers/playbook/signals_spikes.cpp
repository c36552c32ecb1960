#include "analyzers/analysis/periodicity.h"
#include "analyzers/core/statistics.h"
#include "analyzers/playbook/signal_scope.h"
#include "analyzers/trace/requests.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr double least = 0.3, periods = 3;   // below 0.3 nothing is periodic (latency.periodic_spikes)
constexpr double long_pause_share = 0.5;     // pauses of at least half the longest are the ones that are felt
constexpr std::size_t fewest_moments = 3;

/// Moments at which something other than latency spiked, by what it was.
using Moments = std::map<std::string, std::vector<std::int64_t>>;

/// Samples at which a counter rose by at least half of its largest rise.
std::vector<std::int64_t> bursts_of(const Series& counter, TimeRange range)
{
    double largest = 0;
    std::vector<std::pair<std::int64_t, double>> rises;
    for (std::size_t i = 1; i < counter.at_ns.size(); ++i) {
        if (!range.contains(counter.at_ns[i])) continue;
        rises.emplace_back(counter.at_ns[i], counter.value[i] - counter.value[i - 1]);
        largest = std::max(largest, rises.back().second);
    }
    std::vector<std::int64_t> at_ns;
    for (const auto& [at, rise] : rises)
        if (largest > 0 && rise >= long_pause_share * largest) at_ns.push_back(at);
    return at_ns;
}

Result<Moments> moments_of(const SignalScope& scope, TimeRange range)
{
    CaseEvidence& evidence = scope.evidence;
    Moments moments;
    TRY_ASSIGN(const std::vector<GcPause>* pauses, evidence.gc_pauses());
    std::map<std::int64_t, double> longest;
    for (const GcPause& pause : *pauses)
        if (pause.has_time && range.contains(pause.at_ns)) longest[pause.file_id] = std::max(longest[pause.file_id], pause.pause_ms);
    for (const GcPause& pause : *pauses)
        if (pause.has_time && range.contains(pause.at_ns) && pause.pause_ms >= long_pause_share * longest[pause.file_id])
            moments["garbage collection, log " + std::to_string(pause.file_id)].push_back(pause.at_ns);
    TRY_ASSIGN(const std::vector<Event>* events, evidence.events());
    for (const Event& event : *events)
        if (range.contains(event.at_ns)) moments["event " + event.kind + (event.service.empty() ? "" : " of " + event.service)].push_back(event.at_ns);
    for (const char* role : {"gc_pause_sum", "cache_misses", "cache_evictions", "pool_timeouts"}) {
        TRY_ASSIGN(const std::vector<Series>* counters, evidence.metric(role));
        for (const Series& series : *counters)
            if (auto at_ns = bursts_of(series, range); !at_ns.empty())
                moments[series.name + (series.instance.empty() ? "" : " of " + series.instance)] = std::move(at_ns);
    }
    return moments;
}

/// Requests in order of time, each with its duration against the median of its operation: a mix of quick and slow
/// operations is no spike.
std::pair<std::vector<std::int64_t>, std::vector<double>> slowness_of(const SpanTable& spans, const std::vector<SpanTable::Row>& entries, TimeRange range)
{
    std::vector<std::pair<std::int64_t, double>> requests;
    for (const OperationRows& operation : group_by_operation(spans, entries)) {
        std::vector<double> ms;
        for (const SpanTable::Row row : operation.rows) ms.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
        const double usual = median(ms);
        if (usual <= 0) continue;
        for (std::size_t i = 0; i < ms.size(); ++i)
            if (range.contains(spans.start_ns[operation.rows[i]])) requests.emplace_back(spans.start_ns[operation.rows[i]], ms[i] / usual);
    }
    std::sort(requests.begin(), requests.end());
    std::pair<std::vector<std::int64_t>, std::vector<double>> series;
    for (const auto& [at, slowness] : requests) {
        series.first.push_back(at);
        series.second.push_back(slowness);
    }
    return series;
}

}  // namespace

Status measure_spikes(SignalScope& scope, Signals& signals)
{
    const TimeRange range = scope.windows.analysed;
    std::optional<Periodicity> found;
    const auto take = [&](const std::vector<std::int64_t>& at_ns, const std::vector<double>& values) {
        if (at_ns.size() < 60) return;
        signals.enough_periods = true;
        const auto periodic = find_period(at_ns, values, range, least, periods);
        if (periodic && (!found || periodic->autocorrelation > found->autocorrelation)) found = periodic;
    };
    if (!scope.entries.empty()) {
        const auto [at_ns, slowness] = slowness_of(*scope.spans, scope.entries, range);
        take(at_ns, slowness);
    } else {
        for (const char* role : {"latency_p99", "latency_p50"}) {
            TRY_ASSIGN(const std::vector<Series>* series, scope.evidence.metric(role));
            for (const Series& one : *series) take(one.at_ns, one.value);
        }
    }
    if (!signals.enough_periods) return {};
    signals.spike_autocorrelation = found ? found->autocorrelation : 0;
    if (!found) return {};
    signals.spike_period_s = found->period_s;
    signals.spike_periods = found->periods;
    signals.spike_height = found->height;
    TRY_ASSIGN(const Moments moments, moments_of(scope, range));
    for (const auto& [name, at_ns] : moments) {
        if (at_ns.size() < fewest_moments) continue;
        if (!signals.spike_match) signals.spike_match = false;
        if (*signals.spike_match || !keeps_period(at_ns, found->period_s, range)) continue;
        signals.spike_match = true;
        signals.spike_match_name = name;
    }
    return {};
}

}  // namespace casebook
