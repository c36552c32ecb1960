#include "analyzers/trace/failure.h"

#include "analyzers/core/text.h"
#include "analyzers/trace/requests.h"

#include <algorithm>
#include <array>
#include <utility>

namespace casebook {
namespace {

constexpr std::array<std::string_view, 2> status_keys{"http.response.status_code", "http.status_code"};
constexpr std::array<std::string_view, 4> kind_keys{"error.type", "exception.type", "db.response.status_code", "db.postgresql.error.code"};
constexpr std::array<std::string_view, 2> grpc_keys{"rpc.grpc.status_code", "rpc.response.status_code"};
/// Codes that OpenTelemetry does not count as an error of the server, and that are none at all.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> grpc_callers_fault{{{"1", "CANCELLED"}, {"3", "INVALID_ARGUMENT"}, {"5", "NOT_FOUND"}, {"6", "ALREADY_EXISTS"}, {"7", "PERMISSION_DENIED"},
                                                                                            {"8", "RESOURCE_EXHAUSTED"}, {"9", "FAILED_PRECONDITION"}, {"10", "ABORTED"}, {"11", "OUT_OF_RANGE"}, {"16", "UNAUTHENTICATED"}}};
constexpr std::array<std::string_view, 4> url_keys{"url.full", "http.url", "http.target", "url.path"};

}  // namespace

bool failed(const SpanTable& spans, SpanTable::Row row)
{
    return is_failed(spans, row);
}

bool is_callers_fault(const SpanTable& spans, SpanTable::Row row)
{
    if (const auto code = parse_int(spans.attribute(row, status_keys))) return *code >= 400 && *code < 500;
    const std::string_view grpc = spans.attribute(row, grpc_keys);
    return std::any_of(grpc_callers_fault.begin(), grpc_callers_fault.end(), [&](const auto& code) { return grpc == code.first || grpc == code.second; });
}

bool has_answer_code(const SpanTable& spans, SpanTable::Row row)
{
    if (!spans.attribute(row, status_keys).empty()) return true;
    const std::string_view grpc = spans.attribute(row, grpc_keys);
    return !grpc.empty() && grpc != "4" && grpc != "DEADLINE_EXCEEDED" && grpc != "14" && grpc != "UNAVAILABLE";
}

std::string error_kind(const SpanTable& spans, SpanTable::Row row)
{
    if (const std::string_view kind = spans.attribute(row, kind_keys); !kind.empty()) return std::string(kind);
    if (const std::string_view code = spans.attribute(row, grpc_keys); !code.empty() && code != "0" && code != "OK") return "gRPC " + std::string(code);
    if (const std::string_view status = spans.attribute(row, status_keys); !status.empty()) return "HTTP " + std::string(status);
    return std::string(spans.attribute(row, std::array<std::string_view, 1>{"otel.status_description"}));
}

std::vector<SpanTable::Row> parents_first(const SpanTable& spans)
{
    std::vector<SpanTable::Row> order;
    order.reserve(spans.size());
    for (SpanTable::Row row = 0; row < spans.size(); ++row)
        if (spans.parent[row] == SpanTable::no_row) order.push_back(row);
    for (std::size_t i = 0; i < order.size(); ++i)
        for (const SpanTable::Row child : spans.children(order[i])) order.push_back(child);
    return order;
}

std::string_view call_name(const SpanTable& spans, SpanTable::Row row) { return spans.text(spans.operation[row]); }

std::string_view called_operation(const SpanTable& spans, SpanTable::Row row)
{
    for (const SpanTable::Row child : spans.children(row))
        if (spans.kind[child] == SpanKind::server) return spans.text(spans.operation[child]);
    return call_name(spans, row);
}

std::string_view call_url(const SpanTable& spans, SpanTable::Row row) { return spans.attribute(row, url_keys); }

}  // namespace casebook
