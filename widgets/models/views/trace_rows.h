#pragma once

#include "analyzers/trace/span_table.h"
#include "widgets/models/views/flat_tree.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace casebook {

/// The spans of one trace as the waterfall shows them: pre-order, children in start order, several roots (orphans,
/// cut cycles) one after the other. Borrows the table, which must outlive it. O(n), iterative.
class TraceRows {
public:
    using Row = SpanTable::Row;
    using Node = FlatTree::Node;

    TraceRows() = default;
    TraceRows(const SpanTable& spans, std::size_t trace_index);

    bool empty() const { return rows_.empty(); }
    std::size_t size() const { return rows_.size(); }
    const SpanTable& spans() const { return *spans_; }
    std::size_t trace_index() const { return trace_index_; }
    Row row(Node node) const { return rows_[node]; }
    /// The node of a span of this trace; FlatTree::none for others.
    Node node_of(Row row) const;
    /// Errors in the subtree, the node included.
    std::uint32_t errors_below(Node node) const { return errors_below_[node]; }
    bool is_error(Node node) const { return spans_->status[rows_[node]] == SpanStatus::error; }
    /// True when the span was named a parent that the case does not have.
    bool is_orphan(Node node) const;

    std::int64_t start_ns() const { return start_ns_; }  ///< earliest start
    std::int64_t end_ns() const { return end_ns_; }      ///< latest end, at least start + 1
    std::int64_t offset_ns(Node node) const { return spans_->start_ns[rows_[node]] - start_ns_; }
    std::int64_t duration_ns(Node node) const { return spans_->duration_ns[rows_[node]]; }
    std::int64_t self_ns(Node node) const { return spans_->self_ns[rows_[node]]; }

    FlatTree tree;

    /// Stretches of [start, end) covered by children, merged and clamped to the span, in absolute ns.
    using Intervals = std::vector<std::pair<std::int64_t, std::int64_t>>;
    Intervals covered_by_children(Node node) const;

    /// How many spans are open in each of `columns` equal parts of the trace's time. O(n + columns).
    std::vector<std::uint32_t> open_spans(std::size_t columns) const;

private:
    const SpanTable* spans_ = nullptr;
    std::size_t trace_index_ = 0;
    std::vector<Row> rows_;
    std::vector<Node> nodes_;  ///< by row - first row of the trace
    std::vector<std::uint32_t> errors_below_;
    std::int64_t start_ns_ = 0, end_ns_ = 1;
};

}  // namespace casebook
