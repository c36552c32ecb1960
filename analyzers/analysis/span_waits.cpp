#include "analyzers/analysis/span_waits.h"

#include "analyzers/analysis/statement_growth.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>
#include <map>

namespace casebook {
namespace {

constexpr std::uint64_t enough_calls = 10;

bool takes_locks(std::string_view query)
{
    const std::string verb = summarize_sql(query).verb;
    if (verb == "UPDATE" || verb == "DELETE" || verb == "INSERT" || verb == "MERGE") return true;
    return verb == "SELECT" && (contains_ignoring_case(query, "for update") || contains_ignoring_case(query, "for no key update") || contains_ignoring_case(query, "for share") || contains_ignoring_case(query, "for key share"));
}

std::size_t most_at_once(const SpanTable& spans, const std::vector<SpanTable::Row>& rows)
{
    std::vector<std::pair<std::int64_t, int>> changes;
    for (const SpanTable::Row row : rows) {
        changes.emplace_back(spans.start_ns[row], 1);
        changes.emplace_back(spans.end_ns(row), -1);
    }
    std::sort(changes.begin(), changes.end());
    int now = 0, most = 0;
    for (const auto& [at, change] : changes) most = std::max(most, now += change);
    return static_cast<std::size_t>(most);
}

}  // namespace

Result<std::vector<StatementWait>> spans_beyond_statement_mean(AnalysisContext& context, double wait_ms, double factor)
{
    TRY_ASSIGN(const SpanTable* spans, context.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context.evidence().span_classes());
    TRY_ASSIGN(const auto* intervals, context.evidence().statement_intervals());
    const TimeRange analysed = context.windows().analysed;
    std::map<std::string_view, StatementUse> uses;
    for (const StatementInterval& interval : *intervals) {
        if (interval.lone || interval.reset || interval.thrown_out || !interval.range) continue;
        if (interval.range->from_ns >= analysed.to_ns || interval.range->to_ns <= analysed.from_ns) continue;
        for (const StatementEntry& entry : interval.entries) {
            if (entry.fingerprint.empty()) continue;
            StatementUse& use = uses[entry.fingerprint];
            use.total_ms += entry.total_ms;
            use.calls += static_cast<std::uint64_t>(std::max<std::int64_t>(entry.calls, 0));
        }
    }
    std::map<std::string_view, StatementWait> waits;
    for (SpanTable::Row row = 0; row < spans->size(); ++row) {
        if (classes->of[row] != SpanClass::statement || !analysed.contains(spans->start_ns[row])) continue;
        const double ms = static_cast<double>(spans->duration_ns[row]) / 1e6;
        if (ms < wait_ms) continue;
        const auto use = uses.find(spans->text(spans->fingerprint[row]));
        if (use == uses.end() || use->second.calls < enough_calls || ms < factor * use->second.mean_ms()) continue;
        StatementWait& wait = waits[use->first];
        if (wait.long_spans.empty()) {
            wait.fingerprint = use->first;
            wait.query = spans->text(spans->statement[row]);
            wait.mean_ms = use->second.mean_ms();
        }
        wait.long_spans.push_back(row);
        wait.longest_ms = std::max(wait.longest_ms, ms);
    }
    std::vector<StatementWait> found;
    for (auto& [fingerprint, wait] : waits) {
        if (!takes_locks(wait.query)) continue;
        std::sort(wait.long_spans.begin(), wait.long_spans.end(), [&](SpanTable::Row a, SpanTable::Row b) { return std::pair(spans->start_ns[a], a) < std::pair(spans->start_ns[b], b); });
        wait.at_once = most_at_once(*spans, wait.long_spans);
        found.push_back(std::move(wait));
    }
    return found;
}

}  // namespace casebook
