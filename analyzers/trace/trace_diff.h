#pragma once

#include "analyzers/trace/span_table.h"

#include <cstdint>
#include <span>
#include <vector>

namespace casebook {

/// What one side of a comparison has in one place of the call tree; sums over all requests of that side.
struct TraceDiffSide {
    std::uint64_t calls = 0;
    std::uint64_t errors = 0;        ///< calls whose span has status error
    std::int64_t total_ns = 0;       ///< durations
    std::int64_t self_ns = 0;        ///< time not covered by children
    std::int64_t waited_ns = 0;      ///< self time the request waited for: the spans' own part of its critical path
    SpanTable::Row longest = SpanTable::no_row;  ///< the longest of the calls, no_row without calls
};

/// Calls of one service and operation (and statement, by fingerprint) at one path from the request, of both sides.
struct TraceDiffNode {
    static constexpr std::uint32_t none = 0xffffffffu;

    SpanTable::Id service = 0, operation = 0;
    SpanTable::Id fingerprint = 0;   ///< of the statement, or 0
    std::uint32_t parent = none;     ///< index of the caller's node
    std::uint32_t depth = 0;
    bool detached = false;           ///< a root whose parent is not in the case
    TraceDiffSide a, b;

    bool only_in_a() const { return b.calls == 0; }
    bool only_in_b() const { return a.calls == 0; }
};

/// Two sets of requests as one call tree.
struct TraceDiff {
    /// Pre-order; siblings by when they first start within a request, detached roots last.
    std::vector<TraceDiffNode> nodes;
    std::uint64_t requests_a = 0, requests_b = 0;
    std::int64_t total_a_ns = 0, total_b_ns = 0;  ///< durations of the requests; the waited_ns of all nodes add up to them

    /// A sum of a side as mean per request. 0 where the side has no request.
    double per_request_a(std::int64_t sum) const { return requests_a == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(requests_a); }
    double per_request_b(std::int64_t sum) const { return requests_b == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(requests_b); }
    /// Differences b - a per request, in ns.
    double total_difference_ns() const { return per_request_b(total_b_ns) - per_request_a(total_a_ns); }
    double total_difference_ns(const TraceDiffNode& node) const { return per_request_b(node.b.total_ns) - per_request_a(node.a.total_ns); }
    double self_difference_ns(const TraceDiffNode& node) const { return per_request_b(node.b.self_ns) - per_request_a(node.a.self_ns); }
    double waited_difference_ns(const TraceDiffNode& node) const { return per_request_b(node.b.waited_ns) - per_request_a(node.a.waited_ns); }
};

/// Compares the requests `a` with the requests `b`. A request is the row of the span it begins with, and all below it; when that
/// is the root of its trace, the spans of the trace whose parents are not in the case are compared too, as detached roots
/// for which nobody waited. A request that lies inside another one of its side counts as part of that one; rows past the end and
/// rows given twice do not count. Either set may be empty, and both may share requests.
///
/// Spans match when service, operation and statement agree from the request downwards. O(n log n) in the spans compared and a
/// few bits per span of the table, whatever the shape; iterative. A sum that does not fit stays at the largest value. Pure;
/// safe from any thread.
TraceDiff diff_traces(const SpanTable& spans, std::span<const SpanTable::Row> a, std::span<const SpanTable::Row> b);

/// The nodes with a difference in waited time, largest first (either sign), then in self time, then in tree order: where
/// the difference is. For calls made one after the other waited and self time are the same; of calls in parallel only the last to
/// finish was waited for, so that the differences add up to that of the requests.
std::vector<std::uint32_t> rank_differences(const TraceDiff& diff);

/// Of requests the one in the middle by duration (the shorter of two, then the first); no_row when there is none. O(n).
SpanTable::Row median_request(const SpanTable& spans, std::span<const SpanTable::Row> requests);

}  // namespace casebook
