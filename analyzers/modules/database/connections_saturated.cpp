// Is the server out of connections?
//
// Live sessions against max_connections, from snapshots of the sessions and from metrics; connections that were
// refused, from errors in spans, events and logs. A full server is certain when requests or calls failed then; that it
// was full and nobody was hurt is a suspicion. A count above the limit is demand, not sessions. What the pools of all
// instances could ask for is printed beside it, and more than the limit is a suspicion.

#include "analyzers/analysis/connection_refusals.h"
#include "analyzers/analysis/connection_use.h"
#include "analyzers/analysis/context.h"
#include "analyzers/analysis/errors_at.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 4> thresholds{{{"warn", 80, "%", "Casebook's own"},
                                               {"full", 95, "%", "Casebook's own"},
                                               {"refusals", 3, "errors", "Casebook's own"},
                                               {"quiet_samples", 3, "samples", "Casebook's own"}}};

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
    LiveConnections sessions, metrics;
    PoolDemand demand;
    Refusals refused;
    std::optional<Evidence> errors; ///< what failed while the server was full

    /// The look that is nearest to its limit.
    const LiveConnections& fullest() const
    {
        if (!sessions.limit.known() && !metrics.limit.known()) return metrics.most > sessions.most ? metrics : sessions;
        return metrics.share() > sessions.share() ? metrics : sessions;
    }
    const ConnectionLimit& limit() const { return fullest().limit; }
    double most() const { return fullest().most; }
    double share() const { return fullest().share(); }
    bool is_full() const { return sessions.full_samples + metrics.full_samples > 0; }
    bool live() const { return sessions.any() || metrics.any(); }
    std::size_t samples() const { return sessions.samples + metrics.samples; }
    /// Connections of that kind are known to be taken, so that they lead the headline.
    bool counted() const { return most() > 0 && limit().known(); }
    bool overrun() const { return limit().known() && demand.total > limit().max; }
    std::vector<std::int64_t> full_at() const
    {
        std::vector<std::int64_t> at = sessions.full_at;
        at.insert(at.end(), metrics.full_at.begin(), metrics.full_at.end());
        return at;
    }
};

/// What is claimed, and why no more than that.
struct Claim {
    Verdict verdict = Verdict::suspected;
    std::string note;
    bool of_demand = false; ///< of what the pools could ask for, not of what is there
};

std::string headline_of(const Looks& looks, const Claim& claim)
{
    const double refused = static_cast<double>(looks.refused.server.size()),
                 limited = static_cast<double>(looks.refused.limited.size());
    std::string text;
    if (claim.of_demand || (!looks.counted() && refused == 0 && limited == 0))
        return "The pools may open " + count_text(looks.demand.total) + " connections, the server allows " +
               count_text(looks.limit().max);
    if (looks.counted())
        text = count_text(looks.most()) + " of " + count_text(looks.limit().max) +
               " connections of the server are taken (" + format_percent(looks.share()) + ")";
    else if (refused > 0) text = "The server is out of connections";
    else text = "A role or database reached its own connection limit";
    if (refused > 0) text += ", and refused " + count_text(refused) + (refused == 1 ? " new one" : " new ones");
    else if (limited > 0) text += ": " + count_text(limited) + " refused";
    return text;
}

void add_figures(const AnalysisContext& context, const Looks& looks, const Claim& claim, const Holders& holders,
                 Finding& finding)
{
    const ConnectionLimit& limit = looks.limit();
    const auto add = [&](const char* name, double value, const char* unit) {
        finding.figures.push_back({name, value, unit, {}, {}});
    };
    if (looks.counted())
        finding.figures.push_back(
            context.figure("used", looks.share() * 100, "%", claim.verdict == Verdict::confirmed ? "full" : "warn"));
    if (looks.most() > 0) add("connections", looks.most(), "connections");
    if (limit.known()) add("max_connections", limit.max, "connections");
    if (limit.reserved > 0) add("reserved", limit.reserved, "connections");
    finding.figures.push_back(
        context.figure("refusals", static_cast<double>(looks.refused.server.size()), "errors", "refusals"));
    if (holders.clients > 0) {
        add("idle", static_cast<double>(holders.idle), "connections");
        add("idle_in_transaction", static_cast<double>(holders.idle_in_transaction), "connections");
        add("largest_application", static_cast<double>(holders.of_largest), "connections");
    }
    if (looks.demand.replicas > 0) add("replicas", looks.demand.replicas, "instances");
    if (looks.demand.pool > 0) add("pool_max", looks.demand.pool, "connections");
    if (looks.demand.total > 0)
        finding.figures.push_back(
            {"demand", looks.demand.total, "connections", limit.known() ? std::optional(limit.max) : std::nullopt, {}});
}

void add_evidence(const AnalysisContext& context, const Looks& looks, Finding& finding)
{
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
    if (looks.limit().known())
        finding.evidence.push_back({"The limits",
                                    "table",
                                    "setting",
                                    "SELECT source, name, value FROM setting WHERE name IN ('max_connections', "
                                    "'superuser_reserved_connections', 'reserved_connections', 'pool_max', 'pool.max', "
                                    "'pool_size', 'pool.size', 'replicas', 'replicas_max') ORDER BY name, source",
                                    {}});
    for (const Evidence& evidence : looks.refused.evidence) finding.evidence.push_back(evidence);
    if (looks.errors) finding.evidence.push_back(*looks.errors);
}

/// 70 % of the limit is what the pools of all instances may have together: the rest is for a release that runs two
/// versions side by side.
void add_fixes(const Looks& looks, const Holders& holders, Finding& finding)
{
    const double per_instance = looks.demand.replicas > 0 && looks.limit().known()
                                    ? std::floor(looks.limit().max * 0.7 / looks.demand.replicas)
                                    : 0;
    if (looks.demand.replicas > 0 && looks.limit().known() && looks.demand.pool > 0)
        finding.fixes.push_back(
            {"Cap the instances at " +
                 count_text(std::max(1.0, std::floor(looks.limit().max * 0.7 / looks.demand.pool))) +
                 ", or their pools at " + count_text(std::max(1.0, per_instance)),
             "5 min",
             count_text(looks.demand.total) + " -> " + count_text(looks.limit().max * 0.7) +
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
}

void report(AnalysisContext& context, const Looks& looks, Claim claim)
{
    Finding finding;
    finding.key = finding_key({"postgresql", "max_connections"});
    finding.verdict = claim.verdict;
    finding.headline = headline_of(looks, claim);
    Holders holders;
    if (looks.sessions.worst) holders = holders_of(*looks.sessions.worst);
    if (!holders.largest.empty()) finding.subjects.push_back({"service", holders.largest});
    for (const std::string& service : looks.refused.services) finding.subjects.push_back({"service", service});
    finding.subjects.push_back({"metric", "max_connections"});
    add_figures(context, looks, claim, holders, finding);

    std::vector<std::int64_t> moments = looks.full_at();
    moments.insert(moments.end(), looks.refused.server.begin(), looks.refused.server.end());
    moments.insert(moments.end(), looks.refused.limited.begin(), looks.refused.limited.end());
    if (!moments.empty())
        finding.when = TimeRange{*std::min_element(moments.begin(), moments.end()),
                                 *std::max_element(moments.begin(), moments.end()) + 1};
    Felt felt;
    felt.exhausted = claim.verdict == Verdict::confirmed;
    felt.over_alert_line = looks.share() * 100 >= context.threshold("warn") || !looks.refused.server.empty();
    finding.severity = severity_of(felt);
    finding.impact = 0;
    add_evidence(context, looks, finding);
    add_fixes(looks, holders, finding);
    finding.refutes_if = "fewer than " + format_number(context.threshold("warn")) +
                         " % of max_connections are taken in " + format_number(context.threshold("quiet_samples")) +
                         " samples and none was refused";
    finding.proof = "connections stay below " + format_number(context.threshold("warn")) +
                    " % of max_connections and none is refused, at the same number of instances";
    finding.rollback = "requests wait longer than 100 ms for a connection of their pool, or database CPU is over 80 %";
    finding.note = std::move(claim.note);
    context.add(std::move(finding));
}

/// What the looks amount to; nothing when they stay below every line.
std::optional<Claim> claim_of(const AnalysisContext& context, const Looks& looks)
{
    const auto warn = context.threshold("warn");
    const bool full = looks.is_full(), high = looks.share() * 100 >= warn;
    const bool enough = looks.samples() >= static_cast<std::size_t>(context.threshold("quiet_samples"));
    const std::size_t refused = looks.refused.server.size();
    if (refused > 0) {
        const bool contradicted =
            looks.limit().known() && looks.live() && enough && !high && !full && !looks.sessions.selected;
        if (full || (refused >= static_cast<std::size_t>(context.threshold("refusals")) && !contradicted))
            return Claim{Verdict::confirmed, {}};
        if (contradicted)
            return Claim{Verdict::inconclusive,
                         "connections were refused while fewer than " + format_number(warn) +
                             " % were taken: another server, or a limit of the role or the database"};
        return Claim{Verdict::suspected,
                     "few refusals; snapshots of the sessions would show what holds the connections"};
    }
    if (full && looks.errors) return Claim{Verdict::confirmed, {}};
    if (full)
        return Claim{
            Verdict::suspected,
            "nobody else could connect, but nothing more failed then than at other times, as far as was recorded"};
    if (high) return Claim{Verdict::suspected, "it was not full"};
    if (!looks.refused.limited.empty())
        return Claim{
            Verdict::inconclusive,
            "the limit is the role's or the database's own (ALTER ROLE ... CONNECTION LIMIT), not the server's"};
    if (!looks.overrun()) return {};
    return Claim{Verdict::suspected,
                 looks.live() ? "by the configured sizes; at most " + count_text(looks.most()) +
                                    " were taken when they were counted"
                              : "by the configured sizes; nobody counted live connections",
                 true};
}

Result<Answer> run(AnalysisContext& context)
{
    Looks looks;
    const double full_percent = context.threshold("full");
    TRY_ASSIGN(const ConnectionLimits limits, connection_limits(context));
    TRY_ASSIGN(looks.sessions, live_in_sessions(context, limits, full_percent));
    TRY_ASSIGN(looks.metrics, live_in_metrics(context, limits, full_percent));
    TRY_ASSIGN(looks.demand, pool_demand(context));
    TRY_ASSIGN(looks.refused, find_refusals(context));
    TRY_ASSIGN(looks.errors, errors_at(context, looks.full_at()));
    if (auto claim = claim_of(context, looks)) report(context, looks, std::move(*claim));

    const std::size_t refused = looks.refused.server.size(), samples = looks.samples();
    const bool enough = samples >= static_cast<std::size_t>(context.threshold("quiet_samples"));
    const std::string of_limit = looks.limit().known() ? " of " + count_text(looks.limit().max) : "";
    const Missing setting = missing_evidence("setting", "max_connections is the limit to compare with"),
                  sessions = missing_evidence("session", "counts the connections that are open");
    if (samples == 0 && refused == 0 && !looks.overrun())
        return Answer{Verdict::notEnoughEvidence,
                      "nobody counted the server's connections, and none is known to be refused",
                      looks.limit().known() ? std::vector{sessions} : std::vector{sessions, setting}};
    if (!looks.limit().known())
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
                      format_count(static_cast<std::int64_t>(samples)) + " samples",
                  {}};
}

} // namespace

extern const Analyzer connections_saturated;
const Analyzer connections_saturated{"database.connections_saturated",
                                     "Is the server out of connections?",
                                     AnalyzerKind::cause,
                                     "session or metric(db_connections) or log_line or span or event or setting",
                                     "session, setting, metric(replicas), metric(db_connections)",
                                     thresholds,
                                     run};

} // namespace casebook::database
