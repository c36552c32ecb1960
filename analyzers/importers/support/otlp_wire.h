#pragma once

#include "analyzers/importers/support/wire.h"

#include <cstdint>
#include <string_view>

namespace casebook {

enum class OtlpSignal : std::uint8_t { none, traces, metrics, logs };

/// Field numbers all three requests share (opentelemetry-proto): request.1 = resource element; in it 1 = resource,
/// 2 = scope element (1000 in releases 0.15 to 0.19 for the old name); in it 1 = scope, 2 = records.
inline constexpr std::uint32_t resource_element_field = 1, resource_field = 1, scope_element_field = 2,
                               old_scope_element_field = 1000, scope_field = 1, record_field = 2;

/// What a record is: the three share no field of the same number and wire type that each always has.
OtlpSignal signal_of_record(std::string_view record);
/// What the records of a resource element are; none when it has none.
OtlpSignal signal_of_resource(std::string_view resource_element);

/// Whether the bytes, which may break off, read as an OTLP request: tags and types of every level down to a record
/// or an attribute fit, and one of these was seen.
bool looks_like_otlp(std::string_view request);

/// How messages stand in a file.
enum class OtlpFraming : std::uint8_t {
    none,      ///< not OTLP
    raw,       ///< the file is one message, or several simply one after the other (which reads the same)
    fixed32,   ///< a big-endian 32-bit length before each: the collector's file exporter
    varint,    ///< a varint length before each: protobuf's writeDelimited
};
OtlpFraming otlp_framing(std::string_view head);

}  // namespace casebook
