#include "analyzers/analysis/periodicity.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/signal_scope.h"

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
        std::vector<SpanTable::Row> rows;
        for (const SpanTable::Row row : scope.entries)
            if (range.contains(scope.spans->start_ns[row])) rows.push_back(row);
        std::sort(rows.begin(), rows.end(), [&](SpanTable::Row a, SpanTable::Row b) {
            return scope.spans->start_ns[a] != scope.spans->start_ns[b] ? scope.spans->start_ns[a] < scope.spans->start_ns[b] : a < b;
        });
        std::vector<std::int64_t> at_ns;
        std::vector<double> ms;
        for (const SpanTable::Row row : rows) {
            at_ns.push_back(scope.spans->start_ns[row]);
            ms.push_back(static_cast<double>(scope.spans->duration_ns[row]) / 1e6);
        }
        take(at_ns, ms);
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
