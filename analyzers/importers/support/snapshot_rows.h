#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/table_reader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// Rows of a statistics view whose own time may only be known at the end of the file: cells are copied and kept. A
/// snapshot without a time column is dated by --at or the file's name, else by the newest time any of its cells names.
class SnapshotRows {
public:
    struct Row {
        std::int64_t line = 0;
        std::vector<std::string> cells;
        std::int64_t at_ns = 0;
        bool guessed = false;  ///< by the newest time in the file

        std::string_view cell(std::size_t column) const
        {
            return column < cells.size() ? std::string_view(cells[column]) : std::string_view();
        }
    };

    /// Column aliases under which tools put the time of a snapshot.
    static std::size_t time_column(const Columns& columns);

    /// Reads the whole table. `time_columns`: the columns with times of the past that bound the snapshot's from below.
    /// Drops ragged rows; more than `limit` rows are an error.
    static Result<std::vector<Row>> read(TableReader& table, const Columns& columns,
                                         const std::vector<std::size_t>& time_columns, ImportContext& context);

    static constexpr std::size_t limit = 2'000'000;
};

}  // namespace casebook
