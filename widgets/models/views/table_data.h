#pragma once

#include "widgets/charts/time_text.h"

#include <QString>
#include <Qt>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// One typed column. Values stay as they came, in `integers`, `numbers` or `texts` (one of them has an entry per
/// row); `kind` says how they are shown.
struct TableColumn {
    enum class Kind {
        text,
        count,     ///< a plain number, integer or not
        instant,   ///< integers: ns since the epoch
        duration,  ///< value * factor = ns
        bytes,     ///< value * factor = bytes
        share,     ///< 0..1, shown as per cent
    };
    enum class Decor {
        none,
        bar,     ///< a bar behind the number, against the largest of the column
        change,  ///< more or less than before: sign, arrow and colour (more is worse)
        gain,    ///< the same where more is better
        drift,   ///< more or less than before, neither better nor worse: the sign alone
    };

    QString name;   ///< as the query has it: "duration_ns"
    QString title;  ///< as the header shows it, unit not included: "duration"
    QString unit;   ///< of a plain number: "1/s", "blocks"; empty when none. Other kinds choose theirs
    QString help;   ///< tooltip of the header
    Kind kind = Kind::text;
    Decor decor = Decor::none;
    double factor = 1;
    std::vector<std::int64_t> integers;
    std::vector<double> numbers;
    std::vector<std::string_view> texts;   ///< into the owners of TableData
    std::vector<std::uint8_t> null;        ///< 1 = SQL NULL; empty when there is none
    std::vector<std::string_view> shown;   ///< shown instead of the value (a unit per row, a shorter text); sorting, filters, tooltips
                                           ///< and files keep the value. Empty: the value itself is shown
    std::vector<std::vector<float>> sparks;  ///< a small line before the text; empty when there is none
    Qt::TextElideMode elide = Qt::ElideRight;  ///< what goes when a text has no room: paths and class names end in what tells

    // chosen by finish_column()
    ScaledUnit scale;      ///< for durations and bytes
    int decimals = 0;
    double largest = 0;    ///< of the absolute values, in raw units

    bool is_null(std::size_t row) const { return !null.empty() && null[row]; }
    bool is_text() const { return kind == Kind::text; }
    /// Numbers stand under each other's digits; texts and instants, which are equally long, begin at the left.
    Qt::Alignment alignment() const { return Qt::AlignVCenter | (is_text() || kind == Kind::instant ? Qt::AlignLeft : Qt::AlignRight); }
    /// The raw value as a number; 0 for texts and NULL.
    double number(std::size_t row) const;
};

/// A table in columns, immutable once it is shown.
struct TableData {
    std::vector<TableColumn> columns;
    std::size_t rows = 0;
    bool cut = false;      ///< the query had more rows than were fetched
    std::vector<std::shared_ptr<const void>> owners;  ///< keep what the texts point into
    std::deque<std::string> made;                     ///< texts made for this table

    std::string_view keep(std::string text) { return made.emplace_back(std::move(text)); }
};

/// Chooses scale and decimals so that a typical value shows three digits and all cells of the column share a unit.
void finish_column(TableColumn& column);
void finish_table(TableData& table);

/// A cell as it is shown: one line, in the column's unit.
QString cell_text(const TableColumn& column, std::size_t row, TimeZoneMode zone);
/// A cell with nothing rounded or cut, unit included.
QString exact_cell_text(const TableColumn& column, std::size_t row, TimeZoneMode zone);
/// The value for files: as the query gave it.
std::string raw_cell_text(const TableColumn& column, std::size_t row);
/// "duration (ms)".
QString header_text(const TableColumn& column, TimeZoneMode zone);

}  // namespace casebook
