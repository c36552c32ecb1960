#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/table_reader.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace casebook {

/// Rows of a statistics view. Most captures write the time of the sample into every row, and such rows go straight
/// through, however many there are. A snapshot without a time column is dated by --at or the file's name, else by the
/// newest time any of its cells names, which is known at the end only: these rows are kept until then. With none of
/// the three it has no time, and belongs to the window it was imported with.
class SnapshotRows {
public:
    struct Row {
        std::int64_t line = 0;
        std::span<const std::string_view> cells;  ///< valid during the call only
        std::optional<std::int64_t> at_ns;
        bool guessed = false;  ///< by the newest time in the file

        std::string_view cell(std::size_t column) const
        {
            return column < cells.size() ? cells[column] : std::string_view();
        }
    };

    /// Column aliases under which tools put the time of a snapshot.
    static std::size_t time_column(const Columns& columns);

    /// Reads the whole table and gives every row to `take`: in file order, those without a time of their own last.
    /// `time_columns`: the columns with times of the past that bound the snapshot's from below. Drops ragged rows; more
    /// than `limit` rows that must be kept are an error.
    static Status each(TableReader& table, const Columns& columns, const std::vector<std::size_t>& time_columns,
                       ImportContext& context, const std::function<Status(const Row&)>& take);

    static constexpr std::size_t limit = 2'000'000;
};

}  // namespace casebook
