#pragma once

#include "analyzers/core/instant.h"
#include "analyzers/store/database.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace casebook {

/// A column with an instant. A case edited by hand may hold anything: the nearest instant that evidence can have.
inline std::optional<std::int64_t> instant_at(const Statement& rows, int column)
{
    if (rows.is_null(column)) return {};
    return clamp_instant(rows.integer(column));
}

/// Counts beyond what a double holds exactly are nobody's; within it, sums over all rows of a case do not overflow.
inline std::int64_t count_at(const Statement& rows, int column)
{
    constexpr std::int64_t limit = std::int64_t{1} << 53;
    return std::clamp(rows.integer(column), -limit, limit);
}

inline std::optional<std::int64_t> optional_count_at(const Statement& rows, int column)
{
    if (rows.is_null(column)) return {};
    return count_at(rows, column);
}

}  // namespace casebook
