#pragma once

#include "analyzers/store/query.h"
#include "widgets/models/views/table_data.h"

#include <QString>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// One moment at which pg_stat_statements was dumped.
struct StatementSnapshotName {
    std::optional<std::int64_t> at_ns;  ///< absent: the file had no time
    std::int64_t statements = 0;
};

/// Statements as the database counted them, over all snapshots of a case, grouped by fingerprint.
class StatementData {
public:
    /// Rows of the view `statement`; columns are found by name.
    explicit StatementData(std::shared_ptr<const QueryResult> rows);

    /// In time order, those without a time first.
    const std::vector<StatementSnapshotName>& snapshots() const { return snapshots_; }
    /// What a snapshot counted since its last reset (`before` = -1), or what came between two of them. A statement whose
    /// calls fell was reset in between: it counts from zero. Statements without calls in between are left out.
    /// Columns: statement, calls, total, share of all, mean, rows per call, cache hit share, blocks read, temporary
    /// blocks, fingerprint.
    std::shared_ptr<TableData> table(int before, int after) const;

private:
    struct Entry {
        std::string_view fingerprint, query;
        double calls = 0, rows = 0, total_ms = 0, hit = 0, read = 0, temp = 0;
        bool has_rows = false, has_blocks = false;
    };

    std::shared_ptr<const QueryResult> rows_;
    std::vector<StatementSnapshotName> snapshots_;
    std::vector<std::vector<Entry>> entries_;  ///< per snapshot, by fingerprint
};

}  // namespace casebook
