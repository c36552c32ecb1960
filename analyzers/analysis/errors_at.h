#pragma once

#include "analyzers/analysis/context.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace casebook {

/// What failed at these moments (within 30 s) and does not fail as often at other times; nothing when nothing did: requests or
/// calls of the database in spans, error counters and error rates by metrics (twice the share or rate of other times,
/// and 0.1 points more, as the symptom of errors has it), or an event that is an error. Errors: caseFile, cancelled.
Result<std::optional<Evidence>> errors_at(AnalysisContext& context, std::vector<std::int64_t> moments);

} // namespace casebook
