#include "analyzers/analysis/error_rate.h"
#include "analyzers/playbook/signal_scope.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr double fewest_requests = 20;

/// Failed of all requests by counters.
Status measure_counters(const SignalScope& scope, Signals& signals)
{
    TRY_ASSIGN(const std::vector<Series>* errors, scope.evidence.metric("errors"));
    TRY_ASSIGN(const std::vector<Series>* requests, scope.evidence.metric("requests"));
    const auto share = [&](TimeRange range) -> std::optional<double> {
        double bad = 0, all = 0;
        for (const Series& series : *errors) bad += rise_in(series, range);
        for (const Series& series : *requests) all += rise_in(series, range);
        if (errors->empty() || all < fewest_requests) return {};
        return std::min(1.0, bad / all);
    };
    signals.error_share = share(scope.now);
    if (scope.base) signals.base_error_share = share(*scope.base);
    return {};
}

/// Gauges of the failed share: the series that rose most, else the highest. Shares of different services cannot be added.
void measure_shares(const SignalScope& scope, const std::vector<Series>& rates, Signals& signals)
{
    double most = 0;
    for (const Series& series : rates) {
        const double whole = whole_of(series);
        const auto now = whole > 0 ? mean_in(series, scope.now) : std::nullopt;
        if (!now) continue;
        const auto base = scope.base ? mean_in(series, *scope.base) : std::nullopt;
        const double rise = *now - base.value_or(0);
        if (signals.error_share && rise <= most) continue;
        most = rise;
        signals.error_share = *now / whole;
        signals.base_error_share.reset();
        if (base) signals.base_error_share = *base / whole;
    }
}

/// Errors per second of requests per second.
void measure_rates(const SignalScope& scope, const std::vector<Series>& rates, Signals& signals)
{
    const auto share = [&](TimeRange range, std::optional<double> per_second) -> std::optional<double> {
        double sum = 0;
        bool any = false;
        for (const Series& series : rates)
            if (const auto rate = whole_of(series) > 0 ? std::nullopt : mean_in(series, range)) {
                sum += *rate;
                any = true;
            }
        if (!any || per_second.value_or(0) <= 0) return {};
        return std::min(1.0, sum / *per_second);
    };
    signals.error_share = share(scope.now, signals.offered);
    if (scope.base) signals.base_error_share = share(*scope.base, signals.base_offered);
}

}  // namespace

Status measure_error_series(SignalScope& scope, Signals& signals)
{
    if (signals.error_share) return {};
    TRY(measure_counters(scope, signals));
    TRY_ASSIGN(const std::vector<Series>* rates, scope.evidence.metric("error_rate"));
    if (!signals.error_share) measure_shares(scope, *rates, signals);
    if (!signals.error_share) measure_rates(scope, *rates, signals);
    if (signals.error_share) signals.error_minutes = signals.window_minutes;
    return {};
}

}  // namespace casebook
