// What do the slow requests share that the others do not?
//
// Per operation the slow requests are compared with the rest, attribute by attribute. A value is a cohort when most slow
// requests have it, it is over-represented beyond chance (false discoveries controlled over everything tested), and the
// tail goes away without it: the P99 of the requests that do not have it is at most half.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/operations.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/cohort.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"lift", 2, "x", "Casebook's own"},
                                               {"coverage", 50, "%", "Casebook's own"},
                                               {"weak_coverage", 20, "%", "Casebook's own"},
                                               {"without", 0.5, "x", "Casebook's own"},
                                               {"attributes", 5, "attributes", "Casebook's own"},
                                               {"ruled_out_lift", 1.5, "x", "Casebook's own"}}};

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

Finding describe(AnalysisContext& context, const SpanTable& spans, const OperationRequests& operation, const Split& sets, const CohortValue& value)
{
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
    finding.key = finding_key({service, name, value.key + "=" + value.value});
    finding.headline = format_percent(value.coverage) + " of the slow requests of " + name + " have " + value.key + "=" + value.value + ", against " + format_percent(value.rest_share) +
                       " of the others: P" + format_number(p_with) + " " + format_ms(with_ms) + " with it, " + format_ms(without_ms) + " without";
    finding.subjects = {{"attribute", value.key + "=" + value.value}, {"service", service}, {"operation", name}};
    for (const std::string& alias : value.aliases) finding.subjects.push_back({"attribute", alias});
    finding.figures = {context.figure("coverage", value.coverage * 100, "%", "coverage"),
                       context.figure("lift", value.lift, "x", "lift"),
                       context.figure("q_value", value.q, "1", "common.fdr"),
                       context.figure("slow_requests_with_it", static_cast<double>(value.selected), "requests", "common.tail_samples"),
                       {"share_of_others", value.rest_share * 100, "%", {}, {}},
                       {"tail_with", with_ms, "ms", {}, {}},
                       {"tail_without", without_ms, "ms", with_ms * context.threshold("without"), context.threshold_full_name("without")},
                       {"slow_line", operation.line_ms, "ms", {}, {}}};
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
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[slowest], "A slow request with " + value.key + "=" + value.value));
    finding.fixes = {{"Treat " + value.key + "=" + value.value + " on its own: look at what only these requests do (first evidence), then limit or route them separately", "1-4 h",
                      "P" + format_number(std::floor(p_with)) + " " + format_ms(with_ms) + " -> ~" + format_ms(without_ms), "the requests set apart get their own limit"}};
    finding.proof = "the P99 of " + name + " with " + value.key + "=" + value.value + " is within 1.2 x of the others";
    finding.rollback = "the others get slower after the change";
    if (!strong) finding.note = !separates ? "the tail stays without it, so it is at most part of the reason" : "it covers too few of the slow requests, or too few were recorded";
    return finding;
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const RequestSet* requests, context.requests());
    const double tail = context.threshold("common.tail_samples");
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
        if (!best) continue;
        Finding finding = describe(context, *spans, operation, sets, *best);
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
const Analyzer slow_cohort{"latency.slow_cohort", "What do the slow requests share that the others do not?", AnalyzerKind::cause, "span", "event, log_line, setting", thresholds, run};

}  // namespace casebook::latency
