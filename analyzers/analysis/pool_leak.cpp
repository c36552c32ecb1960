#include "analyzers/analysis/pool_leak.h"

#include "analyzers/analysis/growth_shape.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>

namespace casebook::pool {
namespace {

double mean_of(const std::vector<double>& values, std::size_t from, std::size_t to)
{
    return to > from ? mean(std::span(values).subspan(from, to - from)) : 0;
}

/// Samples of the longest stretch in which the service was not restarted: a restart takes everything back.
std::pair<std::size_t, std::size_t> longest_life(const std::vector<std::int64_t>& at_ns, std::vector<std::int64_t> restarts)
{
    std::sort(restarts.begin(), restarts.end());
    std::pair<std::size_t, std::size_t> longest{0, 0};
    std::size_t from = 0;
    const auto end = [&](std::size_t to) {
        if (to - from > longest.second - longest.first) longest = {from, to};
        from = to;
    };
    for (const std::int64_t restart : restarts)
        end(static_cast<std::size_t>(std::lower_bound(at_ns.begin() + static_cast<std::ptrdiff_t>(from), at_ns.end(), restart) - at_ns.begin()));
    end(at_ns.size());
    return longest;
}

/// Whether what is taken goes with the load, becomes more and more at a load that does not grow, or comes back to what it was.
void look_at_life(const AnalysisContext& context, const Gauge& gauge, const ServiceLoad& load,
                    const std::vector<std::int64_t>& restarts, LoadLook& look)
{
    const auto [from, to] = longest_life(gauge.at_ns, restarts);
    const std::size_t third = (to - from) / 3;
    if (third == 0) return;
    const std::vector<double> used(gauge.used.begin() + static_cast<std::ptrdiff_t>(from),
                                   gauge.used.begin() + static_cast<std::ptrdiff_t>(to));
    const double floor_first = *std::min_element(used.begin(), used.begin() + static_cast<std::ptrdiff_t>(third));
    const double floor_last = *std::min_element(used.end() - static_cast<std::ptrdiff_t>(third), used.end());
    look.floor_same = floor_last <= floor_first + 1 && floor_last * 2 <= gauge.max;
    look.used_low = mean_of(gauge.used, to - third, to);
    look.rise = look.used_low - mean_of(gauge.used, from, from + third);
    const bool load_flat = !load.known() || mean_of(load.per_second, to - third, to) <=
                                                1.2 * mean_of(load.per_second, from, from + third);
    look.climbs = mann_kendall(used).p_increase < context.threshold("trend_p") &&
                  look.rise >= std::max(context.threshold("gap"), 0.2 * gauge.max) && load_flat &&
                  floor_last > floor_first + 1;
    look.low = {gauge.at_ns[to - third], gauge.at_ns[to - 1] + 1};
    if (load.known()) look.correlation = spearman(used, std::span(load.per_second).subspan(from, to - from));
    look.follows = look.correlation >= context.threshold("follows");
}

/// Only the moments at which somebody counted requests: afterwards a load of zero is no zero.
std::pair<Gauge, ServiceLoad> where_load_is_known(const Gauge& gauge, const ServiceLoad& load)
{
    if (!load.known()) return {gauge, load};
    Gauge known = gauge;
    ServiceLoad known_load = load;
    for (auto* values : {&known.used, &known.pending, &known_load.per_second}) values->clear();
    known.at_ns.clear();
    for (std::size_t i = 0; i < gauge.at_ns.size(); ++i) {
        if (gauge.at_ns[i] < load.recorded.from_ns || gauge.at_ns[i] > load.recorded.to_ns) continue;
        known.at_ns.push_back(gauge.at_ns[i]);
        known.used.push_back(gauge.used[i]);
        known.pending.push_back(gauge.pending[i]);
        known_load.per_second.push_back(load.per_second[i]);
    }
    return {known, known_load};
}

} // namespace

Gauge gauge_of(const AnalysisContext& context, const PoolMetrics& metrics, const Series& series)
{
    Gauge gauge;
    gauge.series = &series;
    const std::string identity = pool_identity(series);
    const Series *max = metrics.max.of(identity), *idle = metrics.idle.of(identity),
                 *pending = metrics.pending.of(identity);
    gauge.use_time = metrics.use_time.of(identity);
    double most = 0;
    for (std::size_t i = 0; i < series.at_ns.size(); ++i) {
        if (!context.windows().analysed.contains(series.at_ns[i])) continue;
        const double limit = max ? value_at(*max, series.at_ns[i]) : metrics.typed_max.value_or(0),
                     spare = idle ? value_at(*idle, series.at_ns[i]) : 0;
        gauge.max = std::max(gauge.max, limit);
        double used = series.value[i];
        if (limit > 0 && used + spare > limit + 0.5)
            used = std::max(0.0, used - spare); // open ones, the idle among them
        gauge.at_ns.push_back(series.at_ns[i]);
        gauge.used.push_back(used);
        gauge.pending.push_back(pending ? value_at(*pending, series.at_ns[i]) : 0);
        most = std::max(most, used);
    }
    gauge.max_known = gauge.max > 0;
    if (!gauge.max_known) gauge.max = most;
    return gauge;
}

LoadLook look_at_load(const AnalysisContext& context, const Gauge& whole, const ServiceLoad& whole_load,
                      const std::vector<std::int64_t>& restarts)
{
    const auto [gauge, load] = where_load_is_known(whole, whole_load);
    LoadLook look;
    look.counts_arrivals = load.counts_arrivals();
    const std::size_t n = gauge.used.size(), steps = static_cast<std::size_t>(context.threshold("steps"));
    if (n < steps || gauge.max <= 0) return look;
    look_at_life(context, gauge, load, restarts, look);
    if (!load.known()) return look;
    look.peak_load = percentile(load.per_second, 95);
    const double line = look.peak_load * context.threshold("low_load") / 100,
                 held_line = gauge.max * context.threshold("held") / 100;
    if (look.peak_load <= 0) return look;
    std::size_t peak = 0;
    while (peak < n && load.per_second[peak] < look.peak_load) ++peak;
    // The longest stretch of low load after the peak.
    std::size_t best_from = 0, best_length = 0;
    for (std::size_t i = peak, from = peak; i < n; ++i) {
        if (load.per_second[i] >= line) from = i + 1;
        else if (i + 1 - from > best_length) {
            best_length = i + 1 - from;
            best_from = from;
        }
    }
    if (best_length < steps) return look;
    look.has_low = true;
    look.low = {gauge.at_ns[best_from], gauge.at_ns[best_from + best_length - 1] + 1};
    look.low_load = mean_of(load.per_second, best_from, best_from + best_length);
    look.used_low = mean_of(gauge.used, best_from, best_from + best_length);
    look.used_before = mean_of(gauge.used, best_from >= steps ? best_from - steps : 0, best_from);
    // From the second sample on: what was going on when the load fell may end. To the end of the record, or to a
    // restart.
    look.least_used = gauge.max;
    look.held = true;
    std::int64_t restart = INT64_MAX;
    for (const std::int64_t at : restarts)
        if (at > gauge.at_ns[best_from]) restart = std::min(restart, at);
    std::size_t seen = 1;
    for (std::size_t i = best_from + 1; i < n && gauge.at_ns[i] < restart; ++i, ++seen) {
        look.least_used = std::min(look.least_used, gauge.used[i]);
        look.held = look.held && gauge.used[i] >= held_line;
        look.waiting = look.waiting || (i < best_from + best_length && gauge.pending[i] > 0);
    }
    if (seen < steps) look.has_low = look.held = false; // the restart gave everything back before anybody could tell
    return look;
}

std::optional<double> busy_connections(const SpanTable& spans, const ServicePool* pool, const Gauge& gauge,
                                       TimeRange range)
{
    std::optional<double> busy;
    if (gauge.use_time && range.seconds() > 0) busy = gauge.use_time->increase(range) / 1000 / range.seconds();
    if (!pool) return busy;
    const auto counted = [&](const std::vector<PoolUse>& uses) {
        const auto held = [&](const PoolUse& use) {
            return use.held_from_ns < range.to_ns && use.held_to_ns > range.from_ns;
        };
        if (std::any_of(uses.begin(), uses.end(), held))
            busy = std::max(busy.value_or(0), held_connections(uses, range.from_ns, range.to_ns));
    };
    const std::vector<ServicePool> instances = by_instance(spans, *pool);
    const auto own = std::find_if(instances.begin(), instances.end(), [&](const ServicePool& one) {
        const std::string_view name = spans.text(one.instance);
        return !name.empty() && name == gauge.series->instance;
    });
    counted(own == instances.end() ? pool->uses : own->uses);
    return busy;
}

bool belongs(const DatabaseSession& session, const std::string& service, bool only_pool)
{
    if (!session.is_client() || session.is_own_capture()) return false;
    const auto like = [&](std::string_view name) {
        return name.size() >= 3 && (contains_ignoring_case(name, service) || contains_ignoring_case(service, name));
    };
    return only_pool || like(session.application) || like(session.user);
}

bool works(const DatabaseSession& session)
{
    if (session.is_idle_in_transaction()) return session.state_ms().value_or(0) < 1000; // between two statements
    return !session.state.empty() && session.state != "idle";
}

SessionLook look_at_sessions(const AnalysisContext& context, const std::vector<SessionSample>& samples,
                             const std::vector<const Gauge*>& gauges, const std::string& service, bool only_pool)
{
    SessionLook look;
    look.only_pool = only_pool;
    for (const SessionSample& sample : samples) {
        if (!sample.at_ns || !in_analysed_window(context.windows(), sample.at_ns, sample.window) || sample.hidden() > 0)
            continue;
        double taken = 0, working = 0;
        bool covered = false;
        for (const Gauge* gauge : gauges) {
            if (gauge->at_ns.empty() || *sample.at_ns < gauge->at_ns.front()) continue;
            const auto after =
                std::upper_bound(gauge->at_ns.begin(), gauge->at_ns.end(), *sample.at_ns) - gauge->at_ns.begin();
            // Not later than a few steps after the gauge was read last.
            const std::int64_t step = gauge->at_ns.size() > 1 ? (gauge->at_ns.back() - gauge->at_ns.front()) /
                                                                    static_cast<std::int64_t>(gauge->at_ns.size() - 1)
                                                              : 0;
            if (*sample.at_ns - gauge->at_ns[static_cast<std::size_t>(after - 1)] > 2 * step + 1'000'000'000) continue;
            taken += gauge->used[static_cast<std::size_t>(after - 1)];
            covered = true;
        }
        std::size_t own = 0;
        for (const DatabaseSession& session : sample.sessions) {
            if (!belongs(session, service, only_pool)) continue;
            ++own;
            working += works(session);
        }
        if (!covered || own == 0) continue;
        ++look.samples;
        look.gap.push_back(taken - working);
        look.working.push_back(working);
        look.last = &sample;
    }
    const std::size_t steps = static_cast<std::size_t>(context.threshold("steps"));
    if (look.gap.size() < steps || look.gap.back() < context.threshold("gap")) return look;
    const bool strictly = std::adjacent_find(look.gap.begin(), look.gap.end(),
                                             [](double a, double b) { return b <= a; }) == look.gap.end();
    const bool trend = look.gap.size() >= 5 && mann_kendall(look.gap).p_increase < context.threshold("trend_p");
    look.rises = (strictly || trend) && look.gap.back() - look.gap.front() >= context.threshold("gap");
    // One more on both sides: a connection or two between statements is no ratio.
    std::vector<double> idle = look.gap, working = look.working;
    for (auto* values : {&idle, &working})
        for (double& value : *values) value += 1;
    look.follows_work = explained_by_load(idle, working, context.threshold("follows"));
    return look;
}

Result<std::map<std::string, Warnings>> leak_warnings(AnalysisContext& context)
{
    std::map<std::string, Warnings> by_service;
    const bool whole = context.windows().analysed_name == "case";
    for (const char* view : {"event", "log_line"}) {
        TRY_ASSIGN(const std::int64_t rows, context.evidence().amount(view));
        if (rows == 0) continue;
        TRY_ASSIGN(Statement lines, context.evidence().file().database().prepare(
                                        std::string("SELECT at_ns, service, text FROM ") + view +
                                        " WHERE text LIKE '%leak%' AND text LIKE '%connection%' ORDER BY at_ns, text"));
        for (;;) {
            TRY_ASSIGN(const bool more, lines.step());
            if (!more) break;
            std::optional<std::int64_t> at;
            if (!lines.is_null(0)) at = clamp_instant(lines.integer(0));
            if (at ? !whole && !context.windows().analysed.contains(*at) : context.windows().limited) continue;
            const std::string_view text = lines.text(2);
            Warnings& warnings = by_service[std::string(lines.text(1))];
            if (contains_ignoring_case(text, "unleaked") || contains_ignoring_case(text, "was returned")) {
                ++warnings.returned;
                continue;
            }
            if (!contains_ignoring_case(text, "leak detect") && !contains_ignoring_case(text, "connection leak") &&
                !contains_ignoring_case(text, "leaked connection") &&
                !contains_ignoring_case(text, "connection has been leaked"))
                continue;
            ++warnings.leaked;
            warnings.stack = warnings.stack || contains_ignoring_case(text, "stack trace") ||
                             text.find("\tat ") != std::string_view::npos || text.find("\n") != std::string_view::npos;
            if (at)
                warnings.when = warnings.when ? TimeRange{std::min(warnings.when->from_ns, *at),
                                                          std::max(warnings.when->to_ns, *at + 1)}
                                              : TimeRange{*at, *at + 1};
        }
    }
    return by_service;
}

void forget_returned(Warnings& warnings, const std::vector<Gauge>& gauges)
{
    if (!warnings.when) return;
    double least = 0;
    bool seen = false;
    for (const Gauge& gauge : gauges) {
        double lowest = HUGE_VAL;
        for (std::size_t i = 0; i < gauge.at_ns.size(); ++i)
            if (gauge.at_ns[i] >= warnings.when->to_ns) lowest = std::min(lowest, gauge.used[i]);
        if (!std::isfinite(lowest)) continue;
        seen = true;
        least += lowest;
    }
    if (seen && least < static_cast<double>(warnings.open()))
        warnings.returned = warnings.leaked - static_cast<std::size_t>(std::max(least, 0.0));
}

} // namespace casebook::pool
