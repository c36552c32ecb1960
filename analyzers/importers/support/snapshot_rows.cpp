#include "analyzers/importers/support/snapshot_rows.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {
namespace {

struct KeptRow {
    std::int64_t line = 0;
    std::vector<std::string> cells;
};

}  // namespace

std::size_t SnapshotRows::time_column(const Columns& columns)
{
    return columns.find({"captured_at", "snapshot_at", "snapshot_time", "snap_time", "sample_time", "sampled_at",
                         "collected_at", "now", "clock_timestamp", "current_timestamp", "statement_timestamp", "ts",
                         "timestamp", "time", "at"});
}

Status SnapshotRows::each(TableReader& table, const Columns& columns, const std::vector<std::size_t>& time_columns,
                          ImportContext& context, const std::function<Status(const Row&)>& take)
{
    const std::size_t own = time_column(columns);
    const auto said = context.at_ns();
    std::vector<std::string_view> cells(table.columns().size());
    std::vector<KeptRow> kept;
    std::optional<std::int64_t> newest;
    std::size_t rows = 0;
    for (;; ++rows) {
        TRY_ASSIGN(const bool there, table.next());
        if (!there) break;
        if (rows % 4096 == 0) TRY(context.control().check());
        if (table.ragged()) {
            context.drop(table.line(), "ragged_row",
                         std::to_string(table.cell_count()) + " cells under " + std::to_string(table.columns().size()) +
                             " columns");
            continue;
        }
        for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = table.cell(i);
        const Row row{table.line(), cells, {}, false};
        auto at = cell_instant(row.cell(own));
        if (!at) at = said;
        if (at) {
            TRY(take({row.line, row.cells, at, false}));
            continue;
        }
        if (kept.size() == limit)
            return fail(Error::Code::limitExceeded,
                        "the table has more than " + format_count(limit) + " rows without a time", "split the file");
        for (const std::size_t column : time_columns)
            if (const auto past = cell_instant(row.cell(column)); past && (!newest || *past > *newest)) newest = past;
        kept.push_back({row.line, {cells.begin(), cells.end()}});
    }
    if (rows == 0) context.note(0, "no_rows", "the query returned no rows");
    if (kept.empty()) return {};
    if (!newest)
        context.note(0, "no_time",
                     "a snapshot without time belongs to the window it was imported with, else to the whole case; "
                     "--at TIME says when it was taken");
    for (const KeptRow& row : kept) {
        cells.assign(row.cells.begin(), row.cells.end());
        TRY(take({row.line, cells, newest, newest.has_value()}));
    }
    return {};
}

}  // namespace casebook
