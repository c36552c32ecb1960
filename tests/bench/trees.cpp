// Trees, self time and critical paths of 1,000,000 spans in four shapes, and SQL fingerprints.

#include "analyzers/trace/critical_path.h"
#include "analyzers/trace/sql_text.h"
#include "analyzers/trace/tree.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

using namespace casebook;

namespace {

constexpr std::uint32_t spans = 1'000'000;

enum class Shape { traces_of_30, one_random_trace, one_chain, one_parent };

SpanTable make(Shape shape)
{
    SpanTable table;
    std::mt19937_64 random(1);
    std::vector<std::uint64_t> ids(spans);
    for (std::uint64_t& id : ids)
        id = random() | 1;
    const std::uint32_t size = shape == Shape::traces_of_30 ? 30 : spans;
    for (std::uint32_t i = 0; i < spans; ++i)
    {
        const std::uint32_t trace = i / size, first = trace * size;
        if (i == first)
            table.traces.push_back({trace, trace, first, std::min(size, spans - first)});
        std::uint64_t parent = 0;
        if (i != first)
            parent = shape == Shape::one_chain ? ids[i - 1] : shape == Shape::one_parent ? ids[0] : ids[first + random() % (i - first)];
        table.trace.push_back(trace);
        table.span_id.push_back(ids[i]);
        table.parent_id.push_back(parent);
        table.start_ns.push_back(std::int64_t{i} * 10);
        table.duration_ns.push_back(shape == Shape::one_chain ? 20 * std::int64_t{spans - i} : i == first ? 10 * size : static_cast<std::int64_t>(random() % 1000));
        table.kind.push_back(SpanKind::internal);
    }
    table.service.assign(spans, 0);
    table.instance.assign(spans, 0);
    return table;
}

double ms_since(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main()
{
    const char* names[] = {"33,334 traces of 30", "one random trace", "one chain", "one parent"};
    for (const Shape shape : {Shape::traces_of_30, Shape::one_random_trace, Shape::one_chain, Shape::one_parent})
    {
        SpanTable table = make(shape);
        auto start = std::chrono::steady_clock::now();
        build_trees(table);
        const double trees_ms = ms_since(start);
        start = std::chrono::steady_clock::now();
        CriticalPathFinder finder(table);
        std::size_t sections = 0;
        for (const SpanTable::Trace& trace : table.traces)
            sections += finder.find(trace.root).size();
        std::printf("%-20s trees %.0f ms, critical paths %.0f ms (%zu sections)\n", names[static_cast<int>(shape)], trees_ms, ms_since(start), sections);
    }
    constexpr int rounds = 100'000;
    std::size_t bytes = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i)
        bytes += sql_fingerprint("SELECT o.id, o.status, c.email FROM shop.orders o JOIN shop.customers c ON c.id = o.customer_id WHERE o.id = "
                                 + std::to_string(i) + " AND o.kind IN (1, 2, 3)").size();
    std::printf("SQL fingerprint      %.2f us each (%zu bytes)\n", ms_since(start) * 1000 / rounds, bytes);
}
