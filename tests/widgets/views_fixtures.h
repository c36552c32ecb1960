#pragma once

// Span tables for tests and the bench, built by hand so that shapes are exact.

#include "analyzers/trace/span_table.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace casebook::fixtures {

/// Adds the spans of one trace after another; children must be added after their parent.
class Spans {
public:
    using Row = SpanTable::Row;
    static constexpr std::int64_t epoch_ns = 1'795'000'000'000'000'000;  // 2026-11-18

    void begin_trace()
    {
        close_trace();
        SpanTable::Trace trace;
        trace.high = 1;
        trace.low = table_.traces.size() + 1;
        trace.first = static_cast<Row>(table_.size());
        table_.traces.push_back(trace);
    }

    Row add(Row parent, std::int64_t start_ns, std::int64_t duration_ns, const std::string& service, const std::string& operation,
            SpanStatus status = SpanStatus::ok, const std::vector<std::pair<std::string, std::string>>& attributes = {})
    {
        const Row row = static_cast<Row>(table_.size());
        table_.trace.push_back(static_cast<std::uint32_t>(table_.traces.size() - 1));
        table_.span_id.push_back(row + 1);
        table_.parent_id.push_back(parent == SpanTable::no_row ? 0 : parent + 1);
        table_.parent.push_back(parent);
        table_.start_ns.push_back(epoch_ns + start_ns);
        table_.duration_ns.push_back(duration_ns);
        table_.service.push_back(table_.strings.intern(service));
        table_.name.push_back(table_.strings.intern(operation));
        table_.operation.push_back(table_.name.back());
        for (auto* column : {&table_.instance, &table_.version, &table_.statement, &table_.fingerprint}) column->push_back(0);
        table_.kind.push_back(parent == SpanTable::no_row ? SpanKind::server : SpanKind::client);
        table_.status.push_back(status);
        table_.file.push_back(1);
        table_.attribute_begin.push_back(static_cast<std::uint32_t>(table_.attribute_key.size()));
        for (const auto& [key, value] : attributes) {
            table_.attribute_key.push_back(table_.strings.intern(key));
            table_.attribute_value.push_back(table_.strings.intern(value));
            if (key == "db.query.text") table_.statement.back() = table_.attribute_value.back();  // as loading a case does
        }
        return row;
    }

    std::shared_ptr<const SpanTable> finish()
    {
        close_trace();
        const std::size_t size = table_.size();
        table_.attribute_begin.push_back(static_cast<std::uint32_t>(table_.attribute_key.size()));
        table_.child_begin.assign(size + 1, 0);
        for (const Row parent : table_.parent)
            if (parent != SpanTable::no_row) ++table_.child_begin[parent + 1];
        for (std::size_t i = 0; i < size; ++i) table_.child_begin[i + 1] += table_.child_begin[i];
        table_.child_rows.resize(table_.child_begin[size]);
        std::vector<std::uint32_t> next(table_.child_begin.begin(), table_.child_begin.end() - 1);
        for (Row row = 0; row < size; ++row)
            if (table_.parent[row] != SpanTable::no_row) table_.child_rows[next[table_.parent[row]]++] = row;
        table_.self_ns = table_.duration_ns;
        for (Row row = 0; row < size; ++row) {
            std::int64_t end = table_.start_ns[row];
            for (const Row child : table_.children(row)) {  // added in start order
                const std::int64_t from = std::max(end, table_.start_ns[child]), to = std::min(table_.end_ns(row), table_.end_ns(child));
                if (to <= from) continue;
                table_.self_ns[row] -= to - from;
                end = to;
            }
        }
        return std::make_shared<const SpanTable>(std::move(table_));
    }

private:
    void close_trace()
    {
        if (table_.traces.empty()) return;
        SpanTable::Trace& trace = table_.traces.back();
        trace.count = static_cast<std::uint32_t>(table_.size() - trace.first);
        if (trace.count == 0) return;
        trace.root = trace.first;
        trace.start_ns = table_.start_ns[trace.first];
        trace.end_ns = trace.start_ns;
        for (Row row = trace.first; row < trace.first + trace.count; ++row) trace.end_ns = std::max(trace.end_ns, table_.end_ns(row));
    }

    SpanTable table_;
};

/// A shop request: gateway -> orders -> `calls` queries one after the other, the last one failed, and one orphan.
inline std::shared_ptr<const SpanTable> shop_trace(int calls)
{
    constexpr std::int64_t ms = 1'000'000;
    Spans spans;
    spans.begin_trace();
    const auto root = spans.add(SpanTable::no_row, 0, (20 + calls * 5) * ms, "gateway", "GET /orders/:id");
    const auto orders = spans.add(root, 4 * ms, (10 + calls * 5) * ms, "orders", "GET /orders/:id", SpanStatus::ok, {{"http.route", "/orders/{id}"}});
    for (int i = 0; i < calls; ++i)
        spans.add(orders, (8 + i * 5) * ms, 4 * ms + 123'456, "orders-db", "SELECT order_item", i + 1 == calls ? SpanStatus::error : SpanStatus::ok,
                  {{"db.system", "postgresql"}, {"db.statement", "SELECT * FROM order_item WHERE order_id = " + std::to_string(i)}});
    return spans.finish();
}

/// `count` spans with fan-out `width`, each child inside its parent.
inline std::shared_ptr<const SpanTable> wide_trace(std::uint32_t count, std::uint32_t width)
{
    Spans spans;
    spans.begin_trace();
    const std::int64_t whole = static_cast<std::int64_t>(count) * 1000;
    std::vector<std::pair<std::int64_t, std::int64_t>> place{{0, whole}};
    spans.add(SpanTable::no_row, 0, whole, "service-0", "root");
    for (std::uint32_t i = 1; i < count; ++i) {
        const std::uint32_t parent = (i - 1) / width, slot = (i - 1) % width;
        const std::int64_t part = place[parent].second / width;
        place.emplace_back(place[parent].first + part * slot, part * 8 / 10);
        spans.add(parent, place[i].first, place[i].second, "service-" + std::to_string(i % 9), "operation " + std::to_string(i % 200),
                  i % 1013 == 0 ? SpanStatus::error : SpanStatus::ok);
    }
    return spans.finish();
}

inline std::shared_ptr<const SpanTable> deep_trace(std::uint32_t depth)
{
    Spans spans;
    spans.begin_trace();
    auto parent = SpanTable::no_row;
    for (std::uint32_t i = 0; i < depth; ++i)
        parent = spans.add(parent, i * 100LL, (2 * depth - i) * 200LL, "service-" + std::to_string(i % 5), "level " + std::to_string(i));
    return spans.finish();
}

}  // namespace casebook::fixtures
