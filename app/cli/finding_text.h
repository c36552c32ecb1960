#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/store/finding_decisions.h"
#include "analyzers/store/query.h"
#include "analyzers/store/verdict_history.h"

#include <string>
#include <vector>

namespace casebook::cli {

/// What the case remembers of a finding beside the analysis.
struct FindingMemory {
    FindingDecision decision;
    std::vector<VerdictChange> history;  ///< oldest first
};

/// A finding with everything it rests on, for reading. `rows` holds what each evidence query returned, in order.
std::string finding_text(const Finding& finding, const std::vector<Result<QueryResult>>& rows, const FindingMemory& memory,
                         int width, bool color);

/// The finding as analyze prints it; each evidence has its rows as "result", an array of objects (null when its query
/// could not be run again). What was decided about it is its "decision", how the verdict changed its "history".
std::string finding_json(const Finding& finding, const std::vector<Result<QueryResult>>& rows, const FindingMemory& memory);

}  // namespace casebook::cli
