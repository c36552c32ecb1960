#pragma once

#include "analyzers/playbook/walk.h"

#include <string>

namespace casebook::cli {

/// A walk for a person to read: what it looks like, what to be sure of, what to do at once, the steps with their answers,
/// the conclusion and what to do next. Lines fit in `width` columns (0: not broken).
std::string walk_text(const Walk& walk, int width, bool color);

}  // namespace casebook::cli
