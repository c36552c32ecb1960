#pragma once

#include "analyzers/core/control.h"

#include <chrono>
#include <string>

namespace casebook::cli {

/// One line on stderr that is drawn over itself. Used by one thread at a time.
class ProgressLine {
public:
    /// stderr is a terminal that understands the two control sequences used.
    static bool possible();

    /// Draws at most ten times a second.
    void draw(const Progress& progress);
    void clear();

private:
    using Clock = std::chrono::steady_clock;
    std::string what_;
    Clock::time_point started_;
    Clock::time_point drawn_;
    bool visible_ = false;
};

/// "traces.ndjson  42 %  126 MB of 300 MB  98,304 records  412 MB/s  8 s left"; `seconds` since the work on it began.
/// Work of at most a few thousand steps (analyzers) is counted, not measured: "3 of 12".
std::string describe(const Progress& progress, double seconds);

}  // namespace casebook::cli
