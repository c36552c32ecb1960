#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// A session as one snapshot saw it.
struct CapturedSession {
    std::int64_t pid = 0;
    std::string user, database, application, client;
    std::string state;  ///< "active", "idle in transaction", ...; empty for background processes and when hidden
    std::string wait_event_type, wait_event, backend_type, query;
    std::vector<std::int64_t> blocked_by;        ///< pids; 0 stands for a prepared transaction
    std::optional<double> xact_age_ms, query_age_ms;
    bool hidden = false;  ///< another user's, and the role may not see what it does
};

/// How many sessions wait for one thing.
struct CapturedWait {
    std::string type, event;
    int sessions = 0;
};

/// `waiter` waits for a lock that `blocker` holds or is in front of.
struct CapturedEdge {
    std::int64_t waiter = 0;
    std::int64_t blocker = 0;
};

/// A statement's counters between this snapshot and the one before (since they were reset, in the first one).
struct CapturedStatement {
    std::string query_id, query;
    std::int64_t calls = 0;
    double total_ms = 0;
    std::int64_t rows = 0;
};

/// What one snapshot saw, for a live view. Plain values, to be moved to another thread.
struct CaptureSample {
    int number = 0;  ///< from 1
    int of = 0;
    std::int64_t at_ns = 0;   ///< the server's clock
    double took_ms = 0;       ///< to ask everything
    int next_in_ms = 0;       ///< 0 after the last one; longer than asked for when the server answers slowly
    std::vector<CapturedSession> sessions;      ///< without capture's own
    std::vector<CapturedWait> waits;            ///< most sessions first
    std::vector<CapturedEdge> edges;            ///< the lock tree
    std::vector<CapturedStatement> statements;  ///< up to 50, most time first
    std::vector<std::string> problems;          ///< what was refused in this snapshot and why, a sentence each
    std::int64_t bytes = 0;                     ///< of the bundle so far
};

}  // namespace casebook
