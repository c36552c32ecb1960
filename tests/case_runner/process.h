#pragma once

#include <string>
#include <vector>

namespace casebook::tests {

struct Finished {
    int exit_status = -1;
    int signal = 0;          ///< that ended it; 0 when it exited
    bool timed_out = false;  ///< it was killed
    std::string out, err;
    std::string failure;     ///< it could not be started: why
};

/// Runs a program and waits for it. `input` is a file for its standard input; empty: nothing to read. The environment
/// is this one, less colours, with UTC and HOME set to `home`. Killed after `seconds`.
Finished run_process(const std::vector<std::string>& command, const std::string& input, const std::string& home, int seconds);

}  // namespace casebook::tests
