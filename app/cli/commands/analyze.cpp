#include "app/cli/analysis.h"
#include "app/cli/command.h"
#include "app/cli/requests.h"
#include "app/cli/terminal.h"

namespace casebook::cli::commands {

namespace {

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    TRY_ASSIGN(const AnalyzeOptions options, analyze_request(arguments));
    TRY_ASSIGN(const auto file, open_to_analyze(arguments.value("CASE"), terminal));
    TRY_ASSIGN(const AnalysisReport report, casebook::analyze(*file, options, terminal.control()));
    const int status = print_analysis(report, arguments, terminal);
    const std::string path = arguments.value("CASE");
    if (!arguments.has("--json")) terminal.remark("next: casebook-cli walk " + path + " says what to do, casebook-cli show " + path + " KEY proves a finding");
    return status;
}

}  // namespace

extern const Command analyze;
const Command analyze{
    "analyze",
    "CASE [--from T --to T | --window NAME] [--baseline NAME] [--symptom ID] [--only ID,..] [--set NAME=VALUE] [--json] "
    "[--exit-code]",
    "ask every question of the case and print the answers with their proof",
    "Verdicts: confirmed, suspected, inconclusive, ruled_out, not_enough_evidence (which names what to bring).\n"
    "casebook-cli show CASE KEY prints one finding whole, with the rows that prove it.",
    {{"CASE", "the case file"}},
    analyze_options(),
    run,
};

}  // namespace casebook::cli::commands
