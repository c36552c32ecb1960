// Does the planner believe wrong row counts because statistics are old?
//
// A scan whose estimate is off ten times or more, on a thousand rows or more, decides over a tenth of the statement's
// time. That alone is a wrong estimate. Old statistics are the reason when the table changed since its last ANALYZE, or
// when a plan with the same condition and as many rows is right: then the statistics differ. A plan for another value
// says nothing, values are skewed. Still wrong after a fresh ANALYZE means something else, and so does a guess about a
// function.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/row_estimates.h"
#include "analyzers/analysis/sessions.h"
#include "analyzers/analysis/statistics_age.h"
#include "analyzers/analysis/table_states.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 4> thresholds{{{"misestimate", 10, "x", "Casebook's own"},
                                               {"rows", 1'000, "rows", "Casebook's own"},
                                               {"self_share", 10, "%", "Casebook's own"},
                                               {"modified", 10, "%", "PostgreSQL's autovacuum_analyze_scale_factor"}}};

/// What the scan's part of the statement is to users: of the slow requests that ran it, else of the database's time as
/// the counters have it. One plan alone does not say how often it runs.
Result<Felt> felt_of(AnalysisContext& context, const plan::StoredPlan& stored, double share)
{
    Felt felt;
    if (stored.fingerprint.empty()) return felt;
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    if (const SpanTable::Id id = spans->strings.find(stored.fingerprint); id != StringPool::none) {
        std::map<std::uint32_t, std::int64_t> explained;
        for (SpanTable::Row row = 0; row < spans->size(); ++row)
            if (spans->fingerprint[row] == id && context.windows().analysed.contains(spans->start_ns[row]))
                explained[spans->trace[row]] +=
                    static_cast<std::int64_t>(share * static_cast<double>(spans->duration_ns[row]));
        if (!explained.empty()) return context.felt(explained);
    }
    felt.database_time_only = true;
    TRY_ASSIGN(const auto* intervals, context.evidence().statement_intervals());
    for (const StatementInterval& interval : *intervals)
        for (const StatementEntry& entry : interval.entries)
            if (entry.fingerprint == stored.fingerprint && interval.total_ms > 0)
                felt.slow_time_share = std::max(felt.slow_time_share, share * entry.total_ms / interval.total_ms);
    return felt;
}

/// The scans of one condition whose estimate is off so far, and what came of them.
struct Case {
    const ScanEstimate* scan = nullptr;
    StatisticsAge age;
    bool other_right = false; ///< another plan estimates as many rows under the same condition well
    bool skewed = false;      ///< one estimate for all values, right for others

    bool confirmed() const { return (age.is_stale() && !skewed) || other_right; }
};

/// Why scans with a wrong estimate are no finding.
struct Passed {
    std::size_t fresh = 0, guessed = 0, skewed = 0;
};

struct Survey {
    std::map<std::string, Case> worst; ///< by key: confirmed first, then the one that is off most
    Passed passed;
    std::size_t untimed = 0;                 ///< scans that are off in plans without times
    std::size_t cut_relevant = 0, plans = 0; ///< plans with actual rows, of the analysed window
    double off = 1;                          ///< the worst factor of a scan that ran to its end
};

/// The scans of one relation under one condition that ran to their end.
struct Peers {
    std::vector<const ScanEstimate*> off;
    RightScans right;
    bool still_off = false; ///< one is off although its statistics were fresh
};

/// What is known of a table, as plans name it.
struct Table {
    const TableHistory* history = nullptr;
    TableEvents events;
};

class Judge {
public:
    Judge(AnalysisContext& context, const RowEstimates& estimates, const TableStates& states,
          const std::vector<Event>& events)
        : context_(context), estimates_(estimates), factor_(context.threshold("misestimate")),
          modified_(context.threshold("modified"))
    {
        for (const ScanEstimate& scan : estimates.scans) {
            const auto [known, added] = tables_.try_emplace({scan.schema, scan.relation});
            if (added)
                known->second = {history_of(states, scan.schema, scan.relation),
                                 events_of_table(events, scan.relation)};
            if (scan.cut_off()) continue;
            Peers& peers = peers_[{scan.schema + "." + scan.relation, scan.condition}];
            if (is_off(scan)) peers.off.push_back(&scan);
            else peers.right.add(scan, time_of(scan));
        }
        for (auto& [condition, peers] : peers_) {
            peers.right.finish();
            peers.still_off = std::any_of(peers.off.begin(), peers.off.end(), [&](const ScanEstimate* scan) {
                return time_of(*scan) && age_of(*scan).is_fresh();
            });
        }
    }

    bool has_states(const ScanEstimate& scan) const
    {
        return tables_.at({scan.schema, scan.relation}).history != nullptr;
    }

    Survey survey() const
    {
        Survey survey;
        for (std::size_t plan = 0; plan < estimates_.plans.size(); ++plan)
            survey.plans += estimates_.has_actuals(plan) && is_inside(plan);
        for (const ScanEstimate& scan : estimates_.scans) {
            if (!is_inside(scan.plan)) continue;
            if (!scan.cut_off()) survey.off = std::max(survey.off, scan.miss.factor);
            if (!is_off(scan) || !scan.miss.is_origin || scan.miss.rows_total < context_.threshold("rows")) continue;
            if (!estimates_.node_of(scan).total_ms && !scan.cut_off()) ++survey.untimed;
            if (scan.share * 100 < context_.threshold("self_share")) continue;
            if (scan.cut_off()) ++survey.cut_relevant;
            else take(survey, judge(scan, survey.passed));
        }
        return survey;
    }

private:
    bool is_inside(std::size_t plan) const
    {
        return in_analysed_window(context_.windows(), estimates_.plans[plan].row.at_ns, estimates_.plans[plan].window);
    }

    bool is_off(const ScanEstimate& scan) const { return scan.miss.factor >= factor_; }
    std::optional<std::int64_t> time_of(const ScanEstimate& scan) const { return estimates_.plan_of(scan).row.at_ns; }

    StatisticsAge age_of(const ScanEstimate& scan) const
    {
        const Table& table = tables_.at({scan.schema, scan.relation});
        return statistics_age(table.history, table.events, time_of(scan), modified_);
    }

    /// Nothing when a better reason than old statistics is known; it is counted.
    std::optional<Case> judge(const ScanEstimate& scan, Passed& passed) const
    {
        Case one{&scan, age_of(scan), false, false};
        const Peers& peers = peers_.at({scan.schema + "." + scan.relation, scan.condition});
        // Without a condition a scan by an index may be one of a partial index, which has fewer rows.
        const bool comparable = !scan.condition.empty() || estimates_.node_of(scan).node_type == "Seq Scan";
        // Statistics that let the planner guess as many rows well are others than those of the wrong plan. An earlier
        // plan shows that they got worse, not that ANALYZE helps.
        one.other_right = comparable && !scan.generic && peers.right.has_alike(scan, time_of(scan));
        one.skewed = scan.generic && peers.right.has_estimate_alike(scan);
        // A plan without a time may be older than an ANALYZE that made another one right.
        const bool fresh = one.age.is_fresh() && !(one.other_right && !time_of(scan));
        if (fresh || peers.still_off) ++passed.fresh;
        else if (scan.guessed && !one.other_right) ++passed.guessed;
        else if (one.skewed && !one.age.is_stale()) ++passed.skewed;
        else return one;
        return {};
    }

    static void take(Survey& survey, const std::optional<Case>& one)
    {
        if (!one) return;
        Case& best = survey.worst[one->scan->relation + "|" + one->scan->columns];
        const auto weight = [](const Case& c) { return std::pair(c.confirmed(), c.scan->miss.factor); };
        if (!best.scan || weight(*one) > weight(best)) best = *one;
    }

    AnalysisContext& context_;
    const RowEstimates& estimates_;
    double factor_, modified_;
    std::map<std::pair<std::string, std::string>, Table> tables_; ///< by schema and name
    std::map<std::pair<std::string, std::string>, Peers> peers_;  ///< by relation and condition
};

std::string note_of(const Case& one)
{
    if (one.other_right) return "another plan estimates the same scan of as many rows well";
    if (one.confirmed()) return one.age.how;
    if (one.skewed) return one.age.how + "; but one estimate serves all values, and is right for others";
    std::string note = one.age.how.empty()
                           ? "when the table was analyzed last is not known; import pg_stat_user_tables to be sure"
                           : one.age.how;
    if (one.scan->predicates >= 2) note += "; columns that depend on each other are estimated as wrongly";
    return note;
}

Result<Finding> finding_of(AnalysisContext& context, const RowEstimates& estimates, const Case& one, bool has_states)
{
    const ScanEstimate& scan = *one.scan;
    const plan::StoredPlan& stored = estimates.plan_of(scan);
    Finding finding;
    finding.verdict = one.confirmed() ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({scan.relation, scan.columns});
    finding.headline = "The planner expects " + format_count(static_cast<std::int64_t>(scan.miss.plan_rows)) +
                       " rows of " + scan.relation + " and gets " +
                       format_count(static_cast<std::int64_t>(std::max(scan.miss.actual_rows, 0.0))) + " (" +
                       format_number(scan.miss.factor, 2) + " x off), which decides over " +
                       format_percent(scan.share) + " of the statement's time";
    finding.subjects = {{"table", scan.relation}};
    for (const std::string_view column : split(scan.columns, ','))
        if (!column.empty()) finding.subjects.push_back({"column", std::string(column)});
    if (!stored.row.query.empty())
        finding.subjects.push_back({"statement", summarize_sql(stored.row.query).normalized});
    finding.figures = {context.figure("misestimate", scan.miss.factor, "x", "misestimate"),
                       context.figure("rows", scan.miss.rows_total, "rows", "rows"),
                       context.figure("share_of_time", scan.share * 100, "%", "self_share")};
    TRY_ASSIGN(const Felt felt, felt_of(context, stored, scan.share));
    finding.impact = 0;
    finding.severity = severity_of(felt);
    finding.refutes_if = "the estimate is still off after a fresh ANALYZE";
    finding.evidence = {
        {"The plan with the wrong estimate",
         "plan",
         "plan",
         "SELECT node_id, parent_id, depth, node_type, relation, index_name, plan_rows, actual_rows, loops, total_ms, "
         "self_ms, rows_removed, shared_hit, shared_read, detail FROM plan_node WHERE plan_id = ?1 ORDER BY node_id",
         {stored.id}}};
    if (has_states)
        finding.evidence.push_back({"The table's statistics",
                                    "table",
                                    "table_stat",
                                    "SELECT at_ns, \"table\", live_rows, modified_since_analyze, last_analyze_ns FROM "
                                    "table_stat WHERE \"table\" = ?1 OR \"table\" LIKE '%.' || ?1 ORDER BY at_ns",
                                    {scan.relation}});
    finding.fixes = {{"ANALYZE " + scan.relation, "1-5 min",
                      "estimate within 10 x; the planner may choose another plan",
                      "statements whose plan was good by luck"},
                     {"Lower autovacuum_analyze_scale_factor for " + scan.relation, "5 min",
                      "statistics follow bulk changes", "more frequent ANALYZE runs"}};
    finding.proof = "a plan taken after ANALYZE estimates this scan within 10 x";
    finding.rollback = "another statement of the table gets slower";
    finding.note = note_of(one);
    return finding;
}

Answer answer_without(const AnalysisContext& context, const RowEstimates& estimates, const Survey& survey)
{
    if (survey.cut_relevant > 0)
        return {Verdict::inconclusive,
                "the only estimates that are off belong to scans that a LIMIT or a join cut off",
                {missing_evidence("plan_node", "a plan without the LIMIT shows real row counts")}};
    if (!estimates.has_actuals())
        return {Verdict::inconclusive,
                "the plans hold estimates only",
                {missing_evidence("plan_node", "shows real row counts")}};
    if (survey.plans == 0)
        return {Verdict::inconclusive,
                "no plan with actual rows belongs to the window",
                {missing_evidence("plan_node", "a plan of the slow time shows its row counts")}};
    const std::string off = format_number(survey.off, 2) + " x";
    if (survey.untimed > 0)
        return {Verdict::inconclusive,
                "an estimate is off " + off + ", but its plan has no times: whether it matters is not known",
                {missing_evidence("plan_node", "EXPLAIN (ANALYZE, BUFFERS), with TIMING, says what it decides over")}};
    if (survey.passed.fresh > 0)
        return {Verdict::ruledOut,
                "an estimate is off " + off +
                    ", but with statistics that were fresh: skewed values, or columns that depend on each other",
                {}};
    if (survey.passed.skewed > 0)
        return {Verdict::ruledOut,
                "an estimate is off " + off +
                    " for one value of a parameter and right for others: skewed values, not old statistics",
                {}};
    if (survey.passed.guessed > 0)
        return {Verdict::ruledOut,
                "an estimate is off " + off +
                    ", but it is a guess about a function or an expression, of which there are no statistics",
                {}};
    return {Verdict::ruledOut,
            "no scan's estimate is off " + format_number(context.threshold("misestimate")) +
                " x and decides over the time (worst " + off + ")",
            {}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const RowEstimates estimates, load_row_estimates(context.evidence().file(), context.control()));
    TRY_ASSIGN(const TableStates states, load_table_states(context.evidence().file(), context.control()));
    TRY_ASSIGN(const auto* events, context.evidence().events());
    const Judge judge(context, estimates, states, *events);
    const Survey survey = judge.survey();
    for (const auto& [key, one] : survey.worst) {
        TRY_ASSIGN(Finding finding, finding_of(context, estimates, one, judge.has_states(*one.scan)));
        context.add(std::move(finding));
    }
    return answer_without(context, estimates, survey);
}

} // namespace

extern const Analyzer stale_statistics;
const Analyzer stale_statistics{"database.stale_statistics",
                                "Does the planner believe wrong row counts because statistics are old?",
                                AnalyzerKind::cause,
                                "plan",
                                "plan_node, table_stat, event",
                                thresholds,
                                run};

} // namespace casebook::database
