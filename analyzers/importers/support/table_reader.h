#pragma once

#include "analyzers/core/result.h"
#include "analyzers/importers/support/csv_reader.h"
#include "analyzers/importers/support/source.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// How a table of text is framed. The last four are what psql prints (\pset format, \x) and json_agg / row_to_json.
enum class TableFraming { none, delimited, aligned, expanded, expandedUnaligned, json };

/// What the first bytes of an input say about the table in it.
struct TableLayout {
    TableFraming framing = TableFraming::none;
    CsvDialect dialect;                  ///< for delimited
    std::int64_t preamble_lines = 0;     ///< lines before the header: psql chatter, "sep=;", comments
    std::vector<std::string> columns;    ///< as written; the first row when the table has no header
    std::vector<std::string> first_row;  ///< cells of the row after the header, when the head holds it whole
    bool columns_cut = false;            ///< the head ended within the header
};

/// Tells framing, delimiter and columns by content. `head` is the beginning of the input, `whole` when it is all of it.
TableLayout table_layout(std::string_view head, bool whole = false);

/// Rows of a table in any framing. Views stay valid until the next call of next().
class TableReader {
public:
    /// Errors: notUnderstood when the input holds no table; those of the source.
    static Result<std::unique_ptr<TableReader>> open(Source& source);

    virtual ~TableReader() = default;

    /// The next row, false at the end. Repeated headers, row counts and psql chatter are passed over.
    virtual Result<bool> next() = 0;
    const std::vector<std::string>& columns() const { return layout_.columns; }
    const TableLayout& layout() const { return layout_; }
    /// The cell of a column; empty when the row or the table has no such column (npos).
    std::string_view cell(std::size_t column) const
    {
        return column < cells_.size() ? cells_[column] : std::string_view();
    }
    std::size_t cell_count() const { return cells_.size(); }
    /// The row has fewer or more cells than there are columns (empty cells at the end do not count).
    bool ragged() const { return ragged_; }
    /// 1-based line on which the row began.
    std::int64_t line() const { return line_; }

    /// The table has no header: what was taken for it is its first row. Only before the first next().
    virtual void header_is_data(std::vector<std::string> columns);
    /// A text column that keeps separators in excess, where the framing cannot quote them.
    void absorb_in(std::size_t column) { absorbing_ = column; }

    static constexpr std::size_t npos = static_cast<std::size_t>(-1);

protected:
    explicit TableReader(TableLayout layout) : layout_(std::move(layout)) {}

    TableLayout layout_;
    std::vector<std::string_view> cells_;
    std::int64_t line_ = 0;
    std::size_t absorbing_ = npos;
    bool ragged_ = false;
    bool headerless_ = false;
};

/// One maker per framing (table_*.cpp); the layout must be of that framing.
std::unique_ptr<TableReader> delimited_table(Source& source, TableLayout layout);
std::unique_ptr<TableReader> aligned_table(Source& source, TableLayout layout);
std::unique_ptr<TableReader> expanded_table(Source& source, TableLayout layout);
std::unique_ptr<TableReader> json_table(Source& source, TableLayout layout);

/// Lines psql prints around a result: "(12 rows)", "COPY 12", "SET", "Time: 1.2 ms", "Expanded display is on.".
bool is_psql_chatter(std::string_view line);

}  // namespace casebook
