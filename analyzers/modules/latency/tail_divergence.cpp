// Do the slowest requests drift away from the median?
//
// A symptom: the tail of an operation that users feel rises while its median stays, for as long as the rule asks. It never
// ends a walk; it says where to look.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/latency_target.h"
#include "analyzers/analysis/operations.h"
#include "analyzers/analysis/percentile_series.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace casebook::latency {
namespace {

constexpr std::array<Threshold, 9> thresholds{{{"p99_factor", 2, "x", "Casebook's own"},
                                               {"p50_flat", 1.2, "x", "Casebook's own", Bound::atMost},
                                               {"floor", 50, "ms", "Casebook's own"},
                                               {"floor_factor", 4, "x", "Casebook's own"},
                                               {"ratio_without_baseline", 20, "x", "Casebook's own"},
                                               {"even_rise", 25, "%", "Casebook's own"},
                                               {"ruled_out_factor", 1.2, "x", "Casebook's own"},
                                               {"sla_factor", 4, "x", "Casebook's own"},
                                               {"alpha", 0.01, "1", "Casebook's own: a share of slow requests near the percentile crosses it by chance", Bound::atMost}}};

using Row = SpanTable::Row;

constexpr const char* part_of_the_rise = "part of the rise is the median's";

/// Requests of one side, in start order, and whether each is over a limit.
struct Marked {
    std::vector<std::int64_t> at_ns;
    std::vector<bool> slow;
    std::uint64_t count_slow() const { return static_cast<std::uint64_t>(std::count(slow.begin(), slow.end(), true)); }
};

Marked marked(const SpanTable& spans, const std::vector<Row>& rows, double limit_ms, TimeRange window)
{
    Marked result;
    for (const Row row : rows)
        if (window.contains(spans.start_ns[row])) {
            result.at_ns.push_back(spans.start_ns[row]);
            result.slow.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6 > limit_ms);
        }
    return result;
}

/// Places of the first and the last of a stretch of requests.
struct Stretch {
    std::size_t first = 0, last = 0, slow = 0;
};

/// The longest stretch during which the likelihood that a share `now` is slow, against a share `usual`, rises and never falls back
/// by a thousand (CUSUM; Page 1954, Wald's bound).
Stretch longest_stretch(const Marked& requests, double usual, double now)
{
    const double back = std::log(1000), slow_says = std::log(now / usual), fast_says = std::log((1 - now) / (1 - usual));
    Stretch stretch, longest;
    double sum = 0, peak = 0;
    std::size_t slow = 0;
    for (std::size_t i = 0; i < requests.at_ns.size(); ++i) {
        if (sum <= 0 && !requests.slow[i]) continue;
        if (sum <= 0) {
            stretch = {i, i, 0};
            sum = peak = 0, slow = 0;
        }
        sum += requests.slow[i] ? slow_says : fast_says;
        slow += requests.slow[i];
        if (sum > peak) {
            peak = sum;
            stretch.last = i, stretch.slow = slow;
            if (longest.slow == 0 || requests.at_ns[i] - requests.at_ns[stretch.first] >= requests.at_ns[longest.last] - requests.at_ns[longest.first]) longest = stretch;
        }
        if (sum < peak - back) sum = 0;
    }
    return longest;
}

/// The part of a stretch, `width_ns` long, with most slow requests.
Stretch densest(const Marked& requests, const Stretch& stretch, double width_ns)
{
    Stretch best;
    std::size_t first = stretch.first, slow = 0;
    for (std::size_t last = stretch.first; last <= stretch.last; ++last) {
        slow += requests.slow[last];
        while (static_cast<double>(requests.at_ns[last] - requests.at_ns[first]) > width_ns) slow -= requests.slow[first++];
        if (slow > best.slow) best = {first, last, slow};
    }
    return best;
}

/// How long requests over `limit_ms` kept coming so often that the percentile lies among them: the longest stretch of them, to the
/// ends of the window where these are no further than a tenth of it, or than chance leaves between such requests (six mean gaps).
/// Where one burst carries it, so that what is left without `asked_s` of it is like the baseline (two proportions), the burst counts.
double sustained_seconds(AnalysisContext& context, const Marked& requests, const Marked& base, double percentile, TimeRange window, double asked_s)
{
    const double usual = std::min(0.98, (static_cast<double>(base.count_slow()) + 0.5) / (static_cast<double>(base.slow.size()) + 1));  // never none at all (Jeffreys)
    const Stretch longest = longest_stretch(requests, usual, std::min(0.99, std::max(1 - percentile / 100, 2 * usual)));
    if (longest.slow < 2) return 0;
    const TimeRange range{requests.at_ns[longest.first], requests.at_ns[longest.last]};
    const Stretch burst = densest(requests, longest, std::min(asked_s, 0.6 * range.seconds()) * 1e9);
    const std::uint64_t left = longest.last - longest.first - (burst.last - burst.first), left_slow = longest.slow - burst.slow;
    const bool goes_on = left > 0 && static_cast<double>(left_slow) > usual * static_cast<double>(left) && two_proportion_p(left_slow, left, base.count_slow(), base.slow.size()) < context.threshold("alpha");
    if (!goes_on) return TimeRange{requests.at_ns[burst.first], requests.at_ns[burst.last]}.seconds();
    const double near_s = std::max(window.seconds() / 10, 6 * range.seconds() / static_cast<double>(longest.slow - 1));
    const double first_s = TimeRange{window.from_ns, range.from_ns}.seconds(), last_s = TimeRange{range.to_ns, window.to_ns}.seconds();
    return range.seconds() + (first_s <= near_s ? first_s : 0) + (last_s <= near_s ? last_s : 0);
}

/// Five minutes, or all of a shorter window less the gap that is left open at its ends.
double asked_seconds(AnalysisContext& context, TimeRange window) { return std::min(context.threshold("common.sustained") * 60, 0.9 * window.seconds()); }

/// The chance that requests over `line_ms` are as much more frequent as they are. Where slow requests are about as rare as
/// the percentile says, it lies now among them and now among the others, and jumps without a reason.
double chance_of_more(const std::vector<double>& now_ms, const std::vector<double>& base_ms, double line_ms)
{
    const auto over = [&](const std::vector<double>& ms) { return static_cast<std::uint64_t>(std::count_if(ms.begin(), ms.end(), [&](double value) { return value > line_ms; })); };
    return two_proportion_p(over(now_ms), now_ms.size(), over(base_ms), base_ms.size());
}

struct Shape {
    double p50 = 0, tail = 0, percentile = 0;
};

Shape shape_of(const std::vector<double>& values, double tail_samples)
{
    Shape shape;
    shape.p50 = median(values);
    shape.tail = tail_percentile(values, tail_samples, shape.percentile);
    return shape;
}

constexpr double usual_tail = 4;  // over the median, where nothing says what was usual

/// A tail is what its cause makes of it: the way there, what it would give, and what shows that it was the right one.
struct Levels { double tail_ms = 0, usual_ms = 0, median_ms = 0; };
void advise(const AnalysisContext& context, Finding& finding, const std::string& what, const Levels& levels)
{
    finding.fixes = {{"Open the slowest requests: where their time goes, and what they share that the others do not", "15 min",
                      what + " " + format_ms(levels.tail_ms) + " -> ~" + format_ms(levels.usual_ms) + " once the cause is gone", "means and medians do not show it: watch the percentile"}};
    finding.proof = what + " back to " + format_ms(levels.usual_ms);
    finding.rollback = "the median rises above " + format_ms(levels.median_ms * context.threshold("p50_flat"));
}

Finding describe(AnalysisContext& context, const SpanTable& spans, const OperationRequests& operation, const Shape& now, const Shape* base)
{
    const std::string service(spans.text(operation.service)), name(spans.text(operation.operation));
    const std::string p = "P" + format_number(std::floor(now.percentile));
    Finding finding;
    finding.key = finding_key({service, name});
    finding.headline = base ? p + " of " + name + " rose from " + format_ms(base->tail) + " to " + format_ms(now.tail) + " while the median went from " + format_ms(base->p50) + " to " + format_ms(now.p50)
                            : p + " of " + name + " is " + format_ms(now.tail) + ", " + format_number(now.tail / std::max(now.p50, 1e-6), 2) + " x its median of " + format_ms(now.p50);
    finding.subjects = {{"operation", name}, {"service", service}};
    finding.figures = {{"tail", now.tail, "ms", {}, {}}, {"median", now.p50, "ms", {}, {}}};
    if (base) {
        finding.figures.push_back(context.figure("tail_factor", now.tail / std::max(base->tail, 1e-6), "x", "p99_factor"));
        finding.figures.push_back(context.figure("median_factor", now.p50 / std::max(base->p50, 1e-6), "x", "p50_flat"));
    } else {
        finding.figures.push_back(context.figure("tail_over_median", now.tail / std::max(now.p50, 1e-6), "x", "ratio_without_baseline"));
    }
    finding.when = context.windows().analysed;
    finding.refutes_if = "median and tail rise alike, or the tail stays below " + format_number(context.threshold("ruled_out_factor")) + " x its baseline";
    finding.evidence = {{"Requests of " + name + " by duration over time", "distribution", "span",
                         "SELECT start_ns, duration_ns / 1e6 AS duration_ms, trace_id, span_id FROM span WHERE service = ?1 AND operation = ?2 AND kind IN ('server', 'consumer') ORDER BY start_ns, span_id",
                         {service, name}}};
    advise(context, finding, p + " of " + name, {now.tail, base ? base->tail : now.p50 * usual_tail, now.p50});
    return finding;
}

/// A promise kept by the P95 and far from kept by the tail: nobody is alarmed, and one request in a hundred is lost.
Finding beyond_target(AnalysisContext& context, const SpanTable& spans, const OperationRequests& operation, const Shape& now, double p95, const LatencyTarget& target)
{
    Finding finding = describe(context, spans, operation, now, nullptr);
    const std::string name(spans.text(operation.operation)), p = "P" + format_number(std::floor(now.percentile));
    finding.headline = p + " of " + name + " is " + format_ms(now.tail) + ", " + format_number(now.tail / target.ms, 2) + " x the target of " + format_ms(target.ms) + " (" + target.said->name +
                       "), which its P95 of " + format_ms(p95) + " keeps";
    finding.figures.insert(finding.figures.begin() + 2, {{"p95", p95, "ms", target.ms, {}}, context.figure("tail_over_target", now.tail / target.ms, "x", "sla_factor")});
    finding.note = "the target alone does not say that the tail is new";
    finding.refutes_if = p + " below " + format_number(context.threshold("sla_factor")) + " x the target";
    finding.proof = p + " of " + name + " within the target of " + format_ms(target.ms);
    return finding;
}

/// What a rise of median and tail amounts to.
enum class Rise : std::uint8_t { none, even, suspected, diverging };

Rise rise_of(AnalysisContext& context, double factor, double needed, double flat, double growth)
{
    if (factor < needed) return Rise::none;
    if (growth <= 1 + context.threshold("even_rise") / 100) return Rise::even;
    if (flat > context.threshold("p50_flat")) return Rise::none;
    return growth >= context.threshold("p99_factor") ? Rise::diverging : Rise::suspected;
}

Finding describe_series(AnalysisContext& context, const PercentilePair& who, TimeRange when)
{
    Finding finding;
    finding.severity = Severity::warning;  // whose requests are slow a series does not say
    finding.key = who.instance.empty() ? finding_key({who.service}) : finding_key({who.service, who.instance});
    finding.subjects = {{"service", who.service}};
    if (!who.instance.empty()) finding.subjects.push_back({"instance", who.instance});
    finding.when = when;
    finding.refutes_if = "median and tail rise alike, or the tail stays below " + format_number(context.threshold("ruled_out_factor")) + " x its baseline";
    finding.evidence = {{"P99 and P50", "series", "metric", "SELECT at_ns, name, labels, value FROM metric_point WHERE name IN (?1, ?2) ORDER BY name, labels, at_ns", {who.p99->name, who.p50->name}}};
    return finding;
}

/// Without anything to compare with: many systems have a long tail, so far apart is a suspicion at most.
bool suspect_series(AnalysisContext& context, const PercentilePair& who, std::string& reason)
{
    const TimeRange now = context.windows().analysed;
    const double p50 = median(values_in(*who.p50, now)), p99 = median(values_in(*who.p99, now)), ratio = p99 / std::max(p50, 1e-6);
    if (ratio < context.threshold("ratio_without_baseline")) {
        reason = who.name() + ": P99 is " + format_number(ratio, 2) + " x the median";
        return false;
    }
    Finding finding = describe_series(context, who, now);
    finding.verdict = Verdict::suspected;
    finding.headline = "P99 of " + who.name() + " is " + format_ms(p99) + ", " + format_number(ratio, 2) + " x its median of " + format_ms(p50);
    finding.figures = {{"tail", p99, "ms", {}, {}}, {"median", p50, "ms", {}, {}}, context.figure("tail_over_median", ratio, "x", "ratio_without_baseline")};
    finding.note = "nothing to compare with: name the quiet time (window CASE baseline FROM TO)";
    advise(context, finding, "P99 of " + who.name(), {p99, p50 * usual_tail, p50});
    context.add(std::move(finding));
    return true;
}

/// Without spans: series of percentiles, each with its own partner, for percentiles of several instances cannot be averaged.
Result<Answer> from_series(AnalysisContext& context)
{
    constexpr std::size_t fewest_values = 10;  // on either side
    TRY_ASSIGN(const std::vector<Series>* p50s, context.evidence().metric("latency_p50"));
    TRY_ASSIGN(const std::vector<Series>* p99s, context.evidence().metric("latency_p99"));
    TRY_ASSIGN(const std::vector<Series>* buckets, context.evidence().metric("latency_bucket"));
    const PercentilePairs found = percentile_pairs(*p50s, *p99s);
    const AnalysisWindows& windows = context.windows();
    const TimeRange now = windows.baseline ? windows.incident.value_or(windows.analysed) : windows.analysed;
    std::size_t judged = 0;
    std::string reason, too_wide;
    for (const PercentilePair& who : found.pairs) {
        const std::vector<double> now_p50 = values_in(*who.p50, now), now_p99 = values_in(*who.p99, now);
        if (std::min(now_p50.size(), now_p99.size()) < fewest_values) continue;
        if (!windows.baseline) {
            ++judged;
            suspect_series(context, who, reason);
            continue;
        }
        const std::vector<double> base_p50 = values_in(*who.p50, *windows.baseline), base_p99 = values_in(*who.p99, *windows.baseline);
        if (std::min(base_p50.size(), base_p99.size()) < fewest_values) continue;
        ++judged;
        const double was_p50 = median(base_p50), was = median(base_p99), is_p50 = median(now_p50), is = median(now_p99);
        const double factor = is / std::max(was, 1e-6), flat = is_p50 / std::max(was_p50, 1e-6), growth = (is / std::max(is_p50, 1e-6)) / std::max(was / std::max(was_p50, 1e-6), 1e-6);
        const double needed = is - was < context.threshold("floor") ? context.threshold("floor_factor") : context.threshold("p99_factor");
        const double lasted_s = stretch_over(*who.p99, now, was * context.threshold("p99_factor") * 0.9);
        const Rise rise = rise_of(context, factor, needed, flat, growth);
        if (const double width_ms = bucket_width_ms(*buckets, who.service, is); is > was && width_ms > is - was && factor >= context.threshold("ruled_out_factor")) {
            too_wide = who.name() + ": P99 " + format_ms(was) + " -> " + format_ms(is) + ", but it is read off a bucket " + (std::isfinite(width_ms) ? format_ms(width_ms) + " wide" : "without an upper bound");
            continue;
        }
        if (rise == Rise::none || rise == Rise::even || lasted_s < asked_seconds(context, now)) {
            reason = who.name() + ": P99 " + format_number(factor, 2) + " x, P50 " + format_number(flat, 2) + " x its baseline" + (factor >= needed && lasted_s < asked_seconds(context, now) ? ", for " + format_ms(lasted_s * 1000) + " at a time" : "");
            continue;
        }
        Finding finding = describe_series(context, who, now);
        finding.verdict = rise == Rise::diverging ? Verdict::confirmed : Verdict::suspected;
        finding.headline = "P99 of " + who.name() + " rose from " + format_ms(was) + " to " + format_ms(is) + " while the median went from " + format_ms(was_p50) + " to " + format_ms(is_p50);
        finding.figures = {{"tail", is, "ms", {}, {}}, {"median", is_p50, "ms", {}, {}}, context.figure("tail_factor", factor, "x", "p99_factor"), context.figure("median_factor", flat, "x", "p50_flat")};
        if (finding.verdict == Verdict::suspected) finding.note = part_of_the_rise;
        advise(context, finding, "P99 of " + who.name(), {is, was, is_p50});
        context.add(std::move(finding));
    }
    if (!too_wide.empty()) return Answer{Verdict::inconclusive, too_wide, {}};
    if (judged == 0 && found.averaged > 0) return Answer{Verdict::inconclusive, "the percentiles are averages over instances or time, which say nothing of the tail: bring histograms, or series by instance", {}};
    if (judged == 0) return Answer{Verdict::inconclusive, "no service has one series of P50 and one of P99 with " + std::to_string(fewest_values) + " values" + (windows.baseline ? " before and since" : ""), {}};
    return Answer{Verdict::ruledOut, reason, {}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    if (spans->empty()) return from_series(context);
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const RequestSet* requests, context.requests());
    const double tail_samples = context.threshold("common.tail_samples");
    const std::set<Row> felt_rows(requests->rows.begin(), requests->rows.end());
    TRY_ASSIGN(const std::vector<Setting>* settings, context.evidence().settings());
    std::size_t judged = 0;
    std::string reason, by_chance;
    for (OperationRequests operation : operations(*spans, *classes, context.windows(), tail_samples)) {
        // Only operations that users wait for: the others are causes, and other questions ask for them.
        const auto not_felt = [&](Row row) { return !felt_rows.contains(row); };
        std::erase_if(operation.analysed, not_felt);
        std::erase_if(operation.baseline, not_felt);
        const Shape now = shape_of(durations_ms(*spans, operation.analysed), tail_samples);
        if (now.percentile == 0) continue;
        ++judged;
        const std::string name(spans->text(operation.operation));
        std::map<std::uint32_t, std::int64_t> explained;
        const auto add = [&](Finding finding, Verdict verdict, double normal_ms) -> Status {
            for (const Row row : operation.analysed)
                if (static_cast<double>(spans->duration_ns[row]) / 1e6 > normal_ms) explained[spans->trace[row]] += spans->duration_ns[row] - static_cast<std::int64_t>(normal_ms * 1e6);
            finding.verdict = verdict;
            finding.impact = context.impact(explained);
            TRY_ASSIGN(const Felt felt, context.felt(explained));
            finding.severity = severity_of(felt);
            context.add(std::move(finding));
            return {};
        };
        const auto target = latency_target(*settings, spans->text(operation.service), name);
        const double p95 = percentile(durations_ms(*spans, operation.analysed), 95);
        const bool hidden = target && now.percentile > 95 && p95 <= target->ms && now.tail >= context.threshold("sla_factor") * target->ms;
        if (operation.line_percentile == 0) {
            if (hidden) TRY(add(beyond_target(context, *spans, operation, now, p95, *target), Verdict::suspected, now.p50));
            else if (now.tail / std::max(now.p50, 1e-6) >= context.threshold("ratio_without_baseline"))
                TRY(add(describe(context, *spans, operation, now, nullptr), Verdict::suspected, now.p50));
            else reason = name + ": P" + format_number(std::floor(now.percentile)) + " is " + format_number(now.tail / std::max(now.p50, 1e-6), 2) + " x the median";
            continue;
        }
        // Compared is the stretch in trouble; how long it lasts shows in all of the time since it began.
        TimeRange since = context.windows().analysed;
        if (context.windows().onset_ns) since.from_ns = std::max(since.from_ns, *context.windows().onset_ns);
        std::vector<Row> rows = operation.analysed;
        if (context.windows().incident) std::erase_if(rows, [&](Row row) { return !context.windows().incident->contains(spans->start_ns[row]); });
        const std::vector<double> now_ms = durations_ms(*spans, rows), base_ms = durations_ms(*spans, operation.baseline);
        // Both tails at the lower of the two percentiles, or a longer recording would look slower.
        Shape same = shape_of(now_ms, tail_samples), base = shape_of(base_ms, tail_samples);
        if (same.percentile == 0) continue;
        same.percentile = std::min(same.percentile, base.percentile);
        same.tail = percentile(now_ms, same.percentile);
        base.tail = percentile(base_ms, same.percentile);
        const double factor = same.tail / std::max(base.tail, 1e-6), flat = same.p50 / std::max(base.p50, 1e-6);
        const double needed = same.tail - base.tail < context.threshold("floor") ? context.threshold("floor_factor") : context.threshold("p99_factor");
        const double growth = (same.tail / std::max(same.p50, 1e-6)) / std::max(base.tail / std::max(base.p50, 1e-6), 1e-6);
        const double asked_s = asked_seconds(context, since), limit_ms = base.tail * context.threshold("p99_factor") * 0.9;
        const double lasted_s = sustained_seconds(context, marked(*spans, operation.analysed, limit_ms, since), marked(*spans, operation.baseline, limit_ms, context.windows().whole), same.percentile, since, asked_s);
        const double p = chance_of_more(now_ms, base_ms, std::sqrt(std::max(base.tail * same.tail, 0.0)));
        const Rise rise = rise_of(context, factor, needed, flat, growth);
        const bool crosses = rise == Rise::diverging || rise == Rise::suspected, rises = crosses && lasted_s >= asked_s;
        if (hidden && !(rises && p < context.threshold("alpha")))
            TRY(add(beyond_target(context, *spans, operation, now, p95, *target), Verdict::suspected, base.p50));
        else if (crosses && p >= context.threshold("alpha"))
            by_chance = name + ": tail " + format_ms(base.tail) + " -> " + format_ms(same.tail) + ", but slow requests are no more frequent than chance makes them (p = " + format_number(p, 2) + ")";
        else if (rises) {
            Finding finding = describe(context, *spans, operation, same, &base);
            if (rise == Rise::suspected) finding.note = part_of_the_rise;
            TRY(add(std::move(finding), rise == Rise::diverging ? Verdict::confirmed : Verdict::suspected, base.p50));
        } else
            reason = name + ": tail " + format_number(factor, 2) + " x, median " + format_number(flat, 2) + " x its baseline" + (factor >= needed && lasted_s < asked_s ? ", for " + format_ms(lasted_s * 1000) + " at a time" : "");
    }
    if (judged == 0) return Answer{Verdict::inconclusive, "no operation has the " + format_number(2 * tail_samples) + " requests that a tail needs", {}};
    if (!by_chance.empty()) return Answer{Verdict::inconclusive, by_chance, {}};
    return Answer{Verdict::ruledOut, reason, {}};
}

}  // namespace

extern const Analyzer tail_divergence;
const Analyzer tail_divergence{"latency.tail_divergence", "Do the slowest requests drift away from the median?", AnalyzerKind::symptom, "span or metric(latency_p50)&metric(latency_p99)", "setting", thresholds, run, {.shares = true}};

}  // namespace casebook::latency
