// What do the slow requests share that the others do not?
//
// Per operation the slow requests are compared with the rest, attribute by attribute. A value is a cohort when most slow
// requests have it, it is over-represented beyond chance (false discoveries controlled over all operations, attributes and
// values), and the tail goes away without it: the P99 of the requests that do not have it is at most half, and no worse than
// the baseline's. A number of something that makes requests longer than in proportion is a cohort, too: those with much of
// it. Without a cohort, one key that has far more requests than the others and is throttled, or at the limit that settings
// give a partition, is a suspicion.

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
#include <optional>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 11> thresholds{{{"lift", 2, "x", "Casebook's own"},
                                               {"coverage", 50, "%", "Casebook's own"},
                                               {"weak_coverage", 20, "%", "Casebook's own"},
                                               {"weak_q", 0.01, "1", "Casebook's own: a suspicion has nothing else to speak for it", Bound::atMost},
                                               {"without", 0.5, "x", "Casebook's own"},
                                               {"alike", 1.2, "x", "symptom.flat", Bound::atMost},
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

/// How slow the requests with and without something are, each at the highest percentile that has enough of them above it.
struct Tails {
    double with_ms = 0, with_p = 0, without_ms = 0, without_p = 0, normal_ms = 0;
    double base_ms = 0;  ///< of the baseline, as `without`; 0 without one
};

Tails tails_of(const SpanTable& spans, const OperationRequests& operation, const Split& sets, const CohortValue& value, double tail)
{
    std::vector<double> with, without;
    for (std::size_t i = 0; i < sets.all.size(); ++i) (value.has[i] ? with : without).push_back(static_cast<double>(spans.duration_ns[sets.all[i]]) / 1e6);
    Tails tails;
    tails.with_ms = tail_percentile(with, tail, tails.with_p);
    if (tails.with_p == 0) {
        tails.with_p = 50;
        tails.with_ms = median(with);
    }
    tails.without_ms = tail_percentile(without, tail, tails.without_p);
    if (tails.without_p == 0) {
        tails.without_p = 100;
        tails.without_ms = without.empty() ? tails.with_ms : *std::max_element(without.begin(), without.end());
    }
    tails.normal_ms = median(without);
    if (operation.line_percentile > 0) tails.base_ms = percentile(durations_ms(spans, operation.baseline), tails.without_p);
    return tails;
}

/// What was found in one operation, before it is known how much was tested in all.
struct Judged {
    OperationRequests operation;
    Split sets;
    std::vector<CohortValue> values;  ///< best first; those that chance can make often are gone
    std::optional<SizeEffect> size;
};

/// Nearly the same requests come from one operation: another name for it.
bool names_operation(const SpanTable& spans, const Split& sets, const CohortValue& value)
{
    std::map<SpanTable::Id, std::pair<std::uint64_t, std::uint64_t>> counts;  // with the value, in all
    std::uint64_t has = 0;
    for (std::size_t i = 0; i < sets.all.size(); ++i) {
        if (sets.context[i] == SpanTable::no_row) continue;
        auto& [with, all] = counts[spans.operation[sets.context[i]]];
        with += value.has[i], has += value.has[i];
        ++all;
    }
    return std::any_of(counts.begin(), counts.end(), [&](const auto& count) {
        const auto& [with, all] = count.second;
        return static_cast<double>(with) >= 0.95 * static_cast<double>(has + all - with);
    });
}

/// What its requests amount to: how many were throttled, and how near they come to what a partition takes.
void add_load(Finding& finding, const SpanTable& spans, const Judged& judged, const CohortValue& value, const std::vector<bool>& throttled, const std::vector<Setting>& settings)
{
    std::uint64_t with = 0, with_throttled = 0, without_throttled = 0;
    std::vector<Row> rows;
    for (std::size_t i = 0; i < judged.sets.all.size(); ++i) {
        const bool refused = throttled[spans.trace[judged.sets.all[i]]];
        with += value.has[i];
        (value.has[i] ? with_throttled : without_throttled) += refused;
        if (value.has[i]) rows.push_back(judged.sets.all[i]);
    }
    const auto percent = [](std::uint64_t part, std::uint64_t whole) { return whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0; };
    if (with_throttled + without_throttled > 0) {
        finding.figures.push_back({"throttled", percent(with_throttled, with), "%", {}, {}});
        finding.figures.push_back({"throttled_others", percent(without_throttled, judged.sets.all.size() - with), "%", {}, {}});
    }
    if (const auto limit = partition_limit(settings, spans, spans.text(judged.operation.service), spans.text(judged.operation.operation), value.key)) {
        const double per_second = busiest_per_second(spans, std::move(rows));
        finding.figures.push_back({"requests_per_second", per_second, "1/s", limit->per_second, {}});
        finding.figures.push_back({"of_partition_limit", 100 * per_second / limit->per_second, "%", {}, {}});
    }
}

/// `size` is null for a value; else `value` is its cohort.
Finding describe(AnalysisContext& context, const SpanTable& spans, const Judged& judged, const CohortValue& value, const SizeEffect* size, const std::vector<bool>& throttled, const std::vector<Setting>& settings)
{
    const OperationRequests& operation = judged.operation;
    const Split& sets = judged.sets;
    const std::string label = size ? value.key + " of " + value.value : value.key + "=" + value.value;
    const double tail = context.threshold("common.tail_samples");
    const Tails tails = tails_of(spans, operation, sets, value, tail);
    std::map<std::uint32_t, std::int64_t> explained;
    for (std::size_t i = 0; i < sets.slow.size(); ++i)
        if (value.has[i]) explained[spans.trace[sets.slow[i]]] += std::max<std::int64_t>(0, spans.duration_ns[sets.slow[i]] - static_cast<std::int64_t>(tails.normal_ms * 1e6));

    const std::string service(spans.text(operation.service)), name(spans.text(operation.operation));
    const bool separates = tails.without_ms <= context.threshold("without") * tails.with_ms;
    const bool as_before = tails.base_ms <= 0 || tails.without_ms <= context.threshold("alike") * tails.base_ms;
    const bool mix_known = static_cast<double>(value.rest_known) >= std::min(tail, static_cast<double>(sets.rest.size()));
    const bool covers = value.coverage * 100 >= context.threshold("coverage");
    Finding finding;
    finding.verdict = !mix_known ? Verdict::inconclusive : covers && separates && as_before ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({service, name, size ? value.key : label});  // no figure in a key
    finding.headline = format_percent(value.coverage) + " of the slow requests of " + name + " have " + label + ", against " + format_percent(value.rest_share) +
                       " of the others: P" + format_number(tails.with_p) + " " + format_ms(tails.with_ms) + " with it, " + (tails.without_p == tails.with_p ? "" : "P" + format_number(tails.without_p) + " ") +
                       format_ms(tails.without_ms) + " without";
    if (size) finding.headline += "; time grows faster than in proportion (size to the power of " + format_number(size->slope, 2) + ")";
    finding.subjects = {{"attribute", size ? value.key : label}, {"service", service}, {"operation", name}};
    for (const std::string& alias : value.aliases) finding.subjects.push_back({"attribute", alias});
    finding.figures = {context.figure("coverage", value.coverage * 100, "%", "coverage"),
                       context.figure("lift", value.lift, "x", "lift"),
                       context.figure("q_value", value.q, "1", "common.fdr"),
                       context.figure("slow_requests_with_it", static_cast<double>(value.selected), "requests", "common.tail_samples"),
                       {"share_of_others", value.rest_share * 100, "%", {}, {}},
                       {"share_of_load", 100.0 * static_cast<double>(value.selected + value.rest) / static_cast<double>(sets.all.size()), "%", {}, {}},
                       {"tail_with", tails.with_ms, "ms", {}, {}},
                       {"tail_without", tails.without_ms, "ms", tails.with_ms * context.threshold("without"), context.threshold_full_name("without")},
                       {"slow_line", operation.line_ms, "ms", {}, {}}};
    if (tails.base_ms > 0) finding.figures.push_back(context.figure("without_over_baseline", tails.without_ms / tails.base_ms, "x", "alike"));
    add_load(finding, spans, judged, value, throttled, settings);
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
                      "P" + format_number(std::floor(tails.with_p)) + " " + format_ms(tails.with_ms) + " -> ~" + format_ms(tails.without_ms), "the requests set apart get their own limit"}};
    if (size)
        finding.fixes.insert(finding.fixes.begin(), {"Look for a loop within a loop over what " + value.key + " counts (a search in a list, a query per pair), and index it by key", "1-4 h",
                                                     "ten times the size takes ten times as long instead of " + format_number(std::pow(10, size->slope), 2) + " times", "memory of the index"});
    finding.proof = "the P99 of " + name + " with " + label + " is within 1.2 x of the others";
    finding.rollback = "the others get slower after the change";
    if (!mix_known) finding.note = "the other requests do not record " + value.key + ", so how common it is among them is unknown: it may be written because a request is slow";
    else if (!covers) finding.note = "it covers too few of the slow requests";
    else if (!separates) finding.note = "the tail stays without it, so it is at most part of the reason";
    else if (!as_before) finding.note = "without it requests are slower than before, too, so it is at most part of the reason";
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
    finding.headline = label + " has " + format_number(hot.load(), 2) + " x the load of the usual " + hot.key + " of " + name;
    if (hot.throttled > 0) finding.headline += ", and " + format_count(static_cast<std::int64_t>(hot.throttled)) + " of its requests were throttled";
    if (hot.limit) finding.headline += ": " + format_number(hot.per_second) + " per second of the " + format_number(hot.limit->per_second) + " that a partition takes (" + hot.limit->said->name + ")";
    finding.subjects = {{"attribute", label}, {"service", service}, {"operation", name}};
    finding.figures = {context.figure("skew", hot.load(), "x", "skew"),
                       {"share_of_load", 100.0 * static_cast<double>(hot.requests) / static_cast<double>(hot.requests + hot.others), "%", {}, {}},
                       {"throttled", share, "%", {}, {}},
                       {"throttled_others", 100.0 * static_cast<double>(hot.others_throttled) / static_cast<double>(hot.others), "%", {}, {}}};
    if (hot.limit) {
        finding.figures.push_back({"requests_per_second", hot.per_second, "1/s", hot.limit->per_second, {}});
        finding.figures.push_back({"of_partition_limit", 100 * hot.per_second / hot.limit->per_second, "%", {}, {}});
    }
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
    finding.fixes = {{"Split what " + label + " holds over several partitions, or give it a limit of its own", "1-2 d", hot.throttled > 0 ? format_percent(share / 100) + " of its requests throttled -> none" : "room below the limit of a partition", "reads over several partitions"}};
    finding.proof = "no request with " + label + " is throttled over a full cycle of load" + (hot.limit ? ", and it stays below the limit" : "");
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
    TRY_ASSIGN(const std::vector<Setting>* settings, context.evidence().settings());
    const double tail = context.threshold("common.tail_samples"), fdr = context.threshold("common.fdr"), lift = context.threshold("lift"), weak_coverage = context.threshold("weak_coverage");
    std::vector<Judged> all;
    std::vector<double> p;  // of everything tested anywhere
    std::size_t attributes = 0, slow_total = 0;
    for (OperationRequests& operation : operations(*spans, *classes, context.windows(), tail)) {
        TRY(context.control().check());
        Split sets = split(*spans, *requests, operation);
        slow_total += sets.slow.size();
        if (static_cast<double>(sets.slow.size()) < tail || sets.rest.empty()) continue;
        CohortComparison comparison = compare_cohorts(*spans, sets.slow, sets.rest, sets.context);
        attributes = std::max(attributes, comparison.attributes);
        p.insert(p.end(), comparison.p.begin(), comparison.p.end());
        std::erase_if(comparison.values, [&](const CohortValue& value) { return value.p >= fdr; });  // q is never less
        auto size = size_effect(*spans, sets.slow, sets.rest, sets.context, context.threshold("size_slope"), context.threshold("size_spread"));
        if (size) p.push_back(size->cohort.q);  // the best of its cuts, adjusted for them
        all.push_back({std::move(operation), std::move(sets), std::move(comparison.values), std::move(size)});
    }
    const std::vector<double> q = benjamini_hochberg(p);
    std::map<double, double> q_of;
    for (std::size_t i = 0; i < p.size(); ++i) q_of[p[i]] = q[i];

    std::vector<bool> throttled;
    double best_lift = 0;
    for (Judged& judged : all) {
        TRY(context.control().check());
        CohortValue* best = nullptr;
        for (CohortValue& value : judged.values) {
            value.q = q_of.at(value.p);
            // Where all of a release's requests are slow, or all of an instance's, other questions say it better.
            if (value.q >= fdr || static_cast<double>(value.selected) < tail || names_place(value) || names_operation(*spans, judged.sets, value)) continue;
            best_lift = std::max(best_lift, value.lift);
            if (!best && value.lift >= lift && value.coverage * 100 >= weak_coverage) best = &value;
        }
        SizeEffect* size = judged.size ? &*judged.size : nullptr;
        if (size) {
            size->cohort.q = q_of.at(size->cohort.q);
            const bool better = !best || size->cohort.coverage * std::log(size->cohort.lift) >= best->coverage * std::log(best->lift);
            const bool counts = size->cohort.q < fdr && static_cast<double>(size->cohort.selected) >= tail && size->cohort.lift >= lift && size->cohort.coverage * 100 >= weak_coverage;
            if (counts && better) best = &size->cohort;
            else size = nullptr;
        }
        if (throttled.empty()) throttled = throttled_traces(*spans);
        if (!best) {
            const KeyedRequests keyed{*spans, spans->text(judged.operation.service), spans->text(judged.operation.operation), judged.sets.all, judged.sets.context, throttled, *settings};
            if (const auto hot = hot_key(keyed, context.threshold("skew"), tail)) TRY(suspect(context, *spans, judged.operation, judged.sets, *hot));
            continue;
        }
        Finding finding = describe(context, *spans, judged, *best, size, throttled, *settings);
        if (finding.verdict != Verdict::confirmed && best->q >= context.threshold("weak_q")) continue;
        std::map<std::uint32_t, std::int64_t> explained;
        for (std::size_t i = 0; i < judged.sets.slow.size(); ++i)
            if (best->has[i]) explained[spans->trace[judged.sets.slow[i]]] += spans->duration_ns[judged.sets.slow[i]];
        TRY_ASSIGN(const Felt felt, context.felt(explained));
        finding.severity = severity_of(felt);
        context.add(std::move(finding));
    }
    if (all.empty())
        return Answer{Verdict::inconclusive, "no operation has " + format_number(tail) + " slow requests (" + std::to_string(slow_total) + " in all)", {}};
    if (static_cast<double>(attributes) < context.threshold("attributes"))
        return Answer{Verdict::inconclusive, (attributes == 0 ? std::string("no attribute tells") : attributes == 1 ? std::string("only one attribute tells") : "only " + std::to_string(attributes) + " attributes tell") + " requests apart; record tenant, region, size and the like", {}};
    const std::string over = " over " + std::to_string(attributes) + " attributes";
    if (best_lift == 0) return Answer{Verdict::ruledOut, "no value is more frequent among slow requests than chance makes it" + over, {}};
    return Answer{Verdict::ruledOut, "no value separates slow from other requests: best lift " + format_number(best_lift, 2) + over, {}};
}

}  // namespace

extern const Analyzer slow_cohort;
const Analyzer slow_cohort{"latency.slow_cohort", "What do the slow requests share that the others do not?", AnalyzerKind::symptom, "span", "event, log_line, setting", thresholds, run, {.attributes = true}};

}  // namespace casebook::latency
