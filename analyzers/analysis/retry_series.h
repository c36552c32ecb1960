#pragma once

#include "analyzers/analysis/service_load.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// Calls of one service to one peer as counters or rates tell them: attempts, and the logical requests behind them.
struct RetrySeries {
    std::string service, peer;                     ///< peer: empty when the series do not say
    std::vector<std::int64_t> at_ns;
    std::vector<double> attempts, logical;         ///< per second, over the time since the moment before
    bool counted = false;                          ///< retries were counted as such; else logical requests are those the service was asked, of which each may make several calls
    std::vector<const Series*> from;               ///< of attempts and retries
    double ratio(std::size_t i) const { return logical[i] > 0 ? attempts[i] / logical[i] : 0; }
};

/// Attempts from series in the roles `attempts` and `retries`, joined by service and peer, with the load of the service where only
/// one of the two is there. Errors: caseFile, cancelled.
Result<std::vector<RetrySeries>> retry_series(AnalysisContext& context, ServiceLoads& loads);

/// The stretch in which the attempts multiply.
struct RetryStretch {
    std::size_t first = 0, last = 0;               ///< moments, inclusive
    TimeRange when;
    double attempts = 0, logical = 0;              ///< in all
    double usual_ratio = 1;                        ///< attempts per logical request at the other moments, at least 1; 1 when retries were counted
    double load_factor = 1;                        ///< logical requests per second against the other moments
    bool compared = false;                         ///< there are other moments
    double amplification() const { return logical > 0 ? attempts / logical / usual_ratio : 0; }
};
/// The run of moments of the analysed window at `warn` times the usual ratio or more with the most attempts beyond it.
std::optional<RetryStretch> worst_stretch(const RetrySeries& series, const AnalysisWindows& windows, double warn);

/// How much a rate rose in the stretch against the other moments; nothing when it was not recorded for both. For a service's own
/// series only: that of another is nobody's.
Result<std::optional<double>> arrivals_factor(AnalysisContext& context, ServiceLoads& loads, const RetrySeries& series, const RetryStretch& stretch);

/// Whether the service or its peer failed more in the stretch than at other moments; nothing without series about errors.
Result<std::optional<bool>> errors_rose(AnalysisContext& context, const RetrySeries& series, const RetryStretch& stretch);

}  // namespace casebook
