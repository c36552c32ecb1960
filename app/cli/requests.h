#pragma once

// What several commands take: the options, and how their words become the engine's requests.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/runner.h"
#include "app/cli/command.h"

#include <vector>

namespace casebook::cli {

/// --as --service --at of import and diagnose.
std::vector<Option> import_options();
/// Error usage: an unknown importer, a time that is none.
Result<ImportOptions> import_request(const Arguments& arguments);

/// The options of analyze, also taken by diagnose.
std::vector<Option> analyze_options();
/// Error usage: --from without --to, a number that is none, an unknown analyzer or threshold.
Result<AnalyzeOptions> analyze_request(const Arguments& arguments);

/// Two lists of options after each other.
std::vector<Option> operator+(std::vector<Option> first, const std::vector<Option>& second);

/// A time of the command line. Error usage naming the option or word it was given for.
Result<std::int64_t> instant_request(std::string_view given_for, const std::string& text);

}  // namespace casebook::cli
