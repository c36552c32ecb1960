#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/finding.h"
#include "analyzers/core/result.h"
#include "analyzers/core/string_pool.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace casebook {

class CaseFile;
struct AnalysisWindows;

/// One row of pg_stat_activity. Ages are milliseconds at the time of the sample; text is empty when not said, which is
/// also how a role without pg_read_all_stats sees other people's sessions.
struct DatabaseSession {
    std::int64_t pid = 0;
    std::string_view user, database, application, state, wait_event_type, wait_event, query, backend_type;
    std::string_view lock_type, lock_mode, lock_relation;
    std::vector<std::int64_t> blocked_by; ///< pids without its own, each once; 0 = a prepared transaction
    bool blocks_itself = false;           ///< its own pid was among them: not the output of pg_blocking_pids
    std::optional<double> xact_age_ms, query_age_ms, state_age_ms, lock_wait_ms;
    std::optional<std::int64_t> leader_pid, backend_xid, backend_xmin;

    /// A connection that counts against max_connections. Of rows without backend_type: those with a state, or with both
    /// a user and a database (background processes lack one of them).
    bool is_client() const;
    bool is_idle_in_transaction() const { return state.starts_with("idle in transaction"); }
    bool waits_for_lock() const;
    /// Casebook's own capture, which records itself out but may be in snapshots of others.
    bool is_own_capture() const;
    /// A dump or base backup, told by its application name: long transactions are its nature.
    bool is_backup() const;
    /// VACUUM, by hand or automatic.
    bool is_vacuum() const;
    bool is_hidden() const { return query == "<insufficient privilege>"; }
    /// How long it has waited for the lock: since pg_locks.waitstart, else at most since its statement began.
    std::optional<double> wait_ms() const;
    /// How long it has been in its state, else at most since its last statement began.
    std::optional<double> state_ms() const;
    /// The application as people know it: its name, else the user, else "an unnamed client".
    std::string_view who() const;
};

/// All sessions at one moment.
struct SessionSample {
    std::int64_t file_id = 0;
    std::optional<std::int64_t> at_ns,
        to_ns;               ///< first and last row; captures that call clock_timestamp() differ by row
    std::string_view window; ///< the one it was imported with
    std::vector<DatabaseSession> sessions;

    /// The session with that pid, or null. `sessions` is sorted by pid.
    const DatabaseSession* find(std::int64_t pid) const;
    /// Connections, and those of them whose state the capturing role was not allowed to see.
    std::size_t clients() const;
    std::size_t hidden() const;
    /// It shows the server whole: background processes or idle sessions are in it, not only what somebody selected.
    bool looks_complete() const;
};

/// Samples in time order (those without time first), each file's own; text lives as long as this does.
struct SessionSamples {
    StringPool strings;
    std::vector<SessionSample> samples;
};

/// Rows of one file belong to one sample when their times lie within 200 ms and no pid comes twice. O(n log n).
/// Errors: caseFile, cancelled.
Result<SessionSamples> load_session_samples(CaseFile& file, const Control& control);

/// Whether a snapshot belongs to the analysed window (CONTRACT 3): by its time; without one by the window it was
/// imported with, else it belongs to the whole case and only --from/--to leaves it out.
bool in_analysed_window(const AnalysisWindows& windows, std::optional<std::int64_t> at_ns, std::string_view window);

/// Key of what database.long_transactions finds about this session's transactions: database and application.
std::string transaction_key(const DatabaseSession& session);

/// When its transaction began, by the sample's clock; nothing without the age or the time.
std::optional<std::int64_t> transaction_begin(const SessionSample& sample, const DatabaseSession& session);
/// The begins of one transaction in two samples differ by rounding only; unknown ones are taken for the same.
bool same_transaction(std::optional<std::int64_t> begin_a_ns, std::optional<std::int64_t> begin_b_ns);

/// The sessions with these pids in this order, each with its distance from the first, as a query over the sample.
struct RankedPid {
    std::int64_t pid = 0;
    std::uint32_t depth = 0;
};
Evidence session_evidence(const SessionSample& sample, const std::vector<RankedPid>& pids, std::string caption);

/// "public.orders" and "\"orders\"" as "orders": how statements and catalogs name the same relation.
std::string_view plain_relation(std::string_view relation);

} // namespace casebook
