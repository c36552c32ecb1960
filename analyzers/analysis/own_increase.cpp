#include "analyzers/analysis/own_increase.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <map>

namespace casebook {
namespace {

using Row = SpanTable::Row;

constexpr double slower = 1.2;         // symptom.flat: less is no rise
constexpr double notable_share = 0.2;  // latency.regression_after_deploy.own_share

double sum(const std::vector<double>& values)
{
    double total = 0;
    for (const double value : values) total += value;
    return total;
}

}  // namespace

struct IncreaseComparison::Side {
    double requests = 0, total_ms = 0, wall_ms = 0, call_ms = 0, calls = 0, waiting_ms = 0;
    std::map<CallTargets::Id, std::vector<double>> by_target;  ///< durations in ms
    double per_request(double sum) const { return requests > 0 ? sum / requests : 0; }
};

IncreaseComparison::IncreaseComparison(const SpanTable& spans, const SpanClasses& classes) : spans_(spans), calls_(outermost_calls(spans, classes)), targets_(spans, classes)
{
    for (Row row = 0; row < spans.size(); ++row)
        if (classes.of[row] == SpanClass::acquire && classes.entry[row] != SpanTable::no_row) waiting_ns_[classes.entry[row]] += std::max<std::int64_t>(0, spans.duration_ns[row]);
}

IncreaseComparison::Side IncreaseComparison::measure(const std::vector<Row>& rows)
{
    Side side;
    for (const Row entry : rows) {
        ++side.requests;
        side.total_ms += static_cast<double>(spans_.duration_ns[entry]) / 1e6;
        if (const auto waited = waiting_ns_.find(entry); waited != waiting_ns_.end()) side.waiting_ms += static_cast<double>(waited->second) / 1e6;
        const std::int64_t end = span_end_ns(spans_, entry);
        const auto found = std::lower_bound(calls_.entries.begin(), calls_.entries.end(), entry);
        if (found == calls_.entries.end() || *found != entry) continue;
        std::int64_t covered_to = spans_.start_ns[entry];
        for (const Row call : calls_.of(static_cast<std::size_t>(found - calls_.entries.begin()))) {
            const std::int64_t from = std::max(spans_.start_ns[call], spans_.start_ns[entry]), to = std::min(span_end_ns(spans_, call), end);
            if (to <= from) continue;
            ++side.calls;
            side.call_ms += static_cast<double>(to - from) / 1e6;
            side.wall_ms += static_cast<double>(std::max<std::int64_t>(0, to - std::max(from, covered_to))) / 1e6;
            covered_to = std::max(covered_to, to);
            side.by_target[targets_.of(call)].push_back(static_cast<double>(to - from) / 1e6);
        }
    }
    return side;
}

OwnIncrease IncreaseComparison::compare(const std::vector<Row>& before_rows, const std::vector<Row>& after_rows)
{
    const Side before = measure(before_rows), after = measure(after_rows);
    OwnIncrease result;
    result.total_ms = after.per_request(after.total_ms) - before.per_request(before.total_ms);
    result.calls_before = before.per_request(before.calls);
    result.calls_after = after.per_request(after.calls);
    result.overlap_before = before.wall_ms > 0 ? before.call_ms / before.wall_ms : 0;
    result.overlap_after = after.wall_ms > 0 ? after.call_ms / after.wall_ms : 0;
    result.waiting_ms = std::max(0.0, after.per_request(after.waiting_ms) - before.per_request(before.waiting_ms));
    result.self_ms = after.per_request(after.total_ms - after.wall_ms) - before.per_request(before.total_ms - before.wall_ms) - result.waiting_ms;
    const double exposed_before = result.overlap_before > 0 ? 1 / result.overlap_before : 1, exposed_after = result.overlap_after > 0 ? 1 / result.overlap_after : 1;
    double most = 0;
    for (const auto& [target, durations] : after.by_target) {
        const auto old = before.by_target.find(target);
        if (old == before.by_target.end() || static_cast<double>(old->second.size()) < 0.01 * before.requests) {
            result.new_calls_ms += after.per_request(sum(durations)) * exposed_after;
            result.new_calls.push_back(targets_.label(target));
            continue;
        }
        const double longer_ms = mean(durations) - mean(old->second);
        const double part_ms = before.per_request(static_cast<double>(old->second.size())) * longer_ms * exposed_before;
        if (longer_ms <= 0) continue;
        result.callees_ms += part_ms;
        const double was = median(old->second), is = median(durations);
        if (part_ms >= notable_share * result.total_ms && part_ms > most && (is >= slower * was || mean(durations) >= slower * mean(old->second))) {
            most = part_ms;
            result.slower_callee = targets_.label(target);
        }
    }
    result.own_ms = std::clamp(result.total_ms - result.callees_ms - result.waiting_ms, 0.0, std::max(0.0, result.total_ms));
    return result;
}

std::string OwnIncrease::what() const
{
    const double rest_ms = own_ms - std::max(0.0, self_ms) - new_calls_ms;
    if (new_calls_ms > 0 && new_calls_ms >= self_ms && new_calls_ms >= rest_ms) return "it makes calls it did not make before: " + new_calls.front() + (new_calls.size() > 1 ? " and " + std::to_string(new_calls.size() - 1) + " more" : "");
    if (self_ms >= rest_ms) return "it spends " + format_ms(self_ms) + " more itself, outside of calls";
    if (calls_after >= slower * calls_before) return "it makes " + format_number(calls_after) + " calls per request instead of " + format_number(calls_before);
    return "its calls overlap less: call time over waiting time " + format_number(overlap_before) + " -> " + format_number(overlap_after);
}

}  // namespace casebook
