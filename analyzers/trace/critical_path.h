#pragma once

#include "analyzers/trace/span_table.h"

#include <cstdint>
#include <span>
#include <vector>

namespace casebook {

/// A stretch of a request during which the span `row` itself was what the request waited for.
struct PathSection {
    SpanTable::Row row = SpanTable::no_row;
    std::int64_t from_ns = 0, to_ns = 0;  ///< in the clock of the root's host

    std::int64_t duration_ns() const { return to_ns - from_ns; }
    bool operator==(const PathSection&) const = default;
};

/// The critical path of the tree under `root`: sections in time order that tile [start, end] of the root exactly, on any
/// input. Walks back from the end: the child that finished last was waited for, before it the child that finished before
/// that one started, and so on (Jaeger UI; CRISP, Zhang et al., ATC'22). Differences, each against a fault of real data:
///  - Siblings may overlap by max(1 % of the parent, 50 us), or 1 ms where start times are whole milliseconds (stock
///    JavaScript clients), but not by more than half of the shorter; CRISP allows the 1 %, Jaeger no overlap at all.
///  - Children starting after the parent's end and consumers of a producer were not waited for.
///  - A child of the same process that ends well after its parent (5 ms and 1 %) was not waited for when the parent
///    started other children after it. Other children that stick out are cut at the parent.
///  - A server span that sticks out of its client span but would fit is moved in by the least shift: clocks differ.
/// Iterative, O(n log n).
std::vector<PathSection> critical_path(const SpanTable& table, SpanTable::Row root);

/// critical_path for many roots of one table, without allocating for each.
class CriticalPathFinder {
public:
    explicit CriticalPathFinder(const SpanTable& table) : table_(table) {}
    /// Valid until the next call.
    std::span<const PathSection> find(SpanTable::Row root);

private:
    struct Frame {
        SpanTable::Row row = SpanTable::no_row;
        std::int64_t shift_ns = 0;            ///< from the span's clock to the root's
        std::int64_t low_ns = 0, cursor_ns = 0;  ///< what is left to attribute
        std::int64_t high_ns = 0;
        std::int64_t tolerance_ns = 0;
        std::int64_t last_duration_ns = 0;    ///< of the child taken last
        std::int64_t latest_start_ns = 0;     ///< of the children that ended in time
        std::size_t candidates_begin = 0;     ///< in candidates_; the best is the last
    };
    struct Candidate {
        SpanTable::Row row;
        std::int64_t start_ns, end_ns, shift_ns;
        bool outlives;
    };

    void push(SpanTable::Row row, std::int64_t shift_ns, std::int64_t low_ns, std::int64_t high_ns);
    bool take_next(Frame& frame, Candidate& taken);
    void add_section(SpanTable::Row row, std::int64_t from_ns, std::int64_t to_ns);

    const SpanTable& table_;
    std::vector<Frame> stack_;
    std::vector<Candidate> candidates_;
    std::vector<PathSection> sections_;
};

/// Time on critical paths by operation, over several roots.
struct PathShare {
    SpanTable::Id service = 0, operation = 0;
    std::int64_t total_ns = 0;
    std::uint32_t roots = 0;     ///< paths it is on
    std::uint32_t sections = 0;
};
/// Largest total first, then by service and operation name. The totals add up to the durations of the roots.
std::vector<PathShare> path_by_operation(const SpanTable& table, std::span<const SpanTable::Row> roots);

}  // namespace casebook
