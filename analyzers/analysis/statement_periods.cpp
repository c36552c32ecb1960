#include "analyzers/analysis/statement_periods.h"

#include "analyzers/analysis/sessions.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace casebook {
namespace {

constexpr std::uint64_t enough_usual_calls = 100;
constexpr std::array<std::string_view, 14> foreign_verbs{"COPY", "VACUUM", "ANALYZE", "CREATE", "ALTER", "DROP", "BEGIN", "COMMIT", "ROLLBACK", "SET", "SHOW", "EXPLAIN", "REINDEX", "CHECKPOINT"};

/// Backups, maintenance and the reading of the statistics themselves are no application's statements.
bool is_foreign(std::string_view query)
{
    const SqlSummary sql = summarize_sql(query);
    if (std::find(foreign_verbs.begin(), foreign_verbs.end(), sql.verb) != foreign_verbs.end()) return true;
    return contains_ignoring_case(query, "pg_stat_") || contains_ignoring_case(query, "pg_catalog");
}

/// is_foreign() for a query, as far as SQL tells it.
std::string not_foreign()
{
    std::string verbs;
    for (const std::string_view verb : foreign_verbs) verbs += (verbs.empty() ? "'" : ", '") + std::string(verb) + "'";
    return "upper(substr(trim(query), 1, instr(trim(query) || ' ', ' ') - 1)) NOT IN (" + verbs + ") AND query NOT LIKE '%pg\\_stat\\_%' ESCAPE '\\' AND query NOT LIKE '%pg\\_catalog%' ESCAPE '\\'";
}

void add(StatementPeriod& period, StatementLoad load)
{
    if (is_foreign(load.query)) return;
    period.total_ms += load.total_ms;
    period.all.total_ms += load.total_ms;
    period.all.calls += static_cast<std::uint64_t>(std::max<std::int64_t>(load.calls, 0));
    period.statements.push_back(std::move(load));
}

StatementPeriod from_interval(const StatementInterval& interval)
{
    StatementPeriod period;
    period.lone = interval.lone;
    if (interval.reset) period.broken = "the counters were reset between the snapshots";
    else if (interval.thrown_out) period.broken = "statements were deallocated between the snapshots, and their counters with them";
    period.when = interval.range;
    period.seconds = interval.range ? interval.range->seconds() : 0;
    period.source = "statement";
    for (const StatementEntry& entry : interval.entries) {
        StatementLoad load{entry.fingerprint, entry.query, entry.total_ms, entry.calls, entry.rows, {}, entry.variation(), entry.query_id};
        if (entry.shared_hit || entry.shared_read) load.blocks = entry.shared_hit.value_or(0) + entry.shared_read.value_or(0);
        add(period, std::move(load));
    }
    return period;
}

/// Share of the earlier snapshot's time that belongs to statements which the later one does not know.
double lost_share(const StatementSnapshot& earlier, const StatementSnapshot& later)
{
    std::set<std::string_view> kept;
    for (const StatementEntry& entry : later.entries) kept.insert(entry.fingerprint);
    double lost_ms = 0, counted_ms = 0;
    for (const StatementEntry& entry : earlier.entries) {
        counted_ms += entry.total_ms;
        if (!kept.contains(entry.fingerprint)) lost_ms += entry.total_ms;
    }
    return counted_ms > 0 ? lost_ms / counted_ms : 0;
}

}  // namespace

void UsualStatements::add(const std::string& fingerprint, double total_ms, std::int64_t calls)
{
    for (StatementUse* use : {&statements[fingerprint], &all}) {
        use->total_ms += total_ms;
        use->calls += static_cast<std::uint64_t>(std::max<std::int64_t>(calls, 0));
    }
}

Result<std::vector<StatementPeriod>> snapshot_periods(AnalysisContext& context, double unmatched)
{
    TRY_ASSIGN(const auto* snapshots, context.evidence().statement_snapshots());
    TRY_ASSIGN(const auto* intervals, context.evidence().statement_intervals());
    const AnalysisWindows& windows = context.windows();
    std::vector<StatementPeriod> periods;
    UsualStatements counted{{}, {}, "before the first snapshot"}, earlier{{}, {}, "in the snapshots before"};
    if (snapshots->size() > 1)
        for (const StatementEntry& entry : snapshots->front().entries)
            if (!is_foreign(entry.query)) counted.add(entry.fingerprint, entry.total_ms, entry.calls);
    for (std::size_t i = 0; i < intervals->size(); ++i) {
        const StatementInterval& interval = (*intervals)[i];
        StatementPeriod period = from_interval(interval);
        period.usual = earlier.all.calls >= enough_usual_calls ? earlier : counted;
        period.later = &(*snapshots)[interval.lone ? i : i + 1];
        if (!interval.lone && !interval.reset) period.earlier = &(*snapshots)[i];
        if (period.earlier && period.broken.empty())
            if (const double lost = lost_share(*period.earlier, *period.later); lost * 100 >= unmatched)
                period.broken = "statements with " + format_percent(lost) + " of the time are gone from the later snapshot";
        for (const StatementLoad& load : period.statements) earlier.add(load.fingerprint, load.total_ms, load.calls);
        const bool inside = interval.range ? interval.range->from_ns < windows.analysed.to_ns && interval.range->to_ns > windows.analysed.from_ns
                                           : in_analysed_window(windows, {}, period.later->window);
        if (inside) periods.push_back(std::move(period));
    }
    return periods;
}

StatementPeriod span_period(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows)
{
    struct Seen {
        StatementLoad load;
        double squares_ms2 = 0;
    };
    const TimeRange range = windows.incident.value_or(windows.analysed);
    std::map<std::string_view, Seen> seen;
    StatementPeriod period;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (classes.of[row] != SpanClass::statement) continue;
        const double ms = static_cast<double>(spans.duration_ns[row]) / 1e6;
        if (windows.baseline && windows.baseline->contains(spans.start_ns[row]) && !is_foreign(spans.text(spans.statement[row])))
            period.usual.add(std::string(spans.text(spans.fingerprint[row])), ms, 1);
        if (!range.contains(spans.start_ns[row])) continue;
        Seen& one = seen[spans.text(spans.fingerprint[row])];
        if (one.load.calls++ == 0) one.load.query = spans.text(spans.statement[row]);
        one.load.total_ms += ms;
        one.squares_ms2 += ms * ms;
    }
    period.when = range;
    period.seconds = range.seconds();
    period.source = "span";
    period.usual.when = "in the baseline";
    for (auto& [fingerprint, one] : seen) {
        one.load.fingerprint = fingerprint;
        const double calls = static_cast<double>(one.load.calls), mean_ms = one.load.total_ms / calls;
        if (mean_ms > 0) one.load.variation = std::sqrt(std::max(0.0, one.squares_ms2 / calls - mean_ms * mean_ms)) / mean_ms;
        add(period, std::move(one.load));
    }
    std::sort(period.statements.begin(), period.statements.end(),
              [](const StatementLoad& a, const StatementLoad& b) { return a.total_ms != b.total_ms ? a.total_ms > b.total_ms : a.fingerprint < b.fingerprint; });
    return period;
}

Evidence statement_ranks(const StatementPeriod& period)
{
    Evidence evidence{"Statements by total time, calls, blocks and variation side by side", "table", period.source, {}, {}, 0};
    std::string used;
    if (period.source == "span") {
        evidence.arguments = {period.when->from_ns, period.when->to_ns};
        used = "SELECT min(statement) AS query, count(*) AS calls, sum(duration_ns) / 1e6 AS total_ms, NULL AS blocks, sum(duration_ns / 1e6 * duration_ns / 1e6) AS squares FROM span WHERE fingerprint <> '' "
               "AND start_ns >= ?1 AND start_ns < ?2 GROUP BY fingerprint";
    } else {
        const auto snapshot = [&](const StatementSnapshot& of) {
            evidence.arguments.emplace_back(of.file_id);
            std::string is = "file_id = ?" + std::to_string(evidence.arguments.size());
            if (!of.at_ns) return is + " AND snapshot_at_ns IS NULL";
            evidence.arguments.emplace_back(*of.at_ns);
            return is + " AND snapshot_at_ns = ?" + std::to_string(evidence.arguments.size());
        };
        std::string rows = "SELECT *, 1 AS sign FROM statement WHERE " + snapshot(*period.later);
        if (period.earlier) rows += " UNION ALL SELECT *, -1 FROM statement WHERE " + snapshot(*period.earlier);
        used = "SELECT min(query) AS query, sum(sign * calls) AS calls, sum(sign * total_ms) AS total_ms, "
               "sum(CASE WHEN shared_hit IS NOT NULL OR shared_read IS NOT NULL THEN sign * (coalesce(shared_hit, 0) + coalesce(shared_read, 0)) END) AS blocks, "
               "CASE WHEN count(stddev_ms) = count(*) THEN sum(sign * (calls * stddev_ms * stddev_ms + total_ms * total_ms / nullif(calls, 0))) END AS squares FROM (" + rows + ") GROUP BY fingerprint";
    }
    evidence.sql = "SELECT rank() OVER (ORDER BY total_ms DESC) AS by_total, rank() OVER (ORDER BY calls DESC) AS by_calls, CASE WHEN blocks IS NOT NULL THEN rank() OVER (ORDER BY blocks DESC) END AS by_blocks, "
                   "CASE WHEN variation IS NOT NULL THEN rank() OVER (ORDER BY variation DESC) END AS by_variation, total_ms, calls, total_ms / calls AS mean_ms, blocks, variation, query FROM "
                   "(SELECT *, CASE WHEN total_ms > 0 THEN sqrt(max(0, squares / calls - total_ms / calls * total_ms / calls)) / (total_ms / calls) END AS variation FROM (" + used + ") WHERE calls > 0 AND " + not_foreign() +
                   ") ORDER BY total_ms DESC, query LIMIT 200";
    return evidence;
}

}  // namespace casebook
