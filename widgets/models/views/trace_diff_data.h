#pragma once

#include "analyzers/trace/trace_diff.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/views/table_data.h"

#include <QString>
#include <memory>
#include <vector>

namespace casebook {

/// One side of a comparison: requests, as diff_traces() takes them, and what they are called when they are several.
struct ComparedRequests {
    QString name;  ///< "baseline", "slowest 5 %"; may be empty
    std::vector<SpanTable::Row> rows;
};

/// A comparison with what views say about it. Immutable once made.
struct TraceDiffData {
    std::shared_ptr<const SpanTable> spans;
    ComparedRequests a, b;
    TraceDiff diff;
    std::vector<std::uint32_t> ranked;       ///< as rank_differences()
    std::vector<std::uint8_t> named_twice;   ///< per node: a sibling has its service and operation; the statement tells them apart
    bool parallel = false;                   ///< waited and own time differ somewhere
    double largest_total_ns = 0;             ///< of both sides, per request
    SpanTable::Row longest_a = SpanTable::no_row, longest_b = SpanTable::no_row;  ///< request of each side; no_row without one

    /// One request against one: figures are its own, not means.
    bool is_pair() const { return diff.requests_a == 1 && diff.requests_b == 1; }
};

/// Compares; O(n log n), any thread. Rows past the end of the table are left out.
std::shared_ptr<const TraceDiffData> compare_requests(std::shared_ptr<const SpanTable> spans, ComparedRequests a, ComparedRequests b);

/// "SELECT orders"; with the statement where siblings share the name.
QString call_title(const TraceDiffData& data, std::uint32_t node);
/// "orders → SELECT orders", service and call.
QString call_place(const TraceDiffData& data, std::uint32_t node);
/// "1 → 41": of A and B, per request; `sum` is what a side counted.
QString counts_text(const TraceDiffData& data, std::uint64_t sum_a, std::uint64_t sum_b);
/// "+380 ms", "-2.1 ms", "0 ms".
QString signed_duration_text(double difference_ns);
/// Every figure of a node, exact; one per line.
QString call_text(const TraceDiffData& data, std::uint32_t node);
/// "B is 412 ms slower (80 ms → 492 ms); 380 ms of it is in orders → SELECT orders (1 call → 41 calls)."
QString headline(const TraceDiffData& data);
/// What a side is: "gateway GET /orders · 80 ms · 12 spans · 2026-… UTC · trace …", or the name, number and mean of a group.
QString side_text(const TraceDiffData& data, bool side_b, TimeZoneMode zone);

/// The places with a difference, largest first: waited time, call, calls, own time; the last column is the node.
std::shared_ptr<TableData> difference_table(std::shared_ptr<const TraceDiffData> data);

}  // namespace casebook
