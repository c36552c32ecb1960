#pragma once

#include "analyzers/analysis/evidence.h"
#include "analyzers/core/finding.h"

#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Analyzer::needs taken apart: groups that must all hold; a group holds when one of its alternatives does; an
/// alternative holds when the case has all of its atoms.
using NeedGroups = std::vector<std::vector<std::vector<std::string>>>;
NeedGroups parse_needs(std::string_view needs);

/// What is missing for the needs to hold: per group that does not hold, its alternative that lacks least. Empty when all hold.
Result<std::vector<Missing>> missing_for(std::string_view needs, CaseEvidence& evidence);

/// Which of the atoms of Analyzer::improves (comma separated) the case does not have.
Result<std::vector<Missing>> improvements_for(std::string_view improves, CaseEvidence& evidence);

/// Evidence of these needs that carries no time, which --from/--to leaves out: "plan (2 files), heap_class (1 file)"; empty
/// when there is none. Errors: caseFile.
Result<std::string> undated_evidence(std::string_view needs, std::string_view improves, CaseEvidence& evidence);

/// What brings an atom: the command or setting, from the table in missing_evidence.cpp.
Missing missing_evidence(std::string_view atom, std::string why);

}  // namespace casebook
