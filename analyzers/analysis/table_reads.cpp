#include "analyzers/analysis/table_reads.h"

#include "analyzers/plan/plan_queries.h"
#include "analyzers/plan/plan_store.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr double block_bytes = 8192, row_overhead_bytes = 28; ///< tuple header and line pointer
constexpr double rows_alike = 2;

/// Whether a plan belongs to what the window is compared with. Without any baseline the earlier of two plans does.
bool is_before(const AnalysisWindows& windows, std::optional<std::int64_t> at_ns, const std::string& window)
{
    if (windows.limited && !at_ns) return false;
    if (windows.baseline && !windows.proposed)
        return at_ns ? windows.baseline->contains(*at_ns) : !window.empty() && window == windows.baseline_name;
    return at_ns.has_value();
}

/// Of the scans of one table: when and what.
struct Timed {
    std::optional<std::int64_t> at_ns;
    TableScan scan;
};

void compare(const std::vector<Timed>& before, const std::vector<Timed>& now, TableReads& reads)
{
    const auto earlier = [](const Timed& a, const Timed& b) { return a.at_ns < b.at_ns; };
    if (before.empty() || now.empty()) return;
    const Timed& first = *std::min_element(before.begin(), before.end(), earlier);
    const Timed& last = *std::max_element(now.begin(), now.end(), earlier);
    if (first.scan.plan_id == last.scan.plan_id || (first.at_ns && last.at_ns && *first.at_ns >= *last.at_ns)) return;
    reads.before = first.scan;
    reads.now = last.scan;
}

struct Counted {
    std::string table;
    double calls = 0, rows = 0, blocks = 0, before_calls = 0, before_rows = 0, before_blocks = 0;
};

/// Blocks per call of SELECTs by their first table, in intervals of the baseline and of the window.
Result<std::map<std::string, StatementReads>> statements_by_table(AnalysisContext& context)
{
    std::map<std::string, StatementReads> found;
    const AnalysisWindows& windows = context.windows();
    if (!windows.baseline || windows.proposed) return found;
    TRY_ASSIGN(const auto* intervals, context.evidence().statement_intervals());
    std::map<std::string, Counted> counted; // by fingerprint
    for (const StatementInterval& interval : *intervals) {
        if (!interval.range || interval.lone || interval.reset || interval.thrown_out) continue;
        const bool inside =
            interval.range->from_ns >= windows.analysed.from_ns && interval.range->to_ns <= windows.analysed.to_ns;
        const bool before =
            interval.range->from_ns >= windows.baseline->from_ns && interval.range->to_ns <= windows.baseline->to_ns;
        if (!inside && !before) continue;
        for (const StatementEntry& entry : interval.entries) {
            if (!entry.shared_hit || !entry.shared_read || !entry.rows || entry.calls <= 0) continue;
            const auto [known, added] = counted.try_emplace(entry.fingerprint);
            Counted& one = known->second;
            if (added) {
                const SqlSummary sql = summarize_sql(entry.query);
                if (sql.verb == "SELECT") one.table = sql.table;
            }
            const auto blocks = static_cast<double>(*entry.shared_hit) + static_cast<double>(*entry.shared_read);
            (inside ? one.calls : one.before_calls) += static_cast<double>(entry.calls);
            (inside ? one.rows : one.before_rows) += static_cast<double>(*entry.rows);
            (inside ? one.blocks : one.before_blocks) += blocks;
        }
    }
    for (const auto& [fingerprint, one] : counted) {
        if (one.table.empty() || one.calls <= 0 || one.before_calls <= 0 || one.before_blocks <= 0) continue;
        const double rows = std::max(one.rows / one.calls, 1.0),
                     before = std::max(one.before_rows / one.before_calls, 1.0);
        if (std::max(rows, before) > rows_alike * std::min(rows, before)) continue;
        const StatementReads reads{fingerprint, one.before_blocks / one.before_calls, one.blocks / one.calls};
        StatementReads& most = found[one.table];
        if (reads.growth() > most.growth()) most = reads;
    }
    return found;
}

} // namespace

Result<ReadsByTable> reads_by_table(AnalysisContext& context, double row_bytes, double scan_blocks)
{
    ReadsByTable reads;
    const AnalysisWindows& windows = context.windows();
    TRY_ASSIGN(const auto plans, plan::load_plans(context.evidence().file().database()));
    std::map<std::pair<std::string, std::string>, std::pair<std::vector<Timed>, std::vector<Timed>>>
        timed; // before, now
    for (const plan::StoredPlan& stored : plans) {
        TRY(context.control().check());
        const bool inside = in_analysed_window(windows, stored.row.at_ns, stored.window),
                   before = is_before(windows, stored.row.at_ns, stored.window);
        if (!inside && !before) continue;
        for (const plan::RelationScan& scan : plan::relation_scans(stored.row)) {
            if (!scan.has_actuals || !scan.blocks || scan.node_type != "Seq Scan" ||
                scan.truncation != plan::Truncation::none)
                continue;
            const auto blocks = static_cast<double>(*scan.blocks);
            const TableScan one{stored.id, blocks * block_bytes / std::max(scan.rows_read, 1.0), blocks,
                                scan.rows_read};
            const std::pair key{scan.schema, scan.relation};
            if (before && blocks > scan_blocks) timed[key].first.push_back({stored.row.at_ns, one});
            if (!inside) continue;
            ++reads.looked_at;
            if (blocks <= scan_blocks) continue;
            timed[key].second.push_back({stored.row.at_ns, one});
            // The width is of the columns that are asked for, so a low one says little.
            const auto width =
                plan::detail_of(stored.row.nodes[static_cast<std::size_t>(scan.node)]).number("Plan Width");
            if (one.bytes_per_row <= row_bytes || !width || *width <= 0 ||
                one.bytes_per_row <= 4 * (*width + row_overhead_bytes))
                continue;
            std::optional<TableScan>& fat = reads.scans[key].fat;
            if (!fat || one.bytes_per_row > fat->bytes_per_row) fat = one;
        }
    }
    for (const auto& [key, scans] : timed) compare(scans.first, scans.second, reads.scans[key]);
    TRY_ASSIGN(reads.statements, statements_by_table(context));
    return reads;
}

std::map<const TableHistory*, TableReads> reads_by_history(const ReadsByTable& reads, const TableStates& states)
{
    std::map<const TableHistory*, TableReads> found;
    for (const auto& [table, one] : reads.scans) {
        const TableHistory* history = history_of(states, table.first, table.second);
        if (!history) continue;
        TableReads& own = found[history]; // a plan with VERBOSE and one without name the same table
        if (one.fat && (!own.fat || one.fat->bytes_per_row > own.fat->bytes_per_row)) own.fat = one.fat;
        if (one.scan_growth() <= own.scan_growth()) continue;
        own.before = one.before;
        own.now = one.now;
    }
    for (const auto& [name, history] : states)
        if (const auto statement = reads.statements.find(name.second); statement != reads.statements.end())
            found[&history].statement = statement->second;
    return found;
}

} // namespace casebook
