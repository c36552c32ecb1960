#pragma once

#include "analyzers/core/finding.h"

#include <cstdint>
#include <vector>

namespace casebook {

/// A case may hold recordings of several days or runs. What lies beyond a hole, ten seconds and a hundred times the usual
/// pause, is another recording; a hole beside one of `changes` (releases, restarts, within 15 s) is the change itself and
/// belongs to the recording. `starts_ns` in order of time; ranges are half-open, in order, and cover every start.
std::vector<TimeRange> recordings(const std::vector<std::int64_t>& starts_ns, const std::vector<std::int64_t>& changes_ns);

}  // namespace casebook
