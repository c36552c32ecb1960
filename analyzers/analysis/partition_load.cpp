#include "analyzers/analysis/partition_load.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/failure.h"

#include <algorithm>
#include <map>

namespace casebook {
namespace {

constexpr std::size_t fewest_values = 4;
constexpr double chance = 0.01;

bool says_throttled(std::string_view kind)
{
    for (const std::string_view word : {"429", "throttl", "RESOURCE_EXHAUSTED", "rate limit", "ratelimit", "too many requests", "ThroughputExceeded"})
        if (contains_ignoring_case(kind, word)) return true;
    return false;
}

}  // namespace

std::vector<bool> throttled_traces(const SpanTable& spans)
{
    std::vector<bool> throttled(spans.empty() ? 0 : *std::max_element(spans.trace.begin(), spans.trace.end()) + std::size_t{1}, false);
    for (SpanTable::Row row = 0; row < spans.size(); ++row)
        if (!throttled[spans.trace[row]] && says_throttled(error_kind(spans, row))) throttled[spans.trace[row]] = true;
    return throttled;
}

std::optional<HotKey> hot_key(const SpanTable& spans, const std::vector<SpanTable::Row>& rows, const std::vector<SpanTable::Row>& context_rows, const std::vector<bool>& throttled,
                              double skew, double fewest)
{
    std::optional<HotKey> hottest;
    for (const AttributeColumn& column : attribute_columns(spans, rows, context_rows)) {
        struct Count {
            std::uint64_t requests = 0, throttled = 0;
        };
        std::map<SpanTable::Id, Count> counts;
        Count all;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (column.value[i] == StringPool::none) continue;
            const bool refused = throttled[spans.trace[rows[i]]];
            Count& count = counts[column.value[i]];
            ++count.requests, ++all.requests;
            count.throttled += refused, all.throttled += refused;
        }
        if (counts.size() < fewest_values || counts.size() * 2 > all.requests) continue;  // an id has each value once
        std::vector<double> loads;
        for (const auto& [id, count] : counts) loads.push_back(static_cast<double>(count.requests));
        const double usual = median(loads);
        for (const auto& [id, count] : counts) {
            HotKey key{column.key, std::string(spans.text(id)), count.requests, usual, count.throttled, all.requests - count.requests, all.throttled - count.throttled};
            if (key.load() < skew || static_cast<double>(key.throttled) < fewest) continue;
            const double share = static_cast<double>(key.throttled) / static_cast<double>(key.requests), other_share = static_cast<double>(key.others_throttled) / static_cast<double>(key.others);
            if (share <= other_share || two_proportion_p(key.throttled, key.requests, key.others_throttled, key.others) >= chance) continue;
            if (!hottest || key.load() > hottest->load()) hottest = std::move(key);
        }
    }
    return hottest;
}

}  // namespace casebook
