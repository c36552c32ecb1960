#pragma once

#include "app/cli/command.h"

#include <span>

namespace casebook::cli {

/// Every command there is, in the order in which `--help` lists them.
std::span<const Command* const> all_commands();

/// The command of that name; null when there is none.
const Command* find_command(std::string_view name);

/// The command whose name is closest to a mistyped one; null when none is close.
const Command* closest_command(std::string_view mistyped);

}  // namespace casebook::cli
