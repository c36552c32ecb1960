// Are connections taken and never returned?
//
// Three looks. Used stays near the maximum after the load has fallen, to the end of what was recorded: what is held
// then, nobody is working with. Or more connections are taken than sessions of the database work, and the gap rises. Or
// the pool's own leak detection says so. A slow holder gives its connection back in the end, and its spans or the
// counter of use time account for what is taken; a pool whose requests hang completes fewer, which is no fall of load.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/pool_leak.h"
#include "analyzers/analysis/restarts.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::pool {
namespace {

constexpr std::array<Threshold, 7> thresholds{
    {{"low_load", 50, "%", "Casebook's own", Bound::atMost},
     {"held", 80, "%", "Casebook's own"},
     {"gap", 2, "connections", "Casebook's own"},
     {"steps", 3, "samples", "Casebook's own"},
     {"hold_time", 30, "s", "Casebook's own: longer than a slow statement"},
     {"follows", 0.6, "1", "Casebook's own", Bound::atMost},
     {"trend_p", 0.05, "1", "Kendall 1975"}}};

struct ServiceLook {
    std::vector<Gauge> gauges;
    const Gauge* worst = nullptr;
    LoadLook load;
    SessionLook sessions;
    Warnings warnings;
};

struct Judged {
    Verdict verdict = Verdict::ruledOut;
    std::string note;
};

Judged judge(const AnalysisContext& context, const ServiceLook& look)
{
    const LoadLook& l = look.load;
    if (look.warnings.open() > 0) {
        if (look.warnings.stack) return {Verdict::confirmed, {}};
        return {Verdict::suspected, "the warning comes without the stack of who took it"};
    }
    const double gap = context.threshold("gap");
    const bool working = look.sessions.samples > 0 && look.sessions.gap.back() < gap;
    if (look.sessions.rises && !look.sessions.follows_work) return {Verdict::confirmed, {}};
    if (l.has_low && l.held && !working) {
        const Gauge& gauge = *look.worst;
        if (l.accounted && l.used_low - *l.accounted < gap) return {}; // slow holders
        if (!l.accounted && look.sessions.samples == 0 &&
            *std::min_element(gauge.used.begin(), gauge.used.end()) >= gauge.max)
            return {Verdict::inconclusive, "the gauge never moves: it may count open connections, or all were lost "
                                           "before; snapshots of the sessions would tell"};
        if (!gauge.max_known)
            return {Verdict::suspected, "the size of the pool is not known (metric or setting pool_max): it is taken "
                                        "to be the most that was used"};
        if (l.low.seconds() < context.threshold("hold_time"))
            return {Verdict::suspected, "the load was low for " + format_ms(l.low.seconds() * 1000) +
                                            " only: a slow statement may last as long"};
        if (l.waiting && !l.counts_arrivals)
            return {Verdict::suspected, "requests wait for a connection meanwhile: fewer are completed, which need not "
                                        "mean that fewer came; see pool.exhaustion"};
        if (!l.accounted && l.used_before * 100 < gauge.max * context.threshold("held"))
            return {Verdict::suspected,
                    "more connections were taken as the load fell, which requests that hang look like as well"};
        return {Verdict::confirmed, {}};
    }
    if (look.sessions.rises)
        return {Verdict::inconclusive, "connections that do nothing become more, but so do those that work"};
    if (l.climbs && !l.has_low && l.accounted && l.used_low - *l.accounted < gap) return {}; // slower and slower holders
    if (l.climbs && !l.has_low && !working)
        return {Verdict::suspected, "the load never fell, so slower and slower statements would look the same"};
    return {};
}

Status report(AnalysisContext& context, const std::string& service, const ServiceLook& look, const Judged& judged)
{
    const LoadLook& l = look.load;
    const std::string pool = look.worst ? look.worst->series->label("db.client.connection.pool.name") : std::string();
    const double last = look.worst && !look.worst->used.empty() ? look.worst->used.back() : 0;
    Finding finding;
    finding.key = finding_key({service, "connection pool"});
    finding.verdict = judged.verdict;
    finding.note = judged.note;
    const std::string max = look.worst ? format_number(look.worst->max) : std::string();
    if (look.warnings.open() > 0)
        finding.headline = service + " took " + format_count(static_cast<std::int64_t>(look.warnings.open())) +
                           (look.warnings.open() == 1 ? " connection" : " connections") + " and did not return " +
                           (look.warnings.open() == 1 ? "it" : "them") + ", as its pool reports";
    else if (look.sessions.rises && !look.sessions.follows_work)
        finding.headline = service + " holds " + format_number(look.sessions.gap.back()) +
                           " connections that do nothing, up from " + format_number(look.sessions.gap.front()) +
                           " in " + std::to_string(look.sessions.samples) + " samples";
    else if (l.has_low && l.held)
        finding.headline = service + " keeps " + format_number(l.least_used) + " of " + max +
                           " connections although its load fell from " + format_number(l.peak_load) + " to " +
                           format_number(l.low_load) + " requests/s";
    else
        finding.headline = service + " holds more and more connections at the same load: " + format_number(l.rise) +
                           " more, " + format_number(last) + " of " + max;
    finding.subjects = {{"service", service}, {"pool", pool.empty() ? service : pool}};
    if (look.worst) {
        finding.figures.push_back(context.figure(
            "used_at_low_load", look.worst->max > 0 ? 100 * (l.has_low ? l.least_used : last) / look.worst->max : 0,
            "%", "held"));
        finding.figures.push_back({"pool_max", look.worst->max, "connections", {}, {}});
    }
    if (l.peak_load > 0) {
        finding.figures.push_back({"load_peak", l.peak_load, "requests/s", {}, {}});
        if (l.has_low)
            finding.figures.push_back(context.figure("load_low", 100 * l.low_load / l.peak_load, "%", "low_load"));
        finding.figures.push_back(context.figure("follows_load", l.correlation, "1", "follows"));
    }
    if (l.accounted) finding.figures.push_back({"accounted_for", *l.accounted, "connections", {}, {}});
    if (look.sessions.samples > 0)
        finding.figures.push_back(context.figure("taken_without_work", look.sessions.gap.back(), "connections", "gap"));
    if (look.warnings.leaked > 0)
        finding.figures.push_back({"warnings", static_cast<double>(look.warnings.open()), "connections", {}, {}});
    if (l.has_low && l.held) finding.when = l.low;
    else if (look.worst && !look.worst->at_ns.empty())
        finding.when = TimeRange{look.worst->at_ns.front(), look.worst->at_ns.back() + 1};
    else finding.when = look.warnings.when;
    const bool exhausted = look.worst && look.worst->max_known && last >= look.worst->max;
    finding.severity = severity_of({0, 0, exhausted && judged.verdict == Verdict::confirmed,
                                    judged.verdict == Verdict::confirmed ||
                                        (look.worst && last * 100 >= context.threshold("held") * look.worst->max),
                                    false});
    if (look.worst && !look.worst->at_ns.empty())
        finding.evidence.push_back(
            {"Connections used and the size of the pool",
             "series",
             "metric",
             "SELECT at_ns, name, labels, value FROM metric_point WHERE series_id = ?1 OR ((name LIKE '%connection%' "
             "OR name LIKE '%pool%') AND name NOT LIKE '%bucket' AND labels LIKE '%' || ?2 || '%' AND at_ns >= ?3 AND "
             "at_ns < ?4) ORDER BY name, labels, at_ns",
             {look.worst->series->series_id, service, look.worst->at_ns.front(), look.worst->at_ns.back() + 1}});
    if (look.sessions.last) {
        std::vector<RankedPid> pids;
        for (const DatabaseSession& session : look.sessions.last->sessions)
            if (pids.size() < 200 && belongs(session, service, look.sessions.only_pool) && !works(session))
                pids.push_back({session.pid, 0});
        if (!pids.empty())
            finding.evidence.push_back(
                session_evidence(*look.sessions.last, pids, "Its sessions that do nothing, in the last sample"));
    }
    if (look.warnings.leaked > 0) {
        for (const char* view : {"event", "log_line"}) {
            TRY_ASSIGN(const std::int64_t rows, context.evidence().amount(view));
            if (rows > 0)
                finding.evidence.push_back(
                    {"What the pool reports",
                     "table",
                     std::string(view) == "event" ? "event" : "log",
                     std::string("SELECT at_ns, service, text FROM ") + view +
                         " WHERE text LIKE '%leak%' AND text LIKE '%connection%' ORDER BY at_ns, text",
                     {}});
        }
    }
    finding.fixes = {{"Return the connection on every path: try-with-resources, using, defer, finally; commit or roll "
                      "back when an error is thrown",
                      "1-4 h", "used falls to what the load needs", "none"},
                     {"Turn on leak detection (HikariCP leakDetectionThreshold = 30000) to get the stack that took it",
                      "5 min", "the next leak names its line", "slow but honest holders are named too"},
                     {"Restart the service, one instance after the other", "5 min",
                      "all connections are free again, for as long as it took to lose them",
                      "buys time and destroys the evidence"},
                     {"SET idle_in_transaction_session_timeout and a maximum life for pooled connections", "15 min",
                      "lost transactions end by themselves", "hides the leak"}};
    finding.refutes_if = "used follows the load (rank correlation " + format_number(context.threshold("follows")) +
                         " or more) and falls below " + format_number(context.threshold("held")) +
                         " % when the load does";
    finding.proof = "used returns to its idle level within a minute after the load falls, over a full cycle of load";
    finding.rollback = "connection errors after the change";
    finding.related.push_back({"pool.exhaustion", finding.key, "explains"});
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* used, context.evidence().metric("pool_used"));
    TRY_ASSIGN(const auto* maxima, context.evidence().metric("pool_max"));
    TRY_ASSIGN(const auto* idles, context.evidence().metric("pool_idle"));
    TRY_ASSIGN(const auto* pendings, context.evidence().metric("pool_pending"));
    TRY_ASSIGN(const auto* use_times, context.evidence().metric("pool_use_sum"));
    TRY_ASSIGN(const auto typed_max, context.evidence().setting("pool_max"));
    TRY_ASSIGN(const auto* samples, context.evidence().session_samples());
    TRY_ASSIGN(const auto warnings, leak_warnings(context));
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    const std::vector<ServicePool> pools_by_spans = pool_uses(*spans, *classes);
    const PoolMetrics metrics{PoolSeries(*maxima), PoolSeries(*idles), PoolSeries(*pendings), PoolSeries(*use_times),
                              typed_max};
    std::map<std::string, ServiceLook> services;
    for (const Series& series : *used) {
        Gauge gauge = gauge_of(context, metrics, series);
        if (!gauge.used.empty()) services[pool_service(series)].gauges.push_back(std::move(gauge));
    }
    TRY_ASSIGN(const auto all_restarts, restart_moments(context.evidence()));
    ServiceLoads loads(context);
    for (const auto& [service, warning] : warnings) {
        const bool lone = service.empty() && services.size() == 1;
        services[lone              ? services.begin()->first
                 : service.empty() ? std::string("a service")
                                   : service]
            .warnings = warning;
    }
    const bool only_pool = std::count_if(services.begin(), services.end(),
                                         [](const auto& one) { return !one.second.gauges.empty(); }) == 1;
    std::size_t most_samples = 0, returning = 0, follow = 0, falling = 0, floors = 0, busy = 0, with_sessions = 0,
                pools = 0;
    double correlation = -1;
    std::string open_note;
    for (auto& [service, look] : services) {
        // A restart gives everything back and proves nothing.
        std::vector<std::int64_t> restarts;
        for (const RestartMoment& restart : restarts_of(all_restarts, service)) restarts.push_back(restart.at_ns);
        forget_returned(look.warnings, look.gauges);
        std::vector<const Gauge*> all;
        for (const Gauge& gauge : look.gauges) all.push_back(&gauge);
        look.sessions = look_at_sessions(context, *samples, all, service, only_pool);
        const auto pool =
            std::find_if(pools_by_spans.begin(), pools_by_spans.end(), [&, &name = service](const ServicePool& one) {
                return equals_ignoring_case(spans->text(one.service), name);
            });
        Judged judged;
        if (look.gauges.empty()) judged = judge(context, look);
        for (const Gauge& gauge : look.gauges) {
            ++pools;
            most_samples = std::max(most_samples, gauge.used.size());
            TRY_ASSIGN(const ServiceLoad load, loads.of(service, gauge.at_ns));
            ServiceLook one{{}, &gauge, look_at_load(context, gauge, load, restarts), look.sessions, look.warnings};
            if ((one.load.has_low && one.load.held) || (one.load.climbs && !one.load.has_low))
                one.load.accounted =
                    busy_connections(*spans, pool == pools_by_spans.end() ? nullptr : &*pool, gauge, one.load.low);
            const Judged said = judge(context, one);
            follow += one.load.follows;
            falling += one.load.returned();
            floors += one.load.floor_same;
            busy += one.load.accounted && said.verdict == Verdict::ruledOut;
            correlation = std::max(correlation, one.load.correlation);
            if (look.worst && std::pair(said.verdict, -one.load.used_low / std::max(gauge.max, 1.0)) >=
                                  std::pair(judged.verdict, -look.load.used_low / std::max(look.worst->max, 1.0)))
                continue;
            judged = said;
            look.worst = &gauge;
            look.load = one.load;
        }
        with_sessions += look.sessions.samples >= static_cast<std::size_t>(context.threshold("steps"));
        if (judged.verdict <= Verdict::suspected) TRY(report(context, service, look, judged));
        else if (judged.verdict == Verdict::inconclusive) open_note = service + ": " + judged.note;
    }
    returning = follow + falling + floors + busy;
    const Missing gauges = missing_evidence("metric(pool_used)", "shows whether connections come back"),
                  sessions = missing_evidence("session", "shows whether anybody works with them");
    if (pools == 0)
        return Answer{Verdict::notEnoughEvidence,
                      "the pool's gauges were not recorded in the window",
                      {gauges, missing_evidence("metric(pool_max)", "the size to compare with")}};
    if (most_samples < static_cast<std::size_t>(context.threshold("steps")))
        return Answer{Verdict::inconclusive,
                      "the pool was looked at " + std::to_string(most_samples) +
                          (most_samples == 1 ? " time" : " times") + " only",
                      {gauges}};
    if (!open_note.empty()) return Answer{Verdict::inconclusive, open_note, {sessions}};
    if (returning == 0 && with_sessions == 0)
        return Answer{Verdict::inconclusive,
                      "the load never fell below " + format_number(context.threshold("low_load")) +
                          " % of its peak, and no sessions were captured beside the gauges",
                      {sessions}};
    std::string reason = "connections come back:";
    if (follow > 0) reason += " used follows the load (rank correlation " + format_number(correlation, 2) + ")";
    else if (falling > 0) reason += " used falls after the load does";
    else if (busy > 0) reason += " what is taken is used, by slow holders";
    else if (floors > 0) reason += " the least that is used does not rise";
    else reason += " those that no session works with do not become more";
    return Answer{Verdict::ruledOut, reason, {}};
}

} // namespace

extern const Analyzer leak;
const Analyzer leak{"pool.leak",
                    "Are connections taken and never returned?",
                    AnalyzerKind::cause,
                    "metric(pool_used) or log_line or event + metric(rps) or metric(requests) or metric(latency_count) "
                    "or span or session or log_line or event",
                    "session, metric(pool_max), metric(pool_idle), span",
                    thresholds,
                    run};

} // namespace casebook::pool
