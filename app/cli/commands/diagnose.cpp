#include "app/cli/analysis.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/ledger.h"
#include "app/cli/requests.h"
#include "app/cli/terminal.h"

#include <algorithm>

namespace casebook::cli::commands {

namespace {

bool nothing_imported(const ImportReport& report)
{
    return std::none_of(report.files.begin(), report.files.end(), [](const ImportedFile& file) {
        return file.status == ImportedFile::Status::imported || file.status == ImportedFile::Status::alreadyImported;
    });
}

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    TRY_ASSIGN(const ImportOptions import_options, import_request(arguments));
    TRY_ASSIGN(const AnalyzeOptions analyze_options, analyze_request(arguments));
    TRY_ASSIGN(const auto file, arguments.has("--keep") ? CaseFile::open_or_create(arguments.value("--keep")) : CaseFile::temporary());
    if (file->read_only()) return fail(Error::Code::caseFile, "cannot write to " + file->path(), file->notice());

    const Control control = terminal.control();
    TRY_ASSIGN(const ImportReport imported, import_paths(*file, arguments.values("FILE"), import_options, control));
    print_failures(imported, terminal);
    if (imported.any_named_failed() && nothing_imported(imported)) return exit_status::input;
    terminal.remark(ledger_summary(imported));

    TRY_ASSIGN(AnalysisReport report, casebook::analyze(*file, analyze_options, control));
    // A temporary file's name differs each time; the output must not.
    if (!arguments.has("--keep")) report.case_name = "diagnose.casebook";
    const int status = print_analysis(report, arguments, terminal);
    const bool kept = arguments.has("--keep");
    const std::string path = kept ? arguments.value("--keep") : "CASE";
    if (!arguments.has("--json"))
        terminal.remark(std::string(kept ? "next: " : "next: with --keep CASE, ") + "casebook-cli walk " + path + " says what to do, casebook-cli show " + path + " KEY proves a finding");
    return imported.any_named_failed() ? exit_status::input : status;
}

}  // namespace

extern const Command diagnose;
const Command diagnose{
    "diagnose",
    "FILE|DIR ... [--keep CASE] [analyze's options]",
    "import and analyze in one go, in a temporary case",
    "The quickest way from evidence to answers. With --keep the case stays, for show, query and the workbench.",
    {{"FILE", "files, directories or - for standard input", Positional::Count::many}},
    std::vector<Option>{{"--keep", "CASE", "keep the case in this file (added to when it exists)"}} + import_options() +
        analyze_options(),
    run,
};

}  // namespace casebook::cli::commands
