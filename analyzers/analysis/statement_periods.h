#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/statement_growth.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// What one statement cost within a period.
struct StatementLoad {
    std::string fingerprint, query;
    double total_ms = 0;
    std::int64_t calls = 0;
    std::optional<std::int64_t> rows, blocks;  ///< blocks: shared, hit and read
    std::optional<double> variation;           ///< standard deviation over mean of its durations
    std::string query_id;                      ///< one of those the server gave it; empty in spans
};

/// What was usual before a period.
struct UsualStatements {
    std::map<std::string, StatementUse> statements;  ///< by fingerprint
    StatementUse all;
    std::string when;                                ///< "in the baseline", for people
    void add(const std::string& fingerprint, double total_ms, std::int64_t calls);
};

/// The application's statements between two snapshots, in a lone snapshot since its counters were reset, or in the spans of a
/// stretch of time. Backups, maintenance and the reading of the statistics themselves are left out.
struct StatementPeriod {
    std::vector<StatementLoad> statements;  ///< by total_ms, largest first
    StatementUse all;
    double total_ms = 0, seconds = 0;       ///< seconds: 0 when not known
    bool lone = false;
    std::string broken;                     ///< why the counters cannot be trusted
    UsualStatements usual;
    std::optional<TimeRange> when;
    std::string source;                     ///< "statement" or "span"
    const StatementSnapshot *earlier = nullptr, *later = nullptr;  ///< what was subtracted from what; earlier: null when nothing was
};

/// The intervals between snapshots that belong to the analysed window, each with what was usual before it: the intervals before,
/// or for the first one all that its earlier snapshot had counted since the reset. Broken when the counters were reset or
/// statements thrown out in between, or when statements with `unmatched` % of the time are gone from the later snapshot.
/// They point into the evidence. Errors: caseFile, cancelled.
Result<std::vector<StatementPeriod>> snapshot_periods(AnalysisContext& context, double unmatched);

/// The statement spans of the stretch in trouble, with the baseline beside it.
StatementPeriod span_period(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows);

/// The statement's place among those of the period by some measure, 1 = the largest.
template <class Measure>
double statement_rank(const StatementPeriod& period, const StatementLoad& load, Measure measure)
{
    double rank = 1;
    for (const StatementLoad& other : period.statements) rank += measure(other) > measure(load);
    return rank;
}

/// The statements of the period with their places by total time, calls, blocks and variation side by side.
Evidence statement_ranks(const StatementPeriod& period);

}  // namespace casebook
