#include "analyzers/trace/requests.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <map>

namespace casebook {
namespace {

using Row = SpanTable::Row;

bool serves(const SpanTable& spans, Row row)
{
    return spans.kind[row] == SpanKind::server || spans.kind[row] == SpanKind::consumer;
}

/// The only server or consumer span below `root` that has none above it, or no_row when there are none or several.
Row only_server_below(const SpanTable& spans, Row root)
{
    std::vector<Row> open{root};
    Row found = SpanTable::no_row;
    while (!open.empty()) {
        const Row row = open.back();
        open.pop_back();
        for (const Row child : spans.children(row)) {
            if (!serves(spans, child)) {
                open.push_back(child);
                continue;
            }
            if (found != SpanTable::no_row) return SpanTable::no_row;
            found = child;
        }
    }
    return found;
}

Row first_parentless_server(const SpanTable& spans, const SpanTable::Trace& trace)
{
    for (Row row = trace.first; row < trace.first + trace.count; ++row)
        if (spans.parent[row] == SpanTable::no_row && serves(spans, row)) return row;
    return SpanTable::no_row;
}

}  // namespace

Row request_row(const SpanTable& spans, std::uint32_t index)
{
    const SpanTable::Trace& trace = spans.traces[index];
    if (serves(spans, trace.root)) return trace.root;
    const Row inner = only_server_below(spans, trace.root);
    const std::int64_t duration = std::max<std::int64_t>(spans.duration_ns[trace.root], 0);
    const bool root_only_waits = spans.kind[trace.root] == SpanKind::client || spans.kind[trace.root] == SpanKind::producer;
    if (inner != SpanTable::no_row && (root_only_waits || spans.duration_ns[inner] >= duration / 2)) return inner;
    if (inner == SpanTable::no_row || spans.parent_id[trace.root] != 0)
        if (const Row first = first_parentless_server(spans, trace); first != SpanTable::no_row) return first;
    return trace.root;
}

std::vector<Row> request_rows(const SpanTable& spans)
{
    std::vector<Row> rows;
    rows.reserve(spans.traces.size());
    for (std::uint32_t trace = 0; trace < spans.traces.size(); ++trace) rows.push_back(request_row(spans, trace));
    return rows;
}

bool is_failed(const SpanTable& spans, Row row)
{
    if (spans.status[row] == SpanStatus::error) return true;
    static constexpr std::string_view keys[] = {"http.response.status_code", "http.status_code"};
    return parse_int(spans.attribute(row, keys)).value_or(0) >= 500;
}

std::vector<OperationRows> group_by_operation(const SpanTable& spans, std::span<const Row> rows)
{
    std::map<std::pair<std::string_view, std::string_view>, OperationRows> groups;
    for (const Row row : rows) {
        OperationRows& group = groups[{spans.text(spans.service[row]), spans.text(spans.operation[row])}];
        group.service = spans.service[row];
        group.operation = spans.operation[row];
        group.rows.push_back(row);
    }
    std::vector<OperationRows> result;
    result.reserve(groups.size());
    for (auto& [name, group] : groups) result.push_back(std::move(group));
    return result;
}

Latency latency_of(const SpanTable& spans, std::span<const Row> rows)
{
    std::vector<double> ms;
    ms.reserve(rows.size());
    for (const Row row : rows) ms.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
    Latency latency;
    latency.count = ms.size();
    latency.mean_ms = mean(ms);
    latency.p50_ms = percentile_in_place(ms, 50);
    latency.p90_ms = percentile_in_place(ms, 90);
    latency.p95_ms = percentile_in_place(ms, 95);
    latency.p99_ms = percentile_in_place(ms, 99);
    latency.max_ms = percentile_in_place(ms, 100);
    return latency;
}

double highest_percentile(std::size_t count, double tail_samples)
{
    for (const double p : {99.9, 99.0, 95.0, 90.0, 75.0, 50.0})
        if (static_cast<double>(count) * (100 - p) / 100 >= tail_samples - 1e-9) return p;
    return 0;
}

}  // namespace casebook
