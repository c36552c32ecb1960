#include "analyzers/core/statistics.h"
#include "analyzers/playbook/signal_scope.h"

#include <algorithm>
#include <set>

namespace casebook {
namespace {

constexpr std::size_t fewest_samples = 5, most_samples = 300;

std::string name_of_queue(const Series& series)
{
    for (const char* key : {"queue", "topic", "messaging.destination.name", "destination", "consumergroup"})
        if (const std::string name = series.label(key); !name.empty()) return name;
    return series.name;
}

struct Arrivals {
    std::optional<double> per_second;
    double counted = 0; ///< messages that the rate rests on
};

Result<Arrivals> arrivals_in(const SignalScope& scope, TimeRange range)
{
    CaseEvidence& evidence = scope.evidence;
    const double seconds = std::max(range.seconds(), 1e-9);
    double sum = 0;
    bool known = false;
    TRY_ASSIGN(const std::vector<Series>* counters, evidence.metric("queue_arrivals"));
    for (const Series& series : *counters) {
        if (samples_in(series, range) < 2) continue;
        sum += rise_in(series, range) / seconds;
        known = true;
    }
    if (!known) {
        TRY_ASSIGN(const std::vector<Series>* gauges, evidence.metric("queue_arrival_rate"));
        for (const Series& series : *gauges)
            if (const auto rate = mean_in(series, range)) {
                sum += *rate;
                known = true;
            }
    }
    if (!known) {
        for (SpanTable::Row row = 0; row < scope.spans->size(); ++row)
            if (scope.spans->kind[row] == SpanKind::producer && range.contains(scope.spans->start_ns[row])) ++sum;
        known = sum >= 20;
        sum /= seconds;
    }
    if (!known) return Arrivals{};
    return Arrivals{sum, sum * seconds};
}

}  // namespace

Status measure_queue(SignalScope& scope, Signals& signals)
{
    CaseEvidence& evidence = scope.evidence;
    TRY_ASSIGN(const std::vector<Series>* depths, evidence.metric("queue_depth"));
    for (const Series& series : *depths) {
        const std::size_t count = samples_in(series, scope.now);
        if (count < fewest_samples) continue;
        const std::size_t stride = count / most_samples + 1;
        std::vector<double> minutes, depth;
        std::size_t seen = 0;
        for (std::size_t i = 0; i < series.at_ns.size(); ++i) {
            if (!scope.now.contains(series.at_ns[i]) || seen++ % stride != 0) continue;
            minutes.push_back(TimeRange{scope.now.from_ns, series.at_ns[i]}.seconds() / 60);
            depth.push_back(series.value[i]);
        }
        const LinearFit fit = linear_fit(minutes, depth);
        const double start = std::max(fit.intercept + fit.slope * minutes.front(), 1.0);
        const double growth = std::max(0.0, fit.intercept + fit.slope * minutes.back()) / start;
        if (signals.queue_growth && growth <= *signals.queue_growth) continue;
        signals.queue_growth = growth;
        signals.queue_rise_minutes = minutes.back() - minutes.front();
        signals.queue_trend_p = mann_kendall(depth).p_increase;
        signals.queue_name = name_of_queue(series);
    }
    if (!signals.queue_growth) return {};
    TRY_ASSIGN(const Arrivals arrivals, arrivals_in(scope, scope.now));
    signals.arrivals = arrivals.per_second;
    signals.arrivals_counted = arrivals.counted;
    if (scope.base) {
        TRY_ASSIGN(const Arrivals base, arrivals_in(scope, *scope.base));
        signals.base_arrivals = base.per_second;
        signals.base_arrivals_counted = base.counted;
    }
    TRY_ASSIGN(const std::vector<Series>* use, evidence.metric("consumer_cpu"));
    for (const Series& series : *use)
        if (const auto busy = mean_in(series, scope.now)) signals.consumer_cpu = std::max(signals.consumer_cpu.value_or(0), *busy);
    if (signals.consumer_cpu) return {};
    std::set<std::string> consumers;
    for (SpanTable::Row row = 0; row < scope.spans->size(); ++row)
        if (scope.spans->kind[row] == SpanKind::consumer) consumers.emplace(scope.spans->text(scope.spans->service[row]));
    if (consumers.empty()) return {};
    TRY_ASSIGN(const auto busy, cpu_use(evidence, scope.now, [&](const Series& series) { return consumers.count(series.service) > 0; }));
    for (const auto& [service, share] : busy) signals.consumer_cpu = std::max(signals.consumer_cpu.value_or(0), share);
    return {};
}

}  // namespace casebook
