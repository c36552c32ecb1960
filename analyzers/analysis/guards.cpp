#include "analyzers/analysis/guards.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>

namespace casebook {
namespace {

using Counts = SpanDoubts::Counts;

constexpr double tolerated_skew = 0.01;        // share of the calls; a stray span is no clock
constexpr double tolerated_pause_s = 60;       // between the last of one kind and the first of the other: a step of a usual series

double share(std::uint64_t part, std::uint64_t all) { return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all); }

bool is_damaged(std::uint64_t part, const Counts& counts, const DoubtLimits& limits) { return share(part, counts.traces) * 100 > limits.damaged_share; }

std::optional<Doubt> first_of(std::initializer_list<std::optional<Doubt>> doubts)
{
    for (const std::optional<Doubt>& doubt : doubts)
        if (doubt) return doubt;
    return {};
}

/// What stands against a "yes" about these traces.
std::optional<Doubt> against_finding(const Guards& guards, const Counts& counts, const DoubtLimits& limits)
{
    return first_of({guards.structure ? doubt_of_cut(counts, limits) : std::nullopt, guards.clocks ? doubt_of_clocks(counts, limits, true) : std::nullopt,
                     guards.attributes ? doubt_of_trimming(counts, limits) : std::nullopt, guards.shares ? doubt_of_choice(counts, limits) : std::nullopt});
}

std::optional<Doubt> against_no(const Guards& guards, const Counts& counts, const DoubtLimits& limits)
{
    return first_of({guards.absence ? doubt_of_cut(counts, limits) : std::nullopt, against_finding(guards, counts, limits)});
}

/// What stands against a finding in the traces of the services that it is about, or in all when it names none that is in them.
std::optional<Doubt> against_services(const Guards& guards, const SpanDoubts& doubts, const Finding& finding, const DoubtLimits& limits)
{
    bool names_one = false;
    for (const Subject& subject : finding.subjects) {
        const auto counts = subject.kind == "service" ? doubts.services.find(subject.name) : doubts.services.end();
        if (counts == doubts.services.end()) continue;
        names_one = true;
        if (auto doubt = against_finding(guards, counts->second, limits)) return doubt;
    }
    return names_one ? std::nullopt : against_finding(guards, doubts.all, limits);
}

bool reads(const Finding& finding, std::string_view source)
{
    return std::any_of(finding.evidence.begin(), finding.evidence.end(), [&](const Evidence& evidence) { return evidence.source == source; });
}

/// Kinds of evidence that tell when something was the case, as findings call them and as people do. What says that something
/// happened or holds from then on (events, plans, settings) is as good before the others as beside them.
struct Kind { std::string_view source, name; };
constexpr std::array<Kind, 5> timed_kinds{{{"span", "the traces"}, {"metric", "the series"}, {"statement", "the statement statistics"},
                                           {"session", "the session snapshots"}, {"gc", "the pauses"}}};

bool meet(const TimeRange& one, const TimeRange& other)
{
    return TimeRange{one.to_ns, other.from_ns}.seconds() <= tolerated_pause_s && TimeRange{other.to_ns, one.from_ns}.seconds() <= tolerated_pause_s;
}

/// When a source was recorded; nothing for one that has no times, or counters read once, which are of all the time before.
Result<std::optional<TimeRange>> time_of(CaseEvidence& evidence, std::string_view source)
{
    TRY_ASSIGN(std::optional<TimeRange> range, evidence.recorded(source));
    if (range && source == "statement" && range->to_ns - range->from_ns <= 1) range.reset();
    return range;
}

/// "the traces are of 10:00 to 10:05, the series of 14:00 to 14:10": kinds that a finding puts together though they never met.
Result<std::optional<Doubt>> apart_in_time(CaseEvidence& evidence, const Finding& finding)
{
    std::vector<std::pair<std::string_view, TimeRange>> read;
    for (const Kind& kind : timed_kinds) {
        if (!reads(finding, kind.source)) continue;
        TRY_ASSIGN(const std::optional<TimeRange> range, time_of(evidence, kind.source));
        if (!range) continue;
        for (const auto& [name, other] : read) {
            if (meet(other, *range)) continue;
            const auto said = [](const TimeRange& when) { return format_instant(when.from_ns) + " to " + format_instant(when.to_ns); };
            return std::optional(Doubt{std::string(name) + " are of " + said(other) + ", " + std::string(kind.name) + " of " + said(*range) + ": nothing was recorded at the same time",
                                       "import both kinds of evidence from the time of the incident"});
        }
        read.emplace_back(kind.name, *range);
    }
    return std::optional<Doubt>();
}

}  // namespace

std::optional<Doubt> doubt_of_cut(const Counts& counts, const DoubtLimits& limits)
{
    if (!is_damaged(counts.cut, counts, limits)) return {};
    return Doubt{format_percent(share(counts.cut, counts.traces)) + " of " + format_count(static_cast<std::int64_t>(counts.traces)) + " traces are cut off: spans inside are missing",
                 "export the traces again with all services, whole and without sampling by span"};
}

std::optional<Doubt> doubt_of_trimming(const Counts& counts, const DoubtLimits& limits)
{
    if (!is_damaged(counts.trimmed, counts, limits)) return {};
    return Doubt{"in " + format_percent(share(counts.trimmed, counts.traces)) + " of " + format_count(static_cast<std::int64_t>(counts.traces)) + " traces spans lost attributes on their way",
                 "raise OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT and record again"};
}

std::optional<Doubt> doubt_of_choice(const Counts& counts, const DoubtLimits& limits)
{
    if (!is_damaged(counts.chosen, counts, limits)) return {};
    return Doubt{format_percent(share(counts.chosen, counts.traces)) + " of the traces were kept for what happened in them (tail sampling), so they are no fair share of all requests",
                 "record with sampling by chance for a while, or import the request metrics"};
}

std::optional<Doubt> doubt_of_clocks(const Counts& counts, const DoubtLimits& limits, bool one_sided_only)
{
    const std::uint64_t calls = one_sided_only ? counts.one_sided : counts.calls, skewed = one_sided_only ? counts.one_sided_skewed : counts.skewed;
    if (share(skewed, calls) <= tolerated_skew) return {};
    return Doubt{"in " + format_percent(share(skewed, calls)) + " of " + format_count(static_cast<std::int64_t>(calls)) + " calls the clocks of both services disagree by over " +
                     format_ms(limits.clock_skew_ms) + " (up to " + format_ms(counts.worst_skew_ms) + ")",
                 "synchronise the clocks of the hosts (chronyc tracking) and record again"};
}

Result<bool> recorded_together(CaseEvidence& evidence, std::string_view one, std::string_view other)
{
    TRY_ASSIGN(const std::optional<TimeRange> first, time_of(evidence, one));
    TRY_ASSIGN(const std::optional<TimeRange> second, time_of(evidence, other));
    return !first || !second || meet(*first, *second);
}

Status apply_guards(AnalysisContext& context, Answer& answer)
{
    const Guards& guards = context.analyzer().guards;
    const DoubtLimits limits{context.threshold("common.damaged_share"), context.threshold("common.clock_skew")};
    TRY_ASSIGN(const SpanDoubts* doubts, context.doubts(limits.clock_skew_ms));
    const auto take_back = [&](const Doubt& doubt) {
        if (answer.missing.empty()) answer.missing.push_back({"span", doubt.text, doubt.command});
    };
    for (Finding& finding : context.findings()) {
        if (finding.verdict > Verdict::suspected) continue;
        std::optional<Doubt> doubt;
        if (reads(finding, "span")) doubt = against_services(guards, *doubts, finding, limits);
        if (!doubt) {
            TRY_ASSIGN(doubt, apart_in_time(context.evidence(), finding));
        }
        if (!doubt) continue;
        finding.verdict = Verdict::inconclusive;
        finding.note = doubt->text + (finding.note.empty() ? "" : "; " + finding.note);
        take_back(*doubt);
    }
    if (answer.verdict != Verdict::ruledOut || !context.findings().empty()) return {};
    if (const auto doubt = against_no(guards, doubts->all, limits)) {
        answer.verdict = Verdict::inconclusive;
        answer.reason = doubt->text + "; in what is there: " + answer.reason;
        take_back(*doubt);
    }
    return {};
}

}  // namespace casebook
