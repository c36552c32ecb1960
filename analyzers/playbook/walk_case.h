#pragma once

#include "analyzers/playbook/runner.h"
#include "analyzers/playbook/walk.h"

namespace casebook {

/// Baseline, sampling and clocks of a case. Errors: caseFile, cancelled.
Result<std::vector<WalkCheck>> walk_checks(CaseEvidence& evidence, const AnalysisWindows& windows, const std::string& case_path);

/// What brings the evidence for a cell of the symptom table ("cpu", "hit_ratio").
Missing missing_cell(std::string_view cell);

/// The walk of a report: `symptom`, or when empty the one that matches best, else `unknown`. Error usage: unknown symptom.
Result<Walk> walk_report(CaseEvidence& evidence, const AnalysisWindows& windows, const AnalysisReport& report, const std::string& symptom);

/// The walk of a case: over the stored analysis when it is complete and nothing was imported since, else over a fresh one.
/// Blocks; call it off the GUI thread. Errors: usage, caseFile, cancelled.
Result<Walk> walk_case(CaseFile& file, const std::string& symptom, const Control& control);

/// CONTRACT section 5, with "title", "checks", "mitigation", "causes" and per question "reason", per step "actions" added.
std::string to_json(const Walk& walk);

}  // namespace casebook
