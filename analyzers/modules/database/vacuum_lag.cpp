// Do dead rows make scans expensive?
//
// A table lags when its dead rows are many, both in number and against the live ones, and vacuum has not been there for
// a day or cannot remove them because a transaction is older. It is certain when the table also takes twice the blocks
// per live row that it took before, by its size, by plans or by a statement's counters, or a plan reads far more for a
// row than it can take. A table that is being vacuumed, or whose dead rows are so new that vacuum could not come yet,
// is no laggard.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/table_reads.h"
#include "analyzers/analysis/table_states.h"
#include "analyzers/analysis/vacuum_looks.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <set>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 8> thresholds{
    {{"dead_share", 20, "%", "PostgreSQL's autovacuum_vacuum_scale_factor"},
     {"dead_rows", 100'000, "rows", "Casebook's own"},
     {"vacuum_age", 24, "h", "Casebook's own"},
     {"quiet_share", 5, "%", "Casebook's own"},
     {"blocks", 2, "x", "Casebook's own"},
     {"holder_age", 10, "min", "Casebook's own: ten rounds of autovacuum_naptime"},
     {"row_bytes", 1'000, "bytes", "Casebook's own"},
     {"scan_blocks", 64, "blocks", "Casebook's own"}}};

constexpr std::size_t most_findings = 100; ///< nobody reads more, and each has evidence of its own

/// A table whose dead rows vacuum does not come to, and what came of it.
struct Lag {
    const TableState* state = nullptr;
    const TableState* base = nullptr;
    SnapshotHolder holder;
    Unvacuumed unvacuumed;
    TableReads reads;
    double size_growth = 0;

    double growth() const
    {
        return std::max({size_growth, reads.scan_growth(), reads.statement ? reads.statement->growth() : 0});
    }
};

bool is_full_of_dead_rows(const AnalysisContext& context, const TableState& state)
{
    return state.is_full_of_dead_rows(context.threshold("dead_share"), context.threshold("dead_rows"));
}

/// A state of the last day was below the line, and it is not known that the table has been over it for as long as
/// vacuum needs to come.
bool is_fresh(const AnalysisContext& context, const TableHistory& history, const TableState& now, double minutes)
{
    const OverTheLine over =
        over_the_line(history, now, [&](const TableState& state) { return is_full_of_dead_rows(context, state); });
    return over.below_h && *over.below_h < context.threshold("vacuum_age") && over.over_min < minutes;
}

std::string age_text(double hours)
{
    return hours >= 48 ? format_number(hours / 24, 2) + " days" : format_number(hours, 2) + " h";
}

Evidence plan_evidence(std::string caption, std::int64_t plan_id)
{
    return {
        std::move(caption),
        "plan",
        "plan",
        "SELECT node_id, parent_id, depth, node_type, relation, index_name, plan_rows, actual_rows, loops, total_ms, "
        "self_ms, rows_removed, shared_hit, shared_read, detail FROM plan_node WHERE plan_id = ?1 ORDER BY node_id",
        {plan_id}};
}

void add_evidence(const AnalysisContext& context, const Lag& lag, Finding& finding)
{
    finding.evidence.push_back({"The table's statistics",
                                "table",
                                "table_stat",
                                "SELECT at_ns, \"table\", live_rows, dead_rows, round(100.0 * dead_rows / "
                                "max(live_rows, 1), 1) AS dead_percent, last_vacuum_ns, size_bytes, seq_scans, "
                                "index_scans FROM table_stat WHERE \"table\" = ?1 AND database = ?2 ORDER BY at_ns",
                                {lag.state->name, lag.state->database}});
    if (lag.holder.session)
        finding.evidence.push_back(session_evidence(*lag.holder.sample, {{lag.holder.session->pid, 0}},
                                                    "The transaction that vacuum has to spare"));
    if (lag.reads.scan_growth() >= context.threshold("blocks")) {
        finding.evidence.push_back(plan_evidence("A plan that scans it", lag.reads.now->plan_id));
        finding.evidence.push_back(plan_evidence("A plan that scanned it before", lag.reads.before->plan_id));
    } else if (lag.reads.fat) {
        finding.evidence.push_back(plan_evidence("A plan that scans it", lag.reads.fat->plan_id));
    }
    if (lag.reads.statement && lag.reads.statement->growth() >= context.threshold("blocks"))
        finding.evidence.push_back(
            {"The counters of a statement that reads it",
             "table",
             "statement",
             "SELECT snapshot_at_ns, query, calls, rows, shared_hit, shared_read FROM statement WHERE fingerprint = ?1 "
             "ORDER BY snapshot_at_ns, query_id",
             {lag.reads.statement->fingerprint}});
}

void add_fixes(const AnalysisContext& context, const Lag& lag, Finding& finding)
{
    const TableState& state = *lag.state;
    const std::string dead = format_count(static_cast<std::int64_t>(state.dead.value_or(0)));
    if (lag.holder.session)
        finding.fixes.push_back({"End the old transaction: SELECT pg_terminate_backend(" +
                                     std::to_string(lag.holder.session->pid) +
                                     "); let it commit sooner, or run it on a replica",
                                 "1 min", "the next vacuum may remove " + dead + " rows", "its work is rolled back"});
    finding.fixes.push_back({"VACUUM (VERBOSE, ANALYZE) " + state.name, "minutes to hours",
                             dead + " dead rows -> ~0; their space is used again",
                             "reads and writes of disk while it runs"});
    finding.fixes.push_back(
        {"ALTER TABLE " + state.name + " SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
         "5 min",
         "vacuum comes at " + format_count(static_cast<std::int64_t>(50 + 0.02 * state.live.value_or(0))) +
             " dead rows",
         "vacuum runs more often"});
    if (lag.size_growth >= context.threshold("blocks"))
        finding.fixes.push_back({"pg_repack " + state.name + " once vacuum keeps up", "1-4 h",
                                 format_number(lag.size_growth, 2) + " x -> ~1 x the blocks per row",
                                 "twice the space while it runs; VACUUM FULL locks everyone out instead"});
}

std::string headline_of(const AnalysisContext& context, const Lag& lag)
{
    const TableState& state = *lag.state;
    std::string text = state.name + " has " + format_count(static_cast<std::int64_t>(state.dead.value_or(0))) +
                       " dead rows, " + format_number(state.dead_share() * 100, 2) + " % of the live ones, ";
    if (const DatabaseSession* holder = lag.holder.session)
        text += "which vacuum must keep for " + std::string(holder->who()) + ", " + format_ms(*holder->xact_age_ms) +
                " in a transaction";
    else if (lag.unvacuumed.ever && lag.unvacuumed.hours)
        text += "and was last vacuumed " + age_text(*lag.unvacuumed.hours) + " ago";
    else text += "and no vacuum is known";
    const double growth = lag.growth(), limit = context.threshold("blocks");
    if (lag.size_growth >= limit || lag.reads.scan_growth() >= limit)
        text += ": " + format_number(std::max(lag.size_growth, lag.reads.scan_growth()), 2) + " x the blocks per row";
    else if (growth >= limit) text += ": a statement reads " + format_number(growth, 2) + " x the blocks per call";
    else if (lag.reads.fat) text += ": a scan reads " + format_bytes(lag.reads.fat->bytes_per_row) + " per row";
    return text;
}

void report(AnalysisContext& context, const Lag& lag, std::size_t lagging)
{
    const TableState& state = *lag.state;
    const DatabaseSession* holder = lag.holder.session;
    const bool dear = lag.growth() >= context.threshold("blocks") || lag.reads.fat;
    const bool since_known = lag.unvacuumed.hours && *lag.unvacuumed.hours >= context.threshold("vacuum_age");
    Finding finding;
    finding.key = finding_key({state.name});
    finding.verdict = dear && (holder || since_known) ? Verdict::confirmed : Verdict::suspected;
    finding.headline = headline_of(context, lag);
    finding.subjects = {{"table", state.name}};
    if (holder) finding.subjects.push_back({"service", std::string(holder->who())});
    finding.figures = {context.figure("dead_share", state.dead_share() * 100, "%", "dead_share"),
                       context.figure("dead_rows", state.dead.value_or(0), "rows", "dead_rows")};
    if (lag.unvacuumed.hours)
        finding.figures.push_back(context.figure("vacuum_age", *lag.unvacuumed.hours, "h", "vacuum_age"));
    const double per_row = std::max(lag.size_growth, lag.reads.scan_growth());
    if (per_row > 0) finding.figures.push_back(context.figure("blocks_per_row", per_row, "x", "blocks"));
    if (lag.reads.statement)
        finding.figures.push_back(context.figure("blocks_per_call", lag.reads.statement->growth(), "x", "blocks"));
    if (lag.reads.fat)
        finding.figures.push_back(context.figure("bytes_per_row", lag.reads.fat->bytes_per_row, "bytes", "row_bytes"));
    if (holder)
        finding.figures.push_back(context.figure("holder_age", *holder->xact_age_ms / 60'000, "min", "holder_age"));
    if (state.size_bytes) finding.figures.push_back({"size", *state.size_bytes, "bytes", {}, {}});
    if (state.at_ns) finding.when = TimeRange{*state.at_ns, *state.at_ns + 1};
    finding.severity = severity_of({0, 0, false, finding.verdict == Verdict::confirmed, false});
    add_evidence(context, lag, finding);
    add_fixes(context, lag, finding);
    const std::string quiet = format_number(context.threshold("quiet_share"));
    finding.refutes_if = "dead rows are below " + quiet + " % of the live ones, or vacuum has just been there";
    finding.proof = "dead rows of " + state.name + " stay below " + quiet +
                    " % and its scans read as many blocks per row as before";
    finding.rollback = "disk use over 80 % because vacuum runs too often";
    if (dear && finding.verdict == Verdict::suspected)
        finding.note = "since when vacuum was not there is not known: an earlier state of the table would tell";
    else if (finding.verdict == Verdict::suspected)
        finding.note = lag.base ? "it takes no more blocks per live row than before"
                                : "whether scans got dearer is not known: an earlier state with sizes, or a plan with "
                                  "BUFFERS, would tell";
    if (lagging > most_findings)
        finding.note += (finding.note.empty() ? "" : "; ") + format_count(static_cast<std::int64_t>(lagging)) +
                        " tables lag: these have the most dead rows";
    if (holder) finding.related.push_back({"database.long_transactions", transaction_key(*holder), "explained_by"});
    context.add(std::move(finding));
}

void report_plan(AnalysisContext& context, const std::string& relation, const TableScan& fat)
{
    Finding finding;
    finding.key = finding_key({relation});
    finding.verdict = Verdict::suspected;
    finding.headline = "A scan of " + relation + " reads " + format_bytes(fat.bytes_per_row) +
                       " for every row: dead rows or empty space may fill its blocks";
    finding.subjects = {{"table", relation}};
    finding.figures = {context.figure("bytes_per_row", fat.bytes_per_row, "bytes", "row_bytes"),
                       context.figure("blocks", fat.blocks, "blocks", "scan_blocks"),
                       {"rows", fat.rows, "rows", {}, {}}};
    finding.severity = Severity::note;
    finding.evidence = {plan_evidence("The plan", fat.plan_id)};
    finding.fixes = {{"VACUUM (VERBOSE) " + relation, "minutes to hours",
                      "says how many dead rows there are, and removes them", "reads and writes of disk while it runs"}};
    finding.refutes_if = "pg_stat_user_tables shows few dead rows, or its rows are that wide";
    finding.proof = "the same scan reads fewer blocks after vacuum";
    finding.rollback = "disk use over 80 %";
    finding.note = "pg_stat_user_tables says whether they are dead rows: casebook-cli capture CONNINFO -o DIR";
    context.add(std::move(finding));
}

/// How the tables of the case came out.
struct Tally {
    std::size_t judged = 0, later = 0, vacuuming = 0, fresh = 0, recent = 0;
    const TableState* worst = nullptr; ///< most dead rows per live one, of those with a thousand
};

std::optional<Lag> judge(const AnalysisContext& context, const TableHistory& history,
                         const std::map<const TableHistory*, TableReads>& reads, const VacuumSessions& sessions,
                         Tally& tally)
{
    const double hours = context.threshold("vacuum_age"), holder_age = context.threshold("holder_age");
    Lag lag;
    lag.state = table_state_of(context.windows(), history, hours);
    if (!lag.state) {
        ++tally.later;
        return {};
    }
    ++tally.judged;
    if (lag.state->dead.value_or(0) >= 1'000 && (!tally.worst || lag.state->dead_share() > tally.worst->dead_share()))
        tally.worst = lag.state;
    if (!is_full_of_dead_rows(context, *lag.state)) return {};
    lag.holder = sessions.holder(*lag.state, holder_age);
    lag.unvacuumed = unvacuumed_of(history, *lag.state);
    // Vacuum that works for an old transaction works in vain.
    if (!lag.holder.session) {
        const bool vacuuming = sessions.clean(*lag.state);
        const bool recent = !vacuuming && lag.unvacuumed.ever && lag.unvacuumed.hours.value_or(hours) < hours;
        const bool fresh = !vacuuming && !recent && is_fresh(context, history, *lag.state, holder_age);
        tally.vacuuming += vacuuming;
        tally.recent += recent;
        tally.fresh += fresh;
        if (vacuuming || recent || fresh) return {};
    }
    lag.base = base_state_of(context.windows(), history, *lag.state);
    if (lag.base && lag.state->blocks_per_row())
        lag.size_growth = *lag.state->blocks_per_row() / *lag.base->blocks_per_row();
    if (const auto known = reads.find(&history); known != reads.end()) lag.reads = known->second;
    return lag;
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const TableStates tables, load_table_states(context.evidence().file(), context.control()));
    TRY_ASSIGN(const auto* samples, context.evidence().session_samples());
    TRY_ASSIGN(const ReadsByTable reads,
               reads_by_table(context, context.threshold("row_bytes"), context.threshold("scan_blocks")));
    const auto of_tables = reads_by_history(reads, tables);
    const VacuumSessions sessions(*samples, context.windows());
    Tally tally;
    std::vector<Lag> lags;
    std::set<std::string_view> known;
    for (const auto& [name, history] : tables) {
        const std::size_t before = tally.judged;
        if (auto lag = judge(context, history, of_tables, sessions, tally)) lags.push_back(std::move(*lag));
        if (tally.judged > before) known.insert(bare_table(name.second));
    }
    std::stable_sort(lags.begin(), lags.end(),
                     [](const Lag& a, const Lag& b) { return a.state->dead > b.state->dead; });
    for (std::size_t i = 0; i < std::min(lags.size(), most_findings); ++i) report(context, lags[i], lags.size());
    for (const auto& [table, one] : reads.scans)
        if (one.fat && !known.contains(table.second)) report_plan(context, table.second, *one.fat);

    const Missing statistics = missing_evidence("table_stat", "counts dead rows and says when vacuum was there");
    if (tally.judged == 0 && tally.later > 0)
        return Answer{Verdict::inconclusive,
                      "the statistics of tables were taken after the window, long before it, or for another one",
                      {statistics}};
    if (tally.judged == 0 && reads.looked_at == 0)
        return Answer{Verdict::notEnoughEvidence,
                      "neither statistics of tables nor a sequential scan with BUFFERS were imported",
                      {statistics}};
    if (tally.judged == 0)
        return Answer{Verdict::ruledOut,
                      "no scan of " + std::to_string(reads.looked_at) + " reads more than its rows can take",
                      {}};
    std::string reason = "no table of " + std::to_string(tally.judged) + " has dead rows that vacuum does not come to";
    // Rows, not a share: of twenty live rows a thousand times as many are dead without any harm.
    if (tally.worst)
        reason += "; the most are " + format_count(static_cast<std::int64_t>(tally.worst->dead.value_or(0))) +
                  " dead beside " + format_count(static_cast<std::int64_t>(tally.worst->live.value_or(0))) +
                  " live rows in " + tally.worst->name;
    if (tally.worst && tally.worst->dead_share() * 100 >= context.threshold("dead_share") &&
        tally.worst->dead.value_or(0) < context.threshold("dead_rows"))
        reason +=
            ", too few to matter below " + format_count(static_cast<std::int64_t>(context.threshold("dead_rows")));
    else if (tally.vacuuming > 0) reason += ", which is being vacuumed";
    else if (tally.fresh > 0) reason += ", new within the day";
    else if (tally.recent > 0) reason += ", and vacuum ended recently";
    return Answer{Verdict::ruledOut, reason, {}};
}

} // namespace

extern const Analyzer vacuum_lag;
const Analyzer vacuum_lag{"database.vacuum_lag",
                          "Do dead rows make scans expensive?",
                          AnalyzerKind::cause,
                          "table_stat or plan_node",
                          "table_stat, session, plan_node, statement*2",
                          thresholds,
                          run};

} // namespace casebook::database
