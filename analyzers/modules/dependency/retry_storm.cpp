// Do retries multiply the load on a struggling peer?
//
// Calls of one operation run with the same method and URL are attempts at one logical request when they begin after a
// failed one ended. Paging, hedging and N+1 calls differ in URL or do not wait for a failure. While the peer fails, the
// attempts per logical request tell the amplification, and the peer's own arrivals must show it. Counters of attempts or retries
// tell the same without spans, when errors and the arrivals at the peer rise with them and the offered load does not.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/retry_series.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace casebook::dependency {
namespace {

constexpr std::array<Threshold, 5> thresholds{{{"attempts", 1.5, "x", "Casebook's own"},
                                               {"warn", 1.1, "x", "Google SRE Book, Handling Overload: retry budget of 10 %"},
                                               {"peak", 3, "x", "Google SRE Book, Handling Overload: three attempts per request"},
                                               {"retried", 10, "requests", "Casebook's own"},
                                               {"load_flat", 1.2, "x", "Casebook's own", Bound::atMost}}};

using Row = SpanTable::Row;
constexpr std::int64_t clock_rounding_ns = 1'000'000;

struct Logical {
    Row entry = 0;
    std::vector<Row> attempts;  ///< the first, then each that began after a failed one ended
    bool saw_failure = false;
};

struct Edge {
    SpanTable::Id service = 0, operation = 0;
    std::string peer;
    std::vector<Logical> requests;
};

/// Attempts among calls with one URL in start order; the others are calls of their own.
void split_attempts(const SpanTable& spans, Row entry, const std::vector<Row>& calls, std::vector<Logical>& out)
{
    Logical current;
    std::int64_t failed_end = INT64_MAX;
    for (const Row row : calls) {
        const bool retry = !current.attempts.empty() && spans.start_ns[row] + clock_rounding_ns >= failed_end;
        if (!retry && !current.attempts.empty()) {
            out.push_back(std::move(current));
            current = {};
            failed_end = INT64_MAX;
        }
        current.entry = entry;
        current.attempts.push_back(row);
        if (failed(spans, row)) {
            current.saw_failure = true;
            failed_end = std::min(failed_end == INT64_MAX ? spans.end_ns(row) : failed_end, spans.end_ns(row));
        }
    }
    if (!current.attempts.empty()) out.push_back(std::move(current));
}

std::map<std::tuple<std::string, std::string, std::string>, Edge> edges(const SpanTable& spans, const SpanClasses& classes, std::uint64_t& without_url)
{
    std::map<std::tuple<std::string, std::string, std::string>, Edge> result;
    for (const SpanTable::Trace& trace : spans.traces) {
        std::map<std::pair<Row, std::string>, std::vector<Row>> groups;
        for (Row row = trace.first; row < trace.first + trace.count; ++row) {
            if (classes.of[row] != SpanClass::remote_call || classes.entry[row] == SpanTable::no_row) continue;
            const std::string_view url = call_url(spans, row);
            if (url.empty()) ++without_url;
            groups[{classes.entry[row], std::string(call_name(spans, row)) + " " + std::string(url)}].push_back(row);
        }
        for (const auto& [key, calls] : groups) {
            const Row entry = key.first;
            std::string peer;
            for (const Row row : calls)
                if (peer.empty()) peer = peer_of(spans, row);
            Edge& edge = result[{std::string(spans.text(spans.service[entry])), std::string(spans.text(spans.operation[entry])), peer}];
            edge.service = spans.service[entry];
            edge.operation = spans.operation[entry];
            edge.peer = peer;
            split_attempts(spans, entry, calls, edge.requests);
        }
    }
    return result;
}

struct Amplification {
    std::uint64_t logical = 0, attempts = 0, retried = 0, failed_attempts = 0, most = 0;
    TimeRange errors{INT64_MAX, INT64_MIN};
    double ratio() const { return logical > 0 ? static_cast<double>(attempts) / static_cast<double>(logical) : 0; }
};

/// Over the stretch in which calls failed, inside the analysed window.
Amplification measure(const SpanTable& spans, const Edge& edge, const AnalysisWindows& windows)
{
    Amplification result;
    for (const Logical& logical : edge.requests)
        for (const Row row : logical.attempts)
            if (failed(spans, row) && windows.analysed.contains(spans.start_ns[row])) {
                result.errors.from_ns = std::min(result.errors.from_ns, spans.start_ns[row]);
                result.errors.to_ns = std::max(result.errors.to_ns, spans.end_ns(row) + 1);
            }
    for (const Logical& logical : edge.requests) {
        if (!result.errors.contains(spans.start_ns[logical.attempts.front()])) continue;
        ++result.logical;
        result.attempts += logical.attempts.size();
        result.most = std::max<std::uint64_t>(result.most, logical.attempts.size());
        if (logical.attempts.size() > 1) ++result.retried;
        for (const Row row : logical.attempts) result.failed_attempts += failed(spans, row);
    }
    return result;
}

/// Server spans of the peer for each logical request, over the error stretch: did the attempts arrive?
double arrivals_per_request(const SpanTable& spans, const Edge& edge, const Amplification& amplification)
{
    std::uint64_t arrived = 0;
    for (const Logical& logical : edge.requests)
        if (amplification.errors.contains(spans.start_ns[logical.attempts.front()]))
            for (const Row row : logical.attempts)
                for (const Row child : spans.children(row)) arrived += spans.kind[child] == SpanKind::server;
    return amplification.logical > 0 ? static_cast<double>(arrived) / static_cast<double>(amplification.logical) : 0;
}

/// "doubles from 100 ms", "is always 1 s", or nothing: waits before the first, second, ... retry, medians.
std::string describe_waits(const std::vector<std::vector<double>>& waits_ms)
{
    std::vector<double> medians;
    for (const std::vector<double>& waits : waits_ms)
        if (waits.size() >= 3) medians.push_back(median(waits));
    if (medians.size() < 2 || medians.front() < 5) return {};
    bool same = true, doubles = medians.size() >= 3;
    for (std::size_t i = 1; i < medians.size(); ++i) {
        const double factor = medians[i] / std::max(medians[i - 1], 1e-3);
        same &= factor > 0.85 && factor < 1.15;
        doubles &= factor > 1.6 && factor < 2.4;
    }
    if (same) return "the wait before a retry is always about " + format_ms(medians.front()) + ": attempts that failed together come back together";
    return doubles ? "the wait before a retry doubles from " + format_ms(medians.front()) : std::string();
}

double rate(std::uint64_t count, TimeRange range) { return static_cast<double>(count) / std::max(range.seconds(), 1e-3); }

/// What counters say of one service and peer; the highest amplification comes back.
Result<double> report_series(AnalysisContext& context, ServiceLoads& loads, const RetrySeries& series)
{
    const auto stretch = worst_stretch(series, context.windows(), context.threshold("warn"));
    if (!stretch) return 1.0;
    const double amplification = stretch->amplification(), extra = stretch->attempts - stretch->usual_ratio * stretch->logical;
    if (amplification < context.threshold("warn") || extra < context.threshold("retried")) return amplification;
    TRY_ASSIGN(const auto errors, errors_rose(context, series, *stretch));
    TRY_ASSIGN(const auto arrivals, arrivals_factor(context, loads, series, *stretch));
    const std::string peer = series.peer.empty() ? "its peer" : series.peer;
    const bool storm = amplification >= context.threshold("attempts"), flat = stretch->compared && stretch->load_factor <= context.threshold("load_flat");
    // Half of what the attempts add: the peer serves others, too.
    const bool arrived = arrivals && *arrivals >= 1 + (amplification * stretch->load_factor - 1) / 2 && *arrivals > context.threshold("load_flat");
    Finding finding;
    finding.verdict = storm && flat && arrived && errors.value_or(false) && stretch->last > stretch->first ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({series.service, "", series.peer});
    finding.headline = (series.service.empty() ? std::string("A service") : series.service) + " calls " + peer + " " + format_number(amplification, 2) + " times per request for " + format_ms(stretch->when.seconds() * 1000) + ": " +
                       format_count(static_cast<std::int64_t>(stretch->attempts)) + " attempts for " + format_count(static_cast<std::int64_t>(stretch->logical)) + " requests";
    if (!series.service.empty()) finding.subjects.push_back({"service", series.service});
    if (!series.peer.empty()) finding.subjects.push_back({"service", series.peer});
    finding.subjects.push_back({"metric", series.from.front()->name});
    finding.figures = {context.figure("attempts_per_request", amplification, "x", "attempts"), context.figure("extra_attempts", extra, "requests", "retried"), context.figure("offered_load", stretch->load_factor, "x", "load_flat")};
    if (arrivals) finding.figures.push_back({"arrivals_at_peer", *arrivals, "x", {}, {}});
    finding.when = stretch->when;
    TRY_ASSIGN(const Felt felt, context.felt({}));
    finding.severity = severity_of(felt);
    finding.refutes_if = "at most " + format_number(context.threshold("warn")) + " attempts per request while " + peer + " fails, or arrivals that follow the offered load";
    const TimeRange shown{stretch->when.from_ns - 60'000'000'000, stretch->when.to_ns + 60'000'000'000};
    for (const Series* one : series.from)
        if (finding.evidence.size() < 4)
            finding.evidence.push_back({one->name + " over the stretch and a minute around it", "series", "metric", "SELECT at_ns, name, labels, value FROM metric_point WHERE series_id = ?1 AND at_ns >= ?2 AND at_ns < ?3 ORDER BY at_ns",
                                        {one->series_id, shown.from_ns, shown.to_ns}});
    finding.fixes = {{"Limit retries to a budget of 10 % of requests, with exponential backoff and full jitter", "1-2 h",
                      format_count(static_cast<std::int64_t>(stretch->attempts)) + " -> ~" + format_count(static_cast<std::int64_t>(stretch->logical * 1.1)) + " calls", "more requests fail at once instead of late; show a fallback"},
                     {"Open a circuit breaker while " + peer + " fails", "half a day", "few attempts while it is down", "half-open probes must be few"}};
    finding.proof = "attempts per request at most " + format_number(context.threshold("warn"));
    finding.rollback = "the share of requests that fail for good rises by more than the retries saved";
    if (finding.verdict == Verdict::suspected)
        finding.note = !storm                    ? "fewer than " + format_number(context.threshold("attempts")) + " attempts per request: retries, not a storm"
                       : !stretch->compared      ? "it was so all the time: what is usual is not known"
                       : !flat                   ? "users sent more requests at the same time"
                       : !arrivals               ? "the requests that arrived at " + peer + " were not recorded"
                       : !arrived                ? "the requests that arrived at " + peer + " did not rise as much"
                       : !errors                 ? "no series says whether calls failed"
                       : !errors.value_or(false) ? "no more errors than at other times"
                                                 : "one moment only";
    context.add(std::move(finding));
    return amplification;
}

/// Attempts and retries as counters tell them, for what spans do not already show; what they rule out, if they do.
Result<std::optional<Answer>> look_at_series(AnalysisContext& context)
{
    ServiceLoads loads(context);
    TRY_ASSIGN(const auto all, retry_series(context, loads));
    std::vector<std::string> seen;
    for (const Finding& finding : context.findings())
        if (finding.subjects.size() > 2) seen.push_back(finding.subjects[0].name + "\n" + finding.subjects[2].name);
    double highest = 1;
    for (const RetrySeries& series : all) {
        if (std::find(seen.begin(), seen.end(), series.service + "\n" + series.peer) != seen.end()) continue;
        TRY_ASSIGN(const double amplification, report_series(context, loads, series));
        highest = std::max(highest, amplification);
    }
    if (all.empty()) return std::optional<Answer>();
    return std::optional<Answer>(Answer{Verdict::ruledOut, "at most " + format_number(highest, 3) + " attempts per request in " + std::to_string(all.size()) + (all.size() == 1 ? " pair of services" : " pairs of services"), {}});
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* table, context.evidence().spans());
    const SpanTable& spans = *table;
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    std::uint64_t without_url = 0, calls = 0;
    double highest = 0;
    std::string reason;
    for (const auto& [names, edge] : edges(spans, *classes, without_url)) {
        TRY(context.control().check());
        const auto& [service, operation, peer] = names;
        for (const Logical& logical : edge.requests) calls += logical.attempts.size();
        const Amplification during = measure(spans, edge, context.windows());
        if (during.logical == 0) continue;
        highest = std::max(highest, during.ratio());
        if (during.ratio() < context.threshold("warn") || static_cast<double>(during.retried) < context.threshold("retried")) {
            reason = format_number(during.ratio(), 3) + " attempts per request of " + peer + " while it failed, " + std::to_string(during.retried) + " requests retried";
            continue;
        }
        // Second look: the attempts reached the peer, and it was not more requests by users that raised its load.
        double load_factor = 1;
        if (const auto& base = context.windows().baseline) {
            std::uint64_t before = 0;
            for (const Logical& logical : edge.requests) before += base->contains(spans.start_ns[logical.attempts.front()]);
            if (before >= 20) load_factor = rate(during.logical, during.errors) / rate(before, *base);
        }
        const double arrivals = arrivals_per_request(spans, edge, during);
        const bool arrived = arrivals >= context.threshold("attempts") || (arrivals == 0 && during.failed_attempts > during.retried);
        const bool flat = load_factor <= context.threshold("load_flat");
        Finding finding;
        finding.verdict = during.ratio() >= context.threshold("attempts") && arrived && flat ? Verdict::confirmed : Verdict::suspected;
        finding.key = finding_key({service, operation, peer});
        finding.headline = operation + " calls " + peer + " " + format_number(during.ratio(), 2) + " times per request while it fails (most " + std::to_string(during.most) + "): " +
                           std::to_string(during.attempts) + " attempts for " + std::to_string(during.logical) + " requests";
        finding.subjects = {{"service", service}, {"operation", operation}, {"service", peer}};
        for (const Logical& logical : edge.requests)
            if (logical.saw_failure && during.errors.contains(spans.start_ns[logical.attempts.front()])) {
                finding.subjects.push_back({"operation", std::string(called_operation(spans, logical.attempts.front()))});
                break;
            }
        finding.figures = {context.figure("attempts_per_request", during.ratio(), "x", "attempts"), context.figure("retried_requests", static_cast<double>(during.retried), "requests", "retried"),
                           {"most_attempts", static_cast<double>(during.most), "attempts", context.threshold("peak"), context.threshold_full_name("peak")},
                           {"failed_attempts", 100.0 * static_cast<double>(during.failed_attempts) / static_cast<double>(during.attempts), "%", {}, {}},
                           {"arrivals_at_peer_per_request", arrivals, "x", {}, {}}, context.figure("offered_load", load_factor, "x", "load_flat")};
        finding.when = during.errors;
        std::map<std::uint32_t, std::int64_t> retry_ns, whole;
        const Logical* most = nullptr;
        std::vector<double> gaps;
        std::vector<std::vector<double>> waits_ms;
        for (const Logical& logical : edge.requests) {
            if (!during.errors.contains(spans.start_ns[logical.attempts.front()]) || logical.attempts.size() < 2) continue;
            for (std::size_t i = 1; i < logical.attempts.size(); ++i) {
                retry_ns[spans.trace[logical.entry]] += spans.duration_ns[logical.attempts[i]];
                gaps.push_back(static_cast<double>(spans.start_ns[logical.attempts[i]] - spans.end_ns(logical.attempts[i - 1])) / 1e6);
                if (waits_ms.size() < i) waits_ms.resize(i);
                waits_ms[i - 1].push_back(gaps.back());
            }
            whole[spans.trace[logical.entry]] += spans.end_ns(logical.attempts.back()) - spans.start_ns[logical.attempts.front()];
            if (!most || logical.attempts.size() > most->attempts.size()) most = &logical;
        }
        const double gap_ms = std::max(0.0, median(gaps));
        finding.figures.push_back({"wait_before_retry", gap_ms, "ms", {}, {}});
        finding.impact = context.impact(retry_ns);
        TRY_ASSIGN(const Felt felt, context.felt(whole));
        finding.severity = severity_of(felt);
        finding.refutes_if = "at most " + format_number(context.threshold("warn")) + " attempts per request while the peer fails";
        finding.evidence.push_back(span_tree_evidence(spans, spans.trace[most->entry], "A request with " + std::to_string(most->attempts.size()) + " attempts"));
        finding.evidence.push_back({"Calls per request to " + peer, "table", "span",
                                    "SELECT trace_id, count(*) AS calls, sum(status = 'error') AS failed, min(start_ns) AS first_ns, sum(duration_ns) / 1e6 AS total_ms FROM span WHERE service = ?1 AND kind = 'client' "
                                    "AND operation = ?2 AND start_ns >= ?3 AND start_ns < ?4 GROUP BY trace_id, parent_id ORDER BY calls DESC, trace_id LIMIT 500",
                                    {service, std::string(call_name(spans, most->attempts.front())), during.errors.from_ns, during.errors.to_ns}});
        finding.fixes = {{"Limit retries to a budget of 10 % of requests, with exponential backoff and full jitter", "1-2 h", std::to_string(during.attempts) + " -> ~" + std::to_string(during.logical + during.logical / 10) + " calls to " + peer,
                          "more requests fail at once instead of late; show a fallback"},
                         {"Open a circuit breaker while " + peer + " fails", "half a day", format_ms(static_cast<double>(finding.impact) * 1000) + " of retrying per second -> ~0", "half-open probes must be few"}};
        finding.proof = "attempts per request of " + peer + " at most " + format_number(context.threshold("warn"));
        finding.rollback = "the share of requests that fail for good rises by more than the retries saved";
        if (finding.verdict == Verdict::suspected)
            finding.note = during.ratio() < context.threshold("attempts") ? "fewer than " + format_number(context.threshold("attempts")) + " attempts per request: retries, not a storm" : !flat ? "users sent more requests at the same time" : "the peer's own spans do not show the extra calls";
        if (const std::string waits = describe_waits(waits_ms); !waits.empty()) finding.note += (finding.note.empty() ? "" : "; ") + waits;
        if (gap_ms < 5) finding.note += std::string(finding.note.empty() ? "" : "; ") + "retries start at once, without backoff";
        context.add(std::move(finding));
    }
    TRY_ASSIGN(const auto by_series, look_at_series(context));
    if (calls == 0 && by_series) return *by_series;
    if (calls == 0 && spans.empty())
        return Answer{Verdict::notEnoughEvidence, "attempts were counted, but not the requests behind them", {missing_evidence("metric(requests)", "attempts need the requests to compare with"), missing_evidence("span", "shows each attempt")}};
    if (calls == 0) return Answer{Verdict::inconclusive, "the traces hold no calls to other services", {}};
    if (without_url * 2 > calls) return Answer{Verdict::inconclusive, "calls carry neither URL nor route, so attempts cannot be told from other calls", {}};
    if (reason.empty()) reason = "no call was repeated after a failure in " + format_count(static_cast<std::int64_t>(calls)) + " calls";
    return Answer{Verdict::ruledOut, reason, {}};
}

}  // namespace

extern const Analyzer retry_storm;
const Analyzer retry_storm{"dependency.retry_storm", "Do retries multiply the load on a struggling peer?", AnalyzerKind::cause, "span or metric(attempts) or metric(retries)", "span, metric(requests), event, setting", thresholds, run, {.absence = true, .attributes = true}};

}  // namespace casebook::dependency
