// Is the server out of connections?
//
// Live sessions against max_connections, from snapshots of the sessions and from metrics; connections that were
// refused, from errors in spans, events and logs. A count above the limit is demand, not sessions. What the pools of
// all instances could ask for is printed beside it, and is a suspicion only where nobody counted live sessions.

#include "analyzers/analysis/connection_refusals.h"
#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 4> thresholds{{{"warn", 80, "%", "Casebook's own"},
                                               {"full", 95, "%", "Casebook's own"},
                                               {"refusals", 3, "errors", "Casebook's own"},
                                               {"quiet_samples", 3, "samples", "Casebook's own"}}};

constexpr std::int64_t near_ns = 30'000'000'000;

/// How many connections there may be.
struct Limit {
    double max = 0, reserved = 0;
    bool known() const { return max > 0; }
    double usable() const { return std::max(max - reserved, 1.0); }
};

/// Live connections at moments of the window.
struct Live {
    std::size_t samples = 0, full_samples = 0, over_limit = 0;
    double most = 0;
    std::optional<std::int64_t> most_at;
    std::vector<std::int64_t> saturated_at;
    const SessionSample* worst = nullptr;
    std::string metric;
    bool selected = false; ///< a snapshot showed only what somebody selected: it counts too few
};

Result<Limit> limit_of(AnalysisContext& context)
{
    Limit limit;
    TRY_ASSIGN(const auto max, context.evidence().setting("max_connections"));
    TRY_ASSIGN(const auto reserved, context.evidence().setting("superuser_reserved_connections"));
    TRY_ASSIGN(const auto also_reserved, context.evidence().setting("reserved_connections"));
    limit.max = max.value_or(0);
    limit.reserved = reserved.value_or(0) + also_reserved.value_or(0);
    if (limit.max > 0) return limit;
    TRY_ASSIGN(const auto* series, context.evidence().metric("db_connections_max"));
    for (const Series& one : *series)
        for (const double value : one.value) limit.max = std::max(limit.max, value);
    return limit;
}

void take(Live& live, const Limit& limit, double full_share, double count, std::optional<std::int64_t> at)
{
    ++live.samples;
    if (limit.known() && count > limit.max) {
        ++live.over_limit;
        return;
    }
    if (count > live.most) {
        live.most = count;
        live.most_at = at;
    }
    if (limit.known() && count >= limit.usable()) ++live.full_samples;
    if (limit.known() && count * 100 >= full_share * limit.max && at) live.saturated_at.push_back(*at);
}

Result<Live> look_at_sessions(AnalysisContext& context, const Limit& limit)
{
    Live live;
    TRY_ASSIGN(const auto* samples, context.evidence().session_samples());
    for (const SessionSample& sample : *samples) {
        if (!in_analysed_window(context.windows(), sample.at_ns, sample.window)) continue;
        live.selected = live.selected || !sample.looks_complete();
        const auto count = static_cast<double>(sample.clients());
        if (!live.worst || count > live.most) live.worst = &sample;
        take(live, limit, context.threshold("full"), count, sample.at_ns);
    }
    return live;
}

/// Series of one name and instance count parts of the same sessions (by database, by state): they add up.
Result<Live> look_at_metrics(AnalysisContext& context, const Limit& limit)
{
    Live most;
    TRY_ASSIGN(const auto* series, context.evidence().metric("db_connections"));
    std::map<std::pair<std::string, std::string>, std::map<std::int64_t, double>> sums;
    for (const Series& one : *series)
        for (std::size_t i = 0; i < one.at_ns.size(); ++i)
            if (context.windows().analysed.contains(one.at_ns[i]))
                sums[{one.name, one.instance}][one.at_ns[i]] += one.value[i];
    for (const auto& [who, points] : sums) {
        Live live;
        live.metric = who.first;
        for (const auto& [at, count] : points) take(live, limit, context.threshold("full"), count, at);
        if (live.over_limit > 0) { // a series that exceeds the limit counts demand, also where it does not
            const std::size_t samples = live.samples;
            live = {};
            live.samples = live.over_limit = samples;
            live.metric = who.first;
        }
        if (live.most > most.most || most.metric.empty()) most = std::move(live);
    }
    return most;
}

/// What the pools of all instances may open together; 0 when sizes are not known.
struct Demand {
    double replicas = 0, pool = 0, total = 0;
};

Result<Demand> demand_of(AnalysisContext& context)
{
    Demand demand;
    TRY_ASSIGN(const auto* pools, context.evidence().metric("pool_max"));
    std::map<std::string, std::map<std::string, double>> sizes; // service -> instance -> size
    for (const Series& one : *pools)
        for (std::size_t i = 0; i < one.at_ns.size(); ++i)
            if (context.windows().analysed.contains(one.at_ns[i]))
                sizes[one.service][one.instance] = std::max(sizes[one.service][one.instance], one.value[i]);
    for (const auto& [service, instances] : sizes)
        for (const auto& [instance, size] : instances) {
            demand.total += size;
            demand.pool = std::max(demand.pool, size);
        }
    for (const char* name : {"pool_max", "pool.max", "pool_size", "pool.size"}) {
        TRY_ASSIGN(const auto size, context.evidence().setting(name));
        if (size && demand.pool == 0) demand.pool = *size;
    }
    for (const char* role : {"replicas", "replicas_max"}) {
        TRY_ASSIGN(const auto* series, context.evidence().metric(role));
        TRY_ASSIGN(const auto typed, context.evidence().setting(role));
        demand.replicas = std::max(demand.replicas, typed.value_or(0));
        // Of several services only the one that has the pool; nobody says which when none of the names fit.
        for (const Series& one : *series)
            if (series->size() == 1 || sizes.contains(one.service) || sizes.contains(one.label("deployment")))
                for (const double value : one.value) demand.replicas = std::max(demand.replicas, value);
    }
    demand.total = std::max(demand.total, demand.replicas * demand.pool);
    return demand;
}

/// Requests or database calls that failed while the server was full.
Result<bool> errors_then(AnalysisContext& context, const std::vector<std::int64_t>& saturated_at)
{
    if (saturated_at.empty()) return false;
    const TimeRange range{*std::min_element(saturated_at.begin(), saturated_at.end()) - near_ns,
                          *std::max_element(saturated_at.begin(), saturated_at.end()) + near_ns};
    TRY_ASSIGN(const auto* counters, context.evidence().metric("errors"));
    for (const Series& series : *counters)
        if (series.increase(range) > 0) return true;
    TRY_ASSIGN(const auto* rates, context.evidence().metric("error_rate"));
    for (const Series& series : *rates)
        for (std::size_t i = 0; i < series.at_ns.size(); ++i)
            if (range.contains(series.at_ns[i]) && series.value[i] > 0) return true;
    return failed_connections(context, range);
}

std::string count_text(double count) { return format_count(static_cast<std::int64_t>(count)); }

struct Holders {
    std::string largest;
    std::size_t of_largest = 0, idle = 0, idle_in_transaction = 0, clients = 0;
};

Holders holders_of(const SessionSample& sample)
{
    Holders holders;
    std::map<std::string_view, std::size_t> by;
    for (const DatabaseSession& session : sample.sessions) {
        if (!session.is_client()) continue;
        ++holders.clients;
        holders.idle += session.state == "idle";
        holders.idle_in_transaction += session.is_idle_in_transaction();
        if (const std::size_t count = ++by[session.who()];
            count > holders.of_largest || (count == holders.of_largest && session.who() < holders.largest)) {
            holders.of_largest = count;
            holders.largest = session.who();
        }
    }
    return holders;
}

struct Looks {
    Limit limit;
    Live sessions, metrics;
    Demand demand;
    Refusals refused;
    bool errors = false;
    double most() const { return std::max(sessions.most, metrics.most); }
    double share() const { return limit.known() ? most() / limit.max : 0; }
    bool is_full() const { return std::max(sessions.full_samples, metrics.full_samples) >= 2; }
    bool live() const { return sessions.samples + metrics.samples > sessions.over_limit + metrics.over_limit; }
};

void report(AnalysisContext& context, const Looks& looks, Verdict verdict, std::string note)
{
    const Limit& limit = looks.limit;
    Finding finding;
    finding.key = finding_key({"postgresql", "max_connections"});
    finding.verdict = verdict;
    finding.note = std::move(note);
    const double refused = static_cast<double>(looks.refused.server.size());
    if (looks.most() > 0 && limit.known())
        finding.headline = count_text(looks.most()) + " of " + count_text(limit.max) +
                           " connections of the server are taken (" + format_percent(looks.share()) + ")";
    else if (refused > 0) finding.headline = "The server is out of connections";
    else if (!looks.refused.limited.empty()) finding.headline = "A role or database reached its own connection limit";
    else
        finding.headline = "The pools may open " + count_text(looks.demand.total) + " connections, the server allows " +
                           count_text(limit.max);
    if (refused > 0)
        finding.headline += ", and refused " + count_text(refused) + (refused == 1 ? " new one" : " new ones");
    else if (!looks.refused.limited.empty())
        finding.headline += ": " + count_text(static_cast<double>(looks.refused.limited.size())) + " refused";
    Holders holders;
    if (looks.sessions.worst) holders = holders_of(*looks.sessions.worst);
    if (!holders.largest.empty()) finding.subjects.push_back({"service", holders.largest});
    for (const std::string& service : looks.refused.services) finding.subjects.push_back({"service", service});
    finding.subjects.push_back({"metric", "max_connections"});
    if (looks.most() > 0 && limit.known())
        finding.figures.push_back(
            context.figure("used", looks.share() * 100, "%", verdict == Verdict::confirmed ? "full" : "warn"));
    if (looks.most() > 0) finding.figures.push_back({"connections", looks.most(), "connections", {}, {}});
    if (limit.known()) finding.figures.push_back({"max_connections", limit.max, "connections", {}, {}});
    if (limit.reserved > 0) finding.figures.push_back({"reserved", limit.reserved, "connections", {}, {}});
    finding.figures.push_back(context.figure("refusals", refused, "errors", "refusals"));
    if (holders.clients > 0) {
        finding.figures.push_back({"idle", static_cast<double>(holders.idle), "connections", {}, {}});
        finding.figures.push_back(
            {"idle_in_transaction", static_cast<double>(holders.idle_in_transaction), "connections", {}, {}});
        finding.figures.push_back(
            {"largest_application", static_cast<double>(holders.of_largest), "connections", {}, {}});
    }
    if (looks.demand.replicas > 0) finding.figures.push_back({"replicas", looks.demand.replicas, "instances", {}, {}});
    if (looks.demand.pool > 0) finding.figures.push_back({"pool_max", looks.demand.pool, "connections", {}, {}});
    if (looks.demand.total > 0)
        finding.figures.push_back(
            {"demand", looks.demand.total, "connections", limit.known() ? std::optional(limit.max) : std::nullopt, {}});

    std::vector<std::int64_t> moments = looks.sessions.saturated_at;
    moments.insert(moments.end(), looks.metrics.saturated_at.begin(), looks.metrics.saturated_at.end());
    moments.insert(moments.end(), looks.refused.server.begin(), looks.refused.server.end());
    moments.insert(moments.end(), looks.refused.limited.begin(), looks.refused.limited.end());
    if (!moments.empty())
        finding.when = TimeRange{*std::min_element(moments.begin(), moments.end()),
                                 *std::max_element(moments.begin(), moments.end()) + 1};
    Felt felt;
    felt.exhausted = verdict == Verdict::confirmed;
    felt.over_alert_line = looks.share() * 100 >= context.threshold("warn") || refused > 0;
    finding.severity = severity_of(felt);
    finding.impact = 0;

    if (looks.sessions.worst) {
        const SessionSample& sample = *looks.sessions.worst;
        Evidence evidence{"Who holds the connections, when most were taken",
                          "table",
                          "session",
                          "SELECT application, user, database, state, count(*) AS connections, max(state_age_ms) AS "
                          "longest_in_state_ms FROM session WHERE file_id = ?1 AND " +
                              std::string(sample.at_ns ? "at_ns >= ?2 AND at_ns <= ?3" : "at_ns IS NULL") +
                              " AND backend_type IN ('client backend', '') GROUP BY application, user, database, state "
                              "ORDER BY connections DESC, application, user, database, state",
                          {sample.file_id}};
        if (sample.at_ns) {
            evidence.arguments.emplace_back(*sample.at_ns);
            evidence.arguments.emplace_back(*sample.to_ns);
        }
        finding.evidence.push_back(std::move(evidence));
    }
    if (looks.metrics.samples > 0)
        finding.evidence.push_back(
            {"Connections over time",
             "series",
             "metric",
             "SELECT at_ns, name, labels, value FROM metric_point WHERE name = ?1 AND at_ns >= ?2 AND at_ns < ?3 ORDER "
             "BY name, labels, at_ns",
             {looks.metrics.metric, context.windows().analysed.from_ns, context.windows().analysed.to_ns}});
    if (limit.known())
        finding.evidence.push_back({"The limits",
                                    "table",
                                    "setting",
                                    "SELECT source, name, value FROM setting WHERE name IN ('max_connections', "
                                    "'superuser_reserved_connections', 'reserved_connections', 'pool_max', 'pool.max', "
                                    "'pool_size', 'pool.size', 'replicas', 'replicas_max') ORDER BY name, source",
                                    {}});
    for (const Evidence& evidence : looks.refused.evidence) finding.evidence.push_back(evidence);

    const double per_instance =
        looks.demand.replicas > 0 && limit.known() ? std::floor(limit.max * 0.7 / looks.demand.replicas) : 0;
    if (looks.demand.replicas > 0 && limit.known() && looks.demand.pool > 0)
        finding.fixes.push_back({"Cap the instances at " +
                                     count_text(std::max(1.0, std::floor(limit.max * 0.7 / looks.demand.pool))) +
                                     ", or their pools at " + count_text(std::max(1.0, per_instance)),
                                 "5 min",
                                 count_text(looks.demand.total) + " -> " + count_text(limit.max * 0.7) +
                                     " connections at most, 70 % of the limit",
                                 "requests may queue in the services: pool.exhaustion"});
    if (holders.idle * 2 > holders.clients)
        finding.fixes.push_back({"Lower the pools' minimum and let idle connections close; " +
                                     count_text(static_cast<double>(holders.idle)) + " of " +
                                     count_text(static_cast<double>(holders.clients)) + " are idle",
                                 "15 min",
                                 count_text(static_cast<double>(holders.clients)) + " -> ~" +
                                     count_text(static_cast<double>(holders.clients - holders.idle)) + " connections",
                                 "opening one again costs some milliseconds"});
    if (holders.idle_in_transaction > 0)
        finding.fixes.push_back(
            {"End transactions that idle: idle_in_transaction_session_timeout", "5 min",
             count_text(static_cast<double>(holders.idle_in_transaction)) + " connections are free again",
             "their sessions are closed"});
    finding.fixes.push_back({"Put a pooler in transaction mode in front (PgBouncer)", "1-2 days",
                             "many clients share few connections",
                             "session features: prepared statements before 1.21, SET, LISTEN, advisory locks"});
    finding.fixes.push_back({"Raise max_connections", "a restart", "room, while the cause is looked for",
                             "5 to 10 MB of memory each, and more runs at once than the processors can carry"});
    finding.refutes_if = "fewer than " + format_number(context.threshold("warn")) +
                         " % of max_connections are taken in " + format_number(context.threshold("quiet_samples")) +
                         " samples and none was refused";
    finding.proof = "connections stay below " + format_number(context.threshold("warn")) +
                    " % of max_connections and none is refused, at the same number of instances";
    finding.rollback = "requests wait longer than 100 ms for a connection of their pool, or database CPU is over 80 %";
    context.add(std::move(finding));
}

Result<Answer> run(AnalysisContext& context)
{
    Looks looks;
    TRY_ASSIGN(looks.limit, limit_of(context));
    TRY_ASSIGN(looks.sessions, look_at_sessions(context, looks.limit));
    TRY_ASSIGN(looks.metrics, look_at_metrics(context, looks.limit));
    TRY_ASSIGN(looks.demand, demand_of(context));
    TRY_ASSIGN(looks.refused, find_refusals(context));
    std::vector<std::int64_t> saturated = looks.sessions.saturated_at;
    saturated.insert(saturated.end(), looks.metrics.saturated_at.begin(), looks.metrics.saturated_at.end());
    TRY_ASSIGN(looks.errors, errors_then(context, saturated));

    const std::size_t refused = looks.refused.server.size(), samples = looks.sessions.samples + looks.metrics.samples;
    const bool near_full = looks.share() * 100 >= context.threshold("full"),
               high = looks.share() * 100 >= context.threshold("warn");
    const bool enough = samples >= static_cast<std::size_t>(context.threshold("quiet_samples"));
    const bool overrun = looks.limit.known() && looks.demand.total > looks.limit.max;
    const std::string of_limit = looks.limit.known() ? " of " + count_text(looks.limit.max) : "";
    const std::string demand = overrun ? "; the pools of all instances may open " + count_text(looks.demand.total) : "";
    const Missing setting = missing_evidence("setting", "max_connections is the limit to compare with"),
                  sessions = missing_evidence("session", "counts the connections that are open");

    if (refused > 0) {
        const bool contradicted = looks.limit.known() && looks.live() && enough && !high && !looks.sessions.selected;
        if (near_full || (refused >= static_cast<std::size_t>(context.threshold("refusals")) && !contradicted))
            report(context, looks, Verdict::confirmed, {});
        else if (contradicted)
            report(context, looks, Verdict::inconclusive,
                   "connections were refused while fewer than " + format_number(context.threshold("warn")) +
                       " % were taken: another server, or a limit of the role or the database");
        else
            report(context, looks, Verdict::suspected,
                   "few refusals; snapshots of the sessions would show what holds the connections");
    } else if (near_full && (looks.errors || looks.is_full())) {
        report(context, looks, Verdict::confirmed, looks.errors ? "" : "no free connection in several samples");
    } else if (high) {
        report(context, looks, Verdict::suspected, "nothing failed at that time as far as was recorded");
    } else if (!looks.refused.limited.empty()) {
        report(context, looks, Verdict::inconclusive,
               "the limit is the role's or the database's own (ALTER ROLE ... CONNECTION LIMIT), not the server's");
    } else if (overrun && !looks.live()) {
        report(context, looks, Verdict::suspected, "by the configured sizes; nobody counted live connections");
    }
    if (samples == 0 && refused == 0 && !overrun)
        return Answer{Verdict::notEnoughEvidence,
                      "nobody counted the server's connections, and none is known to be refused",
                      looks.limit.known() ? std::vector{sessions} : std::vector{sessions, setting}};
    if (!looks.limit.known())
        return Answer{Verdict::inconclusive,
                      "up to " + count_text(looks.most()) + " connections, but max_connections is not known",
                      {setting}};
    if (!looks.live())
        return Answer{Verdict::inconclusive,
                      "the metric counts more than the server allows: that is demand, not connections",
                      {sessions}};
    if (looks.sessions.selected && looks.metrics.samples == 0)
        return Answer{Verdict::inconclusive,
                      "the snapshots show selected sessions only: " + count_text(looks.most()) + of_limit,
                      {sessions}};
    if (!enough)
        return Answer{Verdict::inconclusive,
                      count_text(looks.most()) + of_limit + " connections in " + std::to_string(samples) +
                          (samples == 1 ? " sample" : " samples") + ": too few to tell",
                      {sessions}};
    return Answer{Verdict::ruledOut,
                  "at most " + count_text(looks.most()) + of_limit + " connections are taken (" +
                      format_percent(looks.share()) + ") and none was refused, in " +
                      format_count(static_cast<std::int64_t>(samples)) + " samples" + demand,
                  {}};
}

} // namespace

extern const Analyzer connections_saturated;
const Analyzer connections_saturated{"database.connections_saturated",
                                     "Is the server out of connections?",
                                     AnalyzerKind::cause,
                                     "session or metric(db_connections) or log_line or span or event or setting & "
                                     "metric(pool_max) or setting & metric(replicas)",
                                     "session, setting, metric(replicas), metric(db_connections)",
                                     thresholds,
                                     run};

} // namespace casebook::database
