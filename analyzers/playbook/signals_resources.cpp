#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/signal_scope.h"

#include <algorithm>
#include <set>

namespace casebook {
namespace {

constexpr double fewest_gets = 20;
constexpr std::size_t fewest_samples = 10;
constexpr double reset_fall = 0.4;            // memory that falls by more than this starts anew
constexpr double load_fall = 0.5;             // load below this share of its peak has fallen (pool.leak.low_load)
constexpr double before_restart_s = 60;

/// The value of a label that splits CPU time, "idle" or "user"; empty when the series is a total.
std::string cpu_state(const Series& series)
{
    for (const char* key : {"state", "mode", "cpu.mode", "cpu_mode", "system.cpu.state", "cpu.state"})
        if (const std::string state = series.label(key); !state.empty()) return state;
    return {};
}

bool is_work(const std::string& state)
{
    for (const char* idle : {"idle", "wait", "iowait", "steal"})
        if (state == idle) return false;
    return true;
}

bool is_kind(const Event& event, std::initializer_list<std::string_view> kinds)
{
    return std::any_of(kinds.begin(), kinds.end(), [&](std::string_view kind) { return contains_ignoring_case(event.kind, kind); });
}

struct Restart { std::int64_t at_ns; std::string service, instance; double count; };

Result<std::vector<Restart>> restarts_of(CaseEvidence& evidence, bool& known)
{
    std::vector<Restart> restarts;
    TRY_ASSIGN(const std::vector<Series>* counters, evidence.metric("restarts"));
    for (const Series& series : *counters)
        for (std::size_t i = 1; i < series.value.size(); ++i)
            if (series.value[i] > series.value[i - 1]) restarts.push_back({series.at_ns[i], series.service, series.instance, series.value[i] - series.value[i - 1]});
    TRY_ASSIGN(const std::vector<Event>* events, evidence.events());
    bool in_events = false;
    for (const Event& event : *events) {
        if (!is_kind(event, {"oom", "restart", "crash"})) continue;
        in_events = true;
        if (counters->empty()) restarts.push_back({event.at_ns, event.service, "", 1});
    }
    known = !counters->empty() || in_events;
    return restarts;
}

/// Largest memory ÷ limit of the instances that restarted, in the minute (at least three samples) before each restart.
Status measure_memory_before(const SignalScope& scope, const std::vector<Restart>& restarts, Signals& signals)
{
    CaseEvidence& evidence = scope.evidence;
    TRY_ASSIGN(const std::vector<Series>* memory, evidence.metric("memory"));
    if (memory->empty()) {
        TRY_ASSIGN(memory, evidence.metric("rss"));
    }
    TRY_ASSIGN(const std::vector<Series>* limits, evidence.metric("memory_limit"));
    TRY_ASSIGN(const std::optional<double> set_limit, evidence.setting("memory_limit"));
    const auto same = [](const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; };
    for (const Restart& restart : restarts) {
        if (!scope.now.contains(restart.at_ns)) continue;
        for (const Series& series : *memory) {
            if (!same(series.service, restart.service) || !same(series.instance, restart.instance) || series.at_ns.size() < 2) continue;
            double limit = set_limit.value_or(0);
            for (const Series& one : *limits)
                if (same(one.service, series.service) && same(one.instance, series.instance) && !one.value.empty()) limit = one.value.back();
            if (limit <= 0) continue;
            const double step_s = TimeRange{series.at_ns.front(), series.at_ns.back()}.seconds() / static_cast<double>(series.at_ns.size() - 1);
            const double before_s = std::max(before_restart_s, 3 * step_s);
            for (std::size_t i = 0; i < series.at_ns.size(); ++i)
                if (series.at_ns[i] <= restart.at_ns && TimeRange{series.at_ns[i], restart.at_ns}.seconds() <= before_s)
                    signals.memory_before_restart = std::max(signals.memory_before_restart.value_or(0), series.value[i] / limit);
        }
    }
    return {};
}

/// The stretch between resets with the most samples, as hours and values.
std::pair<std::vector<double>, std::vector<double>> longest_stretch(const std::vector<std::int64_t>& at_ns, const std::vector<double>& value, TimeRange range)
{
    std::pair<std::vector<double>, std::vector<double>> best, open;
    for (std::size_t i = 0; i < at_ns.size(); ++i) {
        if (!range.contains(at_ns[i])) continue;
        if (!open.second.empty() && value[i] < open.second.back() * (1 - reset_fall)) {
            if (open.first.size() > best.first.size()) best = open;
            open = {};
        }
        open.first.push_back(TimeRange{range.from_ns, at_ns[i]}.seconds() / 3600);
        open.second.push_back(value[i]);
    }
    return open.first.size() > best.first.size() ? open : best;
}

/// A heap gauge is a saw-tooth between collections: its lowest value in each of 10 parts; nothing below 3 samples per part.
std::pair<std::vector<std::int64_t>, std::vector<double>> lower_edge(const Series& series, TimeRange range)
{
    std::vector<std::size_t> inside;
    for (std::size_t i = 0; i < series.at_ns.size(); ++i)
        if (range.contains(series.at_ns[i])) inside.push_back(i);
    std::pair<std::vector<std::int64_t>, std::vector<double>> edge;
    const std::size_t each = inside.size() / fewest_samples;
    if (each < 3) return edge;
    for (std::size_t part = 0; part < fewest_samples; ++part) {
        std::size_t lowest = inside[part * each];
        for (std::size_t k = part * each; k < (part + 1) * each; ++k)
            if (series.value[inside[k]] < series.value[lowest]) lowest = inside[k];
        edge.first.push_back(series.at_ns[lowest]);
        edge.second.push_back(series.value[lowest]);
    }
    return edge;
}

Status measure_memory_climb(const SignalScope& scope, Signals& signals)
{
    CaseEvidence& evidence = scope.evidence;
    const TimeRange range = scope.windows.analysed;
    std::int64_t top_ns = 0;  // when the climb ended
    const auto look = [&](const std::vector<std::int64_t>& at_ns, const std::vector<double>& value, const std::string& what) {
        const auto [hours, values] = longest_stretch(at_ns, value, range);
        if (hours.size() < fewest_samples) return;
        const LinearFit fit = linear_fit(hours, values);
        const double start = fit.intercept + fit.slope * hours.front(), end = fit.intercept + fit.slope * hours.back();
        if (fit.slope <= 0 || start <= 0) {
            if (!signals.memory_r2) signals.memory_r2 = 0;
            return;
        }
        if (signals.memory_r2 && fit.r2 <= *signals.memory_r2) return;
        signals.memory_r2 = fit.r2;
        signals.memory_growth = end / start;
        signals.memory_what = what;
        top_ns = range.from_ns + static_cast<std::int64_t>(hours.back() * 3.6e12);
    };
    for (const char* role : {"memory", "rss", "heap"}) {
        TRY_ASSIGN(const std::vector<Series>* all, evidence.metric(role));
        for (const Series& series : *all) {
            const std::string what = series.instance.empty() ? series.name : series.name + " of " + series.instance;
            if (std::string_view(role) != "heap") {
                look(series.at_ns, series.value, what);
                continue;
            }
            const auto [at_ns, floor] = lower_edge(series, range);
            look(at_ns, floor, "lowest " + what);
        }
    }
    TRY_ASSIGN(const std::vector<GcPause>* pauses, evidence.gc_pauses());
    std::map<std::int64_t, std::pair<std::vector<std::int64_t>, std::vector<double>>> floors;  // by file
    for (const GcPause& pause : *pauses)
        if (pause.has_time && pause.after_bytes && *pause.after_bytes > 0) {
            floors[pause.file_id].first.push_back(pause.at_ns);
            floors[pause.file_id].second.push_back(static_cast<double>(*pause.after_bytes));
        }
    for (const auto& [file, floor] : floors) look(floor.first, floor.second, "heap after collections");

    if (!signals.memory_growth || scope.entries.empty()) return {};
    // Did the load fall while memory went on climbing?
    constexpr std::size_t parts = 10;
    std::vector<double> load(parts, 0);
    const double part_s = TimeRange{range.from_ns, top_ns}.seconds() / parts;
    for (const SpanTable::Row row : scope.entries)
        if (const double at = TimeRange{range.from_ns, scope.spans->start_ns[row]}.seconds(); at >= 0 && part_s > 0 && at < part_s * parts)
            ++load[std::min(parts - 1, static_cast<std::size_t>(at / part_s))];
    const double peak = *std::max_element(load.begin(), load.end());
    if (peak > 0 && load.back() < load_fall * peak) signals.memory_falls_with_load = false;
    return {};
}

}  // namespace

Result<std::map<std::string, double>> cpu_use(CaseEvidence& evidence, TimeRange range, const std::function<bool(const Series&)>& wanted)
{
    TRY_ASSIGN(const std::vector<Series>* gauges, evidence.metric("cpu"));
    struct Use { double sum = 0; std::set<std::string> processors; };
    std::map<std::pair<std::string, std::string>, std::map<std::string, Use>> by_instance;  // by service and instance, then metric
    for (const Series& series : *gauges) {
        if (!wanted(series)) continue;
        const auto use = mean_in(series, range);
        if (!use) continue;
        const std::string state = cpu_state(series);
        Use& entry = by_instance[{series.service, series.instance}][series.name + (state.empty() ? "" : " by state")];
        entry.processors.insert(series.label("cpu") + series.label("cpu.logical_number") + series.label("system.cpu.logical_number"));
        if (state.empty() || is_work(state)) entry.sum += *use;
    }
    // Counters of CPU seconds need the number of cores.
    TRY_ASSIGN(const std::optional<double> cores, evidence.setting("cores"));
    if (cores && *cores > 0) {
        TRY_ASSIGN(const std::vector<Series>* seconds, evidence.metric("cpu_seconds"));
        for (const Series& series : *seconds)
            if (wanted(series) && samples_in(series, range) > 1) by_instance[{series.service, series.instance}]["cpu seconds"].sum += rise_in(series, range) / range.seconds() / *cores;
    }
    std::map<std::string, std::pair<double, double>> sums;  // by service: sum and number of instances
    for (const auto& [place, metrics] : by_instance) {
        double busiest = 0;
        for (const auto& [name, use] : metrics) busiest = std::max(busiest, use.sum / static_cast<double>(std::max<std::size_t>(1, use.processors.size())));
        sums[place.first].first += busiest;
        ++sums[place.first].second;
    }
    std::map<std::string, double> use;
    for (const auto& [service, sum] : sums) use[service] = sum.first / sum.second;
    return use;
}

Status measure_resources(SignalScope& scope, Signals& signals)
{
    CaseEvidence& evidence = scope.evidence;
    const auto any = [](const Series&) { return true; };
    TRY_ASSIGN(const auto busy, cpu_use(evidence, scope.now, any));
    for (const auto& [service, use] : busy)
        if (!signals.cpu || use > *signals.cpu) {
            signals.cpu = use;
            signals.cpu_service = service;
        }
    if (scope.base && signals.cpu) {
        TRY_ASSIGN(const auto before, cpu_use(evidence, *scope.base, any));
        if (const auto same = before.find(signals.cpu_service); same != before.end()) signals.base_cpu = same->second;
    }
    TRY_ASSIGN(const std::vector<Series>* db_cpu, evidence.metric("db_cpu"));
    for (const Series& series : *db_cpu)
        if (const auto use = mean_in(series, scope.now)) signals.db_cpu = std::max(signals.db_cpu.value_or(0), *use);

    bool restarts_known = false;
    TRY_ASSIGN(const std::vector<Restart> restarts, restarts_of(evidence, restarts_known));
    const auto per_hour = [&](TimeRange range) {
        double count = 0;
        for (const Restart& restart : restarts)
            if (range.contains(restart.at_ns)) count += restart.count;
        return range.seconds() > 0 ? count / range.seconds() * 3600 : 0;
    };
    if (restarts_known) {
        signals.restarts = per_hour(scope.now);
        if (scope.base) signals.base_restarts = per_hour(*scope.base);
        TRY(measure_memory_before(scope, restarts, signals));
    }
    TRY(measure_memory_climb(scope, signals));

    TRY_ASSIGN(const std::vector<Series>* hits, evidence.metric("cache_hits"));
    TRY_ASSIGN(const std::vector<Series>* misses, evidence.metric("cache_misses"));
    const auto ratio = [&](TimeRange range) -> std::optional<double> {
        double hit = 0, miss = 0;
        for (const Series& series : *hits) hit += rise_in(series, range);
        for (const Series& series : *misses) miss += rise_in(series, range);
        if (hit + miss < fewest_gets) return {};
        return hit / (hit + miss);
    };
    if (!hits->empty() && !misses->empty()) {
        signals.hit_ratio = ratio(scope.now);
        if (scope.base) signals.base_hit_ratio = ratio(*scope.base);
    }
    return {};
}

}  // namespace casebook
