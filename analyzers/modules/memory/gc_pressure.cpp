// Do collections stop the requests that are slow?
//
// Pauses are judged by length and by their share of wall time in the worst minute. They are the cause only as far as they
// overlap what the slow requests took too long; a 200 ms pause beside a 4 s tail is not it. Pauses that a person made by
// taking a histogram or a dump are left out.

#include "analyzers/analysis/collections.h"
#include "analyzers/analysis/context.h"
#include "analyzers/analysis/guards.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/pool_gauges.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::memory {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"pause", 100, "ms", "Casebook's own"},
                                               {"time_share", 10, "% per 60 s", "JDK Mission Control halts rule"},
                                               {"warn_share", 5, "% per 60 s", "JDK Mission Control halts rule"},
                                               {"quiet_share", 1, "%", "Casebook's own"},
                                               {"overlap", 50, "%", "Casebook's own"},
                                               {"floor", 80, "%", "Casebook's own"}}};

constexpr double explicit_share = 0.1;   // of the pause time: System.gc() is named though another cause leads
constexpr double exhausted_heap = 0.95;  // of the capacity, still live after a full collection
constexpr std::string_view stall_name = "Allocation Stall";

struct Pauses {
    std::vector<const GcPause*> all;  ///< of the analysed window when they have wall-clock times, by time
    std::map<std::string, std::pair<std::size_t, double>> causes;  ///< count, ms
    bool aligned = false;             ///< wall-clock times
    bool timed = false;               ///< any times; without them shares of time are unknown
    std::size_t long_ones = 0, observer = 0, stalls = 0;
    double total_ms = 0, longest_ms = 0, share = 0, allocation_per_s = 0, floor_share = 0;
    TimeRange when{INT64_MAX, INT64_MIN};
};

/// Pause time in the worst 60 s, as a share of it (of the whole recording when that is shorter).
double worst_minute(const std::vector<const GcPause*>& pauses, double recording_s)
{
    double worst = 0, inside = 0;
    std::size_t first = 0;
    for (std::size_t i = 0; i < pauses.size(); ++i) {
        inside += pauses[i]->pause_ms;
        while (pauses[i]->at_ns - pauses[first]->at_ns > 60'000'000'000) inside -= pauses[first++]->pause_ms;
        worst = std::max(worst, inside);
    }
    return worst / 1000 / std::clamp(recording_s, 1.0, 60.0);
}

/// Collectors that work beside the program do not pause it, but a thread that allocates faster than they free waits. Waits
/// of several threads at one time are one stop.
std::vector<GcPause> stalls_of(const std::vector<Series>& series)
{
    const auto end = [](const GcPause& stall) { return stall.at_ns + static_cast<std::int64_t>(stall.pause_ms * 1e6); };
    std::vector<GcPause> stalls;
    for (const Series& one : series)
        for (std::size_t i = 0; i < one.value.size(); ++i) {
            GcPause stall;
            stall.file_id = -1;
            stall.at_ns = one.at_ns[i];
            stall.has_time = true;
            stall.kind = stall.cause = stall_name;
            stall.pause_ms = one.value[i];
            stalls.push_back(std::move(stall));
        }
    std::sort(stalls.begin(), stalls.end(), [](const GcPause& a, const GcPause& b) { return a.at_ns != b.at_ns ? a.at_ns < b.at_ns : a.pause_ms > b.pause_ms; });
    std::vector<GcPause> merged;
    for (GcPause& stall : stalls) {
        if (merged.empty() || stall.at_ns >= end(merged.back())) merged.push_back(std::move(stall));
        else merged.back().pause_ms = std::max(merged.back().pause_ms, static_cast<double>(end(stall) - merged.back().at_ns) / 1e6);
    }
    return merged;
}

Pauses collect(const std::vector<GcPause>& rows, const AnalysisWindows& windows, double long_ms)
{
    Pauses pauses;
    pauses.timed = std::any_of(rows.begin(), rows.end(), [](const GcPause& row) { return row.has_time; });
    // Uptime stamps are small numbers; anything after 2001 is a wall clock.
    pauses.aligned = !rows.empty() && rows.back().has_time && rows.back().at_ns > 1'000'000'000'000'000'000;
    std::map<std::int64_t, std::vector<const GcPause*>> by_file;
    for (const GcPause& row : rows) {
        if (is_by_observer(row)) {
            ++pauses.observer;
            continue;
        }
        if (pauses.aligned ? !windows.analysed.contains(row.at_ns) : windows.limited) continue;
        by_file[row.file_id].push_back(&row);
        pauses.all.push_back(&row);
        pauses.stalls += row.kind == stall_name;
    }
    for (const auto& [file, list] : by_file) {  // one process each: shares do not add up over processes
        double total = 0, allocated = 0;
        for (std::size_t i = 0; i < list.size(); ++i) {
            total += list[i]->pause_ms;
            if (i > 0 && list[i]->before_bytes && list[i - 1]->after_bytes) allocated += static_cast<double>(std::max<std::int64_t>(0, *list[i]->before_bytes - *list[i - 1]->after_bytes));
            if (list[i]->after_bytes && list[i]->capacity_bytes && *list[i]->capacity_bytes > 0 && contains_ignoring_case(list[i]->kind, "full"))
                pauses.floor_share = std::max(pauses.floor_share, static_cast<double>(*list[i]->after_bytes) / static_cast<double>(*list[i]->capacity_bytes));
        }
        const double seconds = static_cast<double>(list.back()->at_ns - list.front()->at_ns) / 1e9 + list.back()->pause_ms / 1000;
        if (list.front()->has_time) {
            pauses.share = std::max(pauses.share, worst_minute(list, seconds));
            pauses.allocation_per_s = std::max(pauses.allocation_per_s, allocated / std::max(seconds, 1.0));
        }
        pauses.total_ms += total;
    }
    for (const GcPause* pause : pauses.all) {
        auto& [count, ms] = pauses.causes[pause->cause.empty() ? pause->kind : pause->cause];
        ++count;
        ms += pause->pause_ms;
        pauses.longest_ms = std::max(pauses.longest_ms, pause->pause_ms);
        if (pause->pause_ms < long_ms) continue;
        ++pauses.long_ones;
        pauses.when.from_ns = std::min(pauses.when.from_ns, pause->at_ns);
        pauses.when.to_ns = std::max(pauses.when.to_ns, pause->at_ns + static_cast<std::int64_t>(pause->pause_ms * 1e6) + 1);
    }
    return pauses;
}

struct Overlap {
    double excess_ms = 0, covered_ms = 0;
    std::map<std::uint32_t, std::int64_t> explained;
};

/// How much of what slow requests took beyond the median lies inside pauses.
Overlap overlap_with(const SpanTable& spans, const RequestSet& requests, const Pauses& pauses, double normal_ms)
{
    Overlap overlap;
    std::vector<TimeRange> stops;
    for (const GcPause* pause : pauses.all) {
        const TimeRange stop{pause->at_ns, pause->at_ns + static_cast<std::int64_t>(pause->pause_ms * 1e6)};
        if (!stops.empty() && stop.from_ns <= stops.back().to_ns) stops.back().to_ns = std::max(stops.back().to_ns, stop.to_ns);
        else stops.push_back(stop);
    }
    for (std::size_t i = 0; i < requests.rows.size(); ++i) {
        if (!requests.slow[i]) continue;
        const SpanTable::Row row = requests.rows[i];
        const double excess = static_cast<double>(spans.duration_ns[row]) / 1e6 - normal_ms;
        if (excess <= 0) continue;
        overlap.excess_ms += excess;
        std::int64_t inside = 0;
        const std::int64_t end = spans.end_ns(row);
        auto stop = std::upper_bound(stops.begin(), stops.end(), spans.start_ns[row], [](std::int64_t at, const TimeRange& s) { return at < s.to_ns; });
        for (; stop != stops.end() && stop->from_ns < end; ++stop) inside += std::min(end, stop->to_ns) - std::max(spans.start_ns[row], stop->from_ns);
        overlap.covered_ms += std::min(excess, static_cast<double>(inside) / 1e6);
        if (inside > 0) overlap.explained[spans.trace[row]] += inside;
    }
    return overlap;
}

/// What a counter of time in collections says of one process.
struct CountedPauses {
    double share = 0;          ///< of the worst 60 s, or of what was recorded when that is shorter
    double mean_ms = 0;        ///< of one pause, in the worst step that has a count; 0 without one
    std::size_t steps = 0;
    const Series* series = nullptr;
};

CountedPauses counted_pauses(const Series& sums, const Series* counts, TimeRange analysed)
{
    CountedPauses result;
    result.series = &sums;
    std::vector<std::pair<std::int64_t, double>> steps;  // end, ms
    double inside_ms = 0, recorded_s = 0;
    std::size_t first = 0;
    for (std::size_t i = 1; i < sums.value.size(); ++i) {
        if (!analysed.contains(sums.at_ns[i]) || sums.at_ns[i] <= sums.at_ns[i - 1]) continue;
        const TimeRange step{sums.at_ns[i - 1] + 1, sums.at_ns[i] + 1};
        const double ms = std::max(0.0, sums.increase(step)), pauses = counts ? counts->increase(step) : 0;
        recorded_s += step.seconds();
        if (pauses >= 1) result.mean_ms = std::max(result.mean_ms, ms / pauses);
        steps.emplace_back(sums.at_ns[i], ms);
        inside_ms += ms;
        while (steps.back().first - steps[first].first >= 60'000'000'000) inside_ms -= steps[first++].second;
        // A step longer than a minute is a mean over itself.
        result.share = std::max(result.share, inside_ms / 1000 / std::max({step.seconds(), std::min(recorded_s, 60.0), 1.0}));
    }
    result.steps = steps.size();
    return result;
}

Result<Answer> from_metrics(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* sums, context.evidence().metric("gc_pause_sum"));
    TRY_ASSIGN(const auto* counts, context.evidence().metric("gc_pause_count"));
    const PoolSeries count_of(*counts);
    CountedPauses worst;
    for (const Series& series : *sums) {
        const CountedPauses one = counted_pauses(series, count_of.of(pool_identity(series)), context.windows().analysed);
        worst.steps = std::max(worst.steps, one.steps);
        if (worst.series && std::pair(one.share, one.mean_ms) <= std::pair(worst.share, worst.mean_ms)) continue;
        worst = {one.share, one.mean_ms, worst.steps, one.series};
    }
    const bool often = worst.share * 100 >= context.threshold("warn_share"), are_long = worst.mean_ms >= context.threshold("pause");
    if (often || are_long) {
        const std::string& service = worst.series->service;
        Finding finding;
        finding.verdict = Verdict::suspected;
        finding.key = finding_key({service, "collections"});
        finding.headline = "Collections take " + format_percent(worst.share) + " of the time of " + (service.empty() ? "a process" : service) + " in its worst minute" +
                           (are_long ? ", up to " + format_ms(worst.mean_ms) + " each on average" : "");
        finding.subjects = {{"service", service}};
        finding.figures = {context.figure("time_share", worst.share * 100, "% per 60 s", "time_share")};
        if (worst.mean_ms > 0) finding.figures.push_back(context.figure("pause_mean", worst.mean_ms, "ms", "pause"));
        finding.severity = worst.share * 100 >= context.threshold("time_share") ? severity_of({0, 0, false, true, false}) : Severity::note;
        finding.evidence = {{"Time in collections", "series", "metric", "SELECT at_ns, name, labels, value FROM metric_point WHERE name = ?1 ORDER BY labels, at_ns", {worst.series->name}}};
        finding.refutes_if = "the share stays below " + format_number(context.threshold("quiet_share")) + " %";
        finding.note = "a GC log would show single pauses, and whether they fall on the slow requests";
        context.add(std::move(finding));
    }
    if (worst.steps < 2) return Answer{Verdict::inconclusive, "time in collections was read fewer than three times in the window", {missing_evidence("gc_pause", "shows every pause")}};
    return Answer{Verdict::ruledOut, "collections take at most " + format_percent(worst.share) + " of the time", {}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* log, context.evidence().gc_pauses());
    if (log->empty()) return from_metrics(context);
    TRY_ASSIGN(const std::vector<Series> stalled, context.evidence().metric_named("jvm.gc.allocation_stall"));
    std::vector<GcPause> rows = *log;
    for (GcPause& stall : stalls_of(stalled)) rows.push_back(std::move(stall));
    std::stable_sort(rows.begin(), rows.end(), [](const GcPause& a, const GcPause& b) { return a.at_ns < b.at_ns; });
    const Pauses pauses = collect(rows, context.windows(), context.threshold("pause"));
    if (pauses.all.empty() && pauses.observer == 0 && !pauses.aligned)
        return Answer{Verdict::inconclusive, "the log carries no wall-clock times, so no pause can be placed in the range", {missing_evidence("gc_pause", "with wall-clock times pauses can be placed")}};
    if (pauses.all.empty()) return Answer{Verdict::ruledOut, pauses.observer > 0 ? "all pauses were made by histograms or dumps" : "no pause falls into the window", {}};
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const bool together, recorded_together(context.evidence(), "gc", "span"));
    const bool can_overlap = !spans->empty() && pauses.aligned && together;
    Overlap overlap;
    double normal_ms = 0;
    if (can_overlap) {
        TRY_ASSIGN(const RequestSet* requests, context.requests());
        std::vector<double> all;
        for (const SpanTable::Row row : requests->rows)
            if (context.windows().analysed.contains(spans->start_ns[row])) all.push_back(static_cast<double>(spans->duration_ns[row]) / 1e6);
        normal_ms = median(std::move(all));
        overlap = overlap_with(*spans, *requests, pauses, normal_ms);
    }
    const bool heavy = pauses.long_ones > 0 || pauses.share * 100 >= context.threshold("time_share");
    const bool warning = pauses.share * 100 >= context.threshold("warn_share");
    const double covered = overlap.excess_ms > 0 ? overlap.covered_ms / overlap.excess_ms : 0;
    const std::string facts = std::to_string(pauses.all.size() - pauses.stalls) + " pauses" + (pauses.stalls > 0 ? " and " + std::to_string(pauses.stalls) + " allocation stalls" : "") + ", longest " +
                              format_ms(pauses.longest_ms) + (pauses.timed ? ", " + format_percent(pauses.share) + " of the worst minute" : "");
    if (!heavy && !pauses.timed)
        return Answer{Verdict::inconclusive, facts + "; the log carries no times, so the share of time is unknown", {{"gc_pause", "times tell how much of the time the pauses take", "java -Xlog:gc*,safepoint:file=gc.log:time,uptime,level,tags"}}};
    if (!heavy && !warning) return Answer{Verdict::ruledOut, facts, {}};
    if (can_overlap && overlap.excess_ms > 0 && covered < 0.05) return Answer{Verdict::ruledOut, facts + "; the slow requests lie outside of the pauses", {}};
    if (can_overlap && overlap.excess_ms == 0) return Answer{Verdict::ruledOut, facts + "; no request was slow", {}};

    const auto cause = std::max_element(pauses.causes.begin(), pauses.causes.end(), [](const auto& a, const auto& b) { return a.second.second < b.second.second; });
    Finding finding;
    finding.verdict = heavy && can_overlap && covered * 100 >= context.threshold("overlap") ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({"collections", cause->first});
    const auto asked_for = std::find_if(pauses.causes.begin(), pauses.causes.end(), [](const auto& c) { return contains_ignoring_case(c.first, "System.gc"); });
    const bool explicit_calls = asked_for != pauses.causes.end() && asked_for->second.second >= explicit_share * pauses.total_ms;
    finding.headline = (pauses.long_ones > 0 ? "Collections stop the program: " + std::to_string(pauses.long_ones) + (pauses.long_ones == 1 ? " pause of " : " pauses of ") + format_ms(context.threshold("pause")) + " or more, longest "
                                             : "Collections take " + format_percent(pauses.share) + " of the worst minute in " + std::to_string(pauses.all.size()) + " short stops, longest ") +
                       format_ms(pauses.longest_ms) + ", most time by " + cause->first + (explicit_calls && asked_for != cause ? ", " + format_ms(asked_for->second.second) + " by " + asked_for->first : "") +
                       (can_overlap ? "; they cover " + format_percent(covered) + " of what slow requests took too long" : "");
    finding.subjects = {{"cause", cause->first}};
    if (explicit_calls && asked_for != cause) finding.subjects.push_back({"cause", asked_for->first});
    if (!log->front().collector.empty()) finding.subjects.push_back({"collector", log->front().collector});
    finding.figures = {{"longest_pause", pauses.longest_ms, "ms", context.threshold("pause"), context.threshold_full_name("pause")},
                       {"long_pauses", static_cast<double>(pauses.long_ones), "pauses", {}, {}},
                       context.figure("time_share", pauses.share * 100, "% per 60 s", "time_share"),
                       {"pause_total", pauses.total_ms, "ms", {}, {}},
                       {"allocation_rate", pauses.allocation_per_s, "bytes/s", {}, {}},
                       {"by_leading_cause", cause->second.second, "ms", {}, {}}};
    if (can_overlap) finding.figures.push_back(context.figure("covered_excess", covered * 100, "%", "overlap"));
    if (pauses.floor_share > 0) finding.figures.push_back(context.figure("heap_after_full", pauses.floor_share * 100, "%", "floor"));
    if (pauses.long_ones > 0 && pauses.aligned) finding.when = pauses.when;
    finding.impact = can_overlap ? context.impact(overlap.explained) : pauses.total_ms / 1000 / std::max(context.windows().analysed.seconds(), 1.0);
    Felt felt;
    if (can_overlap) {
        TRY_ASSIGN(felt, context.felt(overlap.explained));
    }
    felt.over_alert_line = heavy;
    felt.exhausted = pauses.floor_share >= exhausted_heap;
    finding.severity = severity_of(felt);
    finding.refutes_if = "pauses stay below " + format_ms(context.threshold("pause")) + " and " + format_number(context.threshold("quiet_share")) + " % of the time, or the slow requests lie outside of them";
    finding.evidence = {{"Pauses over time", "series", "gc", "SELECT at_ns, pause_ms AS value, kind, cause, before_bytes, after_bytes FROM gc_pause ORDER BY at_ns", {}},
                        {"Pauses by cause", "table", "gc", "SELECT cause, kind, count(*) AS pauses, max(pause_ms) AS longest_ms, sum(pause_ms) AS total_ms FROM gc_pause GROUP BY cause, kind ORDER BY total_ms DESC, cause, kind", {}}};
    if (explicit_calls)
        finding.fixes.push_back({"Stop calling System.gc(): -XX:+DisableExplicitGC, or remove the calls", "15 min", format_ms(asked_for->second.second) + " of pauses -> 0", "direct buffers are then freed later"});
    finding.fixes.push_back({"Allocate less on the hot path (take an allocation profile)", "half a day", format_bytes(pauses.allocation_per_s) + "/s allocated now; pauses fall with it", "none"});
    finding.fixes.push_back({"Give the heap more room, or use a collector with short pauses (-XX:+UseZGC)", "30 min", "pauses of " + format_ms(pauses.longest_ms) + " -> a few ms", "CPU and memory of the host; a bigger heap alone can make full pauses longer"});
    finding.proof = "no pause of " + format_ms(context.threshold("pause")) + " or more over a full load cycle";
    finding.rollback = "CPU use or memory of the host above its limit";
    if (!can_overlap) finding.note = spans->empty() ? "traces of the same time would show whether the pauses fall on slow requests"
                                   : !together  ? "the traces are of another time than the pauses, so nothing shows whether these fall on slow requests"
                                                : "the log has no wall-clock times, so pauses cannot be laid over the requests";
    else if (finding.verdict == Verdict::suspected) finding.note = "the pauses contribute " + format_percent(covered) + " of the slow requests' excess; the rest has another cause";
    context.add(std::move(finding));
    return Answer{Verdict::ruledOut, facts, {}};
}

}  // namespace

extern const Analyzer gc_pressure;
const Analyzer gc_pressure{"memory.gc_pressure", "Do collections stop the requests that are slow?", AnalyzerKind::cause, "gc_pause or metric(gc_pause_sum)", "span, profile", thresholds, run};

}  // namespace casebook::memory
