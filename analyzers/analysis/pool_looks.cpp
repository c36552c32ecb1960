#include "analyzers/analysis/pool_looks.h"

#include "analyzers/analysis/pool_gauges.h"
#include "analyzers/core/statistics.h"

namespace casebook {
namespace {

constexpr std::int64_t merge_gap_ns = 1'000'000'000;

}  // namespace

Result<std::map<std::string, std::vector<PoolGaugeLook>>> look_at_gauges(CaseEvidence& evidence, const AnalysisWindows& windows, double wait_limit_ms, double alert_percent)
{
    std::map<std::string, std::map<std::string, PoolGaugeLook>> looks;
    TRY_ASSIGN(const auto* used, evidence.metric("pool_used"));
    TRY_ASSIGN(const auto* maxima, evidence.metric("pool_max"));
    TRY_ASSIGN(const auto* pending, evidence.metric("pool_pending"));
    TRY_ASSIGN(const auto* wait_sum, evidence.metric("pool_wait_sum"));
    TRY_ASSIGN(const auto* wait_count, evidence.metric("pool_wait_count"));
    TRY_ASSIGN(const auto* use_sum, evidence.metric("pool_use_sum"));
    const PoolSeries max_of(*maxima), pending_of(*pending), wait_sum_of(*wait_sum), wait_count_of(*wait_count), use_sum_of(*use_sum);
    for (const Series& series : *used) {
        const std::string identity = pool_identity(series);
        PoolGaugeLook look;
        look.there = true;
        look.pool = series.label("db.client.connection.pool.name");
        look.instance = series.instance;
        look.series = &series;
        const Series* max = max_of.of(identity);
        const Series* waiting = pending_of.of(identity);
        const Series* waits = wait_sum_of.of(identity);
        const Series* wait_counts = wait_count_of.of(identity);
        const Series* uses = use_sum_of.of(identity);
        look.has_pending = waiting || waits;
        TRY_ASSIGN(const std::optional<double> pool_setting, evidence.setting("pool_max"));
        look.max_known = max || pool_setting;
        // Nobody said how large the pool is: what it never exceeds while requests wait is taken for it, as a suspicion.
        double plateau = 0;
        for (std::size_t i = 0; i < series.at_ns.size(); ++i)
            if (windows.analysed.contains(series.at_ns[i])) plateau = std::max(plateau, series.value[i]);
        double near_waited = 0, near_counted = 0, sum_wait = 0, count_wait = 0, sum_use = 0, seconds = 0, run_waiting = 0, most_waiting = -1;
        std::optional<std::size_t> run_last;
        std::int64_t run_from = 0;
        if (series.at_ns.size() > 1) look.step_ns = std::max(merge_gap_ns, (series.at_ns.back() - series.at_ns.front()) / static_cast<std::int64_t>(series.at_ns.size() - 1));
        for (std::size_t i = 0; i < series.at_ns.size(); ++i) {
            const std::int64_t at = series.at_ns[i];
            if (!windows.analysed.contains(at)) continue;
            ++look.samples;
            const double limit = max ? value_at(*max, at) : pool_setting.value_or(plateau);
            look.max = std::max(look.max, limit);
            look.most_used = std::max(look.most_used, series.value[i]);
            const double in_line = waiting ? value_at(*waiting, at) : 0;
            const TimeRange step{i > 0 ? series.at_ns[i - 1] + 1 : at, at + 1};
            const double counted = wait_counts ? wait_counts->increase(step) : 0, waited = waits ? waits->increase(step) : 0;
            const double mean_wait_ms = counted > 0 ? waited / counted : 0;
            if (look.max_known && limit > 0 && series.value[i] * 100 >= alert_percent * limit && mean_wait_ms > wait_limit_ms) {
                ++look.near_full;
                near_waited += waited;
                near_counted += counted;
                look.near_full_when = TimeRange{look.near_full_when ? look.near_full_when->from_ns : step.from_ns, at + 1};
            }
            if (limit <= 0 || series.value[i] < limit || (in_line <= 0 && mean_wait_ms <= wait_limit_ms)) continue;
            ++look.saturated;
            look.most_pending = std::max(look.most_pending, in_line);
            look.saturated_at.push_back(at);
            if (!run_last || *run_last + 1 != i) {
                run_from = at;
                run_waiting = 0;
            }
            run_last = i;
            run_waiting += in_line > 0 ? in_line : mean_wait_ms;
            if (run_waiting > most_waiting) {
                most_waiting = run_waiting;
                look.when = TimeRange{run_from, at + 1};
            }
            sum_wait += waited;
            count_wait += counted;
            if (uses && i > 0) {
                sum_use += uses->increase(step);
                seconds += static_cast<double>(at - series.at_ns[i - 1]) / 1e9;
            }
        }
        look.near_full_wait_ms = near_counted > 0 ? near_waited / near_counted : 0;
        look.mean_wait_ms = count_wait > 0 ? sum_wait / count_wait : 0;
        look.little = seconds > 0 ? sum_use / 1000 / seconds : 0;
        PoolGaugeLook& best = looks[pool_service(series)][series.instance];
        if (!best.there || look.saturated > best.saturated || (look.saturated == best.saturated && look.samples > best.samples)) best = look;
    }
    std::map<std::string, std::vector<PoolGaugeLook>> by_service;
    for (auto& [service, instances] : looks)
        for (auto& [instance, look] : instances) by_service[service].push_back(std::move(look));
    return by_service;
}

PoolSpanLook look_at_spans(const SpanTable& spans, const ServicePool& pool, const AnalysisWindows& windows, double wait_limit_ms, const PoolGaugeLook& gauges)
{
    PoolSpanLook look;
    look.there = true;
    std::vector<double> all_waits;
    std::vector<TimeRange> stretches;
    for (const PoolUse& use : pool.uses) {
        if (!windows.analysed.contains(use.wait_from_ns)) continue;
        ++look.acquires;
        all_waits.push_back(use.opened_connection ? 0 : use.wait_ms());
        if (use.opened_connection || use.wait_ms() <= wait_limit_ms) continue;
        ++look.long_waits;
        if (!stretches.empty() && use.wait_from_ns <= stretches.back().to_ns + merge_gap_ns)
            stretches.back().to_ns = std::max(stretches.back().to_ns, use.held_from_ns);
        else
            stretches.push_back({use.wait_from_ns, use.held_from_ns});
    }
    look.overall_p95_ms = percentile(all_waits, 95);
    if (stretches.empty()) return look;
    // The stretch with the most waiting; one that the gauges saw as well comes before all that they did not see.
    std::pair<bool, double> most{false, -1};
    std::size_t next = 0;
    for (const TimeRange& stretch : stretches) {
        double waiting = 0;
        for (; next < pool.uses.size() && pool.uses[next].wait_from_ns < stretch.to_ns; ++next)
            if (pool.uses[next].wait_from_ns >= stretch.from_ns && !pool.uses[next].opened_connection) waiting += pool.uses[next].wait_ms();
        if (const std::pair<bool, double> weight{gauges.near(stretch), waiting}; weight > most) {
            most = weight;
            look.stretch = stretch;
            look.waited_s = waiting / 1000;
        }
    }
    std::vector<double> waits;
    double held_seconds = 0, remote_seconds = 0, hold_ms = 0;
    for (const PoolUse& use : pool.uses) {
        if (use.held_to_ns > look.stretch.from_ns && use.held_from_ns < look.stretch.to_ns && use.entry != SpanTable::no_row) {
            const double held = use.hold_ms() / 1000;
            look.hold_by_operation[spans.operation[use.entry]] += held;
            held_seconds += held;
            remote_seconds += static_cast<double>(use.remote_call_ns) / 1e9;
        }
        if (!look.stretch.contains(use.wait_from_ns)) continue;
        if (!use.opened_connection) {
            waits.push_back(use.wait_ms());
            if (use.entry != SpanTable::no_row) look.wait_by_operation[spans.operation[use.entry]] += use.wait_ms() / 1000;
        }
        hold_ms += use.hold_ms();
        ++look.in_stretch;
    }
    look.worst_ms = waits.empty() ? 0 : *std::max_element(waits.begin(), waits.end());
    look.wait_p95_ms = percentile(waits, 95);
    look.hold_mean_ms = look.in_stretch > 0 ? hold_ms / static_cast<double>(look.in_stretch) : 0;
    look.rate = static_cast<double>(look.in_stretch) / std::max(look.stretch.seconds(), 1e-3);
    look.little = held_connections(pool.uses, look.stretch.from_ns, look.stretch.to_ns);
    look.plateau = most_held(pool.uses, look.stretch.from_ns, look.stretch.to_ns);
    look.remote_share = held_seconds > 0 ? remote_seconds / held_seconds : 0;
    return look;
}

}  // namespace casebook
