#pragma once

#include "analyzers/analysis/change_points.h"
#include "analyzers/playbook/signals.h"

#include <functional>
#include <vector>

namespace casebook {

/// What the parts of measure_signals share.
struct SignalScope {
    CaseEvidence& evidence;
    const AnalysisWindows& windows;
    TimeRange now;                     ///< the incident, else the analysed window
    std::optional<TimeRange> base;
    double tail_samples = 10;          ///< common.tail_samples
    const SpanTable* spans = nullptr;
    std::vector<SpanTable::Row> entries;  ///< one per trace
    std::vector<Change> changes;
};

// Each fills its own fields of the signals. Errors: caseFile, cancelled.
Status measure_requests(SignalScope& scope, Signals& signals);          // signals_requests.cpp: from spans
Status measure_latency_series(SignalScope& scope, Signals& signals);    // signals_series.cpp: from metrics, without spans
Status measure_error_series(SignalScope& scope, Signals& signals);      // signals_errors.cpp: from metrics, where spans do not say; after the two above
Status measure_resources(SignalScope& scope, Signals& signals);         // signals_resources.cpp: cpu, memory, restarts, cache
Status measure_queue(SignalScope& scope, Signals& signals);             // signals_queue.cpp
Status measure_spikes(SignalScope& scope, Signals& signals);            // signals_spikes.cpp: what returns on a fixed period
Status measure_instances(SignalScope& scope, Signals& signals);         // signals_instances.cpp: who differs from its siblings
Status measure_services(SignalScope& scope, Signals& signals);          // signals_services.cpp: deploys, services that break in turn

/// Mean of the samples in [from, to), or nothing.
std::optional<double> mean_in(const Series& series, TimeRange range);
/// What a counter rose by at samples inside [from, to), against the sample before each; resets count from zero.
double rise_in(const Series& counter, TimeRange range);
/// Samples inside [from, to).
std::size_t samples_in(const Series& series, TimeRange range);

/// CPU use 0..1 of series that `wanted` accepts, by service: mean over its instances of the mean in the range. Series that
/// split CPU time by state are summed without idle, wait and steal.
Result<std::map<std::string, double>> cpu_use(CaseEvidence& evidence, TimeRange range, const std::function<bool(const Series&)>& wanted);

}  // namespace casebook
