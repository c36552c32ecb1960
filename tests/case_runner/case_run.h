#pragma once

#include <iosfwd>
#include <string>

namespace casebook::tests {

struct RunOptions {
    std::string program;  ///< casebook-cli
    bool update = false;  ///< write what is printed in place of what was expected
};

enum class Outcome { passed, failed, skipped };

/// Runs one case file in a folder of its own and says on `log` what differs.
Outcome run_case(const std::string& path, const RunOptions& options, std::ostream& log);

/// The runner on itself, with a shell script in place of the program.
bool self_test();

}  // namespace casebook::tests
