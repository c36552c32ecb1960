#pragma once

#include "app/cli/command.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook::cli {

/// Options that every command takes besides its own: --quiet and --help.
const std::vector<Option>& common_options();

/// Reads the words after the command's name. Error usage for what the command does not take or lacks.
Result<Arguments> parse(const Command& command, const std::vector<std::string>& words);

}  // namespace casebook::cli
