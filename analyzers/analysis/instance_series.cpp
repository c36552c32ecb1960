#include "analyzers/analysis/instance_series.h"

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/fleets.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace casebook {

namespace {

constexpr std::size_t fewest_values = 10;

/// The P99 of one instance over time, in whatever order its series have it.
struct Points {
    std::vector<std::pair<std::int64_t, double>> p99_ms;  ///< time and value
    std::vector<const Series*> buckets;                   ///< of its histogram, when there is no P99
    std::int64_t joined_ns = INT64_MAX, last_ns = INT64_MIN;
    std::size_t moments = 0;
    std::string series;

    void add(const Series& one)
    {
        series = one.name;
        moments = std::max(moments, one.at_ns.size());
        for (const std::int64_t at_ns : one.at_ns) {
            joined_ns = std::min(joined_ns, at_ns);
            last_ns = std::max(last_ns, at_ns + 1);
        }
    }
};

struct Level {
    double p99_ms = 0;
    std::string instance, series;
};

void report(AnalysisContext& context, const std::string& service, const std::vector<Level>& levels, const SlowMinority& minority, TimeRange shared)
{
    std::vector<std::string> names;
    for (std::size_t i = 0; i < minority.count; ++i) names.push_back(levels[i].instance);
    std::sort(names.begin(), names.end());
    const std::string was = format_ms(levels.front().p99_ms), others = format_ms(minority.others), alike = format_number(context.threshold("ruled_out_factor"));
    Finding finding;
    finding.verdict = Verdict::suspected;
    finding.severity = Severity::warning;  // whose requests are slow a series does not say
    finding.key = finding_key({service, join(names, ", ")});
    finding.headline = std::to_string(minority.count) + " of " + std::to_string(levels.size()) + " instances of " + (service.empty() ? "the service" : service) + " are slow: P99 of " + join(names, ", ") + " is " +
                       was + ", of the others " + others;
    for (const std::string& name : names) finding.subjects.push_back({"instance", name});
    finding.subjects.push_back({"service", service});
    finding.figures = {context.figure("tail_factor", minority.factor, "x", "instance_factor"), {"slow_tail", levels.front().p99_ms, "ms", {}, {}}, {"others_tail", minority.others, "ms", {}, {}}};
    finding.when = shared;
    finding.refutes_if = "all instances are within " + alike + " x of each other";
    finding.evidence = {{"P99 of the instances", "series", "metric", "SELECT at_ns, labels, value FROM metric_point WHERE name = ?1 ORDER BY labels, at_ns", {levels.front().series}}};
    finding.fixes = {{"Take the slow instance out of the load balancer and keep it running: its state is the evidence", "5-10 min", was + " -> " + others, "the others get its share of the load"}};
    finding.proof = "P99 of " + join(names, ", ") + " is within " + alike + " x of the others";
    finding.note = "a series does not say whether the instances serve the same requests; traces with service.instance.id would";
    context.add(std::move(finding));
}

/// What a histogram counted in a stretch of time: requests up to each bound in ms, ascending, the last bound infinite.
std::map<double, double> counts_of(const std::vector<const Series*>& buckets, TimeRange range)
{
    std::map<double, double> counts;
    for (const Series* series : buckets) {
        const double bound = parse_double(series->label("le")).value_or(HUGE_VAL);  // "+Inf"
        const bool in_seconds = contains_ignoring_case(series->name, "seconds") || series->unit == "s" || series->unit == "seconds";
        counts[bound * (in_seconds ? 1000 : 1)] += std::max(0.0, series->increase(range));
    }
    return counts;
}

/// Percentile p of a histogram, evenly spread within its bucket (as Prometheus' histogram_quantile); above the last finite
/// bound that bound.
double percentile_of(const std::map<double, double>& counts, double p)
{
    double below = 0, from_ms = 0;
    for (const auto& [bound_ms, up_to] : counts) {
        const double wanted = p / 100 * counts.rbegin()->second;
        if (up_to >= wanted && up_to > below) return std::isfinite(bound_ms) ? from_ms + (bound_ms - from_ms) * std::max(0.0, wanted - below) / (up_to - below) : from_ms;
        below = std::max(below, up_to);
        from_ms = std::isfinite(bound_ms) ? bound_ms : from_ms;
    }
    return from_ms;
}

/// As levels_of, from histograms: at the one percentile that all of them can carry.
std::vector<Level> levels_of_histograms(const Together& group, const std::vector<const std::pair<const std::string, Points>*>& instances, double tail_samples)
{
    std::vector<std::pair<const std::pair<const std::string, Points>*, std::map<double, double>>> counted;
    double p = 99;
    for (const std::size_t member : group.members) {
        std::map<double, double> counts = counts_of(instances[member]->second.buckets, group.shared);
        const double requests = counts.empty() ? 0 : counts.rbegin()->second;
        if (requests <= 0 || requests < 2 * tail_samples) continue;
        p = std::min(p, std::floor(100 * (1 - tail_samples / requests)));
        counted.emplace_back(instances[member], std::move(counts));
    }
    std::vector<Level> levels;
    for (const auto& [instance, counts] : counted) levels.push_back({percentile_of(counts, p), instance->first, instance->second.series});
    return levels;
}

/// The instances of one service with enough values while they serve together, the slowest first.
std::vector<Level> levels_of(const Together& group, const std::vector<const std::pair<const std::string, Points>*>& instances, double tail_samples)
{
    std::vector<Level> levels;
    for (const std::size_t member : group.members) {
        const auto& [name, points] = *instances[member];
        std::vector<double> values;
        for (const auto& [at_ns, value] : points.p99_ms)
            if (group.shared.contains(at_ns)) values.push_back(value);
        if (values.size() >= fewest_values) levels.push_back({median(std::move(values)), name, points.series});
    }
    if (levels.empty()) levels = levels_of_histograms(group, instances, tail_samples);
    std::stable_sort(levels.begin(), levels.end(), [](const Level& a, const Level& b) { return a.p99_ms > b.p99_ms; });
    return levels;
}

}  // namespace

Result<Answer> compare_instance_series(AnalysisContext& context)
{
    TRY_ASSIGN(const std::vector<Series>* gauges, context.evidence().metric("latency_p99"));
    TRY_ASSIGN(const std::vector<Series>* buckets, context.evidence().metric("latency_bucket"));
    std::map<std::string, std::map<std::string, Points>> services;  // service, instance
    for (const Series& series : *gauges) {
        if (series.instance.empty() || series.empty()) continue;
        Points& points = services[series.service][series.instance];
        points.add(series);
        for (std::size_t i = 0; i < series.at_ns.size(); ++i) points.p99_ms.emplace_back(series.at_ns[i], series.value[i]);
    }
    for (const Series& series : *buckets) {
        if (series.instance.empty() || series.empty() || !series.counter) continue;
        Points& points = services[series.service][series.instance];
        if (!points.p99_ms.empty()) continue;
        points.add(series);
        points.buckets.push_back(&series);
    }
    const TimeRange& analysed = context.windows().analysed;
    std::size_t compared = 0;
    double largest_factor = 0;
    for (const auto& [service, instances] : services) {
        std::int64_t began_ns = INT64_MAX;
        for (const auto& [instance, points] : instances) began_ns = std::min(began_ns, points.joined_ns);
        std::vector<TimeRange> served;
        std::vector<const std::pair<const std::string, Points>*> known;
        for (const auto& instance : instances) {
            const Points& points = instance.second;
            const double gap_ns = static_cast<double>(points.last_ns - points.joined_ns) / static_cast<double>(points.moments);
            const std::int64_t warm_ns = warm_from_ns(points.joined_ns, began_ns, gap_ns, context.threshold("warm_up"));
            served.push_back({std::max(analysed.from_ns, warm_ns), std::min(analysed.to_ns, points.last_ns)});
            known.push_back(&instance);
        }
        for (const Together& group : serving_together(served)) {
            const std::vector<Level> levels = levels_of(group, known, context.threshold("common.tail_samples"));
            if (levels.size() < 2) continue;
            ++compared;
            std::vector<double> tails;
            for (const Level& level : levels) tails.push_back(level.p99_ms);
            const SlowMinority minority = slow_minority(tails, context.threshold("max_share"), context.threshold("instance_factor"));
            largest_factor = std::max(largest_factor, minority.largest_factor);
            if (minority.count > 0) report(context, service, levels, minority, group.shared);
        }
    }
    if (compared == 0) return Answer{Verdict::inconclusive, "no service has a series of P99 with " + std::to_string(fewest_values) + " values, or a histogram of requests, for each of two instances at the same time", {}};
    return Answer{Verdict::ruledOut, "instances are alike: the highest P99 is " + format_number(largest_factor, 2) + " x the others'", {}};
}

}  // namespace casebook
