// Does the planner believe wrong row counts because statistics are old?
//
// A scan whose estimate is off ten times or more, on a thousand rows or more, decides over a tenth of the statement's time.
// That alone is a wrong estimate. Old statistics are the reason when the table changed since its last ANALYZE, or when a
// plan with the same condition and as many rows is right: then the statistics differ. A plan for another value says nothing,
// values are skewed. Still wrong after a fresh ANALYZE means something else.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/plan/plan_queries.h"
#include "analyzers/plan/plan_store.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 4> thresholds{{{"misestimate", 10, "x", "Casebook's own"},
                                               {"rows", 1'000, "rows", "Casebook's own"},
                                               {"self_share", 10, "%", "Casebook's own"},
                                               {"modified", 10, "%", "PostgreSQL's autovacuum_analyze_scale_factor"}}};

/// A scan's condition as printed, with its constants.
std::string condition_of(const PlanNodeRow& node)
{
    const plan::Properties detail = plan::detail_of(node);
    std::string text;
    for (const char* property : {"Index Cond", "Filter"}) text += std::string(detail.text(property)) + "\n";
    return text;
}

/// A scan that some plan estimates well.
struct Right { double rows_total = 0; };

struct Wrong {
    const plan::StoredPlan* stored = nullptr;
    plan::Misestimate miss;
    double share = 0;
    std::size_t predicates = 0;
    std::string columns;
};

struct TableState {
    std::optional<std::int64_t> last_analyze_ns, modified, live, at_ns;
};

Result<std::map<std::string, TableState>> table_states(CaseFile& file)
{
    std::map<std::string, TableState> states;
    TRY_ASSIGN(Statement rows, file.database().prepare("SELECT relation, last_analyze_ns, modified_since_analyze, live_rows, at_ns FROM table_stats ORDER BY at_ns, rowid"));
    for (;;) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) return states;
        std::string name(rows.text(0));
        if (const std::size_t dot = name.rfind('.'); dot != std::string::npos) name = name.substr(dot + 1);
        states[name] = {rows.optional_integer(1), rows.optional_integer(2), rows.optional_integer(3), rows.optional_integer(4)};
    }
}

std::string columns_of(const PlanNodeRow& node, std::size_t& count)
{
    const plan::Properties detail = plan::detail_of(node);
    std::set<std::string> columns;
    for (const char* property : {"Index Cond", "Filter", "Recheck Cond"})
        for (const plan::ColumnTest& test : plan::column_tests(detail.text(property)))
            if (test.against != plan::Against::column) columns.insert(test.column);
    count = columns.size();
    std::string text;
    for (const std::string& column : columns) text += (text.empty() ? "" : ",") + column;
    return text;
}

constexpr double rows_alike = 2;

/// What the scan's part of the statement is to users: of the slow requests that ran it, else of the database's time as the
/// counters have it. One plan alone does not say how often it runs.
Result<Felt> felt_of(AnalysisContext& context, const plan::StoredPlan& stored, double share)
{
    Felt felt;
    if (stored.fingerprint.empty()) return felt;
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    if (const SpanTable::Id id = spans->strings.find(stored.fingerprint); id != StringPool::none) {
        std::map<std::uint32_t, std::int64_t> explained;
        for (SpanTable::Row row = 0; row < spans->size(); ++row)
            if (spans->fingerprint[row] == id && context.windows().analysed.contains(spans->start_ns[row]))
                explained[spans->trace[row]] += static_cast<std::int64_t>(share * static_cast<double>(spans->duration_ns[row]));
        if (!explained.empty()) return context.felt(explained);
    }
    felt.database_time_only = true;
    TRY_ASSIGN(const auto* intervals, context.evidence().statement_intervals());
    for (const StatementInterval& interval : *intervals)
        for (const StatementEntry& entry : interval.entries)
            if (entry.fingerprint == stored.fingerprint && interval.total_ms > 0) felt.slow_time_share = std::max(felt.slow_time_share, share * entry.total_ms / interval.total_ms);
    return felt;
}

/// An event that says it loaded rows into the table, after its last ANALYZE and before the plan.
const Event* load_after(const std::vector<Event>& events, const std::string& relation, std::optional<std::int64_t> analyzed_ns, std::optional<std::int64_t> plan_ns)
{
    for (const Event& event : events) {
        const std::string text = event.kind + " " + event.text;
        const bool load = contains_ignoring_case(text, "load") || contains_ignoring_case(text, "import") || contains_ignoring_case(text, "bulk") || contains_ignoring_case(text, "backfill") ||
                          contains_ignoring_case(text, "purge") || contains_ignoring_case(text, "migrat");
        if (load && contains_ignoring_case(event.text, relation) && analyzed_ns && event.at_ns > *analyzed_ns && (!plan_ns || event.at_ns <= *plan_ns)) return &event;
    }
    return nullptr;
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto plans, plan::load_plans(context.evidence().file().database()));
    TRY_ASSIGN(const auto states, table_states(context.evidence().file()));
    TRY_ASSIGN(const auto* events, context.evidence().events());
    std::map<std::string, Wrong> by_key;
    std::map<std::pair<std::string, std::string>, std::vector<Right>> right;  // by relation and condition
    std::size_t executed = 0, cut = 0, cut_relevant = 0;
    double worst = 1;
    for (const plan::StoredPlan& stored : plans) {
        if (stored.row.nodes.empty() || !stored.row.nodes.front().loops) continue;
        if (!stored.row.at_ns && context.windows().limited) continue;
        ++executed;
        const double whole_ms = plan::execution_ms(stored.row).value_or(0);
        std::set<int> off;
        for (const plan::Misestimate& miss : plan::misestimates(stored.row, context.threshold("misestimate"))) {
            const PlanNodeRow& node = stored.row.nodes[static_cast<std::size_t>(miss.node)];
            off.insert(miss.node);
            if (miss.truncation != plan::Truncation::none) {
                ++cut;
                if (miss.is_origin && !node.relation.empty() && miss.rows_total >= context.threshold("rows") && whole_ms > 0 && miss.fed_ms * 100 >= context.threshold("self_share") * whole_ms) ++cut_relevant;
                continue;
            }
            if (!miss.is_origin || node.relation.empty() || miss.rows_total < context.threshold("rows")) continue;
            const double share = whole_ms > 0 ? miss.fed_ms / whole_ms : 0;
            worst = std::max(worst, miss.factor);
            if (share * 100 < context.threshold("self_share")) continue;
            Wrong wrong{&stored, miss, std::min(share, 1.0), 0, {}};
            wrong.columns = columns_of(node, wrong.predicates);
            // A filter that compares no column (a SubPlan, a function) is guessed at, whatever the statistics are.
            if (wrong.predicates == 0 && trim(condition_of(node)).size() > 0) continue;
            Wrong& best = by_key[node.relation + "|" + wrong.columns];
            if (!best.stored || wrong.miss.factor > best.miss.factor) best = wrong;
        }
        for (const PlanNodeRow& node : stored.row.nodes) {
            if (!node.relation.empty() && !off.contains(node.node_id) && node.loops.value_or(0) > 0 && node.actual_rows)
                right[{node.relation, condition_of(node)}].push_back({*node.actual_rows * *node.loops});
        }
    }
    for (const auto& [key, wrong] : by_key) {
        const PlanNodeRow& node = wrong.stored->row.nodes[static_cast<std::size_t>(wrong.miss.node)];
        const auto state = states.find(node.relation);
        bool stale = false, fresh = false;
        std::string how;
        if (state != states.end()) {
            const TableState& table = state->second;
            const auto at_ns = wrong.stored->row.at_ns;
            if (table.last_analyze_ns && at_ns && *table.last_analyze_ns > *at_ns) {
                how = "it was analyzed after the plan was taken";  // what the planner knew then is gone
            } else if (const Event* load = load_after(*events, node.relation, table.last_analyze_ns, at_ns)) {
                stale = true;
                how = "'" + load->text + "' came after its last ANALYZE" + (table.last_analyze_ns ? " at " + format_instant(*table.last_analyze_ns) : "");
            } else if (table.modified && table.live && *table.live > 0) {
                const double modified = 100.0 * static_cast<double>(*table.modified) / static_cast<double>(*table.live);
                stale = modified >= context.threshold("modified");
                fresh = !stale;
                how = format_number(modified, 2) + " % of its rows changed since the last ANALYZE" + (table.last_analyze_ns ? " at " + format_instant(*table.last_analyze_ns) : "");
            } else if (!table.last_analyze_ns) {
                stale = true;
                how = "it was never analyzed";
            }
        }
        // As many rows under the same condition, and another estimate: the statistics are others. $1 stands for any value.
        bool later_right = false;
        const std::string condition = condition_of(node);
        if (const auto known = right.find({node.relation, condition}); known != right.end() && condition.find('$') == std::string::npos && trim(condition).size() > 0)
            later_right = std::any_of(known->second.begin(), known->second.end(), [&](const Right& other) {
                const double here = std::max(1.0, wrong.miss.actual_rows * node.loops.value_or(1)), there = std::max(1.0, other.rows_total);
                return std::max(here, there) <= rows_alike * std::min(here, there);
            });
        // Several predicates on one table with fresh or unknown statistics: correlated columns, see database.plan_advice.
        if (fresh || (!stale && !later_right && wrong.predicates >= 2)) continue;
        const double per_loop = std::max(wrong.miss.actual_rows, 0.0);
        Finding finding;
        finding.verdict = stale || later_right ? Verdict::confirmed : Verdict::suspected;
        finding.key = finding_key({node.relation, wrong.columns});
        finding.headline = "The planner expects " + format_count(static_cast<std::int64_t>(wrong.miss.plan_rows)) + " rows of " + node.relation + " and gets " + format_count(static_cast<std::int64_t>(per_loop)) + " (" +
                           format_number(wrong.miss.factor, 2) + " x off), which decides over " + format_percent(wrong.share) + " of the statement's time";
        finding.subjects = {{"table", node.relation}};
        for (const std::string_view column : split(wrong.columns, ','))
            if (!column.empty()) finding.subjects.push_back({"column", std::string(column)});
        if (!wrong.stored->row.query.empty()) finding.subjects.push_back({"statement", summarize_sql(wrong.stored->row.query).normalized});
        finding.figures = {context.figure("misestimate", wrong.miss.factor, "x", "misestimate"), context.figure("rows", wrong.miss.rows_total, "rows", "rows"),
                           context.figure("share_of_time", wrong.share * 100, "%", "self_share")};
        TRY_ASSIGN(const Felt felt, felt_of(context, *wrong.stored, wrong.share));
        finding.impact = 0;
        finding.severity = severity_of(felt);
        finding.refutes_if = "the estimate is still off after a fresh ANALYZE";
        finding.evidence = {{"The plan with the wrong estimate", "plan", "plan",
                             "SELECT node_id, parent_id, depth, node_type, relation, index_name, plan_rows, actual_rows, loops, total_ms, self_ms, rows_removed, shared_hit, shared_read, detail FROM plan_node WHERE plan_id = ?1 ORDER BY node_id",
                             {wrong.stored->id}}};
        if (state != states.end())
            finding.evidence.push_back({"The table's statistics", "table", "table_stat", "SELECT at_ns, \"table\", live_rows, modified_since_analyze, last_analyze_ns FROM table_stat WHERE \"table\" = ?1 OR \"table\" LIKE '%.' || ?1 ORDER BY at_ns", {node.relation}});
        finding.fixes = {{"ANALYZE " + node.relation, "1-5 min", "estimate within 10 x; the planner may choose another plan", "statements whose plan was good by luck"},
                         {"Lower autovacuum_analyze_scale_factor for " + node.relation, "5 min", "statistics follow bulk changes", "more frequent ANALYZE runs"}};
        finding.proof = "a plan taken after ANALYZE estimates this scan within 10 x";
        finding.rollback = "another statement of the table gets slower";
        finding.note = later_right ? "another plan estimates the same scan of as many rows well" : how;
        if (finding.verdict == Verdict::suspected) finding.note = !how.empty() ? how : "when the table was analyzed last is not known; import pg_stat_user_tables to be sure";
        context.add(std::move(finding));
    }
    if (context.findings().empty() && cut_relevant > 0)
        return Answer{Verdict::inconclusive, "the only estimates that are off belong to scans that a LIMIT or a join cut off", {missing_evidence("plan_node", "a plan without the LIMIT shows real row counts")}};
    if (executed == 0) return Answer{Verdict::inconclusive, "the plans hold estimates only", {missing_evidence("plan_node", "shows real row counts")}};
    return Answer{Verdict::ruledOut, "no scan's estimate is off " + format_number(context.threshold("misestimate")) + " x and decides over the time (worst " + format_number(worst, 2) + " x)", {}};
}

}  // namespace

extern const Analyzer stale_statistics;
const Analyzer stale_statistics{"database.stale_statistics", "Does the planner believe wrong row counts because statistics are old?", AnalyzerKind::cause, "plan", "plan_node, table_stat, event", thresholds, run};

}  // namespace casebook::database
