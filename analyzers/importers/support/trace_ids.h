#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace casebook {

struct TraceId {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const TraceId&) const = default;
};

/// How an id came to be.
enum class IdForm : std::uint8_t {
    plain,    ///< hex or bytes, as formats say
    encoded,  ///< base64, base64 of hex, 0x hex or decimal: as some writers do, without doubt about the value
    hashed,   ///< no known form: a hash of the text
    missing,  ///< empty, null or all zero
};

/// How digits are to be taken.
enum class IdStyle : std::uint8_t {
    otlp,  ///< 32/16 hex digits; also base64, 0x hex, and decimal when all are digits and the length is another
    hex,   ///< hex of any length up to 32/16, leading zeros may be missing (Jaeger, Zipkin)
};

/// Reads a trace id. Forms seen in the wild: hex of either case; base64 (standard or URL alphabet) of the 16 bytes,
/// as in protobuf's JSON mapping; base64 of the hex text; 0x-prefixed; decimal up to 128 bits.
IdForm parse_trace_id(std::string_view text, IdStyle style, TraceId& id);
/// Reads a span id, likewise with 8 bytes. A longer hex id gives its last 64 bits.
IdForm parse_span_id(std::string_view text, IdStyle style, std::uint64_t& id);
/// Ids as bytes, big-endian (protobuf).
IdForm trace_id_from_bytes(std::string_view bytes, TraceId& id);
IdForm span_id_from_bytes(std::string_view bytes, std::uint64_t& id);

/// Appends 32 or 16 lower-case hex digits.
void append_hex(std::string& out, TraceId id);
void append_hex(std::string& out, std::uint64_t id);

/// A well-spread number of two; never 0. For ids that stand in for missing ones (splitmix64's finaliser).
std::uint64_t mix_ids(std::uint64_t a, std::uint64_t b);

/// Bytes of base64 text (either alphabet, padding optional). False when it is none.
bool decode_base64(std::string_view text, std::string& bytes);
/// Standard base64 with padding.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace casebook
