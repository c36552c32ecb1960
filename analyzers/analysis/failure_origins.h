#pragma once

#include "analyzers/analysis/context.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace casebook {

/// How often one operation failed somebody, and in how many of these requests the failure began with it.
struct OperationFailures {
    SpanTable::Id service = 0, operation = 0;
    std::uint64_t requests = 0, failed = 0;            ///< of the analysed window
    std::uint64_t base_requests = 0, base_failed = 0;  ///< of the baseline
    std::vector<SpanTable::Row> origins;               ///< failed ones below which no other operation failed, in table order
    std::map<std::string, std::uint64_t> kinds;        ///< of the origins, by error_kind(); "unnamed" without one
    std::uint64_t cut = 0;                             ///< origins that waited for a failed call whose other end was lost
    std::vector<std::uint32_t> traces;                 ///< traces in which it failed, ascending, each once
};

struct FailureOrigins {
    std::vector<OperationFailures> operations;  ///< by service name, then operation name
    std::uint64_t requests = 0, failed = 0;     ///< of all operations in the analysed window
    bool outcome_recorded = false;              ///< some span says how it went
};

/// Where failures begin. An operation fails a request when its entry span failed and so did everything that waited for it: a
/// failure that a caller survived, or whose repetition (same caller, same URL or message, begun after it ended) succeeded,
/// failed nobody. A 4xx is the caller's own fault. A failed call belongs to the operation that made it, unless the service it
/// calls failed, too; when that answered with an error and its own span is missing though it is recorded elsewhere, or has
/// lost its parent, the trace is cut. O(spans log spans), iterative.
FailureOrigins failure_origins(const SpanTable& spans, const SpanClasses& classes, const RequestSet& requests, const AnalysisWindows& windows);

}  // namespace casebook
