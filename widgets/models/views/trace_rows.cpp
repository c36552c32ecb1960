#include "widgets/models/views/trace_rows.h"

#include <algorithm>

namespace casebook {

TraceRows::TraceRows(const SpanTable& spans, std::size_t trace_index) : spans_(&spans), trace_index_(trace_index)
{
    if (trace_index >= spans.traces.size()) return;
    const SpanTable::Trace& trace = spans.traces[trace_index];
    const Row first = trace.first, end = trace.first + trace.count;
    rows_.reserve(trace.count);
    nodes_.assign(trace.count, FlatTree::none);
    std::vector<std::uint32_t> depths;
    depths.reserve(trace.count);

    struct Pending { Row row; std::uint32_t depth; };
    std::vector<Pending> pending;
    const auto walk = [&] {
        while (!pending.empty()) {
            const Pending next = pending.back();
            pending.pop_back();
            if (next.row < first || next.row >= end || nodes_[next.row - first] != FlatTree::none) continue;
            nodes_[next.row - first] = static_cast<Node>(rows_.size());
            rows_.push_back(next.row);
            depths.push_back(next.depth);
            const auto children = spans.children(next.row);
            for (std::size_t i = children.size(); i-- > 0;) pending.push_back({children[i], next.depth + 1});
        }
    };
    if (trace.root != SpanTable::no_row) pending.push_back({trace.root, 0});
    walk();
    for (Row row = first; row < end; ++row)
        if (spans.parent[row] == SpanTable::no_row) {
            pending.push_back({row, 0});
            walk();
        }
    tree.assign(std::move(depths));

    errors_below_.assign(rows_.size(), 0);
    for (std::size_t node = rows_.size(); node-- > 0;) {
        if (is_error(static_cast<Node>(node))) ++errors_below_[node];
        const Node parent = tree.parent(static_cast<Node>(node));
        if (parent != FlatTree::none) errors_below_[parent] += errors_below_[node];
    }
    if (rows_.empty()) return;
    start_ns_ = spans.start_ns[rows_.front()];
    end_ns_ = start_ns_ + 1;
    for (const Row row : rows_) {
        start_ns_ = std::min(start_ns_, spans.start_ns[row]);
        end_ns_ = std::max(end_ns_, spans.end_ns(row));
    }
}

TraceRows::Node TraceRows::node_of(Row row) const
{
    if (spans_ == nullptr || trace_index_ >= spans_->traces.size()) return FlatTree::none;
    const SpanTable::Trace& trace = spans_->traces[trace_index_];
    return row < trace.first || row - trace.first >= nodes_.size() ? FlatTree::none : nodes_[row - trace.first];
}

bool TraceRows::is_orphan(Node node) const
{
    const Row row = rows_[node];
    return spans_->parent[row] == SpanTable::no_row && spans_->parent_id[row] != 0;
}

TraceRows::Intervals TraceRows::covered_by_children(Node node) const
{
    Intervals covered;
    const Row row = rows_[node];
    const std::int64_t from = spans_->start_ns[row], to = spans_->end_ns(row);
    for (const Row child : spans_->children(row)) {  // in start order
        const std::int64_t start = std::clamp(spans_->start_ns[child], from, to);
        const std::int64_t end = std::clamp(spans_->end_ns(child), from, to);
        if (end <= start) continue;
        if (!covered.empty() && start <= covered.back().second) covered.back().second = std::max(covered.back().second, end);
        else covered.emplace_back(start, end);
    }
    return covered;
}

std::vector<std::uint32_t> TraceRows::open_spans(std::size_t columns) const
{
    std::vector<std::uint32_t> open(columns, 0);
    if (columns == 0 || rows_.empty()) return open;
    std::vector<std::int32_t> change(columns + 1, 0);
    const double scale = static_cast<double>(columns) / static_cast<double>(end_ns_ - start_ns_);
    const auto column = [&](std::int64_t at_ns) {
        const auto index = static_cast<std::size_t>(std::max(0.0, static_cast<double>(at_ns - start_ns_) * scale));
        return std::min(index, columns - 1);
    };
    for (const Row row : rows_) {
        ++change[column(spans_->start_ns[row])];
        --change[column(spans_->end_ns(row)) + 1];
    }
    std::int32_t now = 0;
    for (std::size_t i = 0; i < columns; ++i) open[i] = static_cast<std::uint32_t>(std::max(0, now += change[i]));
    return open;
}

}  // namespace casebook
