// Does live memory grow without bound?
//
// Two kinds of evidence: the floor that collections leave behind (GC log, heap metric), and class histograms over time. In
// histograms every class is tested (exact Mann-Kendall, false discoveries controlled), growth must keep its pace, and the
// culprit is the rarest application class among those that grow in fixed proportion, not the one with the most bytes.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/heap_growth.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace casebook::memory {
namespace {

constexpr std::array<Threshold, 7> thresholds{{{"r2", 0.8, "1", "Casebook's own"},
                                               {"collections", 10, "collections", "Casebook's own"},
                                               {"snapshots", 5, "snapshots", "exact Mann-Kendall: fewer cannot be significant"},
                                               {"growth_share", 1, "%", "Casebook's own"},
                                               {"growth", 1'000'000, "bytes", "Casebook's own"},
                                               {"fdr", 0.05, "1", "Benjamini and Hochberg 1995", Bound::atMost},
                                               {"metric_minutes", 10, "min", "Casebook's own: shorter is warm-up"}}};

constexpr double full_heap = 0.9;        // of the capacity
constexpr double young_floor_rise = 2;   // between old collections garbage alone lifts the floor: it must double

/// The floor of live memory over time.
struct Floor {
    bool there = false, rises = false;
    bool young_only = false;  ///< rises, but the old generation was never collected
    std::size_t collections = 0;
    double r2 = 0, bytes_per_hour = 0, first = 0, last = 0, capacity = 0, seconds = 0;
    std::string source;
    /// Until live memory meets the limit at this pace; nothing when unknown or when the recording is too short to say.
    std::optional<double> hours_to_limit(double least_minutes) const
    {
        if (capacity <= last || bytes_per_hour <= 0 || seconds < least_minutes * 60) return {};
        return (capacity - last) / bytes_per_hour;
    }
};

Floor judge_floor(const std::vector<double>& seconds, const std::vector<double>& bytes, double r2_needed, double growth_share)
{
    Floor floor;
    floor.there = true;
    floor.collections = seconds.size();
    floor.seconds = seconds.back() - seconds.front();
    const LinearFit fit = linear_fit(seconds, bytes);
    floor.r2 = fit.r2;
    floor.bytes_per_hour = fit.slope * 3600;
    floor.first = std::max(0.0, fit.intercept + fit.slope * seconds.front());
    floor.last = fit.intercept + fit.slope * seconds.back();
    // A floor that levels off in its second half is a warming cache.
    std::vector<double> late_s(seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end()), late_b(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), bytes.end());
    const LinearFit late = linear_fit(late_s, late_b);
    floor.rises = fit.slope > 0 && fit.r2 >= r2_needed && late.slope >= 0.4 * fit.slope && (floor.last - floor.first) * 100 >= growth_share * std::max(floor.last, 1.0);
    return floor;
}

/// Collections made by someone who looked at the heap say nothing about the program.
bool by_observer(const GcPause& pause)
{
    for (const std::string_view word : {"Heap Inspection", "Heap Dump", "Diagnostic Command", "JvmtiEnv", "WhiteBox", "Heap inspection"})
        if (pause.cause.find(word) != std::string::npos) return true;
    return false;
}

Result<Floor> gc_floor(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* pauses, context.evidence().gc_pauses());
    std::map<std::int64_t, std::vector<const GcPause*>> by_file;
    for (const GcPause& pause : *pauses)
        if (pause.has_time && pause.after_bytes && !by_observer(pause)) by_file[pause.file_id].push_back(&pause);
    // What young collections leave behind includes the garbage of the old generation until that is collected once.
    std::set<std::int64_t> old_collected;
    for (const GcPause& pause : *pauses)
        if (!contains_ignoring_case(pause.kind, "young") && !contains_ignoring_case(pause.kind, "minor")) old_collected.insert(pause.file_id);
    Floor best;
    const double needed = context.threshold("collections");
    for (auto& [file, all] : by_file) {
        // Once the heap is full, and stays so to the end, it cannot rise further: what led there is judged.
        const auto full = std::find_if(all.rbegin(), all.rend(), [](const GcPause* pause) {
            return static_cast<double>(*pause->after_bytes) < full_heap * static_cast<double>(pause->capacity_bytes.value_or(INT64_MAX));
        }).base();
        if (static_cast<double>(full - all.begin()) >= needed) all.erase(full, all.end());
        // Full and old collections show the live set; young ones leave garbage of the old generation behind. When the old
        // ones crowd in one part of the recording (the end, when the heap is full) the young ones show how it came to that.
        std::vector<const GcPause*> deep;
        for (const GcPause* pause : all)
            if (contains_ignoring_case(pause->kind, "full") || contains_ignoring_case(pause->kind, "mixed") || contains_ignoring_case(pause->kind, "remark")) deep.push_back(pause);
        const bool old_ones = static_cast<double>(deep.size()) >= needed && 2 * (deep.back()->at_ns - deep.front()->at_ns) >= all.back()->at_ns - all.front()->at_ns;
        const std::vector<const GcPause*>& used = old_ones ? deep : all;
        if (static_cast<double>(used.size()) < needed) continue;
        // Lower envelope: the least of each tenth.
        const std::size_t tenth = std::max<std::size_t>(used.size() / 10, 1);
        std::vector<double> seconds, bytes;
        double capacity = 0;
        for (std::size_t i = 0; i < used.size(); i += tenth) {
            const GcPause* least = used[i];
            for (std::size_t k = i; k < std::min(i + tenth, used.size()); ++k)
                if (*used[k]->after_bytes < *least->after_bytes) least = used[k];
            seconds.push_back(static_cast<double>(least->at_ns - used.front()->at_ns) / 1e9);
            bytes.push_back(static_cast<double>(*least->after_bytes));
            capacity = std::max(capacity, static_cast<double>(least->capacity_bytes.value_or(0)));
        }
        if (seconds.size() < 5) continue;
        Floor floor = judge_floor(seconds, bytes, context.threshold("r2"), context.threshold("growth_share"));
        floor.collections = used.size();
        floor.capacity = capacity;
        floor.source = "gc";
        if (!old_ones) floor.rises = floor.rises && floor.last >= young_floor_rise * std::max(floor.first, 1.0);
        floor.young_only = floor.rises && !old_collected.contains(file);
        floor.rises = floor.rises && !floor.young_only;
        if (!best.there || (floor.rises && !best.rises)) best = floor;
    }
    return best;
}

Result<Floor> metric_floor(AnalysisContext& context)
{
    Floor best;
    TRY_ASSIGN(const auto* heap, context.evidence().metric("heap"));
    TRY_ASSIGN(const auto* limit, context.evidence().metric("heap_max"));
    std::map<std::string, std::map<std::int64_t, double>> by_instance;  // pools of one heap are added up
    for (const Series& series : *heap)
        for (std::size_t i = 0; i < series.value.size(); ++i) by_instance[series.service + "|" + series.instance][series.at_ns[i]] += series.value[i];
    for (const auto& [instance, points] : by_instance) {
        const double minutes = static_cast<double>(points.rbegin()->first - points.begin()->first) / 60e9;
        if (points.size() < 2 * static_cast<std::size_t>(context.threshold("collections")) || minutes < context.threshold("metric_minutes")) continue;
        const std::size_t tenth = points.size() / 10;
        std::vector<double> seconds, bytes;
        std::size_t i = 0;
        for (const auto& [at, value] : points) {
            if (i++ % tenth == 0) {
                seconds.push_back(static_cast<double>(at - points.begin()->first) / 1e9);
                bytes.push_back(value);
            } else if (value < bytes.back()) {
                bytes.back() = value;
            }
        }
        Floor floor = judge_floor(seconds, bytes, context.threshold("r2"), 10 * context.threshold("growth_share"));
        floor.source = "metric";
        if (!limit->empty() && !limit->front().value.empty()) floor.capacity = limit->front().value.back();
        if (!best.there || (floor.rises && !best.rises)) best = floor;
    }
    return best;
}

std::string describe_molecule(const HeapGrowth& growth, const LeakMolecule& molecule)
{
    std::string text;
    for (std::size_t i = 0; i < molecule.members.size() && i < 6; ++i) {
        const auto& member = molecule.members[i];
        text += (i > 0 ? " : " : "") + format_number(member.per_culprit, 2) + " " + readable_class(growth.classes[member.index].name);
    }
    return text;
}

struct Best {
    HeapGrowth growth;
    const HeapSeries* series = nullptr;
};

Status report(AnalysisContext& context, const HeapSeries& series, const HeapGrowth& growth, const LeakMolecule& molecule, const Floor& floor)
{
    const GrowingClass& culprit = growth.classes[molecule.culprit];
    const std::string name = readable_class(culprit.name);
    const std::size_t n = series.snapshots.size();
    const bool significant = static_cast<double>(n) >= context.threshold("snapshots");
    Finding finding;
    finding.verdict = (significant || floor.rises) && culprit.application ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({name});
    const double each = culprit.growth() > 0 ? molecule.bytes / culprit.growth() : 0;
    finding.headline = name + " grows without bound: " + format_count(static_cast<std::int64_t>(culprit.instances.front())) + " -> " + format_count(static_cast<std::int64_t>(culprit.instances.back())) + " instances over " +
                       std::to_string(n) + " histograms, " + format_bytes(molecule.bytes) + " with what each holds (" + format_bytes(each) + " each)";
    finding.subjects = {{"class", name}};
    for (std::size_t i = 1; i < molecule.members.size(); ++i) finding.subjects.push_back({"class", readable_class(growth.classes[molecule.members[i].index].name)});
    finding.figures = {{"instances_grown", culprit.growth(), "instances", {}, {}},
                       context.figure("bytes_grown", molecule.bytes, "bytes", "growth"),
                       {"share_of_heap_growth", growth.heap_last > growth.heap_first ? 100 * molecule.bytes / (growth.heap_last - growth.heap_first) : 0, "%", {}, {}},
                       {"bytes_per_instance", each, "bytes", {}, {}},
                       context.figure("histograms", static_cast<double>(n), "snapshots", "snapshots"),
                       context.figure("q_value", culprit.q, "1", "fdr"),
                       {"weakest_step", culprit.weakest_step, "1", 0.3, {}},
                       {"second_half", culprit.second_half, "1", 0.6, {}},
                       {"classes_tested", static_cast<double>(growth.family), "classes", {}, {}}};
    Felt felt;
    felt.over_alert_line = finding.verdict == Verdict::confirmed;
    if (series.timed) {
        finding.when = TimeRange{*series.snapshots.front()->at_ns, *series.snapshots.back()->at_ns + 1};
        const double per_hour = molecule.bytes / std::max(finding.when->seconds(), 1.0) * 3600;
        finding.figures.push_back({"bytes_per_hour", per_hour, "bytes", {}, {}});
        if (floor.capacity > growth.heap_last && per_hour > 0) {
            const double hours = (floor.capacity - growth.heap_last) / per_hour;
            finding.figures.push_back({"hours_to_limit", hours, "h", {}, {}});
            felt.exhausted = hours < 1;
        }
    }
    if (floor.there) finding.figures.push_back(context.figure("floor_r2", floor.r2, "1", "r2"));
    finding.severity = severity_of(felt);
    finding.impact = 0;
    finding.refutes_if = "the class stops growing under the same load, or falls when load falls";
    finding.evidence.push_back({"Instances over time of what grows together", "series", "heap",
                                "SELECT h.at_ns, f.path, h.class, h.instances, h.bytes FROM heap_class h JOIN import_file f ON f.id = h.file_id WHERE h.class = ?1 ORDER BY h.at_ns, f.path",
                                {culprit.name}});
    finding.evidence.push_back({"The last histogram", "table", "heap", "SELECT class, instances, bytes FROM heap_class WHERE file_id = ?1 ORDER BY bytes DESC, class LIMIT 200", {series.snapshots.back()->file_id}});
    finding.fixes = {{"Find what keeps " + name + ": the static map, listener list or cache that is added to and never removed from", "1-4 h", format_bytes(molecule.bytes) + " of growth over the recording -> 0", "removing entries too early breaks what still uses them"},
                     {"Bound the holder (maximum size, expiry) and restart in the meantime before the limit is reached", "30 min", "heap stays below " + format_bytes(growth.heap_last), "a restart empties the heap and its evidence: take a heap dump first"}};
    finding.proof = "instances of " + name + " flat over 5 histograms under the same load";
    finding.rollback = "misses of a cache that was bounded too tightly";
    finding.note = "grows in proportion: " + describe_molecule(growth, molecule);
    if (!significant && !floor.rises) finding.note += "; " + std::to_string(n) + " histograms are too few to be sure, take " + format_number(context.threshold("snapshots")) + " or more";
    else if (!culprit.application) finding.note += "; no class of the application grows with them, so the owner is not known";
    context.add(std::move(finding));
    return {};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* snapshots, context.evidence().heap_snapshots());
    TRY_ASSIGN(const Floor gc, gc_floor(context));
    TRY_ASSIGN(const Floor metric, metric_floor(context));
    const Floor& floor = gc.there ? gc : metric;
    std::size_t most_snapshots = 0, tested = 0;
    std::set<std::string> reported;
    const std::vector<HeapSeries> all = heap_series(*snapshots);
    std::vector<Best> found;
    for (const HeapSeries& series : all) {
        most_snapshots = std::max(most_snapshots, series.snapshots.size());
        if (series.snapshots.size() < 2) continue;
        Best best{heap_growth(series, context.threshold("fdr")), &series};
        tested = std::max(tested, best.growth.tested);
        found.push_back(std::move(best));
    }
    // The longest series speaks first; the same class in another series is the same leak.
    std::stable_sort(found.begin(), found.end(), [](const Best& a, const Best& b) { return a.series->snapshots.size() > b.series->snapshots.size(); });
    for (const Best& best : found) {
        if (best.series->snapshots.size() < 3 && !floor.rises) continue;
        bool application = false;
        for (const LeakMolecule& molecule : best.growth.molecules) {
            if (molecule.bytes < context.threshold("growth") || molecule.bytes * 100 < context.threshold("growth_share") * best.growth.heap_last) continue;
            // Application classes come first. Strings and arrays that grow beside one out of proportion (two leaks share
            // them, or other work moves them too) are held by it, or by nobody who could be named.
            if (best.growth.classes[molecule.culprit].application) application = true;
            else if (application) continue;
            if (reported.insert(best.growth.classes[molecule.culprit].name).second) TRY(report(context, *best.series, best.growth, molecule, floor));
        }
    }
    if (reported.empty() && floor.rises) {
        Finding finding;
        finding.verdict = Verdict::suspected;
        finding.key = finding_key({"live memory floor"});
        finding.headline = "What is left after collections grows by " + format_bytes(floor.bytes_per_hour) + " per hour: " + format_bytes(floor.first) + " -> " + format_bytes(floor.last) + " over " + std::to_string(floor.collections) + " collections";
        finding.subjects = {{"metric", floor.source == "gc" ? "heap after collection" : "heap"}};
        finding.figures = {context.figure("floor_r2", floor.r2, "1", "r2"), context.figure("collections", static_cast<double>(floor.collections), "collections", "collections"), {"bytes_per_hour", floor.bytes_per_hour, "bytes", {}, {}}};
        const std::optional<double> hours = floor.hours_to_limit(context.threshold("metric_minutes"));
        if (hours) finding.figures.push_back({"hours_to_limit", *hours, "h", {}, {}});
        finding.severity = severity_of({0, 0, hours && *hours < 1, true, false});
        finding.refutes_if = "the floor is flat or falls with load";
        finding.evidence = {floor.source == "gc" ? Evidence{"Heap after each collection", "series", "gc", "SELECT at_ns, after_bytes AS value, capacity_bytes FROM gc_pause WHERE after_bytes IS NOT NULL ORDER BY at_ns", {}}
                                                 : Evidence{"Heap over time", "series", "metric", "SELECT at_ns, name, labels, value FROM metric_point WHERE name LIKE '%heap%' OR name LIKE '%memory%' ORDER BY name, labels, at_ns", {}}};
        finding.fixes = {{"Take class histograms to find the class that grows: jcmd PID GC.class_histogram, five times", "15 min", "names the culprit", "each live histogram stops the process for a full collection"}};
        finding.note = "class histograms over the same time would show which class grows";
        context.add(std::move(finding));
    }
    if (most_snapshots < 3 && !floor.there)
        return Answer{Verdict::inconclusive, (most_snapshots > 0 ? std::to_string(most_snapshots) + " histograms of one process" : std::string("no histograms")) + " and too few collections or minutes of heap: growth cannot be told from chance", {{"heap_class", "five histograms make growth significant", "jcmd PID GC.class_histogram > histogram_1.txt, five times or more under load, some minutes apart"}}};
    if (floor.young_only && most_snapshots < 3)
        return Answer{Verdict::inconclusive, "what " + std::to_string(floor.collections) + " young collections leave behind grows from " + format_bytes(floor.first) + " to " + format_bytes(floor.last) +
                                                 ", but the old generation was never collected: all of it may be garbage", {{"gc_pause", "a log that goes on until the old generation was collected some times", "java -Xlog:gc*,safepoint:file=gc.log:time,uptime,level,tags ..."},
                                                 {"heap_class", "live histograms collect the old generation and name what grows", "jmap -histo:live PID > histogram_1.txt, five times or more under load, some minutes apart"}}};
    std::string reason = "no class grows steadily";
    if (tested > 0) reason += ": " + format_count(static_cast<std::int64_t>(tested)) + " classes over " + std::to_string(most_snapshots) + " histograms";
    if (floor.there) reason += std::string(tested > 0 ? ";" : ":") + " the floor after collections changes by " + format_bytes(floor.last - floor.first) + " (R2 " + format_number(floor.r2, 2) + ")";
    return Answer{Verdict::ruledOut, reason, {}};
}

}  // namespace

extern const Analyzer leak;
const Analyzer leak{"memory.leak", "Does live memory grow without bound?", AnalyzerKind::cause, "gc_pause or heap_class or metric(heap)", "event, metric(requests)", thresholds, run};

}  // namespace casebook::memory
