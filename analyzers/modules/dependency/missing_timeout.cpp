// Do calls wait without a sensible limit?
//
// Three ways to see it in calls: some last seconds and many times the usual until the callee itself answers (nothing cut them),
// some pile up at one long value (a library's default timeout), some go on after their caller gave up. And one in settings: the
// callee's timeout with all attempts is longer than the caller waits. Calls that took seconds and show none of it are a suspicion
// at most; those that a short timeout cut are as they should be.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/timeout_chain.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::dependency {
namespace {

constexpr std::array<Threshold, 7> thresholds{{{"plateau", 1, "%", "Casebook's own"},
                                               {"plateau_share", 5, "%", "Casebook's own"},
                                               {"plateau_from", 5, "s", "Casebook's own"},
                                               {"limit", 2, "s", "Casebook's own"},
                                               {"margin", 1.25, "x", "Casebook's own"},
                                               {"calls", 3, "calls", "Casebook's own"},
                                               {"normal", 10, "x", "Casebook's own"}}};

using Row = SpanTable::Row;
constexpr std::size_t enough_calls = 20;

/// Calls for one thing: a long poll and a lookup of the same peer have each their usual time.
struct Question {
    std::vector<double> base_ms, all_ms;
    double usual_ms() const { return median(base_ms.size() >= enough_calls ? base_ms : all_ms); }
};

struct Peer {
    ServiceCall call;
    std::vector<Row> calls;
    std::map<SpanTable::Id, Question> asked;  ///< by operation of the call
};

/// Requests that failed after `seconds` of which their operation spent as much itself: whatever they waited for was not recorded.
std::size_t unseen_waits(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows, double seconds)
{
    std::size_t count = 0;
    for (Row row = 0; row < spans.size(); ++row)
        count += classes.entry[row] == row && spans.kind[row] == SpanKind::server && windows.analysed.contains(spans.start_ns[row]) && static_cast<double>(spans.self_ns[row]) >= seconds * 1e9 && failed(spans, row);
    return count;
}

/// What the calls to one peer show.
struct CallLook {
    std::map<SpanTable::Id, double> usual_ms, long_from_ms;  ///< by what is asked
    std::vector<Row> long_calls, uncut, outliving;
    std::size_t on_plateau = 0, cut = 0;                     ///< cut: by a timeout below plateau_from
    double plateau_ms = 0, longest_ms = 0, p99_ms = 0;
    bool has_plateau = false, nothing_cut = false, outlives = false;
    bool holds() const { return has_plateau || nothing_cut || outlives; }
    std::size_t unexplained() const { return long_calls.size() - cut; }
};

/// The callee finished as late as the call did, or sent a status of its own: nobody cut the call.
bool answered_itself(const SpanTable& spans, Row call)
{
    static constexpr std::array<std::string_view, 2> status_keys{"http.response.status_code", "http.status_code"};
    for (const Row child : spans.children(call))
        if (spans.kind[child] == SpanKind::server && spans.duration_ns[child] * 10 >= spans.duration_ns[call] * 9) return true;
    const auto status = parse_int(spans.attribute(call, status_keys));
    return status && *status > 0 && *status != 504 && *status != 408 && *status != 499;
}

/// The largest number of calls that end within `tolerance` of one value; the value comes back in `at_ms`.
std::size_t plateau(std::vector<double> long_ms, double tolerance, double& at_ms)
{
    std::sort(long_ms.begin(), long_ms.end());
    std::size_t best = 0;
    for (std::size_t i = 0, j = 0; i < long_ms.size(); ++i) {
        while (long_ms[j] < long_ms[i] * (1 - tolerance)) ++j;
        if (i - j + 1 > best) {
            best = i - j + 1;
            at_ms = long_ms[i];
        }
    }
    return best;
}

double ms_of(const SpanTable& spans, Row row) { return static_cast<double>(spans.duration_ns[row]) / 1e6; }

using Peers = std::map<std::pair<std::string, std::string>, Peer>;

Peers peers_of(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows)
{
    Peers peers;
    for (Row row = 0; row < spans.size(); ++row) {
        if (classes.of[row] != SpanClass::remote_call || spans.kind[row] != SpanKind::client) continue;
        const bool base = windows.baseline && windows.baseline->contains(spans.start_ns[row]);
        if (!base && !windows.analysed.contains(spans.start_ns[row])) continue;
        const std::string name = peer_of(spans, row), service(spans.text(spans.service[row]));
        Peer& peer = peers[{service, name}];
        peer.call.service = service;
        peer.call.peer = name;
        if (peer.call.callee.empty())
            for (const Row child : spans.children(row))
                if (spans.kind[child] == SpanKind::server) peer.call.callee = spans.text(spans.service[child]);
        Question& question = peer.asked[spans.operation[row]];
        question.all_ms.push_back(ms_of(spans, row));
        if (base) question.base_ms.push_back(question.all_ms.back());
        else peer.calls.push_back(row);
    }
    return peers;
}

CallLook look_at_calls(const AnalysisContext& context, const SpanTable& spans, const SpanClasses& classes, const Peer& peer, const CallLimit& set)
{
    CallLook look;
    const double limit_ms = context.threshold("limit") * 1000, plateau_from_ms = context.threshold("plateau_from") * 1000;
    const double from_ms = set.budget_ms ? *set.budget_ms * context.threshold("margin") : limit_ms;
    for (const auto& [question, times] : peer.asked) {
        look.usual_ms[question] = times.usual_ms();
        look.long_from_ms[question] = std::max(from_ms, context.threshold("normal") * look.usual_ms[question]);
    }
    std::vector<double> piled, cut, all;
    for (const Row row : peer.calls) {
        const double ms = ms_of(spans, row);
        all.push_back(ms);
        // A call that was never waited for may go on; one whose caller failed meanwhile works for nobody.
        const Row entry = classes.entry[row];
        if (ms >= limit_ms && entry != SpanTable::no_row && failed(spans, entry) && spans.end_ns(row) > spans.end_ns(entry) + 5'000'000) look.outliving.push_back(row);
        if (ms < look.long_from_ms.at(spans.operation[row])) continue;
        look.long_calls.push_back(row);
        const bool answered = answered_itself(spans, row);
        if (answered) look.uncut.push_back(row);
        if (ms >= plateau_from_ms) piled.push_back(ms);
        else if (!answered && failed(spans, row)) cut.push_back(ms);
    }
    look.longest_ms = all.empty() ? 0 : *std::max_element(all.begin(), all.end());
    look.p99_ms = percentile(all, 99);
    const double calls_needed = context.threshold("calls"), tolerance = context.threshold("plateau") / 100;
    look.on_plateau = plateau(piled, tolerance, look.plateau_ms);
    double cut_at_ms = 0;
    if (const std::size_t at_one_value = plateau(cut, tolerance, cut_at_ms); static_cast<double>(at_one_value) >= calls_needed) look.cut = at_one_value;
    look.has_plateau = piled.size() >= 10 && static_cast<double>(look.on_plateau) * 100 >= context.threshold("plateau_share") * static_cast<double>(peer.calls.size()) && look.on_plateau >= 3;
    look.nothing_cut = static_cast<double>(look.uncut.size()) >= calls_needed;
    look.outlives = static_cast<double>(look.outliving.size()) >= calls_needed;
    return look;
}

struct Said {
    Verdict verdict = Verdict::ruledOut;
    bool by_calls = false;  ///< the calls alone show it
    std::string note;
};

Said weigh(const AnalysisContext& context, const CallLook& calls, const TimeoutLook& settings)
{
    Said said;
    said.by_calls = calls.holds();
    if (said.by_calls || (settings.deadline && settings.deadline->certain)) {
        said.verdict = Verdict::confirmed;
    } else if (settings.deadline) {
        said.verdict = Verdict::suspected;
        said.note = "the setting " + settings.deadline->said->name + " may be meant for the calls that " + settings.deadline->of + " makes";
    } else if (settings.holds()) {
        said.verdict = Verdict::suspected;
        said.note = settings.over_budget ? "the timeout is above " + format_number(context.threshold("margin")) + " x the budget" : "how long the caller waits is not among the settings";
    } else if (static_cast<double>(calls.unexplained()) >= context.threshold("calls") && calls.longest_ms >= context.threshold("normal") * calls.p99_ms) {
        said.verdict = Verdict::suspected;
        said.by_calls = true;
        said.note = "neither a common length nor the callee's own spans or status say what ended them";
    } else if (calls.unexplained() > 0) {
        said.verdict = Verdict::inconclusive;
    }
    return said;
}

Status report(AnalysisContext& context, const SpanTable& spans, const Peer& peer, const CallLook& look, const TimeoutLook& settings, const Said& said)
{
    const double limit_ms = context.threshold("limit") * 1000;
    const std::vector<Row>& proof = look.nothing_cut ? look.uncut : look.outlives ? look.outliving : peer.calls;
    const Row worst = *std::max_element(proof.begin(), proof.end(), [&](Row a, Row b) { return spans.duration_ns[a] != spans.duration_ns[b] ? spans.duration_ns[a] < spans.duration_ns[b] : a > b; });
    const double worst_ms = ms_of(spans, worst), usual_ms = look.usual_ms.at(spans.operation[worst]), long_ms = look.long_from_ms.at(spans.operation[worst]);
    double timeout_ms = std::max(usual_ms * context.threshold("normal"), 100.0);
    if (settings.deadline) timeout_ms = std::min(timeout_ms, std::max(1.0, (settings.deadline->ms - settings.limit.waits_ms * (settings.limit.attempts - 1)) / settings.limit.attempts));
    Finding finding;
    finding.verdict = said.verdict;
    finding.key = finding_key({peer.call.service, peer.call.peer});
    if (said.by_calls)
        finding.headline = peer.call.service + " waits up to " + format_ms(worst_ms) + " for " + peer.call.peer + " (usual " + format_ms(usual_ms) + "): " +
                           (look.nothing_cut   ? std::to_string(look.uncut.size()) + " calls ended only when the callee answered"
                            : look.has_plateau ? std::to_string(look.on_plateau) + " calls ended at " + format_ms(look.plateau_ms) + ", a default timeout"
                            : look.outlives    ? std::to_string(look.outliving.size()) + " calls went on after their caller had given up"
                                               : std::to_string(look.unexplained()) + " calls took seconds");
    else
        finding.headline = "A call of " + peer.call.service + " to " + peer.call.peer + " " + describe(settings);
    finding.subjects = {{"service", peer.call.service}, {"service", peer.call.peer}, {"operation", std::string(called_operation(spans, worst))}};
    finding.figures = {{"longest", worst_ms, "ms", limit_ms, context.threshold_full_name("limit")}, {"usual", usual_ms, "ms", {}, {}},
                       context.figure("over_usual", worst_ms / std::max(usual_ms, 1e-6), "x", "normal"), context.figure("uncut_calls", static_cast<double>(look.uncut.size()), "calls", "calls"),
                       {"calls_on_plateau", static_cast<double>(look.on_plateau), "calls", {}, {}}, {"calls_outliving_caller", static_cast<double>(look.outliving.size()), "calls", {}, {}}};
    if (settings.holds()) {
        if (const auto longest = settings.limit.longest_ms()) finding.figures.push_back({"allowed_with_retries", *longest, "ms", settings.deadline ? std::optional(settings.deadline->ms) : std::nullopt, {}});
        if (settings.limit.budget_ms && settings.limit.timeout_ms) finding.figures.push_back(context.figure("timeout_over_budget", *settings.limit.timeout_ms / *settings.limit.budget_ms, "x", "margin"));
    }
    std::map<std::uint32_t, std::int64_t> explained;
    TimeRange when{INT64_MAX, INT64_MIN};
    for (const Row row : look.long_calls) {
        explained[spans.trace[row]] += spans.duration_ns[row] - static_cast<std::int64_t>(timeout_ms * 1e6);
        when.from_ns = std::min(when.from_ns, spans.start_ns[row]);
        when.to_ns = std::max(when.to_ns, spans.end_ns(row) + 1);
    }
    finding.when = when.from_ns < when.to_ns ? when : context.windows().analysed;
    finding.impact = context.impact(explained);
    TRY_ASSIGN(const Felt felt, context.felt(explained));
    finding.severity = said.verdict == Verdict::confirmed ? severity_of(felt) : Severity::note;
    finding.refutes_if = said.by_calls ? "no call to " + peer.call.peer + " lasts " + format_ms(long_ms) + " or more" : "all attempts of a call to " + peer.call.peer + " with the waits between them end before the caller gives up";
    if (said.by_calls) finding.evidence.push_back(span_tree_evidence(spans, spans.trace[worst], "The longest call: " + format_ms(worst_ms)));
    if (settings.holds()) {
        Evidence table{"Timeouts, attempts and budgets as they are set", "table", "setting", {}, {}, 0};
        std::vector<const Setting*> shown = settings.limit.said;
        if (settings.deadline) shown.push_back(settings.deadline->said);
        for (const Setting* setting : shown) {
            table.sql += (table.sql.empty() ? "SELECT source, name, value, unit FROM setting WHERE (source = ?" : " OR (source = ?") + std::to_string(table.arguments.size() + 1) + " AND name = ?" + std::to_string(table.arguments.size() + 2) + ")";
            table.arguments.insert(table.arguments.end(), {setting->source, setting->name});
        }
        table.sql += " ORDER BY source, name";
        finding.evidence.push_back(std::move(table));
    }
    finding.evidence.push_back({"Calls to " + peer.call.peer + ", longest first", "table", "span",
                                "SELECT start_ns, duration_ns / 1e6 AS duration_ms, status, trace_id FROM span WHERE service = ?1 AND kind = 'client' AND operation = ?2 AND duration_ns >= ?3 ORDER BY duration_ns DESC, trace_id LIMIT 200",
                                {peer.call.service, std::string(call_name(spans, worst)), said.by_calls ? static_cast<std::int64_t>(limit_ms * 1e6) : std::int64_t{0}}});
    finding.fixes = {{"Set a client timeout of about " + format_ms(timeout_ms) + (settings.deadline ? " per attempt" : " (10 x the usual time)") + " for " + peer.call.peer, "15 min",
                      said.by_calls ? "longest wait " + format_ms(worst_ms) + " -> " + format_ms(timeout_ms) : "nobody waits for work that its caller has given up", "calls that would have succeeded late now fail; have a fallback"},
                     {"Pass the caller's deadline on, and stop work when it is over", "half a day", "no work for callers that are gone", "all services on the path must honour it"}};
    finding.proof = "no call to " + peer.call.peer + " above " + format_ms(timeout_ms * 1.25);
    finding.rollback = "errors by timeout above 2 % of calls";
    finding.note = said.note;
    if (said.by_calls && settings.holds()) finding.note = (finding.note.empty() ? "as it is set, a call " : finding.note + "; as it is set, a call ") + describe(settings);
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* table, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const auto* settings, context.evidence().settings());
    const Peers peers = peers_of(*table, *classes, context.windows());
    std::vector<ServiceCall> all_calls;
    for (const auto& [names, peer] : peers) all_calls.push_back(peer.call);
    const TimeoutChain chain(*settings, all_calls);
    double longest_ms = 0;
    std::size_t calls = 0;
    std::string open;
    for (const auto& [names, peer] : peers) {
        TRY(context.control().check());
        calls += peer.calls.size();
        if (peer.calls.empty()) continue;
        const TimeoutLook set = chain.look(peer.call, context.threshold("margin"));
        const CallLook look = look_at_calls(context, *table, *classes, peer, set.limit);
        longest_ms = std::max(longest_ms, look.longest_ms);
        const Said said = weigh(context, look, set);
        if (said.verdict == Verdict::inconclusive) {
            const bool few = static_cast<double>(look.unexplained()) < context.threshold("calls");
            open = std::to_string(look.unexplained()) + " of " + format_count(static_cast<std::int64_t>(peer.calls.size())) + " calls of " + peer.call.service + " to " + peer.call.peer + " took seconds, " +
                   (few ? "too few to tell" : "and nothing recorded says what ended them");
        } else if (said.verdict != Verdict::ruledOut) {
            TRY(report(context, *table, peer, look, set, said));
        }
    }
    if (calls == 0) return Answer{Verdict::inconclusive, "the traces hold no calls to other services", {}};
    if (!open.empty()) return Answer{Verdict::inconclusive, open, {}};
    if (const std::size_t unseen = unseen_waits(*table, *classes, context.windows(), context.threshold("limit")); unseen > 0)
        return Answer{Verdict::inconclusive, format_count(static_cast<std::int64_t>(unseen)) + (unseen == 1 ? " request" : " requests") + " failed after seconds in which no call was recorded: what they waited for is not in the traces", {}};
    if (calls < enough_calls) return Answer{Verdict::inconclusive, "the traces hold " + std::to_string(calls) + " calls to other services, too few to tell", {}};
    return Answer{Verdict::ruledOut, "the longest of " + format_count(static_cast<std::int64_t>(calls)) + " calls took " + format_ms(longest_ms), {}};
}

}  // namespace

extern const Analyzer missing_timeout;
const Analyzer missing_timeout{"dependency.missing_timeout", "Do calls wait without a sensible limit?", AnalyzerKind::cause, "span", "setting", thresholds, run, {.absence = true}};

}  // namespace casebook::dependency
