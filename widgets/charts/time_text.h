#pragma once

#include <QString>
#include <cstdint>
#include <vector>

namespace casebook {

/// Whether instants are shown in UTC or in the zone of this computer.
enum class TimeZoneMode { utc, local };

/// "UTC", or the offset of the local zone at that instant: "UTC+02:00".
QString zone_text(TimeZoneMode mode, std::int64_t at_ns);
/// "2026-11-23 01:41:12.511"; `digits` of the second's fraction, 0 to 9.
QString instant_text(std::int64_t at_ns, TimeZoneMode mode, int digits = 3);
/// As a person reads it: "212 ms". Source of the rounding: analyzers/core/text.h.
QString duration_text(std::int64_t duration_ns);
/// With nothing rounded: "212.345678 ms".
QString exact_duration_text(std::int64_t duration_ns);
QString count_text(std::int64_t count);   ///< "1,234,567"
QString bytes_text(double bytes);         ///< "1.2 MB"
QString exact_bytes_text(std::int64_t bytes);  ///< "1,234,567 B"

/// One unit for a whole axis or column.
struct ScaledUnit {
    const char* name = "ns";
    double size = 1;     ///< nanoseconds (or bytes) per unit
    bool operator==(const ScaledUnit&) const = default;
};
/// The largest of ns, us, ms, s, min, h that leaves `largest_ns` at 1 or more (min and h from 10 on).
ScaledUnit unit_for_duration(double largest_ns);
/// B, kB, MB, GB, TB (powers of 1000).
ScaledUnit unit_for_bytes(double largest_bytes);

/// Round positions for about `wanted` ticks in [from, to]: steps of 1, 2 or 5 times a power of ten. Never more than
/// 4 * wanted + 2; empty when the range is empty or not finite.
std::vector<double> round_ticks(double from, double to, int wanted);

}  // namespace casebook
