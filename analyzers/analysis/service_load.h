#pragma once

#include "analyzers/analysis/context.h"

#include <map>
#include <string>
#include <vector>

namespace casebook {

/// What a service was asked to do, at the moments at which something else was sampled.
struct ServiceLoad {
    enum class Source : std::uint8_t { none, metric, spans } source = Source::none;
    std::vector<double> per_second; ///< one per moment: over the time since the moment before
    TimeRange recorded;             ///< outside it nobody counted; a zero there is no zero
    bool known() const { return source != Source::none; }
    /// Spans begin when a request arrives; most metrics count it when it is done, and fall when requests hang.
    bool counts_arrivals() const { return source == Source::spans; }
};

/// Load of services at the moments of other series. The spans are gone through once for all services.
class ServiceLoads {
public:
    explicit ServiceLoads(AnalysisContext& context) : context_(context) {}
    /// At increasing moments: from a rate of requests, a counter of requests, else from the service's entry spans (averaged
    /// so that a moment stands for 20 requests or more). Series of one service that is the only one, or of nobody's name,
    /// are taken for it.
    Result<ServiceLoad> of(const std::string& service, const std::vector<std::int64_t>& moments_ns);

private:
    Status read_arrivals();

    AnalysisContext& context_;
    bool read_ = false;
    TimeRange recorded_;                                         ///< first to last start of any span
    std::map<std::string, std::vector<std::int64_t>> arrivals_; ///< by service in lower case, sorted
};

} // namespace casebook
