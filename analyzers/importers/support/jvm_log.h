#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace casebook {

/// What stands in brackets before the message of a JVM unified log line, in any subset and order
/// (java -Xlog:...:time,utctime,uptime,timemillis,uptimemillis,timenanos,uptimenanos,hostname,pid,tid,level,tags).
struct JvmLogLine {
    std::optional<std::int64_t> at_ns;      ///< wall clock
    std::optional<std::int64_t> uptime_ns;  ///< since the start of the process
    std::string_view level;                 ///< "info"; empty when not given
    std::string_view tags;                  ///< "gc,start"; empty when not given
    std::string_view message;               ///< the rest, leading blanks kept
    int decorations = 0;

    bool has_tag(std::string_view tag) const;
};

JvmLogLine parse_jvm_log_line(std::string_view line);
/// The message alone, without a look at the decorations: ten times as fast, to pass over lines of no interest.
std::string_view jvm_log_message(std::string_view line);

/// "GC(12) Pause ..." cut into the number and the rest (leading blanks dropped). Nothing without the prefix.
std::optional<std::int64_t> take_gc_id(std::string_view& message);

/// "75M", "128K", "1.5G", "512B" or "96" (bytes) at the start of `text`, which moves behind it.
std::optional<std::int64_t> take_heap_size(std::string_view& text);

}  // namespace casebook
