#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace casebook {

class CaseFile;

/// pg_stat_user_tables about one table at one moment.
struct TableState {
    std::string name;                                                   ///< without schema public
    std::string database;                                               ///< empty when not said
    std::string window;                                                 ///< the one it was imported with
    std::optional<std::int64_t> at_ns, last_vacuum_ns, last_analyze_ns; ///< the later of manual and automatic
    std::optional<double> live, dead, size_bytes, modified;

    /// Dead rows per live row; a table of dead rows only has 1 or more. 0 when not known.
    double dead_share() const;
    bool is_full_of_dead_rows(double share_percent, double rows) const;
    /// Blocks of 8 kB per live row; nothing when size or rows are not known.
    std::optional<double> blocks_per_row() const;
};

using TableHistory = std::vector<TableState>;
using TableStates = std::map<std::pair<std::string, std::string>, TableHistory>; ///< by database and name

/// States of every table in time order (those without time first). Errors: caseFile, cancelled.
Result<TableStates> load_table_states(CaseFile& file, const Control& control);

/// "orders" of "shop.orders": a plan without VERBOSE names no schema.
std::string_view bare_table(std::string_view name);

/// The history of the table a plan means: of that schema when the plan says it, else the one of this name, else the one
/// of them in schema public. Null when there is none, or when several fit.
const TableHistory* history_of(const TableStates& states, std::string_view schema, std::string_view relation);

} // namespace casebook
