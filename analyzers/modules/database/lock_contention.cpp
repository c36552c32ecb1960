// Do sessions wait for locks that others hold?
//
// Every sample of the sessions is walked from the waiters to the heads of their chains. Waiting counts when three or
// more wait, one waits for a second, or the same transaction is at the head in two samples; it is certain when the head
// is named with its state and age. Blockers that pg_blocking_pids cannot have given are not believed. A head that idles
// because its service waits for a remote call is a consequence of that call.

#include "analyzers/analysis/lock_heads.h"
#include "analyzers/analysis/lock_waits.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/span_waits.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <set>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"wait", 1, "s", "PostgreSQL's deadlock_timeout"},
                                               {"waiters", 3, "sessions", "Casebook's own"},
                                               {"samples", 2, "samples", "Casebook's own"},
                                               {"quiet_wait", 50, "ms", "Casebook's own"},
                                               {"quiet_samples", 3, "samples", "Casebook's own"},
                                               {"span_factor", 10, "x", "Casebook's own"}}};

constexpr double idle_holder_ms = 1000; // database.long_transactions speaks of it from here

std::string describe_head(const LockChain& chain)
{
    if (chain.head_pid == 0) return "a prepared transaction";
    if (!chain.head) return "a session that was gone or not shown";
    const DatabaseSession& head = *chain.head;
    std::string text(head.who());
    if (head.is_idle_in_transaction()) {
        text += ", " + std::string(head.state);
        if (const auto idle = head.state_ms()) text += " for " + format_ms(*idle);
    } else if (!head.state.empty()) {
        text += ", " + std::string(head.state);
        if (const auto busy = head.state_ms()) text += " for " + format_ms(*busy);
    } else {
        text += ", whose state is hidden";
    }
    return text;
}

void add_fixes(Finding& finding, const LockContention& one, const DatabaseSession* definition)
{
    const LockChain& chain = *one.worst;
    const std::string wait = format_ms(one.longest_ms);
    if (chain.head_pid != 0 && chain.head)
        finding.fixes.push_back(
            {"End the session at the head: SELECT pg_terminate_backend(" + std::to_string(chain.head_pid) + ")",
             "1 min", format_count(static_cast<std::int64_t>(chain.waiters.size())) + " waiting sessions go on at once",
             "its transaction is rolled back; it cures nothing, and what it was doing can no longer be looked at"});
    else if (chain.head_pid == 0)
        finding.fixes.push_back({"Commit or roll back what SELECT * FROM pg_prepared_xacts shows", "5 min",
                                 "waits of " + wait + " end", "whoever prepared it must agree"});
    if (definition) {
        finding.fixes.push_back({"SET lock_timeout = '1s' before " + summarize_sql(definition->query).verb +
                                     ", and try again until it gets the lock",
                                 "15 min", "others queue behind it for 1 s instead of " + wait,
                                 "it may need many tries while long transactions run"});
        finding.fixes.push_back({"Use the form that does not lock out: CREATE INDEX CONCURRENTLY outside of a "
                                 "transaction, new columns without rewriting, constraints NOT VALID first",
                                 "1-2 h", "no queue", "takes longer, and a failed concurrent index must be dropped"});
    } else if (chain.head && chain.head->is_idle_in_transaction()) {
        finding.fixes.push_back(
            {"Let " + std::string(chain.head->who()) + " commit before it does anything but talk to the database",
             "1-4 h", wait + " -> the time its statements take", "work before and after is then two transactions"});
        finding.fixes.push_back({"SET idle_in_transaction_session_timeout = '5s' for its role", "5 min",
                                 "a forgotten transaction blocks for 5 s at most",
                                 "its session is ended: the pool must replace it"});
    } else {
        finding.fixes.push_back({"Shorten the transaction: take the contended rows last, commit right after", "1-4 h",
                                 wait + " -> the time from the locking statement to its commit", "none"});
        finding.fixes.push_back({"Take locks in one order everywhere; queues of work with FOR UPDATE SKIP LOCKED; a "
                                 "counter that everyone updates as several rows",
                                 "1-2 days", "waiters no longer line up behind one row",
                                 "reads of a split counter must add up"});
    }
    if (chain.head && !chain.head->is_idle_in_transaction() && !definition)
        finding.fixes.push_back({"Index the columns of foreign keys that point at " + one.relation, "5-15 min",
                                 "deletes and updates there hold their locks for less time",
                                 "writes get a little slower"});
}

std::string headline_of(const LockContention& one, const DatabaseSession* definition)
{
    const LockChain& chain = *one.worst;
    const std::string count = format_count(static_cast<std::int64_t>(one.most_waiters)) +
                              (one.most_waiters == 1 ? " session waits" : " sessions wait");
    if (chain.cycle)
        return count + " for one another over " + one.relation + ": a deadlock in progress, waits up to " +
               format_ms(one.longest_ms);
    return count + " up to " + format_ms(one.longest_ms) +
           (one.relation.empty() ? std::string(" for a lock") : " for " + one.relation) + " behind " +
           describe_head(chain) +
           (definition && definition != chain.head
                ? ", and behind " + summarize_sql(definition->query).verb + " of " + std::string(definition->who())
                : std::string()) +
           (one.episodes.size() > 1 ? ", and " + std::to_string(one.episodes.size() - 1) + " further transactions"
                                    : std::string());
}

void add_subjects(const LockContention& one, Finding& finding)
{
    const LockChain& chain = *one.worst;
    if (chain.head) finding.subjects.push_back({"service", std::string(chain.head->who())});
    if (chain.head && !chain.head->query.empty() && !chain.head->is_hidden())
        finding.subjects.push_back({"statement", summarize_sql(chain.head->query).normalized});
    finding.subjects.push_back({"table", one.relation});
    std::set<std::string> named_waiters;
    if (chain.head) named_waiters.insert(summarize_sql(chain.head->query).normalized);
    for (const LockChain::Waiter& waiter : chain.waiters)
        if (named_waiters.size() < 4 && !waiter.session->query.empty() &&
            named_waiters.insert(summarize_sql(waiter.session->query).normalized).second)
            finding.subjects.push_back({"statement", summarize_sql(waiter.session->query).normalized});
}

std::string note_of(const LockChain& chain, const DatabaseSession* definition, bool named)
{
    if (chain.cycle) return "the server ends one of them after deadlock_timeout";
    if (definition && definition != chain.head)
        return "everyone behind " + summarize_sql(definition->query).verb + " waits for what it waits for";
    if (!named)
        return chain.head && chain.head->state.empty()
                   ? "the head's state is hidden: capture with a role that has pg_read_all_stats"
                   : "who holds the lock was gone or not shown";
    if (!chain.waiters.front().session->lock_wait_ms)
        return "waits are counted from the start of the waiting statement: at most this long";
    return {};
}

Status report(AnalysisContext& context, const LockSurvey& survey, const LockContention& one)
{
    const LockChain& chain = *one.worst;
    const bool many = one.most_waiters >= static_cast<std::size_t>(context.threshold("waiters"));
    const bool is_long = one.longest_ms >= context.threshold("wait") * 1000;
    const bool again = one.same_head_samples >= static_cast<std::size_t>(context.threshold("samples"));
    if (!many && !is_long && !again && !chain.cycle) return {};
    const bool named =
        chain.head_pid == 0 || chain.cycle ||
        (chain.head && !chain.head->state.empty() && (chain.head->xact_age_ms || chain.head->state_ms()));
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanTable::Row call, remote_call_of_head(context, *one.worst_sample, chain.head));

    const DatabaseSession* definition = definition_in(chain);
    Finding finding;
    finding.key = finding_key({one.database, one.relation});
    finding.verdict = call != SpanTable::no_row ? Verdict::inconclusive
                      : named                   ? Verdict::confirmed
                                                : Verdict::suspected;
    finding.headline = headline_of(one, definition);
    add_subjects(one, finding);

    const LockLoad load = load_of(one);
    finding.figures = {
        context.figure("waiters", static_cast<double>(one.most_waiters), "sessions", "waiters"),
        context.figure("wait_max", one.longest_ms / 1000, "s", "wait"),
        context.figure("samples_same_head", static_cast<double>(one.same_head_samples), "samples", "samples"),
        {"chain_depth",
         static_cast<double>(chain.waiters.empty()
                                 ? 0
                                 : std::max_element(chain.waiters.begin(), chain.waiters.end(),
                                                    [](const auto& a, const auto& b) { return a.depth < b.depth; })
                                       ->depth),
         "sessions",
         {},
         {}},
        {"waiters_mean",
         load.waiting / static_cast<double>(std::max<std::size_t>(survey.samples, 1)),
         "sessions",
         {},
         {}}};
    if (chain.head && chain.head->xact_age_ms)
        finding.figures.push_back({"head_transaction_age", *chain.head->xact_age_ms / 1000, "s", {}, {}});
    if (chain.head && chain.head->is_idle_in_transaction() && chain.head->state_ms())
        finding.figures.push_back({"head_idle", *chain.head->state_ms() / 1000, "s", {}, {}});

    const std::optional<TimeRange> when = load.when;
    finding.when = when;
    std::map<std::uint32_t, std::int64_t> explained;
    for (SpanTable::Row row = 0; when && row < spans->size(); ++row)
        if (spans->fingerprint[row] != 0 && spans->start_ns[row] < when->to_ns && spans->end_ns(row) >= when->from_ns &&
            context.windows().analysed.contains(spans->start_ns[row]) &&
            static_cast<double>(spans->duration_ns[row]) / 1e6 >= context.threshold("quiet_wait") &&
            one.fingerprints.contains(std::string(spans->text(spans->fingerprint[row]))))
            explained[spans->trace[row]] += spans->duration_ns[row];
    Felt felt;
    if (!explained.empty()) {
        TRY_ASSIGN(felt, context.felt(explained));
    } else {
        felt = {load.working > 0 ? load.waiting / load.working : 0, 0, false, false, true};
    }
    finding.severity = severity_of(felt);
    // Sessions that wait, on average over the samples: seconds of waiting per second.
    finding.impact = load.waiting / static_cast<double>(std::max<std::size_t>(survey.samples, 1));

    std::vector<RankedPid> pids{{chain.head_pid, 0}};
    for (const LockChain::Waiter& waiter : chain.waiters)
        if (pids.size() < 200 && waiter.session->pid != chain.head_pid)
            pids.push_back({waiter.session->pid, waiter.depth});
    finding.evidence.push_back(session_evidence(
        *one.worst_sample, pids, "Who waits for whom: the head of the chain, then the waiters in order"));
    if (when)
        finding.evidence.push_back({"Sessions that wait for a lock, sample by sample",
                                    "series",
                                    "session",
                                    "SELECT at_ns, count(*) AS waiting, max(coalesce(lock_wait_ms, query_age_ms, "
                                    "state_age_ms, xact_age_ms)) AS longest_ms FROM session WHERE wait_event_type = "
                                    "'Lock' AND at_ns >= ?1 AND at_ns < ?2 GROUP BY at_ns ORDER BY at_ns",
                                    {when->from_ns, when->to_ns}});
    add_fixes(finding, one, definition);
    finding.refutes_if = "no session waits for a lock in " + format_number(context.threshold("quiet_samples")) +
                         " samples of the slow time";
    finding.proof = "no lock wait over " + format_number(context.threshold("wait")) + " s in " +
                    format_number(context.threshold("quiet_samples")) +
                    " samples at the same load; log_lock_waits stays silent";
    finding.rollback = "transactions fail with lock or idle timeouts more often than once in a thousand";
    if (chain.head && chain.head->is_idle_in_transaction() && chain.head->state_ms().value_or(0) >= idle_holder_ms &&
        call == SpanTable::no_row)
        finding.related.push_back({"database.long_transactions", transaction_key(*chain.head), "explained_by"});
    if (call != SpanTable::no_row) {
        finding.note = "the head idles because " + std::string(spans->text(spans->service[call])) + " waits for " +
                       peer_of(*spans, call) +
                       ": a connection held across a remote call is the cause, and the lock what it leads to";
        finding.evidence.push_back(span_tree_evidence(*spans, spans->trace[call], "What the holder was waiting for"));
        finding.related.push_back(
            {"pool.held_across_call", finding_key({spans->text(spans->service[call])}), "explained_by"});
    } else {
        finding.note = note_of(chain, definition, named);
    }
    context.add(std::move(finding));
    return {};
}

/// Lock waits without anybody who holds the lock.
void report_unexplained(AnalysisContext& context, const std::string& key,
                        const std::vector<std::pair<const SessionSample*, const DatabaseSession*>>& waits, bool unsound)
{
    std::map<const SessionSample*, std::size_t> in;
    double longest_ms = 0;
    std::size_t most = 0;
    const SessionSample* worst = nullptr;
    for (const auto& [sample, waiter] : waits) {
        longest_ms = std::max(longest_ms, waiter->wait_ms().value_or(0));
        if (++in[sample] > most) {
            most = in[sample];
            worst = sample;
        }
    }
    if (most < static_cast<std::size_t>(context.threshold("waiters")) && longest_ms < context.threshold("wait") * 1000)
        return;
    Finding finding;
    finding.key = key;
    finding.verdict = Verdict::suspected;
    const std::string relation = waited_for_relation(*waits.front().second);
    finding.headline = format_count(static_cast<std::int64_t>(most)) +
                       (most == 1 ? " session waits" : " sessions wait") + " up to " + format_ms(longest_ms) +
                       " for a lock" + (relation.empty() ? "" : " on " + relation) + ", and nobody says who holds it";
    finding.subjects = {{"table", relation}};
    finding.figures = {context.figure("waiters", static_cast<double>(most), "sessions", "waiters"),
                       context.figure("wait_max", longest_ms / 1000, "s", "wait")};
    finding.severity = Severity::note;
    std::vector<RankedPid> pids;
    for (const auto& [sample, waiter] : waits)
        if (sample == worst && pids.size() < 200) pids.push_back({waiter->pid, 1});
    finding.evidence.push_back(session_evidence(*worst, pids, "Sessions that wait for a lock"));
    finding.refutes_if = "no session waits for a lock in " + format_number(context.threshold("quiet_samples")) +
                         " samples of the slow time";
    finding.proof = "no lock wait over " + format_number(context.threshold("wait")) + " s";
    finding.note = unsound ? "the blockers given name the waiting sessions themselves: they come from a join on the "
                             "lock's type, not from pg_blocking_pids"
                           : "casebook-cli capture CONNINFO -o DIR also takes pg_blocking_pids";
    context.add(std::move(finding));
}

/// Without snapshots of the sessions: calls of one locking statement that last far beyond its mean, several at once.
/// Who holds what they wait for is not known, so it stays a suspicion.
Status report_span_waits(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const auto waits, spans_beyond_statement_mean(context, context.threshold("wait") * 1000,
                                                             context.threshold("span_factor")));
    for (const StatementWait& wait : waits) {
        const auto count = static_cast<double>(wait.long_spans.size());
        if (count < context.threshold("waiters") || wait.at_once < 2) continue;
        const SqlSummary sql = summarize_sql(wait.query);
        Finding finding;
        finding.key = finding_key({"", sql.table});
        finding.verdict = Verdict::suspected;
        finding.headline = format_count(static_cast<std::int64_t>(wait.long_spans.size())) + " calls of one " +
                           sql.verb + " on " + sql.table + " last up to " + format_ms(wait.longest_ms) + ", " +
                           std::to_string(wait.at_once) + " at a time, where " + format_ms(wait.mean_ms) +
                           " is usual: they may wait for a lock";
        finding.subjects = {{"statement", sql.normalized}, {"table", sql.table}};
        finding.figures = {
            context.figure("wait_max", wait.longest_ms / 1000, "s", "wait"),
            context.figure("long_calls", count, "calls", "waiters"),
            {"at_once", static_cast<double>(wait.at_once), "calls", {}, {}},
            context.figure("over_mean", wait.longest_ms / std::max(wait.mean_ms, 1e-6), "x", "span_factor")};
        finding.when = TimeRange{spans->start_ns[wait.long_spans.front()], spans->end_ns(wait.long_spans.back()) + 1};
        std::map<std::uint32_t, std::int64_t> explained;
        SpanTable::Row longest = wait.long_spans.front();
        for (const SpanTable::Row row : wait.long_spans) {
            explained[spans->trace[row]] += spans->duration_ns[row] - static_cast<std::int64_t>(wait.mean_ms * 1e6);
            finding.when->to_ns = std::max(finding.when->to_ns, spans->end_ns(row) + 1);
            if (spans->duration_ns[row] > spans->duration_ns[longest]) longest = row;
        }
        finding.impact = context.impact(explained);
        finding.severity = Severity::note;
        finding.evidence = {
            span_tree_evidence(*spans, spans->trace[longest], "The longest call: " + format_ms(wait.longest_ms)),
            {"Its longest calls",
             "table",
             "span",
             "SELECT start_ns, duration_ns / 1e6 AS duration_ms, service, trace_id FROM span WHERE fingerprint = ?1 "
             "AND "
             "start_ns >= ?2 AND start_ns < ?3 ORDER BY duration_ns DESC, trace_id LIMIT 200",
             {wait.fingerprint, finding.when->from_ns, finding.when->to_ns}},
            {"What the database says it takes",
             "table",
             "statement",
             "SELECT snapshot_at_ns, query, calls, total_ms, mean_ms, max_ms FROM statement WHERE fingerprint = ?1 "
             "ORDER "
             "BY snapshot_at_ns, calls DESC",
             {wait.fingerprint}}};
        finding.fixes = {
            {"Look at who holds the lock while it happens: casebook-cli capture CONNINFO -o DIR --snapshots 5 "
             "--every 2s",
             "5 min", "names the session at the head", "none"}};
        finding.refutes_if = "no session waits for a lock in " + format_number(context.threshold("quiet_samples")) +
                             " samples of the slow time";
        finding.proof = "no call of it over " + format_number(context.threshold("wait")) + " s at the same load";
        finding.note = "snapshots of the sessions would say who waits for whom";
        context.add(std::move(finding));
    }
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* samples, context.evidence().session_samples());
    const Missing sessions = missing_evidence("session", "shows who waits for whom");
    if (samples->empty()) {
        TRY(report_span_waits(context));
        return Answer{Verdict::notEnoughEvidence, "no snapshot of the sessions was imported", {sessions}};
    }
    const LockSurvey survey = survey_lock_waits(*samples, context.windows(), context.threshold("quiet_wait"));
    if (survey.samples == 0) {
        TRY(report_span_waits(context));
        return Answer{Verdict::inconclusive,
                      "none of " + std::to_string(survey.all_samples) + " snapshots of the sessions lies in the window",
                      {sessions}};
    }
    for (const auto& [key, one] : lock_contentions(survey)) TRY(report(context, survey, one));
    for (const auto& [key, waits] : survey.unexplained) report_unexplained(context, key, waits, survey.unsound > 0);
    const std::string over =
        " in " + std::to_string(survey.samples) + (survey.samples == 1 ? " snapshot" : " snapshots");
    if (survey.samples < static_cast<std::size_t>(context.threshold("quiet_samples")))
        return Answer{Verdict::inconclusive,
                      (survey.with_waits > 0 ? "short lock waits only" : "no session waits for a lock") + over +
                          ": too few to tell",
                      {sessions}};
    if (survey.hidden * 5 > survey.clients)
        return Answer{Verdict::inconclusive,
                      "the state of " +
                          format_percent(static_cast<double>(survey.hidden) / static_cast<double>(survey.clients)) +
                          " of the sessions is hidden: capture with a role that has pg_read_all_stats",
                      {sessions}};
    if (survey.with_waits > 0)
        return Answer{Verdict::ruledOut,
                      "at most " + std::to_string(survey.most_waiters) + " wait for a lock at a time, up to " +
                          format_ms(survey.longest_ms) + "," + over,
                      {}};
    return Answer{Verdict::ruledOut,
                  "no session waits " + format_number(context.threshold("quiet_wait")) + " ms or more for a lock" +
                      over,
                  {}};
}

} // namespace

extern const Analyzer lock_contention;
const Analyzer lock_contention{"database.lock_contention",
                               "Do sessions wait for locks held by others?",
                               AnalyzerKind::cause,
                               "session or span & statement*2",
                               "session, span, statement*2, log_line",
                               thresholds,
                               run};

} // namespace casebook::database
