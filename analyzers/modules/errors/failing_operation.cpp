// Where do the failures start, and of which kind?
//
// Parents turn red because a child is, so the operation that counts is the deepest failing one of each failing request:
// failing client, pool and statement spans below it are its own. A failed attempt whose retry succeeded failed nobody.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/error_rate.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"
#include "analyzers/trace/requests.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace casebook::errors {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"share", 1, "%", "Casebook's own"},
                                               {"share_without_baseline", 5, "%", "Casebook's own"},
                                               {"factor", 2, "x", "Casebook's own"},
                                               {"origin", 50, "%", "Casebook's own"},
                                               {"weak_origin", 20, "%", "Casebook's own"},
                                               {"requests", 100, "requests", "Casebook's own"}}};

using Row = SpanTable::Row;

struct Operation {
    SpanTable::Id service = 0, name = 0;
    std::uint64_t requests = 0, failed = 0, base_requests = 0, base_failed = 0, origin = 0;
    std::map<std::string, std::uint64_t> kinds;
    std::vector<Row> origins;
    std::set<std::uint32_t> traces;
};

/// The kind of a failing entry: what a failing span below it in its own service says, else what it says itself.
std::string kind_of(const SpanTable& spans, const SpanClasses& classes, const std::vector<std::vector<Row>>& failing_below, Row entry, std::size_t index)
{
    for (const Row row : failing_below[index])
        if (classes.of[row] != SpanClass::entry)
            if (std::string kind = error_kind(spans, row); !kind.empty()) return kind;
    std::string kind = error_kind(spans, entry);
    return kind.empty() ? "unnamed" : kind;
}

/// What failed by its status can be asked for; what failed by its code is listed by trace, for attributes are slow to search.
Evidence failing_requests(const SpanTable& spans, const std::string& service, const std::string& name, const std::vector<Row>& rows)
{
    constexpr std::size_t most = 50;
    Evidence evidence{"Failing requests of " + name, "table", "span", "", {service, name}};
    evidence.sql = "SELECT start_ns, duration_ns / 1e6 AS duration_ms, trace_id, status FROM span WHERE service = ?1 AND operation = ?2 AND kind IN ('server', 'consumer', 'internal') AND ";
    std::set<std::string> traces;
    for (const Row row : rows)
        if (spans.status[row] != SpanStatus::error && traces.size() < most) traces.insert(trace_id_text(spans, spans.trace[row]));
    if (traces.empty()) {
        evidence.sql += "status = 'error' ORDER BY start_ns, span_id LIMIT 500";
        return evidence;
    }
    evidence.sql += "trace_id IN (";
    for (const std::string& trace : traces) {
        evidence.arguments.emplace_back(trace);
        evidence.sql += (evidence.arguments.size() > 3 ? ", ?" : "?") + std::to_string(evidence.arguments.size());
    }
    evidence.sql += ") ORDER BY start_ns, span_id";
    return evidence;
}

/// Failed and all of a service's requests in a stretch of time, from counters or as a mean share.
struct Failures {
    double failed = 0, requests = 0;
    double share_sum = 0, shares = 0;
    std::string series;
    bool known() const { return requests > 0 || shares > 0; }
    double share() const { return requests > 0 ? std::min(1.0, failed / requests) : shares > 0 ? share_sum / shares : 0; }
};

Result<std::map<std::string, Failures>> failures_by_service(AnalysisContext& context, TimeRange range)
{
    std::map<std::string, Failures> services;
    TRY_ASSIGN(const std::vector<Series>* errors, context.evidence().metric("errors"));
    TRY_ASSIGN(const std::vector<Series>* requests, context.evidence().metric("requests"));
    TRY_ASSIGN(const std::vector<Series>* rates, context.evidence().metric("error_rate"));
    for (const Series& series : *errors) {
        services[series.service].failed += series.increase(range);
        services[series.service].series = series.name;
    }
    for (const Series& series : *requests)
        if (const auto service = services.find(series.service); service != services.end()) service->second.requests += series.increase(range);
    for (const Series& series : *rates) {
        const double whole = whole_of(series);
        if (whole <= 0) continue;  // per second: a share of nothing known
        Failures& service = services[series.service];
        if (service.series.empty()) service.series = series.name;
        for (std::size_t i = 0; i < series.at_ns.size(); ++i)
            if (range.contains(series.at_ns[i])) {
                service.share_sum += series.value[i] / whole;
                ++service.shares;
            }
    }
    return services;
}

/// Without spans: which service fails, and how much. Where it starts, and of which kind, series do not say.
Result<Answer> from_series(AnalysisContext& context)
{
    const AnalysisWindows& windows = context.windows();
    const TimeRange range = windows.baseline ? windows.incident.value_or(windows.analysed) : windows.analysed;
    TRY_ASSIGN(const auto now, failures_by_service(context, range));
    std::map<std::string, Failures> before;
    if (windows.baseline) {
        TRY_ASSIGN(before, failures_by_service(context, *windows.baseline));
    }
    double highest = 0;
    bool known = false;
    for (const auto& [service, seen] : now) {
        if (!seen.known()) continue;
        known = true;
        highest = std::max(highest, seen.share());
        const auto base = before.find(service);
        const bool has_base = base != before.end() && base->second.known();
        const char* line = has_base ? "share" : "share_without_baseline";
        if (seen.share() * 100 < context.threshold(line) || (has_base && seen.share() < context.threshold("factor") * base->second.share())) continue;
        const std::string name = service.empty() ? "the service" : service;
        Finding finding;
        finding.verdict = Verdict::suspected;
        finding.key = finding_key({service});
        finding.headline = name + " fails " + format_percent(seen.share()) + " of its requests" + (has_base ? ", " + format_percent(base->second.share()) + " before" : "");
        finding.subjects = {{"service", service}, {"metric", seen.series}};
        finding.figures = {context.figure("failed_share", seen.share() * 100, "%", line)};
        if (has_base) finding.figures.push_back({"failed_share_before", base->second.share() * 100, "%", {}, {}});
        finding.when = range;
        Felt felt;
        felt.failed_share = seen.share();
        finding.severity = severity_of(felt);
        finding.refutes_if = "it fails below " + format_number(context.threshold("share")) + " % and at most 1.2 x its baseline";
        finding.evidence = {{"The series", "series", "metric", "SELECT at_ns, labels, value FROM metric_point WHERE name = ?1 ORDER BY labels, at_ns", {seen.series}}};
        finding.fixes = {{"Record traces with status and error.type of " + name + ", or read its error log at this time", "1 h", "says where the failures start and of which kind", "none"}};
        finding.proof = "failed share of " + name + " below " + format_number(context.threshold("share")) + " %";
        finding.note = "series show that requests fail, not where it starts";
        context.add(std::move(finding));
    }
    if (!known) return Answer{Verdict::inconclusive, "the series give no share of failed requests in the window", {}};
    return Answer{Verdict::ruledOut, "the highest failed share is " + format_percent(highest), {}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* table, context.evidence().spans());
    if (table->empty()) return from_series(context);
    const SpanTable& spans = *table;
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const RequestSet* requests, context.requests());
    const AnalysisWindows& windows = context.windows();

    // Bottom up: which entries have a failing entry below them.
    std::vector<bool> fails(spans.size()), fails_below(spans.size());
    bool any_status = false;
    for (Row row = 0; row < spans.size(); ++row) {
        fails[row] = failed(spans, row);
        any_status = any_status || records_outcome(spans, row);  // what succeeded is commonly left unset, with its code
    }
    const std::vector<Row> order = parents_first(spans);
    for (auto it = order.rbegin(); it != order.rend(); ++it)
        if (const Row parent = spans.parent[*it]; parent != SpanTable::no_row)
            fails_below[parent] = fails_below[parent] || fails_below[*it] || (fails[*it] && classes->of[*it] == SpanClass::entry);

    std::map<Row, std::size_t> index_of;
    std::vector<std::vector<Row>> failing_below;
    for (Row row = 0; row < spans.size(); ++row) {
        if (!fails[row] || classes->entry[row] == SpanTable::no_row) continue;
        const auto [entry, fresh] = index_of.try_emplace(classes->entry[row], failing_below.size());
        if (fresh) failing_below.emplace_back();
        failing_below[entry->second].push_back(row);
    }

    std::map<std::pair<std::string_view, std::string_view>, Operation> operations;
    std::set<std::uint32_t> failing_traces;
    for (Row row = 0; row < spans.size(); ++row) {
        if (classes->of[row] != SpanClass::entry) continue;
        const bool base = windows.baseline && windows.baseline->contains(spans.start_ns[row]);
        if (!base && !windows.analysed.contains(spans.start_ns[row])) continue;
        Operation& operation = operations[{spans.text(spans.service[row]), spans.text(spans.operation[row])}];
        operation.service = spans.service[row];
        operation.name = spans.operation[row];
        const std::uint32_t request = requests->request_of_trace[spans.trace[row]];
        const bool request_failed = request != RequestSet::none && fails[requests->rows[request]];
        if (base) {
            ++operation.base_requests;
            if (fails[row] && request_failed) ++operation.base_failed;
            continue;
        }
        ++operation.requests;
        if (!fails[row] || !request_failed) continue;
        ++operation.failed;
        operation.traces.insert(spans.trace[row]);
        failing_traces.insert(spans.trace[row]);
        if (fails_below[row]) continue;
        ++operation.origin;
        operation.origins.push_back(row);
        const auto index = index_of.find(row);
        ++operation.kinds[index == index_of.end() ? "unnamed" : kind_of(spans, *classes, failing_below, row, index->second)];
    }
    std::uint64_t all = 0;
    double highest = 0;
    std::string few;
    for (const auto& [names, operation] : operations) {
        all += operation.requests;
        if (operation.failed == 0) continue;
        const double share = static_cast<double>(operation.failed) / static_cast<double>(operation.requests);
        const double base_share = operation.base_requests > 0 ? static_cast<double>(operation.base_failed) / static_cast<double>(operation.base_requests) : 0;
        highest = std::max(highest, share);
        const bool has_base = operation.base_requests >= 20;
        if (share * 100 < (has_base ? context.threshold("share") : context.threshold("share_without_baseline"))) continue;
        if (has_base && share < context.threshold("factor") * base_share) continue;
        const std::string service(names.first), name(names.second);
        const bool enough = static_cast<double>(operation.requests) >= context.threshold("requests") || (operation.failed >= 5 && wilson(operation.failed, operation.requests).low > 0.05);
        if (!enough) {
            few = std::to_string(operation.failed) + " of " + std::to_string(operation.requests) + " requests of " + name + " failed, too few to judge";
            continue;
        }
        const double origin = static_cast<double>(operation.origin) / static_cast<double>(operation.failed);
        if (origin * 100 < context.threshold("weak_origin")) continue;  // red because something below it is
        const auto kind = std::max_element(operation.kinds.begin(), operation.kinds.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
        const double kind_share = static_cast<double>(kind->second) / static_cast<double>(operation.origin);
        Finding finding;
        finding.verdict = origin * 100 >= context.threshold("origin") && kind_share >= 0.5 ? Verdict::confirmed : Verdict::suspected;
        finding.key = finding_key({service, name});
        finding.headline = name + " of " + service + " fails: " + std::to_string(operation.failed) + " of " + std::to_string(operation.requests) + " requests (" + format_percent(share) + "), " +
                           format_percent(kind_share) + " of them with " + kind->first;
        finding.subjects = {{"service", service}, {"operation", name}, {"error", kind->first}};
        const Interval interval = wilson(operation.failed, operation.requests);
        finding.figures = {context.figure("failed_share", share * 100, "%", has_base ? "share" : "share_without_baseline"),
                           {"failed_share_low", interval.low * 100, "%", {}, {}}, {"failed_share_high", interval.high * 100, "%", {}, {}},
                           context.figure("starts_here", origin * 100, "%", "origin"), context.figure("requests", static_cast<double>(operation.requests), "requests", "requests")};
        if (has_base) finding.figures.push_back({"failed_share_before", base_share * 100, "%", {}, {}});
        std::map<std::uint32_t, std::int64_t> explained;
        TimeRange when{INT64_MAX, INT64_MIN};
        for (const Row row : operation.origins) {
            explained[spans.trace[row]] += spans.duration_ns[row];
            when.from_ns = std::min(when.from_ns, spans.start_ns[row]);
            when.to_ns = std::max(when.to_ns, spans.end_ns(row) + 1);
        }
        finding.when = when;
        finding.impact = context.impact(explained);
        Felt felt;
        felt.failed_share = requests->analysed > 0 ? static_cast<double>(operation.traces.size()) / static_cast<double>(requests->analysed) : 0;
        finding.severity = severity_of(felt);
        finding.refutes_if = "it fails below " + format_number(context.threshold("share")) + " % and at most 1.2 x its baseline";
        finding.evidence.push_back(span_tree_evidence(spans, spans.trace[operation.origins.front()], "A failing request"));
        finding.evidence.push_back(failing_requests(spans, service, name, operation.origins));
        finding.fixes = {{"Follow the error " + kind->first + " in the logs of " + service + "; roll back what changed last on this path", "15-60 min", std::to_string(operation.failed) + " failed requests -> 0", "a rollback may bring back an older fault"}};
        finding.proof = "failed share of " + name + " below " + format_number(context.threshold("share")) + " % over 3,000 requests";
        finding.rollback = "errors of another kind appear";
        if (finding.verdict == Verdict::suspected) finding.note = kind_share < 0.5 ? "no single kind of error leads" : "in part of the failing requests something below it failed first";
        context.add(std::move(finding));
    }
    if (!any_status) return Answer{Verdict::inconclusive, "no span records a status, so failures cannot be seen", {}};
    if (all == 0) return Answer{Verdict::inconclusive, "no request falls into the window", {}};
    if (!few.empty()) return Answer{Verdict::inconclusive, few, {}};
    return Answer{Verdict::ruledOut, failing_traces.empty() ? "no request failed in " + format_count(static_cast<std::int64_t>(requests->analysed)) : "the highest failed share is " + format_percent(highest), {}};
}

}  // namespace

extern const Analyzer failing_operation;
const Analyzer failing_operation{"errors.failing_operation", "Where do the failures start, and of which kind?", AnalyzerKind::symptom, "span or metric(error_rate) or metric(errors)&metric(requests)", "event, log_line", thresholds, run, {.absence = true, .structure = true, .shares = true}};

}  // namespace casebook::errors
