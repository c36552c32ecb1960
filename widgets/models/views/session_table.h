#pragma once

#include "analyzers/analysis/sessions.h"
#include "widgets/models/lock_tree.h"
#include "widgets/models/views/table_data.h"

#include <memory>
#include <optional>

namespace casebook {

/// One sample of the sessions of a database server as the view shows it. Keeps the samples alive.
struct SessionTable {
    std::shared_ptr<TableData> table;   ///< column 0 draws the lock tree and ends in the pid
    std::string headline;               ///< who keeps whom waiting; empty when nobody waits for a lock
    std::vector<std::string> queries;   ///< per row, whole
    std::optional<std::uint32_t> row_of(std::int64_t pid) const;
    std::vector<std::int64_t> pids;     ///< per row
};

/// The lock tree first, then the other clients: open transactions, the oldest first, active ones, the rest. Ages in ms.
SessionTable session_table(std::shared_ptr<const SessionSamples> samples, std::size_t sample);

/// Sessions that wait for a lock, to tell samples apart.
std::size_t lock_waiters(const SessionSample& sample);

}  // namespace casebook
