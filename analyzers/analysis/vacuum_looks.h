#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/table_states.h"

#include <functional>
#include <optional>
#include <vector>

namespace casebook {

// What states of tables and snapshots of sessions tell of vacuum. Pure functions.

/// The newest state that is not after the analysed window, nor `hours` before it: that says nothing of it. Null
/// without.
const TableState* table_state_of(const AnalysisWindows& windows, const TableHistory& history, double hours);

/// The state to compare the table's size with: in the baseline, else the earliest of the case. Null without.
const TableState* base_state_of(const AnalysisWindows& windows, const TableHistory& history, const TableState& now);

struct SnapshotHolder {
    const SessionSample* sample = nullptr;
    const DatabaseSession* session = nullptr; ///< null when there is none
};

/// What sessions do for and against vacuum; gathered once from all snapshots, which it points into.
class VacuumSessions {
public:
    VacuumSessions(const std::vector<SessionSample>& samples, const AnalysisWindows& windows);

    /// VACUUM is at work on the table, or on its whole database, in a snapshot within ten minutes of the state. ANALYZE
    /// by autovacuum cleans nothing.
    bool clean(const TableState& state) const;
    /// The oldest transaction of the window whose snapshot vacuum had to spare: begun before the last vacuum of the
    /// table and a minute old (autovacuum_naptime), or `holder_age_min` old by itself.
    SnapshotHolder holder(const TableState& state, double holder_age_min) const;

private:
    std::vector<SnapshotHolder> vacuums_, holders_; ///< holders: the oldest first
};

/// How long vacuum was not there: since its last time, else since the first state that knows of none.
struct Unvacuumed {
    std::optional<double> hours;
    bool ever = false; ///< vacuum is known to have been there once
};
Unvacuumed unvacuumed_of(const TableHistory& history, const TableState& now);

/// Since when a table has been over some line.
struct OverTheLine {
    std::optional<double> below_h; ///< hours since the last state below it; nothing when none is known
    double over_min = 0;           ///< minutes since the first state over it after that
};
OverTheLine over_the_line(const TableHistory& history, const TableState& now,
                          const std::function<bool(const TableState&)>& is_over);

} // namespace casebook
