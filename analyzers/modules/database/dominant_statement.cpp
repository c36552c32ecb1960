// Which few statements take most database time?
//
// A symptom: it ranks. Between two snapshots (or, without them, in the spans of the window) one fingerprint takes a quarter
// of the time or more, is called often enough to matter, and the database is busy enough for it to be felt at all. Some
// statement is always the largest, so that alone is a suspicion. It is confirmed when the statement takes more beside the
// others, or per call, than it used to, when nothing is known of the time before two snapshots, or when the database is
// saturated, so that its largest user is the one to change.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/statement_growth.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 9> thresholds{{{"share", 25, "%", "patterns-performance slow-statement-ranking"},
                                               {"top", 10, "statements", "patterns-performance slow-statement-ranking"},
                                               {"top_share", 80, "%", "patterns-performance slow-statement-ranking"},
                                               {"ruled_out_share", 10, "%", "patterns-performance slow-statement-ranking"},
                                               {"calls", 10, "calls", "Casebook's own"},
                                               {"load", 0.05, "s per s", "Casebook's own: below it the database idles"},
                                               {"growth", 2, "x", "Casebook's own"},
                                               {"cpu", 80, "%", "patterns-production db-cpu-saturation, the symptom table's line"},
                                               {"unmatched", 10, "%", "patterns-production slow-statement-ranking"}}};

constexpr std::uint64_t enough_usual_calls = 100;

struct Load {
    std::string fingerprint, query;
    double total_ms = 0;
    std::int64_t calls = 0;
    std::optional<std::int64_t> rows, blocks;
};

/// What was usual before a period.
struct Usual {
    std::map<std::string, StatementUse> statements;  ///< by fingerprint
    StatementUse all;
    std::string when;
    void add(const std::string& fingerprint, double total_ms, std::int64_t calls)
    {
        for (StatementUse* use : {&statements[fingerprint], &all}) {
            use->total_ms += total_ms;
            use->calls += static_cast<std::uint64_t>(std::max<std::int64_t>(calls, 0));
        }
    }
};

struct Period {
    std::vector<Load> statements;  ///< by total_ms
    StatementUse all;
    double total_ms = 0, seconds = 0;
    bool lone = false;
    std::string broken;            ///< why the counters cannot be trusted
    Usual usual;
    std::optional<TimeRange> when;
    std::string source;
};

/// Backups, maintenance and the reading of the statistics themselves are no application's statements.
bool is_foreign(std::string_view query)
{
    const SqlSummary sql = summarize_sql(query);
    for (const std::string_view verb : {"COPY", "VACUUM", "ANALYZE", "CREATE", "ALTER", "DROP", "BEGIN", "COMMIT", "ROLLBACK", "SET", "SHOW", "EXPLAIN", "REINDEX", "CHECKPOINT"})
        if (sql.verb == verb) return true;
    return contains_ignoring_case(query, "pg_stat_") || contains_ignoring_case(query, "pg_catalog");
}

void add(Period& period, Load load)
{
    if (is_foreign(load.query)) return;
    period.total_ms += load.total_ms;
    period.all.total_ms += load.total_ms;
    period.all.calls += static_cast<std::uint64_t>(std::max<std::int64_t>(load.calls, 0));
    period.statements.push_back(std::move(load));
}

Period from_interval(const StatementInterval& interval)
{
    Period period;
    period.lone = interval.lone;
    if (interval.reset) period.broken = "the counters were reset between the snapshots";
    period.when = interval.range;
    period.seconds = interval.range ? interval.range->seconds() : 0;
    period.source = "statement";
    for (const StatementEntry& entry : interval.entries) {
        Load load{entry.fingerprint, entry.query, entry.total_ms, entry.calls, entry.rows, {}};
        if (entry.shared_hit || entry.shared_read) load.blocks = entry.shared_hit.value_or(0) + entry.shared_read.value_or(0);
        add(period, std::move(load));
    }
    return period;
}

/// The statement spans of a stretch, and of the baseline beside it.
Period from_spans(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows)
{
    const TimeRange range = windows.incident.value_or(windows.analysed);
    std::map<std::string_view, Load> loads;
    Period period;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (classes.of[row] != SpanClass::statement) continue;
        const double ms = static_cast<double>(spans.duration_ns[row]) / 1e6;
        if (windows.baseline && windows.baseline->contains(spans.start_ns[row]) && !is_foreign(spans.text(spans.statement[row])))
            period.usual.add(std::string(spans.text(spans.fingerprint[row])), ms, 1);
        if (!range.contains(spans.start_ns[row])) continue;
        Load& load = loads[spans.text(spans.fingerprint[row])];
        if (load.calls++ == 0) load.query = spans.text(spans.statement[row]);
        load.total_ms += ms;
    }
    period.when = range;
    period.seconds = range.seconds();
    period.source = "span";
    period.usual.when = "in the baseline";
    for (auto& [fingerprint, load] : loads) {
        load.fingerprint = fingerprint;
        add(period, std::move(load));
    }
    std::sort(period.statements.begin(), period.statements.end(), [](const Load& a, const Load& b) { return a.total_ms != b.total_ms ? a.total_ms > b.total_ms : a.fingerprint < b.fingerprint; });
    return period;
}

/// Intervals between snapshots, each with what was usual before it: the intervals before, or for the first one all that its
/// earlier snapshot had counted since the reset.
Result<std::vector<Period>> from_snapshots(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* snapshots, context.evidence().statement_snapshots());
    TRY_ASSIGN(const auto* intervals, context.evidence().statement_intervals());
    std::vector<Period> periods;
    Usual counted{{}, {}, "before the first snapshot"}, earlier{{}, {}, "in the snapshots before"};
    if (snapshots->size() > 1)
        for (const StatementEntry& entry : snapshots->front().entries)
            if (!is_foreign(entry.query)) counted.add(entry.fingerprint, entry.total_ms, entry.calls);
    for (std::size_t i = 0; i < intervals->size(); ++i) {
        const StatementInterval& interval = (*intervals)[i];
        const AnalysisWindows& windows = context.windows();
        Period period = from_interval(interval);
        period.usual = earlier.all.calls >= enough_usual_calls ? earlier : counted;
        if (!interval.lone && period.broken.empty()) {
            std::map<std::string_view, bool> kept;
            for (const StatementEntry& entry : (*snapshots)[i + 1].entries) kept[entry.fingerprint] = true;
            double lost_ms = 0, counted_ms = 0;
            for (const StatementEntry& entry : (*snapshots)[i].entries) {
                counted_ms += entry.total_ms;
                if (!kept.contains(entry.fingerprint)) lost_ms += entry.total_ms;
            }
            if (counted_ms > 0 && lost_ms * 100 >= context.threshold("unmatched") * counted_ms)
                period.broken = "statements with " + format_percent(lost_ms / counted_ms) + " of the time are gone from the later snapshot";
        }
        for (const Load& load : period.statements) earlier.add(load.fingerprint, load.total_ms, load.calls);
        const bool inside = !interval.range || (interval.range->from_ns < windows.analysed.to_ns && interval.range->to_ns > windows.analysed.from_ns);
        if (inside && !(windows.limited && !interval.range)) periods.push_back(std::move(period));
    }
    return periods;
}

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

/// The counters of deallocated statements are lost; pg_stat_statements_info counts how often that happened.
Result<bool> deallocated(AnalysisContext& context)
{
    TRY_ASSIGN(Statement rows, context.evidence().file().database().prepare("SELECT min(CAST(value AS INTEGER)) < max(CAST(value AS INTEGER)) FROM setting WHERE source = 'pg_stat_statements_info' AND name = 'dealloc'"));
    TRY_ASSIGN(const bool row, rows.step());
    return row && rows.optional_integer(0).value_or(0) != 0;
}

template <class Measure>
double rank_by(const Period& period, const Load& load, Measure measure)
{
    return 1 + static_cast<double>(std::count_if(period.statements.begin(), period.statements.end(), [&](const Load& other) { return measure(other) > measure(load); }));
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

StatementUse use_of(const Load& load) { return {load.total_ms, static_cast<std::uint64_t>(std::max<std::int64_t>(load.calls, 0))}; }

StatementUse usual_use(const Period& period, const Load& load)
{
    const auto before = period.usual.statements.find(load.fingerprint);
    return before == period.usual.statements.end() ? StatementUse{} : before->second;
}

StatementGrowth growth_of(const AnalysisContext& context, const Period& period, const Load& load)
{
    return statement_growth(use_of(load), period.all, usual_use(period, load), period.usual.all, context.threshold("growth"));
}

Status report(AnalysisContext& context, const SpanTable& spans, const Period& period, const Load& load, std::optional<double> cpu)
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
                       {"mean", mean_ms, "ms", {}, {}}, {"rank_by_calls", rank_by(period, load, [](const Load& other) { return static_cast<double>(other.calls); }), "1", {}, {}},
                       context.figure("top_share", 100 * top_ms / period.total_ms, "%", "top_share")};
    if (load.rows) finding.figures.push_back({"rows_per_call", static_cast<double>(*load.rows) / static_cast<double>(load.calls), "rows", {}, {}});
    if (load.blocks) finding.figures.push_back({"rank_by_blocks", rank_by(period, load, [](const Load& other) { return static_cast<double>(other.blocks.value_or(0)); }), "1", {}, {}});
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
    if (period.source == "statement")
        finding.evidence = {{"The statement in every snapshot", "table", "statement", "SELECT snapshot_at_ns, query, calls, rows, total_ms, mean_ms, shared_hit, shared_read FROM statement WHERE fingerprint = ?1 ORDER BY snapshot_at_ns, calls DESC", {load.fingerprint}},
                            {"All statements by total time", "table", "statement", "SELECT snapshot_at_ns, query, calls, rows, total_ms, mean_ms FROM statement ORDER BY snapshot_at_ns DESC, total_ms DESC LIMIT 200", {}}};
    else
        finding.evidence = {{"Statements by total time", "table", "span",
                             "SELECT fingerprint, min(statement) AS statement, count(*) AS calls, sum(duration_ns) / 1e6 AS total_ms, percentile(duration_ns / 1e6, 95) AS p95_ms FROM span WHERE fingerprint <> '' AND start_ns >= ?1 "
                             "AND start_ns < ?2 GROUP BY fingerprint ORDER BY total_ms DESC LIMIT 200",
                             {context.windows().analysed.from_ns, context.windows().analysed.to_ns}}};
    finding.fixes = {{"Explain it with EXPLAIN (ANALYZE, BUFFERS) and import the plan; then call it less often or make it cheaper", "30 min", "up to " + format_percent(share) + " of database time", "none"}};
    finding.proof = "its share of database time below " + format_number(context.threshold("ruled_out_share")) + " %";
    if (!period.broken.empty()) finding.note = period.broken;
    else if (period.lone) finding.note = "one snapshot counts since the last reset; a second one would show the incident's own share";
    else if (finding.verdict == Verdict::suspected)
        finding.note = growth.comparable ? format_percent(before_use.total_ms / period.usual.all.total_ms) + " of the time " + period.usual.when + " already: some statement is always the largest"
                                         : "some statement is always the largest; what was usual before is not known (a snapshot or a baseline from before would tell)";
    else if (growth.grown)
        finding.note = before_use.calls == 0 ? "it was not called " + period.usual.when : format_percent(before_use.total_ms / period.usual.all.total_ms) + " of the time and " + format_ms(before_use.mean_ms()) + " per call " + period.usual.when;
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(std::vector<Period> periods, from_snapshots(context));
    TRY_ASSIGN(const std::optional<double> cpu, database_cpu(context));
    TRY_ASSIGN(const bool lost, deallocated(context));
    if (lost)
        for (Period& period : periods)
            if (period.broken.empty()) period.broken = "statements were deallocated between the snapshots, and their counters with them";
    const bool only_lone = std::all_of(periods.begin(), periods.end(), [](const Period& period) { return period.lone; });
    if (only_lone && !spans->empty()) {
        Period seen = from_spans(*spans, *classes, context.windows());
        if (!seen.statements.empty()) periods.insert(periods.begin(), std::move(seen));
    }
    std::string reason = "no statement was recorded in the window";
    std::map<std::string, std::pair<const Period*, const Load*>> worst;
    for (const Period& period : periods) {
        if (period.statements.empty() || period.total_ms <= 0) continue;
        const Load& first = period.statements.front();
        reason = "the largest share of database time is " + format_percent(first.total_ms / period.total_ms);
        if (period.seconds > 0 && period.total_ms / 1000 / period.seconds < context.threshold("load")) {
            reason = "the database works " + format_ms(period.total_ms / period.seconds) + " per second, too little to matter";
            continue;
        }
        for (const Load& load : period.statements) {
            if (load.total_ms * 100 < context.threshold("share") * period.total_ms) break;
            if (static_cast<double>(load.calls) < context.threshold("calls")) continue;
            auto& [best_period, best] = worst[load.fingerprint];
            const auto rank = [&](const Period* p, const Load* l) {
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
    return Answer{Verdict::ruledOut, reason, {}};
}

}  // namespace

extern const Analyzer dominant_statement;
const Analyzer dominant_statement{"database.dominant_statement", "Which few statements take most database time?", AnalyzerKind::symptom, "statement or span", "statement*2", thresholds, run};

}  // namespace casebook::database
