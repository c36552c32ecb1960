#include "analyzers/trace/requests.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace casebook {
namespace {

constexpr std::array<std::string_view, 2> http_code_keys{"http.response.status_code", "http.status_code"};
constexpr std::array<std::string_view, 2> grpc_code_keys{"rpc.grpc.status_code", "rpc.response.status_code"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> grpc_failures{
    {{"2", "UNKNOWN"}, {"4", "DEADLINE_EXCEEDED"}, {"12", "UNIMPLEMENTED"}, {"13", "INTERNAL"}, {"14", "UNAVAILABLE"}, {"15", "DATA_LOSS"}}};

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
    if (spans.status[row] != SpanStatus::unset) return spans.status[row] == SpanStatus::error;
    if (const auto code = parse_int(spans.attribute(row, http_code_keys))) return *code >= 500 && *code < 600;
    const auto grpc = spans.attribute(row, grpc_code_keys);
    return std::any_of(grpc_failures.begin(), grpc_failures.end(), [&](const auto& code) { return grpc == code.first || grpc == code.second; });
}

bool records_outcome(const SpanTable& spans, Row row)
{
    return spans.status[row] != SpanStatus::unset || !spans.attribute(row, http_code_keys).empty() || !spans.attribute(row, grpc_code_keys).empty();
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
