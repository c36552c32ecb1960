// Are the slow requests the cache misses?
//
// Proof is per request: an operation that reads a cache is slow exactly when the read misses. Misses must hold most of the
// slow time and cost several times a hit. That is so in every healthy cache as well: somebody always misses. What makes it
// news is that more reads miss than before (the baseline a person named, else the reads before the misses' own onset), or
// that the same group of requests misses each time. When most reads use new keys since a release, the question is
// cache.key_rotation. Each recording in the case is looked at on its own.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/operations.h"
#include "analyzers/analysis/recordings.h"
#include "analyzers/analysis/releases.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/cache_use.h"
#include "analyzers/trace/cohort.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::cache {
namespace {

constexpr std::array<Threshold, 5> thresholds{{{"hit_drop", 10, "points", "Casebook's own"},
                                               {"overlap", 80, "%", "Casebook's own"},
                                               {"hit_target", 90, "%", "Casebook's own", Bound::atMost},
                                               {"miss_factor", 3, "x", "Casebook's own"},
                                               {"new_keys", 50, "%", "Casebook's own"}}};

using Row = SpanTable::Row;

struct Look {
    std::vector<Row> misses, hits;  ///< requests of the analysed window by what their reads did
    std::uint64_t base_misses = 0, base_reads = 0, reads = 0, read_misses = 0;
    double slow_ms = 0, slow_miss_ms = 0, miss_ms = 0, hit_ms = 0;
    std::uint64_t slow = 0, slow_misses = 0;
    Row filled_by = SpanTable::no_row;
    std::string pattern;
};

constexpr double enough_reads = 20;  // before a version, for its keys to be new ones

using ReadsOf = std::map<Row, std::vector<const CacheRead*>>;

/// Requests of one operation in one recording, those before the misses rose and those since.
struct Part {
    std::vector<Row> base, now;
    double line_ms = 0;
    bool named = false;  ///< a person said which are which
};

/// Where the share of missing requests rises beyond chance (p < 0.01 over all places tested), and at least doubles. Requests that
/// read nothing are passed over. `size` without such a place. O(n).
std::size_t onset_of(const std::vector<Row>& rows, const ReadsOf& reads_of)
{
    constexpr std::size_t enough = 20;
    std::vector<std::size_t> readers;
    std::vector<std::uint64_t> missed{0};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto found = reads_of.find(rows[i]);
        if (found == reads_of.end()) continue;
        readers.push_back(i);
        missed.push_back(missed.back() + std::any_of(found->second.begin(), found->second.end(), [](const CacheRead* read) { return !read->hit; }));
    }
    const std::size_t n = readers.size();
    double best = 0.01;
    std::size_t onset = rows.size();
    for (std::size_t split = enough; split + enough <= n; ++split) {
        const std::uint64_t before = missed[split], after = missed[n] - missed[split];
        if (static_cast<double>(after) * static_cast<double>(split) < 2 * static_cast<double>(before) * static_cast<double>(n - split)) continue;
        const double p = two_proportion_p(after, n - split, before, split) * static_cast<double>(n);
        if (p < best) {
            best = p;
            onset = readers[split];
        }
    }
    return onset;
}

std::vector<Part> parts_of(const SpanTable& spans, const OperationRequests& operation, const AnalysisWindows& windows, const std::vector<std::int64_t>& changes, const ReadsOf& reads_of, double tail_samples)
{
    if (windows.baseline && !windows.proposed) return {{operation.baseline, operation.analysed, operation.line_ms, true}};
    std::vector<Row> all = operation.baseline;
    all.insert(all.end(), operation.analysed.begin(), operation.analysed.end());
    std::sort(all.begin(), all.end(), [&](Row a, Row b) { return spans.start_ns[a] != spans.start_ns[b] ? spans.start_ns[a] < spans.start_ns[b] : a < b; });
    std::vector<std::int64_t> starts;
    for (const Row row : all) starts.push_back(spans.start_ns[row]);
    std::vector<Part> parts;
    std::size_t next = 0;
    for (const TimeRange& recording : recordings(starts, changes)) {
        std::vector<Row> rows;
        for (; next < all.size() && recording.contains(spans.start_ns[all[next]]); ++next) rows.push_back(all[next]);
        const auto onset = rows.begin() + static_cast<std::ptrdiff_t>(onset_of(rows, reads_of));
        Part part;
        part.base.assign(rows.begin(), onset);
        part.now.assign(onset, rows.end());
        if (part.now.empty()) part.now.swap(part.base);
        double p = 0;
        part.line_ms = tail_percentile(durations_ms(spans, part.base), tail_samples, p);
        if (p == 0) part.line_ms = 3 * median(durations_ms(spans, part.now));
        parts.push_back(std::move(part));
    }
    return parts;
}

Look look_at(const SpanTable& spans, const Part& part, const ReadsOf& reads_of)
{
    Look look;
    const auto count = [&](const std::vector<Row>& rows, bool base) {
        for (const Row row : rows) {
            const auto found = reads_of.find(row);
            if (found == reads_of.end()) continue;
            bool missed = false;
            for (const CacheRead* read : found->second) {
                ++(base ? look.base_reads : look.reads);
                if (read->hit) continue;
                missed = true;
                ++(base ? look.base_misses : look.read_misses);
                if (!base && read->filled_by != SpanTable::no_row) look.filled_by = read->filled_by;
                if (!base && look.pattern.empty()) look.pattern = read->pattern;
            }
            if (base) continue;
            (missed ? look.misses : look.hits).push_back(row);
            const double over_ms = static_cast<double>(spans.duration_ns[row]) / 1e6 - part.line_ms;
            if (over_ms <= 0) continue;
            ++look.slow;
            look.slow_ms += over_ms;
            if (missed) {
                ++look.slow_misses;
                look.slow_miss_ms += over_ms;
            }
        }
    };
    count(part.base, true);
    count(part.now, false);
    look.miss_ms = median(durations_ms(spans, look.misses));
    look.hit_ms = median(durations_ms(spans, look.hits));
    return look;
}

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

/// What the requests that miss share and those that hit do not.
struct Group {
    std::string value;  ///< "app.tier=gold"; empty when they have nothing in common
    double coverage = 0;
};

Group group_of(const AnalysisContext& context, const SpanTable& spans, const RequestSet& requests, const Look& look)
{
    std::vector<Row> contexts;
    for (const auto* rows : {&look.misses, &look.hits})
        for (const Row row : *rows) {
            const std::uint32_t request = requests.request_of_trace[spans.trace[row]];
            contexts.push_back(request == RequestSet::none ? SpanTable::no_row : requests.rows[request]);
        }
    const CohortComparison who = compare_cohorts(spans, look.misses, look.hits, contexts);
    for (const CohortValue& value : who.values)
        if (value.coverage >= 0.5 && value.lift >= 2 && value.q < context.threshold("common.fdr")) return {value.key + "=" + value.value, value.coverage};
    return {};
}

Status report(AnalysisContext& context, const SpanTable& spans, const OperationRequests& operation, const Look& look, const Group& group, Verdict verdict)
{
    const std::string service(spans.text(operation.service)), name(spans.text(operation.operation));
    const double miss_share = ratio(static_cast<double>(look.read_misses), static_cast<double>(look.reads));
    const double base_share = ratio(static_cast<double>(look.base_misses), static_cast<double>(look.base_reads));
    const double overlap = ratio(look.slow_miss_ms, look.slow_ms);
    Finding finding;
    finding.verdict = verdict;
    finding.key = finding_key({service, name});
    finding.headline = format_percent(overlap) + " of the slow time of " + name + " is cache misses: " + format_ms(look.miss_ms) + " after a miss, " + format_ms(look.hit_ms) + " after a hit, " +
                       format_percent(miss_share) + " of reads miss";
    finding.subjects = {{"service", service}, {"operation", name}};
    finding.figures = {context.figure("slow_time_in_misses", overlap * 100, "%", "overlap"),
                       context.figure("miss_over_hit", ratio(look.miss_ms, look.hit_ms), "x", "miss_factor"),
                       context.figure("hit_ratio", (1 - miss_share) * 100, "%", "hit_target"),
                       {"misses", static_cast<double>(look.misses.size()), "requests", {}, {}},
                       {"miss_median", look.miss_ms, "ms", {}, {}},
                       {"hit_median", look.hit_ms, "ms", {}, {}}};
    if (look.base_reads > 0) finding.figures.push_back({"hit_ratio_before", (1 - base_share) * 100, "%", {}, {}});

    if (!group.value.empty()) {
        finding.subjects.push_back({"attribute", group.value});
        finding.headline += "; " + format_percent(group.coverage) + " of them have " + group.value;
    }
    if (look.filled_by != SpanTable::no_row)
        finding.subjects.push_back({"statement", summarize_sql(spans.text(spans.statement[look.filled_by])).normalized});
    if (!look.pattern.empty()) finding.subjects.push_back({"key", look.pattern});

    std::map<std::uint32_t, std::int64_t> explained, saved;
    for (const Row row : look.misses) {
        const std::int64_t extra = std::max<std::int64_t>(0, spans.duration_ns[row] - static_cast<std::int64_t>(look.hit_ms * 1e6));
        saved[spans.trace[row]] += extra;
        explained[spans.trace[row]] += spans.duration_ns[row];
    }
    finding.when = TimeRange{spans.start_ns[look.misses.front()], spans.start_ns[look.misses.back()] + 1};
    finding.impact = context.impact(saved);
    TRY_ASSIGN(const Felt felt, context.felt(explained));
    finding.severity = severity_of(felt);
    finding.refutes_if = "requests that hit are as slow, or the hit ratio did not change";
    const Row slowest = *std::max_element(look.misses.begin(), look.misses.end(), [&](Row a, Row b) { return spans.duration_ns[a] != spans.duration_ns[b] ? spans.duration_ns[a] < spans.duration_ns[b] : a > b; });
    finding.evidence.push_back(span_tree_evidence(spans, spans.trace[slowest], "A request that missed"));
    if (look.filled_by != SpanTable::no_row)
        finding.evidence.push_back({"The statement that answers for the cache", "table", "span",
                                    "SELECT start_ns, duration_ns / 1e6 AS statement_ms, trace_id, statement FROM span WHERE fingerprint = ?1 AND service = ?2 ORDER BY start_ns, span_id",
                                    {std::string(spans.text(spans.fingerprint[look.filled_by])), service}});
    finding.evidence.push_back({"Requests of " + name + " by duration", "distribution", "span",
                                "SELECT start_ns, duration_ns / 1e6 AS duration_ms, trace_id, span_id FROM span WHERE service = ?1 AND operation = ?2 AND kind IN ('server', 'consumer') "
                                "ORDER BY start_ns, span_id",
                                {service, name}});
    const std::string effect = format_ms(look.miss_ms) + " -> ~" + format_ms(look.hit_ms) + " for " + format_percent(ratio(static_cast<double>(look.misses.size()), static_cast<double>(look.misses.size() + look.hits.size()))) + " of the requests";
    finding.fixes = {{"Take what is different for each request out of the cache key, or cache what these requests share", "1-4 h", effect, "values that really differ must not be mixed up"},
                     {"Fill the cache for these requests before they come", "half a day", effect, "memory of the cache; evictions of other keys"}};
    finding.proof = "hit ratio of " + name + " above " + format_number(context.threshold("hit_target")) + " % for every cohort, P99 falls with it";
    finding.rollback = "evictions rise, or stale answers are reported";
    if (verdict == Verdict::suspected) finding.note = "the hit ratio is below its target, but no group of requests misses and nothing is known of a time when it was better";
    context.add(std::move(finding));
    return {};
}

/// Only counters: a falling hit ratio can be suspected to matter, not shown.
Result<Answer> from_metrics(AnalysisContext& context)
{
    TRY_ASSIGN(const auto* hits, context.evidence().metric("cache_hits"));
    TRY_ASSIGN(const auto* misses, context.evidence().metric("cache_misses"));
    const auto sum = [](const std::vector<Series>& all, TimeRange range) {
        double total = 0;
        for (const Series& series : all) total += series.increase(range);
        return total;
    };
    const AnalysisWindows& windows = context.windows();
    const double hit = sum(*hits, windows.analysed), miss = sum(*misses, windows.analysed);
    if (hit + miss < context.threshold("common.min_requests")) return Answer{Verdict::inconclusive, "fewer than " + format_number(context.threshold("common.min_requests")) + " cache reads counted", {}};
    const double now = hit / (hit + miss);
    if (!windows.baseline) return Answer{Verdict::inconclusive, "hit ratio " + format_percent(now) + "; nothing to compare with, and no request shows what a miss costs", {missing_evidence("span", "shows which requests miss")}};
    const double base_hit = sum(*hits, *windows.baseline), base_miss = sum(*misses, *windows.baseline);
    const double before = ratio(base_hit, base_hit + base_miss);
    if (base_hit + base_miss < context.threshold("common.min_requests"))
        return Answer{Verdict::inconclusive, "hit ratio " + format_percent(now) + "; fewer than " + format_number(context.threshold("common.min_requests")) + " cache reads were counted before", {missing_evidence("span", "shows which requests miss")}};
    if ((before - now) * 100 >= context.threshold("hit_drop") && !hits->empty()) {
        Finding finding;
        finding.verdict = Verdict::suspected;
        finding.key = finding_key({hits->front().service, "cache"});
        finding.headline = "The cache hit ratio fell from " + format_percent(before) + " to " + format_percent(now);
        finding.subjects = {{"service", hits->front().service}};
        finding.figures = {context.figure("hit_ratio_drop", (before - now) * 100, "points", "hit_drop")};
        finding.when = windows.analysed;
        finding.evidence = {{"Hits and misses", "series", "metric", "SELECT at_ns, name, labels, value FROM metric_point WHERE name IN (?1, ?2) ORDER BY name, labels, at_ns",
                             {hits->front().name, misses->empty() ? hits->front().name : misses->front().name}}};
        finding.note = "counters do not show which requests miss; traces with cache spans would";
        context.add(std::move(finding));
    }
    return Answer{Verdict::ruledOut, "hit ratio " + format_percent(now) + ", " + format_percent(before) + " before", {}};
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    const std::vector<CacheRead> reads = cache_reads(*spans, *classes);
    if (reads.empty()) {
        TRY_ASSIGN(const std::int64_t counters, context.evidence().amount("metric(cache_hits)"));
        if (counters > 0) return from_metrics(context);
        return Answer{Verdict::notEnoughEvidence, "the traces hold no cache reads", {missing_evidence("metric(cache_hits)", "counts hits and misses"),
                      {"span", "cache client spans show which requests miss", "turn on the cache client's instrumentation (redis, memcached) and record again"}}};
    }
    TRY_ASSIGN(const RequestSet* requests, context.requests());
    TRY_ASSIGN(const auto* events, context.evidence().events());
    ReadsOf reads_of;
    std::map<SpanTable::Id, std::vector<CacheRead>> of_service;
    for (const CacheRead& read : reads) {
        reads_of[read.entry].push_back(&read);
        of_service[spans->service[read.get]].push_back(read);
    }
    std::vector<std::int64_t> changes;
    for (const Event& event : *events) changes.push_back(event.at_ns);
    const auto versions = versions_first_seen(*spans);
    // In each recording of a service: does a release bring keys of its own? It is an event, or a version that spans name first.
    const auto new_keys_since = [&](SpanTable::Id service, TimeRange range) -> std::optional<std::string> {
        std::vector<CacheRead> inside;
        for (const CacheRead& read : of_service[service])
            if (range.contains(spans->start_ns[read.get])) inside.push_back(read);
        for (const Event& event : *events) {
            if (!range.contains(event.at_ns) || (!contains_ignoring_case(event.kind, "deploy") && !contains_ignoring_case(event.kind, "config"))) continue;
            const double fresh = new_pattern_share(*spans, inside, event.at_ns);
            if (fresh * 100 >= context.threshold("new_keys")) return format_percent(fresh) + " of the reads use keys new since " + event.text + ": see cache.key_rotation";
        }
        const auto known = versions.find(service);
        if (known == versions.end()) return {};
        // A read uses a new key when its pattern was first read since the version came: both counts by binary search.
        std::map<std::string_view, std::int64_t> first_read;
        std::vector<std::int64_t> starts, pattern_starts;
        for (const CacheRead& read : inside) {
            if (read.pattern.empty()) continue;
            starts.push_back(spans->start_ns[read.get]);
            const auto entry = first_read.try_emplace(read.pattern, starts.back()).first;
            entry->second = std::min(entry->second, starts.back());
        }
        for (const CacheRead& read : inside)
            if (!read.pattern.empty()) pattern_starts.push_back(first_read[read.pattern]);
        std::sort(starts.begin(), starts.end());
        std::sort(pattern_starts.begin(), pattern_starts.end());
        const auto since = [](const std::vector<std::int64_t>& moments, std::int64_t at) { return static_cast<double>(moments.end() - std::lower_bound(moments.begin(), moments.end(), at)); };
        for (const auto& [version, first_ns] : known->second) {
            const double after = since(starts, first_ns), fresh = ratio(since(pattern_starts, first_ns), after);
            if (static_cast<double>(starts.size()) - after < enough_reads || fresh * 100 < context.threshold("new_keys")) continue;
            return format_percent(fresh) + " of the reads use keys new since version " + std::string(spans->text(version)) + " of " + std::string(spans->text(service)) + ": see cache.key_rotation";
        }
        return {};
    };
    std::string reason = "no operation is slow because its reads miss";
    std::uint64_t enough = 0;
    for (const OperationRequests& operation : operations(*spans, *classes, context.windows(), context.threshold("common.tail_samples"))) {
        const std::string name(spans->text(operation.operation));
        struct Found { Look look; Group group; Verdict verdict; };
        std::optional<Found> best;  // of the recordings: one finding per operation
        for (const Part& part : parts_of(*spans, operation, context.windows(), changes, reads_of, context.threshold("common.tail_samples"))) {
            const Look look = look_at(*spans, part, reads_of);
            if (look.reads == 0) continue;
            const double miss_share = ratio(static_cast<double>(look.read_misses), static_cast<double>(look.reads));
            const double base_share = ratio(static_cast<double>(look.base_misses), static_cast<double>(look.base_reads));
            if (look.misses.size() + look.hits.size() >= 20) ++enough;
            if (look.misses.size() < 10 || look.hits.size() < 10 || static_cast<double>(look.slow) < context.threshold("common.tail_samples")) {
                reason = name + ": hit ratio " + format_percent(1 - miss_share) + ", " + std::to_string(look.misses.size()) + " requests missed";
                continue;
            }
            const double overlap = ratio(look.slow_miss_ms, look.slow_ms), factor = ratio(look.miss_ms, look.hit_ms);
            if (overlap * 100 < context.threshold("overlap") || factor < context.threshold("miss_factor")) {
                reason = name + ": misses hold " + format_percent(overlap) + " of the slow time and take " + format_number(factor, 2) + " x a hit";
                continue;
            }
            const std::vector<Row>& first = part.base.empty() ? part.now : part.base;
            if (const auto fresh = new_keys_since(operation.service, {spans->start_ns[first.front()], spans->start_ns[part.now.back()] + 1})) {
                reason = *fresh;
                continue;
            }
            const bool has_base = look.base_reads >= 20;
            const bool risen = has_base && miss_share > base_share && two_proportion_p(look.read_misses, look.reads, look.base_misses, look.base_reads) < 0.01;
            if (has_base && !risen) {
                reason = name + ": its slow requests are cache misses, but the hit ratio is " + format_percent(1 - miss_share) + ", " + format_percent(1 - base_share) + " before";
                continue;
            }
            const Group group = group_of(context, *spans, *requests, look);
            if (!risen && group.value.empty() && (1 - miss_share) * 100 >= context.threshold("hit_target")) {
                reason = name + ": its slow requests are cache misses, as they always are; the hit ratio of " + format_percent(1 - miss_share) + " does not fall, and no group of requests misses";
                continue;
            }
            Found found{look, group, risen || !group.value.empty() ? Verdict::confirmed : Verdict::suspected};
            const auto rank = [](const Found& one) { return std::pair(one.verdict == Verdict::confirmed, one.look.slow_miss_ms); };
            if (!best || rank(found) > rank(*best)) best = std::move(found);
        }
        if (best) TRY(report(context, *spans, operation, best->look, best->group, best->verdict));
    }
    return Answer{enough > 0 ? Verdict::ruledOut : Verdict::inconclusive, reason, {}};
}

}  // namespace

extern const Analyzer miss_cohort;
const Analyzer miss_cohort{"cache.miss_cohort", "Are the slow requests the cache misses?", AnalyzerKind::cause, "span or metric(cache_hits) & metric(cache_misses)",
                           "event, statement*2, metric(latency_sum)", thresholds, run, {.absence = true, .attributes = true}};

}  // namespace casebook::cache
