#include "analyzers/trace/trace_diff.h"

#include "analyzers/core/number_hash.h"
#include "analyzers/trace/critical_path.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tsl/robin_map.h>

namespace casebook {

namespace {

using Row = SpanTable::Row;
using Index = std::uint32_t;
constexpr Index none = TraceDiffNode::none;
constexpr Index detached_root = none - 1;  // in a key: below no span, and not where a request begins

void add(std::int64_t& sum, std::int64_t value)
{
    if (__builtin_add_overflow(sum, value, &sum))
        sum = std::numeric_limits<std::int64_t>::max();  // no summand is negative
}

/// The requests that lie inside no other, in the order given. `asked` has a bit per row and comes out with the bits of `rows`.
std::vector<Row> outermost(const SpanTable& spans, std::span<const Row> rows, std::vector<bool>& asked)
{
    std::vector<Row> first;
    for (const Row row : rows)
        if (row < spans.size() && !asked[row])
        {
            asked[row] = true;
            first.push_back(row);
        }
    if (first.size() < 2)
        return first;
    // Up from each request until a request or a row that is known to have none above it: every row is passed once.
    std::vector<bool> free_above(spans.size(), false), inside(spans.size(), false);
    std::vector<Row> path;
    for (const Row request : first)
    {
        path.clear();
        Row row = spans.parent[request];
        bool under = false;
        while (row != SpanTable::no_row && !free_above[row])
        {
            under = under || asked[row] || inside[row];
            if (under)
                break;
            path.push_back(row);
            row = spans.parent[row];
        }
        for (const Row passed : path)
            (under ? inside : free_above)[passed] = true;
        inside[request] = inside[request] || under;
    }
    std::erase_if(first, [&](Row row) { return inside[row]; });
    return first;
}

class Merger {
public:
    explicit Merger(const SpanTable& spans) : spans_(spans), paths_(spans) {}

    void take(std::span<const Row> rows, TraceDiffSide TraceDiffNode::*side, std::uint64_t& requests, std::int64_t& total_ns)
    {
        std::vector<bool> asked(spans_.size(), false);
        for (const Row request : outermost(spans_, rows, asked))
        {
            ++requests;
            add(total_ns, std::max<std::int64_t>(spans_.duration_ns[request], 0));
            const SpanTable::Trace& trace = spans_.traces[spans_.trace[request]];
            first_ = trace.first;
            start_ns_ = spans_.start_ns[request];
            if (node_of_.size() < trace.count)
                node_of_.resize(trace.count);
            walk(request, none, side, nullptr);
            for (const PathSection& section : paths_.find(request))
                add((nodes_[node_of_[section.row - first_]].*side).waited_ns, section.duration_ns());
            if (request != trace.root)
                continue;
            for (Row row = trace.first; row < trace.first + trace.count; ++row)
                if (spans_.parent[row] == SpanTable::no_row && !asked[row])
                    walk(row, detached_root, side, &asked);
        }
    }

    /// The nodes in pre-order.
    std::vector<TraceDiffNode> finish()
    {
        std::vector<Index> by_parent(nodes_.size());
        std::iota(by_parent.begin(), by_parent.end(), Index{0});
        // The last child first, as a stack wants them; roots, whose parent is `none`, come last of all.
        std::sort(by_parent.begin(), by_parent.end(), [this](Index x, Index y) {
            if (nodes_[x].parent != nodes_[y].parent)
                return nodes_[x].parent < nodes_[y].parent;
            if (nodes_[x].detached != nodes_[y].detached)
                return nodes_[x].detached;
            return offset_ns_[x] != offset_ns_[y] ? offset_ns_[x] > offset_ns_[y] : x > y;
        });
        std::vector<Index> begin(nodes_.size() + 1, 0);
        for (const TraceDiffNode& node : nodes_)
            if (node.parent != none)
                ++begin[node.parent + 1];
        for (std::size_t i = 0; i < nodes_.size(); ++i)
            begin[i + 1] += begin[i];
        std::vector<Index> stack(by_parent.begin() + begin[nodes_.size()], by_parent.end());
        std::vector<TraceDiffNode> ordered;
        ordered.reserve(nodes_.size());
        std::vector<Index> place(nodes_.size(), none);
        while (!stack.empty())
        {
            const Index node = stack.back();
            stack.pop_back();
            place[node] = static_cast<Index>(ordered.size());
            ordered.push_back(nodes_[node]);
            if (TraceDiffNode& made = ordered.back(); made.parent != none)
            {
                made.parent = place[made.parent];
                made.depth = ordered[made.parent].depth + 1;
            }
            stack.insert(stack.end(), by_parent.begin() + begin[node], by_parent.begin() + begin[node + 1]);
        }
        return ordered;
    }

private:
    struct Key {
        Index parent;
        SpanTable::Id service, operation, fingerprint;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const
        {
            const NumberHash hash;
            return hash(hash(std::uint64_t{key.parent} << 32 | key.service) ^ (std::uint64_t{key.operation} << 32 | key.fingerprint));
        }
    };

    Index node_for(Index parent, Row row)
    {
        const Key key{parent, spans_.service[row], spans_.operation[row], spans_.fingerprint[row]};
        const auto [found, is_new] = known_.try_emplace(key, static_cast<Index>(nodes_.size()));
        if (is_new)
        {
            TraceDiffNode node;
            node.service = key.service;
            node.operation = key.operation;
            node.fingerprint = key.fingerprint;
            node.detached = parent == detached_root;
            node.parent = node.detached ? none : parent;
            nodes_.push_back(node);
            offset_ns_.push_back(std::numeric_limits<std::int64_t>::max());
        }
        return found->second;
    }

    /// Adds the spans from `root` down, without those below rows of `others`, which are requests of their own.
    void walk(Row root, Index under, TraceDiffSide TraceDiffNode::*side, const std::vector<bool>* others)
    {
        stack_.push_back({root, under});
        while (!stack_.empty())
        {
            const auto [row, parent] = stack_.back();
            stack_.pop_back();
            const Index node = node_for(parent, row);
            node_of_[row - first_] = node;
            TraceDiffSide& sums = nodes_[node].*side;
            ++sums.calls;
            sums.errors += spans_.status[row] == SpanStatus::error;
            add(sums.total_ns, std::max<std::int64_t>(spans_.duration_ns[row], 0));
            add(sums.self_ns, spans_.self_ns[row]);
            if (sums.longest == SpanTable::no_row || spans_.duration_ns[row] > spans_.duration_ns[sums.longest])
                sums.longest = row;
            std::int64_t offset = 0;
            if (!__builtin_sub_overflow(spans_.start_ns[row], start_ns_, &offset))
                offset_ns_[node] = std::min(offset_ns_[node], offset);
            const auto children = spans_.children(row);
            for (std::size_t i = children.size(); i-- > 0;)
                if (others == nullptr || !(*others)[children[i]])
                    stack_.push_back({children[i], node});
        }
    }

    const SpanTable& spans_;
    CriticalPathFinder paths_;
    std::vector<TraceDiffNode> nodes_;        // in the order they were met
    std::vector<std::int64_t> offset_ns_;     // per node: earliest start after that of the request
    tsl::robin_map<Key, Index, KeyHash> known_;
    std::vector<std::pair<Row, Index>> stack_;
    std::vector<Index> node_of_;              // of the trace at hand, by row - first_
    Row first_ = 0;
    std::int64_t start_ns_ = 0;
};

}  // namespace

TraceDiff diff_traces(const SpanTable& spans, std::span<const Row> a, std::span<const Row> b)
{
    TraceDiff diff;
    Merger merger(spans);
    merger.take(a, &TraceDiffNode::a, diff.requests_a, diff.total_a_ns);
    merger.take(b, &TraceDiffNode::b, diff.requests_b, diff.total_b_ns);
    diff.nodes = merger.finish();
    return diff;
}

std::vector<std::uint32_t> rank_differences(const TraceDiff& diff)
{
    struct Entry { double waited, self; Index node; };
    std::vector<Entry> entries;
    for (Index i = 0; i < diff.nodes.size(); ++i)
    {
        const Entry entry{std::fabs(diff.waited_difference_ns(diff.nodes[i])), std::fabs(diff.self_difference_ns(diff.nodes[i])), i};
        if (entry.waited > 0 || entry.self > 0)
            entries.push_back(entry);
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& x, const Entry& y) {
        if (x.waited != y.waited)
            return x.waited > y.waited;
        return x.self != y.self ? x.self > y.self : x.node < y.node;
    });
    std::vector<std::uint32_t> ranked;
    ranked.reserve(entries.size());
    for (const Entry& entry : entries)
        ranked.push_back(entry.node);
    return ranked;
}

SpanTable::Row median_request(const SpanTable& spans, std::span<const Row> requests)
{
    if (requests.empty())
        return SpanTable::no_row;
    std::vector<Row> rows(requests.begin(), requests.end());
    const auto middle = rows.begin() + static_cast<std::ptrdiff_t>((rows.size() - 1) / 2);
    std::nth_element(rows.begin(), middle, rows.end(), [&](Row x, Row y) {
        return spans.duration_ns[x] != spans.duration_ns[y] ? spans.duration_ns[x] < spans.duration_ns[y] : x < y;
    });
    return *middle;
}

}  // namespace casebook
