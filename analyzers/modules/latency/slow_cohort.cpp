// What do the slow requests share that the others do not?
//
// Per operation the slow requests are compared with the rest, attribute by attribute. A value is a cohort when most slow
// requests have it, it is over-represented beyond chance (false discoveries controlled over everything tested), and the
// tail goes away without it: the P99 of the requests that do not have it is at most half. A number of something that makes
// requests longer than in proportion is a cohort, too: those with much of it. Without a cohort, one key that has far more
// requests than the others and is throttled is a suspicion.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/operations.h"
#include "analyzers/analysis/partition_load.h"
#include "analyzers/analysis/size_effect.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/cohort.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 9> thresholds{{{"lift", 2, "x", "Casebook's own"},
                                               {"coverage", 50, "%", "Casebook's own"},
                                               {"weak_coverage", 20, "%", "Casebook's own"},
                                               {"without", 0.5, "x", "Casebook's own"},
                                               {"attributes", 5, "attributes", "Casebook's own"},
                                               {"ruled_out_lift", 1.5, "x", "Casebook's own"},
                                               {"size_slope", 1.6, "1", "Casebook's own: 1 is linear, 2 quadratic"},
                                               {"size_spread", 4, "x", "Casebook's own"},
                                               {"skew", 2, "x", "Casebook's own"}}};

using Row = SpanTable::Row;

struct Split {
    std::vector<Row> slow, rest, all, context;
};

Split split(const SpanTable& spans, const RequestSet& requests, const OperationRequests& operation)
{
    Split result;
    // Requests are counted, not spans: a request that calls the operation eight times is one witness, by its slowest call.
    std::map<std::uint32_t, Row> slowest;
    for (const Row row : operation.analysed) {
        const auto [entry, fresh] = slowest.try_emplace(spans.trace[row], row);
        if (!fresh && spans.duration_ns[row] > spans.duration_ns[entry->second]) entry->second = row;
    }
    for (const auto& [trace, row] : slowest)
        (static_cast<double>(spans.duration_ns[row]) / 1e6 > operation.line_ms ? result.slow : result.rest).push_back(row);
    result.all = result.slow;
    result.all.insert(result.all.end(), result.rest.begin(), result.rest.end());
    for (const Row row : result.all) {
        const std::uint32_t request = requests.request_of_trace[spans.trace[row]];
        result.context.push_back(request == RequestSet::none ? SpanTable::no_row : requests.rows[request]);
    }
    return result;
}

/// `size` is null for a value; else `value` is its cohort.
Finding describe(AnalysisContext& context, const SpanTable& spans, const OperationRequests& operation, const Split& sets, const CohortValue& value, const SizeEffect* size)
{
    const std::string label = size ? value.key + " of " + value.value : value.key + "=" + value.value;
    std::vector<double> with, without;
    std::map<std::uint32_t, std::int64_t> explained;
    for (std::size_t i = 0; i < sets.all.size(); ++i) {
        const double ms = static_cast<double>(spans.duration_ns[sets.all[i]]) / 1e6;
        (value.has[i] ? with : without).push_back(ms);
    }
    double p_with = 0, p_without = 0;
    const double tail = context.threshold("common.tail_samples");
    double with_ms = tail_percentile(with, tail, p_with);
    if (p_with == 0) {
        p_with = 50;
        with_ms = median(with);
    }
    double without_ms = tail_percentile(without, tail, p_without);
    if (p_without == 0) without_ms = without.empty() ? with_ms : *std::max_element(without.begin(), without.end());
    const double normal_ms = median(without);
    for (std::size_t i = 0; i < sets.slow.size(); ++i)
        if (value.has[i]) explained[spans.trace[sets.slow[i]]] += std::max<std::int64_t>(0, spans.duration_ns[sets.slow[i]] - static_cast<std::int64_t>(normal_ms * 1e6));

    const std::string service(spans.text(operation.service)), name(spans.text(operation.operation));
    const bool separates = without_ms <= context.threshold("without") * with_ms;
    const bool strong = value.coverage * 100 >= context.threshold("coverage") && value.lift >= context.threshold("lift") && value.q < context.threshold("common.fdr") &&
                        static_cast<double>(value.selected) >= tail && separates;
    Finding finding;
    finding.verdict = strong ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({service, name, size ? value.key : label});  // no figure in a key
    finding.headline = format_percent(value.coverage) + " of the slow requests of " + name + " have " + label + ", against " + format_percent(value.rest_share) +
                       " of the others: P" + format_number(p_with) + " " + format_ms(with_ms) + " with it, " + format_ms(without_ms) + " without";
    if (size) finding.headline += "; time grows faster than in proportion (size to the power of " + format_number(size->slope, 2) + ")";
    finding.subjects = {{"attribute", size ? value.key : label}, {"service", service}, {"operation", name}};
    for (const std::string& alias : value.aliases) finding.subjects.push_back({"attribute", alias});
    finding.figures = {context.figure("coverage", value.coverage * 100, "%", "coverage"),
                       context.figure("lift", value.lift, "x", "lift"),
                       context.figure("q_value", value.q, "1", "common.fdr"),
                       context.figure("slow_requests_with_it", static_cast<double>(value.selected), "requests", "common.tail_samples"),
                       {"share_of_others", value.rest_share * 100, "%", {}, {}},
                       {"share_of_load", 100.0 * static_cast<double>(value.selected + value.rest) / static_cast<double>(sets.all.size()), "%", {}, {}},
                       {"tail_with", with_ms, "ms", {}, {}},
                       {"tail_without", without_ms, "ms", with_ms * context.threshold("without"), context.threshold_full_name("without")},
                       {"slow_line", operation.line_ms, "ms", {}, {}}};
    if (size) {
        finding.figures.push_back(context.figure("slope", size->slope, "1", "size_slope"));
        finding.figures.push_back({"slope_at_least", size->slope_low, "1", {}, {}});
        finding.figures.push_back(context.figure("spread", size->spread, "x", "size_spread"));
        finding.figures.push_back({"slow_from", size->cut, "1", {}, {}});
    }
    finding.when = context.windows().analysed;
    finding.impact = context.impact(explained);
    finding.refutes_if = "the others with the same mix are as slow: lift below " + format_number(context.threshold("ruled_out_lift"));
    Row slowest = sets.slow.front();
    for (std::size_t i = 0; i < sets.slow.size(); ++i)
        if (value.has[i] && spans.duration_ns[sets.slow[i]] > spans.duration_ns[slowest]) slowest = sets.slow[i];
    finding.evidence.push_back({"Requests of " + name + " by duration", "distribution", "span",
                                "SELECT start_ns, duration_ns / 1e6 AS duration_ms, trace_id, span_id FROM span WHERE service = ?1 AND operation = ?2 AND kind IN ('server', 'consumer') "
                                "AND start_ns >= ?3 AND start_ns < ?4 ORDER BY start_ns, span_id",
                                {service, name, context.windows().analysed.from_ns, context.windows().analysed.to_ns}});
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[slowest], "A slow request with " + label));
    finding.fixes = {{"Treat " + label + " on its own: look at what only these requests do (first evidence), then limit or route them separately", "1-4 h",
                      "P" + format_number(std::floor(p_with)) + " " + format_ms(with_ms) + " -> ~" + format_ms(without_ms), "the requests set apart get their own limit"}};
    if (size)
        finding.fixes.insert(finding.fixes.begin(), {"Look for a loop within a loop over what " + value.key + " counts (a search in a list, a query per pair), and index it by key", "1-4 h",
                                                     "ten times the size takes ten times as long instead of " + format_number(std::pow(10, size->slope), 2) + " times", "memory of the index"});
    finding.proof = "the P99 of " + name + " with " + label + " is within 1.2 x of the others";
    finding.rollback = "the others get slower after the change";
    if (!strong) finding.note = !separates ? "the tail stays without it, so it is at most part of the reason" : "it covers too few of the slow requests, or too few were recorded";
    return finding;
}

/// A key with far more load than the others and throttles on it: no cohort of slow requests, but where they will come from.
Status suspect(AnalysisContext& context, const SpanTable& spans, const OperationRequests& operation, const Split& sets, const HotKey& hot)
{
    const std::string service(spans.text(operation.service)), name(spans.text(operation.operation)), label = hot.key + "=" + hot.value;
    const double share = 100.0 * static_cast<double>(hot.throttled) / static_cast<double>(hot.requests);
    Finding finding;
    finding.verdict = Verdict::suspected;
    finding.key = finding_key({service, name, label});
    finding.headline = label + " has " + format_number(hot.load(), 2) + " x the load of the usual " + hot.key + " of " + name + ", and " + format_count(static_cast<std::int64_t>(hot.throttled)) +
                       " of its requests were throttled";
    finding.subjects = {{"attribute", label}, {"service", service}, {"operation", name}};
    finding.figures = {context.figure("skew", hot.load(), "x", "skew"),
                       {"share_of_load", 100.0 * static_cast<double>(hot.requests) / static_cast<double>(hot.requests + hot.others), "%", {}, {}},
                       {"throttled", share, "%", {}, {}},
                       {"throttled_others", 100.0 * static_cast<double>(hot.others_throttled) / static_cast<double>(hot.others), "%", {}, {}}};
    finding.when = context.windows().analysed;
    finding.note = "its requests are not set apart as the slow ones";
    finding.refutes_if = "the other values of " + hot.key + " are throttled as often, or have as much load";
    SpanTable::Row slowest = sets.slow.front();
    std::map<std::uint32_t, std::int64_t> nothing;
    for (const SpanTable::Row row : sets.slow)
        if (spans.duration_ns[row] > spans.duration_ns[slowest]) slowest = row;
    finding.evidence = {{"Requests by " + hot.key, "table", "span",
                         "SELECT a.value, count(*) AS requests, sum(s.status = 'error') AS failed FROM span s JOIN span_attribute a ON a.trace_id = s.trace_id AND a.span_id = s.span_id AND a.key = ?3 "
                         "WHERE s.service = ?1 AND s.operation = ?2 AND s.kind IN ('server', 'consumer') GROUP BY a.value ORDER BY requests DESC, a.value",
                         {service, name, hot.key}},
                        span_tree_evidence(spans, spans.trace[slowest], "The slowest request of " + name)};
    finding.fixes = {{"Split what " + label + " holds over several partitions, or give it a limit of its own", "1-2 d", format_percent(share / 100) + " of its requests throttled -> none", "reads over several partitions"}};
    finding.proof = "no request with " + label + " is throttled over a full cycle of load";
    TRY_ASSIGN(const Felt felt, context.felt(nothing));
    finding.severity = severity_of(felt);
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const RequestSet* requests, context.requests());
    const double tail = context.threshold("common.tail_samples");
    const std::vector<bool> throttled = throttled_traces(*spans);
    std::size_t compared = 0, attributes = 0, slow_total = 0;
    double best_lift = 0;
    for (const OperationRequests& operation : operations(*spans, *classes, context.windows(), tail)) {
        TRY(context.control().check());
        const Split sets = split(*spans, *requests, operation);
        slow_total += sets.slow.size();
        if (static_cast<double>(sets.slow.size()) < tail || sets.rest.empty()) continue;
        const CohortComparison comparison = compare_cohorts(*spans, sets.slow, sets.rest, sets.context);
        ++compared;
        attributes = std::max(attributes, comparison.attributes);
        const CohortValue* best = nullptr;
        for (const CohortValue& value : comparison.values) {
            // Where all of a release's requests are slow, or all of an instance's, other questions say it better.
            if (value.key == "version" || value.key == "instance" || value.key.find("instance") != std::string::npos || value.key.find("version") != std::string::npos) continue;
            if (value.q >= context.threshold("common.fdr")) continue;
            best_lift = std::max(best_lift, value.lift);
            if (value.lift < context.threshold("lift") || value.coverage * 100 < context.threshold("weak_coverage")) continue;
            best = &value;
            break;
        }
        const auto size = size_effect(*spans, sets.slow, sets.rest, sets.context, context.threshold("size_slope"), context.threshold("size_spread"));
        const bool by_size = size && size->cohort.q < context.threshold("common.fdr") && size->cohort.lift >= context.threshold("lift") && size->cohort.coverage * 100 >= context.threshold("weak_coverage") &&
                             (!best || size->cohort.coverage * std::log(size->cohort.lift) >= best->coverage * std::log(best->lift));
        if (by_size) best = &size->cohort;
        if (!best) {
            if (const auto hot = hot_key(*spans, sets.all, sets.context, throttled, context.threshold("skew"), tail)) TRY(suspect(context, *spans, operation, sets, *hot));
            continue;
        }
        Finding finding = describe(context, *spans, operation, sets, *best, by_size ? &*size : nullptr);
        std::map<std::uint32_t, std::int64_t> explained;
        for (std::size_t i = 0; i < sets.slow.size(); ++i)
            if (best->has[i]) explained[spans->trace[sets.slow[i]]] += spans->duration_ns[sets.slow[i]];
        TRY_ASSIGN(const Felt felt, context.felt(explained));
        finding.severity = severity_of(felt);
        context.add(std::move(finding));
    }
    if (compared == 0)
        return Answer{Verdict::inconclusive, "no operation has " + format_number(tail) + " slow requests (" + std::to_string(slow_total) + " in all)", {}};
    if (static_cast<double>(attributes) < context.threshold("attributes"))
        return Answer{Verdict::inconclusive, "only " + std::to_string(attributes) + " attributes can tell requests apart; record tenant, region, size and the like", {}};
    const std::string over = " over " + std::to_string(attributes) + " attributes";
    if (best_lift == 0) return Answer{Verdict::ruledOut, "no value is more frequent among slow requests than chance makes it" + over, {}};
    return Answer{Verdict::ruledOut, "no value separates slow from other requests: best lift " + format_number(best_lift, 2) + over, {}};
}

}  // namespace

extern const Analyzer slow_cohort;
const Analyzer slow_cohort{"latency.slow_cohort", "What do the slow requests share that the others do not?", AnalyzerKind::symptom, "span", "event, log_line, setting", thresholds, run, {.attributes = true}};

}  // namespace casebook::latency
