#pragma once

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/case_file.h"
#include "analyzers/store/finding_decisions.h"
#include "analyzers/store/verdict_history.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace casebook {

class CaseAccess;

/// What the panels show of a case, read from it in one go by the job that changed it.
struct CaseState {
    std::vector<ImportedFile> ledger;
    std::vector<WindowRow> windows;
    std::shared_ptr<const AnalysisReport> report;  ///< null when it was never analyzed
    bool report_stale = false;
    std::map<std::pair<std::string, std::string>, FindingDecision> decisions;  ///< by analyzer and key
    std::map<std::string, double> thresholds;                                  ///< set for this case, by full name
    std::vector<VerdictChange> history;                                        ///< oldest first
};

/// Not for the GUI thread. Errors: caseFile.
Result<CaseState> read_case_state(CaseFile& file);

/// Runs `change` on the writing connection, then reads the case's state anew. For jobs of Lane::write.
Status change_and_read(CaseAccess& access, CaseState& state, const std::function<Status(CaseFile&)>& change);

/// The import ledger with its notes, in order of import.
Result<std::vector<ImportedFile>> read_ledger(CaseFile& file);

}  // namespace casebook
