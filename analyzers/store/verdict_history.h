#pragma once

#include "analyzers/store/case_file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace casebook {

/// One change of one verdict, as the case remembers it.
struct VerdictChange {
    std::int64_t at_ns = 0;  ///< when it was analyzed
    std::string analyzer;
    std::string key;         ///< of a finding; empty for the analyzer's answer as a whole
    std::string before;      ///< verdict until then by its name ("suspected"); empty when there was none
    std::string verdict;     ///< empty when the finding is no longer found
    std::string cause;       ///< what had changed: "plan.json was imported"
};

/// All changes, oldest first. Error caseFile.
Result<std::vector<VerdictChange>> verdict_history(CaseFile& file);

/// Appends what differs from the verdicts remembered last, inside the caller's transaction: `now` holds the analyzers'
/// answers and findings of an analysis (at_ns, analyzer, key, verdict). A finding remembered of one of these analyzers
/// that is not among them gets its analyzer's answer when that says it is not there, else an empty verdict.
Status append_verdict_changes(CaseFile& file, const std::vector<VerdictChange>& now, const std::string& cause, std::int64_t at_ns);

}  // namespace casebook
