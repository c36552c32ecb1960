#pragma once

#include "analyzers/analysis/context.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// How many connections a server allows.
struct ConnectionLimit {
    double max = 0;      ///< 0: not known
    double reserved = 0; ///< of these for superusers and roles with pg_use_reserved_connections
    bool known() const { return max > 0; }
    /// Every connection that others than superusers may have is taken, or `full_percent` of all.
    bool is_full(double count, double full_percent) const;
};

/// The setting max_connections, else the largest that metrics tell; beside it what metrics tell of each server.
struct ConnectionLimits {
    ConnectionLimit any;
    std::map<std::string, double> by_instance;
    ConnectionLimit of(const std::string& instance) const;
};
Result<ConnectionLimits> connection_limits(AnalysisContext& context);

/// Live connections at moments of the window. A count above the limit is demand, not connections, and is left out.
struct LiveConnections {
    ConnectionLimit limit;
    std::size_t samples = 0, over_limit = 0;
    double most = 0;
    std::vector<std::int64_t> full_at;    ///< when the server was full
    std::size_t full_samples = 0;         ///< also those without a time
    const SessionSample* worst = nullptr; ///< when most were taken, from snapshots
    std::string metric;                   ///< from metrics: its name
    bool selected = false;                ///< a snapshot shows only what somebody selected: it counts too few

    double share() const { return limit.known() ? most / limit.max : 0; }
    bool any() const { return samples > over_limit; }
};
Result<LiveConnections> live_in_sessions(AnalysisContext& context, const ConnectionLimits& limits, double full_percent);
/// Series of one name and instance count parts of the same sessions (by database, by state): they add up. Of several
/// servers the one that is nearest to its limit.
Result<LiveConnections> live_in_metrics(AnalysisContext& context, const ConnectionLimits& limits, double full_percent);

/// What the pools of all instances may open together: per service the larger of its pools at one time and of replicas x
/// pool size, from metrics and settings.
struct PoolDemand {
    double replicas = 0, pool = 0; ///< of the service that may open most; 0 = not known
    double total = 0;              ///< of all services; 0 when sizes are not known
};
Result<PoolDemand> pool_demand(AnalysisContext& context);

} // namespace casebook
