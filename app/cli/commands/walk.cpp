#include "analyzers/playbook/walk_case.h"
#include "app/cli/analysis.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/terminal.h"
#include "app/cli/walk_text.h"

namespace casebook::cli::commands {

namespace {

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    TRY_ASSIGN(const auto file, open_to_analyze(arguments.value("CASE"), terminal));
    TRY_ASSIGN(const Walk walk, walk_case(*file, arguments.value("--symptom"), terminal.control()));
    terminal.print(arguments.has("--json") ? to_json(walk) + "\n" : walk_text(walk, terminal.width(), terminal.color()));
    return exit_status::done;
}

}  // namespace

extern const Command walk;
const Command walk{
    "walk",
    "CASE [--symptom ID] [--json]",
    "the playbook of the symptom: questions in order with their answers, what is missing, what to do next",
    "Without --symptom the one that matches the case best is walked, or 'unknown' when none does.\n"
    "[x] confirmed, [?] suspected, [~] inconclusive, [ ] ruled out, [.] not enough evidence.",
    {{"CASE", "the case file"}},
    {
        {"--symptom", "ID", "walk this one (casebook-cli list symptoms)"},
        {"--json", "", "print JSON"},
    },
    run,
};

}  // namespace casebook::cli::commands
