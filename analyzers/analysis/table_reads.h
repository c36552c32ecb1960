#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/table_states.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace casebook {

/// A sequential scan that ran to its end, by the rows it passed: all that are alive.
struct TableScan {
    std::int64_t plan_id = 0;
    double bytes_per_row = 0, blocks = 0, rows = 0;
};

/// A statement on the table by its counters: shared blocks per call, before and within the analysed window.
struct StatementReads {
    std::string fingerprint;
    double before = 0, now = 0;
    double growth() const { return before > 0 ? now / before : 0; }
};

/// What reading one table cost.
struct TableReads {
    std::optional<TableScan> fat;            ///< the worst of the window that reads far more than its rows can take
    std::optional<TableScan> before, now;    ///< the first of the baseline, and the last of the window
    std::optional<StatementReads> statement; ///< the one that grew most at the same rows per call

    double scan_growth() const
    {
        return before && now && before->bytes_per_row > 0 ? now->bytes_per_row / before->bytes_per_row : 0;
    }
};

struct ReadsByTable {
    std::map<std::pair<std::string, std::string>, TableReads>
        scans;                                        ///< by schema (empty when the plan is silent) and name
    std::map<std::string, StatementReads> statements; ///< by name as statements have it, less schema public
    std::size_t looked_at = 0;                        ///< sequential scans of the window with blocks
};

/// Scans of the plans and statements of the counters. A scan is fat when it reads more than `row_bytes` for a row and
/// four times what the row's columns take, and more than `scan_blocks` blocks: wide rows fill their blocks honestly.
/// Only sequential scans: by an index every row may cost a block of its own. Errors: caseFile, cancelled.
Result<ReadsByTable> reads_by_table(AnalysisContext& context, double row_bytes, double scan_blocks);

/// The same by table, as far as plans tell which one they mean (history_of); tables of which nothing was read are left
/// out.
std::map<const TableHistory*, TableReads> reads_by_history(const ReadsByTable& reads, const TableStates& states);

} // namespace casebook
