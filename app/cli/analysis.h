#pragma once

#include "analyzers/playbook/runner.h"
#include "app/cli/command.h"

namespace casebook::cli {

class Terminal;

/// Prints a report as --json or for a person, and answers the exit status that --exit-code asks for.
int print_analysis(const AnalysisReport& report, const Arguments& arguments, Terminal& terminal);

/// Opens the case for writing; when that is not possible (another program has it, read-only medium) for reading, with
/// a remark that the findings are not kept.
Result<std::unique_ptr<CaseFile>> open_to_analyze(const std::string& path, Terminal& terminal);

}  // namespace casebook::cli
