#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/trace/calls.h"

#include <cmath>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace casebook {

/// Calls of one request that were in flight together.
struct FanOut {
    SpanTable::Row entry = 0;
    std::vector<SpanTable::Row> children;  ///< start order
    std::vector<std::uint64_t> kinds;      ///< of the children
    SpanTable::Row slowest = 0;
    std::size_t slow = 0;        ///< children over the line of their kind
    std::int64_t wait_ns = 0;    ///< from the begin of the slowest to the last end
};

struct FanOutOperation {
    std::vector<FanOut> fan_outs;                 ///< start order
    std::map<std::uint64_t, double> line_ms;      ///< per kind of call: a child over it is slow
    std::size_t one_by_one = 0;                   ///< requests with as many calls, but not at the same time
};

struct FanOutRules {
    double fewest = 5;         ///< calls in flight at one moment
    double slow = 3;           ///< x the median of its kind
    double min_requests = 100;
    double within = 5;         ///< % by which the wait may outlast the slowest child
};

/// Finds requests that make several calls at the same time, by service and operation, in the analysed window. Messages that are
/// sent and not waited for are no calls here. Calls are of one kind that ask one peer for one thing; where those are fewer than
/// thirty, all that ask for it. A child is slow over `slow` times the median of its kind, when it also outlasts what
/// the slowest kind usually takes: else nobody waits for it. O(calls log calls). Error: cancelled.
Result<std::map<std::pair<std::string_view, std::string_view>, FanOutOperation>> find_fan_outs(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows,
                                                                                             const FanOutRules& rules, const Control& control);

/// How often one child was the slowest of slow parents, by the property that shows it most: address, instance, service, path, or,
/// where none of them tells the children apart, the order of their begins.
struct Rotation {
    double share = 0;    ///< of the slow parents, for a child beyond what chance gives
    std::string child;
    double largest = 0;  ///< of any child that is one of three or more
    bool distinguished = false;
};

/// What a rule about fan-out needs to know of one operation, over the stretch in which its parents were slow.
struct FanOutLook {
    std::vector<const FanOut*> fan_outs, slow;
    double fan_out = 0;                      ///< children, median
    double child_share = 0;                  ///< of slow children
    /// Share of the calls that the usual spread of their kind puts over the line: lognormal, as latencies mostly are, as wide as
    /// from the lower quartile to the median, or from there to the upper quartile of those that are not slow.
    double spread_share = 0;
    double observed = 0, expected = 0;       ///< share of slow parents: counted, and 1 - (1 - p)^n with the p of each kind
    double within = 0;                       ///< of the slow parents, share that lasts as long as its slowest child and mostly waits for it
    double slow_ms = 0, normal_ms = 0;       ///< medians of the parents with and without a slow child
    Rotation rotation;
    double error() const { return expected > 0 ? std::abs(observed / expected - 1) : 1; }
};

/// `operation` has fan-outs and must outlive the look.
FanOutLook look_at_fan_outs(const SpanTable& spans, const SpanClasses& classes, const FanOutOperation& operation, const FanOutRules& rules);

}  // namespace casebook
