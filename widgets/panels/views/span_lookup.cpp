#include "widgets/panels/views/span_lookup.h"

#include <algorithm>
#include <utility>

namespace casebook {
namespace {

std::optional<std::uint64_t> from_hex(std::string_view text)
{
    if (text.empty() || text.size() > 16) return {};
    std::uint64_t value = 0;
    for (const char c : text) {
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return {};
        value = value << 4 | static_cast<std::uint64_t>(digit);
    }
    return value;
}

}  // namespace

std::optional<std::size_t> column_of(const QueryResult& rows, std::string_view name)
{
    const auto found = std::find(rows.columns.begin(), rows.columns.end(), name);
    if (found == rows.columns.end()) return {};
    return static_cast<std::size_t>(found - rows.columns.begin());
}

std::size_t trace_of_id(const SpanTable& spans, const std::string& id)
{
    if (id.empty() || id.size() > 32) return spans.traces.size();
    const std::string padded = std::string(32 - id.size(), '0') + id;
    const auto high = from_hex(std::string_view(padded).substr(0, 16)), low = from_hex(std::string_view(padded).substr(16));
    return high && low ? spans.find_trace(*high, *low) : spans.traces.size();
}

std::vector<SpanTable::Row> spans_of_rows(const SpanTable& spans, const QueryResult& rows)
{
    const auto trace_column = column_of(rows, "trace_id"), span_column = column_of(rows, "span_id");
    if (!trace_column || !span_column) return {};
    std::vector<std::pair<std::size_t, std::uint64_t>> wanted;  // trace, span id
    std::string last_id;
    std::size_t last_trace = spans.traces.size();
    for (const auto& row : rows.rows) {
        const std::string id = to_text(row[*trace_column]);
        if (id != last_id) {
            last_id = id;
            last_trace = trace_of_id(spans, id);
        }
        const auto span = from_hex(to_text(row[*span_column]));
        if (last_trace < spans.traces.size() && span) wanted.emplace_back(last_trace, *span);
    }
    std::sort(wanted.begin(), wanted.end());
    std::vector<SpanTable::Row> found;
    for (std::size_t i = 0; i < wanted.size();) {
        std::size_t end = i;
        while (end < wanted.size() && wanted[end].first == wanted[i].first) ++end;
        const SpanTable::Trace& trace = spans.traces[wanted[i].first];
        for (SpanTable::Row row = trace.first; row < trace.first + trace.count; ++row)
            if (std::binary_search(wanted.begin() + static_cast<std::ptrdiff_t>(i), wanted.begin() + static_cast<std::ptrdiff_t>(end), std::pair{wanted[i].first, spans.span_id[row]}))
                found.push_back(row);
        i = end;
    }
    return found;
}

}  // namespace casebook
