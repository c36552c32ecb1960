#include "analyzers/analysis/instance_series.h"

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/fleets.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <map>

namespace casebook {

Result<Answer> compare_instance_series(AnalysisContext& context)
{
    constexpr std::size_t fewest_values = 10;
    struct Level {
        double p99_ms = 0;
        std::string instance, series;
    };
    struct Points {
        std::vector<std::pair<std::int64_t, double>> p99_ms;  // time and value
        std::int64_t joined_ns = INT64_MAX, last_ns = INT64_MIN;
        std::string series;
    };
    TRY_ASSIGN(const std::vector<Series>* all, context.evidence().metric("latency_p99"));
    std::map<std::string, std::map<std::string, Points>> services;  // service, instance
    std::map<std::string, std::int64_t> began_ns;
    for (const Series& series : *all) {
        if (series.instance.empty()) continue;
        Points& points = services[series.service][series.instance];
        points.series = series.name;
        for (std::size_t i = 0; i < series.at_ns.size(); ++i) {
            points.p99_ms.emplace_back(series.at_ns[i], series.value[i]);
            points.joined_ns = std::min(points.joined_ns, series.at_ns[i]);
            points.last_ns = std::max(points.last_ns, series.at_ns[i] + 1);
        }
        const auto [began, fresh] = began_ns.try_emplace(series.service, points.joined_ns);
        began->second = std::min(began->second, points.joined_ns);
    }
    std::size_t compared = 0;
    double largest_factor = 0;
    for (const auto& [service, instances] : services) {
        std::vector<TimeRange> served;
        std::vector<const std::pair<const std::string, Points>*> known;
        for (const auto& instance : instances) {
            const Points& points = instance.second;
            if (points.p99_ms.empty()) continue;
            const double gap_ns = static_cast<double>(points.last_ns - points.joined_ns) / static_cast<double>(points.p99_ms.size());
            served.push_back({std::max(context.windows().analysed.from_ns, warm_from_ns(points.joined_ns, began_ns[service], gap_ns, context.threshold("warm_up"))), std::min(context.windows().analysed.to_ns, points.last_ns)});
            known.push_back(&instance);
        }
        for (const Together& group : serving_together(served)) {
            std::vector<Level> levels;
            for (const std::size_t member : group.members) {
                std::vector<double> values;
                for (const auto& [at_ns, value] : known[member]->second.p99_ms)
                    if (group.shared.contains(at_ns)) values.push_back(value);
                if (values.size() >= fewest_values) levels.push_back({median(std::move(values)), known[member]->first, known[member]->second.series});
            }
            if (levels.size() < 2) continue;
            ++compared;
            std::stable_sort(levels.begin(), levels.end(), [](const Level& a, const Level& b) { return a.p99_ms > b.p99_ms; });
            std::vector<double> tails;
            for (const Level& level : levels) tails.push_back(level.p99_ms);
            const SlowMinority minority = slow_minority(tails, context.threshold("max_share"), context.threshold("instance_factor"));
            largest_factor = std::max(largest_factor, minority.largest_factor);
            if (minority.count == 0) continue;
            std::vector<std::string> names;
            for (std::size_t i = 0; i < minority.count; ++i) names.push_back(levels[i].instance);
            std::sort(names.begin(), names.end());
            Finding finding;
            finding.verdict = Verdict::suspected;
            finding.severity = Severity::warning;  // whose requests are slow a series does not say
            finding.key = finding_key({service, join(names, ", ")});
            finding.headline = std::to_string(minority.count) + " of " + std::to_string(levels.size()) + " instances of " + (service.empty() ? "the service" : service) + " are slow: P99 of " + join(names, ", ") + " is " +
                               format_ms(levels.front().p99_ms) + ", of the others " + format_ms(minority.others);
            for (const std::string& name : names) finding.subjects.push_back({"instance", name});
            finding.subjects.push_back({"service", service});
            finding.figures = {context.figure("tail_factor", minority.factor, "x", "instance_factor"), {"slow_tail", levels.front().p99_ms, "ms", {}, {}}, {"others_tail", minority.others, "ms", {}, {}}};
            finding.when = group.shared;
            finding.refutes_if = "all instances are within " + format_number(context.threshold("ruled_out_factor")) + " x of each other";
            finding.evidence = {{"P99 of the instances", "series", "metric", "SELECT at_ns, labels, value FROM metric_point WHERE name = ?1 ORDER BY labels, at_ns", {levels.front().series}}};
            finding.fixes = {{"Take the slow instance out of the load balancer and keep it running: its state is the evidence", "5-10 min", format_ms(levels.front().p99_ms) + " -> " + format_ms(minority.others), "the others get its share of the load"}};
            finding.proof = "P99 of " + join(names, ", ") + " is within " + format_number(context.threshold("ruled_out_factor")) + " x of the others";
            finding.note = "a series does not say whether the instances serve the same requests; traces with service.instance.id would";
            context.add(std::move(finding));
        }
    }
    if (compared == 0) return Answer{Verdict::inconclusive, "no service has a series of P99 with " + std::to_string(fewest_values) + " values for each of two instances", {}};
    return Answer{Verdict::ruledOut, "instances are alike: the highest P99 is " + format_number(largest_factor, 2) + " x the others'", {}};
}

}  // namespace casebook
