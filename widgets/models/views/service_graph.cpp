#include "widgets/models/views/service_graph.h"

#include "analyzers/core/statistics.h"
#include "analyzers/trace/span_class.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace casebook {
namespace {

struct Calls {
    std::vector<double> durations;
    std::uint64_t errors = 0;
    void add(const SpanTable& spans, SpanTable::Row row)
    {
        durations.push_back(static_cast<double>(spans.duration_ns[row]));
        errors += spans.status[row] == SpanStatus::error;
    }
};

/// True when some child of the span belongs to another service: the call is told there.
bool reaches_a_service(const SpanTable& spans, SpanTable::Row row)
{
    for (const SpanTable::Row child : spans.children(row))
        if (spans.service[child] != spans.service[row]) return true;
    return false;
}

/// Layers by longest path, cycles cut where a depth-first walk meets them.
void lay_out(ServiceGraph& graph)
{
    const std::size_t size = graph.nodes.size();
    std::vector<std::vector<std::size_t>> out(size);
    for (std::size_t i = 0; i < graph.edges.size(); ++i) out[graph.edges[i].from].push_back(i);
    std::vector<std::size_t> called(size, 0), order(size);
    for (const auto& edge : graph.edges)
        if (edge.from != edge.to) ++called[edge.to];
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return called[a] < called[b]; });  // start where nobody calls
    enum { fresh, open, done };
    std::vector<int> state(size, fresh);
    std::vector<std::size_t> finished;
    for (const std::size_t start : order) {
        if (state[start] != fresh) continue;
        std::vector<std::pair<std::size_t, std::size_t>> stack{{start, 0}};
        state[start] = open;
        while (!stack.empty()) {
            auto& [node, next] = stack.back();
            if (next == out[node].size()) {
                state[node] = done;
                finished.push_back(node);
                stack.pop_back();
                continue;
            }
            ServiceGraph::Edge& edge = graph.edges[out[node][next++]];
            if (state[edge.to] == open) edge.back = true;
            else if (state[edge.to] == fresh) {
                state[edge.to] = open;
                stack.emplace_back(edge.to, 0);
            }
        }
    }
    for (std::size_t i = finished.size(); i-- > 0;)  // callers before callees
        for (const std::size_t e : out[finished[i]])
            if (!graph.edges[e].back) graph.nodes[graph.edges[e].to].layer = std::max(graph.nodes[graph.edges[e].to].layer, graph.nodes[finished[i]].layer + 1);
    // Few crossings: a node goes where its callers are on average (Sugiyama's barycentre), three times down.
    int layers = 0;
    for (const auto& node : graph.nodes) layers = std::max(layers, node.layer + 1);
    std::vector<std::vector<std::size_t>> by_layer(static_cast<std::size_t>(layers));
    for (std::size_t node = 0; node < size; ++node) by_layer[static_cast<std::size_t>(graph.nodes[node].layer)].push_back(node);
    for (int sweep = 0; sweep < 3; ++sweep)
        for (auto& layer : by_layer) {
            std::vector<double> wish(size, 0), weight(size, 0);
            for (const auto& edge : graph.edges) {
                if (edge.back) continue;
                wish[edge.to] += graph.nodes[edge.from].place;
                weight[edge.to] += 1;
            }
            std::stable_sort(layer.begin(), layer.end(), [&](std::size_t a, std::size_t b) {
                const double x = weight[a] > 0 ? wish[a] / weight[a] : graph.nodes[a].place, y = weight[b] > 0 ? wish[b] / weight[b] : graph.nodes[b].place;
                return x != y ? x < y : graph.nodes[a].calls > graph.nodes[b].calls;
            });
            for (std::size_t place = 0; place < layer.size(); ++place) graph.nodes[layer[place]].place = static_cast<int>(place);
        }
}

}  // namespace

ServiceGraph service_graph(const SpanTable& spans, std::optional<TimeRange> range, std::size_t most_nodes)
{
    ServiceGraph graph;
    const SpanClasses classes = classify(spans);
    std::map<std::pair<bool, std::string>, Calls> nodes;  // peer, name
    std::map<std::string, std::int64_t> own;
    std::map<std::pair<std::string, std::pair<bool, std::string>>, Calls> edges;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (range && !range->contains(spans.start_ns[row])) continue;
        const std::string service(spans.text(spans.service[row]));
        own[service] += spans.self_ns[row];
        const SpanTable::Row parent = spans.parent[row];
        const bool crosses = parent != SpanTable::no_row && spans.service[parent] != spans.service[row];
        if (parent == SpanTable::no_row || crosses || spans.kind[row] == SpanKind::server || spans.kind[row] == SpanKind::consumer) nodes[{false, service}].add(spans, row);
        if (crosses) edges[{std::string(spans.text(spans.service[parent])), {false, service}}].add(spans, row);
        const SpanClass kind = classes.of[row];
        const bool calls_out = kind == SpanClass::statement || kind == SpanClass::cache || kind == SpanClass::remote_call || kind == SpanClass::transaction;
        if (!calls_out || (kind == SpanClass::remote_call && reaches_a_service(spans, row))) continue;
        std::string peer = peer_of(spans, row);
        if (kind != SpanClass::remote_call) {
            const std::string system(database_system(spans, row));
            if (!system.empty()) peer = peer.empty() ? system : system + " " + peer;
        }
        if (peer.empty()) continue;
        nodes[{true, peer}].add(spans, row);
        edges[{service, {true, peer}}].add(spans, row);
    }
    std::vector<std::pair<std::uint64_t, std::pair<bool, std::string>>> ranked;
    for (const auto& [name, calls] : nodes) ranked.emplace_back(calls.durations.size(), name);
    std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
    if (ranked.size() > most_nodes) {
        graph.left_out = ranked.size() - most_nodes;
        ranked.resize(most_nodes);
    }
    std::map<std::pair<bool, std::string>, std::size_t> index;
    for (const auto& [count, name] : ranked) {
        Calls& calls = nodes[name];
        index[name] = graph.nodes.size();
        graph.nodes.push_back({name.second, name.first, calls.durations.size(), calls.errors, percentile_in_place(calls.durations, 50), percentile_in_place(calls.durations, 95), name.first ? 0 : own[name.second]});
    }
    for (auto& [ends, calls] : edges) {
        const auto from = index.find({false, ends.first}), to = index.find(ends.second);
        if (from == index.end() || to == index.end()) continue;
        graph.edges.push_back({from->second, to->second, calls.durations.size(), calls.errors, percentile_in_place(calls.durations, 50), percentile_in_place(calls.durations, 95)});
    }
    graph.seconds = range.value_or(spans.time_range()).seconds();
    lay_out(graph);
    return graph;
}

}  // namespace casebook
