// Do independent calls wait for one another?
//
// Calls of one operation that follow each other end to start on the critical path are a chain. Nothing in one trace tells
// whether the second call needs the first one's answer; other traces can: where the same two calls of the same operation
// overlap, or come the other way round, neither needs the other (every pair is held dependent until a counterexample is
// seen: Chow et al., "The Mystery Machine", OSDI 2014). What running them side by side would save is the length of the
// chain less its longest run of calls that may depend on each other.

#include "analyzers/analysis/call_chains.h"
#include "analyzers/analysis/context.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"siblings", 2, "calls", "Sentry's consecutive-query rule"},
                                               {"overlap", 1, "%", "CRISP's tolerance (Zhang et al., ATC 2022)", Bound::atMost},
                                               {"min_requests", 3, "requests", "Sentry opens an issue at the third sighting"},
                                               {"request_share", 50, "%", "Casebook's own: most requests that make these calls"},
                                               {"weak_share", 10, "%", "Casebook's own"},
                                               {"rounded", 5, "ms", "Casebook's own: shorter calls in whole milliseconds show no order"}}};

using Row = SpanTable::Row;
using Target = CallTargets::Id;

/// When the sightings happened, without the odd one far from the others.
TimeRange stretch_of(const SpanTable& spans, const std::vector<Row>& entries)
{
    std::vector<double> starts;
    for (const Row row : entries) starts.push_back(static_cast<double>(spans.start_ns[row] - spans.start_ns[entries.front()]));
    const auto at = [&](double p) { return spans.start_ns[entries.front()] + static_cast<std::int64_t>(percentile(starts, p)); };
    return {at(5), at(95) + 1};
}

/// Share of sightings among the requests that make these calls while they happen: of all, or of the version that has most
/// (a new version beside an old one).
double share_meanwhile(const SpanTable& spans, const std::vector<Row>& requests, const std::vector<CallChain>& chains)
{
    const auto share = [&](std::optional<SpanTable::Id> version) {
        const auto counts = [&](Row row) { return !version || spans.version[row] == *version; };
        std::vector<Row> sightings;
        for (const CallChain& chain : chains)
            if (counts(chain.entry)) sightings.push_back(chain.entry);
        if (sightings.empty()) return 0.0;
        const TimeRange when = stretch_of(spans, sightings);
        const auto meanwhile = [&](Row row) { return counts(row) && when.contains(spans.start_ns[row]); };
        const auto all = std::count_if(requests.begin(), requests.end(), meanwhile), some = std::count_if(sightings.begin(), sightings.end(), meanwhile);
        return all > 0 ? static_cast<double>(some) / static_cast<double>(all) : 0.0;
    };
    std::set<SpanTable::Id> versions;
    for (const CallChain& chain : chains) versions.insert(spans.version[chain.entry]);
    double largest = share(std::nullopt);
    for (const SpanTable::Id version : versions)
        if (version != 0) largest = std::max(largest, share(version));
    return largest;
}

std::string listed(const std::vector<std::string>& names)
{
    constexpr std::size_t most = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i == 0 ? "" : ", ") + names[i];
    return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

Status report(AnalysisContext& context, const SpanTable& spans, const CallTargets& targets, const ChainedOperation& operation, const std::vector<CallChain>& sightings, bool proven, double share)
{
    const std::string service(spans.text(operation.service)), name(spans.text(operation.operation));
    std::vector<double> request_ms, saving_ms, share_of_request;
    std::map<std::vector<Target>, std::uint64_t> chains;
    std::map<std::uint32_t, std::int64_t> explained;
    std::vector<Row> entries;
    std::size_t rounded = 0;
    for (const CallChain& sighting : sightings) {
        const double ms = static_cast<double>(spans.duration_ns[sighting.entry]) / 1e6;
        request_ms.push_back(ms);
        saving_ms.push_back(sighting.saving_ms);
        share_of_request.push_back(100 * sighting.saving_ms / std::max(ms, 1e-6));
        ++chains[sighting.targets];
        explained[spans.trace[sighting.entry]] += static_cast<std::int64_t>(sighting.saving_ms * 1e6);
        entries.push_back(sighting.entry);
        rounded += sighting.rounded && sighting.shortest_ms < context.threshold("rounded");
    }
    const auto usual = std::max_element(chains.begin(), chains.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    const CallChain* example = nullptr;  // of the usual chain, the one nearest to the median saving
    const double typical_saving = median(saving_ms);
    for (const CallChain& sighting : sightings)
        if (sighting.targets == usual->first && (!example || std::abs(sighting.saving_ms - typical_saving) < std::abs(example->saving_ms - typical_saving))) example = &sighting;
    std::vector<std::string> names, peers, operations, recorded_by;
    std::set<Target> independent;
    for (std::size_t i = 0; i < example->targets.size(); ++i) {
        if (!example->independent[i]) continue;
        independent.insert(example->targets[i]);
        const std::string& peer = targets.peer(example->targets[i]);
        names.push_back(targets.label(example->targets[i]));
        operations.emplace_back(spans.text(spans.operation[example->calls[i]]));
        recorded_by.emplace_back(spans.text(spans.service[example->calls[i]]));  // the service, or without client spans its peers
        if (!peer.empty() && std::find(peers.begin(), peers.end(), peer) == peers.end()) peers.push_back(peer);
    }
    std::uint64_t overlapping = 0, reversed = 0;
    Row witness = SpanTable::no_row;
    for (const auto& [pair, seen] : operation.pairs) {
        if (!independent.contains(pair.first) || !independent.contains(pair.second)) continue;
        overlapping = std::max(overlapping, seen.overlapping());
        reversed = std::max(reversed, std::min(seen.orders[0].in_line, seen.orders[1].in_line));
        if (seen.overlapping() > 0 || witness == SpanTable::no_row) witness = seen.witness != SpanTable::no_row && seen.witness != example->entry ? seen.witness : witness;
    }
    const double typical_ms = median(request_ms), after_ms = std::max(0.0, typical_ms - typical_saving);
    const bool unclear = rounded * 2 > sightings.size();

    Finding finding;
    finding.key = finding_key({service, name});
    finding.verdict = unclear ? Verdict::inconclusive : proven && share >= context.threshold("request_share") ? Verdict::confirmed : Verdict::suspected;
    finding.headline = name + " makes " + std::to_string(names.size()) + (proven ? " independent" : "") + " calls one after another (" + listed(names) + "): " + format_ms(typical_ms) + ", " +
                       format_ms(after_ms) + " side by side";
    finding.subjects = {{"service", service}, {"operation", name}};
    for (const std::string& peer : peers) finding.subjects.push_back({"service", peer});
    finding.figures = {context.figure("calls_in_line", static_cast<double>(names.size()), "calls", "siblings"),
                       context.figure("saving", typical_saving, "ms", "common.saving_ms"),
                       context.figure("saving_share", median(share_of_request), "%", "common.saving_share"),
                       context.figure("requests", static_cast<double>(sightings.size()), "requests", "min_requests"),
                       context.figure("share_meanwhile", share, "%", "request_share"),
                       context.figure("requests_where_they_overlap", static_cast<double>(overlapping), "requests", "min_requests"),
                       {"requests_in_another_order", static_cast<double>(reversed), "requests", {}, {}},
                       {"request_time", typical_ms, "ms", {}, {}}};
    const TimeRange when = stretch_of(spans, entries);
    finding.when = when;
    finding.impact = context.impact(explained);
    TRY_ASSIGN(const Felt felt, context.felt(explained));
    finding.severity = severity_of(felt);
    finding.refutes_if = "a call uses the answer of the one before it, the calls overlap already, or side by side they save less than " + format_number(context.threshold("common.saving_share")) + " % and " +
                         format_ms(context.threshold("common.saving_ms"));
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[example->entry], "The calls follow each other"));
    if (proven && witness != SpanTable::no_row)
        finding.evidence.push_back(span_tree_evidence(spans, spans.trace[witness], overlapping > 0 ? "The same calls overlap in another request" : "The same calls in another order"));
    Evidence table{"Time of the calls and time they took together", "table", "span",
                   "SELECT c.trace_id, count(*) AS calls, sum(c.duration_ns) / 1e6 AS call_ms, (max(c.start_ns + c.duration_ns) - min(c.start_ns)) / 1e6 AS together_ms, min(c.start_ns) AS first_ns FROM span c "
                   "WHERE c.service IN (?9, ?10, ?11, ?12) AND c.operation IN (?5, ?6, ?7, ?8) AND c.start_ns >= ?3 AND c.start_ns < ?4 AND c.trace_id IN (SELECT trace_id FROM span WHERE service = ?1 AND operation = ?2 "
                   "AND start_ns >= ?3 AND start_ns < ?4) GROUP BY c.trace_id ORDER BY first_ns, c.trace_id LIMIT 500",
                   {service, name, when.from_ns, when.to_ns}};
    for (std::vector<std::string>* texts : {&operations, &recorded_by}) {
        texts->resize(4, texts->front());
        for (const std::string& text : *texts) table.arguments.emplace_back(text);
    }
    finding.evidence.push_back(std::move(table));
    const std::string effect = format_ms(typical_ms) + " -> ~" + format_ms(after_ms) + " per request";
    finding.fixes = {{"Start the calls together and wait for all of them (Promise.all, CompletableFuture.allOf, errgroup, asyncio.gather)", "1-2 h", effect,
                      "connections in use and load of the peers: they get the calls at the same time; one failed call must not leave the others running"},
                     {"Begin the slowest call first and wait for it last", "15-30 min", "part of the saving, where only one call can be moved", "none"}};
    finding.proof = "P50 of " + name + " falls by ~" + format_ms(typical_saving) + " and the calls overlap in a new trace";
    finding.rollback = "requests wait for connections, or a peer gets slower by more than " + format_ms(typical_saving * 0.5);
    if (unclear) finding.note = "the calls are shorter than " + format_ms(context.threshold("rounded")) + " and recorded in whole milliseconds, so their order cannot be told";
    else if (!proven) finding.note = "no trace shows these calls overlapping or in another order, so each may need the answer of the one before";
    else if (finding.verdict == Verdict::suspected) finding.note = "only " + format_percent(share / 100) + " of the requests of that time make them one after another";
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    const OutermostCalls calls = outermost_calls(*spans, *classes);
    if (calls.rows.empty())
        return Answer{Verdict::notEnoughEvidence, "the traces hold no calls of an operation",
                      {{"span", "client spans show what an operation calls, and when", "turn on the HTTP, RPC and database client instrumentation of the OpenTelemetry SDK and record again"}}};
    CallTargets targets(*spans, *classes);
    const ChainRules rules{context.threshold("siblings"), context.threshold("overlap"), context.threshold("min_requests"), context.threshold("common.saving_share"), context.threshold("common.saving_ms")};
    TRY_ASSIGN(const auto operations, find_call_chains(*spans, calls, targets, context.windows(), rules, context.control()));
    std::string reason;
    std::size_t most_requests = 0;
    const double enough = context.threshold("min_requests");
    for (const auto& [names, operation] : operations) {
        const bool proven = static_cast<double>(operation.proven.size()) >= enough;
        const std::vector<CallChain>& sightings = proven ? operation.proven : operation.possible;
        const double share = share_meanwhile(*spans, operation.requests, sightings) * 100;
        if (static_cast<double>(sightings.size()) >= enough && share >= context.threshold(proven ? "weak_share" : "request_share")) {
            TRY(report(context, *spans, targets, operation, sightings, proven, share));
            continue;
        }
        if (operation.requests.size() <= most_requests) continue;
        most_requests = operation.requests.size();
        const std::string name(names.second);
        reason = operation.largest_ms > 0 ? name + ": calls in line save at most " + format_ms(operation.largest_ms) + " (" + format_percent(operation.largest_share) + ")"
                                          : "the calls of " + name + " to different peers overlap, or are one after another in too few requests";
    }
    return Answer{Verdict::ruledOut, reason.empty() ? "no operation makes calls of two kinds in one request" : reason, {}};
}

}  // namespace

extern const Analyzer sequential_calls;
const Analyzer sequential_calls{"latency.sequential_calls", "Do independent calls wait for one another?", AnalyzerKind::cause, "span", "", thresholds, run, {.absence = true, .structure = true, .clocks = true}};

}  // namespace casebook::latency
