#include "widgets/models/lock_tree.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <limits>

namespace casebook {
namespace {

using Node = std::uint32_t;
constexpr Node none = std::numeric_limits<Node>::max();
constexpr int deepest_drawn = 12;  // levels; deeper ones are counted

/// Sessions of the lock tree as numbers, with the edges in both directions.
struct Graph {
    std::vector<std::int64_t> pids;  // ascending; a node is its place here
    std::vector<std::vector<Node>> blockers, waiters;

    explicit Graph(std::span<const LockEdge> edges)
    {
        for (const LockEdge& edge : edges) pids.insert(pids.end(), {edge.waiter, edge.blocker});
        std::sort(pids.begin(), pids.end());
        pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
        blockers.resize(pids.size());
        waiters.resize(pids.size());
        for (const LockEdge& edge : edges) blockers[at(edge.waiter)].push_back(at(edge.blocker));
        for (Node node = 0; node < size(); ++node) {
            auto& of = blockers[node];
            std::sort(of.begin(), of.end());
            of.erase(std::unique(of.begin(), of.end()), of.end());
            for (const Node blocker : of) waiters[blocker].push_back(node);
        }
    }

    Node size() const { return static_cast<Node>(pids.size()); }
    Node at(std::int64_t pid) const
    {
        return static_cast<Node>(std::lower_bound(pids.begin(), pids.end(), pid) - pids.begin());
    }
};

/// Which sessions wait for themselves: strongly connected components of more than one, after R. Tarjan, "Depth-first
/// search and linear graph algorithms" (1972), with a stack of its own.
std::vector<bool> circles_of(const Graph& graph)
{
    std::vector<bool> found(graph.size(), false), on_stack(graph.size(), false);
    std::vector<Node> index(graph.size(), none), low(graph.size(), none), component, path;
    std::vector<std::size_t> next(graph.size(), 0);
    Node count = 0;
    for (Node start = 0; start < graph.size(); ++start) {
        if (index[start] != none) continue;
        path.push_back(start);
        while (!path.empty()) {
            const Node node = path.back();
            if (index[node] == none) {
                index[node] = low[node] = count++;
                component.push_back(node);
                on_stack[node] = true;
            }
            if (next[node] < graph.blockers[node].size()) {
                const Node blocker = graph.blockers[node][next[node]++];
                if (index[blocker] == none) path.push_back(blocker);
                else if (on_stack[blocker]) low[node] = std::min(low[node], index[blocker]);
                if (blocker == node) found[node] = true;
                continue;
            }
            path.pop_back();
            if (!path.empty()) low[path.back()] = std::min(low[path.back()], low[node]);
            if (low[node] != index[node]) continue;
            const bool several = component.back() != node;
            for (Node member = none; member != node;) {
                member = component.back();
                component.pop_back();
                on_stack[member] = false;
                if (several) found[member] = true;
            }
        }
    }
    return found;
}

/// The forest: `parent` per node, and the heads in order.
struct Forest {
    std::vector<Node> parent, heads;
    std::vector<std::vector<Node>> children;
    std::vector<int> below;
};

Forest forest_of(const Graph& graph)
{
    Forest forest;
    forest.parent.assign(graph.size(), none);
    forest.children.resize(graph.size());
    forest.below.assign(graph.size(), 0);
    std::vector<bool> seen(graph.size(), false);
    std::vector<Node> order;  // nodes as they are reached, level by level
    const auto walk = [&](std::size_t from) {
        for (std::size_t i = from; i < order.size(); ++i)
            for (const Node waiter : graph.waiters[order[i]]) {
                if (seen[waiter]) continue;
                seen[waiter] = true;
                forest.parent[waiter] = order[i];
                forest.children[order[i]].push_back(waiter);
                order.push_back(waiter);
            }
    };
    for (Node node = 0; node < graph.size(); ++node)
        if (graph.blockers[node].empty()) order.push_back(node);
    std::stable_sort(order.begin(), order.end(),
                     [&](Node a, Node b) { return graph.waiters[a].size() > graph.waiters[b].size(); });
    for (const Node head : order) seen[head] = true;
    forest.heads = order;
    walk(0);
    for (Node node = 0; node < graph.size(); ++node) {
        if (seen[node]) continue;
        seen[node] = true;
        forest.heads.push_back(node);
        order.push_back(node);
        walk(order.size() - 1);
    }
    // Backwards every node is complete before its parent sees it.
    for (std::size_t i = order.size(); i-- > 0;)
        if (const Node parent = forest.parent[order[i]]; parent != none)
            forest.below[parent] += forest.below[order[i]] + 1;
    // A head may keep sessions waiting that stand under another one.
    for (Node node = 0; node < graph.size(); ++node)
        forest.below[node] = std::max(forest.below[node], static_cast<int>(graph.waiters[node].size()));
    const auto most_waiters_first = [&](Node a, Node b) { return forest.below[a] > forest.below[b]; };
    std::stable_sort(forest.heads.begin(), forest.heads.end(), most_waiters_first);
    for (auto& children : forest.children) std::stable_sort(children.begin(), children.end(), most_waiters_first);
    return forest;
}

}  // namespace

std::vector<LockTreeRow> lock_tree(std::span<const LockEdge> edges, std::span<const LockSession> of)
{
    const Graph graph(edges);
    const Forest forest = forest_of(graph);
    const std::vector<bool> circles = circles_of(graph);
    std::vector<std::pair<std::int64_t, int>> sessions;
    for (std::size_t i = 0; i < of.size(); ++i) sessions.emplace_back(of[i].pid, static_cast<int>(i));
    std::sort(sessions.begin(), sessions.end());

    std::vector<LockTreeRow> rows;
    rows.reserve(graph.size());
    std::vector<std::pair<Node, int>> open;  // what is still to be written, with its depth; the last one first
    for (auto head = forest.heads.rbegin(); head != forest.heads.rend(); ++head) open.emplace_back(*head, 0);
    while (!open.empty()) {
        const auto [node, depth] = open.back();
        open.pop_back();
        LockTreeRow row;
        row.pid = graph.pids[node];
        row.depth = depth;
        row.waiters = forest.below[node];
        row.in_circle = circles[node];
        for (const Node blocker : graph.blockers[node]) row.blocked_by.push_back(graph.pids[blocker]);
        const auto session = std::lower_bound(sessions.begin(), sessions.end(), std::pair(row.pid, 0));
        if (session != sessions.end() && session->first == row.pid) row.session = session->second;
        rows.push_back(std::move(row));
        const auto& children = forest.children[node];
        for (auto child = children.rbegin(); child != children.rend(); ++child) open.emplace_back(*child, depth + 1);
    }
    return rows;
}

std::string lock_tree_headline(std::span<const LockSession> sessions, const std::vector<LockTreeRow>& rows)
{
    if (rows.empty()) return {};
    const LockTreeRow& head = rows.front();
    std::string who = head.pid == 0 ? "A prepared transaction" : "Session " + std::to_string(head.pid);
    if (head.session >= 0) {
        const LockSession& session = sessions[static_cast<std::size_t>(head.session)];
        std::string how(session.state);
        if (session.xact_age_ms) how += (how.empty() ? "transaction of " : " for ") + format_ms(*session.xact_age_ms);
        if (!how.empty()) who += " (" + how + ")";
    }
    std::string text = who + " keeps " + std::to_string(head.waiters) + (head.waiters == 1 ? " session" : " sessions") +
                       " waiting";
    if (head.in_circle) text += ", in a circle: a deadlock until the server breaks it";
    const auto heads = std::count_if(rows.begin(), rows.end(), [](const LockTreeRow& row) { return row.depth == 0; });
    if (heads > 1)
        text += "; " + std::to_string(heads - 1) + (heads == 2 ? " more blocks" : " more block") + " others";
    return text;
}

std::string lock_tree_lines(const LockTreeRow& row)
{
    std::string text;
    for (int level = 1; level < std::min(row.depth, deepest_drawn); ++level) text += "│ ";
    if (row.depth > 0) text += "└ ";
    if (row.depth > deepest_drawn) text += "(level " + std::to_string(row.depth) + ") ";
    return text;
}

std::string lock_tree_text(const LockTreeRow& row)
{
    return lock_tree_lines(row) + (row.pid == 0 ? std::string("prepared transaction") : std::to_string(row.pid));
}

std::string lock_pids_text(const std::vector<std::int64_t>& pids)
{
    std::vector<std::string> parts;
    for (const std::int64_t pid : pids) parts.push_back(pid == 0 ? "prepared transaction" : std::to_string(pid));
    return join(parts, ", ");
}

}  // namespace casebook
