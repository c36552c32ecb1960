#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/trace/calls.h"

#include <array>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace casebook {

/// What the requests of a case show of two calls of one operation.
struct CallPair {
    /// Requests in which one given call of the two begins first. Times are from its begin to the other's.
    struct Order {
        std::uint64_t in_line = 0;        ///< the other begins when it has ended
        std::uint64_t overlapping = 0;
        std::uint64_t after_another = 0;  ///< of those: the other begins when a third call ends, which is what it waited for
        std::vector<double> line_ms;      ///< of a sample of those in line
        std::vector<double> soonest_ms;   ///< the shortest of those that overlap for no visible reason, ascending
    };
    std::array<Order, 2> orders;                   ///< [0]: the call with the smaller target begins first
    SpanTable::Row witness = SpanTable::no_row;    ///< an entry in which they overlap, the sooner the better; else one in the rarer order
    double witness_ms = 0;                         ///< between their begins there

    std::uint64_t overlapping() const { return orders[0].overlapping + orders[1].overlapping; }
    /// Requests in which they overlap, unless the later one begins as late as it does in line, so that something unseen held it
    /// back and it never waited for the earlier.
    std::uint64_t together(bool smaller_first) const;
    /// Requests that speak against a dependency of the later call on the earlier one: those, and those in the other order.
    std::uint64_t against(bool smaller_first) const;
};

/// A request whose calls follow each other end to start on its critical path.
struct CallChain {
    SpanTable::Row entry = 0;
    std::vector<CallTargets::Id> targets;
    std::vector<SpanTable::Row> calls;
    std::vector<bool> independent;  ///< per call: some other call of the chain does not need it, or it does not need that one
    double saving_ms = 0;           ///< the chain less the longest run, over all calls of that time, of calls that may depend on each other
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
/// calls overlap, or, to different peers, come in another order (Chow et al., "The Mystery Machine", OSDI 2014). In one
/// request no call needs another that ends after it began. Calls beside the critical path count for what could be saved: a
/// call on the path may have waited for one of them. Targets that one request calls repeatedly are no part of a chain
/// (repeated statements and chatty calls are other questions), but what comes after may need them; an attempt after a failed
/// one counts as the same call. O(requests x calls^2) with at most 32 calls compared. Error: cancelled.
Result<std::map<std::pair<std::string_view, std::string_view>, ChainedOperation>> find_call_chains(const SpanTable& spans, const OutermostCalls& calls, CallTargets& targets,
                                                                                               const AnalysisWindows& windows, const ChainRules& rules, const Control& control);

}  // namespace casebook
