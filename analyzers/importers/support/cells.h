#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace casebook {

/// Factor from a unit's name to milliseconds ("ms", "s", "seconds", "us", "ns", "minutes", ...).
std::optional<double> unit_to_ms(std::string_view unit);

/// NULL as tools spell it in a cell: empty, \N, NULL, (null), <null>, [NULL], ∅, n/a, -.
bool is_null_text(std::string_view cell);

/// A whole number: grouping by ',', '.', ' ' or ' in threes allowed, also "12.0" and "1e6" when exact.
std::optional<std::int64_t> cell_int(std::string_view cell);
/// A finite number. A decimal comma is understood: always in "0,25" and "1.234,5"; "1,234" is decimal when
/// `comma_is_decimal` (cells of a table that ';' or tabs separate), else grouped.
std::optional<double> cell_double(std::string_view cell, bool comma_is_decimal);
/// A number with its unit behind it, as dashboards print cells: "1.5 ms", "45%", "1.2 GiB", "980 µs", "12 req/s".
/// Durations come as ms, sizes as By; other units stay as written. Nothing when it does not begin with a number.
struct Quantity {
    double value = 0;
    std::string unit;
};
std::optional<Quantity> cell_quantity(std::string_view cell, bool comma_is_decimal);
/// Milliseconds: a number in the column's unit, or text with its own ("1.5 s", "00:00:04.009", "1 day 02:03:04",
/// "PT4.5S").
std::optional<double> cell_ms(std::string_view cell, double to_ms, bool comma_is_decimal);
/// t, true, yes, on, 1 and their opposites.
std::optional<bool> cell_bool(std::string_view cell);
/// As parse_instant, and the forms of other tools: "2022-08-22 03:51:19.57 +0000 UTC m=+0.07", "2026/11/23 00:00:01".
std::optional<std::int64_t> cell_instant(std::string_view cell);

}  // namespace casebook
