// Are only some instances slow?
//
// Instances of one service that serve the same operation at the same time are compared operation by operation, so a
// different mix cannot look like a slow host. A minority whose tail is twice the others' is confirmed by a rank test over
// all its requests; where exactly another version is slow, the question is latency.regression_after_deploy.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/operations.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 6> thresholds{{{"instance_factor", 2, "x", "Casebook's own"},
                                               {"max_share", 50, "%", "Casebook's own", Bound::atMost},
                                               {"ruled_out_factor", 1.5, "x", "Casebook's own"},
                                               {"warm_up", 2, "min", "Casebook's own"},
                                               {"alpha", 0.01, "1", "Casebook's own", Bound::atMost},
                                               {"fair_share", 2, "x", "Casebook's own"}}};

using Row = SpanTable::Row;

struct Instance {
    SpanTable::Id id = 0;
    std::set<SpanTable::Id> versions;
    std::vector<Row> rows;
    double tail_ms = 0, percentile = 0;
};

/// Requests of one operation by instance; the first minutes of an instance that joined later are left out.
std::vector<Instance> by_instance(const SpanTable& spans, const OperationRequests& operation, double warm_up_min)
{
    std::map<std::string_view, Instance> instances;
    std::int64_t first_ns = INT64_MAX;
    std::map<SpanTable::Id, std::int64_t> joined;
    std::vector<Row> all = operation.baseline;
    all.insert(all.end(), operation.analysed.begin(), operation.analysed.end());
    for (const Row row : all) {
        first_ns = std::min(first_ns, spans.start_ns[row]);
        auto [entry, fresh] = joined.try_emplace(spans.instance[row], spans.start_ns[row]);
        entry->second = std::min(entry->second, spans.start_ns[row]);
    }
    for (const Row row : operation.analysed) {
        if (spans.instance[row] == 0) continue;
        const std::int64_t start = joined[spans.instance[row]];
        const bool late = start > first_ns + 10'000'000'000;
        if (late && spans.start_ns[row] < start + static_cast<std::int64_t>(warm_up_min * 60e9)) continue;
        Instance& instance = instances[spans.text(spans.instance[row])];
        instance.id = spans.instance[row];
        instance.versions.insert(spans.version[row]);
        instance.rows.push_back(row);
    }
    std::vector<Instance> result;
    for (auto& [name, instance] : instances) result.push_back(std::move(instance));
    return result;
}

/// Drops instances that did not serve during most of the time the others did.
void keep_simultaneous(const SpanTable& spans, std::vector<Instance>& instances)
{
    std::vector<double> begins, ends;
    for (const Instance& instance : instances) {
        begins.push_back(static_cast<double>(spans.start_ns[instance.rows.front()]));
        ends.push_back(static_cast<double>(spans.start_ns[instance.rows.back()]));
    }
    const double begin = median(begins), end = median(ends);
    std::erase_if(instances, [&](const Instance& instance) {
        const double overlap = std::min(end, static_cast<double>(spans.start_ns[instance.rows.back()])) - std::max(begin, static_cast<double>(spans.start_ns[instance.rows.front()]));
        return overlap < 0.5 * (end - begin);
    });
}

struct Outlier {
    const OperationRequests* operation = nullptr;
    std::vector<const Instance*> slow, others;
    double factor = 0, others_tail_ms = 0, p = 1, request_share = 0;
    std::vector<Instance> instances;
};

Status report(AnalysisContext& context, const SpanTable& spans, const Outlier& found)
{
    const std::string service(spans.text(found.operation->service)), name(spans.text(found.operation->operation));
    std::string slow_names;
    for (const Instance* instance : found.slow) slow_names += (slow_names.empty() ? "" : ", ") + std::string(spans.text(instance->id));
    const Instance& worst = **std::max_element(found.slow.begin(), found.slow.end(), [](const Instance* a, const Instance* b) { return a->tail_ms < b->tail_ms; });
    const double normal_ms = [&] {
        std::vector<double> values;
        for (const Instance* instance : found.others)
            for (const double ms : durations_ms(spans, instance->rows)) values.push_back(ms);
        return median(std::move(values));
    }();
    Finding finding;
    const bool significant = found.p < context.threshold("alpha");
    finding.verdict = significant ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({service, slow_names});
    finding.headline = std::to_string(found.slow.size()) + " of " + std::to_string(found.slow.size() + found.others.size()) + " instances of " + service + " are slow: " + slow_names + " answers " + name + " in " +
                       format_ms(worst.tail_ms) + " (P" + format_number(std::floor(worst.percentile)) + "), the others in " + format_ms(found.others_tail_ms);
    for (const Instance* instance : found.slow) finding.subjects.push_back({"instance", std::string(spans.text(instance->id))});
    finding.subjects.push_back({"service", service});
    finding.subjects.push_back({"operation", name});
    finding.figures = {context.figure("tail_factor", found.factor, "x", "instance_factor"),
                       {"slow_tail", worst.tail_ms, "ms", {}, {}},
                       {"others_tail", found.others_tail_ms, "ms", {}, {}},
                       context.figure("slow_instances", 100.0 * static_cast<double>(found.slow.size()) / static_cast<double>(found.slow.size() + found.others.size()), "%", "max_share"),
                       context.figure("p_value", found.p, "1", "alpha"),
                       {"request_share_of_fair", found.request_share, "x", {}, {}}};
    std::map<std::uint32_t, std::int64_t> explained, whole;
    for (const Instance* instance : found.slow)
        for (const Row row : instance->rows) {
            const std::int64_t extra = spans.duration_ns[row] - static_cast<std::int64_t>(normal_ms * 1e6);
            if (extra <= 0) continue;
            explained[spans.trace[row]] += extra;
            whole[spans.trace[row]] += spans.duration_ns[row];
        }
    finding.when = TimeRange{spans.start_ns[worst.rows.front()], spans.end_ns(worst.rows.back())};
    finding.impact = context.impact(explained);
    TRY_ASSIGN(const Felt felt, context.felt(whole));
    finding.severity = severity_of(felt);
    finding.refutes_if = "all instances are within " + format_number(context.threshold("ruled_out_factor")) + " x of each other for the same operation at the same time";
    const Row slowest = *std::max_element(worst.rows.begin(), worst.rows.end(), [&](Row a, Row b) { return spans.duration_ns[a] != spans.duration_ns[b] ? spans.duration_ns[a] < spans.duration_ns[b] : a > b; });
    finding.evidence.push_back({"Tail by instance", "table", "span",
                                "SELECT instance, count(*) AS requests, percentile(duration_ns / 1e6, 50) AS p50_ms, percentile(duration_ns / 1e6, 99) AS p99_ms FROM span WHERE service = ?1 "
                                "AND operation = ?2 AND kind IN ('server', 'consumer') AND start_ns >= ?3 AND start_ns < ?4 GROUP BY instance ORDER BY p99_ms DESC, instance",
                                {service, name, finding.when->from_ns, finding.when->to_ns}});
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[slowest], "A slow request on " + std::string(spans.text(worst.id))));
    finding.fixes = {{"Take " + slow_names + " out of the load balancer, keep it running for diagnosis", "5 min", "P99 of " + name + " " + format_ms(worst.tail_ms) + " -> ~" + format_ms(found.others_tail_ms), "the others carry its share: " +
                      format_number(100.0 / static_cast<double>(std::max<std::size_t>(found.others.size(), 1)), 2) + " % more each"},
                     {"Replace the host or pod, then compare its CPU, steal time and neighbours with the others", "15-60 min", "the slow share of requests goes away", "a restart destroys the evidence on the host"}};
    finding.proof = "P99 by instance within " + format_number(context.threshold("ruled_out_factor")) + " x for the same operation";
    finding.rollback = "the remaining instances' P99 rises";
    if (!significant) finding.note = "the difference may be chance: too few requests on the slow instance";
    context.add(std::move(finding));
    return {};
}

/// Without spans: the P99 of each instance over time. Whether they serve the same mix a series does not say.
Result<Answer> from_series(AnalysisContext& context)
{
    constexpr std::size_t fewest_values = 10;
    struct Level {
        double p99_ms = 0;
        std::string instance, series;
    };
    TRY_ASSIGN(const std::vector<Series>* all, context.evidence().metric("latency_p99"));
    std::map<std::string, std::map<std::string, std::pair<std::vector<double>, std::string>>> services;  // service, instance: values and name
    for (const Series& series : *all) {
        if (series.instance.empty()) continue;
        auto& [values, name] = services[series.service][series.instance];
        name = series.name;
        for (std::size_t i = 0; i < series.at_ns.size(); ++i)
            if (context.windows().analysed.contains(series.at_ns[i])) values.push_back(series.value[i]);
    }
    std::size_t compared = 0;
    double largest_factor = 0;
    for (const auto& [service, instances] : services) {
        std::vector<Level> levels;
        for (const auto& [instance, seen] : instances)
            if (seen.first.size() >= fewest_values) levels.push_back({median(seen.first), instance, seen.second});
        if (levels.size() < 2) continue;
        ++compared;
        std::stable_sort(levels.begin(), levels.end(), [](const Level& a, const Level& b) { return a.p99_ms > b.p99_ms; });
        const auto most = static_cast<std::size_t>(std::floor(static_cast<double>(levels.size()) * context.threshold("max_share") / 100));
        std::size_t slow = 0;
        double others_ms = 0, factor = 0;
        for (std::size_t k = 1; k <= most; ++k) {
            std::vector<double> others;
            for (std::size_t i = k; i < levels.size(); ++i) others.push_back(levels[i].p99_ms);
            const double reference = median(std::move(others)), times = reference > 0 ? levels[k - 1].p99_ms / reference : 0;
            largest_factor = std::max(largest_factor, times);
            if (times < context.threshold("instance_factor")) continue;
            slow = k;
            others_ms = reference;
            factor = times;
        }
        if (slow == 0) continue;
        std::vector<std::string> names;
        for (std::size_t i = 0; i < slow; ++i) names.push_back(levels[i].instance);
        std::sort(names.begin(), names.end());
        Finding finding;
        finding.verdict = Verdict::suspected;
        finding.severity = Severity::warning;  // whose requests are slow a series does not say
        finding.key = finding_key({service, join(names, ", ")});
        finding.headline = std::to_string(slow) + " of " + std::to_string(levels.size()) + " instances of " + (service.empty() ? "the service" : service) + " are slow: P99 of " + join(names, ", ") + " is " +
                           format_ms(levels.front().p99_ms) + ", of the others " + format_ms(others_ms);
        for (const std::string& name : names) finding.subjects.push_back({"instance", name});
        finding.subjects.push_back({"service", service});
        finding.figures = {context.figure("tail_factor", factor, "x", "instance_factor"), {"slow_tail", levels.front().p99_ms, "ms", {}, {}}, {"others_tail", others_ms, "ms", {}, {}}};
        finding.when = context.windows().analysed;
        finding.refutes_if = "all instances are within " + format_number(context.threshold("ruled_out_factor")) + " x of each other";
        finding.evidence = {{"P99 of the instances", "series", "metric", "SELECT at_ns, labels, value FROM metric_point WHERE name = ?1 ORDER BY labels, at_ns", {levels.front().series}}};
        finding.fixes = {{"Take the slow instance out of the load balancer and keep it running: its state is the evidence", "5-10 min", format_ms(levels.front().p99_ms) + " -> " + format_ms(others_ms), "the others get its share of the load"}};
        finding.proof = "P99 of " + join(names, ", ") + " is within " + format_number(context.threshold("ruled_out_factor")) + " x of the others";
        finding.note = "a series does not say whether the instances serve the same requests; traces with service.instance.id would";
        context.add(std::move(finding));
    }
    if (compared == 0) return Answer{Verdict::inconclusive, "no service has a series of P99 with " + std::to_string(fewest_values) + " values for each of two instances", {}};
    return Answer{Verdict::ruledOut, "instances are alike: the highest P99 is " + format_number(largest_factor, 2) + " x the others'", {}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    if (spans->empty()) return from_series(context);
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    const double tail_samples = context.threshold("common.tail_samples");
    // Rules that compare absolutely read the whole analysed window: a proposed baseline must not hide half of it.
    AnalysisWindows windows = context.windows();
    if (windows.proposed) windows.baseline.reset();
    std::map<SpanTable::Id, Outlier> worst;  // by service
    std::size_t compared = 0, with_instances = 0;
    double largest_factor = 0;
    std::string canary;
    const std::vector<OperationRequests> all = operations(*spans, *classes, windows, tail_samples);
    for (const OperationRequests& operation : all) {
        std::vector<Instance> instances = by_instance(*spans, operation, context.threshold("warm_up"));
        if (instances.size() >= 2) keep_simultaneous(*spans, instances);
        if (instances.size() < 2) continue;
        ++with_instances;
        std::size_t requests = 0;
        for (Instance& instance : instances) {
            instance.tail_ms = tail_percentile(durations_ms(*spans, instance.rows), tail_samples, instance.percentile);
            requests += instance.rows.size();
        }
        std::erase_if(instances, [](const Instance& instance) { return instance.percentile == 0; });
        if (instances.size() < 2) continue;
        ++compared;
        std::sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) { return a.tail_ms > b.tail_ms; });
        // The slow ones are above the widest gap in the upper half.
        Outlier found;
        const std::size_t most = static_cast<std::size_t>(std::floor(static_cast<double>(instances.size()) * context.threshold("max_share") / 100));
        for (std::size_t k = 1; k <= most; ++k) {
            std::vector<double> others;
            for (std::size_t i = k; i < instances.size(); ++i) others.push_back(instances[i].tail_ms);
            const double reference = median(others), factor = reference > 0 ? instances[k - 1].tail_ms / reference : 0;
            largest_factor = std::max(largest_factor, factor);
            if (factor < context.threshold("instance_factor")) continue;
            found.factor = factor;
            found.others_tail_ms = reference;
            found.slow.assign(k, nullptr);
        }
        if (found.slow.empty()) continue;
        const std::size_t k = found.slow.size();
        found.slow.clear();
        found.instances = std::move(instances);
        std::vector<double> slow_ms, other_ms;
        std::set<SpanTable::Id> slow_versions, other_versions;
        std::size_t slow_requests = 0;
        for (std::size_t i = 0; i < found.instances.size(); ++i) {
            const Instance& instance = found.instances[i];
            (i < k ? found.slow : found.others).push_back(&instance);
            (i < k ? slow_versions : other_versions).insert(instance.versions.begin(), instance.versions.end());
            auto& values = i < k ? slow_ms : other_ms;
            for (const double ms : durations_ms(*spans, instance.rows)) values.push_back(ms);
            if (i < k) slow_requests += instance.rows.size();
        }
        // An instance that got a new version while the others kept theirs: slow only with what nobody else runs.
        std::vector<double> shared_version_ms;
        for (std::size_t i = 0; i < k; ++i)
            for (const Row row : found.instances[i].rows)
                if (other_versions.contains(spans->version[row])) shared_version_ms.push_back(static_cast<double>(spans->duration_ns[row]) / 1e6);
        double percentile_of_shared = 0;
        const double shared_tail_ms = tail_percentile(shared_version_ms, tail_samples, percentile_of_shared);
        const bool slow_with_a_shared_version = percentile_of_shared > 0 && shared_tail_ms >= context.threshold("ruled_out_factor") * found.others_tail_ms;
        const bool has_own_version = std::any_of(slow_versions.begin(), slow_versions.end(), [&](SpanTable::Id v) { return v != 0 && !other_versions.contains(v); });
        if (has_own_version && !slow_with_a_shared_version) {
            canary = "the slow instances of " + std::string(spans->text(operation.service)) + " run another version: see latency.regression_after_deploy";
            continue;
        }
        const RankTest test = mann_whitney(slow_ms, other_ms);
        found.p = test.effect > 0.5 ? test.p : 1;
        found.request_share = static_cast<double>(slow_requests) / static_cast<double>(std::max<std::size_t>(requests, 1)) / (static_cast<double>(k) / static_cast<double>(found.instances.size()));
        found.operation = &operation;
        // The operation with the most requests speaks for the service. Moving keeps the pointers into `instances` valid.
        Outlier& best = worst[operation.service];
        if (!best.operation || operation.analysed.size() > best.operation->analysed.size()) best = std::move(found);
    }
    for (const auto& [service, found] : worst) TRY(report(context, *spans, found));
    if (!canary.empty()) return Answer{Verdict::ruledOut, canary, {}};
    if (with_instances == 0) return Answer{Verdict::inconclusive, "no service has two instances that serve at the same time (or spans carry no service.instance.id)", {}};
    if (compared == 0) return Answer{Verdict::inconclusive, "too few requests per instance: " + format_number(2 * tail_samples) + " of one operation are needed", {}};
    return Answer{Verdict::ruledOut, "instances are alike: the slowest tail is " + format_number(largest_factor, 2) + " x the others'", {}};
}

}  // namespace

extern const Analyzer some_instances;
const Analyzer some_instances{"latency.some_instances", "Are only some instances slow?", AnalyzerKind::symptom, "span or metric(latency_p99)", "metric(steal), metric(cpu), event", thresholds, run};

}  // namespace casebook::latency
