#include "analyzers/analysis/live_floor.h"

#include "analyzers/analysis/collections.h"
#include "analyzers/analysis/growth_shape.h"
#include "analyzers/analysis/pool_gauges.h"
#include "analyzers/analysis/restarts.h"
#include "analyzers/analysis/service_load.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace casebook {
namespace {

constexpr double full_heap = 0.9;         // of the capacity
constexpr double slow_end = 0.6;          // of the mean pace, at the end
constexpr double a_fall = 0.05;           // of the most that is used
constexpr double nearly_full = 0.75;      // of the capacity: collections take the time that the program would need to fill the rest
constexpr double young_floor_rise = 2;    // between old collections garbage alone lifts the floor: it must double
constexpr std::size_t fewest_old = 3;     // collections that bear it out when it does not
constexpr double levels_off = 0.4;        // of the mean pace, in the second half
constexpr std::size_t most_parts = 10;    // the least of each tenth is the lower edge
constexpr std::size_t fewest_parts = 5;
constexpr std::size_t part_of_gauge = 12; // samples: a gauge of all that is used is low once per collection

/// Live bytes over time of one process, as recorded.
struct Trail {
    std::vector<std::int64_t> at_ns;
    std::vector<double> bytes;
    std::size_t size() const { return at_ns.size(); }
    void add(std::int64_t at, double value)
    {
        at_ns.push_back(at);
        bytes.push_back(value);
    }
    Trail part(std::size_t from, std::size_t to) const
    {
        const auto cut = [&](const auto& all) {
            return std::decay_t<decltype(all)>(all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to));
        };
        return {cut(at_ns), cut(bytes)};
    }
};

Trail lower_edge(const Trail& trail, std::size_t parts)
{
    Trail edge;
    const std::size_t width = std::max<std::size_t>(trail.size() / parts, 1);
    for (std::size_t i = 0; i < trail.size(); i += width) {
        const auto from = trail.bytes.begin() + static_cast<std::ptrdiff_t>(i);
        const auto least = static_cast<std::size_t>(std::min_element(from, from + static_cast<std::ptrdiff_t>(std::min(width, trail.size() - i))) - trail.bytes.begin());
        edge.add(trail.at_ns[least], trail.bytes[least]);
    }
    return edge;
}

/// Where a process began anew: a restart lies between two values, and is this service's or memory fell across it.
std::vector<Trail> between_restarts(const Trail& trail, const std::vector<RestartMoment>& restarts, const std::string& service)
{
    std::vector<Trail> stretches;
    std::size_t from = 0;
    for (const RestartMoment& restart : restarts_of(restarts, service)) {
        const auto next = static_cast<std::size_t>(std::lower_bound(trail.at_ns.begin(), trail.at_ns.end(), restart.at_ns) - trail.at_ns.begin());
        if (next <= from || next >= trail.size()) continue;
        const Trail before = trail.part(next - std::min<std::size_t>(next - from, 5), next), after = trail.part(next, std::min(next + 5, trail.size()));
        const bool own = !service.empty() && equals_ignoring_case(restart.service, service);
        if (!own && median(after.bytes) >= median(before.bytes)) continue;
        stretches.push_back(trail.part(from, next));
        from = next;
    }
    stretches.push_back(trail.part(from, trail.size()));
    return stretches;
}

struct Rules {
    double r2 = 0, growth_share = 0, follows = 0;
    std::size_t part = 1;  ///< values of which the least counts, at least
};

Result<LiveFloor> judge(const Trail& trail, const Rules& rules, ServiceLoads& loads, const std::string& service)
{
    LiveFloor floor;
    const Trail edge = lower_edge(trail, std::clamp(trail.size() / rules.part, fewest_parts, most_parts));
    std::vector<double> seconds;
    for (const std::int64_t at : edge.at_ns) seconds.push_back(static_cast<double>(at - edge.at_ns.front()) / 1e9);
    const LinearFit fit = linear_fit(seconds, edge.bytes);
    floor.collections = trail.size();
    floor.seconds = static_cast<double>(trail.at_ns.back() - trail.at_ns.front()) / 1e9;
    floor.r2 = fit.r2;
    floor.bytes_per_hour = fit.slope * 3600;
    floor.first = std::max(0.0, fit.intercept);
    floor.last = fit.intercept + fit.slope * seconds.back();
    if (trail.at_ns.front() > wall_clock_ns) floor.when = TimeRange{trail.at_ns.front(), trail.at_ns.back() + 1};
    double squares = 0, spread = 0;
    const double middle = mean(seconds);
    for (std::size_t i = 0; i < seconds.size(); ++i) {
        squares += std::pow(edge.bytes[i] - fit.intercept - fit.slope * seconds[i], 2);
        spread += std::pow(seconds[i] - middle, 2);
    }
    const double error = spread > 0 ? std::sqrt(squares / static_cast<double>(seconds.size() - 2) / spread) : 0;
    floor.growth_at_most = (fit.slope + 2 * error) * seconds.back();
    TRY_ASSIGN(const ServiceLoad load, loads.of(service, edge.at_ns));
    Trail known, asked;
    for (std::size_t i = 0; load.known() && i < edge.size(); ++i) {
        if (edge.at_ns[i] < load.recorded.from_ns || edge.at_ns[i] > load.recorded.to_ns) continue;
        known.add(edge.at_ns[i], edge.bytes[i]);
        asked.add(edge.at_ns[i], load.per_second[i]);
    }
    const bool load_known = known.size() >= fewest_parts && 2 * known.size() >= edge.size();
    if (load_known) floor.load_correlation = spearman(known.bytes, asked.bytes);
    // A floor that levels off in its second half is a warming cache.
    const std::ptrdiff_t half = static_cast<std::ptrdiff_t>(seconds.size() / 2);
    const std::vector<double> late_s(seconds.begin() + half, seconds.end()), late_b(edge.bytes.begin() + half, edge.bytes.end());
    const bool grows = fit.slope > 0 && fit.r2 >= rules.r2 && linear_fit(late_s, late_b).slope >= levels_off * fit.slope &&
                       (floor.last - floor.first) * 100 >= rules.growth_share * std::max(floor.last, 1.0);
    if (!grows) return floor;
    floor.course = slows_down(seconds, edge.bytes, slow_end) ? LiveFloor::Course::slowing
                   : load_known && explained_by_load(known.bytes, asked.bytes, rules.follows) ? LiveFloor::Course::with_load
                                                                                              : LiveFloor::Course::rises;
    return floor;
}

/// The stretch that says most: one that rises, else the longest.
bool says_more(const LiveFloor& a, const LiveFloor& b)
{
    if (a.course != b.course) return a.course > b.course;
    return a.seconds > b.seconds;
}

/// Young collections leave garbage of the old generation behind, which lifts the floor as well: what they say must be so much
/// that it doubles, or the few old collections there are must say the same, or the next one after them finds no less.
bool borne_out(const LiveFloor& floor, const Trail& stretch, const Collections& all, double r2)
{
    std::vector<double> seconds, bytes;
    bool old_collected = false;
    for (const GcPause* pause : all) {
        if (pause->at_ns < stretch.at_ns.front()) continue;
        if (pause->at_ns > stretch.at_ns.back()) {
            if (!is_deep(*pause)) continue;
            if (static_cast<double>(*pause->after_bytes) >= full_heap * floor.last) return true;
            break;
        }
        old_collected = old_collected || !is_young(*pause);
        if (!is_deep(*pause)) continue;
        seconds.push_back(static_cast<double>(pause->at_ns - stretch.at_ns.front()) / 1e9);
        bytes.push_back(static_cast<double>(*pause->after_bytes));
    }
    if (old_collected && floor.last >= young_floor_rise * std::max(floor.first, 1.0)) return true;
    const LinearFit fit = linear_fit(seconds, bytes);
    return seconds.size() >= fewest_old && 2 * (seconds.back() - seconds.front()) >= floor.seconds && fit.r2 >= r2 && 2 * fit.slope * 3600 >= floor.bytes_per_hour;
}

Result<std::vector<LiveFloor>> floors_of_logs(AnalysisContext& context, ServiceLoads& loads, const std::vector<RestartMoment>& restarts, const Rules& rules)
{
    std::vector<LiveFloor> floors;
    TRY_ASSIGN(const auto* settings, context.evidence().settings());
    TRY_ASSIGN(const auto processes, collections_by_process(context));
    const auto needed = static_cast<std::size_t>(context.threshold("collections"));
    for (const auto& [name, whole] : processes) {
        Collections all = whole;
        // Once the heap is full, and stays so to the end, it cannot rise further: what led there is judged.
        const auto full = std::find_if(all.rbegin(), all.rend(), [](const GcPause* pause) {
            return static_cast<double>(*pause->after_bytes) < full_heap * static_cast<double>(pause->capacity_bytes.value_or(INT64_MAX));
        }).base();
        if (static_cast<std::size_t>(full - all.begin()) >= needed) all.erase(full, all.end());
        Collections deep;
        std::copy_if(all.begin(), all.end(), std::back_inserter(deep), [](const GcPause* pause) { return is_deep(*pause); });
        // When old collections crowd in one part of the recording (the end, when the heap is full) the young ones show how
        // it came to that.
        const bool old_ones = deep.size() >= needed && 2 * (deep.back()->at_ns - deep.front()->at_ns) >= all.back()->at_ns - all.front()->at_ns;
        Trail trail;
        std::set<std::int64_t> capacities;
        for (const GcPause* pause : old_ones ? deep : all) {
            trail.add(pause->at_ns, static_cast<double>(*pause->after_bytes));
            if (pause->capacity_bytes) capacities.insert(*pause->capacity_bytes);
        }
        std::optional<LiveFloor> best;
        for (const Trail& stretch : between_restarts(trail, restarts, {})) {
            if (stretch.size() < std::max(needed, fewest_parts)) continue;
            TRY_ASSIGN(LiveFloor floor, judge(stretch, rules, loads, {}));
            if (floor.course == LiveFloor::Course::slowing && !capacities.empty() && floor.last >= nearly_full * static_cast<double>(*capacities.rbegin())) floor.course = LiveFloor::Course::rises;
            if (!old_ones && floor.rises() && !borne_out(floor, stretch, whole, rules.r2)) floor.course = LiveFloor::Course::garbage;
            floor.old_collections = static_cast<std::size_t>(std::count_if(whole.begin(), whole.end(), [](const GcPause* pause) { return !is_young(*pause); }));
            if (!best || says_more(floor, *best)) best = floor;
        }
        if (!best) continue;
        best->by_collections = true;
        best->folder = folder_of(name);
        for (const GcPause* pause : whole)
            if (best->files.empty() || best->files.back() != pause->file_id) best->files.push_back(pause->file_id);
        // A heap that was resized may be resized further: then its size is no limit.
        const double limit = limit_of_log(*settings, name);
        best->limit = limit > 0 ? limit : capacities.size() == 1 ? static_cast<double>(*capacities.begin()) : 0;
        floors.push_back(*best);
    }
    return floors;
}

/// Pools of one heap added up, from where all of them are known on.
Trail sum_of(const std::vector<const Series*>& pools, const AnalysisWindows& windows)
{
    Trail sum;
    std::set<std::int64_t> moments;
    std::int64_t from = INT64_MIN;
    for (const Series* pool : pools) {
        if (pool->empty()) continue;
        from = std::max(from, pool->at_ns.front());
        moments.insert(pool->at_ns.begin(), pool->at_ns.end());
    }
    for (auto at = moments.lower_bound(from); at != moments.end(); ++at) {
        if (!windows.analysed.contains(*at)) continue;
        double bytes = 0;
        for (const Series* pool : pools) bytes += value_at(*pool, *at);
        sum.add(*at, bytes);
    }
    return sum;
}

/// A gauge of what is live changes with each collection at most; one of all that is used falls with each.
std::size_t collections_seen(const Trail& gauge, bool live)
{
    const double least_fall = a_fall * *std::max_element(gauge.bytes.begin(), gauge.bytes.end());
    std::size_t seen = 0;
    for (std::size_t i = 1; i < gauge.size(); ++i) seen += live ? gauge.bytes[i] != gauge.bytes[i - 1] : gauge.bytes[i - 1] - gauge.bytes[i] > least_fall;
    return seen;
}

/// Pools without a limit of their own say -1.
double limit_of(const std::vector<Series>& limits, const std::string& service, const std::string& instance)
{
    std::map<std::string, double> by_name;
    for (const Series& series : limits)
        if (!series.value.empty() && series.value.back() > 0 && (series.service.empty() || series.service == service) && (series.instance.empty() || series.instance == instance))
            by_name[series.name] += series.value.back();
    return by_name.empty() ? 0 : by_name.begin()->second;
}

Result<std::vector<LiveFloor>> floors_of_metrics(AnalysisContext& context, ServiceLoads& loads, const std::vector<RestartMoment>& restarts, const Rules& rules)
{
    std::vector<LiveFloor> floors;
    TRY_ASSIGN(const auto* heap, context.evidence().metric("heap"));
    TRY_ASSIGN(const auto* after, context.evidence().metric("heap_after_gc"));
    TRY_ASSIGN(const auto* heap_max, context.evidence().metric("heap_max"));
    TRY_ASSIGN(const auto* memory_limit, context.evidence().metric("memory_limit"));
    TRY_ASSIGN(const auto typed_limit, context.evidence().setting("heap_max"));
    // Metrics of one heap say the same: one that was measured after collections comes first, else the first by name.
    using Metric = std::pair<bool, std::string>;
    std::map<std::pair<std::string, std::string>, std::map<Metric, std::vector<const Series*>>> by_process;
    for (const Series& series : *heap) {
        const bool live = std::any_of(after->begin(), after->end(), [&](const Series& one) { return one.name == series.name; });
        by_process[{series.service, series.instance}][{!live, series.name}].push_back(&series);
    }
    const double needed = context.threshold("collections"), minutes = context.threshold("metric_minutes");
    for (const auto& [process, metrics] : by_process) {
        const auto& [service, instance] = process;
        const bool live = !metrics.begin()->first.first;
        std::vector<RestartMoment> own;
        for (const RestartMoment& restart : restarts)
            if (restart.instance.empty() || instance.empty() || restart.instance == instance) own.push_back(restart);
        std::optional<LiveFloor> best;
        for (const Trail& stretch : between_restarts(sum_of(metrics.begin()->second, context.windows()), own, service)) {
            // A gauge of all that is used needs several values for each low point.
            if (stretch.size() < fewest_parts || static_cast<double>(stretch.size()) < (live ? 1 : 2) * needed) continue;
            if (static_cast<double>(stretch.at_ns.back() - stretch.at_ns.front()) < minutes * 60e9 && static_cast<double>(collections_seen(stretch, live)) < needed) continue;
            TRY_ASSIGN(LiveFloor floor, judge(stretch, {rules.r2, (live ? 1 : 10) * rules.growth_share, rules.follows, live ? 1 : part_of_gauge}, loads, service));
            if (!best || says_more(floor, *best)) best = floor;
        }
        if (!best) continue;
        best->metric = metrics.begin()->first.second;
        best->service = service;
        best->instance = instance;
        best->limit = limit_of(*heap_max, service, instance);
        if (best->limit <= 0) best->limit = typed_limit.value_or(limit_of(*memory_limit, service, instance));
        floors.push_back(*best);
    }
    return floors;
}

}  // namespace

std::optional<double> LiveFloor::hours_to_limit(double least_minutes) const
{
    if (limit <= last || bytes_per_hour <= 0) return {};
    const double hours = (limit - last) / bytes_per_hour;
    if (seconds < least_minutes * 60 && hours * 3600 > seconds) return {};
    return hours;
}

Result<std::vector<LiveFloor>> live_floors(AnalysisContext& context)
{
    const Rules rules{context.threshold("r2"), context.threshold("growth_share"), context.threshold("follows")};
    ServiceLoads loads(context);
    TRY_ASSIGN(const auto restarts, restart_moments(context.evidence()));
    TRY_ASSIGN(auto floors, floors_of_logs(context, loads, restarts, rules));
    TRY_ASSIGN(auto metrics, floors_of_metrics(context, loads, restarts, rules));
    // A log says it better than a gauge of the same process; gauges of further processes are heard as well.
    if (metrics.size() > floors.size()) floors.insert(floors.end(), metrics.begin(), metrics.end());
    std::stable_sort(floors.begin(), floors.end(), says_more);
    return floors;
}

}  // namespace casebook
