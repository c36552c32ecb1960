#include "analyzers/trace/calls.h"

#include "analyzers/trace/self_time.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>

namespace casebook {
namespace {

using Row = SpanTable::Row;

bool is_call(SpanClass of) { return of == SpanClass::remote_call || of == SpanClass::statement || of == SpanClass::cache; }

/// Per row: true when a call of the same operation lies above it. Each row is visited once.
std::vector<bool> inside_calls(const SpanTable& spans, const SpanClasses& classes)
{
    std::vector<bool> known(spans.size()), inside(spans.size());
    std::vector<Row> way;
    for (Row row = 0; row < spans.size(); ++row) {
        Row at = row;
        while (!known[at]) {
            known[at] = true;  // trees have no rings, so the way up never comes back here
            way.push_back(at);
            if (spans.parent[at] == SpanTable::no_row) break;
            at = spans.parent[at];
        }
        for (; !way.empty(); way.pop_back()) {
            const Row here = way.back(), parent = spans.parent[here];
            inside[here] = parent != SpanTable::no_row && classes.entry[parent] == classes.entry[here] && (inside[parent] || is_call(classes.of[parent]));
        }
    }
    return inside;
}

}  // namespace

OutermostCalls outermost_calls(const SpanTable& spans, const SpanClasses& classes)
{
    const std::vector<bool> inside = inside_calls(spans, classes);
    std::vector<std::pair<Row, Row>> found;  // entry, call
    for (Row row = 0; row < spans.size(); ++row) {
        const Row entry = classes.entry[row];
        if (!is_call(classes.of[row]) || inside[row] || entry == SpanTable::no_row || spans.start_ns[row] >= span_end_ns(spans, entry)) continue;
        found.emplace_back(entry, row);
    }
    std::sort(found.begin(), found.end());  // rows of a trace are in start order
    OutermostCalls calls;
    for (const auto& [entry, row] : found) {
        if (calls.entries.empty() || calls.entries.back() != entry) {
            calls.entries.push_back(entry);
            calls.begin.push_back(static_cast<std::uint32_t>(calls.rows.size()));
        }
        calls.rows.push_back(row);
    }
    calls.begin.push_back(static_cast<std::uint32_t>(calls.rows.size()));
    return calls;
}

CallTargets::Id CallTargets::of(Row row)
{
    const SpanClass call_class = classes_.of[row];
    const SpanTable::Id operation = call_class == SpanClass::statement && spans_.fingerprint[row] != 0 ? spans_.fingerprint[row] : spans_.operation[row];
    std::string peer = peer_of(spans_, row);
    if (peer.empty()) peer = database_system(spans_, row);
    const auto [entry, fresh] = known_.try_emplace({std::move(peer), operation}, static_cast<Id>(targets_.size()));
    if (fresh) targets_.push_back({entry->first.first, operation, call_class, row});
    return entry->second;
}

std::string CallTargets::label(Id id) const
{
    const Target& target = targets_[id];
    if (target.of == SpanClass::statement) {
        const SqlSummary sql = summarize_sql(spans_.text(spans_.statement[target.example]));
        return sql.table.empty() ? sql.verb : sql.verb + " on " + sql.table;
    }
    const std::string operation(spans_.text(target.operation));
    return target.peer.empty() || operation.find(target.peer) != std::string::npos ? operation : target.peer + " " + operation;
}

}  // namespace casebook
