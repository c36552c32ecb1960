#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/signal_scope.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

/// Cumulative counts of one service's histogram over a stretch of time, summed over its series; bounds in ms.
struct Histogram {
    std::map<double, double> up_to;
    double count = 0;
};

/// Value at p by linear interpolation inside its bucket (as Prometheus histogram_quantile), and that bucket's width.
std::pair<double, double> quantile(const Histogram& histogram, double p)
{
    const double wanted = histogram.count * p / 100;
    double below = 0, lower = 0;
    for (const auto& [bound, count] : histogram.up_to) {
        if (count >= wanted && count > below) {
            if (!std::isfinite(bound)) return {lower, lower};
            return {lower + (bound - lower) * (wanted - below) / (count - below), bound - lower};
        }
        below = count;
        if (std::isfinite(bound)) lower = bound;
    }
    return {lower, lower};
}

double bound_ms(const Series& series)
{
    const std::string text = series.label("le");
    if (text == "+Inf" || text == "Inf" || text == "inf") return HUGE_VAL;
    const bool seconds = series.unit == "s" || series.unit == "seconds" || contains_ignoring_case(series.name, "seconds");
    return parse_double(text).value_or(HUGE_VAL) * (seconds ? 1000 : 1);
}

Histogram histogram_in(const std::vector<const Series*>& buckets, TimeRange range)
{
    Histogram histogram;
    for (const Series* series : buckets) histogram.up_to[bound_ms(*series)] += rise_in(*series, range);
    // Producers that leave out empty buckets make sums fall: cumulative counts never do.
    double largest = 0;
    for (auto& [bound, count] : histogram.up_to) count = largest = std::max(largest, count);
    histogram.count = largest;
    return histogram;
}

struct Levels { std::optional<LatencyLevel> now, base; bool too_wide = false; };

double factor_of(const Levels& levels)
{
    if (!levels.now) return 0;
    return levels.base && levels.base->p99 > 0 ? levels.now->p99 / levels.base->p99 : 1;
}

Levels from_buckets(const SignalScope& scope, const std::vector<const Series*>& buckets)
{
    Levels levels;
    double width = 0;
    const auto level = [&](TimeRange range) -> std::optional<LatencyLevel> {
        const Histogram histogram = histogram_in(buckets, range);
        if (histogram.count < 20) return {};
        LatencyLevel found{quantile(histogram, 50).first, quantile(histogram, 99).first, 0, static_cast<std::uint64_t>(histogram.count)};
        width = quantile(histogram, 99).second;
        double below = 0, lower = 0, sum = 0;
        for (const auto& [bound, count] : histogram.up_to) {
            const double upper = std::isfinite(bound) ? bound : lower;
            sum += (count - below) * (lower + upper) / 2;
            below = count;
            lower = upper;
        }
        found.mean = sum / histogram.count;
        return found;
    };
    levels.now = level(scope.now);
    if (scope.base) levels.base = level(*scope.base);
    levels.too_wide = levels.now && levels.base && width > std::abs(levels.now->p99 - levels.base->p99);
    return levels;
}

/// Gauges of percentiles: the median over time of the worst instance, never a mean of percentiles.
std::optional<double> worst_instance(const std::vector<const Series*>& gauges, TimeRange range)
{
    std::map<std::int64_t, double> worst;
    for (const Series* series : gauges)
        for (std::size_t i = 0; i < series->at_ns.size(); ++i) {
            if (!range.contains(series->at_ns[i])) continue;
            const auto [at, fresh] = worst.try_emplace(series->at_ns[i], series->value[i]);
            at->second = std::max(at->second, series->value[i]);
        }
    std::vector<double> values;
    for (const auto& [at, value] : worst) values.push_back(value);
    if (values.empty()) return {};
    return median(std::move(values));
}

Result<std::map<std::string, std::vector<const Series*>>> by_service(CaseEvidence& evidence, const char* role)
{
    std::map<std::string, std::vector<const Series*>> grouped;
    TRY_ASSIGN(const std::vector<Series>* all, evidence.metric(role));
    for (const Series& series : *all) grouped[series.service].push_back(&series);
    return grouped;
}

}  // namespace

Status measure_latency_series(SignalScope& scope, Signals& signals)
{
    CaseEvidence& evidence = scope.evidence;
    Levels worst;
    TRY_ASSIGN(const auto buckets, by_service(evidence, "latency_bucket"));
    for (const auto& [service, series] : buckets)
        if (Levels levels = from_buckets(scope, series); factor_of(levels) > factor_of(worst)) worst = std::move(levels);
    TRY_ASSIGN(const auto p50, by_service(evidence, "latency_p50"));
    TRY_ASSIGN(const auto p99, by_service(evidence, "latency_p99"));
    for (const auto& [service, gauges] : p99) {
        const auto middle = p50.find(service);
        if (middle == p50.end()) continue;
        Levels levels;
        const auto level = [&, &tails = gauges](TimeRange range) -> std::optional<LatencyLevel> {
            const auto tail = worst_instance(tails, range), half = worst_instance(middle->second, range);
            if (!tail || !half) return {};
            return LatencyLevel{*half, *tail, 0, 0};
        };
        levels.now = level(scope.now);
        if (scope.base) levels.base = level(*scope.base);
        if (factor_of(levels) > factor_of(worst)) worst = std::move(levels);
    }
    signals.latency = worst.now;
    signals.base_latency = worst.base;
    signals.buckets_too_wide = worst.too_wide;

    TRY_ASSIGN(const std::vector<Series>* rps, evidence.metric("rps"));
    const auto offered = [&](TimeRange range) -> std::optional<double> {
        double sum = 0;
        bool any = false;
        for (const Series& series : *rps)
            if (const auto rate = mean_in(series, range)) {
                sum += *rate;
                any = true;
            }
        if (!any) return {};
        return sum;
    };
    signals.offered = offered(scope.now);
    if (scope.base) signals.base_offered = offered(*scope.base);
    return {};
}

}  // namespace casebook
