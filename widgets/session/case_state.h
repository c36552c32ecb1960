#pragma once

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/case_file.h"

#include <memory>
#include <vector>

namespace casebook {

/// What the panels show of a case, read from it in one go by the job that changed it.
struct CaseState {
    std::vector<ImportedFile> ledger;
    std::vector<WindowRow> windows;
    std::shared_ptr<const AnalysisReport> report;  ///< null when it was never analyzed
    bool report_stale = false;
};

/// Not for the GUI thread. Errors: caseFile.
Result<CaseState> read_case_state(CaseFile& file);

/// The import ledger with its notes, in order of import.
Result<std::vector<ImportedFile>> read_ledger(CaseFile& file);

}  // namespace casebook
