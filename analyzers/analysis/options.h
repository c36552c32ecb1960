#pragma once

#include "analyzers/core/finding.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// What a person asks of an analysis.
struct AnalyzeOptions {
    std::optional<TimeRange> range;   ///< --from --to
    std::string window;               ///< --window
    std::string baseline;             ///< --baseline
    std::string symptom;  ///< listed first, as what the user sees; all questions are asked
    std::vector<std::string> only;    ///< analyzer ids; empty = all
    std::map<std::string, double> thresholds;  ///< --set, by full name
    /// Takes over the answers of the stored report that would be the same again: those of analyzers that looked at no
    /// threshold that changed, while rows and windows are the same. The result is that of a full run.
    bool reuse = false;
};

}  // namespace casebook
