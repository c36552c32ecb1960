// Does fan-out turn a rare slow child into a common slow parent?
//
// An operation that asks n peers at the same time and waits for all of them is slow whenever one of them is: with a share p
// of slow answers 1 - (1 - p)^n of the parents are (Dean and Barroso, "The Tail at Scale", CACM 2013). Five looks have to
// agree: the parents wait for their slowest child, the share of slow parents is what the formula says, which child is
// slowest changes from request to request (else it is that child), the calls run at the same time, and more of them are
// slow than their usual spread explains.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/fan_out.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/critical_path.h"
#include "analyzers/trace/requests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 12> thresholds{{{"fan_out", 5, "calls", "Casebook's own"},
                                                {"slow", 3, "x", "Casebook's own"},
                                                {"beyond_spread", 2, "x", "Casebook's own: fewer may be the end of the usual spread"},
                                                {"parent", 2, "x", "Casebook's own: a slow call that users hardly feel amplifies nothing"},
                                                {"common", 1, "%", "Casebook's own: rarer than that is beyond the P99"},
                                                {"slow_parents", 10, "requests", "Casebook's own"},
                                                {"within", 5, "%", "Casebook's own: the parent lasts as long as its slowest child"},
                                                {"within_share", 80, "%", "Casebook's own"},
                                                {"rotation", 50, "%", "Casebook's own", Bound::atMost},
                                                {"one_child", 80, "%", "Casebook's own"},
                                                {"model", 25, "%", "Casebook's own", Bound::atMost},
                                                {"weak_model", 50, "%", "Casebook's own"}}};

using Row = SpanTable::Row;
using Id = SpanTable::Id;

Status report(AnalysisContext& context, const SpanTable& spans, const SpanClasses& classes, std::string_view service_name, std::string_view operation_name, const FanOutOperation& operation, const FanOutLook& look)
{
    const std::string service(service_name), name(operation_name);
    std::vector<double> normal_wait_ms, child_ms;
    std::set<std::string> peers;
    std::map<std::pair<Id, Id>, std::size_t> calls;  // by recording service and operation
    for (const FanOut* fan_out : look.fan_outs) {
        if (fan_out->slow == 0) normal_wait_ms.push_back(static_cast<double>(spans.duration_ns[fan_out->slowest]) / 1e6);
        for (const Row row : fan_out->children) {
            child_ms.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
            ++calls[{spans.service[row], spans.operation[row]}];
        }
    }
    for (const Row row : look.slow.front()->children) peers.insert(callee_of(spans, classes, row));
    const auto names_of = [&](const std::pair<Id, Id>& one) { return std::pair(spans.text(one.first), spans.text(one.second)); };
    const auto [recorded_by, call] = std::max_element(calls.begin(), calls.end(), [&](const auto& a, const auto& b) {
                                         return a.second != b.second ? a.second < b.second : names_of(a.first) > names_of(b.first);
                                     })->first;
    const double usual_wait_ms = median(normal_wait_ms), child_median_ms = median(child_ms), child_p95_ms = percentile(child_ms, 95);
    CriticalPathFinder finder(spans);
    std::vector<bool> waited_for(spans.size());
    std::map<std::uint32_t, std::int64_t> explained;
    const FanOut* worst = look.slow.front();
    for (const FanOut* fan_out : look.slow) {
        if (spans.duration_ns[fan_out->slowest] > spans.duration_ns[worst->slowest]) worst = fan_out;
        for (const PathSection& section : finder.find(request_row(spans, spans.trace[fan_out->entry])))
            for (Row row = section.row; row != SpanTable::no_row && !waited_for[row]; row = spans.parent[row]) waited_for[row] = true;
        if (!waited_for[fan_out->slowest]) continue;
        explained[spans.trace[fan_out->entry]] += std::max<std::int64_t>(0, spans.duration_ns[fan_out->slowest] - static_cast<std::int64_t>(usual_wait_ms * 1e6));
    }
    const auto slowest = std::find(worst->children.begin(), worst->children.end(), worst->slowest) - worst->children.begin();
    const std::uint64_t slowest_kind = worst->kinds[static_cast<std::size_t>(slowest)];
    const double error = look.error() * 100;

    Finding finding;
    finding.key = finding_key({service, name});
    const bool by_chance = error <= context.threshold("model");
    const double beyond_spread = std::min(1000.0, look.child_share / std::max(look.spread_share, 1e-6));
    finding.verdict = by_chance && beyond_spread >= context.threshold("beyond_spread") ? Verdict::confirmed : Verdict::suspected;
    finding.headline = name + " waits for all of " + format_number(look.fan_out) + " calls: " + format_percent(look.child_share) + " of them are slow, which makes " + format_percent(look.observed) + " of the requests slow (" +
                       format_ms(look.slow_ms) + " against " + format_ms(look.normal_ms) + ")";
    finding.subjects = {{"service", service}, {"operation", name}};
    for (const std::string& peer : peers)
        if (!peer.empty() && finding.subjects.size() < 10) finding.subjects.push_back({"service", peer});
    finding.figures = {context.figure("fan_out", look.fan_out, "calls", "fan_out"),
                       context.figure("slow_parents", static_cast<double>(look.slow.size()), "requests", "slow_parents"),
                       {"slow_children", look.child_share * 100, "%", {}, {}},
                       context.figure("slow_to_usual_spread", beyond_spread, "x", "beyond_spread"),
                       {"slow_requests", look.observed * 100, "%", {}, {}},
                       {"slow_requests_by_chance", look.expected * 100, "%", {}, {}},
                       context.figure("off_by", error, "%", "model"),
                       context.figure("wait_is_slowest_child", look.within * 100, "%", "within_share"),
                       context.figure("same_child_slowest", std::max(look.rotation.share, look.rotation.largest) * 100, "%", "rotation"),
                       {"slow_line", operation.line_ms.at(slowest_kind), "ms", {}, {}},
                       {"child_median", child_median_ms, "ms", {}, {}}};
    finding.when = TimeRange{spans.start_ns[look.slow.front()->entry], spans.start_ns[look.slow.back()->entry] + 1};
    finding.impact = context.impact(explained);
    TRY_ASSIGN(const Felt felt, context.felt(explained));
    finding.severity = severity_of(felt);
    finding.refutes_if = "one child is the slowest in " + format_number(context.threshold("one_child")) + " % of the slow requests, or the calls run one after another";
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[worst->entry], "A request that waited for one slow call of " + std::to_string(worst->children.size())));
    finding.evidence.push_back({"Slowest and median call of each request", "table", "span",
                                "SELECT trace_id, count(*) AS calls, max(duration_ns) / 1e6 AS slowest_ms, percentile(duration_ns / 1e6, 50) AS median_ms, min(start_ns) AS first_ns FROM span WHERE service = ?1 "
                                "AND operation = ?2 AND start_ns >= ?3 AND start_ns < ?4 GROUP BY trace_id ORDER BY slowest_ms DESC, trace_id LIMIT 500",
                                {std::string(spans.text(recorded_by)), std::string(spans.text(call)), finding.when->from_ns, finding.when->to_ns}});
    finding.evidence.push_back({"Durations of the calls", "distribution", "span",
                                "SELECT start_ns, duration_ns / 1e6 AS duration_ms, trace_id, span_id FROM span WHERE service = ?1 AND operation = ?2 AND start_ns >= ?3 AND start_ns < ?4 ORDER BY start_ns, span_id",
                                {std::string(spans.text(recorded_by)), std::string(spans.text(call)), finding.when->from_ns, finding.when->to_ns}});
    const double hedged = 1 - std::pow(1 - look.child_share * look.child_share, look.fan_out), halved = 1 - std::pow(1 - look.child_share / 2, look.fan_out);
    finding.fixes = {{"Hedge reads: ask again after the P95 of a call (" + format_ms(child_p95_ms) + ") and take the first answer", "half a day",
                      "slow requests " + format_percent(look.observed) + " -> ~" + format_percent(hedged) + ", those at ~" + format_ms(child_p95_ms + child_median_ms),
                      "about 5 % more calls; only for reads; switch it off when the peers' median doubles"},
                     {"Answer without the calls that are late, and say that the answer is partial", "half a day", "slow requests wait " + format_ms(child_p95_ms) + " at most", "completeness of answers"},
                     {"Find why " + format_percent(look.child_share) + " of the calls are slow (collections, queues, cold data), or ask fewer peers", "days",
                      "half as many slow calls: slow requests " + format_percent(look.observed) + " -> ~" + format_percent(halved), "none"}};
    finding.proof = "share of requests of " + name + " with a slow call below " + format_percent(hedged * 2);
    finding.rollback = "calls per second to the peers rise by more than 10 %, or their median doubles";
    if (by_chance && finding.verdict == Verdict::suspected)
        finding.note = "the calls differ so much anyway that " + format_percent(look.spread_share) + " of them would be that slow: it may be their usual spread rather than a fault of some";
    else if (!by_chance)
        finding.note = "chance would make " + format_percent(look.expected) + " of the requests slow, not " + format_percent(look.observed) + ": slow calls come together, so they share a reason";
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    Answer answer{Verdict::ruledOut, "no operation asks " + format_number(context.threshold("fan_out")) + " or more peers at the same time", {}};
    std::size_t most = 0;
    const auto keep = [&](std::size_t requests, Verdict verdict, std::string reason) {
        if (requests < most) return;
        most = requests;
        answer = {verdict, std::move(reason), {}};
    };
    const FanOutRules rules{context.threshold("fan_out"), context.threshold("slow"), context.threshold("common.min_requests"), context.threshold("within")};
    TRY_ASSIGN(const auto operations, find_fan_outs(*spans, *classes, context.windows(), rules, context.control()));
    for (const auto& [names, operation] : operations) {
        TRY(context.control().check());
        const std::string name(names.second);
        if (operation.fan_outs.empty()) {
            keep(operation.one_by_one, Verdict::ruledOut, name + " makes its calls one after another, or few at a time");
            continue;
        }
        if (static_cast<double>(operation.fan_outs.size()) < context.threshold("common.min_requests")) {
            keep(operation.fan_outs.size(), Verdict::inconclusive, "only " + std::to_string(operation.fan_outs.size()) + " requests of " + name + " ask several peers at the same time");
            continue;
        }
        const auto slow_of_all = std::count_if(operation.fan_outs.begin(), operation.fan_outs.end(), [](const FanOut& fan_out) { return fan_out.slow > 0; });
        const auto have_slow_call = [&](auto some, std::size_t all) {
            return std::to_string(some) + " of " + std::to_string(all) + " requests of " + name + " have a call over " + format_number(context.threshold("slow")) + " x the median";
        };
        if (static_cast<double>(slow_of_all) < context.threshold("slow_parents")) {
            keep(operation.fan_outs.size(), Verdict::ruledOut, have_slow_call(slow_of_all, operation.fan_outs.size()));
            continue;
        }
        const FanOutLook look = look_at_fan_outs(*spans, *classes, operation, rules);
        const std::string slow = have_slow_call(look.slow.size(), look.fan_outs.size());
        if (look.observed * 100 < context.threshold("common") || look.slow_ms < context.threshold("parent") * look.normal_ms)
            keep(operation.fan_outs.size(), Verdict::ruledOut, slow + " and take " + format_ms(look.slow_ms) + " against " + format_ms(look.normal_ms));
        else if (look.rotation.share * 100 > context.threshold("rotation"))
            keep(operation.fan_outs.size(), Verdict::ruledOut, slow + ", but " + look.rotation.child + " is the slowest in " + format_percent(look.rotation.share) + ": see latency.slow_cohort and latency.some_instances");
        else if (look.within * 100 < context.threshold("within_share")) keep(operation.fan_outs.size(), Verdict::ruledOut, slow + ", but only " + format_percent(look.within) + " of them mostly wait for their slowest call, to its end");
        else if (look.error() * 100 > context.threshold("weak_model"))
            keep(operation.fan_outs.size(), Verdict::ruledOut, slow + ", but chance would make " + format_percent(look.expected) + " of them slow, not " + format_percent(look.observed) + ": slow calls come together");
        else TRY(report(context, *spans, *classes, names.first, names.second, operation, look));
    }
    return answer;
}

}  // namespace

extern const Analyzer tail_amplification;
const Analyzer tail_amplification{"latency.tail_amplification", "Does fan-out turn a rare slow child into a common slow parent?", AnalyzerKind::cause, "span", "", thresholds, run, {.absence = true, .structure = true, .clocks = true, .shares = true}};

}  // namespace casebook::latency
