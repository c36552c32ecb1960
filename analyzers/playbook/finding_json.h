#pragma once

#include "analyzers/core/json_writer.h"
#include "analyzers/playbook/runner.h"

#include <span>
#include <string>
#include <string_view>

namespace casebook {

/// `results`: JSON arrays with the rows of each evidence, in order, written as its "result"; none: left out.
void write_json(JsonWriter& json, const Finding& finding, std::span<const std::string> results = {});
/// Reads back what to_json(AnalysisReport) wrote; a stored report of a hand-edited case may be anything.
/// Error caseFile when it is not a report.
Result<AnalysisReport> report_from_json(std::string_view text);

}  // namespace casebook
