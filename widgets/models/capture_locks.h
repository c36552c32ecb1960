#pragma once

#include "analyzers/capture/sample.h"

#include <cstdint>
#include <string>
#include <vector>

namespace casebook {

/// A session in the lock tree.
struct LockTreeRow {
    std::int64_t pid = 0;           ///< 0: a prepared transaction
    int session = -1;               ///< place in the sample's sessions; -1 when it is not among them
    int depth = 0;                  ///< 0: at the head, waits for nobody
    int waiters = 0;                ///< that wait for it, directly or further down the tree
    std::vector<std::int64_t> blocked_by;  ///< all it waits for, in ascending order, not only the one it hangs under
    bool in_circle = false;         ///< waits, in the end, for itself
};

/// Who waits for whom as a forest in pre-order. Every session stands in it once, under the blocker that is nearest to a
/// head, so a queue of waiters behind one holder is one flat list. Heads with most waiters come first, and so do waiters.
/// A circle has no head: its smallest pid stands in for one. O((sessions + edges) log), not recursive.
std::vector<LockTreeRow> lock_tree(const CaptureSample& sample);

/// The state of things in a sentence: "4711 (idle in transaction for 2 min 5 s) keeps 3 sessions waiting". Empty when
/// nobody waits for a lock.
std::string lock_tree_headline(const CaptureSample& sample, const std::vector<LockTreeRow>& rows);

}  // namespace casebook
