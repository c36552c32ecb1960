#pragma once

#include "analyzers/trace/cohort.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// Per trace whether something in it was refused for coming too often: HTTP 429, gRPC RESOURCE_EXHAUSTED, or an error that says
/// throttled or rate limit. O(spans).
std::vector<bool> throttled_traces(const SpanTable& spans);

/// One value of an attribute that has more than its part of the requests, and is throttled.
struct HotKey {
    std::string key, value;
    std::uint64_t requests = 0;
    double usual = 0;                  ///< requests of the median value of the attribute
    std::uint64_t throttled = 0;       ///< of `requests`
    std::uint64_t others = 0, others_throttled = 0;
    double load() const { return static_cast<double>(requests) / usual; }
};

/// The value with the most load over the median of its attribute's values: at least `skew` times, of at least four values, and
/// throttled at least `fewest` times and more often than the others beyond chance (two proportions, p < 0.01). `throttled` is
/// throttled_traces(). O(rows x attributes).
std::optional<HotKey> hot_key(const SpanTable& spans, const std::vector<SpanTable::Row>& rows, const std::vector<SpanTable::Row>& context_rows, const std::vector<bool>& throttled,
                              double skew, double fewest);

}  // namespace casebook
