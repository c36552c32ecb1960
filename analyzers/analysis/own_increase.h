#pragma once

#include "analyzers/analysis/evidence.h"
#include "analyzers/trace/calls.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace casebook {

/// Why requests of one operation take longer than before: by the operation's own doing, or because what it calls got slower.
/// Means per request, ms.
struct OwnIncrease {
    double total_ms = 0;            ///< increase of the request
    double own_ms = 0;              ///< total less callees less waiting
    double callees_ms = 0;          ///< each call that was made before takes longer
    double waiting_ms = 0;          ///< waits for pooled connections: of nobody's own doing
    double self_ms = 0;             ///< increase of the time in no call
    double new_calls_ms = 0;        ///< time of calls to what was not called before
    double calls_before = 0, calls_after = 0;      ///< per request
    double overlap_before = 0, overlap_after = 0;  ///< time of the calls / time during which there was one
    std::string slower_callee;      ///< a callee at least 1.2 x slower per call that makes a fifth of the increase; empty else
    std::vector<std::string> new_calls;            ///< "catalog GET /items/:id"

    double own_share() const { return total_ms > 0 ? own_ms / total_ms : 0; }
    /// The largest part of what is its own, in words: "its calls no longer overlap".
    std::string what() const;
};

/// Compares entry rows of one operation before and after. The callees' part is what the calls of before would take longer at
/// the durations of after, as far as they did not overlap. O(calls log calls) per comparison.
class IncreaseComparison {
public:
    IncreaseComparison(const SpanTable& spans, const SpanClasses& classes);
    OwnIncrease compare(const std::vector<SpanTable::Row>& before, const std::vector<SpanTable::Row>& after);

private:
    struct Side;
    Side measure(const std::vector<SpanTable::Row>& rows);

    const SpanTable& spans_;
    const OutermostCalls calls_;
    CallTargets targets_;
    std::map<SpanTable::Row, std::int64_t> waiting_ns_;  ///< for pooled connections, by entry
};

}  // namespace casebook
