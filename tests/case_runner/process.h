#pragma once

#include <string>
#include <vector>

namespace casebook::tests {

struct ProcessOptions {
    std::string input;            ///< file for its standard input; empty: nothing to read
    std::string home;             ///< its HOME
    int seconds = 60;             ///< it is killed after
    int interrupt_after_ms = -1;  ///< it gets SIGINT after; never when negative
};

struct Finished {
    int exit_status = -1;
    int signal = 0;          ///< that ended it; 0 when it exited
    bool timed_out = false;  ///< it was killed
    std::string out, err;
    std::string failure;     ///< it could not be started: why
};

/// Runs a program and waits for it. The environment is this one, without colours and in UTC.
Finished run_process(const std::vector<std::string>& command, const ProcessOptions& options);

}  // namespace casebook::tests
