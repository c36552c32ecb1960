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
    std::string path;                   ///< of the file, where a file without a time is a snapshot of its own
    std::int64_t statements = 0;
};

/// Statements as the database counted them, over all snapshots of a case, grouped by fingerprint; those whose text was not
/// recorded by the database's query id.
class StatementData {
public:
    /// Rows of the view `statement`, if wanted with `path` of import_file; columns are found by name.
    explicit StatementData(std::shared_ptr<const QueryResult> rows);

    /// In time order; files without a time first, in the natural order of their names.
    const std::vector<StatementSnapshotName>& snapshots() const { return snapshots_; }
    /// What a snapshot counted since its last reset (`before` = -1), or what came between two of them. A statement whose
    /// calls fell was reset in between: it counts from zero. Statements without calls in between are left out.
    /// Columns: statement, calls, calls per second (between snapshots with times), total, share of all, mean, the mean
    /// against that before the interval, rows per call, cache hit share, blocks read, temporary blocks, query id, fingerprint.
    /// A statement without a text shows what is known of it; its cell is empty.
    std::shared_ptr<TableData> table(int before, int after) const;

private:
    struct Entry {
        std::string_view key, fingerprint, query, query_id;
        double earlier_calls = 0, earlier_ms = 0;  ///< until the interval began, where nothing was reset
        double calls = 0, rows = 0, total_ms = 0, hit = 0, read = 0, temp = 0;
        bool has_rows = false, has_blocks = false;
    };

    std::shared_ptr<const QueryResult> rows_;
    std::vector<StatementSnapshotName> snapshots_;
    std::vector<std::vector<Entry>> entries_;  ///< per snapshot, by key
};

}  // namespace casebook
