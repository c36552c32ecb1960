#include "analyzers/analysis/release_regression.h"

#include "analyzers/analysis/operations.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/critical_path.h"
#include "analyzers/trace/failure.h"
#include "analyzers/trace/requests.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace casebook {
namespace {

using Row = SpanTable::Row;
using Rows = std::vector<Row>;
using Id = SpanTable::Id;

constexpr std::size_t fewest_rows = 20;    // of one operation on one side
constexpr std::size_t fewest_beside = 30;  // of one version at the same time as the other
constexpr double error_floor = 0.005;      // as change points have it
constexpr std::int64_t rollout_ns = 60'000'000'000;  // so near a half hour is the time itself

ServiceLevel level_of(const SpanTable& spans, const Rows& rows, double percentile_of_tail)
{
    ServiceLevel level;
    std::vector<double> ms = durations_ms(spans, rows);
    level.count = rows.size();
    level.p50_ms = percentile_in_place(ms, 50);
    level.tail_ms = percentile_in_place(ms, percentile_of_tail);
    for (const Row row : rows) level.failures += failed(spans, row);
    level.failed = rows.empty() ? 0 : static_cast<double>(level.failures) / static_cast<double>(rows.size());
    return level;
}

Rows between(const SpanTable& spans, const Rows& rows, std::int64_t from_ns, std::int64_t to_ns)
{
    Rows result;
    for (const Row row : rows)
        if (spans.start_ns[row] >= from_ns && spans.start_ns[row] < to_ns) result.push_back(row);
    return result;
}

Rows of_versions(const SpanTable& spans, const Rows& rows, const std::set<Id>& versions)
{
    Rows result;
    for (const Row row : rows)
        if (versions.contains(spans.version[row])) result.push_back(row);
    return result;
}

/// Rows whose duration lies between two percentiles of all of them.
Rows typical(const SpanTable& spans, const Rows& rows)
{
    const std::vector<double> ms = durations_ms(spans, rows);
    const double low = percentile(ms, 5), high = percentile(ms, 95);
    Rows result;
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (ms[i] >= low && ms[i] <= high) result.push_back(rows[i]);
    return result;
}

Rows slower_than(const SpanTable& spans, const Rows& rows, double ms)
{
    Rows result;
    for (const Row row : rows)
        if (static_cast<double>(spans.duration_ns[row]) / 1e6 > ms) result.push_back(row);
    return result;
}

std::int64_t minutes(double m) { return static_cast<std::int64_t>(m * 60e9); }
std::int64_t hours(double h) { return minutes(h * 60); }

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

/// True when rows are worse than others of the same operation beyond chance.
bool ReleaseJudge::is_worse(const Rows& rows, const Rows& than, double line_ms) const
{
    const double alpha = context_.threshold("alpha"), alike = context_.threshold("alike");
    const std::vector<double> x = durations_ms(spans_, rows), y = durations_ms(spans_, than);
    const RankTest test = mann_whitney(x, y);
    if (test.p < alpha && test.effect > 0.5 && median(x) >= alike * median(y)) return true;
    const auto over = [&](const std::vector<double>& ms) { return static_cast<std::uint64_t>(std::count_if(ms.begin(), ms.end(), [&](double value) { return value > line_ms; })); };
    const auto bad = [&](const Rows& all) { return static_cast<std::uint64_t>(std::count_if(all.begin(), all.end(), [&](Row row) { return failed(spans_, row); })); };
    const auto more = [&](std::uint64_t a, std::uint64_t n_a, std::uint64_t b, std::uint64_t n_b) {
        return static_cast<double>(a) * static_cast<double>(n_b) > 1.5 * static_cast<double>(b) * static_cast<double>(n_a) && two_proportion_p(a, n_a, b, n_b) < alpha;
    };
    return more(over(x), x.size(), over(y), y.size()) || more(bad(rows), rows.size(), bad(than), than.size());
}

void ReleaseJudge::look_again(Regression& found, const Release* next, std::int64_t to_ns)
{
    const double line_ms = found.was.tail_ms;
    if (found.beside.size() >= fewest_beside) {
        const Rows fresh = between(spans_, found.after, spans_.start_ns[found.beside.front()], spans_.start_ns[found.beside.back()] + 1);
        if (fresh.size() >= fewest_beside) {
            found.old = level_of(spans_, found.beside, found.percentile);
            found.new_is_worse = is_worse(fresh, found.beside, line_ms);
            found.old_is_as_bad = !found.new_is_worse && found.has_base && is_worse(found.beside, found.base, line_ms);
        }
    }
    found.restored = next && goes_back(found, *next, to_ns);
    const Rows base = typical(spans_, found.base);
    found.increase = comparison_.compare(base, found.tail ? slower_than(spans_, found.after, line_ms) : typical(spans_, found.after));
    found.own_failures = own_failures(found.after);
    some_instances_only(found);
    const bool own_slower = found.slower && found.increase.own_share() * 100 >= context_.threshold("own_share") && found.increase.slower_callee.empty();
    const bool own_failing = !found.slower && found.failing && found.own_failures * 100 >= 50;
    found.own = (own_slower || own_failing) && found.load_factor < context_.threshold("load_step") && !found.some_instances;
    measure_warm_up(found);
    measure_path(found);
}

/// The next change took it back: it calls itself a rollback, or brings an old version, and the level is the old one again.
bool ReleaseJudge::goes_back(const Regression& found, const Release& next, std::int64_t from_ns) const
{
    const Service& service = services_.at(found.service);
    const Rows& rows = service.operations.at(spans_.text(found.operation));
    constexpr std::int64_t settle_ns = 10'000'000'000;
    const Rows later = between(spans_, rows, std::max(from_ns, next.until_ns) + settle_ns, INT64_MAX);
    if (later.size() < fewest_rows) return false;
    std::size_t old = 0;
    std::set<Id> base_versions;
    for (const Row row : found.base) base_versions.insert(spans_.version[row]);
    for (const Row row : later) old += spans_.version[row] != 0 && base_versions.contains(spans_.version[row]) && std::find(found.versions.begin(), found.versions.end(), spans_.version[row]) == found.versions.end();
    if (!next.rollback && old * 2 < later.size()) return false;
    const ServiceLevel level = level_of(spans_, later, found.percentile);
    const bool latency = level.p50_ms <= context_.threshold("alike") * found.was.p50_ms && level.tail_ms <= context_.threshold("p50_factor") * found.was.tail_ms;
    const bool failures = level.failed <= found.was.failed + error_floor;
    return (!found.slower || latency) && (!found.failing || failures);
}

/// Share of the failed requests in which no call to another service failed.
double ReleaseJudge::own_failures(const Rows& rows) const
{
    std::size_t all = 0, own = 0;
    for (const Row row : rows) {
        if (!failed(spans_, row)) continue;
        ++all;
        std::vector<Row> open(spans_.children(row).begin(), spans_.children(row).end());
        bool below = false;
        while (!open.empty() && !below) {
            const Row at = open.back();
            open.pop_back();
            below = spans_.service[at] != spans_.service[row] && failed(spans_, at);
            if (spans_.service[at] == spans_.service[row]) open.insert(open.end(), spans_.children(at).begin(), spans_.children(at).end());
        }
        own += !below;
    }
    return all > 0 ? static_cast<double>(own) / static_cast<double>(all) : 0;
}

/// A release makes all of its instances worse; one of several is a matter of the host.
void ReleaseJudge::some_instances_only(Regression& found) const
{
    std::map<Id, Rows> by_instance;
    for (const Row row : found.after)
        if (spans_.instance[row] != 0) by_instance[spans_.instance[row]].push_back(row);
    std::size_t judged = 0, worse = 0;
    for (const auto& [instance, rows] : by_instance) {
        if (rows.size() < fewest_rows) continue;
        ++judged;
        worse += is_worse(rows, found.base, found.was.tail_ms);
    }
    found.some_instances = judged >= 2 && worse * 2 <= judged;
}

/// The excess halves within the first minutes, and what comes later is no longer worse.
void ReleaseJudge::measure_warm_up(Regression& found) const
{
    const std::int64_t start = found.onset_ns, limit = start + minutes(context_.threshold("warm_up"));
    const std::int64_t end = std::min(limit, spans_.start_ns[found.later.back()] + 1), quarter = (end - start) / 4;
    const Rows first = between(spans_, found.later, start, start + quarter), last = between(spans_, found.later, end - quarter, end), rest = between(spans_, found.later, limit, INT64_MAX);
    if (first.size() < 10 || last.size() < 10) return;
    if (rest.size() >= fewest_rows && is_worse(rest, found.base, found.was.tail_ms)) return;
    const auto excess = [&](const Rows& rows) {
        double sum = 0;
        for (const Row row : rows) sum += found.slower ? static_cast<double>(spans_.duration_ns[row]) / 1e6 - found.was.p50_ms : (failed(spans_, row) ? 1.0 : 0.0);
        return sum / static_cast<double>(rows.size());
    };
    found.warms_up = excess(last) <= excess(first) / 2 && is_worse(first, last, found.was.tail_ms);
}

/// How much of the excess lies on the critical path of the requests.
void ReleaseJudge::measure_path(Regression& found)
{
    CriticalPathFinder finder(spans_);
    double all = 0, waited = 0;
    for (const Row row : found.after) {
        const double ms = std::max(0.0, static_cast<double>(spans_.duration_ns[row]) / 1e6 - found.was.p50_ms);
        all += ms;
        const Row request = request_row(spans_, spans_.trace[row]);
        if (request == row) {
            waited += ms;
            continue;
        }
        if (on_path_.empty()) on_path_.resize(spans_.size());
        if (!on_path_[request])
            for (const PathSection& section : finder.find(request))
                for (Row at = section.row; at != SpanTable::no_row && !on_path_[at]; at = spans_.parent[at]) on_path_[at] = true;
        if (on_path_[row]) waited += ms;
    }
    found.excess_ms = waited;
    if (found.slower) found.on_path = all > 0 ? waited / all : 1;
}

}  // namespace casebook
