#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/trace/calls.h"

#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace casebook {

/// What the requests of a case show of two calls of one operation.
struct CallPair {
    std::uint64_t overlapping = 0;                 ///< requests in which they run at the same time
    std::uint64_t forward = 0, backward = 0;       ///< one after the other; forward: the one with the smaller target first
    SpanTable::Row witness = SpanTable::no_row;    ///< an entry in which they overlap, else one in which they come backward

    /// Requests that speak against a dependency of the later call on the earlier one.
    std::uint64_t against(bool in_order) const { return overlapping + (in_order ? backward : forward); }
};

/// A request whose calls follow each other end to start on its critical path.
struct CallChain {
    SpanTable::Row entry = 0;
    std::vector<CallTargets::Id> targets;
    std::vector<SpanTable::Row> calls;
    std::vector<bool> independent;  ///< per call: some other call of the chain does not need it, or it does not need that one
    double saving_ms = 0;           ///< the chain less its longest run of calls that may depend on each other
    bool rounded = false;           ///< all times are whole milliseconds
    double shortest_ms = 0;
};

struct ChainedOperation {
    SpanTable::Id service = 0, operation = 0;
    std::map<std::pair<CallTargets::Id, CallTargets::Id>, CallPair> pairs;  ///< of all windows; smaller target first
    std::vector<SpanTable::Row> requests;     ///< of the analysed window, with calls to two or more targets
    std::vector<CallChain> proven;            ///< worth saving, over pairs that `pairs` shows independent
    std::vector<CallChain> possible;          ///< worth saving if calls to different services are independent
    double largest_share = 0, largest_ms = 0;  ///< proven saving below what is worth it
};

struct ChainRules {
    double siblings = 2;       ///< calls of a chain
    double overlap = 1;        ///< % of the operation that neighbours may overlap, at least 1 ms
    double witnesses = 3;      ///< requests that show two calls independent
    double saving_share = 10;  ///< % of the operation, or
    double saving_ms = 50;
};

/// Finds the chains of every operation. Dependence is assumed until enough requests of any window are counterexamples: the
/// calls overlap, or come in another order (Chow et al., "The Mystery Machine", OSDI 2014). Targets that one request calls
/// repeatedly are left out (repeated statements and chatty calls are other questions); an attempt after a failed one counts
/// as the same call. O(requests x calls^2) with at most 32 calls compared. Error: cancelled.
Result<std::map<std::pair<std::string_view, std::string_view>, ChainedOperation>> find_call_chains(const SpanTable& spans, const OutermostCalls& calls, CallTargets& targets,
                                                                                               const AnalysisWindows& windows, const ChainRules& rules, const Control& control);

}  // namespace casebook
