#include "analyzers/importers/support/snapshot_rows.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {

std::size_t SnapshotRows::time_column(const Columns& columns)
{
    return columns.find({"captured_at", "snapshot_at", "snapshot_time", "snap_time", "sample_time", "sampled_at",
                         "collected_at", "now", "clock_timestamp", "current_timestamp", "statement_timestamp", "ts",
                         "timestamp", "time", "at"});
}

Result<std::vector<SnapshotRows::Row>> SnapshotRows::read(TableReader& table, const Columns& columns,
                                                          const std::vector<std::size_t>& time_columns,
                                                          ImportContext& context)
{
    const std::size_t own = time_column(columns);
    std::vector<Row> rows;
    std::optional<std::int64_t> newest;
    bool undated = false;
    for (;;) {
        TRY_ASSIGN(const bool there, table.next());
        if (!there) break;
        if (rows.size() % 4096 == 0) TRY(context.control().check());
        if (table.ragged()) {
            context.drop(table.line(), "ragged_row",
                         std::to_string(table.cell_count()) + " cells under " + std::to_string(table.columns().size()) +
                             " columns");
            continue;
        }
        if (rows.size() == limit)
            return fail(Error::Code::limitExceeded, "the table has more than " + format_count(limit) + " rows",
                        "split the file");
        Row& row = rows.emplace_back();
        row.line = table.line();
        for (std::size_t i = 0; i < table.columns().size(); ++i) row.cells.emplace_back(table.cell(i));
        for (const std::size_t column : time_columns)
            if (const auto at = cell_instant(row.cell(column)); at && (!newest || *at > *newest)) newest = at;
        if (const auto at = cell_instant(row.cell(own))) row.at_ns = *at;
        else row.guessed = undated = true;
    }
    if (!undated) return rows;
    const auto said = context.at_ns();
    if (!said && !newest)
        context.note(0, "no_time", "a snapshot without time is stored at 1970-01-01; --at TIME says when it was taken");
    for (Row& row : rows) {
        if (!row.guessed) continue;
        row.at_ns = said ? *said : newest.value_or(0);
        row.guessed = !said && newest.has_value();
    }
    return rows;
}

}  // namespace casebook
