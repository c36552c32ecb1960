#include "analyzers/importers/support/import_run.h"
#include "analyzers/store/case_file.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/ledger.h"
#include "app/cli/requests.h"
#include "app/cli/terminal.h"

namespace casebook::cli::commands {

namespace {

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    TRY_ASSIGN(ImportOptions options, import_request(arguments));
    options.window = arguments.value("--window");
    options.replace = arguments.has("--replace");
    TRY_ASSIGN(const auto file, CaseFile::open_or_create(arguments.value("CASE")));
    if (file->read_only())
        return fail(Error::Code::caseFile, "cannot write to " + file->path(), file->notice());
    TRY_ASSIGN(const ImportReport report, import_paths(*file, arguments.values("FILE"), options, terminal.control()));
    if (arguments.has("--json")) terminal.print(to_json(report) + "\n");
    else terminal.print(ledger_text(report, terminal.width(), terminal.color()));
    print_failures(report, terminal);
    return report.any_named_failed() ? exit_status::input : exit_status::done;
}

}  // namespace

extern const Command import;
const Command import{
    "import",
    "CASE FILE|DIR|- ... [--as IMPORTER] [--window NAME] [--service NAME] [--at TIME] [--replace] [--json]",
    "put evidence into a case (created when it does not exist)",
    "Each file is imported whole or not at all; the others go on when one fails. Compressed files (gzip, zstd, bzip2,\n"
    "xz), zip and tar archives and directories are read as they are. The same content twice is recognised.\n"
    "casebook-cli list importers says which formats there are and how to get each from a live system.",
    {
        {"CASE", "the case file, NAME.casebook"},
        {"FILE", "files, directories or - for standard input", Positional::Count::many},
    },
    import_options() + std::vector<Option>{
        {"--window", "NAME", "the window that evidence without a time belongs to"},
        {"--replace", "", "import anew what was imported before"},
        {"--json", "", "print the import ledger as JSON"},
    },
    run,
};

}  // namespace casebook::cli::commands
