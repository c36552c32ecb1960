#pragma once

#include "analyzers/trace/span_class.h"

#include <cstdint>
#include <vector>

namespace casebook {

/// One use of a pooled connection as spans show it: waiting for it, then holding it until the last statement or
/// transaction span before the next use in the same operation ends.
struct PoolUse {
    SpanTable::Row acquire = 0;
    SpanTable::Row entry = SpanTable::no_row;  ///< the operation that used it
    std::int64_t wait_from_ns = 0, held_from_ns = 0, held_to_ns = 0;
    bool opened_connection = false;            ///< more than half of the wait was spent opening a physical connection
    std::int64_t remote_call_ns = 0;           ///< time of remote calls inside the hold
    double wait_ms() const { return static_cast<double>(held_from_ns - wait_from_ns) / 1e6; }
    double hold_ms() const { return static_cast<double>(held_to_ns - held_from_ns) / 1e6; }
};

/// All uses of one service's pools, in order of wait_from_ns.
struct ServicePool {
    SpanTable::Id service = 0;
    SpanTable::Id instance = 0;  ///< of by_instance()
    std::vector<PoolUse> uses;
};
/// By service name. O(n log n).
std::vector<ServicePool> pool_uses(const SpanTable& spans, const SpanClasses& classes);

/// The uses by the instance that made them, in order of its name; one nameless instance when spans do not say.
std::vector<ServicePool> by_instance(const SpanTable& spans, const ServicePool& pool);

/// Mean number of connections held inside [from, to): by Little's law L = arrival rate x mean hold time, computed exactly
/// as held time over the stretch (J. Little, "A Proof for the Queuing Formula L = lambda W", 1961).
double held_connections(const std::vector<PoolUse>& uses, std::int64_t from_ns, std::int64_t to_ns);

/// Largest number of connections held at the same time for at least 1 ms in all. 0 without uses.
int most_held(const std::vector<PoolUse>& uses, std::int64_t from_ns, std::int64_t to_ns);

}  // namespace casebook
