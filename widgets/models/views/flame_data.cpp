#include "widgets/models/views/flame_data.h"

#include "analyzers/core/number_hash.h"

#include <algorithm>
#include <numeric>
#include <tsl/robin_map.h>

namespace casebook {

/// Merges paths step by step, then brings the nodes into order.
class FlameBuilder {
public:
    using Node = FlameData::Node;

    FlameBuilder(FlameData& data, const QString& unit) : data_(data) { data_.unit_ = unit; }

    void keep_alive(std::shared_ptr<const void> owner) { data_.owners_.push_back(std::move(owner)); }
    std::string_view keep(const std::string& text) { return *data_.made_.emplace_back(std::make_unique<std::string>(text)); }

    std::uint32_t label(std::string_view text, std::string_view group)
    {
        const auto number = static_cast<std::uint32_t>(data_.texts_.size());
        const auto [entry, added] = labels_.try_emplace(std::string(group) + '\x1f' + std::string(text), number);
        if (added) {
            data_.texts_.push_back(text);
            data_.groups_.push_back(group);
        }
        return entry->second;
    }

    Node child(Node parent, std::uint32_t label)
    {
        const std::uint64_t key = static_cast<std::uint64_t>(parent) << 32 | label;
        const auto [entry, added] = children_.try_emplace(key, static_cast<Node>(data_.parent_.size()));
        if (added) {
            data_.parent_.push_back(parent);
            data_.depth_.push_back(parent == FlameData::none ? 0 : data_.depth_[parent] + 1);
            data_.label_.push_back(label);
            data_.self_.push_back(0);
            data_.count_.push_back(0);
        }
        return entry->second;
    }

    void add(Node node, double self, std::uint64_t count = 1)
    {
        data_.self_[node] += self;
        data_.count_[node] += count;
    }

    void finish() { data_.lay_out(); }

private:
    FlameData& data_;
    tsl::robin_map<std::string, std::uint32_t> labels_;
    tsl::robin_map<std::uint64_t, Node, NumberHash> children_;
};

void FlameData::lay_out()
{
    const std::size_t size = parent_.size();
    total_ = self_;
    // Parents were made before their children.
    for (std::size_t node = size; node-- > 0;)
        if (parent_[node] != none) total_[parent_[node]] += total_[node];
    // Children by cost, grouped by parent: one sort over all of them.
    std::vector<Node> order(size);
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](Node a, Node b) {
        if (parent_[a] != parent_[b]) return parent_[a] + 1 < parent_[b] + 1;  // none wraps to the front
        if (total_[a] != total_[b]) return total_[a] > total_[b];
        return label_[a] < label_[b];
    });
    std::vector<std::uint32_t> first(size + 2, static_cast<std::uint32_t>(size));  // by parent + 1
    for (std::size_t i = size; i-- > 0;) first[static_cast<std::uint32_t>(parent_[order[i]] + 1)] = static_cast<std::uint32_t>(i);
    const auto children = [&](Node parent) {
        const std::uint32_t from = first[static_cast<std::uint32_t>(parent + 1)];
        std::uint32_t to = from;
        while (to < size && parent_[order[to]] == parent) ++to;
        return std::pair{from, to};
    };
    std::vector<Node> sequence, stack;
    sequence.reserve(size);
    const auto push = [&](Node parent) {
        const auto [from, to] = children(parent);
        for (std::uint32_t i = to; i-- > from;) stack.push_back(order[i]);
    };
    push(none);
    while (!stack.empty()) {
        const Node node = stack.back();
        stack.pop_back();
        sequence.push_back(node);
        push(node);
    }
    std::vector<Node> place(size);
    for (std::size_t i = 0; i < size; ++i) place[sequence[i]] = static_cast<Node>(i);
    const auto arrange = [&](auto& column) {
        auto moved = column;
        for (std::size_t i = 0; i < size; ++i) moved[i] = column[sequence[i]];
        column = std::move(moved);
    };
    arrange(parent_);
    for (Node& parent : parent_)
        if (parent != none) parent = place[parent];
    arrange(depth_);
    arrange(label_);
    arrange(total_);
    arrange(self_);
    arrange(count_);

    left_.assign(size, 0);
    levels_.clear();
    total_sum_ = 0;
    std::vector<double> next(size);  // where the next child of a node begins
    for (Node node = 0; node < size; ++node) {
        double& at = parent_[node] == none ? total_sum_ : next[parent_[node]];
        left_[node] = next[node] = at;
        at += total_[node];
        if (depth_[node] >= levels_.size()) levels_.emplace_back();
        levels_[depth_[node]].push_back(node);
    }
}

std::shared_ptr<const FlameData> flame_of_spans(std::shared_ptr<const SpanTable> owner, const std::vector<SpanTable::Row>& roots)
{
    auto data = std::make_shared<FlameData>();
    const SpanTable& spans = *owner;
    FlameBuilder builder(*data, QStringLiteral("ns"));
    builder.keep_alive(owner);
    tsl::robin_map<std::uint64_t, std::uint32_t, NumberHash> labels;  // service and operation -> label
    struct Pending { SpanTable::Row row; FlameData::Node parent; };
    std::vector<Pending> pending;
    for (const SpanTable::Row root : roots) {
        pending.push_back({root, FlameData::none});
        while (!pending.empty()) {
            const Pending next = pending.back();
            pending.pop_back();
            const std::uint64_t key = static_cast<std::uint64_t>(spans.service[next.row]) << 32 | spans.operation[next.row];
            auto found = labels.find(key);
            if (found == labels.end()) found = labels.emplace(key, builder.label(spans.text(spans.operation[next.row]), spans.text(spans.service[next.row]))).first;
            const FlameData::Node node = builder.child(next.parent, found->second);
            builder.add(node, static_cast<double>(std::max<std::int64_t>(0, spans.self_ns[next.row])));
            for (const SpanTable::Row child : spans.children(next.row)) pending.push_back({child, node});
        }
    }
    builder.finish();
    return data;
}

std::shared_ptr<const FlameData> flame_of_stacks(const std::vector<FoldedStack>& stacks, const QString& unit)
{
    auto data = std::make_shared<FlameData>();
    FlameBuilder builder(*data, unit);
    for (const FoldedStack& folded : stacks) {
        if (!(folded.value > 0)) continue;
        std::string_view rest = builder.keep(folded.stack);
        FlameData::Node node = FlameData::none;
        while (!rest.empty()) {
            const std::size_t end = rest.find(';');
            const std::string_view frame = rest.substr(0, end);
            rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
            if (frame.empty()) continue;
            // The package or file decides the colour: all before the last dot, colon or slash.
            const std::size_t cut = frame.substr(0, frame.find('(')).find_last_of(".:/");
            node = builder.child(node, builder.label(frame, cut == std::string_view::npos ? frame : frame.substr(0, cut)));
        }
        if (node != FlameData::none) builder.add(node, folded.value);
    }
    builder.finish();
    return data;
}

}  // namespace casebook
