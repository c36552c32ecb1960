#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace casebook {

/// A scan for the bracket that closes a JSON value, which may be fed in pieces. Start one at the opening bracket with
/// a fresh object; feed the next piece with the same object.
struct JsonScan {
    std::uint64_t depth = 0;        ///< brackets open at the end of what was fed
    std::uint64_t in_string = 0;    ///< all ones inside a string
    std::uint64_t escaped = 0;      ///< 1 when the next byte is escaped
    std::uint64_t after_newline = 0;  ///< 1 when the last byte was a line feed
    std::uint64_t backslashes = 0;  ///< non-zero when any was seen
    std::uint64_t newlines = 0;     ///< line feeds up to the end of the value, or of what was fed
};

enum class ScanStop {
    closed,    ///< `length` bytes of the piece end the value
    ran_out,   ///< the piece ended inside the value
    new_line,  ///< at `length` stands a '{' at the start of a line: the caller judges whether a new document begins
};

struct ScanResult {
    ScanStop stop = ScanStop::ran_out;
    std::size_t length = 0;
};

/// Counts brackets outside strings, 64 bytes a step (AVX2 where the processor has it, SSE2 or plain words otherwise).
/// Stops at a '{' after a line feed only when `stop_at_new_line`; feeding from there on with the same `scan` goes on
/// past it. Brackets are not matched by kind: the parser that gets the value judges that.
ScanResult scan_json(std::string_view piece, JsonScan& scan, bool stop_at_new_line);

namespace detail {
// The single implementations, for tests and measurements.
ScanResult scan_json_plain(std::string_view piece, JsonScan& scan, bool stop_at_new_line);
#if defined(__x86_64__)
ScanResult scan_json_sse2(std::string_view piece, JsonScan& scan, bool stop_at_new_line);
ScanResult scan_json_avx2(std::string_view piece, JsonScan& scan, bool stop_at_new_line);
bool have_avx2();
#endif
}  // namespace detail

}  // namespace casebook
