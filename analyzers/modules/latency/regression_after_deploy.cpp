// Did a release or change make it slower or fail more?
//
// The time before a change is its own base: the operations of the changed service must have a change point soon after it,
// never clearly before, and by a factor users feel. Time alone proves nothing, so a second look has to agree: the new
// version is worse than the old one at the same time, or a rollback restored the old level, or a fair part of the increase
// is the service's own doing while what it calls takes no longer per call. What decays by itself is a warm-up.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/release_regression.h"
#include "analyzers/analysis/release_series.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 12> thresholds{{{"onset", 30, "min", "Casebook's own", Bound::atMost},
                                                {"suspect", 4, "h", "Casebook's own"},
                                                {"before", 5, "s", "Casebook's own: one step of usual series"},
                                                {"time_grain", 30, "min", "Casebook's own: deploy times are noted by the half hour"},
                                                {"p99_factor", 2, "x", "Casebook's own"},
                                                {"p50_factor", 1.5, "x", "Casebook's own"},
                                                {"own_share", 20, "%", "Casebook's own: a fifth of the increase"},
                                                {"alpha", 0.01, "1", "Casebook's own", Bound::atMost},
                                                {"alike", 1.2, "x", "symptom.flat"},
                                                {"load_step", 1.5, "x", "Casebook's own", Bound::atMost},
                                                {"warm_up", 10, "min", "Casebook's own"},
                                                {"on_path", 10, "%", "Casebook's own: less and users hardly wait for it"}}};

using Row = SpanTable::Row;
using Rows = std::vector<Row>;

std::string why_not(AnalysisContext& context, const Regression& found)
{
    if (found.few) return "fewer than " + format_number(context.threshold("common.min_requests")) + " requests of one version";
    if (found.time_unsure) return "the time of the change is a whole half hour and no version in the spans says when it was: up to " + format_number(context.threshold("time_grain")) + " min off, it says nothing of what came first";
    if (found.warms_up) return "the excess halves by itself within " + format_number(context.threshold("warm_up")) + " min: a warm-up, unless it stays";
    if (found.some_instances) return "only some instances of the new version are worse: see latency.some_instances";
    if (!found.own && !found.increase.slower_callee.empty()) return found.increase.slower_callee + " takes longer per call since then, which may be the reason";
    if (!found.own && found.load_factor >= context.threshold("load_step")) return "requests per second rose " + format_number(found.load_factor, 2) + " x at the same time";
    return "time alone speaks for it: no other version at the same time, no rollback, and little of the increase is its own";
}

Status report(AnalysisContext& context, const SpanTable& spans, const std::vector<Regression>& worse, std::set<std::string>& keys)
{
    const Regression& found = worse.front();
    const Release& release = *found.release;
    const std::string service(spans.text(found.service)), name(spans.text(found.operation));
    const std::string key = finding_key({service, name, release.kind});
    if (!keys.insert(key).second) return {};
    const double since_ms = static_cast<double>(found.onset_ns - release.at_ns) / 1e6;
    const bool confirmed = found.verdict == Verdict::confirmed;
    Finding finding;
    finding.key = key;
    finding.verdict = found.verdict;
    std::string change;
    if (found.slower && !found.tail) change = "P50 " + format_ms(found.was.p50_ms) + " -> " + format_ms(found.is.p50_ms);
    else if (found.slower) change = "P" + format_number(std::floor(found.percentile)) + " " + format_ms(found.was.tail_ms) + " -> " + format_ms(found.is.tail_ms);
    else change = "failed " + format_percent(found.was.failed) + " -> " + format_percent(found.is.failed);
    finding.headline = name + " of " + service + (found.slower ? " got slower " : " fails more ") + (since_ms < 1000 ? "with" : format_ms(since_ms) + " after") + " '" + release.text + "': " + change;
    if (found.own && found.slower) finding.headline += "; " + format_percent(found.increase.own_share()) + " of the increase is its own: " + found.increase.what();
    else if (found.new_is_worse) finding.headline += "; the old version is not at the same time";
    else if (found.restored) finding.headline += "; the rollback restored it";
    finding.subjects = {{"service", service}, {"operation", name}};
    for (const SpanTable::Id version : found.versions) finding.subjects.push_back({"version", std::string(spans.text(version))});
    for (std::size_t i = 1; i < std::min<std::size_t>(worse.size(), 4); ++i) finding.subjects.push_back({"operation", std::string(spans.text(worse[i].operation))});
    const auto factor = [](double is, double was) { return was > 0 ? is / was : 0; };
    finding.figures = {context.figure("p50_factor", factor(found.is.p50_ms, found.was.p50_ms), "x", "p50_factor"),
                       context.figure("tail_factor", factor(found.is.tail_ms, found.was.tail_ms), "x", "p99_factor"),
                       context.figure("onset_after_change", since_ms / 60e3, "min", "onset"),
                       {"p50_before", found.was.p50_ms, "ms", {}, {}},
                       {"p50_after", found.is.p50_ms, "ms", {}, {}},
                       {"tail_before", found.was.tail_ms, "ms", {}, {}},
                       {"tail_after", found.is.tail_ms, "ms", {}, {}},
                       {"failed_before", found.was.failed * 100, "%", {}, {}},
                       {"failed_after", found.is.failed * 100, "%", {}, {}}};
    if (found.slower) {
        finding.figures.push_back(context.figure("own_share", found.increase.own_share() * 100, "%", "own_share"));
        finding.figures.push_back({"own_increase", found.increase.own_ms, "ms", {}, {}});
        finding.figures.push_back({"callees_increase", found.increase.callees_ms, "ms", {}, {}});
        finding.figures.push_back({"calls_before", found.increase.calls_before, "calls", {}, {}});
        finding.figures.push_back({"calls_after", found.increase.calls_after, "calls", {}, {}});
    } else {
        finding.figures.push_back({"own_failures", found.own_failures * 100, "%", {}, {}});
    }
    if (found.old.count > 0) finding.figures.push_back({"old_version_p50", found.old.p50_ms, "ms", {}, {}});
    finding.figures.push_back(context.figure("requests_per_second_factor", found.load_factor, "x", "load_step"));
    finding.when = TimeRange{found.onset_ns, spans.end_ns(found.after.back())};

    std::map<std::uint32_t, std::int64_t> explained;
    const double line_ms = found.tail ? found.was.tail_ms : found.was.p50_ms;
    for (const Row row : found.after)
        if (static_cast<double>(spans.duration_ns[row]) / 1e6 > line_ms) explained[spans.trace[row]] += spans.duration_ns[row] - static_cast<std::int64_t>(found.was.p50_ms * 1e6);
    finding.impact = context.impact(explained) * found.on_path;
    TRY_ASSIGN(Felt felt, context.felt(explained));
    TRY_ASSIGN(const RequestSet* requests, context.requests());
    felt.slow_time_share *= found.slower ? found.on_path : 0;
    if (found.failing && requests->analysed > 0)
        felt.failed_share = std::max(0.0, static_cast<double>(found.is.failures) - found.was.failed * static_cast<double>(found.is.count)) / static_cast<double>(requests->analysed);
    finding.severity = severity_of(felt);
    finding.refutes_if = "the rise began more than " + format_number(context.threshold("before")) + " s before the change, or the old version is as bad at the same time";
    finding.evidence.push_back({"Before and after, by version", "series", "span",
                                "SELECT (start_ns / ?3) * ?3 AS at_ns, version, count(*) AS requests, percentile(duration_ns / 1e6, 50) AS p50_ms, percentile(duration_ns / 1e6, 99) AS p99_ms, sum(status = 'error') AS failed "
                                "FROM span WHERE service = ?1 AND operation = ?2 AND kind <> 'client' GROUP BY 1, 2 ORDER BY 1, 2",
                                {service, name, std::max<std::int64_t>(1'000'000'000, (context.windows().whole.to_ns - context.windows().whole.from_ns) / 40)}});
    finding.evidence.push_back({"Releases and changes", "table", "event", "SELECT at_ns, kind, service, text FROM event ORDER BY at_ns", {}});
    const auto nearest = [&](const Rows& rows, double ms) {
        return *std::min_element(rows.begin(), rows.end(), [&](Row a, Row b) { return std::abs(static_cast<double>(spans.duration_ns[a]) / 1e6 - ms) < std::abs(static_cast<double>(spans.duration_ns[b]) / 1e6 - ms); });
    };
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[nearest(found.after, found.tail ? found.is.tail_ms : found.is.p50_ms)], "A request after the change"));
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[nearest(found.base, found.was.p50_ms)], found.has_base ? "A request before it" : "A request of the old version"));
    finding.fixes = {{"Roll back '" + release.text + "' first, then look for the reason", "5-10 min", change.substr(0, change.find(' ')) + " back to " + (found.slower ? format_ms(found.tail ? found.was.tail_ms : found.was.p50_ms) : format_percent(found.was.failed)),
                      "schema changes and data the new version wrote must suit the old one"},
                     {found.own && found.slower ? "Fix forward: " + found.increase.what() : "Compare a request before with one after (evidence): new calls, other statements, other keys", "1-4 h",
                      format_ms(found.increase.own_ms) + " per request is the service's own", "none"},
                     {"Release to 5 % of the instances first, and compare them with the others for 30 min", "half a day", "the next one is seen before all users have it", "none"}};
    finding.proof = change.substr(0, change.find(' ')) + " of " + name + " is back within " + format_number(context.threshold("alike")) + " x of before, 10 min after the rollback";
    finding.rollback = "the rollback changes nothing: then data or a neighbour changed at the same time";
    if (!confirmed) finding.note = why_not(context, found);
    context.add(std::move(finding));
    return {};
}

/// Without spans: series of latency percentiles or error shares around the change. Only a rollback gives a second look.
Result<Answer> from_metrics(AnalysisContext& context, const std::vector<Release>& releases, const std::vector<const Release*>& judged)
{
    TRY_ASSIGN(const std::vector<Observations> observed, observations_of(context.evidence()));
    const SeriesRules rules{context.threshold("before"), context.threshold("suspect"), context.threshold("p99_factor"), context.threshold("p50_factor"), context.threshold("alike")};
    const SeriesLook look = look_at_series(releases, observed, find_changes(observed), rules);
    std::set<std::string> keys;
    for (const SeriesRegression& found : look.worse) {
        const Release& release = *found.release;
        if (std::find(judged.begin(), judged.end(), &release) == judged.end()) continue;
        const Observations& seen = *found.series;
        const std::string service = seen.service.empty() ? release.service : seen.service;
        const std::string key = finding_key({service, release.kind});
        if (!keys.insert(key).second) continue;  // the first one leads; its neighbours rose with it
        const auto text = [&](double value) { return found.share ? format_percent(value) : format_ms(value); };
        const std::string change = text(found.was) + " -> " + text(found.is);
        const bool soon = TimeRange{release.until_ns, found.onset_ns}.seconds() <= context.threshold("onset") * 60;
        Finding finding;
        finding.key = key;
        finding.verdict = soon && found.restored ? Verdict::confirmed : Verdict::suspected;
        finding.headline = seen.operation + (seen.service.empty() ? "" : " of " + seen.service) + " rose after '" + release.text + "': " + change + (found.restored ? "; the rollback restored it" : "");
        finding.subjects = {{"service", service}, {"metric", seen.operation}};
        const char* line = found.high_percentile ? "p99_factor" : "p50_factor";
        if (found.share) finding.figures = {{"failed_before", found.was * 100, "%", {}, {}}, {"failed_after", found.is * 100, "%", {}, {}}};
        else finding.figures = {context.figure(found.high_percentile ? "tail_factor" : "p50_factor", found.factor(), "x", line), {"before", found.was, "ms", {}, {}}, {"after", found.is, "ms", {}, {}}};
        finding.figures.push_back(context.figure("onset_after_change", std::max(0.0, TimeRange{release.at_ns, found.onset_ns}.seconds() / 60), "min", "onset"));
        finding.when = TimeRange{found.onset_ns, found.until_ns.value_or(context.windows().whole.to_ns)};
        Felt felt;
        felt.failed_share = found.share ? found.is - found.was : 0;
        finding.severity = found.share ? severity_of(felt) : Severity::warning;  // whose requests it slows a series does not say
        finding.refutes_if = "the rise began more than " + format_number(context.threshold("before")) + " s or one step of the series before the change";
        finding.evidence = {{"The series", "series", "metric", "SELECT at_ns, labels, value FROM metric_point WHERE name = ?1 ORDER BY labels, at_ns", {seen.operation}},
                            {"Releases and changes", "table", "event", "SELECT at_ns, kind, service, text FROM event ORDER BY at_ns", {}}};
        finding.fixes = {{"Roll back '" + release.text + "' first, then look for the reason", "5-10 min", text(found.is) + " -> " + text(found.was), "schema changes and data the new version wrote must suit the old one"}};
        finding.proof = seen.operation + " is back at " + text(found.was);
        finding.rollback = "the rollback changes nothing: then data or a neighbour changed at the same time";
        if (finding.verdict == Verdict::suspected) finding.note = "series cannot show whose doing it is; traces with service.version would";
        context.add(std::move(finding));
    }
    if (std::all_of(judged.begin(), judged.end(), [](const Release* release) { return release->to_the_half_hour; }))
        return Answer{Verdict::inconclusive, "'" + judged.front()->text + "' is noted at a whole half hour: up to " + format_number(context.threshold("time_grain")) + " min off, it says nothing of what came first", {}};
    if (look.meant == 0) return Answer{Verdict::inconclusive, "no series is of the service that '" + judged.front()->text + "' changed", {}};
    if (look.judged == 0) return Answer{Verdict::inconclusive, "no series of the changed service has 15 values before and after a change", {}};
    return Answer{Verdict::ruledOut, look.reason, {}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const auto* events, context.evidence().events());
    const AnalysisWindows& windows = context.windows();
    const std::vector<Release> releases = find_releases(*events, *spans);
    // A change just before the recording can still be seen where both versions serve side by side. What came after the
    // analysed window cannot have caused it, but may be the rollback that ended it.
    const double reach_s = context.threshold("onset") * 60;
    std::vector<const Release*> judged;
    for (const Release& release : releases)
        if (TimeRange{windows.whole.from_ns, release.at_ns}.seconds() >= -reach_s && release.at_ns < std::min(windows.whole.to_ns, windows.analysed.to_ns)) judged.push_back(&release);
    if (judged.empty() && std::any_of(releases.begin(), releases.end(), [&](const Release& release) { return windows.whole.contains(release.at_ns); }))
        return Answer{Verdict::ruledOut, "nothing was released or changed before the end of the analysed time", {}};
    if (judged.empty())
        return Answer{Verdict::notEnoughEvidence, "no release or change lies inside the recorded time", {missing_evidence("event(deploy)", "tells when something was released")}};
    if (spans->empty()) return from_metrics(context, releases, judged);
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    ReleaseJudge judge(context, *spans, *classes, releases);
    Answer answer{Verdict::ruledOut, "", {}};
    std::vector<std::vector<Regression>> all;
    for (const Release* release : judged) {
        bool seen = false;
        for (const SpanTable::Id service : release->services) {
            TRY(context.control().check());
            if (!judge.has(service)) continue;
            seen = true;
            Answer said;
            std::vector<Regression> worse = judge.look(*release, service, said);
            // What was over before the analysed window is of another incident.
            std::erase_if(worse, [&](const Regression& found) { return spans->start_ns[found.after.back()] < windows.analysed.from_ns; });
            if (answer.reason.empty() || said.verdict == Verdict::inconclusive) answer = said;
            if (!worse.empty()) all.push_back(std::move(worse));
        }
        if (!seen && answer.reason.empty()) answer.reason = "no traced service is named by '" + release->text + "'";
    }
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.front().verdict < b.front().verdict; });
    std::set<std::string> keys;
    for (const auto& worse : all) TRY(report(context, *spans, worse, keys));
    return answer;
}

}  // namespace

extern const Analyzer regression_after_deploy;
const Analyzer regression_after_deploy{"latency.regression_after_deploy", "Did a release or change make it slower or fail more?", AnalyzerKind::cause,
                                       "event + span or metric(latency_p50) or metric(latency_p99) or metric(error_rate)", "metric(requests)", thresholds, run, {.clocks = true, .shares = true}};

}  // namespace casebook::latency
