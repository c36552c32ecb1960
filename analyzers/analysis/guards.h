#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/trace/span_doubts.h"

#include <optional>
#include <string>

namespace casebook {

/// What is wrong with a recording, as its reader should know it, and what mends it.
struct Doubt {
    std::string text;     ///< "12 % of the traces are cut off: spans inside are missing"
    std::string command;  ///< what to do for a recording without it
};

/// The limits of `common.damaged_share` (%) and `common.clock_skew` (ms).
struct DoubtLimits {
    double damaged_share = 5, clock_skew_ms = 5;
};

std::optional<Doubt> doubt_of_cut(const SpanDoubts::Counts& counts, const DoubtLimits& limits);
std::optional<Doubt> doubt_of_trimming(const SpanDoubts::Counts& counts, const DoubtLimits& limits);
std::optional<Doubt> doubt_of_choice(const SpanDoubts::Counts& counts, const DoubtLimits& limits);
/// Of calls that only one side timed, where a rule has no other clock, or of all.
std::optional<Doubt> doubt_of_clocks(const SpanDoubts::Counts& counts, const DoubtLimits& limits, bool one_sided_only);

/// Whether two sources of findings (span metric statement session gc) were recorded at the same time, a step of a usual series
/// more or less; true when one has no times. Errors: caseFile.
Result<bool> recorded_together(CaseEvidence& evidence, std::string_view one, std::string_view other);

/// Takes back what the recording cannot bear out, by what the analyzer of `context` takes for granted (Analyzer::guards): findings
/// from spans of a service with doubtful traces become inconclusive and say why in their note; so do findings that rest on kinds of
/// evidence that were never recorded at the same time; `answer`, when nothing was found and it says no. Errors: caseFile, cancelled.
Status apply_guards(AnalysisContext& context, Answer& answer);

}  // namespace casebook
