#pragma once

#include "analyzers/capture/capture.h"
#include "widgets/models/capture_locks.h"
#include "widgets/models/views/table_data.h"

#include <QString>
#include <memory>

namespace casebook {

/// What the live view of a capture shows, as tables whose texts point into the sample they keep.
using SharedSample = std::shared_ptr<const CaptureSample>;

/// Sessions: who blocks or waits first, then active ones, open transactions, idle ones, the server's own processes;
/// among equals the oldest transaction first. Ages in ms. Column 0 is the pid.
std::shared_ptr<TableData> sessions_table(const SharedSample& sample);
/// What sessions wait for, most sessions first, with a bar.
std::shared_ptr<TableData> waits_table(const SharedSample& sample);
/// Statements between this snapshot and the one before, most time first, with their share of that time. Column 0 is
/// the statement, column 5 its id.
std::shared_ptr<TableData> statements_table(const SharedSample& sample);
/// The lock tree in pre-order. Column 0 draws the tree and ends in the pid.
std::shared_ptr<TableData> lock_table(const SharedSample& sample, const std::vector<LockTreeRow>& rows);
/// What a capture left: what is missing first (refused questions, statements without a plan), then plans and files.
std::shared_ptr<TableData> result_table(const std::shared_ptr<const CaptureSummary>& summary);

/// "23 sessions: 5 active, 3 wait for locks, 1 idle in transaction", of client sessions.
QString sessions_headline(const CaptureSample& sample);
/// "Lock: transactionid", or "Lock" when there is no event.
QString wait_text(const CapturedWait& wait);

}  // namespace casebook
