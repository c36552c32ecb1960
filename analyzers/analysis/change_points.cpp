#include "analyzers/analysis/change_points.h"

#include "analyzers/analysis/cusum.h"
#include "analyzers/analysis/error_rate.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/requests.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

namespace casebook {
namespace {

constexpr double alpha = 0.01;
constexpr std::size_t smallest_part = 15;   // observations of a level
constexpr double shortest_share = 0.05, shortest_seconds = 30;  // a level lasts a twentieth of the time, or this
constexpr std::array tail_percentiles{90.0, 95.0, 98.0};
constexpr std::size_t tests_per_operation = 3 + tail_percentiles.size();

constexpr double median_factor = 1.2, median_floor_ms = 1;       // symptom.flat: less is no rise
constexpr double share_factor = 2, share_floor = 0.02, tail_factor = 1.5;
constexpr double error_factor = 2, error_floor = 0.005;
constexpr double arrivals_factor = 1.5;                           // latency.load_or_slowdown.load_step

using Values = std::span<const double>;

double median_of(Values values) { return percentile({values.begin(), values.end()}, 50); }

/// The highest percentile that still has five values above it on both sides, at most the 99th, of either side.
std::pair<double, double> high_percentiles(Values before, Values after)
{
    const double fewest = static_cast<double>(std::min(before.size(), after.size()));
    const double p = std::clamp(100 * (1 - 5 / std::max(fewest, 1.0)), 50.0, 99.0);
    return {percentile({before.begin(), before.end()}, p), percentile({after.begin(), after.end()}, p)};
}

bool rises(double before, double after, double factor, double floor) { return after >= before * factor && after - before >= floor; }

/// The part of a sequence between two boundaries: median, share, or observations per second.
struct Level { std::size_t from = 0, to = 0; double height = 0; };

class Search {
public:
    Search(const Observations& observed, double level_alpha, std::vector<Change>& found) : seen_(observed), alpha_(level_alpha), found_(found) {}

    void run()
    {
        const auto stretch = recorded_stretch(seen_);
        if (!stretch) return;
        const double seconds = stretch->seconds();
        first_ns_ = stretch->from_ns;
        shortest_ = std::min(seconds * shortest_share, shortest_seconds);
        look(Change::Kind::latency, seen_.value, true, [&](Values before, Values after, Change& change) {
            change.before = median_of(before);
            change.after = median_of(after);
            return apart(Change::Kind::latency, change.before, change.after);
        });
        for (const double p : tail_percentiles) {
            const double line = percentile(seen_.value, p);
            std::vector<double> above;
            for (const double value : seen_.value) above.push_back(value > line);
            look(Change::Kind::tail, above, false, [&](Values before, Values after, Change& change) {
                change.before = mean(before);
                change.after = mean(after);
                if (!apart(Change::Kind::tail, change.before, change.after)) return false;
                const auto [was, is] = high_percentiles(values_of(before, above), values_of(after, above));
                return rises(was, is, tail_factor, median_floor_ms);
            });
        }
        if (!seen_.failed.empty())
            look(Change::Kind::errors, seen_.failed, false, [&](Values before, Values after, Change& change) {
                change.before = mean(before);
                change.after = mean(after);
                return apart(Change::Kind::errors, change.before, change.after);
            });
        if (seen_.arrivals) look_at_arrivals();
    }

private:
    /// The durations that belong to a part of `flags`.
    Values values_of(Values part, const std::vector<double>& flags) const
    {
        return Values(seen_.value).subspan(static_cast<std::size_t>(part.data() - flags.data()), part.size());
    }

    double lasted(std::size_t from, std::size_t to) const { return TimeRange{seen_.at_ns[from], seen_.at_ns[to - 1]}.seconds(); }

    void look_at_arrivals()
    {
        std::vector<double> gaps{0};
        for (std::size_t i = 1; i < seen_.at_ns.size(); ++i) gaps.push_back(TimeRange{seen_.at_ns[i - 1], seen_.at_ns[i]}.seconds());
        gaps[0] = gaps[1];
        look(Change::Kind::traffic, gaps, true, [&](Values before, Values after, Change& change) {
            const double was = mean(before), is = mean(after);
            if (was <= 0 || is <= 0) return false;
            change.before = 1 / was;
            change.after = 1 / is;
            return apart(Change::Kind::traffic, change.before, change.after) || apart(Change::Kind::traffic, change.after, change.before);
        });
    }

    /// Each boundary is looked at with all of the new level behind it and all of the old one before it, so that a level
    /// which wavers (queues do) is not cut into pieces.
    template <class IsChange>
    void look(Change::Kind kind, const std::vector<double>& values, bool ranked, IsChange is_change)
    {
        const Values all(values);
        const std::vector<Level> levels = levels_of(all, kind, ranked);
        const auto part = [&](std::size_t from, std::size_t to) { return all.subspan(from, to - from); };
        for (std::size_t i = 1; i < levels.size(); ++i) {
            const double old = levels[i - 1].height;
            const bool up = levels[i].height > old;
            if (!up && kind != Change::Kind::traffic) continue;
            std::size_t first = i - 1, last = i;
            while (first > 0 && !apart(kind, old, levels[first - 1].height) && !apart(kind, levels[first - 1].height, old)) --first;
            while (last + 1 < levels.size() && (up ? apart(kind, old, levels[last + 1].height) : apart(kind, levels[last + 1].height, old))) ++last;
            const std::size_t from = levels[first].from, to = levels[last].to;
            // Seen against the whole new level the moment of change is sharper than between two short stretches.
            const std::vector<double> scores = ranked ? average_ranks(part(from, to)) : std::vector<double>(all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to));
            const std::size_t lowest = levels[i - 1].from - from + 1, highest = levels[i].to - from;
            const Cusum against = cusum(scores, lowest, highest);
            if (against.split == 0) continue;
            std::size_t split = against.split;
            if (kind == Change::Kind::tail) split = likeliest(slow_flags(split, from, to), lowest, highest);
            if (kind == Change::Kind::errors) split = likeliest(scores, lowest, highest);
            const std::size_t onset = from + split;
            if (lasted(from, onset) < shortest_ || lasted(onset, to) < shortest_) continue;
            Change change{kind, seen_.service, seen_.operation};
            if (!is_change(part(from, onset), part(onset, to), change)) continue;
            change.at_ns = seen_.at_ns[onset];
            change.since_ns = std::max(seen_.at_ns[from], first_ns_);
            std::size_t over = to;  // it may come and go
            for (std::size_t j = last + 1; j < levels.size(); ++j)
                if (up ? apart(kind, old, levels[j].height) : apart(kind, levels[j].height, old)) over = levels[j].to;
            if (over < values.size()) change.until_ns = seen_.at_ns[over];
            change.statistic = against.statistic;
            change.p = against.p;
            found_.push_back(std::move(change));
        }
    }

    /// Slow requests are told from normal ones by a line between the high percentiles of both sides, roughly known by now.
    std::vector<double> slow_flags(std::size_t split, std::size_t from, std::size_t to) const
    {
        const Values values = Values(seen_.value).subspan(from, to - from);
        const auto [was, is] = high_percentiles(values.first(split), values.subspan(split));
        const double line = std::sqrt(std::max(was, 1e-9) * is);
        std::vector<double> slow;
        for (const double value : values) slow.push_back(value > line);
        return slow;
    }

    /// Where a share changes. Slow or failed requests are rare, so the largest CUSUM overshoots; the likeliest moment under
    /// two Bernoulli rates does not.
    static std::size_t likeliest(Values flags, std::size_t lowest, std::size_t highest)
    {
        const double all = std::accumulate(flags.begin(), flags.end(), 0.0), n = static_cast<double>(flags.size());
        const auto fit = [](double hits, double trials) {  // log-likelihood at its maximum
            return hits <= 0 || hits >= trials ? 0 : hits * std::log(hits / trials) + (trials - hits) * std::log(1 - hits / trials);
        };
        double before = 0, best = -HUGE_VAL;
        std::size_t split = lowest;
        for (std::size_t i = 1; i < flags.size(); ++i) {
            before += flags[i - 1];
            if (i < lowest || i >= highest) continue;
            const double likelihood = fit(before, static_cast<double>(i)) + fit(all - before, n - static_cast<double>(i));
            if (likelihood <= best) continue;
            best = likelihood;
            split = i;
        }
        return split;
    }

    std::vector<Level> levels_of(Values values, Change::Kind kind, bool ranked) const
    {
        std::vector<std::size_t> bounds = level_boundaries(values, ranked, alpha_, smallest_part);
        bounds.push_back(values.size());
        std::vector<Level> levels;
        for (std::size_t from = 0; const std::size_t to : bounds) {
            const Values part = values.subspan(from, to - from);
            double height = kind == Change::Kind::latency ? median_of(part) : mean(part);
            if (kind == Change::Kind::traffic) height = height > 0 ? 1 / height : 0;
            levels.push_back({from, to, height});
            from = to;
        }
        return levels;
    }

    /// Whether the second height is that much above the first.
    static bool apart(Change::Kind kind, double low, double high)
    {
        switch (kind) {
        case Change::Kind::latency: return rises(low, high, median_factor, median_floor_ms);
        case Change::Kind::tail: return rises(low, high, share_factor, share_floor);
        case Change::Kind::errors: return rises(low, high, error_factor, error_floor);
        case Change::Kind::traffic: return rises(low, high, arrivals_factor, 0);
        }
        return false;
    }

    const Observations& seen_;
    const double alpha_;
    double shortest_ = 0;       // seconds
    std::int64_t first_ns_ = 0; // of those that are not apart
    std::vector<Change>& found_;
};

}  // namespace

std::optional<TimeRange> recorded_stretch(const Observations& seen)
{
    const std::vector<std::int64_t>& at_ns = seen.at_ns;
    if (at_ns.size() < 2 * smallest_part) return {};
    const auto seconds = [&](std::size_t from, std::size_t to) { return TimeRange{at_ns[from], at_ns[to]}.seconds(); };
    std::size_t first = 0, last = at_ns.size() - 1;
    for (std::size_t i = 1; i < smallest_part; ++i)
        if (seconds(i - 1, i) > seconds(i, last)) first = i;
    for (std::size_t i = at_ns.size() - 1; i > at_ns.size() - smallest_part; --i)
        if (seconds(i - 1, i) > seconds(first, i - 1)) last = i - 1;
    return TimeRange{at_ns[first], at_ns[last] + 1};
}

std::vector<Change> find_changes(const std::vector<Observations>& observed)
{
    std::size_t operations = 0;
    for (const Observations& seen : observed) operations += seen.at_ns.size() >= 2 * smallest_part;
    std::vector<Change> found;
    const double each = alpha / static_cast<double>(std::max<std::size_t>(1, operations * tests_per_operation));
    for (const Observations& seen : observed) Search(seen, each, found).run();
    std::sort(found.begin(), found.end(), [](const Change& a, const Change& b) {
        const bool a_traffic = a.kind == Change::Kind::traffic, b_traffic = b.kind == Change::Kind::traffic;
        if (a_traffic != b_traffic) return b_traffic;
        if (a.statistic != b.statistic) return a.statistic > b.statistic;
        return std::tie(a.at_ns, a.service, a.operation, a.kind) < std::tie(b.at_ns, b.service, b.operation, b.kind);
    });
    return found;
}

Result<std::vector<Observations>> observations_of(CaseEvidence& evidence)
{
    std::vector<Observations> all;
    TRY_ASSIGN(const SpanTable* spans, evidence.spans());
    if (!spans->empty()) {
        std::vector<bool> wanted(spans->size());
        for (const SpanTable::Row row : request_rows(*spans)) wanted[row] = true;
        std::vector<SpanTable::Row> rows;
        for (SpanTable::Row row = 0; row < spans->size(); ++row)
            if (wanted[row] || spans->kind[row] == SpanKind::server || spans->kind[row] == SpanKind::consumer) rows.push_back(row);
        for (OperationRows& operation : group_by_operation(*spans, rows)) {
            TRY(evidence.control().check());
            std::sort(operation.rows.begin(), operation.rows.end(), [&](SpanTable::Row a, SpanTable::Row b) {
                return spans->start_ns[a] != spans->start_ns[b] ? spans->start_ns[a] < spans->start_ns[b] : a < b;
            });
            Observations seen{std::string(spans->text(operation.service)), std::string(spans->text(operation.operation))};
            for (const SpanTable::Row row : operation.rows) {
                seen.at_ns.push_back(spans->start_ns[row]);
                seen.value.push_back(static_cast<double>(spans->duration_ns[row]) / 1e6);
                seen.failed.push_back(is_failed(*spans, row));
            }
            all.push_back(std::move(seen));
        }
        return all;
    }
    for (const char* role : {"latency_p50", "latency_p99", "error_rate"}) {
        TRY_ASSIGN(const std::vector<Series>* series, evidence.metric(role));
        for (const Series& one : *series) {
            Observations seen{one.service, one.name, one.at_ns, one.value, {}, false};
            // A share is looked at as shares are; errors per second are no share.
            if (const double whole = std::string_view(role) == "error_rate" ? whole_of(one) : 0; whole > 0) {
                for (double& value : seen.value) value /= whole;
                seen.failed = seen.value;
            }
            all.push_back(std::move(seen));
        }
    }
    return all;
}

std::string describe(const Change& change)
{
    const std::string where = change.service + (change.operation.empty() ? "" : " " + change.operation);
    switch (change.kind) {
    case Change::Kind::latency: return "latency of " + where + " (median " + format_ms(change.before) + " -> " + format_ms(change.after) + ")";
    case Change::Kind::tail: return "slow share of " + where + " (" + format_percent(change.before) + " -> " + format_percent(change.after) + ")";
    case Change::Kind::errors: return "errors of " + where + " (" + format_percent(change.before) + " -> " + format_percent(change.after) + ")";
    case Change::Kind::traffic: return "traffic of " + where + " (" + format_number(change.before) + " -> " + format_number(change.after) + "/s)";
    }
    return where;
}

}  // namespace casebook
