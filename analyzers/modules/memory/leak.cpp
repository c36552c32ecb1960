// Does live memory grow without bound?
//
// Two kinds of evidence: the floor that collections leave behind (GC log, heap metric), and class histograms over time. In
// histograms every class is tested (exact Mann-Kendall, false discoveries controlled), growth must keep its pace, and the
// culprit is the rarest application class among those that grow in fixed proportion, not the one with the most bytes. The
// floor speaks for histograms of the same process and time only. What grows no more than the load does is no leak yet.

#include "analyzers/analysis/collections.h"
#include "analyzers/analysis/context.h"
#include "analyzers/analysis/growth_shape.h"
#include "analyzers/analysis/heap_growth.h"
#include "analyzers/analysis/live_floor.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/restarts.h"
#include "analyzers/analysis/service_load.h"
#include "analyzers/analysis/sessions.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

namespace casebook::memory {
namespace {

constexpr std::array<Threshold, 8> thresholds{{{"r2", 0.8, "1", "Casebook's own"},
                                               {"collections", 10, "collections", "Casebook's own"},
                                               {"snapshots", 5, "snapshots", "exact Mann-Kendall: fewer cannot be significant"},
                                               {"growth_share", 1, "%", "Casebook's own"},
                                               {"growth", 1'000'000, "bytes", "Casebook's own"},
                                               {"fdr", 0.05, "1", "Benjamini and Hochberg 1995", Bound::atMost},
                                               {"metric_minutes", 10, "min", "Casebook's own: shorter is warm-up"},
                                               {"follows", 0.6, "1", "Casebook's own", Bound::atMost}}};

constexpr double main_part = 0.25;  // of the heap's growth: the floor rises because of it
constexpr double denied = 0.5;      // of its growth: a floor that cannot have risen by more contradicts it

std::string describe_molecule(const HeapGrowth& growth, const LeakMolecule& molecule)
{
    std::string text;
    for (std::size_t i = 0; i < molecule.members.size() && i < 6; ++i) {
        const auto& member = molecule.members[i];
        text += (i > 0 ? " : " : "") + format_number(member.per_culprit, 2) + " " + readable_class(growth.classes[member.index].name);
    }
    return text;
}


/// ", the limit of 256 MB is reached in 3.2 h"
std::string full_in(double limit, double hours)
{
    return ", the limit of " + format_bytes(limit) + " is reached in " + (hours < 1 ? format_ms(hours * 3.6e6) : format_number(hours, 2) + " h");
}

/// One process by its histograms, with what else is known of it.
struct Process {
    HeapSeries series;
    HeapGrowth growth;
    const LiveFloor* floor = nullptr;  ///< of the same process and time
    std::string apart;                 ///< why a floor there is does not speak for it
    ServiceLoad load;                  ///< at the snapshots
};

struct Judged {
    Verdict verdict = Verdict::suspected;
    std::string note;
};

Judged judge(const AnalysisContext& context, const Process& process, const GrowingClass& culprit, const LeakMolecule& molecule)
{
    const std::size_t n = process.series.snapshots.size();
    const double heap_growth = process.growth.heap_last - process.growth.heap_first;
    if (process.load.known() && explained_by_load(culprit.instances, process.load.per_second, context.threshold("follows")))
        return {Verdict::inconclusive, "the load rose as much meanwhile, and requests hold memory: a stretch with less load would tell"};
    const LiveFloor* floor = process.floor;
    if (floor && floor->course == LiveFloor::Course::flat && floor->when && process.series.timed) {
        const double share = TimeRange{*process.series.snapshots.front()->at_ns, *process.series.snapshots.back()->at_ns}.seconds() / std::max(floor->seconds, 1.0);
        if (floor->growth_at_most * share < denied * molecule.bytes)
            return {Verdict::inconclusive, "what collections leave behind did not rise meanwhile: the two contradict each other"};
    }
    if (!culprit.application) return {Verdict::suspected, "no class of the application grows with them, so the owner is not known"};
    if (floor && floor->rises() && molecule.bytes >= main_part * heap_growth) return {Verdict::confirmed, {}};
    const double needed = context.threshold("snapshots");
    if (static_cast<double>(n) < needed)
        return {Verdict::suspected, std::to_string(n) + " histograms are too few to be sure, take " + format_number(needed) + " or more" + process.apart};
    if (culprit.slows) return {Verdict::suspected, "it grows slower and slower, as a cache does that warms up: more histograms would tell"};
    return {Verdict::confirmed, {}};
}

Status report(AnalysisContext& context, const Process& process, const LeakMolecule& molecule)
{
    const HeapSeries& series = process.series;
    const HeapGrowth& growth = process.growth;
    const GrowingClass& culprit = growth.classes[molecule.culprit];
    const std::string name = readable_class(culprit.name);
    const std::size_t n = series.snapshots.size();
    const Judged judged = judge(context, process, culprit, molecule);
    Finding finding;
    finding.verdict = judged.verdict;
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
        const double limit = process.floor ? process.floor->limit : 0;
        if (limit > growth.heap_last && per_hour > 0) {
            const double hours = (limit - growth.heap_last) / per_hour;
            finding.figures.push_back({"hours_to_limit", hours, "h", {}, {}});
            finding.headline += full_in(limit, hours);
            felt.exhausted = hours < 1;
        }
    }
    if (process.floor) finding.figures.push_back(context.figure("floor_r2", process.floor->r2, "1", "r2"));
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
    if (!judged.note.empty()) finding.note += "; " + judged.note;
    context.add(std::move(finding));
    return {};
}

Status report_floor(AnalysisContext& context, const LiveFloor& floor)
{
    Finding finding;
    finding.verdict = Verdict::suspected;
    finding.key = finding_key({"live memory floor"});
    std::string where = floor.service;
    if (!floor.instance.empty()) where += (where.empty() ? "" : " ") + floor.instance;
    finding.headline = "What is left after collections" + (where.empty() ? "" : " in " + where) + " grows by " + format_bytes(floor.bytes_per_hour) + " per hour: " + format_bytes(floor.first) + " -> " + format_bytes(floor.last) + " over " + std::to_string(floor.collections) +
                       (floor.by_collections ? " collections" : " samples");
    finding.subjects = {{"metric", floor.by_collections ? "heap after collection" : floor.metric}};
    if (!floor.service.empty()) finding.subjects.push_back({"service", floor.service});
    if (!floor.instance.empty()) finding.subjects.push_back({"instance", floor.instance});
    finding.figures = {context.figure("floor_r2", floor.r2, "1", "r2"), context.figure("collections", static_cast<double>(floor.collections), "collections", "collections"), {"bytes_per_hour", floor.bytes_per_hour, "bytes", {}, {}}};
    const std::optional<double> hours = floor.hours_to_limit(context.threshold("metric_minutes"));
    if (hours) {
        finding.figures.push_back({"hours_to_limit", *hours, "h", {}, {}});
        finding.headline += full_in(floor.limit, *hours);
    }
    finding.when = floor.when;
    finding.severity = severity_of({0, 0, hours && *hours < 1 && floor.seconds >= 60 * context.threshold("metric_minutes"), true, false});
    finding.refutes_if = "the floor is flat or falls with load";
    std::string files;
    for (const std::int64_t file : floor.files) files += (files.empty() ? "" : ",") + std::to_string(file);
    finding.evidence = {floor.by_collections ? Evidence{"Heap after each collection", "series", "gc", "SELECT at_ns, after_bytes AS value, capacity_bytes FROM gc_pause WHERE after_bytes IS NOT NULL AND file_id IN (" + files + ") ORDER BY at_ns", {}}
                                             : Evidence{"Heap over time", "series", "metric", "SELECT at_ns, name, labels, value FROM metric_point WHERE name = ?1 AND labels LIKE '%' || ?2 || '%' AND labels LIKE '%' || ?3 || '%' ORDER BY labels, at_ns", {floor.metric, floor.service, floor.instance}}};
    finding.fixes = {{"Find what grows: five class histograms (JVM: jcmd PID GC.class_histogram), or heap profiles (Go: pprof, Node.js: heap snapshots)", "15 min", "names the culprit", "each live histogram stops the process for a full collection"}};
    finding.note = "class histograms over the same time would show which class grows";
    context.add(std::move(finding));
    return {};
}

/// A series is cut where its process began anew; the parts are series of their own.
std::vector<HeapSeries> between_restarts(const HeapSeries& series, const std::vector<RestartMoment>& restarts)
{
    std::vector<HeapSeries> parts{{series.name, series.folder, {}, series.timed}};
    const auto live = [](const HeapSnapshot& snapshot) {
        double bytes = 0;
        for (const auto& entry : snapshot.classes) bytes += static_cast<double>(entry.bytes);
        return bytes;
    };
    for (const HeapSnapshot* snapshot : series.snapshots) {
        std::vector<const HeapSnapshot*>& part = parts.back().snapshots;
        const bool anew = series.timed && !part.empty() && std::any_of(restarts.begin(), restarts.end(), [&](const RestartMoment& restart) {
            return restart.at_ns > *part.back()->at_ns && restart.at_ns <= *snapshot->at_ns;
        }) && live(*snapshot) < live(*part.back());
        if (anew) parts.push_back({series.name, series.folder, {}, series.timed});
        parts.back().snapshots.push_back(snapshot);
    }
    return parts;
}

/// The floor of the process the histograms are of: the only one there is, or the only one of the same folder.
void match_floor(Process& process, const std::vector<LiveFloor>& floors, std::size_t processes)
{
    const auto same_folder = [&](const LiveFloor& floor) { return floor.by_collections && floor.folder == process.series.folder; };
    const LiveFloor* found = nullptr;
    if (floors.size() == 1 && processes == 1) found = &floors.front();
    else if (std::count_if(floors.begin(), floors.end(), same_folder) == 1) found = &*std::find_if(floors.begin(), floors.end(), same_folder);
    if (!found) {
        if (!floors.empty()) process.apart = ", and it is not known which process the heap's course is of";
        return;
    }
    if (process.series.timed && found->when &&
        (*process.series.snapshots.back()->at_ns < found->when->from_ns || *process.series.snapshots.front()->at_ns >= found->when->to_ns)) {
        process.apart = ", and the heap's course was recorded at another time";
        return;
    }
    process.floor = found;
}

Result<std::vector<Process>> processes_of(AnalysisContext& context, const std::vector<LiveFloor>& floors)
{
    TRY_ASSIGN(const auto* snapshots, context.evidence().heap_snapshots());
    TRY_ASSIGN(auto files, imported_files(context));
    TRY_ASSIGN(const auto restarts, restart_moments(context.evidence()));
    std::vector<const HeapSnapshot*> inside;
    for (const HeapSnapshot& snapshot : *snapshots) {
        const std::optional<std::int64_t> at = snapshot.at_ns && *snapshot.at_ns > wall_clock_ns ? snapshot.at_ns : std::nullopt;
        if (in_analysed_window(context.windows(), at, files[snapshot.file_id].window)) inside.push_back(&snapshot);
    }
    std::vector<Process> processes;
    ServiceLoads loads(context);
    const std::vector<HeapSeries> all = heap_series(inside);
    std::set<std::string> folders;
    for (const HeapSeries& series : all) folders.insert(series.folder);
    for (const HeapSeries& whole : all)
        for (HeapSeries& series : between_restarts(whole, restarts)) {
            const auto alike = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const HeapSeries& other) { return other.folder == series.folder && other.name == series.name; }));
            Process process{std::move(series), {}, nullptr, {}, {}};
            process.growth = heap_growth(process.series, context.threshold("fdr"));
            match_floor(process, floors, std::max(folders.size(), alike));
            if (process.series.timed) {
                std::vector<std::int64_t> moments;
                for (const HeapSnapshot* snapshot : process.series.snapshots) moments.push_back(*snapshot->at_ns);
                TRY_ASSIGN(process.load, loads.of({}, moments));
                if (process.load.known() && (moments.front() < process.load.recorded.from_ns || moments.back() > process.load.recorded.to_ns)) process.load = {};
            }
            processes.push_back(std::move(process));
        }
    // The longest series speaks first; the same class in another series is the same leak.
    std::stable_sort(processes.begin(), processes.end(), [](const Process& a, const Process& b) { return a.series.snapshots.size() > b.series.snapshots.size(); });
    return processes;
}

Answer unanswered(const LiveFloor* floor, std::size_t most_snapshots)
{
    const Missing histograms = missing_evidence("heap_class", "five histograms make growth significant");
    if (!floor)
        return {Verdict::inconclusive, (most_snapshots > 0 ? std::to_string(most_snapshots) + " histograms of one process" : std::string("no histograms")) + " and too few collections or minutes of heap: growth cannot be told from chance", {histograms}};
    const std::string grew = " grows from " + format_bytes(floor->first) + " to " + format_bytes(floor->last);
    if (floor->course == LiveFloor::Course::garbage)
        return {Verdict::inconclusive, "what " + std::to_string(floor->collections) + " young collections leave behind" + grew + ", but the old generation was " + (floor->old_collections == 0 ? "never collected" : "hardly collected") + ": all of it may be garbage",
                {missing_evidence("gc_pause", "a log that goes on until the old generation was collected some times"), missing_evidence("heap_class", "live histograms collect the old generation and name what grows")}};
    if (floor->course == LiveFloor::Course::slowing)
        return {Verdict::inconclusive, "live memory" + grew + ", but slower and slower, as a cache does that warms up: a longer recording would tell", {histograms}};
    return {Verdict::inconclusive, "live memory" + grew + ", but the load rose as much meanwhile (rank correlation " + format_number(floor->load_correlation, 2) + "): a stretch with less load would tell",
            {histograms}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const std::vector<LiveFloor> floors, live_floors(context));
    TRY_ASSIGN(const std::vector<Process> processes, processes_of(context, floors));
    const LiveFloor* floor = floors.empty() ? nullptr : &floors.front();
    std::size_t most_snapshots = 0, tested = 0;
    std::set<std::string> reported;
    for (const Process& process : processes) {
        const std::size_t n = process.series.snapshots.size();
        most_snapshots = std::max(most_snapshots, n);
        tested = std::max(tested, process.growth.tested);
        // Two prove nothing, unless something else says that memory grows.
        if (n < 3 && !(process.floor && process.floor->rises())) continue;
        bool application = false;
        for (const LeakMolecule& molecule : process.growth.molecules) {
            const GrowingClass& culprit = process.growth.classes[molecule.culprit];
            if (molecule.bytes < context.threshold("growth") || molecule.bytes * 100 < context.threshold("growth_share") * process.growth.heap_last) continue;
            // Application classes come first. Strings and arrays that grow beside one out of proportion (two leaks share
            // them, or other work moves them too) are held by it, or by nobody who could be named.
            if (culprit.application) application = true;
            else if (application) continue;
            if (reported.insert(culprit.name).second) TRY(report(context, process, molecule));
        }
    }
    if (floor && floor->rises() && std::none_of(context.findings().begin(), context.findings().end(), [](const Finding& finding) { return finding.verdict <= Verdict::suspected; })) TRY(report_floor(context, *floor));
    TRY_ASSIGN(const std::int64_t pauses, context.evidence().amount("gc_pause"));
    TRY_ASSIGN(const std::int64_t gauges, context.evidence().amount("metric(heap)"));
    if (most_snapshots == 1 && pauses == 0 && gauges == 0)
        return Answer{Verdict::notEnoughEvidence, "one histogram shows what there is, not what grows", {missing_evidence("heap_class", "five histograms make growth significant")}};
    if (most_snapshots < 3 && (!floor || floor->course != LiveFloor::Course::flat)) return unanswered(floor, most_snapshots);
    std::string reason = "no class grows steadily";
    if (tested > 0) reason += ": " + format_count(static_cast<std::int64_t>(tested)) + " classes over " + std::to_string(most_snapshots) + " histograms";
    if (floor) reason += std::string(tested > 0 ? ";" : ":") + " the floor after collections changes by " + format_bytes(floor->last - floor->first) + " (R2 " + format_number(floor->r2, 2) + ")";
    if (floor && floor->load_correlation >= context.threshold("follows")) reason += " and follows the load (rank correlation " + format_number(floor->load_correlation, 2) + ")";
    return Answer{Verdict::ruledOut, reason, {}};
}

}  // namespace

extern const Analyzer leak;
const Analyzer leak{"memory.leak", "Does live memory grow without bound?", AnalyzerKind::cause, "gc_pause or heap_class or metric(heap)", "event, metric(requests)", thresholds, run};

}  // namespace casebook::memory
