#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace casebook {

/// Nanoseconds since the epoch from ISO 8601 (date alone, or date and time with 'T' or space, fraction with '.' or
/// ',', zone Z, +hh:mm, +hhmm or +hh; UTC without a zone) or from epoch seconds (with or without fraction),
/// milliseconds, microseconds or nanoseconds, told by magnitude. Nothing when it is neither, or outside 1678..2262.
std::optional<std::int64_t> parse_instant(std::string_view text);

/// Epoch nanoseconds from an integer in s, ms, us or ns, told by magnitude.
std::optional<std::int64_t> instant_from_number(std::int64_t number);

/// Instants that evidence can have: 1970 to 2116. The difference of two of them, and one plus a duration, fit in 64 bits.
inline constexpr std::int64_t earliest_instant_ns = 0, latest_instant_ns = std::int64_t{1} << 62;
/// Half of that: longer than anything that was ever measured.
inline constexpr std::int64_t longest_duration_ns = std::int64_t{1} << 61;

/// The nearest of them. Applied to what a case file says: another program may have written anything there.
constexpr std::int64_t clamp_instant(std::int64_t at_ns) { return std::clamp(at_ns, earliest_instant_ns, latest_instant_ns); }
constexpr std::int64_t clamp_duration(std::int64_t ns) { return std::clamp(ns, std::int64_t{0}, longest_duration_ns); }

/// ISO 8601 in UTC, as many fraction digits as are needed in groups of three: 2026-11-23T01:41:12.511Z.
std::string format_instant(std::int64_t at_ns);

/// The time a file name carries, as in `snapshot_1_20261123T014039Z.csv` or `heap-2026-11-23T01:40:39Z.txt`.
std::optional<std::int64_t> instant_in_file_name(std::string_view path);

}  // namespace casebook
