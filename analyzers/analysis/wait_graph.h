#pragma once

#include "analyzers/analysis/sessions.h"

#include <cstdint>
#include <vector>

namespace casebook {

/// Who waits for whom at one moment, down to the heads of the chains.
struct LockChain {
    std::int64_t head_pid = 0; ///< holds what the others want and waits for no lock itself; 0 = a prepared transaction
    const DatabaseSession* head = nullptr; ///< null when it was gone or not shown
    bool cycle = false; ///< no head: the sessions wait for one another; head_pid is the lowest pid of the cycle
    /// Waiters in order: by distance from the head, then the longest wait first, then by pid. A session that waits for
    /// several heads is in the chain of the nearest (then the one with the lowest pid), so that waiters add up.
    struct Waiter {
        const DatabaseSession* session = nullptr;
        std::uint32_t depth = 1;    ///< 1 = waits for the head itself
        std::int64_t waits_for = 0; ///< the pid one step nearer to the head
    };
    std::vector<Waiter> waiters;
};

struct WaitGraph {
    std::vector<LockChain> chains; ///< most waiters first, then the longest wait, then by head_pid
    /// Sessions that wait for a lock of which nobody said who holds it.
    std::vector<const DatabaseSession*> unexplained;
    /// The blockers were not made by pg_blocking_pids: a session blocks itself, as in a join of pg_locks on the lock's
    /// type alone, which names innocents too. No chains then.
    bool unsound = false;
};

/// Builds the chains of one sample from its blocked_by lists. Only sessions that wait for a lock count as waiting (when
/// the sample says what sessions wait for); those that waited less than `min_wait_ms` hold chains together and are not
/// listed. O(n log n), iterative, cycles included.
WaitGraph wait_graph(const SessionSample& sample, double min_wait_ms);

} // namespace casebook
