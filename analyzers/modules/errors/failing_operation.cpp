// Where do the failures start, and of which kind?
//
// Parents turn red because a child is, so the operation that counts is the deepest failing one of each failing request:
// failing client, pool and statement spans below it are its own. A failed attempt whose retry succeeded failed nobody.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/error_rate.h"
#include "analyzers/analysis/failure_origins.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

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

constexpr std::uint64_t fewest_base = 20;  // requests before, to compare with

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
    std::string unsure;
    for (const auto& [service, seen] : now) {
        if (!seen.known()) continue;
        known = true;
        highest = std::max(highest, seen.share());
        const auto base = before.find(service);
        const bool has_base = base != before.end() && base->second.known();
        const char* line = has_base ? "share" : "share_without_baseline";
        if (seen.share() * 100 < context.threshold(line)) continue;
        if (has_base && seen.share() < context.threshold("factor") * base->second.share()) {
            if (unsure.empty()) unsure = format_percent(seen.share()) + " of the requests of " + (service.empty() ? "the service" : service) + " failed, and " + format_percent(base->second.share()) + " before: that is not new";
            continue;
        }
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
    if (!unsure.empty()) return Answer{Verdict::inconclusive, unsure, {}};
    return Answer{Verdict::ruledOut, "the highest failed share is " + format_percent(highest), {}};
}

/// An operation over the line, whether it can be judged, and what speaks against its being the one.
struct Candidate {
    const OperationFailures* of = nullptr;
    bool has_base = false;
    double share = 0, base_share = 0, q = 0;
};

Status report(AnalysisContext& context, const SpanTable& spans, const RequestSet& requests, const Candidate& candidate)
{
    const OperationFailures& operation = *candidate.of;
    const std::string service(spans.text(operation.service)), name(spans.text(operation.operation));
    const auto kind = std::max_element(operation.kinds.begin(), operation.kinds.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    const double failed = static_cast<double>(operation.failed), here = static_cast<double>(operation.origins.size());
    const bool starts_here = here / failed * 100 >= context.threshold("origin"), one_kind = static_cast<double>(kind->second) / failed * 100 >= context.threshold("origin");
    const bool cut = 2 * operation.cut >= operation.origins.size();
    Finding finding;
    finding.verdict = cut ? Verdict::inconclusive : starts_here && one_kind ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({service, name});
    finding.headline = name + " of " + service + " fails: " + std::to_string(operation.failed) + " of " + std::to_string(operation.requests) + " requests (" + format_percent(candidate.share) + "), " +
                       format_percent(static_cast<double>(kind->second) / here) + (starts_here ? " of them" : " of what starts here") + " with " + kind->first;
    finding.subjects = {{"service", service}, {"operation", name}, {"error", kind->first}};
    const Interval interval = wilson(operation.failed, operation.requests);
    finding.figures = {context.figure("failed_share", candidate.share * 100, "%", candidate.has_base ? "share" : "share_without_baseline"),
                       {"failed_share_low", interval.low * 100, "%", {}, {}}, {"failed_share_high", interval.high * 100, "%", {}, {}},
                       context.figure("starts_here", here / failed * 100, "%", "origin"), context.figure("of_one_kind", static_cast<double>(kind->second) / failed * 100, "%", "origin"),
                       context.figure("requests", static_cast<double>(operation.requests), "requests", "requests")};
    if (candidate.has_base) {
        finding.figures.push_back({"failed_share_before", candidate.base_share * 100, "%", {}, {}});
        finding.figures.push_back(context.figure("q_value", candidate.q, "1", "common.fdr"));
    }
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
    felt.failed_share = requests.analysed > 0 ? static_cast<double>(operation.traces.size()) / static_cast<double>(requests.analysed) : 0;
    finding.severity = severity_of(felt);
    finding.refutes_if = "it fails below " + format_number(context.threshold("share")) + " % and at most 1.2 x its baseline";
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[operation.origins.front()], "A failing request"));
    finding.evidence.push_back(failing_requests(spans, service, name, operation.origins));
    finding.fixes = {{"Follow the error " + kind->first + " in the logs of " + service + "; roll back what changed last on this path", "15-60 min", std::to_string(operation.failed) + " failed requests -> 0", "a rollback may bring back an older fault"}};
    finding.proof = "failed share of " + name + " below " + format_number(context.threshold("share")) + " % over 3,000 requests";
    finding.rollback = "errors of another kind appear";
    if (cut) finding.note = "the traces are cut below it: what it called failed, and that part was not recorded";
    else if (finding.verdict == Verdict::suspected) finding.note = starts_here ? "no single kind of error leads" : "in part of the failing requests something below it failed first";
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    if (spans->empty()) return from_series(context);
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const RequestSet* requests, context.requests());
    const FailureOrigins found = failure_origins(*spans, *classes, *requests, context.windows());

    std::vector<Candidate> candidates;
    std::vector<double> p;
    for (const OperationFailures& operation : found.operations) {
        Candidate candidate{&operation, operation.base_requests >= fewest_base, 0, 0, 0};
        if (operation.requests > 0) candidate.share = static_cast<double>(operation.failed) / static_cast<double>(operation.requests);
        if (candidate.has_base) candidate.base_share = static_cast<double>(operation.base_failed) / static_cast<double>(operation.base_requests);
        candidates.push_back(candidate);
        p.push_back(candidate.has_base ? fisher_p(operation.failed, operation.requests - operation.failed, operation.base_failed, operation.base_requests - operation.base_failed) : 1);
    }
    const std::vector<double> q = benjamini_hochberg(p);
    double highest = 0;
    std::uint64_t most_requests = 0;
    std::string unsure;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        Candidate& candidate = candidates[i];
        const OperationFailures& operation = *candidate.of;
        candidate.q = q[i];
        most_requests = std::max(most_requests, operation.requests);
        highest = std::max(highest, candidate.share);
        if (operation.failed == 0 || candidate.share * 100 < context.threshold(candidate.has_base ? "share" : "share_without_baseline")) continue;
        if (static_cast<double>(operation.origins.size()) * 100 < context.threshold("weak_origin") * static_cast<double>(operation.failed)) continue;  // red because something below it is
        const std::string said = std::to_string(operation.failed) + " of " + std::to_string(operation.requests) + " requests of " + std::string(spans->text(operation.operation)) + " failed";
        if (candidate.has_base && candidate.share < context.threshold("factor") * candidate.base_share) {
            if (unsure.empty()) unsure = said + " (" + format_percent(candidate.share) + "), and " + format_percent(candidate.base_share) + " before: that is not new";
            continue;
        }
        if (static_cast<double>(operation.requests) < context.threshold("requests") && !(operation.failed >= 5 && wilson(operation.failed, operation.requests).low > 0.05)) {
            unsure = said + ", too few to judge";
            continue;
        }
        if (candidate.has_base && candidate.q >= context.threshold("common.fdr")) {
            unsure = said + ", no more than chance makes of " + format_percent(candidate.base_share) + " before (q = " + format_number(candidate.q, 2) + ")";
            continue;
        }
        TRY(report(context, *spans, *requests, candidate));
    }
    if (!found.outcome_recorded) return Answer{Verdict::inconclusive, "no span records a status, so failures cannot be seen", {}};
    if (found.requests == 0) return Answer{Verdict::inconclusive, "no request falls into the window", {}};
    if (!unsure.empty()) return Answer{Verdict::inconclusive, unsure, {}};
    if (static_cast<double>(most_requests) < context.threshold("requests"))
        return Answer{Verdict::inconclusive, "no operation has " + format_number(context.threshold("requests")) + " requests, too few to rule failures out", {}};
    return Answer{Verdict::ruledOut, found.failed == 0 ? "no request failed in " + format_count(static_cast<std::int64_t>(requests->analysed)) : "the highest failed share is " + format_percent(highest), {}};
}

}  // namespace

extern const Analyzer failing_operation;
const Analyzer failing_operation{"errors.failing_operation", "Where do the failures start, and of which kind?", AnalyzerKind::symptom, "span or metric(error_rate) or metric(errors)&metric(requests)", "event, log_line", thresholds, run, {.absence = true, .shares = true}};

}  // namespace casebook::errors
