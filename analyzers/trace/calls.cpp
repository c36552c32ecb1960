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

/// Another service's answer right below the operation that asked: tracing without client spans. What is taken from a queue
/// nobody waits for.
bool answers_unseen_call(const SpanTable& spans, const SpanClasses& classes, Row row)
{
    const Row parent = spans.parent[row];
    return classes.of[row] == SpanClass::entry && spans.kind[row] != SpanKind::consumer && parent != SpanTable::no_row && spans.kind[parent] != SpanKind::producer &&
           spans.service[parent] != spans.service[row] && !is_call(classes.of[parent]);
}

}  // namespace

OutermostCalls outermost_calls(const SpanTable& spans, const SpanClasses& classes)
{
    const std::vector<bool> inside = inside_calls(spans, classes);
    std::vector<std::pair<Row, Row>> found;  // entry, call
    for (Row row = 0; row < spans.size(); ++row) {
        const bool unseen = answers_unseen_call(spans, classes, row);
        if (!unseen && !is_call(classes.of[row])) continue;
        const Row asked_by = unseen ? spans.parent[row] : row, entry = classes.entry[asked_by];
        if (inside[asked_by] || entry == SpanTable::no_row || spans.start_ns[row] >= span_end_ns(spans, entry)) continue;
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

std::string callee_of(const SpanTable& spans, const SpanClasses& classes, Row call)
{
    if (classes.of[call] == SpanClass::entry) return std::string(spans.text(spans.service[call]));
    std::string peer = peer_of(spans, call);
    if (peer.empty()) peer = database_system(spans, call);
    return peer;
}

CallTargets::Id CallTargets::of(Row row)
{
    const SpanClass call_class = classes_.of[row] == SpanClass::entry ? SpanClass::remote_call : classes_.of[row];
    const SpanTable::Id operation = call_class == SpanClass::statement && spans_.fingerprint[row] != 0 ? spans_.fingerprint[row] : spans_.operation[row];
    std::string peer = callee_of(spans_, classes_, row);
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
