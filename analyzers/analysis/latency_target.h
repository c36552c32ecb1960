#pragma once

#include "analyzers/analysis/evidence.h"

#include <optional>
#include <string_view>
#include <vector>

namespace casebook {

/// How fast an operation was promised to be.
struct LatencyTarget {
    double ms = 0;
    const Setting* said = nullptr;
};

/// The SLA or SLO of an operation among the settings: a duration whose name has the word sla or slo ("sla", "latency_slo_ms",
/// "slo.checkout.p95"). What else the name says must be part of the operation's name; the source must be the service or say
/// none. The most specific one, and of several the last given. `settings` must outlive the result.
std::optional<LatencyTarget> latency_target(const std::vector<Setting>& settings, std::string_view service, std::string_view operation);

}  // namespace casebook
