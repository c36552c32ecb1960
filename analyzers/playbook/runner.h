#pragma once

#include "analyzers/analysis/options.h"
#include "analyzers/core/analyzer.h"
#include "analyzers/core/control.h"
#include "analyzers/core/finding.h"
#include "analyzers/playbook/symptoms.h"
#include "analyzers/store/case_file.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

struct AnalyzerVerdict {
    std::string analyzer;
    Answer answer;          ///< verdict of the strongest finding, or the analyzer's own answer
    double seconds = 0;     ///< for the jobs panel; never part of the output
};

struct ThresholdOverride { std::string name; double value = 0, default_value = 0; };

struct AnalysisReport {
    std::string case_name;                  ///< file name without directory
    std::vector<WindowRow> windows;         ///< as used: named by the user or proposed
    std::string windows_proposed;           ///< what changed, when windows come from change points; empty else
    double slow_time = 0;                   ///< seconds of slow requests per second of the analysed window; 0 without spans
    std::vector<ThresholdOverride> thresholds;
    std::vector<SymptomMatch> symptoms;     ///< from 0.4, highest first
    std::vector<AnalyzerVerdict> verdicts;  ///< one per analyzer that ran, by id
    std::vector<Finding> findings;          ///< contract order
    std::vector<std::string> asked;         ///< analyzers that ran for it, as opposed to answers that were reused; never part of the output
};

/// Runs every analyzer (or `only`) and stores verdicts and findings in the case when it is writable. Deterministic.
/// Blocks; call it off the GUI thread. Errors: usage (unknown window, analyzer, threshold), caseFile, cancelled.
Result<AnalysisReport> analyze(CaseFile& file, const AnalyzeOptions& options, const Control& control);

/// The report of the last analyze() that is stored in the case; `stale` when rows changed since.
/// Also stale when the case's thresholds are not those it was made with.
struct StoredReport { AnalysisReport report; bool stale = false; };
Result<std::optional<StoredReport>> stored_report(CaseFile& file);

std::string to_json(const AnalysisReport& report);
std::string to_json(const Finding& finding);
/// Plain text for a terminal: what a person reads first. `color` uses ANSI colours.
std::string to_terminal(const AnalysisReport& report, bool color);

}  // namespace casebook
