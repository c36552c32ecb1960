// Do old or idle transactions hold locks, connections or vacuum back?
//
// A transaction counts when it is 30 s old, or idles for a second while another session waits for it. It is certain
// when it blocks somebody, keeps vacuum from a table full of dead rows, or is seen again in a later sample. Backups,
// vacuum, replication and the capture itself are left out: being long is their nature. Spans of transactions tell the
// same of the application's side.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/table_states.h"
#include "analyzers/analysis/wait_graph.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"active", 30, "s", "Casebook's own"},
                                               {"idle_in_transaction", 30, "s", "Casebook's own"},
                                               {"blocking", 1, "s", "Casebook's own"},
                                               {"quiet_samples", 3, "samples", "Casebook's own"},
                                               {"dead_share", 20, "%", "PostgreSQL's autovacuum_vacuum_scale_factor"},
                                               {"dead_rows", 100'000, "rows", "Casebook's own"}}};

constexpr double quiet_wait_ms = 50;

/// One transaction over the samples it was seen in.
struct Seen {
    const SessionSample* worst_sample = nullptr;
    const DatabaseSession* worst = nullptr; ///< when it was oldest
    std::optional<std::int64_t> begin_ns;
    std::size_t samples = 0, inside = 0; ///< inside: of the analysed window
    double age_ms = 0, idle_ms = 0, blocking_idle_ms = 0, blocked_wait_ms = 0;
    std::size_t blocked = 0;
    bool oldest_xmin = false;               ///< in some sample nobody else's snapshot is older
    std::vector<std::int64_t> blocked_pids; ///< in the worst sample
    double waiting = 0, working = 0;        ///< sessions, summed over its samples
};

/// Everything of one application in one database.
struct Group {
    std::vector<Seen> transactions;
    std::map<std::int64_t, std::size_t> by_pid; ///< the latest of each session
};

struct Survey {
    std::size_t all = 0, inside = 0, clients = 0, hidden = 0;
    double oldest_ms = 0;
    std::map<std::string, Group> groups;
};

bool counts(const DatabaseSession& session)
{
    return session.is_client() && !session.is_own_capture() && !session.is_backup() && !session.is_vacuum() &&
           (session.xact_age_ms || session.is_idle_in_transaction()) && session.state != "idle";
}

/// Less what it waited for the lock of another: that is the other's age.
double age_of(const DatabaseSession& session)
{
    if (session.waits_for_lock()) return std::max(session.xact_age_ms.value_or(0) - session.wait_ms().value_or(0), 0.0);
    return std::max(session.xact_age_ms.value_or(0),
                    session.is_idle_in_transaction() ? session.state_ms().value_or(0) : 0);
}

/// The session whose snapshot is oldest: vacuum keeps all that died since.
const DatabaseSession* oldest_snapshot(const SessionSample& sample)
{
    const DatabaseSession* oldest = nullptr;
    for (const DatabaseSession& session : sample.sessions) {
        if (session.is_vacuum() || !session.xact_age_ms || (!session.backend_xmin && !session.backend_xid)) continue;
        if (!oldest || *session.xact_age_ms > *oldest->xact_age_ms) oldest = &session;
    }
    return oldest;
}

Survey survey_samples(const std::vector<SessionSample>& samples, const AnalysisWindows& windows)
{
    Survey survey;
    for (const SessionSample& sample : samples) {
        ++survey.all;
        const bool inside = in_analysed_window(windows, sample.at_ns, sample.window);
        survey.inside += inside;
        survey.clients += sample.clients();
        survey.hidden += sample.hidden();
        // Whoever waits for it, and, when it is the head, all behind them; by depth, so the nearest come first.
        std::map<std::int64_t, std::vector<const DatabaseSession*>> behind;
        for (const LockChain& chain : wait_graph(sample, quiet_wait_ms).chains)
            for (const LockChain::Waiter& waiter : chain.waiters) {
                behind[chain.head_pid].push_back(waiter.session);
                for (const std::int64_t pid : waiter.session->blocked_by)
                    if (pid != chain.head_pid) behind[pid].push_back(waiter.session);
            }
        const DatabaseSession* oldest = oldest_snapshot(sample);
        const auto working = static_cast<double>(
            std::count_if(sample.sessions.begin(), sample.sessions.end(), [](const DatabaseSession& s) {
                return s.is_client() && !s.state.empty() && s.state != "idle";
            }));
        for (const DatabaseSession& session : sample.sessions) {
            if (!counts(session)) continue;
            // It ran in the window also when it was looked at only later.
            const auto begin = transaction_begin(sample, session);
            const bool ran_inside =
                inside || (begin && sample.at_ns && !windows.limited && *begin < windows.analysed.to_ns &&
                           *sample.at_ns >= windows.analysed.from_ns);
            Group& group = survey.groups[transaction_key(session)];
            const auto known = group.by_pid.find(session.pid);
            if (known == group.by_pid.end() || !same_transaction(group.transactions[known->second].begin_ns, begin)) {
                group.by_pid[session.pid] = group.transactions.size();
                group.transactions.push_back({});
                group.transactions.back().begin_ns = begin;
            }
            Seen& seen = group.transactions[group.by_pid[session.pid]];
            ++seen.samples;
            seen.inside += ran_inside;
            const double idle = session.is_idle_in_transaction() ? session.state_ms().value_or(0) : 0;
            if (inside) survey.oldest_ms = std::max(survey.oldest_ms, age_of(session));
            seen.idle_ms = std::max(seen.idle_ms, idle);
            seen.oldest_xmin = seen.oldest_xmin || &session == oldest;
            const auto waiters = behind.find(session.pid);
            const std::size_t blocked = waiters == behind.end() ? 0 : waiters->second.size();
            seen.waiting += static_cast<double>(blocked);
            seen.working += working;
            if (blocked > 0) seen.blocking_idle_ms = std::max(seen.blocking_idle_ms, idle);
            if (!seen.worst || blocked > seen.blocked || (blocked == seen.blocked && age_of(session) >= seen.age_ms)) {
                seen.worst = &session;
                seen.worst_sample = &sample;
                seen.blocked_pids.clear();
                if (blocked > 0)
                    for (const DatabaseSession* waiter : waiters->second) {
                        seen.blocked_pids.push_back(waiter->pid);
                        seen.blocked_wait_ms = std::max(seen.blocked_wait_ms, waiter->wait_ms().value_or(0));
                    }
            }
            seen.blocked = std::max(seen.blocked, blocked);
            seen.age_ms = std::max(seen.age_ms, age_of(session));
        }
    }
    return survey;
}

/// Tables whose dead rows wait for vacuum, from the newest statistics.
Result<std::vector<TableState>> lagging_tables(AnalysisContext& context)
{
    TRY_ASSIGN(const auto states, load_table_states(context.evidence().file(), context.control()));
    std::vector<TableState> lagging;
    for (const auto& [name, history] : states) {
        const TableState& last = history.back();
        if (last.dead.value_or(0) >= context.threshold("dead_rows") &&
            last.dead_share() * 100 >= context.threshold("dead_share"))
            lagging.push_back(last);
    }
    return lagging;
}

struct Judgement {
    Verdict verdict = Verdict::ruledOut;
    bool blocks = false, holds_vacuum = false;
};

Judgement judge(const AnalysisContext& context, const Survey& survey, const Seen& seen, bool tables_lag)
{
    Judgement said;
    const bool is_idle = seen.idle_ms > 0;
    const double limit_ms =
        context.threshold(is_idle && seen.idle_ms >= seen.age_ms ? "idle_in_transaction" : "active") * 1000;
    const bool is_long = seen.age_ms >= limit_ms || seen.idle_ms >= context.threshold("idle_in_transaction") * 1000;
    said.blocks = seen.blocking_idle_ms >= context.threshold("blocking") * 1000 || (is_long && seen.blocked > 0);
    said.holds_vacuum = is_long && seen.oldest_xmin && tables_lag;
    if (!is_long && !said.blocks) return said;
    if (seen.inside == 0)
        said.verdict = survey.inside >= static_cast<std::size_t>(context.threshold("quiet_samples"))
                           ? Verdict::ruledOut
                           : Verdict::suspected;
    else if (said.blocks || said.holds_vacuum || seen.samples >= 2) said.verdict = Verdict::confirmed;
    else said.verdict = survey.all == 1 ? Verdict::inconclusive : Verdict::suspected;
    return said;
}

void report(AnalysisContext& context, const Survey& survey, const std::string& key, const Group& group,
            const std::vector<TableState>& lagging)
{
    const Seen* seen = nullptr;
    Judgement said;
    std::size_t how_many = 0;
    for (const Seen& transaction : group.transactions) {
        const Judgement one = judge(context, survey, transaction, !lagging.empty());
        if (one.verdict > Verdict::inconclusive) continue;
        ++how_many;
        const auto weight = [](const Judgement& j, const Seen& s) {
            return std::tuple(-static_cast<int>(j.verdict), s.blocked, s.age_ms);
        };
        if (seen && weight(one, transaction) <= weight(said, *seen)) continue;
        seen = &transaction;
        said = one;
    }
    if (!seen) return;
    const DatabaseSession& session = *seen->worst;
    const std::string who(session.who());
    const bool is_idle = session.is_idle_in_transaction();
    Finding finding;
    finding.key = key;
    finding.verdict = said.verdict;
    finding.headline = who + " keeps a transaction open for " + format_ms(seen->age_ms) +
                       (is_idle && seen->idle_ms > 0 ? ", idle for " + format_ms(seen->idle_ms) + " of it" : "");
    if (said.blocks)
        finding.headline += ", and " + format_count(static_cast<std::int64_t>(seen->blocked)) +
                            (seen->blocked == 1 ? " session waits" : " sessions wait") + " for it";
    else if (said.holds_vacuum) finding.headline += ", and vacuum cannot clean " + lagging.front().name;
    if (how_many > 1) finding.headline += " (" + std::to_string(how_many) + " such transactions)";
    finding.subjects = {{"service", who}};
    if (!session.query.empty() && !session.is_hidden())
        finding.subjects.push_back({"statement", summarize_sql(session.query).normalized});
    if (said.holds_vacuum)
        for (const TableState& table : lagging) finding.subjects.push_back({"table", table.name});
    finding.figures = {context.figure("transaction_age", seen->age_ms / 1000, "s", "active")};
    if (seen->idle_ms > 0)
        finding.figures.push_back(
            context.figure("idle", seen->idle_ms / 1000, "s", seen->blocked > 0 ? "blocking" : "idle_in_transaction"));
    finding.figures.push_back({"blocked_sessions", static_cast<double>(seen->blocked), "sessions", {}, {}});
    if (seen->blocked > 0) finding.figures.push_back({"blocked_for", seen->blocked_wait_ms / 1000, "s", {}, {}});
    finding.figures.push_back({"samples", static_cast<double>(seen->samples), "samples", {}, {}});
    finding.figures.push_back({"transactions", static_cast<double>(how_many), "transactions", {}, {}});
    if (seen->begin_ns && seen->worst_sample->at_ns)
        finding.when = TimeRange{*seen->begin_ns, *seen->worst_sample->at_ns + 1};
    // What its waiters lose; for itself it costs a connection.
    finding.severity =
        severity_of({seen->working > 0 ? seen->waiting / seen->working : 0, 0, false, said.holds_vacuum, true});
    finding.impact = seen->waiting / static_cast<double>(std::max<std::size_t>(survey.inside, 1));
    std::vector<RankedPid> pids{{session.pid, 0}};
    for (const std::int64_t pid : seen->blocked_pids)
        if (pids.size() < 200) pids.push_back({pid, 1});
    finding.evidence.push_back(
        session_evidence(*seen->worst_sample, pids,
                         said.blocks ? "The transaction, and who waits for it" : "The transaction when it was oldest"));
    if (said.holds_vacuum)
        finding.evidence.push_back({"Tables full of dead rows",
                                    "table",
                                    "table_stat",
                                    "SELECT at_ns, \"table\", live_rows, dead_rows, last_vacuum_ns, size_bytes FROM "
                                    "table_stat WHERE dead_rows >= ?1 ORDER BY dead_rows DESC, at_ns",
                                    {static_cast<std::int64_t>(context.threshold("dead_rows"))}});
    finding.fixes.push_back(
        {"End it: SELECT pg_terminate_backend(" + std::to_string(session.pid) + ")", "1 min",
         said.blocks ? format_count(static_cast<std::int64_t>(seen->blocked)) + " waiting sessions go on at once"
                     : "its locks, its connection and its snapshot are free",
         "its work is rolled back; rolling back a large update takes as long as it ran"});
    if (is_idle) {
        finding.fixes.push_back(
            {"Commit or roll back on every path, errors included, and before calling anything but the database",
             "1-4 h", format_ms(seen->age_ms) + " -> the time its statements take",
             "work before and after is then two transactions"});
        finding.fixes.push_back({"SET idle_in_transaction_session_timeout = '30s' for its role", "5 min",
                                 "idle transactions end after 30 s",
                                 "its session is closed: the pool must replace it"});
    } else {
        finding.fixes.push_back({"SET statement_timeout for its role, or run it on a replica or at another hour",
                                 "15 min", "no statement runs longer than it is meant to",
                                 "reports that need longer fail"});
        finding.fixes.push_back({"Split it into batches that commit each", "1-2 days",
                                 format_ms(seen->age_ms) + " -> seconds per batch",
                                 "it can stop half-way: it must be able to go on"});
    }
    finding.refutes_if = "no transaction is over " + format_number(context.threshold("active")) +
                         " s or idle while another waits for it in " +
                         format_number(context.threshold("quiet_samples")) + " samples";
    finding.proof = "the oldest transaction of " + who + " stays below " + format_number(context.threshold("active")) +
                    " s in " + format_number(context.threshold("quiet_samples")) + " samples at the same load";
    finding.rollback = "requests of " + who + " fail because of the timeout";
    if (said.verdict == Verdict::inconclusive)
        finding.note = "one snapshot: it blocks nobody, and whether it goes on is not known; take two more";
    else if (seen->inside == 0) finding.note = "it was seen outside of the slow time";
    else if (said.verdict == Verdict::suspected) finding.note = "seen once, and it blocks nobody";
    if (said.holds_vacuum)
        for (const TableState& table : lagging)
            finding.related.push_back({"database.vacuum_lag", finding_key({table.name}), "explains"});
    context.add(std::move(finding));
}

struct SpanLook {
    std::size_t transactions = 0;
    double longest_ms = 0;
    struct Long {
        SpanTable::Row row = 0;
        std::size_t count = 0;
        double longest_ms = 0;
    };
    std::map<std::string, Long> by_service;
};

/// From BEGIN to COMMIT or ROLLBACK below one entry, and spans that are named a transaction.
SpanLook look_at_spans(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows,
                       double limit_ms)
{
    SpanLook look;
    const auto took = [&](SpanTable::Row row, double ms) {
        ++look.transactions;
        look.longest_ms = std::max(look.longest_ms, ms);
        if (ms < limit_ms) return;
        SpanLook::Long& one = look.by_service[std::string(spans.text(spans.service[row]))];
        ++one.count;
        if (ms > one.longest_ms) {
            one.longest_ms = ms;
            one.row = row;
        }
    };
    std::map<SpanTable::Row, SpanTable::Row> open; // entry -> BEGIN; rows of a trace come together, in start order
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (row > 0 && spans.trace[row] != spans.trace[row - 1]) open.clear();
        if (classes.of[row] != SpanClass::transaction || !windows.analysed.contains(spans.start_ns[row])) continue;
        if (spans.statement[row] == 0) {
            if (!spans.children(row).empty()) took(row, static_cast<double>(spans.duration_ns[row]) / 1e6);
            continue;
        }
        const std::string verb = summarize_sql(spans.text(spans.statement[row])).verb;
        if (verb == "BEGIN") open[classes.entry[row]] = row;
        else if (verb == "COMMIT" || verb == "ROLLBACK" || verb == "ABORT")
            if (const auto begin = open.find(classes.entry[row]); begin != open.end()) {
                took(begin->second, static_cast<double>(spans.end_ns(row) - spans.start_ns[begin->second]) / 1e6);
                open.erase(begin);
            }
    }
    return look;
}

void report_spans(AnalysisContext& context, const SpanTable& spans, const SpanLook& look)
{
    for (const auto& [service, one] : look.by_service) {
        Finding finding;
        static constexpr std::array<std::string_view, 2> database_keys{"db.namespace", "db.name"};
        finding.key = finding_key({spans.attribute(one.row, database_keys), service});
        finding.verdict = Verdict::suspected;
        finding.headline = service + " keeps transactions open for up to " + format_ms(one.longest_ms) + " (" +
                           std::to_string(one.count) + " of " + std::to_string(look.transactions) + ")";
        finding.subjects = {{"service", service}};
        finding.figures = {context.figure("transaction_age", one.longest_ms / 1000, "s", "active"),
                           {"transactions", static_cast<double>(one.count), "transactions", {}, {}}};
        finding.when = TimeRange{spans.start_ns[one.row],
                                 spans.start_ns[one.row] + static_cast<std::int64_t>(one.longest_ms * 1e6)};
        finding.evidence.push_back(span_tree_evidence(spans, spans.trace[one.row], "The longest transaction"));
        finding.fixes = {{"Commit before calling anything but the database, and on every path", "1-4 h",
                          format_ms(one.longest_ms) + " -> the time its statements take",
                          "work before and after is then two transactions"}};
        finding.refutes_if = "no transaction span is over " + format_number(context.threshold("active")) + " s";
        finding.proof = "the longest transaction span stays below " + format_number(context.threshold("active")) + " s";
        finding.rollback = "requests of " + service + " fail";
        finding.note =
            "snapshots of the sessions would show whether it blocks others: casebook-cli capture CONNINFO -o DIR";
        context.add(std::move(finding));
    }
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* samples, context.evidence().session_samples());
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    const Survey survey = survey_samples(*samples, context.windows());
    TRY_ASSIGN(const auto lagging, lagging_tables(context));
    for (const auto& [key, group] : survey.groups) report(context, survey, key, group, lagging);
    const SpanLook look = look_at_spans(*spans, *classes, context.windows(), context.threshold("active") * 1000);
    if (context.findings().empty()) report_spans(context, *spans, look);

    const Missing sessions =
        missing_evidence("session", "shows transactions with their age, their state and whom they block");
    const std::string in_samples = std::to_string(survey.inside) + (survey.inside == 1 ? " snapshot" : " snapshots");
    if (survey.hidden * 5 > survey.clients)
        return Answer{Verdict::inconclusive,
                      "the state of " +
                          format_percent(static_cast<double>(survey.hidden) / static_cast<double>(survey.clients)) +
                          " of the sessions is hidden: capture with a role that has pg_read_all_stats",
                      {sessions}};
    if (survey.inside >= static_cast<std::size_t>(context.threshold("quiet_samples")))
        return Answer{Verdict::ruledOut,
                      survey.oldest_ms > 0 ? "no transaction is long, or idle before others: the oldest is " +
                                                 format_ms(survey.oldest_ms) + " in " + in_samples
                                           : "no application has a transaction open in " + in_samples,
                      {}};
    if (look.transactions >= 20)
        return Answer{Verdict::ruledOut,
                      "the longest of " + format_count(static_cast<std::int64_t>(look.transactions)) +
                          " transactions in spans took " + format_ms(look.longest_ms),
                      {}};
    if (survey.all == 0)
        return Answer{Verdict::notEnoughEvidence,
                      "neither snapshots of the sessions nor enough spans of transactions were recorded",
                      {sessions}};
    if (survey.inside == 0)
        return Answer{Verdict::inconclusive,
                      "none of " + std::to_string(survey.all) + " snapshots of the sessions lies in the window",
                      {sessions}};
    return Answer{Verdict::inconclusive, "no long transaction in " + in_samples + ": too few to tell", {sessions}};
}

} // namespace

extern const Analyzer long_transactions;
const Analyzer long_transactions{"database.long_transactions",
                                 "Do old or idle transactions hold locks, connections or vacuum back?",
                                 AnalyzerKind::cause,
                                 "session or span",
                                 "session, table_stat",
                                 thresholds,
                                 run};

} // namespace casebook::database
