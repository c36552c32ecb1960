#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/options.h"

namespace casebook {

/// Which windows an analysis uses, by CONTRACT's rules: --from/--to, --window, the incident window, else the whole case;
/// --baseline, the baseline window, else the case before the incident, else what change points propose.
/// Error usage for an unknown window name.
Result<AnalysisWindows> choose_windows(CaseEvidence& evidence, const AnalyzeOptions& options);

}  // namespace casebook
