#pragma once

#include "analyzers/analysis/evidence.h"

namespace casebook {

/// What a series of role error_rate counts as everything: 1 or 100 for a share of the requests, 0 for errors per second,
/// told by name and unit, else by values that no share can have.
double whole_of(const Series& error_rate);

}  // namespace casebook
