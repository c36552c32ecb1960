// Which few statements take most database time?
//
// A symptom: it ranks. Between two snapshots (or, without them, in the spans of the window) one fingerprint takes a quarter
// of the time or more, is called often enough to matter, and the database is busy enough for it to be felt at all. Some
// statement is always the largest, so that alone is a suspicion. It is confirmed when the statement takes more beside the
// others, or per call, than it used to, when nothing is known of the time before two snapshots, or when the database is
// saturated, so that its largest user is the one to change.

#include "analyzers/analysis/statement_periods.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 9> thresholds{{{"share", 25, "%", "Casebook's own"},
                                               {"top", 10, "statements", "Casebook's own"},
                                               {"top_share", 80, "%", "Casebook's own"},
                                               {"ruled_out_share", 10, "%", "Casebook's own"},
                                               {"calls", 10, "calls", "Casebook's own"},
                                               {"load", 0.05, "s per s", "Casebook's own: below it the database idles"},
                                               {"growth", 2, "x", "Casebook's own"},
                                               {"cpu", 80, "%", "Casebook's own"},
                                               {"unmatched", 10, "%", "Casebook's own"}}};

/// Median CPU use of the database in the stretch in trouble, in %.
Result<std::optional<double>> database_cpu(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* all, context.evidence().metric("db_cpu"));
    const TimeRange range = context.windows().incident.value_or(context.windows().analysed);
    std::optional<double> highest;
    for (const Series& series : *all) {
        std::vector<double> values;
        for (std::size_t i = 0; i < series.value.size(); ++i)
            if (range.contains(series.at_ns[i])) values.push_back(series.value[i] * 100);
        if (!values.empty()) highest = std::max(highest.value_or(0), median(values));
    }
    return highest;
}

/// Requests of the stretch in trouble that ran it: what of their time is this statement's.
Result<Felt> felt_by_requests(AnalysisContext& context, const SpanTable& spans, const std::string& fingerprint, double share)
{
    Felt felt;
    felt.database_time_only = true;
    felt.slow_time_share = share;
    const SpanTable::Id id = spans.strings.find(fingerprint);
    if (id == StringPool::none) return felt;
    std::map<std::uint32_t, std::int64_t> explained;
    for (SpanTable::Row row = 0; row < spans.size(); ++row)
        if (spans.fingerprint[row] == id && context.windows().analysed.contains(spans.start_ns[row])) explained[spans.trace[row]] += spans.duration_ns[row];
    if (explained.empty()) return felt;
    TRY_ASSIGN(felt, context.felt(explained));
    felt.database_time_only = true;  // a share of database time alone never makes more than a warning
    return felt;
}

StatementUse use_of(const StatementLoad& load) { return {load.total_ms, static_cast<std::uint64_t>(std::max<std::int64_t>(load.calls, 0))}; }

StatementUse usual_use(const StatementPeriod& period, const StatementLoad& load)
{
    const auto before = period.usual.statements.find(load.fingerprint);
    return before == period.usual.statements.end() ? StatementUse{} : before->second;
}

StatementGrowth growth_of(const AnalysisContext& context, const StatementPeriod& period, const StatementLoad& load)
{
    return statement_growth(use_of(load), period.all, usual_use(period, load), period.usual.all, context.threshold("growth"));
}

/// Why a large share alone is no more than a suspicion; `factor` times what was usual would be growth.
std::string usual_note(const StatementPeriod& period, StatementUse before, const StatementGrowth& growth, double share, double factor)
{
    if (!growth.comparable) return "some statement is always the largest; what was usual before is not known (a snapshot or a baseline from before would tell)";
    const double was = before.total_ms / period.usual.all.total_ms;
    const std::string usual = format_percent(was) + " of the time " + period.usual.when;
    return was * factor < share ? usual + ", where too little ran to tell growth from chance" : usual + " already: some statement is always the largest";
}

Status report(AnalysisContext& context, const SpanTable& spans, const StatementPeriod& period, const StatementLoad& load, std::optional<double> cpu)
{
    const SqlSummary sql = summarize_sql(load.query);
    const double share = load.total_ms / period.total_ms, mean_ms = load.total_ms / static_cast<double>(load.calls);
    double top_ms = 0;
    for (std::size_t i = 0; i < period.statements.size() && static_cast<double>(i) < context.threshold("top"); ++i) top_ms += period.statements[i].total_ms;
    Finding finding;
    const StatementUse before_use = usual_use(period, load);
    const StatementGrowth growth = growth_of(context, period, load);
    const bool saturated = cpu && *cpu >= context.threshold("cpu");
    // The interval's own share is what the question asks for; only what is known to be as usual stands against it.
    const bool own_interval = period.source == "statement" && !period.lone;
    const bool outstanding = growth.grown || saturated || (own_interval && !growth.comparable);
    finding.verdict = !period.broken.empty() ? Verdict::inconclusive : !period.lone && outstanding ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({load.fingerprint});
    finding.headline = "One " + sql.verb + (sql.table.empty() ? "" : " on " + sql.table) + " takes " + format_percent(share) + " of database time: " + format_count(load.calls) + " calls of " + format_ms(mean_ms);
    finding.subjects = {{"statement", sql.normalized}};
    if (!sql.table.empty()) finding.subjects.push_back({"table", sql.table});
    finding.figures = {context.figure("share", share * 100, "%", "share"), {"total", load.total_ms, "ms", {}, {}}, context.figure("calls", static_cast<double>(load.calls), "calls", "calls"),
                       {"mean", mean_ms, "ms", {}, {}}, {"rank_by_total", statement_rank(period, load, [](const StatementLoad& other) { return other.total_ms; }), "1", {}, {}},
                       {"rank_by_calls", statement_rank(period, load, [](const StatementLoad& other) { return other.calls; }), "1", {}, {}}, context.figure("top_share", 100 * top_ms / period.total_ms, "%", "top_share")};
    if (load.rows) finding.figures.push_back({"rows_per_call", static_cast<double>(*load.rows) / static_cast<double>(load.calls), "rows", {}, {}});
    if (load.blocks) finding.figures.push_back({"rank_by_blocks", statement_rank(period, load, [](const StatementLoad& other) { return other.blocks.value_or(0); }), "1", {}, {}});
    if (load.variation) {
        finding.figures.push_back({"variation", *load.variation, "1", {}, {}});
        finding.figures.push_back({"rank_by_variation", statement_rank(period, load, [](const StatementLoad& other) { return other.variation.value_or(0); }), "1", {}, {}});
    }
    if (growth.comparable) {
        finding.figures.push_back({"share_before", period.usual.all.total_ms > 0 ? 100 * before_use.total_ms / period.usual.all.total_ms : 0, "%", {}, {}});
        if (growth.beside_others > 0) finding.figures.push_back(context.figure("growth_beside_others", growth.beside_others, "x", "growth"));
        if (growth.mean > 0) finding.figures.push_back(context.figure("growth_per_call", growth.mean, "x", "growth"));
    }
    if (cpu) finding.figures.push_back(context.figure("database_cpu", *cpu, "%", "cpu"));
    if (load.blocks) finding.figures.push_back({"blocks_per_call", static_cast<double>(*load.blocks) / static_cast<double>(load.calls), "blocks", {}, {}});
    finding.when = period.when;
    finding.impact = period.seconds > 0 ? load.total_ms / 1000 / period.seconds : 0;
    TRY_ASSIGN(const Felt felt, felt_by_requests(context, spans, load.fingerprint, share));
    finding.severity = finding.verdict == Verdict::confirmed ? severity_of(felt) : Severity::note;
    finding.refutes_if = "no statement takes " + format_number(context.threshold("ruled_out_share")) + " % of the time";
    finding.evidence.push_back(statement_ranks(period));
    if (period.source == "statement")
        finding.evidence.push_back({"The statement in every snapshot", "table", "statement", "SELECT snapshot_at_ns, query, calls, rows, total_ms, mean_ms, stddev_ms, shared_hit, shared_read FROM statement WHERE fingerprint = ?1 ORDER BY snapshot_at_ns, calls DESC", {load.fingerprint}});
    finding.fixes = {{"Explain it with EXPLAIN (ANALYZE, BUFFERS) and import the plan; then call it less often or make it cheaper", "30 min", "up to " + format_percent(share) + " of database time", "none"}};
    finding.proof = "its share of database time below " + format_number(context.threshold("ruled_out_share")) + " %";
    finding.rollback = "another statement, or writes to its tables, take the time that it saves";
    if (!period.broken.empty()) finding.note = period.broken;
    else if (period.lone) finding.note = "one snapshot counts since the last reset; a second one would show the incident's own share";
    else if (finding.verdict == Verdict::suspected)
        finding.note = usual_note(period, before_use, growth, share, context.threshold("growth"));
    else if (growth.grown)
        finding.note = before_use.calls == 0 ? "it was not called " + period.usual.when : format_percent(before_use.total_ms / period.usual.all.total_ms) + " of the time and " + format_ms(before_use.mean_ms()) + " per call " + period.usual.when;
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(std::vector<StatementPeriod> periods, snapshot_periods(context, context.threshold("unmatched")));
    TRY_ASSIGN(const std::optional<double> cpu, database_cpu(context));
    const bool only_lone = std::all_of(periods.begin(), periods.end(), [](const StatementPeriod& period) { return period.lone; });
    if (only_lone && !spans->empty()) {
        StatementPeriod seen = span_period(*spans, *classes, context.windows());
        if (!seen.statements.empty()) periods.insert(periods.begin(), std::move(seen));
    }
    std::string reason = "no statement was recorded in the window";
    std::map<std::string, std::pair<const StatementPeriod*, const StatementLoad*>> worst;
    for (const StatementPeriod& period : periods) {
        if (period.statements.empty() || period.total_ms <= 0) continue;
        const StatementLoad& first = period.statements.front();
        reason = "the largest share of database time is " + format_percent(first.total_ms / period.total_ms);
        if (static_cast<double>(first.calls) < context.threshold("calls")) reason += ", of " + format_count(first.calls) + (first.calls == 1 ? " call: too few" : " calls: too few") + " to matter";
        if (period.seconds > 0 && period.total_ms / 1000 / period.seconds < context.threshold("load")) {
            reason = "the database works " + format_ms(period.total_ms / period.seconds) + " of every second, too little to matter";
            continue;
        }
        for (const StatementLoad& load : period.statements) {
            if (load.total_ms * 100 < context.threshold("share") * period.total_ms) break;
            if (static_cast<double>(load.calls) < context.threshold("calls")) continue;
            auto& [best_period, best] = worst[load.fingerprint];
            const auto rank = [&](const StatementPeriod* p, const StatementLoad* l) {
                return std::tuple(!p->lone && p->broken.empty(), growth_of(context, *p, *l).grown, l->total_ms / p->total_ms);
            };
            if (!best || rank(&period, &load) > rank(best_period, best)) {
                best_period = &period;
                best = &load;
            }
        }
    }
    for (const auto& [fingerprint, entry] : worst) TRY(report(context, *spans, *entry.first, *entry.second, cpu));
    if (periods.empty()) return Answer{Verdict::inconclusive, "no statement statistics fall into the window", {}};
    for (const StatementPeriod& period : periods)
        if (!period.broken.empty()) return Answer{Verdict::inconclusive, period.broken, {}};
    return Answer{Verdict::ruledOut, reason, {}};
}

}  // namespace

extern const Analyzer dominant_statement;
const Analyzer dominant_statement{"database.dominant_statement", "Which few statements take most database time?", AnalyzerKind::symptom, "statement or span", "statement*2", thresholds, run};

}  // namespace casebook::database
