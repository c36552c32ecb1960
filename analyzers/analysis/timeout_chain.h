#pragma once

#include "analyzers/analysis/timeout_settings.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace casebook {

/// One service calls another, as traces show it.
struct ServiceCall {
    std::string service, peer;
    std::string callee;  ///< what the peer calls itself; empty when it was not recorded
};

/// What the settings say of one call: whether it may take longer than anybody waits for it.
struct TimeoutLook {
    CallLimit limit;
    std::optional<Deadline> deadline;  ///< of the caller, shorter than the call may take
    bool over_budget = false;          ///< the timeout is longer than the budget by more than the margin
    bool holds() const { return deadline || over_budget || limit.unlimited; }
};
/// "may take 6 s in 3 attempts of 2 s, and gateway waits 5 s"
std::string describe(const TimeoutLook& look);

/// Along each path the callee's timeout x attempts + waits must end before the caller gives up, which it does by its own deadline
/// or because those that call it wait no longer (patterns-production missing-or-inverted-timeout).
class TimeoutChain {
public:
    /// `settings` must outlive this. O(calls x settings about timeouts).
    TimeoutChain(const std::vector<Setting>& settings, const std::vector<ServiceCall>& calls);
    /// `call` is one of the calls given. `margin`: how many times the budget a timeout may be.
    TimeoutLook look(const ServiceCall& call, double margin) const;

private:
    TimeoutSettings settings_;
    std::map<std::pair<std::string, std::string>, CallLimit> limits_;  ///< by service and peer
    std::map<std::string, std::vector<Deadline>> deadlines_;           ///< by service
};

}  // namespace casebook
