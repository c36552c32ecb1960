#pragma once

#include "analyzers/analysis/options.h"
#include "analyzers/store/case_file.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace casebook {

/// What a report was made from: it tells the next analysis what changed since and what need not be asked again.
struct AnalysisInputs {
    std::string program;                         ///< version that made it
    bool plain = false;                          ///< whole case, every analyzer, no thresholds of that run only
    std::map<std::int64_t, std::string> files;   ///< imported files by id, names without folders
    std::map<std::string, double> thresholds;    ///< those in force that differ from their defaults, by full name
    std::map<std::string, std::set<std::string>> reads;  ///< per analyzer asked: full names of the thresholds it looked at
};

std::string to_json(const AnalysisInputs& inputs);
/// Reads it back; what cannot be read is left out, so that everything is asked again.
AnalysisInputs inputs_from_json(std::string_view text);

/// Thresholds stored with the case that are known and differ from their defaults.
Result<std::map<std::string, double>> case_thresholds(CaseFile& file);

/// Everything but `reads`, for an analysis with these options and the thresholds in force.
Result<AnalysisInputs> describe_inputs(CaseFile& file, const AnalyzeOptions& options, std::map<std::string, double> thresholds);

/// Names of thresholds that do not have the same value in both.
std::set<std::string> changed_thresholds(const AnalysisInputs& before, const AnalysisInputs& now);

/// In words for a person: "plan.json was imported; pool.exhaustion.wait_p95 was set to 20 (was 50)". Empty when nothing
/// that is recorded differs.
std::string what_changed(const AnalysisInputs& before, const AnalysisInputs& now);

}  // namespace casebook
