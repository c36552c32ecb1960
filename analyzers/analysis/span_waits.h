#pragma once

#include "analyzers/analysis/context.h"

#include <string>
#include <vector>

namespace casebook {

/// A statement that takes locks and of which some calls last far longer than the database says one lasts.
struct StatementWait {
    std::string fingerprint, query;
    double mean_ms = 0;                       ///< between the snapshots of pg_stat_statements, 10 calls or more
    std::vector<SpanTable::Row> long_spans;   ///< of the analysed window, by start
    double longest_ms = 0;
    std::size_t at_once = 0;                  ///< most of them at the same time
};

/// Statements that write or lock rows with spans of `wait_ms` and `factor` times their mean or more. The mean includes waits
/// for locks, so this finds few waits among many calls, not a statement that always waits. By fingerprint. Intervals whose
/// counters were reset or made room are left out. Errors: caseFile, cancelled.
Result<std::vector<StatementWait>> spans_beyond_statement_mean(AnalysisContext& context, double wait_ms, double factor);

}  // namespace casebook
