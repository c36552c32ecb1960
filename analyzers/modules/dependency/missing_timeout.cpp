// Do calls wait without a sensible limit?
//
// Three ways to see it: calls that last seconds and many times the usual until the callee itself answers (nothing cut them),
// calls that pile up at one long value (a library's default timeout), and calls that go on after their caller gave up.

#include "analyzers/analysis/context.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::dependency {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"plateau", 1, "%", "patterns-incidents missing-timeout"},
                                               {"plateau_share", 5, "%", "patterns-incidents missing-timeout"},
                                               {"plateau_from", 5, "s", "patterns-incidents missing-timeout"},
                                               {"limit", 2, "s", "patterns-incidents missing-timeout"},
                                               {"calls", 3, "calls", "Casebook's own"},
                                               {"normal", 10, "x", "patterns-performance timeout sizing"}}};

using Row = SpanTable::Row;

/// Calls for one thing: a long poll and a lookup of the same peer have each their usual time.
struct Question {
    std::vector<double> base_ms, all_ms;
    double usual_ms() const { return median(base_ms.size() >= 20 ? base_ms : all_ms); }
};

struct Peer {
    SpanTable::Id service = 0;
    std::string name;
    std::vector<Row> calls;
    std::map<SpanTable::Id, Question> asked;  ///< by operation of the call
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

/// The largest number of long calls that end within `tolerance` of one value; the value comes back in `at_ms`.
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

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* table, context.evidence().spans());
    const SpanTable& spans = *table;
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    const AnalysisWindows& windows = context.windows();
    std::map<std::pair<std::string, std::string>, Peer> peers;
    std::size_t calls = 0;
    for (Row row = 0; row < spans.size(); ++row) {
        if (classes->of[row] != SpanClass::remote_call || spans.kind[row] != SpanKind::client) continue;
        const bool base = windows.baseline && windows.baseline->contains(spans.start_ns[row]);
        if (!base && !windows.analysed.contains(spans.start_ns[row])) continue;
        const std::string name = peer_of(spans, row);
        Peer& peer = peers[{std::string(spans.text(spans.service[row])), name}];
        peer.service = spans.service[row];
        peer.name = name;
        Question& question = peer.asked[spans.operation[row]];
        question.all_ms.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
        if (base) question.base_ms.push_back(question.all_ms.back());
        else peer.calls.push_back(row);
        ++calls;
    }
    if (calls == 0) return Answer{Verdict::inconclusive, "the traces hold no calls to other services", {}};
    double longest_ms = 0;
    std::string few;
    for (const auto& [names, peer] : peers) {
        const double limit_ms = context.threshold("limit") * 1000;
        std::map<SpanTable::Id, double> usual, long_from;  // ms, by what is asked
        for (const auto& [question, times] : peer.asked) {
            usual[question] = times.usual_ms();
            long_from[question] = std::max(limit_ms, context.threshold("normal") * usual[question]);
        }
        std::vector<Row> unlimited, outliving;
        std::vector<double> piled;
        std::size_t long_calls = 0;
        for (const Row row : peer.calls) {
            const double ms = static_cast<double>(spans.duration_ns[row]) / 1e6;
            longest_ms = std::max(longest_ms, ms);
            const bool is_long = ms >= long_from.at(spans.operation[row]);
            long_calls += is_long;
            if (is_long && ms >= context.threshold("plateau_from") * 1000) piled.push_back(ms);
            if (is_long && answered_itself(spans, row)) unlimited.push_back(row);
            // A call that was never waited for may go on; one whose caller failed meanwhile works for nobody.
            const Row entry = classes->entry[row];
            if (ms >= limit_ms && entry != SpanTable::no_row && failed(spans, entry) && spans.end_ns(row) > spans.end_ns(entry) + 5'000'000) outliving.push_back(row);
        }
        double at_ms = 0;
        const std::size_t on_plateau = plateau(piled, context.threshold("plateau") / 100, at_ms);
        const double calls_needed = context.threshold("calls");
        const bool has_plateau = piled.size() >= 10 && static_cast<double>(on_plateau) * 100 >= context.threshold("plateau_share") * static_cast<double>(peer.calls.size()) && on_plateau >= 3;
        const bool nothing_cut = static_cast<double>(unlimited.size()) >= calls_needed;
        const bool outlives = static_cast<double>(outliving.size()) >= calls_needed;
        if (!has_plateau && !nothing_cut && !outlives) {
            if (long_calls > 0 && static_cast<double>(long_calls) < calls_needed)
                few = std::to_string(long_calls) + " of " + format_count(static_cast<std::int64_t>(peer.calls.size())) + " calls of " + names.first + " to " + peer.name + " took seconds, too few to tell";
            continue;
        }
        const std::string& service = names.first;
        const std::vector<Row>& proof = nothing_cut ? unlimited : outlives ? outliving : peer.calls;
        const Row worst = *std::max_element(proof.begin(), proof.end(), [&](Row a, Row b) { return spans.duration_ns[a] != spans.duration_ns[b] ? spans.duration_ns[a] < spans.duration_ns[b] : a > b; });
        const double worst_ms = static_cast<double>(spans.duration_ns[worst]) / 1e6, usual_ms = usual.at(spans.operation[worst]), long_ms = long_from.at(spans.operation[worst]);
        const double timeout_ms = std::max(usual_ms * context.threshold("normal"), 100.0);
        Finding finding;
        finding.verdict = Verdict::confirmed;
        finding.key = finding_key({service, peer.name});
        finding.headline = service + " waits up to " + format_ms(worst_ms) + " for " + peer.name + " (usual " + format_ms(usual_ms) + "): " +
                           (nothing_cut ? std::to_string(unlimited.size()) + " calls ended only when the callee answered" : has_plateau ? std::to_string(on_plateau) + " calls ended at " + format_ms(at_ms) + ", a default timeout" : std::to_string(outliving.size()) + " calls went on after their caller had given up");
        finding.subjects = {{"service", service}, {"service", peer.name}, {"operation", std::string(called_operation(spans, worst))}};
        finding.figures = {{"longest", worst_ms, "ms", limit_ms, context.threshold_full_name("limit")}, {"usual", usual_ms, "ms", {}, {}},
                           context.figure("over_usual", worst_ms / std::max(usual_ms, 1e-6), "x", "normal"), context.figure("uncut_calls", static_cast<double>(unlimited.size()), "calls", "calls"),
                           {"calls_on_plateau", static_cast<double>(on_plateau), "calls", {}, {}}, {"calls_outliving_caller", static_cast<double>(outliving.size()), "calls", {}, {}}};
        std::map<std::uint32_t, std::int64_t> explained;
        TimeRange when{INT64_MAX, INT64_MIN};
        for (const Row row : peer.calls)
            if (static_cast<double>(spans.duration_ns[row]) / 1e6 >= long_from.at(spans.operation[row])) {
                explained[spans.trace[row]] += spans.duration_ns[row] - static_cast<std::int64_t>(timeout_ms * 1e6);
                when.from_ns = std::min(when.from_ns, spans.start_ns[row]);
                when.to_ns = std::max(when.to_ns, spans.end_ns(row) + 1);
            }
        finding.when = when.from_ns < when.to_ns ? when : windows.analysed;
        finding.impact = context.impact(explained);
        TRY_ASSIGN(const Felt felt, context.felt(explained));
        finding.severity = severity_of(felt);
        finding.refutes_if = "no call to " + peer.name + " lasts " + format_ms(long_ms) + " or more";
        finding.evidence.push_back(span_tree_evidence(spans, spans.trace[worst], "The longest call: " + format_ms(worst_ms)));
        finding.evidence.push_back({"Calls to " + peer.name + ", longest first", "table", "span",
                                    "SELECT start_ns, duration_ns / 1e6 AS duration_ms, status, trace_id FROM span WHERE service = ?1 AND kind = 'client' AND operation = ?2 AND duration_ns >= ?3 ORDER BY duration_ns DESC, trace_id LIMIT 200",
                                    {service, std::string(call_name(spans, worst)), static_cast<std::int64_t>(limit_ms * 1e6)}});
        finding.fixes = {{"Set a client timeout of about " + format_ms(timeout_ms) + " (10 x the usual time) for " + peer.name, "15 min", "longest wait " + format_ms(worst_ms) + " -> " + format_ms(timeout_ms), "calls that would have succeeded late now fail; have a fallback"},
                         {"Pass the caller's deadline on, and stop work when it is over", "half a day", "no work for callers that are gone", "all services on the path must honour it"}};
        finding.proof = "no call to " + peer.name + " above " + format_ms(timeout_ms * 1.25);
        finding.rollback = "errors by timeout above 2 % of calls";
        context.add(std::move(finding));
    }
    if (!few.empty()) return Answer{Verdict::inconclusive, few, {}};
    return Answer{Verdict::ruledOut, "the longest of " + format_count(static_cast<std::int64_t>(calls)) + " calls took " + format_ms(longest_ms), {}};
}

}  // namespace

extern const Analyzer missing_timeout;
const Analyzer missing_timeout{"dependency.missing_timeout", "Do calls wait without a sensible limit?", AnalyzerKind::cause, "span", "setting", thresholds, run};

}  // namespace casebook::dependency
