#pragma once

#include "analyzers/capture/connection.h"
#include "analyzers/capture/secrets.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace casebook::capture_detail {

/// Rows for the end of a CSV file of the bundle.
struct CsvTable {
    std::string file;
    std::string header;  ///< one line with its line end
    std::string text;    ///< whole lines
    std::int64_t rows = 0;

    void add_row(const std::vector<std::string_view>& cells);
};

/// Appends a cell: quoted where CSV needs it. NULL is nothing, the empty text is "".
void append_cell(std::string& out, std::string_view text, bool is_null = false);

/// What a server sent as it is, passwords masked. `sampled_at` is put in front as a column of that name unless empty (a
/// server that tells the time itself).
CsvTable csv_of(const Answer& answer, std::string file, std::string_view sampled_at, const Secrets& secrets);

/// A cell as it may be kept: clean UTF-8 without passwords. `is_sql`: look for those of PASSWORD '...' as well.
std::string kept_text(std::string_view cell, bool is_sql, const Secrets& secrets);

}  // namespace casebook::capture_detail
