#pragma once

#include "analyzers/analysis/context.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// One transaction over the samples it was seen in.
struct OpenTransaction {
    const SessionSample* worst_sample = nullptr;
    const DatabaseSession* worst = nullptr; ///< when it was oldest
    std::optional<std::int64_t> begin_ns;
    std::size_t samples = 0, inside = 0; ///< inside: of the analysed window
    double age_ms = 0, idle_ms = 0, blocking_idle_ms = 0, blocked_wait_ms = 0;
    std::size_t blocked = 0;
    bool oldest_xmin = false;               ///< in some sample nobody else's snapshot is older
    std::vector<std::int64_t> blocked_pids; ///< in the worst sample
    double waiting = 0, working = 0;        ///< sessions, summed over its samples
};

/// Everything of one application in one database.
struct TransactionGroup {
    std::vector<OpenTransaction> transactions;
    std::map<std::int64_t, std::size_t> by_pid; ///< the latest of each session
};

/// The transactions of all snapshots. Left out, because being long is their nature: backups, VACUUM, replication,
/// background processes and the capture itself.
struct TransactionSurvey {
    std::size_t all = 0, inside = 0;     ///< samples, and those of the analysed window
    std::size_t clients = 0, hidden = 0; ///< sessions, and those whose state the capturing role could not see
    double oldest_ms = 0;                ///< of the window
    std::map<std::string, TransactionGroup> groups; ///< by transaction_key
};

/// O(n log n) in the sessions; keeps pointers into `samples`.
TransactionSurvey survey_transactions(const std::vector<SessionSample>& samples, const AnalysisWindows& windows);

/// Transactions in spans: from BEGIN to COMMIT or ROLLBACK below one entry, and spans that are named a transaction.
struct SpanTransactions {
    std::size_t count = 0; ///< that ran within the window
    double longest_ms = 0; ///< of these
    struct Long {
        SpanTable::Row row = 0; ///< where the longest begins
        std::size_t count = 0;
        double longest_ms = 0;
        bool inside = false; ///< one of them ran within the window; if so only such are told of here
    };
    std::map<std::string, Long> by_service; ///< those of `limit_ms` and more
};
SpanTransactions transactions_in_spans(const SpanTable& spans, const SpanClasses& classes,
                                       const AnalysisWindows& windows, double limit_ms);

} // namespace casebook
