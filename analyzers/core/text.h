#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

std::string_view trim(std::string_view text);
std::string lower(std::string_view text);                         ///< ASCII only
bool equals_ignoring_case(std::string_view a, std::string_view b); ///< ASCII only
bool contains_ignoring_case(std::string_view text, std::string_view part);
std::vector<std::string_view> split(std::string_view text, char separator);  ///< keeps empty parts
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::optional<std::int64_t> parse_int(std::string_view text);     ///< whole text, optional sign
std::optional<double> parse_double(std::string_view text);        ///< whole text; finite numbers only

/// True when the bytes are UTF-8 without NUL.
bool is_clean_utf8(std::string_view text);
/// Replaces every byte that is not part of valid UTF-8, and NUL, by U+FFFD.
std::string clean_utf8(std::string_view text);

/// Numbers as a person reads them. All use '.' and a thin grouping comma: 1,234,567.
std::string format_count(std::int64_t value);
std::string format_number(double value, int significant = 3);     ///< 0.123 12.3 1,230
std::string format_ms(double ms);        ///< "85 us" "1.20 ms" "212 ms" "3.2 s" "2 min 5 s"
std::string format_bytes(double bytes);  ///< "512 B" "1.2 MB" (powers of 1000)
std::string format_percent(double share);  ///< 0.416 -> "42 %", 0.0042 -> "0.42 %"

/// Orders "heap-2.txt" before "heap-10.txt".
bool natural_less(std::string_view a, std::string_view b);

/// 64-bit hash (XXH3); stable over versions and machines. Used in finding keys, so it never changes.
std::uint64_t hash64(std::string_view bytes);
std::string hex64(std::uint64_t value);  ///< 16 lower-case digits

}  // namespace casebook
