#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
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
    /// Blocks of 8 kB per live row; nothing when size or rows are not known.
    std::optional<double> blocks_per_row() const;
};

/// States of every table in time order (those without time first), by database and name. Errors: caseFile, cancelled.
Result<std::map<std::pair<std::string, std::string>, std::vector<TableState>>>
load_table_states(CaseFile& file, const Control& control);

} // namespace casebook
