// Which few statements take most database time?
//
// A symptom: it ranks, it does not accuse. Between two snapshots (or, without them, in the spans of the window) one
// fingerprint takes a quarter of the time or more, is called often enough to matter, and the database is busy enough for
// it to be felt at all.

#include "analyzers/analysis/context.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::database {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"share", 25, "%", "patterns-performance slow-statement-ranking"},
                                               {"top", 10, "statements", "patterns-performance slow-statement-ranking"},
                                               {"top_share", 80, "%", "patterns-performance slow-statement-ranking"},
                                               {"ruled_out_share", 10, "%", "patterns-performance slow-statement-ranking"},
                                               {"calls", 10, "calls", "Casebook's own"},
                                               {"load", 0.05, "s per s", "Casebook's own: below it the database idles"}}};

struct Load {
    std::string fingerprint, query;
    double total_ms = 0;
    std::int64_t calls = 0;
    std::optional<std::int64_t> rows, blocks;
};

struct Period {
    std::vector<Load> statements;  ///< by total_ms
    double total_ms = 0, seconds = 0;
    bool lone = false, reset = false;
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
    period.statements.push_back(std::move(load));
}

Period from_interval(const StatementInterval& interval)
{
    Period period;
    period.lone = interval.lone;
    period.reset = interval.reset;
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

Period from_spans(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows)
{
    std::map<std::string_view, Load> loads;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (classes.of[row] != SpanClass::statement || !windows.analysed.contains(spans.start_ns[row])) continue;
        Load& load = loads[spans.text(spans.fingerprint[row])];
        if (load.calls++ == 0) load.query = spans.text(spans.statement[row]);
        load.total_ms += static_cast<double>(spans.duration_ns[row]) / 1e6;
    }
    Period period;
    period.when = windows.analysed;
    period.seconds = windows.analysed.seconds();
    period.source = "span";
    for (auto& [fingerprint, load] : loads) {
        load.fingerprint = fingerprint;
        add(period, std::move(load));
    }
    std::sort(period.statements.begin(), period.statements.end(), [](const Load& a, const Load& b) { return a.total_ms != b.total_ms ? a.total_ms > b.total_ms : a.fingerprint < b.fingerprint; });
    return period;
}

std::size_t rank_by_calls(const Period& period, const Load& load)
{
    return 1 + static_cast<std::size_t>(std::count_if(period.statements.begin(), period.statements.end(), [&](const Load& other) { return other.calls > load.calls; }));
}

void report(AnalysisContext& context, const Period& period, const Load& load)
{
    const SqlSummary sql = summarize_sql(load.query);
    const double share = load.total_ms / period.total_ms, mean_ms = load.total_ms / static_cast<double>(load.calls);
    double top_ms = 0;
    for (std::size_t i = 0; i < period.statements.size() && static_cast<double>(i) < context.threshold("top"); ++i) top_ms += period.statements[i].total_ms;
    Finding finding;
    finding.verdict = period.lone || period.reset ? Verdict::suspected : Verdict::confirmed;
    finding.key = finding_key({load.fingerprint});
    finding.headline = "One " + sql.verb + (sql.table.empty() ? "" : " on " + sql.table) + " takes " + format_percent(share) + " of database time: " + format_count(load.calls) + " calls of " + format_ms(mean_ms);
    finding.subjects = {{"statement", sql.normalized}};
    if (!sql.table.empty()) finding.subjects.push_back({"table", sql.table});
    finding.figures = {context.figure("share", share * 100, "%", "share"), {"total", load.total_ms, "ms", {}, {}}, context.figure("calls", static_cast<double>(load.calls), "calls", "calls"),
                       {"mean", mean_ms, "ms", {}, {}}, {"rank_by_calls", static_cast<double>(rank_by_calls(period, load)), "1", {}, {}},
                       context.figure("top_share", 100 * top_ms / period.total_ms, "%", "top_share")};
    if (load.rows) finding.figures.push_back({"rows_per_call", static_cast<double>(*load.rows) / static_cast<double>(load.calls), "rows", {}, {}});
    if (load.blocks) finding.figures.push_back({"blocks_per_call", static_cast<double>(*load.blocks) / static_cast<double>(load.calls), "blocks", {}, {}});
    finding.when = period.when;
    finding.impact = period.seconds > 0 ? load.total_ms / 1000 / period.seconds : 0;
    finding.severity = severity_of({share, 0, false, false, true});
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
    if (finding.verdict == Verdict::suspected) finding.note = period.lone ? "one snapshot counts since the last reset; a second one would show the incident's own share" : "the counters were reset between the snapshots";
    context.add(std::move(finding));
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* intervals, context.evidence().statement_intervals());
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    std::vector<Period> periods;
    for (const StatementInterval& interval : *intervals) {
        const bool inside = !interval.range || (interval.range->from_ns < context.windows().analysed.to_ns && interval.range->to_ns > context.windows().analysed.from_ns);
        if (inside && !(context.windows().limited && !interval.range)) periods.push_back(from_interval(interval));
    }
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
            const auto rank = [](const Period* p, const Load* l) { return std::tuple(!p->lone && !p->reset, l->total_ms / p->total_ms); };
            if (!best || rank(&period, &load) > rank(best_period, best)) {
                best_period = &period;
                best = &load;
            }
        }
    }
    for (const auto& [fingerprint, entry] : worst) report(context, *entry.first, *entry.second);
    if (periods.empty()) return Answer{Verdict::inconclusive, "no statement statistics fall into the window", {}};
    return Answer{Verdict::ruledOut, reason, {}};
}

}  // namespace

extern const Analyzer dominant_statement;
const Analyzer dominant_statement{"database.dominant_statement", "Which few statements take most database time?", AnalyzerKind::symptom, "statement or span", "statement*2", thresholds, run};

}  // namespace casebook::database
