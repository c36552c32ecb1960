#include "analyzers/trace/pool_use.h"

#include <algorithm>
#include <map>

namespace casebook {
namespace {

using Row = SpanTable::Row;

constexpr std::int64_t clock_rounding_ns = 1'000'000;

/// Most of the wait was the opening of a physical connection below the acquire span.
bool opened_connection(const SpanTable& spans, const SpanClasses& classes, Row acquire)
{
    std::int64_t connect_ns = 0;
    for (const Row child : spans.children(acquire))
        if (classes.of[child] == SpanClass::connect) connect_ns += spans.duration_ns[child];
    return connect_ns * 2 > spans.duration_ns[acquire] && connect_ns > 0;
}

void close(const SpanTable& spans, const SpanClasses& classes, PoolUse& use, const std::vector<Row>& work, std::size_t from, std::int64_t until_ns)
{
    use.held_to_ns = use.held_from_ns;
    std::vector<Row> remote;
    for (std::size_t i = from; i < work.size(); ++i) {
        const Row row = work[i];
        if (spans.start_ns[row] >= until_ns) break;
        if (classes.of[row] == SpanClass::remote_call) remote.push_back(row);
        else use.held_to_ns = std::max(use.held_to_ns, spans.end_ns(row));
    }
    for (const Row row : remote) {
        const std::int64_t begin = std::max(spans.start_ns[row], use.held_from_ns), end = std::min(spans.end_ns(row), use.held_to_ns);
        if (end > begin) use.remote_call_ns += end - begin;
    }
}

}  // namespace

std::vector<ServicePool> pool_uses(const SpanTable& spans, const SpanClasses& classes)
{
    std::map<std::string_view, ServicePool> by_service;
    for (const SpanTable::Trace& trace : spans.traces) {
        // Per operation: its acquires, and the statements and remote calls that may run on the connection, in start order.
        std::map<Row, std::pair<std::vector<Row>, std::vector<Row>>> by_entry;
        for (Row row = trace.first; row < trace.first + trace.count; ++row) {
            const SpanClass c = classes.of[row];
            const Row group = classes.entry[row] != SpanTable::no_row ? classes.entry[row] : trace.first;
            if (c == SpanClass::acquire) by_entry[group].first.push_back(row);
            else if (c == SpanClass::statement || c == SpanClass::transaction || c == SpanClass::remote_call) by_entry[group].second.push_back(row);
        }
        for (auto& [entry, rows] : by_entry) {
            auto& [acquires, work] = rows;
            for (std::size_t i = 0; i < acquires.size(); ++i) {
                PoolUse use;
                use.acquire = acquires[i];
                use.entry = classes.entry[use.acquire];
                use.wait_from_ns = spans.start_ns[use.acquire];
                use.held_from_ns = spans.end_ns(use.acquire);
                use.opened_connection = opened_connection(spans, classes, use.acquire);
                const std::int64_t begins = use.held_from_ns - clock_rounding_ns;
                const auto first = std::lower_bound(work.begin(), work.end(), begins, [&](Row row, std::int64_t at) { return spans.start_ns[row] < at; });
                const std::int64_t until = i + 1 < acquires.size() ? std::max(spans.start_ns[acquires[i + 1]], use.held_from_ns + 1) : INT64_MAX;
                close(spans, classes, use, work, static_cast<std::size_t>(first - work.begin()), until);
                ServicePool& pool = by_service[spans.text(spans.service[use.acquire])];
                pool.service = spans.service[use.acquire];
                pool.uses.push_back(use);
            }
        }
    }
    std::vector<ServicePool> pools;
    for (auto& [name, pool] : by_service) {
        std::sort(pool.uses.begin(), pool.uses.end(), [](const PoolUse& a, const PoolUse& b) {
            return a.wait_from_ns != b.wait_from_ns ? a.wait_from_ns < b.wait_from_ns : a.acquire < b.acquire;
        });
        pools.push_back(std::move(pool));
    }
    return pools;
}

std::vector<ServicePool> by_instance(const SpanTable& spans, const ServicePool& pool)
{
    std::map<std::string_view, ServicePool> by_name;
    for (const PoolUse& use : pool.uses) {
        const SpanTable::Id instance = spans.instance[use.acquire];
        ServicePool& part = by_name[spans.text(instance)];
        part.service = pool.service;
        part.instance = instance;
        part.uses.push_back(use);
    }
    std::vector<ServicePool> parts;
    for (auto& [name, part] : by_name) parts.push_back(std::move(part));
    return parts;
}

double held_connections(const std::vector<PoolUse>& uses, std::int64_t from_ns, std::int64_t to_ns)
{
    double held = 0;
    for (const PoolUse& use : uses) {
        const std::int64_t begin = std::max(use.held_from_ns, from_ns), end = std::min(use.held_to_ns, to_ns);
        if (end > begin) held += static_cast<double>(end - begin);
    }
    return to_ns > from_ns ? held / static_cast<double>(to_ns - from_ns) : 0;
}

int most_held(const std::vector<PoolUse>& uses, std::int64_t from_ns, std::int64_t to_ns)
{
    std::vector<std::pair<std::int64_t, int>> changes;
    for (const PoolUse& use : uses) {
        const std::int64_t begin = std::max(use.held_from_ns, from_ns), end = std::min(use.held_to_ns, to_ns);
        if (end <= begin) continue;
        changes.emplace_back(begin, 1);
        changes.emplace_back(end, -1);
    }
    std::sort(changes.begin(), changes.end());
    // A level counts only when it lasted: rounded clocks make neighbours overlap for moments.
    std::map<int, std::int64_t> time_at;
    int level = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        level += changes[i].second;
        if (i + 1 < changes.size()) time_at[level] += changes[i + 1].first - changes[i].first;
    }
    std::int64_t whole = 0;
    for (const auto& [held, ns] : time_at) whole += held > 0 ? ns : 0;
    std::int64_t above = 0;
    for (auto it = time_at.rbegin(); it != time_at.rend(); ++it) {
        above += it->second;
        if (it->first > 0 && above >= 1'000'000 && above * 20 >= whole) return it->first;
    }
    return 0;
}

}  // namespace casebook
