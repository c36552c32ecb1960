// Did a release change the keys and empty the cache?
//
// For each release (or configuration change) the reads before and after it are compared: the hit ratio falls soon after,
// most reads use key patterns that nobody used before (prefix and version parts belong to a pattern), and the statement
// that answers for the cache is called more per read. A fall that began before the release has another cause.

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/needs.h"
#include "analyzers/analysis/recordings.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/cache_use.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <array>
#include <map>

namespace casebook::cache {
namespace {

constexpr std::array<Threshold, 4> thresholds{{{"onset", 30, "min", "Casebook's own", Bound::atMost},
                                               {"hit_drop", 10, "points", "Casebook's own"},
                                               {"new_keys", 50, "%", "Casebook's own"},
                                               {"before", 5, "s", "Casebook's own: one step of usual series"}}};

using Row = SpanTable::Row;

struct Side {
    std::uint64_t reads = 0, misses = 0, filled = 0;
    double hit_ratio() const { return reads > 0 ? 1 - static_cast<double>(misses) / static_cast<double>(reads) : 0; }
    double fills_per_read() const { return reads > 0 ? static_cast<double>(filled) / static_cast<double>(reads) : 0; }
};

struct Look {
    Side before, after;
    double lowest = 1, new_keys = 0;
    std::int64_t onset_ns = 0;
    std::vector<const CacheRead*> misses;
    std::string old_pattern, new_pattern;
};

void count(Side& side, const CacheRead& read)
{
    ++side.reads;
    if (read.hit) return;
    ++side.misses;
    if (read.filled_by != SpanTable::no_row) ++side.filled;
}

/// Reads of one service around a release, in the recording that it belongs to.
Look look_at(const SpanTable& spans, const std::vector<const CacheRead*>& reads, const std::vector<std::int64_t>& changes, std::int64_t at_ns, std::int64_t until_ns)
{
    Look look;
    PatternReads before, after;
    std::vector<const CacheRead*> ordered = reads;
    std::sort(ordered.begin(), ordered.end(), [&](const CacheRead* a, const CacheRead* b) { return spans.start_ns[a->get] != spans.start_ns[b->get] ? spans.start_ns[a->get] < spans.start_ns[b->get] : a->get < b->get; });
    std::vector<std::int64_t> starts;
    for (const CacheRead* read : ordered) starts.push_back(spans.start_ns[read->get]);
    for (const TimeRange& recording : recordings(starts, changes))
        if (recording.contains(at_ns)) {
            std::erase_if(ordered, [&](const CacheRead* read) { return !recording.contains(spans.start_ns[read->get]); });
            break;
        }
    for (const CacheRead* read : ordered) {
        const std::int64_t at = spans.start_ns[read->get];
        if (at >= until_ns) continue;
        count(at < at_ns ? look.before : look.after, *read);
        if (!read->pattern.empty()) ++(at < at_ns ? before : after)[read->pattern];
        if (at >= at_ns && !read->hit) look.misses.push_back(read);
    }
    const NewKeys keys = new_keys(before, after);
    look.new_keys = keys.share;
    look.old_pattern = keys.old_pattern;
    look.new_pattern = keys.new_pattern;

    // The fall is looked for in runs of 20 reads: a release warms its new keys, so the mean over all hides it.
    constexpr std::size_t run = 20;
    std::size_t misses = 0;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
        misses += !ordered[i]->hit;
        if (i >= run) misses -= !ordered[i - run]->hit;
        if (i + 1 < run) continue;
        const double ratio = 1 - static_cast<double>(misses) / run;
        const std::int64_t last = spans.start_ns[ordered[i]->get];
        if (last >= at_ns && last < until_ns) look.lowest = std::min(look.lowest, ratio);
        if (look.onset_ns == 0 && ratio <= look.before.hit_ratio() - 0.3)
            for (std::size_t k = i + 1 - run; k <= i && look.onset_ns == 0; ++k)
                if (!ordered[k]->hit) look.onset_ns = spans.start_ns[ordered[k]->get];
    }
    return look;
}

Result<Answer> run(AnalysisContext& context)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const auto* events, context.evidence().events());
    const std::vector<CacheRead> all = cache_reads(*spans, *classes);
    std::map<std::string_view, std::vector<const CacheRead*>> by_service;
    for (const CacheRead& read : all) by_service[spans->text(spans->service[read.get])].push_back(&read);

    std::vector<std::int64_t> changes;
    for (const Event& event : *events) changes.push_back(event.at_ns);
    Answer answer{Verdict::inconclusive, "no release or configuration change falls into the window", {missing_evidence("event(deploy)", "tells when something was released")}};
    for (const Event& event : *events) {
        if (!contains_ignoring_case(event.kind, "deploy") && !contains_ignoring_case(event.kind, "config") && !contains_ignoring_case(event.kind, "release")) continue;
        if (!context.windows().whole.contains(event.at_ns)) continue;
        const std::int64_t until = event.at_ns + static_cast<std::int64_t>(context.threshold("onset") * 60e9);
        // What began after the analysed window, or was long over before it, explains nothing in it.
        const TimeRange& analysed = context.windows().analysed;
        if (event.at_ns >= analysed.to_ns || until <= analysed.from_ns) continue;
        if (by_service.empty()) {
            answer = {Verdict::notEnoughEvidence, "the traces hold no cache reads", {{"span", "cache client spans carry the keys", "turn on the cache client's instrumentation and record again"}}};
            TRY_ASSIGN(const auto* hits, context.evidence().metric("cache_hits"));
            TRY_ASSIGN(const auto* misses, context.evidence().metric("cache_misses"));
            double before_hits = 0, before_misses = 0, after_hits = 0, after_misses = 0;
            for (const Series& series : *hits) {
                before_hits += series.increase({context.windows().whole.from_ns, event.at_ns});
                after_hits += series.increase({event.at_ns, until});
            }
            for (const Series& series : *misses) {
                before_misses += series.increase({context.windows().whole.from_ns, event.at_ns});
                after_misses += series.increase({event.at_ns, until});
            }
            if (before_hits + before_misses < 100 || after_hits + after_misses < 100) continue;
            const double before = before_hits / (before_hits + before_misses), after = after_hits / (after_hits + after_misses);
            answer = {Verdict::ruledOut, "hit ratio " + format_percent(before) + " before and " + format_percent(after) + " after " + event.text, {}};
            if ((before - after) * 100 < context.threshold("hit_drop")) continue;
            Finding finding;
            finding.verdict = Verdict::suspected;
            finding.key = finding_key({event.service, "cache keys"});
            finding.headline = "The cache hit ratio fell from " + format_percent(before) + " to " + format_percent(after) + " after " + event.text;
            finding.subjects = {{"service", event.service}};
            finding.figures = {context.figure("hit_ratio_drop", (before - after) * 100, "points", "hit_drop")};
            finding.when = TimeRange{event.at_ns, std::min(until, context.windows().whole.to_ns)};
            finding.evidence = {{"Hits and misses", "series", "metric", "SELECT at_ns, name, labels, value FROM metric_point WHERE name IN (?1, ?2) ORDER BY name, labels, at_ns", {hits->front().name, misses->front().name}}};
            finding.note = "the keys are not visible in counters; traces with cache spans would show them";
            context.add(std::move(finding));
            continue;
        }
        for (const auto& [service, reads] : by_service) {
            const Look look = look_at(*spans, reads, changes, event.at_ns, until);
            const std::string name(service);
            if (look.before.reads < 20 || look.after.reads < 20) {
                answer = {Verdict::inconclusive, "fewer than 20 cache reads of " + name + " on one side of " + event.text, {}};
                continue;
            }
            const double drop = (look.before.hit_ratio() - std::min(look.lowest, look.after.hit_ratio())) * 100;
            const std::string ratios = "hit ratio of " + name + " " + format_percent(look.before.hit_ratio()) + " before " + event.text + ", lowest " + format_percent(look.lowest) + " after";
            if (drop < context.threshold("hit_drop") || look.before.hit_ratio() - look.after.hit_ratio() < 0.02) {
                answer = {Verdict::ruledOut, ratios, {}};
                continue;
            }
            if (look.onset_ns != 0 && look.onset_ns < event.at_ns - static_cast<std::int64_t>(context.threshold("before") * 1e9)) {
                answer = {Verdict::ruledOut, "the hit ratio of " + name + " began to fall " + format_ms(static_cast<double>(event.at_ns - look.onset_ns) / 1e6) + " before " + event.text, {}};
                continue;
            }
            const bool keys_seen = !look.old_pattern.empty();
            if (keys_seen && look.new_keys * 100 < context.threshold("new_keys")) {
                answer = {Verdict::ruledOut, ratios + ", but only " + format_percent(look.new_keys) + " of the reads use new keys", {}};
                continue;
            }
            const bool fills_rise = look.after.fills_per_read() > 2 * look.before.fills_per_read() && look.after.filled >= 5;
            Finding finding;
            finding.verdict = keys_seen && fills_rise ? Verdict::confirmed : Verdict::suspected;
            const CacheRead* example = look.misses.empty() ? nullptr : look.misses.front();
            const std::string operation = example ? std::string(spans->text(spans->operation[example->entry])) : std::string();
            finding.key = finding_key({name, operation, "cache keys"});
            finding.headline = name + " reads new cache keys since " + event.text + ": " + format_percent(look.new_keys) + " of reads, hit ratio " + format_percent(look.before.hit_ratio()) +
                               " -> " + format_percent(look.lowest);
            finding.subjects = {{"service", name}};
            if (!operation.empty()) finding.subjects.push_back({"operation", operation});
            if (!look.new_pattern.empty()) finding.subjects.push_back({"key", look.new_pattern});
            if (!look.old_pattern.empty()) finding.subjects.push_back({"key", look.old_pattern});
            finding.figures = {context.figure("hit_ratio_drop", drop, "points", "hit_drop"), context.figure("new_keys", look.new_keys * 100, "%", "new_keys"),
                               {"hit_ratio_before", look.before.hit_ratio() * 100, "%", {}, {}}, {"hit_ratio_lowest", look.lowest * 100, "%", {}, {}},
                               {"fills_per_read_before", look.before.fills_per_read(), "1", {}, {}}, {"fills_per_read_after", look.after.fills_per_read(), "1", look.before.fills_per_read() * 2, {}}};
            if (look.onset_ns != 0)
                finding.figures.push_back(context.figure("onset_after_release", std::max(0.0, static_cast<double>(look.onset_ns - event.at_ns) / 60e9), "min", "onset"));
            finding.when = TimeRange{event.at_ns, std::min(until, context.windows().whole.to_ns)};
            std::map<std::uint32_t, std::int64_t> explained;
            for (const CacheRead* read : look.misses)
                if (read->filled_by != SpanTable::no_row) explained[spans->trace[read->get]] += spans->duration_ns[read->filled_by];
            finding.impact = context.impact(explained);
            TRY_ASSIGN(const Felt felt, context.felt(explained));
            finding.severity = severity_of(felt);
            finding.refutes_if = "the hit ratio is flat over the release, or the reads use the keys of before";
            finding.evidence.push_back({"Cache keys read around the release", "table", "span",
                                        "SELECT s.start_ns, a.value AS command, s.duration_ns / 1e6 AS ms, s.trace_id FROM span s JOIN span_attribute a ON a.trace_id = s.trace_id AND a.span_id = s.span_id "
                                        "AND a.key IN ('db.query.text', 'db.statement', 'cache.key') WHERE s.trace_id IN (?1, ?2) AND s.service = ?3 ORDER BY s.start_ns",
                                        {trace_id_text(*spans, spans->trace[reads.front()->get]), trace_id_text(*spans, spans->trace[(example ? example : reads.back())->get]), name}});
            if (example) finding.evidence.push_back(span_tree_evidence(*spans, spans->trace[example->get], "A request after the release that missed"));
            finding.evidence.push_back({"Releases and changes", "table", "event", "SELECT at_ns, kind, service, text FROM event ORDER BY at_ns", {}});
            finding.fixes = {{"Roll the release back, or read old keys as a fallback until the new ones are warm", "5-30 min", "hit ratio back to " + format_percent(look.before.hit_ratio()), "old and new values must mean the same"},
                             {"Warm the new keys before traffic is switched", "half a day", format_count(static_cast<std::int64_t>(look.misses.size())) + " misses after the release -> ~0", "load of the warm-up on the database"}};
            finding.proof = "hit ratio of " + name + " at " + format_percent(look.before.hit_ratio()) + " over the next release";
            finding.rollback = "errors after reading old keys with the new release";
            if (finding.verdict == Verdict::suspected) finding.note = keys_seen ? "the statements behind the cache did not rise with the misses" : "keys are redacted, so it cannot be seen whether they changed";
            context.add(std::move(finding));
        }
    }
    return answer;
}

}  // namespace

extern const Analyzer key_rotation;
const Analyzer key_rotation{"cache.key_rotation", "Did a release change the keys and empty the cache?", AnalyzerKind::cause, "event + span or metric(cache_hits) & metric(cache_misses)",
                            "statement*2, metric(cache_hits)", thresholds, run, {.attributes = true}};

}  // namespace casebook::cache
