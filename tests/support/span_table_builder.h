#pragma once

// Span tables written by hand: `add` spans in any order, `build` sorts them and makes the trees as loading a case does.

#include "analyzers/trace/sql_text.h"
#include "analyzers/trace/tree.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace casebook {

struct TestSpan {
    std::uint64_t trace = 1, id = 0, parent = 0;
    std::int64_t start_ns = 0, duration_ns = 0;
    std::string service = "svc", name = "op";
    SpanKind kind = SpanKind::internal;
    SpanStatus status = SpanStatus::unset;
    std::string statement;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string instance, version;
};

class SpanTableBuilder {
public:
    SpanTableBuilder& add(TestSpan span)
    {
        spans_.push_back(std::move(span));
        return *this;
    }

    SpanTable build()
    {
        std::stable_sort(spans_.begin(), spans_.end(), [](const TestSpan& a, const TestSpan& b) {
            return std::tie(a.trace, a.start_ns, a.id) < std::tie(b.trace, b.start_ns, b.id);
        });
        SpanTable table;
        table.attribute_begin.push_back(0);
        for (const TestSpan& span : spans_)
        {
            if (table.traces.empty() || table.traces.back().low != span.trace)
                table.traces.push_back({0, span.trace, static_cast<SpanTable::Row>(table.start_ns.size()), 0});
            ++table.traces.back().count;
            table.trace.push_back(static_cast<std::uint32_t>(table.traces.size() - 1));
            table.span_id.push_back(span.id);
            table.parent_id.push_back(span.parent);
            table.start_ns.push_back(span.start_ns);
            table.duration_ns.push_back(span.duration_ns);
            table.service.push_back(table.strings.intern(span.service));
            table.name.push_back(table.strings.intern(span.name));
            table.operation.push_back(table.name.back());
            table.instance.push_back(span.instance.empty() ? 0 : table.strings.intern(span.instance));
            table.version.push_back(span.version.empty() ? 0 : table.strings.intern(span.version));
            table.statement.push_back(table.strings.intern(span.statement));
            table.fingerprint.push_back(span.statement.empty() ? 0 : table.strings.intern(sql_fingerprint(span.statement)));
            table.kind.push_back(span.kind);
            table.status.push_back(span.status);
            table.file.push_back(1);
            for (const auto& [key, value] : span.attributes)
            {
                table.attribute_key.push_back(table.strings.intern(key));
                table.attribute_value.push_back(table.strings.intern(value));
            }
            table.attribute_begin.push_back(static_cast<std::uint32_t>(table.attribute_key.size()));
        }
        build_trees(table);
        return table;
    }

private:
    std::vector<TestSpan> spans_;
};

/// The row of a span id in a table where every id is used once.
inline SpanTable::Row row_of(const SpanTable& table, std::uint64_t span_id)
{
    for (SpanTable::Row row = 0; row < table.size(); ++row)
        if (table.span_id[row] == span_id)
            return row;
    return SpanTable::no_row;
}

}  // namespace casebook
