// Does a frequent statement read far more than it returns?
//
// A plan proves it: the scan of one relation reads ten thousand rows or more, throws nine of ten away, takes a tenth of the
// statement's time, and its filter is a plain comparison that an index could serve. An index that is used but leaves the rest
// to the filter is short of a column. Counters alone can suspect it: hundreds of blocks for a returned row, under an
// equality. A cast or function that hides an index is another question.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/sessions.h"
#include "analyzers/analysis/statement_periods.h"
#include "analyzers/core/text.h"
#include "analyzers/plan/plan_queries.h"
#include "analyzers/plan/plan_store.h"
#include "analyzers/trace/sql_predicates.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 7> thresholds{{{"removed_share", 90, "%", "Casebook's own"},
                                               {"removed_rows", 10'000, "rows", "Casebook's own"},
                                               {"self_share", 10, "%", "Casebook's own"},
                                               {"used_index_share", 50, "%", "Casebook's own"},
                                               {"blocks_per_row", 100, "blocks", "Casebook's own"},
                                               {"blocks_per_call", 500, "blocks", "Casebook's own"},
                                               {"calls", 10, "calls", "Casebook's own"}}};

using plan::RelationScan;

struct StatementCounts {
    std::string fingerprint, query;
    std::int64_t calls = 0;
    double rows = 0, blocks = 0, total_ms = 0, period_ms = 0;
    std::string broken;  ///< why the counters cannot be trusted
    double per_row() const { return blocks / std::max(rows, 1.0); }
    double per_call() const { return calls > 0 ? blocks / static_cast<double>(calls) : 0; }
};

/// All that is known of one relation and set of columns.
struct Candidate {
    std::string relation;
    std::vector<std::string> columns;
    struct Proof { const plan::StoredPlan* stored; RelationScan scan; };
    std::vector<Proof> wasteful, served;  ///< plans in which the scan throws rows away, and in which an index serves it
    std::set<std::string> fingerprints;
    std::optional<StatementCounts> statement;
    bool scan_planned = false, index_planned = false;  ///< what EXPLAIN without ANALYZE, as capture takes it, intends
};

using Candidates = std::map<std::pair<std::string, std::vector<std::string>>, Candidate>;

std::vector<std::string> equality_columns(const std::vector<plan::ColumnTest>& tests)
{
    std::set<std::string> columns;
    for (const plan::ColumnTest& test : tests)
        if (test.is_equality() && test.is_sargable() && (test.against == plan::Against::constant || test.against == plan::Against::parameter || test.against == plan::Against::column)) {
            // A number written as text beside a column cast to text: the cast hides the index, see database.plan_advice.
            const std::string value = plan::constant_text(test.value);
            if (!test.cast.empty() && parse_double(value)) continue;
            columns.insert(test.column);
        }
    return {columns.begin(), columns.end()};
}

/// Columns that an index would have to have for this scan: those it uses, and those of the filter: equality, else one range.
std::vector<std::string> wanted_columns(const RelationScan& scan)
{
    std::vector<std::string> filter = equality_columns(scan.filter);
    if (filter.empty()) filter = plan::index_columns(scan);
    if (filter.empty() || !plan::is_index_scan(scan.node_type)) return filter;
    std::set<std::string> columns(filter.begin(), filter.end());
    for (const plan::ColumnTest& test : scan.condition)
        if (!test.in_or && !test.negated) columns.insert(test.column);
    return {columns.begin(), columns.end()};
}

bool hides_an_index(const RelationScan& scan)
{
    return std::any_of(scan.filter.begin(), scan.filter.end(), [](const plan::ColumnTest& test) { return !test.is_sargable(); });
}

Candidate& candidate_for(Candidates& all, const std::string& relation, const std::vector<std::string>& columns)
{
    Candidate& candidate = all[{relation, columns}];
    candidate.relation = relation;
    candidate.columns = columns;
    return candidate;
}

struct PlanSurvey {
    std::size_t usable = 0, estimates_only = 0, never_run = 0, cut = 0, small = 0;
    std::string cut_scan;  ///< one that would be wasteful, had not a LIMIT stopped it
    double most_removed = 0;
};

/// Without actual rows a plan proves no waste, but it says how the relation is read.
void note_intention(const RelationScan& scan, Candidates& all)
{
    const bool index = plan::is_index_scan(scan.node_type);
    const std::vector<std::string> columns = equality_columns(index ? scan.condition : scan.filter);
    if (columns.empty()) return;
    Candidate& candidate = candidate_for(all, scan.relation, columns);
    (index ? candidate.index_planned : candidate.scan_planned) = true;
}

PlanSurvey survey_plans(AnalysisContext& context, const std::vector<plan::StoredPlan>& plans, Candidates& all)
{
    PlanSurvey survey;
    for (const plan::StoredPlan& stored : plans) {
        if (!in_analysed_window(context.windows(), stored.row.at_ns, stored.window)) continue;
        for (const RelationScan& scan : plan::relation_scans(stored.row)) {
            if (!scan.has_actuals) {
                ++survey.estimates_only;
                note_intention(scan, all);
                continue;
            }
            if (scan.truncation == plan::Truncation::neverRun) {
                ++survey.never_run;
                continue;
            }
            ++survey.usable;
            const bool index = plan::is_index_scan(scan.node_type);
            std::vector<plan::ColumnTest> tests = scan.filter;
            tests.insert(tests.end(), scan.condition.begin(), scan.condition.end());
            if (index && scan.removed_share() * 100 < context.threshold("used_index_share")) {
                if (const std::vector<std::string> columns = equality_columns(tests); !columns.empty()) candidate_for(all, scan.relation, columns).served.push_back({&stored, scan});
                continue;
            }
            const std::vector<std::string> columns = wanted_columns(scan);
            if (columns.empty()) continue;
            if (scan.truncation != plan::Truncation::none) {
                ++survey.cut;
                if (scan.rows_removed >= context.threshold("removed_rows") && scan.removed_share() * 100 > context.threshold("removed_share")) survey.cut_scan = scan.relation;
                continue;
            }
            if (scan.rows_read < context.threshold("removed_rows")) {
                ++survey.small;
                continue;
            }
            survey.most_removed = std::max(survey.most_removed, scan.removed_share());
            const bool wasteful = scan.removed_share() * 100 > context.threshold("removed_share") && scan.rows_removed >= context.threshold("removed_rows") &&
                                  scan.share.value_or(0) * 100 >= context.threshold("self_share") && !hides_an_index(scan);
            if (!wasteful || (scan.node_type != "Seq Scan" && !index)) continue;
            Candidate& candidate = candidate_for(all, scan.relation, columns);
            candidate.wasteful.push_back({&stored, scan});
            if (!stored.fingerprint.empty()) candidate.fingerprints.insert(stored.fingerprint);
        }
    }
    return survey;
}

/// The candidates under all that a statement may be joined by.
class CandidateIndex {
public:
    explicit CandidateIndex(Candidates& all) : all_(all)
    {
        for (auto& [key, candidate] : all)
            for (const Candidate::Proof& proof : candidate.wasteful) {
                by_fingerprint_[proof.stored->fingerprint].insert(&candidate);
                by_query_id_[proof.stored->row.query_id].insert(&candidate);
            }
        by_fingerprint_.erase("");
        by_query_id_.erase("");
    }

    std::set<Candidate*> of(const StatementLoad& load, const std::vector<SqlEquality>& equalities) const
    {
        std::set<Candidate*> found;
        for (const auto& [index, name] : {std::pair(&by_fingerprint_, &load.fingerprint), std::pair(&by_query_id_, &load.query_id)})
            if (const auto known = index->find(*name); known != index->end()) found.insert(known->second.begin(), known->second.end());
        for (const SqlEquality& equality : equalities)
            if (const auto known = all_.find({equality.table, equality.columns}); known != all_.end()) found.insert(&known->second);
        return found;
    }

private:
    Candidates& all_;
    std::map<std::string, std::set<Candidate*>> by_fingerprint_, by_query_id_;
};

/// What a statement asks for, as far as its text shows.
struct Asked {
    bool reads_rows = false;  ///< a verb that searches
    std::vector<SqlEquality> equalities;
};

Asked asked_of(const std::string& query)
{
    const std::string verb = summarize_sql(query).verb;
    if (verb != "SELECT" && verb != "UPDATE" && verb != "DELETE" && verb != "WITH") return {};
    return {true, equality_predicates(query)};
}

/// Counters that can be trusted go before those that cannot, then more blocks.
void keep(Candidate& candidate, const StatementCounts& counts)
{
    candidate.fingerprints.insert(counts.fingerprint);
    const auto rank = [](const StatementCounts& one) { return std::pair(one.broken.empty(), one.blocks); };
    if (!candidate.statement || rank(*candidate.statement) < rank(counts)) candidate.statement = counts;
}

bool is_suspicious(const AnalysisContext& context, const StatementCounts& counts)
{
    return static_cast<double>(counts.calls) >= context.threshold("calls") && counts.per_row() >= context.threshold("blocks_per_row") &&
           counts.per_call() >= context.threshold("blocks_per_call");
}

/// Whether its counters alone raise a suspicion against an index over what its only comparison names.
bool is_worth_suspecting(const AnalysisContext& context, const Candidates& all, const SqlEquality& equality, const StatementCounts& counts)
{
    const auto planned = all.find({equality.table, equality.columns});
    const bool index_planned = planned != all.end() && planned->second.index_planned, scan_planned = planned != all.end() && planned->second.scan_planned;
    if (index_planned && !scan_planned) return false;  // many blocks for other reasons, such as dead rows
    // The primary key by its usual name has an index, unless a plan shows that it is not used.
    if (equality.columns == std::vector<std::string>{"id"} && !scan_planned) return false;
    return is_suspicious(context, counts);
}

/// Why counters cannot rule it out; empty when they can.
std::string insufficient(const std::vector<StatementPeriod>& periods)
{
    std::string why = "no statement statistics fall into the window";
    for (const StatementPeriod& period : periods) {
        if (period.statements.empty()) {
            if (!period.lone && period.broken.empty()) return {};  // nothing was called between two snapshots
            continue;
        }
        const bool counted = std::any_of(period.statements.begin(), period.statements.end(), [](const StatementLoad& load) { return load.blocks.has_value(); });
        if (counted && period.broken.empty()) return {};
        why = counted ? period.broken : "the statement statistics do not count blocks; export the columns shared_blks_hit and shared_blks_read, too";
    }
    return why;
}

/// Statements whose counters smell of it, and those that a proven candidate belongs to.
void join_statements(AnalysisContext& context, const std::vector<StatementPeriod>& periods, Candidates& all)
{
    const CandidateIndex index(all);
    std::map<std::string_view, Asked> by_text;  // the same statements come in every period
    for (const StatementPeriod& period : periods)
        for (const StatementLoad& load : period.statements) {
            if (!load.blocks) continue;
            const auto [known, is_new] = by_text.try_emplace(load.query);
            if (is_new) known->second = asked_of(load.query);
            const auto& [reads_rows, equalities] = known->second;
            if (!reads_rows) continue;
            const StatementCounts counts{load.fingerprint, load.query, load.calls, static_cast<double>(load.rows.value_or(0)), static_cast<double>(*load.blocks),
                                         load.total_ms, period.total_ms, period.broken};
            bool joined = false;
            for (Candidate* candidate : index.of(load, equalities)) {
                joined = joined || !candidate->served.empty() || !candidate->wasteful.empty();
                keep(*candidate, counts);
            }
            if (!joined && equalities.size() == 1 && is_worth_suspecting(context, all, equalities[0], counts))
                keep(candidate_for(all, equalities[0].table, equalities[0].columns), counts);
        }
}

Status report(AnalysisContext& context, const Candidate& candidate)
{
    std::string columns;
    for (const std::string& column : candidate.columns) columns += (columns.empty() ? "" : ", ") + column;
    std::string key_columns = columns;
    std::erase(key_columns, ' ');
    Finding finding;
    finding.key = finding_key({candidate.relation, key_columns});
    finding.subjects = {{"table", candidate.relation}};
    for (const std::string& column : candidate.columns) finding.subjects.push_back({"column", column});
    if (candidate.statement) finding.subjects.push_back({"statement", summarize_sql(candidate.statement->query).normalized});

    // The requests that ran it, when there are spans.
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    std::map<std::uint32_t, std::int64_t> explained;
    TimeRange when{INT64_MAX, INT64_MIN};
    std::set<SpanTable::Id> ids;
    for (const std::string& fingerprint : candidate.fingerprints)
        if (const auto id = spans->strings.find(fingerprint); id != StringPool::none) ids.insert(id);
    for (SpanTable::Row row = 0; row < spans->size() && !ids.empty(); ++row) {
        if (!ids.contains(spans->fingerprint[row]) || !context.windows().analysed.contains(spans->start_ns[row])) continue;
        explained[spans->trace[row]] += spans->duration_ns[row];
        when.from_ns = std::min(when.from_ns, spans->start_ns[row]);
        when.to_ns = std::max(when.to_ns, spans->end_ns(row) + 1);
    }
    if (!explained.empty()) finding.when = when;
    finding.impact = context.impact(explained);
    Felt felt;
    if (!explained.empty()) {
        TRY_ASSIGN(felt, context.felt(explained));
    } else if (candidate.statement && candidate.statement->period_ms > 0) {
        felt.slow_time_share = candidate.statement->total_ms / candidate.statement->period_ms;
        felt.database_time_only = true;
    }
    finding.severity = severity_of(felt);

    std::string effect;
    if (!candidate.wasteful.empty()) {
        const Candidate::Proof& proof = *std::max_element(candidate.wasteful.begin(), candidate.wasteful.end(), [](const auto& a, const auto& b) { return a.scan.rows_removed < b.scan.rows_removed; });
        const double share = proof.scan.share.value_or(0);
        const double whole_ms = plan::execution_ms(proof.stored->row).value_or(0);
        finding.verdict = candidate.served.empty() ? Verdict::confirmed : Verdict::inconclusive;
        finding.headline = "No index serves " + candidate.relation + "(" + columns + "): a scan reads " + format_count(static_cast<std::int64_t>(proof.scan.rows_read)) + " rows to keep " +
                           format_count(static_cast<std::int64_t>(proof.scan.rows_kept)) + ", " + format_percent(share) + (whole_ms > 0 ? " of " + format_ms(whole_ms) : " of the blocks");
        finding.figures = {context.figure("removed_share", proof.scan.removed_share() * 100, "%", "removed_share"), context.figure("removed_rows", proof.scan.rows_removed, "rows", "removed_rows"),
                           context.figure("self_share", share * 100, "%", "self_share"), {"plans", static_cast<double>(candidate.wasteful.size()), "plans", {}, {}}};
        if (whole_ms > 0) effect = format_ms(whole_ms) + " -> ~" + format_ms(std::max(whole_ms * (1 - share) + 0.1, whole_ms * 0.01)) + " per call";
        finding.evidence.push_back({"The plan with the scan", "plan", "plan",
                                    "SELECT node_id, parent_id, depth, node_type, relation, index_name, plan_rows, actual_rows, loops, total_ms, self_ms, rows_removed, shared_hit, shared_read, detail FROM plan_node WHERE plan_id = ?1 ORDER BY node_id",
                                    {proof.stored->id}});
        if (!candidate.served.empty()) finding.note = "another plan uses an index for the same columns; take a new plan to see which holds now";
    } else {
        const std::string rows_each = format_number(candidate.statement->rows / static_cast<double>(candidate.statement->calls), 2);
        finding.verdict = candidate.statement->broken.empty() ? Verdict::suspected : Verdict::inconclusive;
        finding.headline = "A statement reads " + format_count(static_cast<std::int64_t>(candidate.statement->per_call())) + " blocks per call of " + candidate.relation + " by " + columns + " to return " +
                           rows_each + (rows_each == "1" ? " row each: " : " rows each: ") + (candidate.scan_planned ? "it scans the table" : "an index may be missing");
        finding.note = (candidate.statement->broken.empty() ? "" : candidate.statement->broken + "; ") + (candidate.scan_planned ? "its plan is to scan " + candidate.relation + "; how much of it is thrown away shows" : std::string("counters cannot show a scan; import")) +
                       (candidate.scan_planned ? " EXPLAIN (ANALYZE, BUFFERS) of this statement" : " the plan: EXPLAIN (ANALYZE, BUFFERS) of this statement");
    }
    if (candidate.statement) {
        finding.figures.push_back(context.figure("blocks_per_row", candidate.statement->per_row(), "blocks", "blocks_per_row"));
        finding.figures.push_back(context.figure("blocks_per_call", candidate.statement->per_call(), "blocks", "blocks_per_call"));
        finding.figures.push_back(context.figure("calls", static_cast<double>(candidate.statement->calls), "calls", "calls"));
        const double mean_ms = candidate.statement->total_ms / static_cast<double>(std::max<std::int64_t>(candidate.statement->calls, 1));
        finding.figures.push_back({"mean", mean_ms, "ms", {}, {}});
        if (effect.empty()) effect = format_ms(mean_ms) + " -> well below 1 ms per call if the rows are few";
        finding.evidence.push_back({"The statement as the database counted it", "table", "statement",
                                    "SELECT snapshot_at_ns, query, calls, rows, total_ms, mean_ms, shared_hit, shared_read FROM statement WHERE fingerprint = ?1 ORDER BY snapshot_at_ns, calls DESC", {candidate.statement->fingerprint}});
        finding.related.push_back({"database.dominant_statement", finding_key({candidate.statement->fingerprint}), "explains"});
    }
    if (!explained.empty()) {
        const auto most = std::max_element(explained.begin(), explained.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
        finding.evidence.push_back(span_tree_evidence(*spans, most->first, "A request that waited for it"));
    }
    finding.refutes_if = "the plan uses an index and discards under " + format_number(context.threshold("used_index_share")) + " %, or the scan keeps over 20 % of the rows";
    finding.fixes = {{"CREATE INDEX CONCURRENTLY ON " + candidate.relation + " (" + columns + ")", "5-15 min, longer on large tables", effect, "writes to " + candidate.relation + " (mean time at most +10 %) and disk space"}};
    finding.proof = "blocks per call of the statement below " + format_number(context.threshold("blocks_per_call")) + ", and its plan shows the index";
    finding.rollback = "DROP INDEX CONCURRENTLY when inserts or updates of " + candidate.relation + " slow down by more than 10 %";
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto plans, plan::load_plans(context.evidence().file().database()));
    Candidates all;
    const PlanSurvey survey = survey_plans(context, plans, all);
    // Each statement is judged by its own counters: that others are gone from a later snapshot does not matter here.
    constexpr double any_loss = std::numeric_limits<double>::infinity();
    TRY_ASSIGN(const std::vector<StatementPeriod> periods, snapshot_periods(context, any_loss));
    join_statements(context, periods, all);
    for (const auto& [key, candidate] : all) {
        const bool suspicious = candidate.statement && is_suspicious(context, *candidate.statement);
        const bool index_stands = !candidate.served.empty() || (candidate.index_planned && !candidate.scan_planned);
        if (!candidate.wasteful.empty() || (!index_stands && suspicious)) TRY(report(context, candidate));
    }
    TRY_ASSIGN(const std::int64_t statements, context.evidence().amount("statement"));
    if (survey.usable == 0 && statements == 0) {
        const bool some = survey.estimates_only > 0 || survey.never_run > 0;
        return Answer{some ? Verdict::inconclusive : Verdict::notEnoughEvidence,
                      survey.estimates_only > 0 ? "the plans hold estimates only; run EXPLAIN with ANALYZE" : survey.never_run > 0 ? "no scan of the plans was executed" : "the plans scan no table",
                      {missing_evidence("plan_node", "shows what a scan reads and throws away")}};
    }
    if (!survey.cut_scan.empty()) return Answer{Verdict::inconclusive, "a scan of " + survey.cut_scan + " throws most rows away, but a LIMIT or a join cut it off: how many it would keep is not known", {}};
    if (survey.usable > 0 && survey.cut == survey.usable) return Answer{Verdict::inconclusive, "every scan was cut off by a LIMIT", {}};
    if (survey.usable > 0) return Answer{Verdict::ruledOut, "no scan of 10,000 rows or more throws most of them away: the most is " + format_percent(survey.most_removed) + " over " + std::to_string(survey.usable) + " scans", {}};
    if (std::string why = insufficient(periods); !why.empty()) return Answer{Verdict::inconclusive, std::move(why), {missing_evidence("plan_node", "shows what a scan reads and throws away")}};
    return Answer{Verdict::ruledOut, "no statement reads hundreds of blocks for a row under an equality", {}};
}

}  // namespace

extern const Analyzer missing_index;
const Analyzer missing_index{"database.missing_index", "Does a frequent statement read far more than it returns?", AnalyzerKind::cause, "plan or statement", "statement*2, table_stat, span, plan_node", thresholds, run};

}  // namespace casebook::database
