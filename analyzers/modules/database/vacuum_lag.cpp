// Do dead rows make scans expensive?
//
// A table lags when its dead rows are many, both in number and against the live ones, and vacuum has not been there for
// a day or cannot remove them because a transaction is older. It is certain when the table also takes twice the blocks
// per live row that it took before, or a plan reads that much for a row. A table that is being vacuumed, or was updated
// at large within the day, is no laggard.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/table_states.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/plan/plan_queries.h"
#include "analyzers/plan/plan_store.h"

#include <algorithm>
#include <array>
#include <cmath>

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

constexpr double ns_per_hour = 3600e9, ns_per_minute = 60e9, block_bytes = 8192, row_overhead_bytes = 28;
constexpr std::int64_t near_ns = 600'000'000'000;

using History = std::vector<TableState>;

/// A sequential scan that reads far more than the rows it passes can take.
struct FatScan {
    std::int64_t plan_id = 0;
    double bytes_per_row = 0, blocks = 0, rows = 0;
};

struct Holder {
    const SessionSample* sample = nullptr;
    const DatabaseSession* session = nullptr;
};

std::string bare(std::string_view table)
{
    return std::string(table.substr(table.rfind('.') == std::string_view::npos ? 0 : table.rfind('.') + 1));
}

Result<std::map<std::string, FatScan>> fat_scans(AnalysisContext& context, std::size_t& scans)
{
    std::map<std::string, FatScan> fat;
    TRY_ASSIGN(const auto plans, plan::load_plans(context.evidence().file().database()));
    for (const plan::StoredPlan& stored : plans) {
        if (stored.row.at_ns
                ? context.windows().analysed_name != "case" && !context.windows().analysed.contains(*stored.row.at_ns)
                : context.windows().limited)
            continue;
        for (const plan::RelationScan& scan : plan::relation_scans(stored.row)) {
            if (!scan.has_actuals || !scan.blocks || scan.node_type != "Seq Scan" ||
                scan.truncation != plan::Truncation::none)
                continue;
            ++scans;
            const double blocks = static_cast<double>(*scan.blocks),
                         bytes = blocks * block_bytes / std::max(scan.rows_read, 1.0);
            // Wide rows fill their blocks honestly. The width is of the columns that are asked for, so a low one says
            // little.
            const auto width =
                plan::detail_of(stored.row.nodes[static_cast<std::size_t>(scan.node)]).number("Plan Width");
            if (blocks <= context.threshold("scan_blocks") || bytes <= context.threshold("row_bytes") || !width ||
                *width <= 0 || bytes <= 4 * (*width + row_overhead_bytes))
                continue;
            FatScan& most = fat[scan.relation];
            if (bytes > most.bytes_per_row) most = {stored.id, bytes, blocks, scan.rows_read};
        }
    }
    return fat;
}

/// The newest state that is not after the analysed window.
const TableState* state_of(const AnalysisWindows& windows, const History& history)
{
    const TableState* newest = nullptr;
    for (const TableState& state : history)
        if (state.at_ns && windows.analysed_name != "case" ? *state.at_ns < windows.analysed.to_ns
                                                           : in_analysed_window(windows, state.at_ns, state.window))
            newest = &state;
    return newest;
}

/// The state to compare the table's size with: in the baseline, else the earliest of the case.
const TableState* base_of(const AnalysisWindows& windows, const History& history, const TableState& now)
{
    for (const TableState& state : history) {
        if (!state.at_ns || !now.at_ns || *state.at_ns >= *now.at_ns || !state.blocks_per_row()) continue;
        if (!windows.baseline || windows.proposed || windows.baseline->contains(*state.at_ns)) return &state;
    }
    return nullptr;
}

bool is_being_vacuumed(const std::vector<SessionSample>& samples, const TableState& state)
{
    for (const SessionSample& sample : samples) {
        if (sample.at_ns && state.at_ns && std::abs(*sample.at_ns - *state.at_ns) > near_ns) continue;
        for (const DatabaseSession& session : sample.sessions)
            if (session.is_vacuum() && contains_ignoring_case(session.query, bare(state.name)) &&
                (session.state == "active" || session.state.empty()))
                return true;
    }
    return false;
}

/// The transaction whose snapshot vacuum had to spare: older than the last vacuum of the table, or old by itself.
Holder holder_of(const std::vector<SessionSample>& samples, const AnalysisWindows& windows, const TableState& state,
                 double holder_age_min)
{
    Holder oldest;
    for (const SessionSample& sample : samples) {
        if (!in_analysed_window(windows, sample.at_ns, sample.window)) continue;
        const bool has_xmin = std::any_of(sample.sessions.begin(), sample.sessions.end(),
                                          [](const DatabaseSession& s) { return s.backend_xmin.has_value(); });
        for (const DatabaseSession& session : sample.sessions) {
            if (session.is_vacuum() || session.is_own_capture() || !session.is_client() || !session.xact_age_ms ||
                session.state == "idle")
                continue;
            if (has_xmin && !session.backend_xmin && !session.backend_xid) continue;
            if (!state.database.empty() && !session.database.empty() && session.database != state.database) continue;
            const auto begin = transaction_begin(sample, session);
            const bool spared = begin && state.last_vacuum_ns && *begin <= *state.last_vacuum_ns;
            if (!spared && *session.xact_age_ms * 1e6 < holder_age_min * ns_per_minute) continue;
            if (!oldest.session || *session.xact_age_ms > *oldest.session->xact_age_ms) oldest = {&sample, &session};
        }
    }
    return oldest;
}

/// Dead rows that an earlier state of the last day did not have.
bool is_fresh(const History& history, const TableState& now, double quiet_share, double hours)
{
    return std::any_of(history.begin(), history.end(), [&](const TableState& state) {
        return state.at_ns && now.at_ns && *state.at_ns < *now.at_ns &&
               static_cast<double>(*now.at_ns - *state.at_ns) < hours * ns_per_hour &&
               state.dead_share() * 100 < quiet_share;
    });
}

std::string age_text(double hours)
{
    return hours >= 48 ? format_number(hours / 24, 2) + " days" : format_number(hours, 2) + " h";
}

void report(AnalysisContext& context, const TableState& state, const TableState* base, const Holder& holder,
            const FatScan* fat)
{
    const double dead = state.dead.value_or(0), share = state.dead_share() * 100;
    std::optional<double> hours;
    if (state.last_vacuum_ns && state.at_ns)
        hours = static_cast<double>(*state.at_ns - *state.last_vacuum_ns) / ns_per_hour;
    double growth = 0;
    if (base && state.blocks_per_row()) growth = *state.blocks_per_row() / *base->blocks_per_row();
    const bool grown = growth >= context.threshold("blocks");
    Finding finding;
    finding.key = finding_key({state.name});
    finding.verdict = grown || fat ? Verdict::confirmed : Verdict::suspected;
    finding.headline = state.name + " has " + format_count(static_cast<std::int64_t>(dead)) + " dead rows, " +
                       format_number(share, 2) + " % of the live ones, ";
    if (holder.session)
        finding.headline += "which vacuum must keep for " + std::string(holder.session->who()) + ", " +
                            format_ms(*holder.session->xact_age_ms) + " in a transaction";
    else finding.headline += hours ? "and was last vacuumed " + age_text(*hours) + " ago" : "and no vacuum is known";
    if (grown) finding.headline += ": " + format_number(growth, 2) + " x the blocks per row";
    else if (fat) finding.headline += ": a scan reads " + format_bytes(fat->bytes_per_row) + " per row";
    finding.subjects = {{"table", state.name}};
    if (holder.session) finding.subjects.push_back({"service", std::string(holder.session->who())});
    finding.figures = {context.figure("dead_share", share, "%", "dead_share"),
                       context.figure("dead_rows", dead, "rows", "dead_rows")};
    if (hours) finding.figures.push_back(context.figure("vacuum_age", *hours, "h", "vacuum_age"));
    if (growth > 0) finding.figures.push_back(context.figure("blocks_per_row", growth, "x", "blocks"));
    if (fat) finding.figures.push_back(context.figure("bytes_per_row", fat->bytes_per_row, "bytes", "row_bytes"));
    if (holder.session)
        finding.figures.push_back(
            context.figure("holder_age", *holder.session->xact_age_ms / 60'000, "min", "holder_age"));
    if (state.size_bytes) finding.figures.push_back({"size", *state.size_bytes, "bytes", {}, {}});
    if (state.at_ns) finding.when = TimeRange{*state.at_ns, *state.at_ns + 1};
    finding.severity = severity_of({0, 0, false, finding.verdict == Verdict::confirmed, false});
    finding.evidence.push_back({"The table's statistics",
                                "table",
                                "table_stat",
                                "SELECT at_ns, \"table\", live_rows, dead_rows, round(100.0 * dead_rows / "
                                "max(live_rows, 1), 1) AS dead_percent, last_vacuum_ns, size_bytes, seq_scans, "
                                "index_scans FROM table_stat WHERE \"table\" = ?1 AND database = ?2 ORDER BY at_ns",
                                {state.name, state.database}});
    if (holder.session)
        finding.evidence.push_back(
            session_evidence(*holder.sample, {{holder.session->pid, 0}}, "The transaction that vacuum has to spare"));
    if (fat)
        finding.evidence.push_back({"A plan that scans it",
                                    "plan",
                                    "plan",
                                    "SELECT node_id, parent_id, depth, node_type, relation, index_name, plan_rows, "
                                    "actual_rows, loops, total_ms, self_ms, rows_removed, shared_hit, shared_read, "
                                    "detail FROM plan_node WHERE plan_id = ?1 ORDER BY node_id",
                                    {fat->plan_id}});
    if (holder.session)
        finding.fixes.push_back(
            {"End the old transaction: SELECT pg_terminate_backend(" + std::to_string(holder.session->pid) +
                 "); let it commit sooner, or run it on a replica",
             "1 min", "the next vacuum may remove " + format_count(static_cast<std::int64_t>(dead)) + " rows",
             "its work is rolled back"});
    finding.fixes.push_back(
        {"VACUUM (VERBOSE, ANALYZE) " + state.name, "minutes to hours",
         format_count(static_cast<std::int64_t>(dead)) + " dead rows -> ~0; their space is used again",
         "reads and writes of disk while it runs"});
    finding.fixes.push_back(
        {"ALTER TABLE " + state.name + " SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)",
         "5 min",
         "vacuum comes at " + format_count(static_cast<std::int64_t>(50 + 0.02 * state.live.value_or(0))) +
             " dead rows",
         "vacuum runs more often"});
    if (grown)
        finding.fixes.push_back({"pg_repack " + state.name + " once vacuum keeps up", "1-4 h",
                                 format_number(growth, 2) + " x -> ~1 x the blocks per row",
                                 "twice the space while it runs; VACUUM FULL locks everyone out instead"});
    finding.refutes_if = "dead rows are below " + format_number(context.threshold("quiet_share")) +
                         " % of the live ones, or vacuum has just been there";
    finding.proof = "dead rows of " + state.name + " stay below " + format_number(context.threshold("quiet_share")) +
                    " % and its scans read as many blocks per row as before";
    finding.rollback = "disk use over 80 % because vacuum runs too often";
    if (finding.verdict == Verdict::suspected)
        finding.note = base ? "it takes no more blocks per live row than before"
                            : "whether scans got dearer is not known: an earlier state with sizes, or a plan with "
                              "BUFFERS, would tell";
    if (holder.session)
        finding.related.push_back({"database.long_transactions", transaction_key(*holder.session), "explained_by"});
    context.add(std::move(finding));
}

void report_plan(AnalysisContext& context, const std::string& relation, const FatScan& fat)
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
    finding.evidence = {
        {"The plan",
         "plan",
         "plan",
         "SELECT node_id, parent_id, depth, node_type, relation, index_name, plan_rows, actual_rows, loops, total_ms, "
         "self_ms, rows_removed, shared_hit, shared_read, detail FROM plan_node WHERE plan_id = ?1 ORDER BY node_id",
         {fat.plan_id}}};
    finding.fixes = {{"VACUUM (VERBOSE) " + relation, "minutes to hours",
                      "says how many dead rows there are, and removes them", "reads and writes of disk while it runs"}};
    finding.refutes_if = "pg_stat_user_tables shows few dead rows, or its rows are that wide";
    finding.proof = "the same scan reads fewer blocks after vacuum";
    finding.rollback = "disk use over 80 %";
    finding.note = "pg_stat_user_tables says whether they are dead rows: casebook-cli capture CONNINFO -o DIR";
    context.add(std::move(finding));
}

Result<Answer> run(AnalysisContext& context)
{
    const AnalysisWindows& windows = context.windows();
    TRY_ASSIGN(const auto tables, load_table_states(context.evidence().file(), context.control()));
    TRY_ASSIGN(const auto* samples, context.evidence().session_samples());
    std::size_t scans = 0, judged = 0, later = 0, vacuuming = 0, fresh = 0, recent = 0;
    TRY_ASSIGN(const auto fat, fat_scans(context, scans));
    double worst_share = 0;
    const TableState* worst = nullptr;
    std::map<std::string, bool> known;
    for (const auto& [name, history] : tables) {
        const TableState* state = state_of(windows, history);
        if (!state) {
            ++later;
            continue;
        }
        ++judged;
        known[bare(state->name)] = true;
        const double share = state->dead_share() * 100;
        if (state->dead.value_or(0) >= 1'000 && share > worst_share) {
            worst_share = share;
            worst = state;
        }
        if (share < context.threshold("dead_share") || state->dead.value_or(0) < context.threshold("dead_rows"))
            continue;
        if (is_being_vacuumed(*samples, *state)) {
            ++vacuuming;
            continue;
        }
        const Holder holder = holder_of(*samples, windows, *state, context.threshold("holder_age"));
        const double hours = state->last_vacuum_ns && state->at_ns
                                 ? static_cast<double>(*state->at_ns - *state->last_vacuum_ns) / ns_per_hour
                                 : context.threshold("vacuum_age");
        if (!holder.session && hours < context.threshold("vacuum_age")) {
            ++recent;
            continue;
        }
        if (!holder.session &&
            is_fresh(history, *state, context.threshold("quiet_share"), context.threshold("vacuum_age"))) {
            ++fresh;
            continue;
        }
        const auto scan = fat.find(bare(state->name));
        report(context, *state, base_of(windows, history, *state), holder, scan == fat.end() ? nullptr : &scan->second);
    }
    for (const auto& [relation, scan] : fat)
        if (!known.contains(relation)) report_plan(context, relation, scan);

    const Missing statistics = missing_evidence("table_stat", "counts dead rows and says when vacuum was there");
    if (judged == 0 && later > 0)
        return Answer{Verdict::inconclusive,
                      "the statistics of tables were taken after the window, or for another one",
                      {statistics}};
    if (judged == 0 && scans == 0)
        return Answer{Verdict::notEnoughEvidence,
                      "neither statistics of tables nor plans with BUFFERS were imported",
                      {statistics}};
    if (judged == 0)
        return Answer{
            Verdict::ruledOut, "no scan of " + std::to_string(scans) + " reads more than its rows can take", {}};
    std::string reason = "no table of " + std::to_string(judged) + " has dead rows that vacuum does not come to";
    // Rows, not a share: of twenty live rows a thousand times as many are dead without any harm.
    if (worst)
        reason += "; the most are " + format_count(static_cast<std::int64_t>(worst->dead.value_or(0))) +
                  " dead beside " + format_count(static_cast<std::int64_t>(worst->live.value_or(0))) +
                  " live rows in " + worst->name;
    if (worst && worst_share >= context.threshold("dead_share") &&
        worst->dead.value_or(0) < context.threshold("dead_rows"))
        reason +=
            ", too few to matter below " + format_count(static_cast<std::int64_t>(context.threshold("dead_rows")));
    else if (vacuuming > 0) reason += ", which is being vacuumed";
    else if (fresh > 0) reason += ", new within the day";
    else if (recent > 0) reason += ", and vacuum ended recently";
    return Answer{Verdict::ruledOut, reason, {}};
}

} // namespace

extern const Analyzer vacuum_lag;
const Analyzer vacuum_lag{"database.vacuum_lag",
                          "Do dead rows make scans expensive?",
                          AnalyzerKind::cause,
                          "table_stat or plan_node",
                          "table_stat, session, plan_node",
                          thresholds,
                          run};

} // namespace casebook::database
