#include "analyzers/core/statistics.h"
#include "analyzers/playbook/signal_scope.h"

#include <algorithm>
#include <set>

namespace casebook {
namespace {

constexpr double serving_share = 0.5;   // an instance serves beside the others when it does so for half of the time

struct Instance {
    std::string name;
    std::vector<double> ms;
    std::int64_t first_ns = 0, last_ns = 0;
    double p99 = 0;
};

/// The set of slow instances that stands out most: factor = the least slow of them against the median of the others.
struct Outliers { double share = 0, factor = 1; std::vector<std::string> names; };

Outliers outliers_of(std::vector<Instance> instances)
{
    Outliers found;
    std::sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) { return a.p99 != b.p99 ? a.p99 > b.p99 : a.name < b.name; });
    std::size_t slow = 0;
    double widest = 0;
    for (std::size_t k = 1; 2 * k <= instances.size(); ++k) {
        const double gap = instances[k].p99 > 0 ? instances[k - 1].p99 / instances[k].p99 : 0;
        if (gap <= widest) continue;
        widest = gap;
        slow = k;
    }
    if (slow == 0) return found;
    std::vector<double> others;
    for (std::size_t i = slow; i < instances.size(); ++i) others.push_back(instances[i].p99);
    const double usual = median(others);
    if (usual <= 0) return found;
    found.share = static_cast<double>(slow) / static_cast<double>(instances.size());
    found.factor = instances[slow - 1].p99 / usual;
    for (std::size_t i = 0; i < slow; ++i) found.names.push_back(instances[i].name);
    return found;
}

/// Percentiles of the instances of a service that serve side by side; empty when there are not two.
std::vector<Instance> side_by_side(std::map<std::string, Instance>& all, TimeRange range, double tail_samples)
{
    std::vector<Instance> serving;
    std::size_t fewest = SIZE_MAX;
    for (auto& [name, instance] : all) {
        if (TimeRange{instance.first_ns, instance.last_ns}.seconds() < serving_share * range.seconds() || static_cast<double>(instance.ms.size()) < 2 * tail_samples) continue;
        fewest = std::min(fewest, instance.ms.size());
        serving.push_back(std::move(instance));
    }
    if (serving.size() < 2) return {};
    const double tail = std::clamp(100 * (1 - tail_samples / static_cast<double>(fewest)), 50.0, 99.0);
    for (Instance& instance : serving) instance.p99 = percentile_in_place(instance.ms, tail);
    return serving;
}

/// Share of the CPU time that the hypervisor gave to others, of one instance.
Result<std::optional<double>> steal_of(CaseEvidence& evidence, const std::string& instance, TimeRange range)
{
    std::optional<double> steal;
    TRY_ASSIGN(const std::vector<Series>* all, evidence.metric("steal"));
    for (const Series& series : *all) {
        if (series.instance != instance) continue;
        std::optional<double> share;
        if (!series.counter) share = mean_in(series, range);
        else if (samples_in(series, range) > 1) share = rise_in(series, range) / range.seconds();
        if (share && (!steal || *share > *steal)) steal = share;
    }
    return steal;
}

}  // namespace

Status measure_instances(SignalScope& scope, Signals& signals)
{
    const SpanTable& spans = *scope.spans;
    std::map<std::string, std::map<std::string, Instance>> services;
    std::map<SpanTable::Id, std::map<SpanTable::Id, Instance>> seen;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (spans.kind[row] != SpanKind::server && spans.kind[row] != SpanKind::consumer) continue;
        if (spans.text(spans.instance[row]).empty() || !scope.now.contains(spans.start_ns[row])) continue;
        Instance& instance = seen[spans.service[row]][spans.instance[row]];
        if (instance.ms.empty()) instance.first_ns = instance.last_ns = spans.start_ns[row];
        instance.first_ns = std::min(instance.first_ns, spans.start_ns[row]);
        instance.last_ns = std::max(instance.last_ns, spans.start_ns[row]);
        instance.ms.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
    }
    for (auto& [service, instances] : seen)
        for (auto& [id, instance] : instances) {
            instance.name = spans.text(id);
            services[std::string(spans.text(service))][instance.name] = std::move(instance);
        }
    Outliers worst;
    bool compared = false;
    for (auto& [service, instances] : services) {
        const std::vector<Instance> serving = side_by_side(instances, scope.now, scope.tail_samples);
        if (serving.empty()) continue;
        compared = true;
        if (Outliers outliers = outliers_of(serving); outliers.factor > worst.factor) worst = std::move(outliers);
    }
    if (!compared) {
        // Without spans: percentiles by instance, as gauges.
        TRY_ASSIGN(const std::vector<Series>* gauges, scope.evidence.metric("latency_p99"));
        std::map<std::string, std::vector<Instance>> by_service;
        for (const Series& series : *gauges) {
            std::vector<double> values;
            for (std::size_t i = 0; i < series.at_ns.size(); ++i)
                if (scope.now.contains(series.at_ns[i])) values.push_back(series.value[i]);
            if (!series.instance.empty() && !values.empty()) by_service[series.service].push_back({series.instance, {}, 0, 0, median(values)});
        }
        for (const auto& [service, instances] : by_service) {
            if (instances.size() < 2) continue;
            compared = true;
            if (Outliers outliers = outliers_of(instances); outliers.factor > worst.factor) worst = std::move(outliers);
        }
    }
    if (!compared) return {};
    signals.slow_instance_share = worst.share;
    signals.slow_instance_factor = worst.factor;
    const std::set<std::string> slow(worst.names.begin(), worst.names.end());
    for (const std::string& name : slow) {
        signals.slow_instances += (signals.slow_instances.empty() ? "" : ", ") + name;
        TRY_ASSIGN(const std::optional<double> steal, steal_of(scope.evidence, name, scope.now));
        if (steal) signals.slow_instance_steal = std::min(signals.slow_instance_steal.value_or(*steal), *steal);
    }
    TRY_ASSIGN(const auto busy, cpu_use(scope.evidence, scope.now, [&](const Series& series) { return slow.count(series.instance) > 0; }));
    for (const auto& [service, use] : busy) signals.slow_instance_cpu = std::max(signals.slow_instance_cpu.value_or(0), use);
    return {};
}

}  // namespace casebook
