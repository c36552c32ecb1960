// The second looks at an operation that got worse after a release, and what speaks against it.

#include "analyzers/analysis/operations.h"
#include "analyzers/analysis/release_regression.h"
#include "analyzers/analysis/release_rows.h"
#include "analyzers/core/statistics.h"
#include "analyzers/trace/critical_path.h"
#include "analyzers/trace/failure.h"
#include "analyzers/trace/requests.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>

namespace casebook {
namespace {

using namespace release_rows;

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

}  // namespace

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
    found.restored = goes_back(found, next, to_ns);
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

/// The level is the old one again since then.
bool ReleaseJudge::is_as_before(const Regression& found, const Rows& rows) const
{
    if (rows.size() < fewest_rows) return false;
    const ServiceLevel level = level_of(spans_, rows, found.percentile);
    const bool latency = level.p50_ms <= context_.threshold("alike") * found.was.p50_ms && level.tail_ms <= context_.threshold("p50_factor") * found.was.tail_ms;
    const bool failures = level.failed <= found.was.failed + error_floor;
    return (!found.slower || latency) && (!found.failing || failures);
}

/// The change was taken back, and with it the level: the next one calls itself a rollback, or brings an old version; or, with
/// nobody saying so, only old versions serve in the end.
bool ReleaseJudge::goes_back(const Regression& found, const Release* next, std::int64_t from_ns) const
{
    constexpr std::int64_t settle_ns = 10'000'000'000;
    const Rows& rows = services_.at(found.service).operations.at(spans_.text(found.operation));
    std::set<Id> old_versions;
    for (const Row row : found.base)
        if (spans_.version[row] != 0 && std::find(found.versions.begin(), found.versions.end(), spans_.version[row]) == found.versions.end()) old_versions.insert(spans_.version[row]);
    if (!next) {
        if (found.versions.empty() || !found.has_base) return false;
        const Rows later = between(spans_, rows, spans_.start_ns[found.later.back()] + settle_ns, INT64_MAX), old = of_versions(spans_, later, old_versions);
        return old.size() == later.size() && is_as_before(found, later);
    }
    const Rows later = between(spans_, rows, std::max(from_ns, next->until_ns) + settle_ns, INT64_MAX);
    if (!next->rollback && of_versions(spans_, later, old_versions).size() * 2 < later.size()) return false;
    return is_as_before(found, later);
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
        // What goes on after the answer nobody waits for.
        const std::int64_t seen_ns = std::min(span_end_ns(spans_, row), span_end_ns(spans_, request)) - spans_.start_ns[row];
        const double seen_ms = std::max(0.0, static_cast<double>(seen_ns) / 1e6 - found.was.p50_ms);
        if (on_path_.empty()) on_path_.resize(spans_.size());
        if (!on_path_[request])
            for (const PathSection& section : finder.find(request))
                for (Row at = section.row; at != SpanTable::no_row && !on_path_[at]; at = spans_.parent[at]) on_path_[at] = true;
        if (on_path_[row]) waited += seen_ms;
    }
    found.excess_ms = waited;
    if (found.slower) found.on_path = all > 0 ? waited / all : 1;
}

}  // namespace casebook
