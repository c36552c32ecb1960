#pragma once

#include "analyzers/playbook/report_inputs.h"
#include "analyzers/playbook/runner.h"

namespace casebook {

/// The report stored in the case with what it was made from.
struct PreviousReport {
    AnalysisReport report;        ///< relations as the analyzers said them (relations.h): other verdicts may bear out others
    AnalysisInputs inputs;
    std::int64_t generation = 0;  ///< of the rows it was made from
};
/// Nothing when the case was never analyzed. Error caseFile.
Result<std::optional<PreviousReport>> previous_report(CaseFile& file);

/// Replaces the stored report and remembers how verdicts changed, in one transaction. `report` has relations as the analyzers
/// said them.
Status store_report(CaseFile& file, const AnalysisReport& report, const AnalysisInputs& inputs);

}  // namespace casebook
