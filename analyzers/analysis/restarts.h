#pragma once

#include "analyzers/analysis/evidence.h"

#include <string>
#include <vector>

namespace casebook {

/// When a process began anew: from events (restart, deploy, oom, crash) and counters of restarts. In order of time.
struct RestartMoment {
    std::int64_t at_ns = 0;
    std::string service, instance;  ///< empty: it was not said whose
};
Result<std::vector<RestartMoment>> restart_moments(CaseEvidence& evidence);

/// Those of a service (an empty name on either side may be any).
std::vector<RestartMoment> restarts_of(const std::vector<RestartMoment>& all, const std::string& service);

}  // namespace casebook
