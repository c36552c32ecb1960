#include "analyzers/core/text.h"
#include "analyzers/store/case_file.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/terminal.h"

namespace casebook::cli::commands {

namespace {

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    const std::string given = arguments.value("FILE_ID");
    const auto id = parse_int(given);
    if (!id)
        return fail(Error::Code::usage, "'" + given + "' is not the id of an imported file",
                    "casebook-cli info CASE lists the files and their ids");
    TRY_ASSIGN(const auto file, CaseFile::open(arguments.value("CASE"), CaseFile::Mode::readWrite));
    if (file->read_only()) return fail(Error::Code::caseFile, "cannot write to " + file->path(), file->notice());
    TRY_ASSIGN(const auto files, import_files(*file));
    std::string path;
    std::int64_t records = 0;
    for (const ImportFileRow& row : files)
        if (row.id == *id) {
            path = row.path;
            records = row.stored;
        }
    TRY(forget_file(*file, *id));
    terminal.print("forgot " + printable(path) + " (" + format_count(records) + " records)\n");
    return exit_status::done;
}

}  // namespace

extern const Command forget;
const Command forget{
    "forget",
    "CASE FILE_ID",
    "take one imported file out of a case again",
    "Everything that came from the file goes with it. Findings stay until the next analyze and are marked stale.",
    {
        {"CASE", "the case file"},
        {"FILE_ID", "the file's id, as import and info print it"},
    },
    {},
    run,
};

}  // namespace casebook::cli::commands
