#include "analyzers/analysis/release_regression.h"

#include "analyzers/analysis/operations.h"
#include "analyzers/analysis/release_rows.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace casebook {
namespace {

using namespace release_rows;

constexpr std::int64_t rollout_ns = 60'000'000'000;  // so near a half hour is the time itself

/// The old version's rows while the new one served.
Rows meanwhile(const SpanTable& spans, const Rows& old, const Rows& fresh)
{
    if (old.empty() || fresh.empty()) return {};
    return between(spans, old, spans.start_ns[fresh.front()], spans.start_ns[fresh.back()] + 1);
}

}  // namespace

ReleaseJudge::ReleaseJudge(AnalysisContext& context, const SpanTable& spans, const SpanClasses& classes, const std::vector<Release>& releases)
    : context_(context), spans_(spans), releases_(releases), comparison_(spans, classes)
{
    for (Row row = 0; row < spans.size(); ++row) {
        if (classes.of[row] != SpanClass::entry) continue;
        Service& service = services_[spans.service[row]];
        service.operations[spans.text(spans.operation[row])].push_back(row);
    }
    for (auto& [id, service] : services_)
        for (auto& [name, rows] : service.operations)
            std::sort(rows.begin(), rows.end(), [&](Row a, Row b) { return spans.start_ns[a] != spans.start_ns[b] ? spans.start_ns[a] < spans.start_ns[b] : a < b; });
}

std::vector<Regression> ReleaseJudge::look(const Release& release, Id service_id, Answer& answer)
{
    const Service& service = services_.at(service_id);
    const std::string name(spans_.text(service_id));
    const auto is_of_service = [&](const Release& other) { return std::find(other.services.begin(), other.services.end(), service_id) != other.services.end(); };
    std::int64_t from_ns = context_.windows().whole.from_ns, to_ns = context_.windows().whole.to_ns;
    const Release* next = nullptr;
    for (const Release& other : releases_) {
        if (&other == &release || !is_of_service(other)) continue;
        if (other.until_ns < release.at_ns) from_ns = std::max(from_ns, other.until_ns);
        else if (other.at_ns > release.until_ns && !next) next = &other;
    }
    if (next) to_ns = std::min(to_ns, next->at_ns);
    to_ns = std::min(to_ns, release.until_ns + hours(context_.threshold("suspect")) * 2);

    const Versions versions = versions_of(service, release, from_ns, to_ns);
    std::vector<Id> fresh(versions.fresh.begin(), versions.fresh.end());
    std::sort(fresh.begin(), fresh.end(), [&](Id a, Id b) { return spans_.text(a) < spans_.text(b); });
    std::vector<Regression> candidates;
    std::vector<Observations> observed;
    std::size_t base_requests = 0, after_requests = 0;
    for (const auto& [operation, rows] : service.operations) {
        Regression found;
        found.release = &release;
        found.service = service_id;
        found.operation = spans_.operation[rows.front()];
        found.versions = fresh;
        found.base = between(spans_, rows, from_ns, release.at_ns);
        const Rows later = between(spans_, rows, release.at_ns, to_ns);
        found.after = versions.fresh.empty() ? later : of_versions(spans_, later, versions.fresh);
        if (!versions.fresh.empty()) found.beside = meanwhile(spans_, of_versions(spans_, later, versions.old), found.after);
        if (found.base.size() < fewest_rows && found.beside.size() >= fewest_beside) {
            found.has_base = false;
            found.base = found.beside;
        }
        base_requests += found.base.size();
        after_requests += found.after.size();
        if (found.base.size() < fewest_rows || found.after.size() < fewest_rows) continue;
        const double all_before = static_cast<double>(found.base.size()) / std::max(1e-3, static_cast<double>(release.at_ns - from_ns) / 1e9);
        const double all_after = static_cast<double>(later.size()) / std::max(1e-3, static_cast<double>(to_ns - release.at_ns) / 1e9);
        if (found.has_base) found.load_factor = all_before > 0 ? all_after / all_before : 1;
        observed.push_back(observe(found));
        candidates.push_back(std::move(found));
    }
    if (candidates.empty()) {
        answer = {Verdict::inconclusive, "too few requests of " + name + " before or after " + release.text, {}};
        return {};
    }
    const double enough = context_.threshold("common.min_requests");
    const bool few = static_cast<double>(base_requests) < enough || static_cast<double>(after_requests) < enough;
    answer = {few ? Verdict::inconclusive : Verdict::ruledOut, few ? "fewer than " + format_number(enough) + " requests of " + name + " on one side of " + release.text : name + " is as fast as before " + release.text, {}};
    const std::vector<Change> changes = find_changes(observed);
    std::vector<Regression> worse;
    for (Regression& found : candidates) {
        found.few = few;
        if (!find_onset(found, changes, answer)) continue;
        if (!crosses(found)) {
            answer.reason = std::string(spans_.text(found.operation)) + ": P50 " + format_ms(found.was.p50_ms) + " -> " + format_ms(found.is.p50_ms) + ", P" + format_number(std::floor(found.percentile)) + " " +
                            format_ms(found.was.tail_ms) + " -> " + format_ms(found.is.tail_ms) + " after " + release.text;
            continue;
        }
        look_again(found, next, to_ns);
        if (found.old_is_as_bad) {
            answer = {Verdict::ruledOut, "the old version of " + name + " got as slow as the new one at the same time", {}};
            continue;
        }
        if (found.on_path * 100 < context_.threshold("on_path")) {
            answer = {Verdict::ruledOut, std::string(spans_.text(found.operation)) + " of " + name + " got slower after " + release.text + ", but requests do not wait for it", {}};
            continue;
        }
        const std::int64_t late_ns = found.onset_ns - release.until_ns;
        const bool soon = late_ns <= minutes(context_.threshold("onset"));
        const bool second_look = found.new_is_worse || found.restored || found.own;
        found.verdict = found.few || found.warms_up || found.time_unsure ? Verdict::inconclusive : soon && second_look ? Verdict::confirmed : Verdict::suspected;
        if (late_ns > hours(context_.threshold("suspect"))) continue;
        worse.push_back(std::move(found));
    }
    std::stable_sort(worse.begin(), worse.end(), [](const Regression& a, const Regression& b) { return a.verdict != b.verdict ? a.verdict < b.verdict : a.excess_ms > b.excess_ms; });
    return worse;
}

/// What served before the change, and what came with it.
ReleaseJudge::Versions ReleaseJudge::versions_of(const Service& service, const Release& release, std::int64_t from_ns, std::int64_t to_ns) const
{
    constexpr double common = 0.05;  // rarer before the change: clocks, or a rollout that began a moment early
    std::map<Id, std::size_t> before, after;
    std::size_t all_before = 0;
    for (const auto& [name, rows] : service.operations)
        for (const Row row : rows) {
            if (spans_.version[row] == 0 || spans_.start_ns[row] < from_ns || spans_.start_ns[row] >= to_ns) continue;
            ++(spans_.start_ns[row] < release.at_ns ? before : after)[spans_.version[row]];
            all_before += spans_.start_ns[row] < release.at_ns;
        }
    Versions versions;
    for (const auto& [version, count] : before)
        if (static_cast<double>(count) >= common * static_cast<double>(all_before)) versions.old.insert(version);
    for (const auto& [version, count] : after)
        if (!versions.old.contains(version)) versions.fresh.insert(version);
    if (!versions.old.empty() || versions.fresh.size() < 2) return versions;
    // Nothing was recorded before the change: the event says which version is the new one.
    Id newest = 0;
    std::size_t at = 0;
    for (const Id version : versions.fresh)
        if (const std::size_t found = release.text.rfind(spans_.text(version)); found != std::string::npos && (newest == 0 || found > at)) {
            newest = version;
            at = found;
        }
    if (newest == 0) return {};
    versions.old = versions.fresh;
    versions.old.erase(newest);
    versions.fresh = {newest};
    return versions;
}

Observations ReleaseJudge::observe(const Regression& found) const
{
    Observations seen;
    seen.service = spans_.text(found.service);
    seen.operation = spans_.text(found.operation);
    seen.arrivals = false;
    for (const Rows* rows : {&found.base, &found.after})
        for (const Row row : *rows) {
            seen.at_ns.push_back(spans_.start_ns[row]);
            seen.value.push_back(static_cast<double>(spans_.duration_ns[row]) / 1e6);
            seen.failed.push_back(failed(spans_, row));
        }
    return seen;
}

/// Which change point belongs to the change, if any does. Cuts `after` to the time from it on.
bool ReleaseJudge::find_onset(Regression& found, const std::vector<Change>& changes, Answer& answer) const
{
    const std::int64_t at_ns = found.release->at_ns;
    if (!found.has_base) {
        found.onset_ns = spans_.start_ns[found.after.front()];
        found.later = found.after;
        return true;
    }
    const Change* nearest = nullptr;
    for (const Change& change : changes)
        if (change.operation == spans_.text(found.operation) && change.kind != Change::Kind::traffic && (!nearest || std::llabs(change.at_ns - at_ns) < std::llabs(nearest->at_ns - at_ns))) nearest = &change;
    if (!nearest) return false;
    const std::int64_t apart_ns = nearest->at_ns - at_ns, grain_ns = minutes(context_.threshold("time_grain"));
    found.time_unsure = found.release->to_the_half_hour && apart_ns > rollout_ns && apart_ns <= grain_ns;
    if (apart_ns < -static_cast<std::int64_t>(context_.threshold("before") * 1e9) && began_before(found, *nearest)) {
        if (found.release->to_the_half_hour && apart_ns >= -grain_ns) {
            answer = {Verdict::inconclusive, describe(*nearest) + " began to rise " + format_ms(static_cast<double>(-apart_ns) / 1e6) + " before " + found.release->text + ", whose time is known to the half hour only", {}};
            return false;
        }
        answer = {Verdict::ruledOut, describe(*nearest) + " began to rise " + format_ms(static_cast<double>(at_ns - nearest->at_ns) / 1e6) + " before " + found.release->text, {}};
        return false;
    }
    found.onset_ns = std::max(nearest->at_ns, at_ns);
    found.later = between(spans_, found.after, found.onset_ns, INT64_MAX);
    found.after = between(spans_, found.later, found.onset_ns, nearest->until_ns && *nearest->until_ns > found.onset_ns ? *nearest->until_ns : INT64_MAX);
    return found.after.size() >= fewest_rows;
}

/// A change point is off by a few observations: the time between it and the change must itself look like afterwards.
bool ReleaseJudge::began_before(const Regression& found, const Change& change) const
{
    const Rows early = between(spans_, found.base, INT64_MIN, change.at_ns), between_them = between(spans_, found.base, change.at_ns, INT64_MAX);
    if (between_them.size() < 5 || early.size() < 5) return false;
    if (change.kind == Change::Kind::errors) {
        const auto count = [&](const Rows& rows) { return static_cast<std::uint64_t>(std::count_if(rows.begin(), rows.end(), [&](Row row) { return failed(spans_, row); })); };
        return two_proportion_p(count(early), early.size(), count(between_them), between_them.size()) < context_.threshold("alpha");
    }
    const std::vector<double> was = durations_ms(spans_, early), is = durations_ms(spans_, between_them);
    if (change.kind == Change::Kind::latency) return median(is) >= std::sqrt(change.before * change.after);
    const double line = percentile(was, 95);
    const auto above = std::count_if(is.begin(), is.end(), [&](double ms) { return ms > line; });
    return static_cast<double>(above) >= change.after / 2 * static_cast<double>(is.size()) && above >= 3;
}

bool ReleaseJudge::crosses(Regression& found) const
{
    const double fewest = static_cast<double>(std::min(found.base.size(), found.after.size())), tail = context_.threshold("common.tail_samples");
    found.percentile = fewest >= 2 * tail ? std::min(99.0, std::floor(100 * (1 - tail / fewest))) : 50;
    found.was = level_of(spans_, found.base, found.percentile);
    found.is = level_of(spans_, found.after, found.percentile);
    const bool p50 = found.is.p50_ms >= context_.threshold("p50_factor") * found.was.p50_ms;
    found.tail = !p50 && found.is.tail_ms >= context_.threshold("p99_factor") * found.was.tail_ms;
    found.slower = p50 || found.tail;
    found.failing = found.is.failed >= found.was.failed + error_floor &&
                    two_proportion_p(found.was.failures, found.was.count, found.is.failures, found.is.count) < context_.threshold("alpha");
    return found.slower || found.failing;
}

}  // namespace casebook
