#include "analyzers/playbook/signals.h"

#include "analyzers/analysis/requests.h"
#include "analyzers/playbook/signal_scope.h"
#include "analyzers/trace/requests.h"

#include <algorithm>

namespace casebook {

std::size_t samples_in(const Series& series, TimeRange range)
{
    std::size_t count = 0;
    for (const std::int64_t at : series.at_ns) count += range.contains(at);
    return count;
}

std::optional<double> mean_in(const Series& series, TimeRange range)
{
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < series.at_ns.size(); ++i) {
        if (!range.contains(series.at_ns[i])) continue;
        sum += series.value[i];
        ++count;
    }
    if (count == 0) return {};
    return sum / static_cast<double>(count);
}

double rise_in(const Series& counter, TimeRange range)
{
    double rise = 0;
    for (std::size_t i = 1; i < counter.at_ns.size(); ++i) {
        if (!range.contains(counter.at_ns[i])) continue;
        const double step = counter.value[i] - counter.value[i - 1];
        rise += step >= 0 ? step : counter.value[i];
    }
    return rise;
}

Result<Signals> measure_signals(CaseEvidence& evidence, const AnalysisWindows& windows, double tail_samples)
{
    Signals signals;
    SignalScope scope{evidence, windows, windows.incident.value_or(windows.analysed), windows.baseline, std::max(1.0, tail_samples)};
    if (scope.now.to_ns <= scope.now.from_ns) return signals;
    signals.window_minutes = scope.now.seconds() / 60;
    TRY_ASSIGN(scope.spans, evidence.spans());
    scope.entries = request_rows(*scope.spans);
    TRY_ASSIGN(const std::vector<Observations> observed, observations_of(evidence));
    scope.changes = find_changes(observed);
    if (scope.entries.empty()) TRY(measure_latency_series(scope, signals));
    else TRY(measure_requests(scope, signals));
    for (const auto part : {measure_error_series, measure_resources, measure_queue, measure_spikes, measure_instances, measure_services}) {
        TRY(evidence.control().check());
        TRY(part(scope, signals));
    }
    return signals;
}

}  // namespace casebook
