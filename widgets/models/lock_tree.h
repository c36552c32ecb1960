#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// `waiter` waits for a lock that `blocker` holds or is in front of. Process ids; 0 stands for a prepared transaction.
struct LockEdge {
    std::int64_t waiter = 0;
    std::int64_t blocker = 0;
};

/// What the lock tree says of a session. Texts belong to the caller.
struct LockSession {
    std::int64_t pid = 0;
    std::string_view state;
    std::optional<double> xact_age_ms;
};

/// A session in the lock tree.
struct LockTreeRow {
    std::int64_t pid = 0;           ///< 0: a prepared transaction
    int session = -1;               ///< place in the sessions; -1 when it is not among them
    int depth = 0;                  ///< 0: at the head, waits for nobody
    int waiters = 0;                ///< that wait for it, directly or further down the tree
    std::vector<std::int64_t> blocked_by;  ///< all it waits for, in ascending order, not only the one it hangs under
    bool in_circle = false;         ///< waits, in the end, for itself
};

/// Who waits for whom as a forest in pre-order. Every session stands in it once, under the blocker that is nearest to a
/// head, so a queue of waiters behind one holder is one flat list. Heads with most waiters come first, and so do waiters.
/// A circle has no head: its smallest pid stands in for one. O((sessions + edges) log), not recursive.
std::vector<LockTreeRow> lock_tree(std::span<const LockEdge> edges, std::span<const LockSession> sessions);

/// The state of things in a sentence: "4711 (idle in transaction for 2 min 5 s) keeps 3 sessions waiting". Empty when
/// nobody waits for a lock.
std::string lock_tree_headline(std::span<const LockSession> sessions, const std::vector<LockTreeRow>& rows);

/// A row's place in the tree, drawn with lines: "│ └ ". Levels below the twelfth are counted.
std::string lock_tree_lines(const LockTreeRow& row);
/// The same with its pid: "│ └ 4711".
std::string lock_tree_text(const LockTreeRow& row);
/// "4711, prepared transaction".
std::string lock_pids_text(const std::vector<std::int64_t>& pids);

}  // namespace casebook
