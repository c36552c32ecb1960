// Does fan-out turn a rare slow child into a common slow parent?
//
// An operation that asks n peers at the same time and waits for all of them is slow whenever one of them is: with a share p
// of slow answers 1 - (1 - p)^n of the parents are (Dean and Barroso, "The Tail at Scale", CACM 2013). Four looks have to
// agree: the parents wait for their slowest child, the share of slow parents is what the formula says, which child is
// slowest changes from request to request (else it is that child), and the calls run at the same time.

#include "analyzers/analysis/context.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/calls.h"
#include "analyzers/trace/critical_path.h"
#include "analyzers/trace/requests.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <queue>
#include <set>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 11> thresholds{{{"fan_out", 5, "calls", "Casebook's own"},
                                                {"slow", 3, "x", "Casebook's own"},
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

/// Calls of one request that were in flight together.
struct FanOut {
    Row entry = 0;
    std::vector<Row> children;
    Row slowest = 0;
    std::size_t slow = 0;  ///< children over the line of their operation
    std::int64_t wall_ns = 0;
};

struct Operation {
    std::vector<FanOut> fan_outs;
    std::map<Id, double> line_ms;  ///< per call operation: a child over it is slow
    std::size_t one_by_one = 0;    ///< requests with as many calls, but not at the same time
};

/// The largest set of overlapping calls, if enough of them were in flight at one moment. `rows` in start order.
std::vector<Row> together(const SpanTable& spans, const std::vector<Row>& rows, std::size_t fewest)
{
    std::vector<Row> best, current;
    std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> ends;
    std::size_t most_in_flight = 0;
    std::int64_t end = INT64_MIN;
    const auto close = [&] {
        if (most_in_flight >= fewest && current.size() > best.size()) best = std::move(current);
        current.clear();
        ends = {};
        most_in_flight = 0;
    };
    for (const Row row : rows) {
        if (spans.start_ns[row] >= end) close();
        while (!ends.empty() && ends.top() <= spans.start_ns[row]) ends.pop();
        ends.push(span_end_ns(spans, row));
        end = current.empty() ? span_end_ns(spans, row) : std::max(end, span_end_ns(spans, row));
        current.push_back(row);
        most_in_flight = std::max(most_in_flight, ends.size());
    }
    close();
    return best;
}

std::map<std::pair<std::string_view, std::string_view>, Operation> find_fan_outs(AnalysisContext& context, const SpanTable& spans, const SpanClasses& classes)
{
    std::map<std::pair<std::string_view, std::string_view>, Operation> operations;
    const auto fewest = static_cast<std::size_t>(std::max(2.0, context.threshold("fan_out")));
    const OutermostCalls calls = outermost_calls(spans, classes);
    for (std::size_t i = 0; i < calls.entries.size(); ++i) {
        const Row entry = calls.entries[i];
        if (calls.of(i).size() < fewest || !context.windows().analysed.contains(spans.start_ns[entry])) continue;
        std::vector<Row> rows;
        for (const Row row : calls.of(i))
            if (classes.of[row] == SpanClass::remote_call && spans.kind[row] != SpanKind::producer) rows.push_back(row);
        if (rows.size() < fewest) continue;
        Operation& operation = operations[{spans.text(spans.service[entry]), spans.text(spans.operation[entry])}];
        FanOut fan_out{entry, together(spans, rows, fewest), 0, 0, 0};
        if (fan_out.children.empty()) {
            ++operation.one_by_one;
            continue;
        }
        std::int64_t end = INT64_MIN;
        fan_out.slowest = fan_out.children.front();
        for (const Row row : fan_out.children) {
            end = std::max(end, span_end_ns(spans, row));
            if (spans.duration_ns[row] > spans.duration_ns[fan_out.slowest]) fan_out.slowest = row;
        }
        fan_out.wall_ns = end - spans.start_ns[fan_out.children.front()];
        operation.fan_outs.push_back(std::move(fan_out));
    }
    for (auto& [name, operation] : operations) {
        std::map<Id, std::vector<double>> ms;
        for (const FanOut& fan_out : operation.fan_outs)
            for (const Row row : fan_out.children) ms[spans.operation[row]].push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
        for (auto& [call, values] : ms) operation.line_ms[call] = context.threshold("slow") * median(std::move(values));
        for (FanOut& fan_out : operation.fan_outs)
            for (const Row row : fan_out.children) fan_out.slow += static_cast<double>(spans.duration_ns[row]) / 1e6 > operation.line_ms[spans.operation[row]];
        std::sort(operation.fan_outs.begin(), operation.fan_outs.end(), [&](const FanOut& a, const FanOut& b) {
            return spans.start_ns[a.entry] != spans.start_ns[b.entry] ? spans.start_ns[a.entry] < spans.start_ns[b.entry] : a.entry < b.entry;
        });
    }
    return operations;
}

/// Which of the children it is, told by one property. Which property tells them apart differs between systems.
enum class Identity { address, instance, service, path, position };
constexpr std::array identities{Identity::address, Identity::instance, Identity::service, Identity::path, Identity::position};

std::string identity_of(const SpanTable& spans, Identity identity, Row row, std::size_t position)
{
    static constexpr std::array<std::string_view, 5> address_keys{"server.address", "net.peer.name", "http.host", "net.peer.ip", "network.peer.address"};
    static constexpr std::array<std::string_view, 3> port_keys{"server.port", "net.peer.port", "network.peer.port"};
    static constexpr std::array<std::string_view, 3> url_keys{"url.full", "http.url", "http.target"};
    switch (identity) {
    case Identity::address: return std::string(spans.attribute(row, address_keys)) + ":" + std::string(spans.attribute(row, port_keys));
    case Identity::instance:
        for (const Row child : spans.children(row))
            if (spans.service[child] != spans.service[row]) return std::string(spans.text(spans.instance[child]));
        return {};
    case Identity::service: return peer_of(spans, row);
    case Identity::path: {
        const std::string_view url = spans.attribute(row, url_keys);
        return std::string(url.substr(0, url.find_first_of("?#")));
    }
    case Identity::position: return std::to_string(position + 1);
    }
    return {};
}

/// How often one child was the slowest of slow parents, by the property that shows it most.
struct Rotation {
    double share = 0;  ///< of the slow parents, for a child beyond what chance gives
    std::string child;
    double largest = 0;  ///< of any child that is one of three or more
    bool distinguished = false;
};

Rotation rotation_of(const SpanTable& spans, const std::vector<const FanOut*>& slow_parents)
{
    constexpr std::size_t most_values = 1024;  // more are ids of requests, not of children
    constexpr double beyond_chance = 1.5;      // two addresses are each slowest in about half of the requests
    Rotation worst;
    for (const Identity identity : identities) {
        if (identity == Identity::position && worst.distinguished) continue;
        std::map<std::string, std::pair<double, double>> by_value;  // times it was slowest, times it was asked
        double children = 0, distinct = 0;
        for (const FanOut* fan_out : slow_parents) {
            std::set<std::string> values;
            for (std::size_t i = 0; i < fan_out->children.size(); ++i) {
                const std::string value = identity_of(spans, identity, fan_out->children[i], i);
                values.insert(value);
                auto& count = by_value[value];
                ++count.second;
                ++children;
                if (fan_out->children[i] == fan_out->slowest) ++count.first;
            }
            distinct += static_cast<double>(values.size());
        }
        if (distinct < 2 * static_cast<double>(slow_parents.size()) || by_value.size() > most_values) continue;
        worst.distinguished = true;
        for (const auto& [value, count] : by_value) {
            const double share = count.first / static_cast<double>(slow_parents.size()), fair = count.second / children;
            if (fair < 0.34) worst.largest = std::max(worst.largest, share);
            if (share < beyond_chance * fair || share <= worst.share) continue;
            worst.share = share;
            worst.child = value;
        }
    }
    return worst;
}

/// What the rule needs to know of one operation, over the stretch in which its parents were slow.
struct Look {
    std::vector<const FanOut*> fan_outs, slow;
    double fan_out = 0, child_share = 0, observed = 0, expected = 0, within = 0;
    double slow_ms = 0, normal_ms = 0;  ///< medians of the parents with and without a slow child
    Rotation rotation;
    double error() const { return expected > 0 ? std::abs(observed / expected - 1) : 1; }
};

Look look_at(AnalysisContext& context, const SpanTable& spans, const Operation& operation)
{
    Look look;
    std::vector<double> when;
    for (const FanOut& fan_out : operation.fan_outs) {
        look.fan_outs.push_back(&fan_out);
        if (fan_out.slow > 0) when.push_back(static_cast<double>(spans.start_ns[fan_out.entry] - spans.start_ns[operation.fan_outs.front().entry]));
    }
    // Chance is steady: while children were slow, not over a healthy time before it as well.
    if (!when.empty()) {
        const double from = percentile(when, 5), to = percentile(when, 95);
        std::vector<const FanOut*> meanwhile;
        for (const FanOut& fan_out : operation.fan_outs) {
            const double at = static_cast<double>(spans.start_ns[fan_out.entry] - spans.start_ns[operation.fan_outs.front().entry]);
            if (at >= from && at <= to) meanwhile.push_back(&fan_out);
        }
        if (static_cast<double>(meanwhile.size()) >= context.threshold("common.min_requests")) look.fan_outs = std::move(meanwhile);
    }
    std::map<Id, std::pair<double, double>> children;  // slow, all
    std::vector<double> sizes, slow_ms, normal_ms;
    for (const FanOut* fan_out : look.fan_outs) {
        (fan_out->slow > 0 ? slow_ms : normal_ms).push_back(static_cast<double>(spans.duration_ns[fan_out->entry]) / 1e6);
        sizes.push_back(static_cast<double>(fan_out->children.size()));
        for (const Row row : fan_out->children) {
            auto& count = children[spans.operation[row]];
            ++count.second;
            count.first += static_cast<double>(spans.duration_ns[row]) / 1e6 > operation.line_ms.at(spans.operation[row]);
        }
        if (fan_out->slow > 0) look.slow.push_back(fan_out);
    }
    double slow_children = 0, all_children = 0, expected = 0, within = 0;
    for (const auto& [call, count] : children) {
        slow_children += count.first;
        all_children += count.second;
    }
    for (const FanOut* fan_out : look.fan_outs) {
        double none = 1;
        for (const Row row : fan_out->children) {
            const auto& count = children[spans.operation[row]];
            none *= 1 - count.first / count.second;
        }
        expected += 1 - none;
    }
    for (const FanOut* fan_out : look.slow) {
        const std::int64_t longest = spans.duration_ns[fan_out->slowest];
        const bool is_it = static_cast<double>(fan_out->wall_ns - longest) <= context.threshold("within") / 100 * static_cast<double>(longest);
        within += is_it && longest * 2 >= spans.duration_ns[fan_out->entry];
    }
    const auto n = static_cast<double>(look.fan_outs.size()), slow = static_cast<double>(look.slow.size());
    look.fan_out = median(sizes);
    look.child_share = all_children > 0 ? slow_children / all_children : 0;
    look.observed = n > 0 ? slow / n : 0;
    look.expected = n > 0 ? expected / n : 0;
    look.within = slow > 0 ? within / slow : 0;
    look.slow_ms = median(std::move(slow_ms));
    look.normal_ms = median(std::move(normal_ms));
    look.rotation = rotation_of(spans, look.slow);
    return look;
}

Status report(AnalysisContext& context, const SpanTable& spans, std::string_view service_name, std::string_view operation_name, const Operation& operation, const Look& look)
{
    const std::string service(service_name), name(operation_name);
    std::vector<double> normal_wait_ms, child_ms;
    std::set<std::string> peers;
    std::map<Id, std::size_t> calls;
    for (const FanOut* fan_out : look.fan_outs) {
        if (fan_out->slow == 0) normal_wait_ms.push_back(static_cast<double>(spans.duration_ns[fan_out->slowest]) / 1e6);
        for (const Row row : fan_out->children) {
            child_ms.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
            ++calls[spans.operation[row]];
        }
    }
    for (const Row row : look.slow.front()->children) peers.insert(peer_of(spans, row));
    const Id call = std::max_element(calls.begin(), calls.end(), [&](const auto& a, const auto& b) {
                        return a.second != b.second ? a.second < b.second : spans.text(a.first) > spans.text(b.first);
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
    const double error = look.error() * 100;

    Finding finding;
    finding.key = finding_key({service, name});
    finding.verdict = error <= context.threshold("model") ? Verdict::confirmed : Verdict::suspected;
    finding.headline = name + " waits for all of " + format_number(look.fan_out) + " calls: " + format_percent(look.child_share) + " of them are slow, which makes " + format_percent(look.observed) + " of the requests slow (" +
                       format_ms(look.slow_ms) + " against " + format_ms(look.normal_ms) + ")";
    finding.subjects = {{"service", service}, {"operation", name}};
    for (const std::string& peer : peers)
        if (!peer.empty() && finding.subjects.size() < 10) finding.subjects.push_back({"service", peer});
    finding.figures = {context.figure("fan_out", look.fan_out, "calls", "fan_out"),
                       context.figure("slow_parents", static_cast<double>(look.slow.size()), "requests", "slow_parents"),
                       {"slow_children", look.child_share * 100, "%", {}, {}},
                       {"slow_requests", look.observed * 100, "%", {}, {}},
                       {"slow_requests_by_chance", look.expected * 100, "%", {}, {}},
                       context.figure("off_by", error, "%", "model"),
                       context.figure("wait_is_slowest_child", look.within * 100, "%", "within_share"),
                       context.figure("same_child_slowest", std::max(look.rotation.share, look.rotation.largest) * 100, "%", "rotation"),
                       {"slow_line", operation.line_ms.at(call), "ms", {}, {}},
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
                                {service, std::string(spans.text(call)), finding.when->from_ns, finding.when->to_ns}});
    finding.evidence.push_back({"Durations of the calls", "distribution", "span",
                                "SELECT start_ns, duration_ns / 1e6 AS duration_ms, trace_id, span_id FROM span WHERE service = ?1 AND operation = ?2 AND start_ns >= ?3 AND start_ns < ?4 ORDER BY start_ns, span_id",
                                {service, std::string(spans.text(call)), finding.when->from_ns, finding.when->to_ns}});
    const double hedged = 1 - std::pow(1 - look.child_share * look.child_share, look.fan_out), halved = 1 - std::pow(1 - look.child_share / 2, look.fan_out);
    finding.fixes = {{"Hedge reads: ask again after the P95 of a call (" + format_ms(child_p95_ms) + ") and take the first answer", "half a day",
                      "slow requests " + format_percent(look.observed) + " -> ~" + format_percent(hedged) + ", those at ~" + format_ms(child_p95_ms + child_median_ms),
                      "about 5 % more calls; only for reads; switch it off when the peers' median doubles"},
                     {"Answer without the calls that are late, and say that the answer is partial", "half a day", "slow requests wait " + format_ms(child_p95_ms) + " at most", "completeness of answers"},
                     {"Find why " + format_percent(look.child_share) + " of the calls are slow (collections, queues, cold data), or ask fewer peers", "days",
                      "half as many slow calls: slow requests " + format_percent(look.observed) + " -> ~" + format_percent(halved), "none"}};
    finding.proof = "share of requests of " + name + " with a slow call below " + format_percent(hedged * 2);
    finding.rollback = "calls per second to the peers rise by more than 10 %, or their median doubles";
    if (finding.verdict == Verdict::suspected)
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
    for (const auto& [names, operation] : find_fan_outs(context, *spans, *classes)) {
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
        const Look look = look_at(context, *spans, operation);
        const std::string slow = std::to_string(look.slow.size()) + " of " + std::to_string(look.fan_outs.size()) + " requests of " + name + " have a call over " + format_number(context.threshold("slow")) + " x the median";
        if (static_cast<double>(look.slow.size()) < context.threshold("slow_parents")) keep(operation.fan_outs.size(), Verdict::ruledOut, slow);
        else if (look.observed * 100 < context.threshold("common") || look.slow_ms < context.threshold("parent") * look.normal_ms)
            keep(operation.fan_outs.size(), Verdict::ruledOut, slow + " and take " + format_ms(look.slow_ms) + " against " + format_ms(look.normal_ms));
        else if (look.rotation.share * 100 > context.threshold("rotation"))
            keep(operation.fan_outs.size(), Verdict::ruledOut, slow + ", but " + look.rotation.child + " is the slowest in " + format_percent(look.rotation.share) + ": see latency.slow_cohort and latency.some_instances");
        else if (look.within * 100 < context.threshold("within_share")) keep(operation.fan_outs.size(), Verdict::ruledOut, slow + ", but only " + format_percent(look.within) + " of them are as long as their slowest call");
        else if (look.error() * 100 > context.threshold("weak_model"))
            keep(operation.fan_outs.size(), Verdict::ruledOut, slow + ", but chance would make " + format_percent(look.expected) + " of them slow, not " + format_percent(look.observed) + ": slow calls come together");
        else TRY(report(context, *spans, names.first, names.second, operation, look));
    }
    return answer;
}

}  // namespace

extern const Analyzer tail_amplification;
const Analyzer tail_amplification{"latency.tail_amplification", "Does fan-out turn a rare slow child into a common slow parent?", AnalyzerKind::cause, "span", "", thresholds, run, {.absence = true, .structure = true, .shares = true}};

}  // namespace casebook::latency
