#pragma once

#include "app/cli/command.h"

#include <string>

namespace casebook::cli {

/// What `casebook-cli --help` prints: every command with one line each.
std::string overview();

/// What `casebook-cli COMMAND --help` prints.
std::string help_of(const Command& command);

}  // namespace casebook::cli
