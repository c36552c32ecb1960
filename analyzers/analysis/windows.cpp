#include "analyzers/analysis/windows.h"

#include "analyzers/analysis/change_points.h"
#include "analyzers/analysis/releases.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

Result<WindowRow> find_window(const std::vector<WindowRow>& all, const std::string& name)
{
    for (const WindowRow& window : all)
        if (window.name == name) return window;
    return fail(Error::Code::usage, "there is no window " + name, "casebook-cli window CASE --list shows the windows; window CASE NAME FROM TO makes one");
}

constexpr double snap_s = 10;             // a change this near to an event happened at the event
constexpr double enough_share = 0.05;             // of the case on either side of a deploy that makes a base

double apart(std::int64_t a_ns, std::int64_t b_ns) { return std::abs(TimeRange{a_ns, b_ns}.seconds()); }

/// Whose event it is: as it says, else the service that its text names.
bool is_of(const Event& event, const std::string& service)
{
    return !service.empty() && (event.service.empty() ? names_word(event.text, service) : equals_ignoring_case(event.service, service));
}

/// "deploy of payments"; "deploy" when nobody says of what.
std::string name_of(const Event& event, const std::string& service)
{
    if (!event.service.empty()) return event.kind + " of " + event.service;
    return is_of(event, service) ? event.kind + " of " + service : event.kind;
}

/// The event that is meant by a change of a service: of those near enough a release of the service itself, else the nearest.
const Event* event_near(const std::vector<Event>& events, std::int64_t at_ns, const std::string& service)
{
    const Event* nearest = nullptr;
    const auto rank = [&](const Event& event) {
        return std::pair(!(is_release(event) && is_of(event, service)), apart(event.at_ns, at_ns));
    };
    for (const Event& event : events)
        if (apart(event.at_ns, at_ns) <= snap_s && (!nearest || rank(event) < rank(*nearest))) nearest = &event;
    return nearest;
}

/// The stretch in which changes could be seen, with what other evidence has of the time after it, unless that is longer than
/// the stretch itself: then it belongs to something else. The whole case without enough observations of anything.
TimeRange seen_in(const std::vector<Observations>& observed, TimeRange whole)
{
    std::optional<TimeRange> seen;
    for (const Observations& one : observed)
        if (const auto stretch = recorded_stretch(one))
            seen = seen ? TimeRange{std::min(seen->from_ns, stretch->from_ns), std::max(seen->to_ns, stretch->to_ns)} : *stretch;
    if (!seen) return whole;
    if (TimeRange{seen->to_ns, whole.to_ns}.seconds() <= seen->seconds()) seen->to_ns = whole.to_ns;
    return *seen;
}

/// Divides `within` at the onset. Other evidence may lie far before or after it, and says nothing of what was usual in between.
void take(AnalysisWindows& chosen, TimeRange within, std::int64_t onset_ns, std::string why)
{
    chosen.onset_ns = onset_ns;
    chosen.incident = TimeRange{onset_ns, within.to_ns};
    chosen.proposed_why = std::move(why);
    if (chosen.baseline) return;
    chosen.proposed = true;
    chosen.baseline = TimeRange{within.from_ns, onset_ns};
    chosen.baseline_name = "baseline";
}

/// The last moment of `kinds` with enough of the case on both sides.
const Event* dividing_event(const std::vector<Event>& events, TimeRange whole, std::initializer_list<std::string_view> kinds, bool last)
{
    const double margin = enough_share * whole.seconds();
    const Event* found = nullptr;
    for (const Event& event : events) {
        if (TimeRange{whole.from_ns, event.at_ns}.seconds() < margin || TimeRange{event.at_ns, whole.to_ns}.seconds() < margin) continue;
        const bool meant = std::any_of(kinds.begin(), kinds.end(), [&](std::string_view kind) { return contains_ignoring_case(event.kind, kind); });
        if (meant && (last || !found)) found = &event;
    }
    return found;
}

/// When the first restart was counted, if any was.
Result<std::optional<std::int64_t>> first_restart(CaseEvidence& evidence)
{
    std::optional<std::int64_t> first;
    TRY_ASSIGN(const std::vector<Series>* series, evidence.metric("restarts"));
    for (const Series& one : *series)
        for (std::size_t i = 1; i < one.value.size(); ++i)
            if (one.value[i] > one.value[i - 1]) {
                if (!first || one.at_ns[i] < *first) first = one.at_ns[i];
                break;
            }
    return first;
}

/// MAP "Proposed windows": the strongest change; else a deploy; else the first restart; else a change of traffic alone.
Status propose(CaseEvidence& evidence, AnalysisWindows& chosen)
{
    TRY_ASSIGN(const std::vector<Observations> observed, observations_of(evidence));
    TRY_ASSIGN(const std::vector<Event>* events, evidence.events());
    const std::vector<Change> changes = find_changes(observed);
    const auto is_usable = [&](const Change& change) { return !chosen.baseline || TimeRange{chosen.baseline->to_ns, change.at_ns}.seconds() >= -snap_s; };
    const auto strongest = std::find_if(changes.begin(), changes.end(), is_usable);
    const bool traffic_only = strongest != changes.end() && strongest->kind == Change::Kind::traffic;
    const TimeRange seen = seen_in(observed, chosen.whole);
    if (strongest == changes.end() || traffic_only) {
        TRY_ASSIGN(const std::optional<std::int64_t> restart, first_restart(evidence));
        for (const TimeRange within : {seen, chosen.whole}) {
            const Event* event = dividing_event(*events, within, {"deploy", "release", "rollout"}, true);
            if (!event) event = dividing_event(*events, within, {"oom", "restart", "crash"}, false);
            const bool restarted = restart && *restart > within.from_ns && *restart < within.to_ns;
            if (!event && !restarted) continue;
            take(chosen, within, event ? event->at_ns : *restart, event ? name_of(*event, {}) : "the first restart");
            return {};
        }
        if (!traffic_only) return {};
    }
    std::int64_t onset_ns = strongest->at_ns;
    std::string why = describe(*strongest);
    if (const Event* event = event_near(*events, onset_ns, strongest->service)) {
        onset_ns = event->at_ns;
        why += ", with " + name_of(*event, strongest->service);
    }
    const TimeRange within = {std::min(strongest->since_ns, onset_ns), std::max(seen.to_ns, onset_ns + 1)};
    take(chosen, within, onset_ns, std::move(why));
    if (strongest->until_ns && *strongest->until_ns > onset_ns) chosen.incident->to_ns = *strongest->until_ns;
    return {};
}

}  // namespace

Result<AnalysisWindows> choose_windows(CaseEvidence& evidence, const AnalyzeOptions& options)
{
    AnalysisWindows chosen;
    TRY_ASSIGN(const std::vector<WindowRow> named, windows(evidence.file()));
    TRY_ASSIGN(const std::optional<TimeRange> range, evidence.time_range());
    chosen.whole = range.value_or(TimeRange{});
    chosen.analysed = chosen.whole;
    bool whole_case = true;
    if (options.range) {
        chosen.analysed = *options.range;
        chosen.limited = true;
        chosen.analysed_name = "selection";
        whole_case = false;
    } else {
        const std::string wanted = options.window.empty() ? "incident" : options.window;
        const auto window = find_window(named, wanted);
        if (!window && !options.window.empty()) return tl::unexpected<Error>(window.error());
        if (window) {
            chosen.analysed = window->range;
            chosen.analysed_name = window->name;
            whole_case = false;
        }
    }
    const std::string baseline = options.baseline.empty() ? "baseline" : options.baseline;
    const auto window = find_window(named, baseline);
    if (!window && !options.baseline.empty()) return tl::unexpected<Error>(window.error());
    if (window && window->name != chosen.analysed_name) {
        chosen.baseline = window->range;
        chosen.baseline_name = window->name;
    } else if (!whole_case && chosen.analysed.from_ns > chosen.whole.from_ns) {
        chosen.baseline = TimeRange{chosen.whole.from_ns, chosen.analysed.from_ns};
        chosen.baseline_name = "before " + chosen.analysed_name;
    }
    if (!whole_case) {
        chosen.onset_ns = chosen.analysed.from_ns;
        chosen.incident = chosen.analysed;
    } else if (range) {
        TRY(propose(evidence, chosen));
        if (!chosen.incident && chosen.baseline && chosen.baseline->to_ns < chosen.whole.to_ns)
            chosen.incident = TimeRange{chosen.baseline->to_ns, chosen.whole.to_ns};  // the user said what is normal
    }
    return chosen;
}

}  // namespace casebook
