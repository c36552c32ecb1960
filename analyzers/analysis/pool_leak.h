#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/pool_gauges.h"
#include "analyzers/analysis/service_load.h"
#include "analyzers/analysis/sessions.h"
#include "analyzers/trace/pool_use.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace casebook::pool {

/// One pool's gauge in the analysed window.
struct Gauge {
    const Series* series = nullptr;
    std::vector<std::int64_t> at_ns;
    std::vector<double> used, pending;
    double max = 0;
    bool max_known = false;
    const Series* use_time = nullptr; ///< counter of the time for which returned connections were held, in ms
};

/// How what a pool has given out goes with the load of its service.
struct LoadLook {
    bool has_low = false, held = false, waiting = false, follows = false, climbs = false, floor_same = false;
    bool counts_arrivals = false;
    TimeRange low;  ///< the stretch of low load; of a pool that climbs without one, the last third
    double low_load = 0, peak_load = 0, least_used = 0, used_before = 0, used_low = 0, correlation = 0, rise = 0;
    std::optional<double> accounted; ///< connections busy in `low` by spans or use time
    bool returned() const { return has_low && !held; }
};

/// Connections taken by the pool less sessions of the database that work, one value per snapshot of the sessions.
struct SessionLook {
    std::size_t samples = 0;
    std::vector<double> gap, working;
    bool only_pool = false; ///< every client belongs to it
    bool rises = false, follows_work = false;
    const SessionSample* last = nullptr;
};

/// What leak detection of a pool reported.
struct Warnings {
    std::size_t leaked = 0, returned = 0;
    bool stack = false;
    std::optional<TimeRange> when;
    std::size_t open() const { return leaked > returned ? leaked - returned : 0; }
};

/// The other metrics of the pools.
struct PoolMetrics {
    PoolSeries max, idle, pending, use_time;
    std::optional<double> typed_max;
};

/// The gauge of one pool at its samples in the analysed window. `series` must outlive it.
Gauge gauge_of(const AnalysisContext& context, const PoolMetrics& metrics, const Series& series);

/// Thresholds low_load, held, steps, gap, follows and trend_p of the analyzer that asks; `restarts` in any order.
LoadLook look_at_load(const AnalysisContext& context, const Gauge& whole, const ServiceLoad& whole_load,
                      const std::vector<std::int64_t>& restarts);

/// Connections of the gauge's pool that were busy in a stretch, by the counter of use time or the spans. Of a service
/// with several pools or instances whose spans do not say which, all are counted: too many clear it, they accuse
/// nobody.
std::optional<double> busy_connections(const SpanTable& spans, const ServicePool* pool, const Gauge& gauge,
                                       TimeRange range);

/// Sessions of the service: those whose application or user is named like it; all clients when it has the only pool.
bool belongs(const DatabaseSession& session, const std::string& service, bool only_pool);

/// At work, or between two statements of a transaction for less than a second.
bool works(const DatabaseSession& session);

/// `gauges` are all pools of the service. Thresholds steps, gap, follows and trend_p. Errors: none.
SessionLook look_at_sessions(const AnalysisContext& context, const std::vector<SessionSample>& samples,
                             const std::vector<const Gauge*>& gauges, const std::string& service, bool only_pool);

/// Warnings by the service they name (empty: none), from events and log lines. Errors: caseFile.
Result<std::map<std::string, Warnings>> leak_warnings(AnalysisContext& context);

/// Warnings of connections that came back since, quietly: fewer are used than are said to be lost.
void forget_returned(Warnings& warnings, const std::vector<Gauge>& gauges);

} // namespace casebook::pool
