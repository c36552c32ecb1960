#include "analyzers/trace/span_doubts.h"

#include "analyzers/trace/sampling.h"

#include <algorithm>
#include <vector>

namespace casebook {
namespace {

using Row = SpanTable::Row;
using Counts = SpanDoubts::Counts;

/// Whether a span that is named as a parent is missing inside of the trace. One caller beyond the recording is none: nothing in the
/// trace stands above what it called, which are servers or consumers (or anything, where no span says its kind).
bool is_cut(const SpanTable& spans, const SpanTable::Trace& trace)
{
    std::uint64_t caller = 0;
    bool has_root = false, has_orphan = false, called_inside = false, says_kinds = false;
    for (Row row = trace.first; row < trace.first + trace.count; ++row) {
        says_kinds = says_kinds || spans.kind[row] != SpanKind::internal;
        if (spans.parent[row] != SpanTable::no_row) continue;
        if (spans.parent_id[row] == 0) {
            has_root = true;
            continue;
        }
        if (has_orphan && spans.parent_id[row] != caller) return true;
        has_orphan = true;
        caller = spans.parent_id[row];
        called_inside = called_inside || (spans.kind[row] != SpanKind::server && spans.kind[row] != SpanKind::consumer);
    }
    return has_orphan && (has_root || (called_inside && says_kinds));
}

/// How far the clocks of both ends of a call are apart at least; 0 when they may agree.
double skew_between(const SpanTable& spans, Row caller, Row answer)
{
    const double early_ms = TimeRange{spans.start_ns[answer], spans.start_ns[caller]}.seconds() * 1000;
    if (early_ms > 0) return early_ms;
    // Only where a client waits for its server must the answer end first; one that took longer than the client waited is late by itself.
    const bool waits = spans.kind[caller] == SpanKind::client && spans.kind[answer] == SpanKind::server && spans.status[caller] != SpanStatus::error;
    if (!waits || spans.duration_ns[answer] > spans.duration_ns[caller]) return 0;
    return std::max(0.0, TimeRange{spans.end_ns(caller), spans.end_ns(answer)}.seconds() * 1000);
}

}  // namespace

void SpanDoubts::Counts::add(const Counts& other)
{
    traces += other.traces;
    cut += other.cut;
    trimmed += other.trimmed;
    sampled += other.sampled;
    rationed += other.rationed;
    chosen += other.chosen;
    calls += other.calls;
    skewed += other.skewed;
    one_sided += other.one_sided;
    one_sided_skewed += other.one_sided_skewed;
    worst_skew_ms = std::max(worst_skew_ms, other.worst_skew_ms);
}

SpanDoubts doubts_about(const SpanTable& spans, TimeRange analysed, TimeRange baseline, double skew_ms)
{
    SpanDoubts doubts;
    const SamplingReader sampling(spans);
    const SpanTable::Id dropped = spans.strings.find("otel.dropped_attributes_count");
    std::map<SpanTable::Id, Counts> by_service;
    std::map<SpanTable::Id, bool> seen;  // in the trace: whether a span of the service lost attributes
    for (const SpanTable::Trace& trace : spans.traces) {
        if (!analysed.contains(trace.start_ns) && !baseline.contains(trace.start_ns)) continue;
        Counts of_trace{1, is_cut(spans, trace)};
        seen.clear();
        for (Row row = trace.first; row < trace.first + trace.count; ++row) {
            const bool trimmed = dropped != StringPool::none && spans.attribute(row, dropped) != StringPool::none;
            seen[spans.service[row]] |= trimmed;
            of_trace.trimmed |= trimmed;
            if (sampling.any() && of_trace.sampled + of_trace.rationed + of_trace.chosen == 0) {
                const Sampling how = sampling.of(row);
                of_trace.sampled = how.by == Sampling::By::chance && how.probability < 1;
                of_trace.rationed = how.by == Sampling::By::rate;
                of_trace.chosen = how.by == Sampling::By::outcome;
            }
            const Row caller = spans.parent[row];
            if (caller == SpanTable::no_row || spans.service[caller] == spans.service[row]) continue;
            Counts of_call;
            const double apart_ms = skew_between(spans, caller, row);
            const bool one_sided = spans.kind[caller] != SpanKind::client && spans.kind[caller] != SpanKind::producer;
            of_call.calls = 1;
            of_call.one_sided = one_sided;
            if (apart_ms > skew_ms) {
                of_call.skewed = 1;
                of_call.one_sided_skewed = one_sided;
                of_call.worst_skew_ms = apart_ms;
            }
            by_service[spans.service[caller]].add(of_call);
            by_service[spans.service[row]].add(of_call);
            doubts.all.add(of_call);
        }
        doubts.all.add(of_trace);
        for (const auto& [service, trimmed] : seen) {
            of_trace.trimmed = trimmed;
            by_service[service].add(of_trace);
        }
    }
    for (const auto& [service, counts] : by_service) doubts.services[std::string(spans.text(service))].add(counts);
    return doubts;
}

}  // namespace casebook
