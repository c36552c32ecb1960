// Do requests wait for a connection while the pool has none left?
//
// Three looks, of which two must agree and overlap in time: the pool's gauges (used = max while requests are pending),
// acquire spans (P95 of the wait), and Little's law (connections held = arrival rate x hold time, which sits at the
// maximum exactly as long as requests wait for one). Connections that are slow to open are not exhaustion. A pool belongs to
// one instance of a service, so each instance is looked at on its own; the one that waits most is reported for the service.

#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/pool_looks.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace casebook::pool {
namespace {

constexpr std::array<Threshold, 5> thresholds{{{"wait_p95", 50, "ms", "Casebook's own"},
                                               {"quiet_wait_p95", 10, "ms", "Casebook's own"},
                                               {"warn", 80, "%", "Casebook's own"},
                                               {"little", 15, "%", "Little 1961; the tolerance is Casebook's own"},
                                               {"db_cpu_high", 80, "%", "Casebook's own"}}};

std::string largest(const SpanTable& spans, const std::map<SpanTable::Id, double>& by_operation)
{
    const auto most = std::max_element(by_operation.begin(), by_operation.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == by_operation.end() ? std::string() : std::string(spans.text(most->first));
}

void add_fixes(Finding& finding, const PoolSpanLook& s, double max, const std::string& holder)
{
    const double target = 0.8;  // run a pool at 80 % of its size at most
    if (s.there && s.remote_share >= 0.3)
        finding.fixes.push_back({"Give the connection back before the remote call" + (holder.empty() ? std::string() : " in " + holder), "1-2 h",
                                 "hold time " + format_ms(s.hold_mean_ms) + " -> ~" + format_ms(s.hold_mean_ms * (1 - s.remote_share)) + ", so " +
                                     format_number(s.little * (1 - s.remote_share), 2) + " of " + format_number(max) + " connections busy",
                                 "the work before and after the call is then two transactions"});
    else if (s.there && s.hold_mean_ms > 0)
        finding.fixes.push_back({"Hold the connection for less time" + (holder.empty() ? std::string() : ": " + holder + " holds it longest"), "1-4 h",
                                 "at " + format_number(s.rate) + " uses/s a hold time under " + format_ms(max * target / std::max(s.rate, 1e-9) * 1000) + " needs no larger pool", "none"});
    if (max > 0) {
        // While requests wait, the arrivals that got through understate demand; the queue must drain too.
        const double needed = std::ceil(std::max(s.little, max) / target) + (s.there ? std::ceil(s.rate * s.wait_p95_ms / 1000 * 0.2) : 0);
        finding.fixes.push_back({"Raise the pool size from " + format_number(max) + " to " + format_number(std::max(needed, max + 1)), "5-15 min",
                                 s.there && s.wait_p95_ms > 0 ? "wait P95 " + format_ms(s.wait_p95_ms) + " -> ~0 ms while hold time stays " + format_ms(s.hold_mean_ms)
                                                                : "no request pending",
                                 "connections and CPU of the database; instances x pool size must stay below max_connections"});
    }
}

/// One instance of a service, and what its evidence amounts to.
struct Instance {
    std::string name;                  ///< empty when nobody says
    PoolGaugeLook gauges;
    PoolSpanLook spans;
    const ServicePool* pool = nullptr; ///< its uses
    bool exhausted = false, spans_hold = false, gauges_agree = false, overlap = false;
    bool near_full = false;            ///< not seen full, but at the alert line while counted waits are long
    int kinds = 0;
    double max = 0, law_max = 0, little = 0;
    Verdict verdict = Verdict::ruledOut;
    auto weight() const { return std::tuple(-static_cast<int>(verdict), spans.waited_s, gauges.most_pending); }
};

void judge(const AnalysisContext& context, Instance& of, bool database_bound)
{
    const PoolGaugeLook& g = of.gauges;
    const PoolSpanLook& s = of.spans;
    const double wait_limit = context.threshold("wait_p95");
    of.spans_hold = s.there && s.in_stretch >= 5 && s.long_waits >= 3 && s.wait_p95_ms > wait_limit;
    of.max = g.max > 0 && (g.max_known || s.plateau == 0) ? g.max : s.plateau;
    of.law_max = g.sum_of_max > 0 ? g.sum_of_max : of.max;
    of.little = s.there && s.in_stretch > 0 ? s.little : g.little;
    // Enough uses that all got their connection at once: what a gauge saw for a moment was no line of waiting requests.
    const bool spans_quiet = s.there && s.acquires >= 20 && s.long_waits < 3 && s.overall_p95_ms < context.threshold("quiet_wait_p95");
    const bool gauges_hold = g.holds() && !spans_quiet;
    const bool waits = of.spans_hold || gauges_hold;
    const bool little_holds = waits && of.law_max > 0 && of.little > 0 && std::abs(of.little - of.law_max) <= of.law_max * context.threshold("little") / 100;
    const bool little_contradicts = g.max_known && g.max > 0 && s.there && s.in_stretch > 0 && s.little < of.law_max * (1 - 2 * context.threshold("little") / 100) && !g.saw();
    // One step of the series on both sides: a gauge is the state at a moment between two exports.
    of.gauges_agree = gauges_hold || (g.saw() && of.spans_hold && g.near(s.stretch));
    of.overlap = !of.spans_hold || !gauges_hold || g.near(s.stretch);
    of.near_full = !waits && g.near_full >= 2 && !spans_quiet && !database_bound;
    of.exhausted = waits && !little_contradicts;  // else they wait for something else than a free connection
    if (!of.exhausted) return;
    // A size taken from the plateau agrees with Little's law by itself.
    const bool size_seen = of.max > 0 && (g.max_known || of.spans_hold);
    of.kinds = (of.spans_hold ? 1 : 0) + (of.gauges_agree ? 1 : 0) + (little_holds && size_seen ? 1 : 0);
    of.verdict = database_bound || !of.overlap ? Verdict::inconclusive : of.kinds >= 2 ? Verdict::confirmed : Verdict::suspected;
}

/// Whether a gauge is about the instance that spans call `name`: by its instance, another label, or its host without a port.
bool is_about(const PoolGaugeLook& gauge, std::string_view name)
{
    if (name.empty() || !gauge.series) return false;
    const auto host = [](std::string_view text) { return text.substr(0, text.find(':')); };
    if (gauge.instance == name || (!gauge.instance.empty() && host(gauge.instance) == host(name) && (gauge.instance.find(':') == std::string::npos) != (name.find(':') == std::string_view::npos))) return true;
    return std::any_of(gauge.series->labels.begin(), gauge.series->labels.end(), [&](const auto& label) { return label.first != "__name__" && label.second == name; });
}

/// The instances of a service: spans and gauges that name the same one together. `parts` are the service's uses by instance.
std::vector<Instance> instances_of(const AnalysisContext& context, const SpanTable& spans, const std::vector<PoolGaugeLook>& gauges, const ServicePool* whole, const std::vector<ServicePool>& parts)
{
    std::vector<Instance> instances;
    const auto add = [&](std::string name, const PoolGaugeLook& gauge, const ServicePool* pool) {
        Instance one{std::move(name), gauge, {}, pool};
        if (pool) one.spans = look_at_spans(spans, *pool, context.windows(), context.threshold("wait_p95"), gauge);
        instances.push_back(std::move(one));
    };
    const auto most = std::max_element(gauges.begin(), gauges.end(), [](const PoolGaugeLook& a, const PoolGaugeLook& b) { return std::pair(a.saturated, a.samples) < std::pair(b.saturated, b.samples); });
    if (parts.size() <= 1 && gauges.size() <= 1) {
        add(parts.empty() ? gauges.front().instance : std::string(spans.text(parts.front().instance)), gauges.empty() ? PoolGaugeLook{} : gauges.front(), whole);
        return instances;
    }
    if (parts.size() == 1 && spans.text(parts.front().instance).empty()) {
        // Spans of all instances in one: together they hold what all pools hold.
        PoolGaugeLook gauge = *most;
        for (const PoolGaugeLook& one : gauges) gauge.sum_of_max += one.max;
        add({}, gauge, whole);
        return instances;
    }
    if (gauges.size() == 1 && gauges.front().instance.empty()) {
        // One gauge, of each instance or of all together: no pool ever holds more than its maximum.
        add({}, gauges.front(), whole);
        if (!gauges.front().max_known || instances.front().spans.plateau <= gauges.front().max) return instances;
        instances.clear();
    }
    std::vector<bool> named(gauges.size(), false);
    const bool any_named = std::any_of(parts.begin(), parts.end(), [&](const ServicePool& part) {
        return std::any_of(gauges.begin(), gauges.end(), [&](const PoolGaugeLook& gauge) { return is_about(gauge, spans.text(part.instance)); });
    });
    for (const ServicePool& part : parts) {
        const auto own = std::find_if(gauges.begin(), gauges.end(), [&](const PoolGaugeLook& gauge) { return is_about(gauge, spans.text(part.instance)); });
        if (own != gauges.end()) named[static_cast<std::size_t>(own - gauges.begin())] = true;
        // Where no name agrees, spans and gauges call the instances differently, or one gauge stands for each.
        add(std::string(spans.text(part.instance)), own != gauges.end() ? *own : !any_named && most != gauges.end() ? *most : PoolGaugeLook{}, &part);
    }
    if (any_named || parts.empty())
        for (std::size_t i = 0; i < gauges.size(); ++i)
            if (!named[i]) add(gauges[i].instance, gauges[i], nullptr);
    return instances;
}

Status report(AnalysisContext& context, const SpanTable& spans, const std::string& service, const std::vector<Instance>& instances, const Instance& worst_of, bool database_bound)
{
    const PoolGaugeLook& g = worst_of.gauges;
    const PoolSpanLook& s = worst_of.spans;
    const bool spans_hold = worst_of.spans_hold, gauges_agree = worst_of.gauges_agree, overlap = worst_of.overlap;
    const double max = worst_of.max, little = worst_of.little;
    const int kinds = worst_of.kinds;
    const auto exhausted = static_cast<std::size_t>(std::count_if(instances.begin(), instances.end(), [](const Instance& one) { return one.exhausted; }));

    Finding finding;
    finding.key = finding_key({service, "connection pool"});
    finding.verdict = worst_of.verdict;
    const TimeRange when = spans_hold ? s.stretch : *g.when;
    finding.when = when;
    const std::string holder = largest(spans, s.hold_by_operation), victim = largest(spans, s.wait_by_operation);
    finding.headline = service + " has no free connection: " +
                       (spans_hold ? "requests wait " + format_ms(s.wait_p95_ms) + " (P95) for one of " : format_number(g.most_pending) + " requests wait for one of ") +
                       (max > 0 ? format_number(max) : std::string("its")) + " for " + format_ms(when.seconds() * 1000);
    if (instances.size() > 1)
        finding.headline += " on " + (worst_of.name.empty() ? std::string("one instance") : worst_of.name) + "; " + std::to_string(exhausted) + " of " + std::to_string(instances.size()) + " instances " + (exhausted == 1 ? "is" : "are") + " exhausted";
    finding.subjects = {{"service", service}, {"pool", g.pool.empty() ? service : g.pool}};
    if (instances.size() > 1 && !worst_of.name.empty()) finding.subjects.push_back({"instance", worst_of.name});
    if (!holder.empty()) finding.subjects.push_back({"operation", holder});
    if (!victim.empty() && victim != holder) finding.subjects.push_back({"operation", victim});
    if (spans_hold) {
        finding.figures.push_back(context.figure("wait_p95", s.wait_p95_ms, "ms", "wait_p95"));
        finding.figures.push_back({"wait_max", s.worst_ms, "ms", {}, {}});
    } else if (g.mean_wait_ms > 0) {
        finding.figures.push_back(context.figure("wait_mean", g.mean_wait_ms, "ms", "wait_p95"));
    }
    if (max > 0) finding.figures.push_back({"pool_max", max, "connections", {}, {}});
    if (little > 0) {
        finding.figures.push_back({"little_connections", little, "connections", worst_of.law_max * (1 - context.threshold("little") / 100), context.threshold_full_name("little")});
        if (s.there && s.in_stretch > 0) {
            finding.figures.push_back({"arrival_rate", s.rate, "uses/s", {}, {}});
            finding.figures.push_back({"hold_mean", s.hold_mean_ms, "ms", {}, {}});
        }
    }
    if (g.there) {
        finding.figures.push_back({"used_max", g.most_used, "connections", g.max, {}});
        finding.figures.push_back({"pending_max", g.most_pending, "requests", {}, {}});
    }
    finding.figures.push_back({"duration", when.seconds(), "s", {}, {}});
    if (instances.size() > 1) finding.figures.push_back({"instances_exhausted", static_cast<double>(exhausted), "instances", {}, {}});
    finding.figures.push_back({"agreeing_looks", static_cast<double>(kinds), "1", 2, {}});

    std::map<std::uint32_t, std::int64_t> explained;
    const PoolUse* worst = nullptr;
    for (const Instance& one : instances) {
        if (!one.exhausted || !one.pool) continue;
        for (const PoolUse& use : one.pool->uses) {
            if (!context.windows().analysed.contains(use.wait_from_ns) || use.opened_connection) continue;
            explained[spans.trace[use.acquire]] += use.held_from_ns - use.wait_from_ns;
            if (&one == &worst_of && s.stretch.contains(use.wait_from_ns) && (!worst || use.wait_ms() > worst->wait_ms())) worst = &use;
        }
    }
    finding.impact = context.impact(explained);
    if (explained.empty() && g.when) finding.impact = g.most_pending * g.when->seconds() / std::max(context.windows().analysed.seconds(), 1e-3);
    TRY_ASSIGN(Felt felt, context.felt(explained));
    felt.exhausted = finding.verdict == Verdict::confirmed;
    felt.over_alert_line = g.max > 0 && g.most_used * 100 >= context.threshold("warn") * g.max;
    finding.severity = severity_of(felt);
    finding.refutes_if = "no request is pending and the wait P95 stays below " + format_ms(context.threshold("quiet_wait_p95")) + ", or requests wait while connections are free";
    if (worst && spans_hold) {
        finding.evidence.push_back(span_tree_evidence(spans, spans.trace[worst->acquire], "A request that waited " + format_ms(worst->wait_ms()) + " for a connection"));
        finding.evidence.push_back({"Waits for a connection, longest first", "table", "span",
                                    "SELECT start_ns, duration_ns / 1e6 AS wait_ms, trace_id, name FROM span WHERE service = ?1 AND name = ?2 AND start_ns >= ?3 AND start_ns < ?4 "
                                    "ORDER BY duration_ns DESC, trace_id, span_id LIMIT 200",
                                    {service, std::string(spans.text(spans.name[worst->acquire])), when.from_ns, when.to_ns}});
    }
    if (gauges_agree)
        finding.evidence.push_back({"The pool's gauges: used, maximum, pending", "series", "metric",
                                    "SELECT at_ns, name, labels, value FROM metric_point WHERE (name LIKE '%connection%' OR name LIKE '%pool%') AND labels LIKE '%' || ?1 || '%' "
                                    "AND at_ns >= ?2 AND at_ns <= ?3 AND name NOT LIKE '%bucket' ORDER BY name, labels, at_ns",
                                    {service, g.when->from_ns - 30'000'000'000, g.when->to_ns + 30'000'000'000}});
    add_fixes(finding, s, max, holder);
    finding.proof = "pending requests stay at 0 and the wait P95 below " + format_ms(context.threshold("quiet_wait_p95")) + " at the same arrival rate";
    finding.rollback = "database CPU above " + format_number(context.threshold("db_cpu_high")) + " % or wait P95 above 100 ms";
    if (database_bound) finding.note = "the database is busy (CPU over " + format_number(context.threshold("db_cpu_high")) + " %): a larger pool would only move the queue";
    else if (!overlap) finding.note = "the gauges and the spans saw waiting at different times";
    else if (kinds < 2 && g.there && !g.max_known) finding.note = "the size of the pool is not known (metric or setting pool_max): it is taken to be the most that was used";
    else if (kinds < 2) finding.note = g.there ? "only one look shows it" : "pool gauges (used, maximum, pending) over the same time would confirm it";
    context.add(std::move(finding));
    return {};
}

/// The gauges never saw the last connection taken, but requests waited while most were: between two samples it may have been.
Status report_near_full(AnalysisContext& context, const std::string& service, const Instance& one)
{
    const PoolGaugeLook& g = one.gauges;
    Finding finding;
    finding.key = finding_key({service, "connection pool"});
    finding.verdict = Verdict::suspected;
    finding.headline = service + " waits " + format_ms(g.near_full_wait_ms) + " (mean) for a connection while up to " + format_number(g.most_used) + " of " + format_number(g.max) + " are used";
    finding.subjects = {{"service", service}, {"pool", g.pool.empty() ? service : g.pool}};
    if (!one.name.empty()) finding.subjects.push_back({"instance", one.name});
    finding.figures = {context.figure("wait_mean", g.near_full_wait_ms, "ms", "wait_p95"), context.figure("used_share", 100 * g.most_used / g.max, "%", "warn"), {"pool_max", g.max, "connections", {}, {}},
                       {"samples", static_cast<double>(g.near_full), "samples", {}, {}}};
    finding.when = g.near_full_when;
    TRY_ASSIGN(Felt felt, context.felt({}));
    felt.over_alert_line = true;
    finding.severity = severity_of(felt);
    finding.refutes_if = "requests wait as long while connections are free: opening one, or the network, is slow";
    finding.evidence = {{"The pool's gauge and its counters of waits", "series", "metric",
                         "SELECT at_ns, name, labels, value FROM metric_point WHERE (name LIKE '%connection%' OR name LIKE '%pool%') AND labels LIKE '%' || ?1 || '%' AND at_ns >= ?2 AND at_ns <= ?3 "
                         "AND name NOT LIKE '%bucket' ORDER BY name, labels, at_ns",
                         {service, g.near_full_when->from_ns, g.near_full_when->to_ns}}};
    add_fixes(finding, one.spans, g.max, {});
    finding.proof = "pending requests stay at 0 and the mean wait below " + format_ms(context.threshold("quiet_wait_p95")) + " at the same arrival rate";
    finding.rollback = "database CPU above " + format_number(context.threshold("db_cpu_high")) + " %";
    finding.note = "no sample shows every connection used; sample more often, or count pending requests";
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const auto gauges, look_at_gauges(context.evidence(), context.windows(), context.threshold("wait_p95"), context.threshold("warn")));
    const std::vector<ServicePool> pools = pool_uses(*spans, *classes);
    TRY_ASSIGN(const auto* database_cpu, context.evidence().metric("db_cpu"));
    double highest_cpu = 0;
    for (const Series& series : *database_cpu)
        for (std::size_t i = 0; i < series.value.size(); ++i)
            if (context.windows().analysed.contains(series.at_ns[i])) highest_cpu = std::max(highest_cpu, series.value[i]);
    const bool database_bound = highest_cpu * 100 >= context.threshold("db_cpu_high");

    std::map<std::string, const ServicePool*> services;
    for (const auto& [service, looks] : gauges) services[service] = nullptr;
    for (const ServicePool& pool : pools) services[std::string(spans->text(pool.service))] = &pool;
    std::size_t acquires = 0, samples = 0, longest = 0;
    double worst_p95 = 0, most_pending = 0;
    for (const auto& [service, pool] : services) {
        const auto own = gauges.find(service);
        const std::vector<ServicePool> parts = pool ? by_instance(*spans, *pool) : std::vector<ServicePool>{};
        std::vector<Instance> instances = instances_of(context, *spans, own == gauges.end() ? std::vector<PoolGaugeLook>{} : own->second, pool, parts);
        for (Instance& one : instances) {
            judge(context, one, database_bound);
            acquires += one.spans.acquires;
            samples += one.gauges.samples;
            longest = std::max(longest, one.gauges.samples);
            worst_p95 = std::max(worst_p95, one.spans.overall_p95_ms);
            most_pending = std::max(most_pending, one.gauges.most_pending);
        }
        const auto worst = std::max_element(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) { return a.weight() < b.weight(); });
        if (worst != instances.end() && worst->exhausted) TRY(report(context, *spans, service, instances, *worst, database_bound));
        else if (const auto near = std::find_if(instances.begin(), instances.end(), [](const Instance& one) { return one.near_full; }); near != instances.end()) TRY(report_near_full(context, service, *near));
    }
    if (acquires == 0 && samples == 0)
        return Answer{Verdict::notEnoughEvidence, "neither pool gauges nor spans of waiting for a connection were recorded in the window",
                      {missing_evidence("metric(pool_used)", "shows whether every connection was used"), missing_evidence("metric(pool_max)", "the limit to compare with"),
                       missing_evidence("metric(pool_pending)", "shows whether requests waited")}};
    if (acquires == 0 && longest < 2)
        return Answer{Verdict::inconclusive, "the pool was looked at only once: one moment cannot be told from a spike or a start", {missing_evidence("metric(pool_used)", "a series over the slow time")}};
    std::string reason = "the pool is not exhausted:";
    if (acquires > 0) reason += " wait P95 " + format_ms(worst_p95) + " over " + format_count(static_cast<std::int64_t>(acquires)) + " uses";
    if (samples > 0) reason += std::string(acquires > 0 ? "," : "") + " in none of " + format_count(static_cast<std::int64_t>(samples)) + " samples were all connections used while requests waited";
    return Answer{Verdict::ruledOut, reason, {}};
}

}  // namespace

extern const Analyzer exhaustion;
const Analyzer exhaustion{"pool.exhaustion", "Do requests wait for a connection while the database idles?", AnalyzerKind::cause,
                          "metric(pool_used) or span", "session, statement, setting, metric(db_cpu)", thresholds, run};

}  // namespace casebook::pool
