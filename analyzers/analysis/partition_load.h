#pragma once

#include "analyzers/analysis/evidence.h"
#include "analyzers/trace/cohort.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Per trace whether something in it was refused for coming too often: HTTP 429, gRPC RESOURCE_EXHAUSTED, or an error that says
/// throttled or rate limit. O(spans).
std::vector<bool> throttled_traces(const SpanTable& spans);

/// How much one partition, shard or key takes, as a setting says.
struct PartitionLimit {
    double per_second = 0;
    const Setting* said = nullptr;
};

/// The smallest limit that a setting names for partitions of `service` by the attribute `key`: "partition.max_rps", "shard limit"
/// of 1000 "req/s", "orders.partition.write_capacity" of 1000 "WCU". Words of its name that are none of limits must be of the
/// service, the operation or the key; its source is the service, its store or nothing, not another service of the traces.
/// Nothing without a unit: 30 of what?
std::optional<PartitionLimit> partition_limit(const std::vector<Setting>& settings, const SpanTable& spans, std::string_view service, std::string_view operation, std::string_view key);

/// Requests per second in the busiest minute, or in all the time there is when it is shorter. O(n log n).
double busiest_per_second(const SpanTable& spans, std::vector<SpanTable::Row> rows);

/// One value of an attribute that has more than its part of the requests, and is throttled or at its limit.
struct HotKey {
    std::string key, value;
    std::uint64_t requests = 0;
    double usual = 0;                  ///< requests of the median value of the attribute
    std::uint64_t throttled = 0;       ///< of `requests`
    std::uint64_t others = 0, others_throttled = 0;
    double per_second = 0;             ///< busiest_per_second()
    std::optional<PartitionLimit> limit;
    double load() const { return static_cast<double>(requests) / usual; }
    bool at_limit() const { return limit && per_second >= limit->per_second; }
};

/// What the requests of one operation are.
struct KeyedRequests {
    const SpanTable& spans;
    std::string_view service, operation;
    const std::vector<SpanTable::Row>&rows, &context_rows;
    const std::vector<bool>& throttled;    ///< throttled_traces()
    const std::vector<Setting>& settings;
};

/// The value with the most load over the median of its attribute's values: at least `skew` times, of at least four values, and
/// throttled at least `fewest` times and more often than the others beyond chance (two proportions, p < 0.01), or with as many
/// requests per second as a partition takes. Instances and versions are no keys. O(rows x attributes).
std::optional<HotKey> hot_key(const KeyedRequests& requests, double skew, double fewest);

}  // namespace casebook
