// Are only some instances slow?
//
// Instances of one service are compared while they serve at the same time, operation by operation. A minority whose tail is
// twice the others' is confirmed by a rank test over all its requests, unless it is asked for other things than the others or
// for more than its share: then that may be why. Where exactly what runs another version, or came with a release, is slow, the
// question is latency.regression_after_deploy.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/fleets.h"
#include "analyzers/analysis/instance_series.h"
#include "analyzers/analysis/releases.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 7> thresholds{{{"instance_factor", 2, "x", "Casebook's own"},
                                               {"max_share", 50, "%", "Casebook's own", Bound::atMost},
                                               {"ruled_out_factor", 1.5, "x", "Casebook's own"},
                                               {"warm_up", 2, "min", "Casebook's own"},
                                               {"alpha", 0.01, "1", "Casebook's own", Bound::atMost},
                                               {"fair_share", 2, "x", "Casebook's own", Bound::atMost},
                                               {"mix", 20, "%", "Casebook's own", Bound::atMost}}};

using Row = SpanTable::Row;
using Id = SpanTable::Id;

struct Member {
    Id instance = 0;
    std::int64_t joined_ns = 0;
    std::vector<Row> rows;  ///< start order
    double tail_ms = 0;
};

/// The requests of one operation of a fleet, or all of its requests.
struct Comparison {
    Id service = 0;
    const OperationRequests* operation = nullptr;  ///< none: all requests
    std::vector<Member> members;                   ///< the slowest first
    SlowMinority minority;
    double percentile = 0;
    double p = 1, request_share = 0, mix = 0;
    std::size_t requests = 0;
    std::span<const Member> slow_ones() const { return std::span(members).first(minority.count); }
    std::span<const Member> others() const { return std::span(members).subspan(minority.count); }
};

/// Fills percentile, factors and who is slow; false when fewer than two have enough requests. All are compared at the one
/// percentile that each can carry; those that hardly serve would lower it for all and are left out.
bool compare(AnalysisContext& context, const SpanTable& spans, Comparison& comparison)
{
    constexpr double hardly = 0.05;  // of what the median instance answers
    const double tail_samples = context.threshold("common.tail_samples");
    std::vector<Member>& members = comparison.members;
    std::vector<double> sizes;
    for (const Member& member : members) sizes.push_back(static_cast<double>(member.rows.size()));
    const double fewest = hardly * median(std::move(sizes));
    double percentile_of_all = 99;
    std::erase_if(members, [&](const Member& member) {
        double own = 0;
        tail_percentile(durations_ms(spans, member.rows), tail_samples, own);
        if (own == 0 || static_cast<double>(member.rows.size()) < fewest) return true;
        percentile_of_all = std::min(percentile_of_all, own);
        return false;
    });
    if (members.size() < 2) return false;
    comparison.percentile = percentile_of_all;
    for (Member& member : members) {
        member.tail_ms = percentile(durations_ms(spans, member.rows), percentile_of_all);
        comparison.requests += member.rows.size();
    }
    std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.tail_ms > b.tail_ms; });
    std::vector<double> tails;
    for (const Member& member : members) tails.push_back(member.tail_ms);
    comparison.minority = slow_minority(tails, context.threshold("max_share"), context.threshold("instance_factor"));
    return true;
}

/// An instance that got a new version while the others kept theirs: slow only with what nobody else runs.
bool is_of_another_version(AnalysisContext& context, const SpanTable& spans, const Comparison& comparison)
{
    std::set<Id> slow_versions, other_versions;
    for (const Member& member : comparison.slow_ones())
        for (const Row row : member.rows) slow_versions.insert(spans.version[row]);
    for (const Member& member : comparison.others())
        for (const Row row : member.rows) other_versions.insert(spans.version[row]);
    if (std::none_of(slow_versions.begin(), slow_versions.end(), [&](Id version) { return version != 0 && !other_versions.contains(version); })) return false;
    std::vector<double> shared_version_ms;
    for (const Member& member : comparison.slow_ones())
        for (const Row row : member.rows)
            if (other_versions.contains(spans.version[row])) shared_version_ms.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
    double p = 0;
    const double tail_ms = tail_percentile(std::move(shared_version_ms), context.threshold("common.tail_samples"), p);
    return p == 0 || tail_ms < context.threshold("ruled_out_factor") * comparison.minority.others;
}

/// The release that exactly the slow ones came with, whatever version they say they run; or none.
const Release* release_of_slow_ones(const std::vector<Release>& releases, const Comparison& comparison)
{
    constexpr std::int64_t before_ns = 5'000'000'000, after_ns = 300'000'000'000;  // clocks; until a rollout has started what it rolls out
    for (const Release& release : releases) {
        if (std::find(release.services.begin(), release.services.end(), comparison.service) == release.services.end()) continue;
        const auto came_with_it = [&](const Member& member) { return member.joined_ns >= release.at_ns - before_ns && member.joined_ns <= release.until_ns + after_ns; };
        const auto was_there = [&](const Member& member) { return member.joined_ns < release.at_ns - before_ns; };
        const auto slow = comparison.slow_ones(), others = comparison.others();
        if (std::all_of(slow.begin(), slow.end(), came_with_it) && std::all_of(others.begin(), others.end(), was_there)) return &release;
    }
    return nullptr;
}

/// What the instances of one fleet were asked while they served together.
struct FleetRequests {
    std::vector<Comparison> operations;
    Comparison all;

    FleetRequests(const SpanTable& spans, const Fleet& fleet, const std::vector<OperationRequests>& operations_of_all)
    {
        std::map<Id, std::size_t> place;
        for (const Id instance : fleet.instances) place.emplace(instance, place.size());
        const auto empty = [&] {
            Comparison comparison;
            comparison.service = fleet.service;
            for (std::size_t i = 0; i < fleet.instances.size(); ++i) comparison.members.push_back({fleet.instances[i], fleet.joined_ns[i], {}, 0});
            return comparison;
        };
        all = empty();
        for (const OperationRequests& operation : operations_of_all) {
            if (operation.service != fleet.service) continue;
            Comparison comparison = empty();
            comparison.operation = &operation;
            for (const Row row : operation.analysed) {
                const auto member = place.find(spans.instance[row]);
                if (member == place.end() || !fleet.together.contains(spans.start_ns[row])) continue;
                comparison.members[member->second].rows.push_back(row);
                all.members[member->second].rows.push_back(row);
            }
            operations.push_back(std::move(comparison));
        }
        for (Member& member : all.members)
            std::sort(member.rows.begin(), member.rows.end(), [&](Row a, Row b) { return spans.start_ns[a] != spans.start_ns[b] ? spans.start_ns[a] < spans.start_ns[b] : a < b; });
        asked_ = all.members;
    }

    /// Fills what else tells the slow ones from the others.
    void look_closer(const SpanTable& spans, Comparison& comparison) const
    {
        std::set<Id> slow;
        std::vector<double> slow_ms, other_ms;
        for (std::size_t i = 0; i < comparison.members.size(); ++i) {
            if (i < comparison.minority.count) slow.insert(comparison.members[i].instance);
            for (const double ms : durations_ms(spans, comparison.members[i].rows)) (i < comparison.minority.count ? slow_ms : other_ms).push_back(ms);
        }
        const RankTest test = mann_whitney(slow_ms, other_ms);
        comparison.p = test.effect > 0.5 ? test.p : 1;
        std::map<Id, std::pair<double, double>> mix;  // operation: asked of the slow ones, of the others
        double asked_of_slow = 0, asked = 0;
        for (const Member& member : asked_)
            for (const Row row : member.rows) {
                const bool of_slow = slow.contains(member.instance);
                auto& count = mix[spans.operation[row]];
                ++(of_slow ? count.first : count.second);
                asked_of_slow += of_slow;
                ++asked;
            }
        std::vector<std::pair<double, double>> counts;
        for (const auto& [operation, count] : mix) counts.push_back(count);
        comparison.mix = mix_difference(counts);
        comparison.request_share = asked_of_slow / std::max(asked, 1.0) / (static_cast<double>(comparison.minority.count) / static_cast<double>(asked_.size()));
    }

private:
    std::vector<Member> asked_;  ///< all requests of all, also of those with too few to compare
};

Status report(AnalysisContext& context, const SpanTable& spans, const Comparison& found, std::size_t tests)
{
    const std::string service(spans.text(found.service)), name = found.operation ? std::string(spans.text(found.operation->operation)) : "all requests";
    std::vector<std::string> names;
    for (const Member& member : found.slow_ones()) names.emplace_back(spans.text(member.instance));
    std::sort(names.begin(), names.end());
    const std::string slow_names = join(names, ", ");
    const Member& worst = found.members.front();
    const std::size_t others = found.others().size();
    std::vector<double> normal;
    for (const Member& member : found.others())
        for (const double ms : durations_ms(spans, member.rows)) normal.push_back(ms);
    const double normal_ms = median(std::move(normal));
    const double p = std::min(1.0, found.p * static_cast<double>(tests));  // Bonferroni: each instance of each operation may be odd by chance
    const bool significant = p < context.threshold("alpha"), other_mix = found.mix * 100 >= context.threshold("mix"), crowded = found.request_share >= context.threshold("fair_share");

    Finding finding;
    finding.verdict = significant && !other_mix && !crowded ? Verdict::confirmed : Verdict::suspected;
    finding.key = finding_key({service, slow_names});
    finding.headline = std::to_string(found.minority.count) + " of " + std::to_string(found.members.size()) + " instances of " + service + " are slow: " + slow_names + " answers " + name + " in " +
                       format_ms(worst.tail_ms) + " (P" + format_number(found.percentile) + "), the others in " + format_ms(found.minority.others) +
                       (!found.operation && other_mix ? ", but is asked for other things" : "");
    for (const std::string& instance : names) finding.subjects.push_back({"instance", instance});
    finding.subjects.push_back({"service", service});
    if (found.operation) finding.subjects.push_back({"operation", name});
    finding.figures = {context.figure("tail_factor", found.minority.factor, "x", "instance_factor"),
                       {"slow_tail", worst.tail_ms, "ms", {}, {}},
                       {"others_tail", found.minority.others, "ms", {}, {}},
                       context.figure("slow_instances", 100.0 * static_cast<double>(found.minority.count) / static_cast<double>(found.members.size()), "%", "max_share"),
                       context.figure("p_value", p, "1", "alpha"),
                       context.figure("request_share_of_fair", found.request_share, "x", "fair_share"),
                       context.figure("other_mix", found.mix * 100, "%", "mix")};
    std::map<std::uint32_t, std::int64_t> explained, whole;
    for (const Member& member : found.slow_ones())
        for (const Row row : member.rows) {
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
    const std::string requests = "FROM span WHERE service = ?1 AND kind IN ('server', 'consumer') AND start_ns >= ?2 AND start_ns < ?3 ";
    Evidence tails{"Tail by instance", "table", "span",
                   "SELECT instance, count(*) AS requests, percentile(duration_ns / 1e6, 50) AS p50_ms, percentile(duration_ns / 1e6, 99) AS p99_ms " + requests + (found.operation ? "AND operation = ?4 " : "") +
                       "GROUP BY instance ORDER BY p99_ms DESC, instance",
                   {service, finding.when->from_ns, finding.when->to_ns}};
    if (found.operation) tails.arguments.emplace_back(name);
    finding.evidence.push_back(std::move(tails));
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[slowest], "A slow request on " + std::string(spans.text(worst.instance))));
    if (other_mix || crowded)
        finding.evidence.push_back({"What the instances are asked", "table", "span", "SELECT instance, operation, count(*) AS requests " + requests + "GROUP BY instance, operation ORDER BY instance, requests DESC, operation LIMIT 500",
                                    {service, finding.when->from_ns, finding.when->to_ns}});
    const Fix rebalance{"Balance the requests first: spread them evenly, limit how long a connection is kept, then compare again", "15-60 min", "each instance gets 1 of " + std::to_string(found.members.size()) + " requests of each kind",
                        "the others get more of them"};
    if (other_mix || crowded) finding.fixes.push_back(rebalance);
    finding.fixes.push_back({"Take " + slow_names + " out of the load balancer, keep it running for diagnosis", "5 min",
                             "P" + format_number(found.percentile) + " of " + name + " " + format_ms(worst.tail_ms) + " -> ~" + format_ms(found.minority.others), "the others carry its share: " +
                                 format_number(100.0 / static_cast<double>(std::max<std::size_t>(others, 1)), 2) + " % more each"});
    finding.fixes.push_back({"Replace the host or pod, then compare its CPU, steal time and neighbours with the others", "15-60 min", "the slow share of requests goes away", "a restart destroys the evidence on the host"});
    finding.proof = "P99 by instance within " + format_number(context.threshold("ruled_out_factor")) + " x for the same operation";
    finding.rollback = "the remaining instances' P99 rises";
    if (other_mix) finding.note = "it is asked for other things than the others (" + format_percent(found.mix) + " of its requests): that may be why it is slow";
    else if (crowded) finding.note = "it gets " + format_number(found.request_share, 2) + " times its share of the requests, which may be why it is slow";
    else if (!significant) finding.note = "the difference may be chance: too few requests on the slow instance";
    context.add(std::move(finding));
    return {};
}

/// The comparisons of spans, and why there is nothing to report.
class SpanComparisons {
public:
    SpanComparisons(AnalysisContext& context, const SpanTable& spans, const std::vector<Release>& releases) : context_(context), spans_(spans), releases_(releases) {}

    Status look_at(const Fleet& fleet, const std::vector<OperationRequests>& operations)
    {
        ++fleets_;
        FleetRequests requests(spans_, fleet, operations);
        bool any_slow = false, any_compared = false;
        for (Comparison& comparison : requests.operations) {
            TRY(context_.control().check());
            if (!compare(context_, spans_, comparison)) continue;
            any_compared = true;
            any_slow = any_slow || comparison.minority.count > 0;
            keep(requests, std::move(comparison));
        }
        // Alike in what both are asked, and slow in all: by the mix. With too few requests of each kind all of them have to do.
        if (any_slow || !compare(context_, spans_, requests.all)) return {};
        if (any_compared && requests.all.minority.count > 0) {
            requests.look_closer(spans_, requests.all);
            if (requests.all.mix * 100 < context_.threshold("mix")) return {};
        }
        keep(requests, std::move(requests.all));
        return {};
    }

    Status report_worst()
    {
        for (const auto& [service, found] : worst_) TRY(report(context_, spans_, found, tests_));
        return {};
    }

    bool has_fleets() const { return fleets_ > 0; }

    Answer answer() const
    {
        if (!canary_.empty()) return {Verdict::ruledOut, canary_, {}};
        if (fleets_ == 0) return {Verdict::inconclusive, "no service has two instances that serve at the same time (or spans carry no service.instance.id)", {}};
        if (compared_ == 0) return {Verdict::inconclusive, "too few requests per instance: " + format_number(2 * context_.threshold("common.tail_samples")) + " of one operation are needed", {}};
        const std::string factor = format_number(largest_factor_, 2) + " x the others'";
        return {Verdict::ruledOut, largest_factor_ <= context_.threshold("ruled_out_factor") ? "instances are alike: the slowest tail is " + factor : "no instance stands out: the slowest tail is " + factor, {}};
    }

private:
    void keep(const FleetRequests& requests, Comparison&& found)
    {
        ++compared_;
        tests_ += found.members.size();
        largest_factor_ = std::max(largest_factor_, found.minority.largest_factor);
        if (found.minority.count == 0) return;
        if (is_of_another_version(context_, spans_, found)) {
            canary_ = "the slow instances of " + std::string(spans_.text(found.service)) + " run another version: see latency.regression_after_deploy";
            return;
        }
        if (const Release* release = release_of_slow_ones(releases_, found)) {
            canary_ = "the slow instances of " + std::string(spans_.text(found.service)) + " came with '" + (release->text.empty() ? release->kind : release->text) + "': see latency.regression_after_deploy";
            return;
        }
        requests.look_closer(spans_, found);
        // What speaks clearest speaks for the service, then what has most requests.
        const auto rank = [&](const Comparison& one) {
            const bool plain = one.p < context_.threshold("alpha") && one.mix * 100 < context_.threshold("mix") && one.request_share < context_.threshold("fair_share");
            return std::pair(plain, one.requests);
        };
        const auto [known, fresh] = worst_.try_emplace(spans_.text(found.service));
        if (fresh || rank(found) > rank(known->second)) known->second = std::move(found);
    }

    AnalysisContext& context_;
    const SpanTable& spans_;
    const std::vector<Release>& releases_;
    std::map<std::string_view, Comparison> worst_;  ///< by service
    std::size_t fleets_ = 0, compared_ = 0, tests_ = 0;
    double largest_factor_ = 0;
    std::string canary_;
};

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    if (spans->empty()) return compare_instance_series(context);
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    // Rules that compare absolutely read the whole analysed window: a proposed baseline must not hide half of it.
    AnalysisWindows windows = context.windows();
    if (windows.proposed) windows.baseline.reset();
    const std::vector<OperationRequests> all = operations(*spans, *classes, windows, context.threshold("common.tail_samples"));
    TRY_ASSIGN(const std::vector<Event>* events, context.evidence().events());
    const std::vector<Release> releases = find_releases(*events, *spans);
    SpanComparisons comparisons(context, *spans, releases);
    for (const Fleet& fleet : fleets(*spans, *classes, all, context.threshold("warm_up"))) TRY(comparisons.look_at(fleet, all));
    if (!comparisons.has_fleets()) {  // spans without instances; a metric may have them
        TRY_ASSIGN(Answer answer, compare_instance_series(context));
        if (answer.verdict != Verdict::inconclusive) return answer;
    }
    TRY(comparisons.report_worst());
    return comparisons.answer();
}

}  // namespace

extern const Analyzer some_instances;
const Analyzer some_instances{"latency.some_instances", "Are only some instances slow?", AnalyzerKind::symptom, "span or metric(latency_p99) or metric(latency_bucket)", "metric(steal), metric(cpu), event", thresholds, run};

}  // namespace casebook::latency
