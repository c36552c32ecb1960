// Do old or idle transactions hold locks, connections or vacuum back?
//
// A transaction counts when it is 30 s old, or idles for a second while another session waits for it. It is certain
// when it blocks somebody, keeps vacuum from a table full of dead rows, or is seen again in a later sample. Backups,
// vacuum, replication and the capture itself are left out: being long is their nature. Spans of transactions tell the
// same of the application's side.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/open_transactions.h"
#include "analyzers/analysis/table_states.h"
#include "analyzers/analysis/vacuum_looks.h"
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

constexpr double state_age_h = 24; ///< older statistics say nothing of the window

using Tables = std::vector<const TableState*>;

/// Tables whose dead rows wait for vacuum, as of the analysed window.
Tables lagging_tables(const AnalysisContext& context, const TableStates& states)
{
    Tables lagging;
    for (const auto& [name, history] : states) {
        const TableState* state = table_state_of(context.windows(), history, state_age_h);
        if (state && state->is_full_of_dead_rows(context.threshold("dead_share"), context.threshold("dead_rows")))
            lagging.push_back(state);
    }
    return lagging;
}

/// Those whose dead rows the transaction may have to see: of its database, and lagging since it began.
Tables held_by(const OpenTransaction& seen, const Tables& lagging)
{
    Tables held;
    if (!seen.oldest_xmin) return held;
    for (const TableState* table : lagging) {
        const std::string_view database = seen.worst->database;
        if (!database.empty() && !table->database.empty() && table->database != database) continue;
        if (table->at_ns && seen.begin_ns && *table->at_ns < *seen.begin_ns) continue;
        held.push_back(table);
    }
    return held;
}

struct Judgement {
    Verdict verdict = Verdict::ruledOut;
    bool blocks = false;
    Tables held; ///< tables that vacuum cannot clean because of it
};

Judgement judge(const AnalysisContext& context, const TransactionSurvey& survey, const OpenTransaction& seen,
                const Tables& lagging)
{
    Judgement said;
    const bool is_idle = seen.idle_ms > 0;
    const double limit_ms =
        context.threshold(is_idle && seen.idle_ms >= seen.age_ms ? "idle_in_transaction" : "active") * 1000;
    const bool is_long = seen.age_ms >= limit_ms || seen.idle_ms >= context.threshold("idle_in_transaction") * 1000;
    said.blocks = seen.blocking_idle_ms >= context.threshold("blocking") * 1000 || (is_long && seen.blocked > 0);
    if (is_long) said.held = held_by(seen, lagging);
    if (!is_long && !said.blocks) return said;
    if (seen.inside == 0) said.verdict = Verdict::suspected; // whatever it did was over, or had not begun
    else if (said.blocks || !said.held.empty() || seen.samples >= 2) said.verdict = Verdict::confirmed;
    else said.verdict = survey.all == 1 ? Verdict::inconclusive : Verdict::suspected;
    return said;
}

void report(AnalysisContext& context, const TransactionSurvey& survey, const std::string& key,
            const TransactionGroup& group, const Tables& lagging)
{
    const OpenTransaction* seen = nullptr;
    Judgement said;
    std::size_t how_many = 0;
    for (const OpenTransaction& transaction : group.transactions) {
        Judgement one = judge(context, survey, transaction, lagging);
        if (one.verdict > Verdict::inconclusive) continue;
        ++how_many;
        const auto weight = [](const Judgement& j, const OpenTransaction& s) {
            return std::tuple(-static_cast<int>(j.verdict), s.blocked, s.age_ms);
        };
        if (seen && weight(one, transaction) <= weight(said, *seen)) continue;
        seen = &transaction;
        said = std::move(one);
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
    else if (!said.held.empty()) finding.headline += ", and vacuum cannot clean " + said.held.front()->name;
    if (how_many > 1) finding.headline += " (" + std::to_string(how_many) + " such transactions)";
    finding.subjects = {{"service", who}};
    if (!session.query.empty() && !session.is_hidden())
        finding.subjects.push_back({"statement", summarize_sql(session.query).normalized});
    for (const TableState* table : said.held) finding.subjects.push_back({"table", table->name});
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
        severity_of({seen->working > 0 ? seen->waiting / seen->working : 0, 0, false, !said.held.empty(), true});
    finding.impact = seen->waiting / static_cast<double>(std::max<std::size_t>(survey.inside, 1));
    std::vector<RankedPid> pids{{session.pid, 0}};
    for (const std::int64_t pid : seen->blocked_pids)
        if (pids.size() < 200) pids.push_back({pid, 1});
    finding.evidence.push_back(
        session_evidence(*seen->worst_sample, pids,
                         said.blocks ? "The transaction, and who waits for it" : "The transaction when it was oldest"));
    if (!said.held.empty())
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
    for (const TableState* table : said.held)
        finding.related.push_back({"database.vacuum_lag", finding_key({table->name}), "explains"});
    context.add(std::move(finding));
}

void report_spans(AnalysisContext& context, const SpanTable& spans, const SpanTransactions& look)
{
    for (const auto& [service, one] : look.by_service) {
        Finding finding;
        static constexpr std::array<std::string_view, 2> database_keys{"db.namespace", "db.name"};
        finding.key = finding_key({spans.attribute(one.row, database_keys), service});
        finding.verdict = Verdict::suspected;
        finding.headline = service + " keeps transactions open for up to " + format_ms(one.longest_ms) + " (" +
                           std::to_string(one.count) + " of " + std::to_string(look.count) + ")";
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
            std::string(one.inside ? "" : "they ran outside of the slow time; ") +
            "snapshots of the sessions would show whether it blocks others: casebook-cli capture CONNINFO -o DIR";
        context.add(std::move(finding));
    }
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* samples, context.evidence().session_samples());
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    const TransactionSurvey survey = survey_transactions(*samples, context.windows());
    TRY_ASSIGN(const TableStates states, load_table_states(context.evidence().file(), context.control()));
    const Tables lagging = lagging_tables(context, states);
    for (const auto& [key, group] : survey.groups) report(context, survey, key, group, lagging);
    const SpanTransactions look =
        transactions_in_spans(*spans, *classes, context.windows(), context.threshold("active") * 1000);
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
    if (look.count >= 20)
        return Answer{Verdict::ruledOut,
                      "the longest of " + format_count(static_cast<std::int64_t>(look.count)) +
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
