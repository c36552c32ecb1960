#pragma once

#include "analyzers/core/importer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace casebook {

/// A line that begins a pause as JDK 8 and older log it: time stamps, then "[GC" or "[Full GC".
bool is_legacy_gc_line(std::string_view line);

/// Pauses out of the lines of -XX:+PrintGC and -XX:+PrintGCDetails, any collector:
///   2013-10-19T10:00:00.123+0200: 0.305: [GC (Allocation Failure) [PSYoungGen: 16384K->256K(18944K)]
///   16384K->256K(62976K), 0.0012345 secs] 0.305: [GC pause (G1 Evacuation Pause) (young), 0.0042 secs]
///      [Eden: 24.0M(24.0M)->0.0B(13.0M) Survivors: 0.0B->3072.0K Heap: 24.0M(256.0M)->5000.0K(256.0M)]
/// A record may be spread over lines and have other output in its middle; it ends where its brackets close.
class LegacyGcLog {
public:
    /// `head`: the beginning of the log, where a pause may be met before the collector is told.
    LegacyGcLog(ImportContext& context, std::string_view head);

    Status take_line(std::string_view line, std::int64_t number);
    /// Call once at the end.
    Status finish();

private:
    struct Stamps {
        std::optional<std::int64_t> at_ns, uptime_ns;
    };

    static Stamps stamps_before(std::string_view prefix);
    Status begin(std::string_view line, std::size_t start, std::int64_t number);
    /// Adds text to the open record; gives the number of bytes that belong to it.
    std::size_t append(std::string_view text);
    Status close();
    Status write();
    void take_heap_line(std::string_view line);

    ImportContext& context_;
    std::string record_;  ///< of the open record, from its bracket on
    std::int64_t depth_ = 0;
    std::int64_t first_line_ = 0, lines_ = 0;
    Stamps stamps_;
    bool open_ = false;

    struct Pause {
        std::string kind, cause;
        std::string_view collector;  ///< a literal
        double ms = 0;
        std::optional<std::int64_t> at_ns, before, after, capacity;
    } pause_;
    bool waiting_ = false;        ///< pause_ is complete but for the heap that G1 prints below
    std::string_view collector_;  ///< the last one told
    bool time_noted_ = false;
};

}  // namespace casebook
