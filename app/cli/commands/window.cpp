#include "analyzers/core/instant.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/store/case_file.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/requests.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

namespace casebook::cli::commands {

namespace {

Result<int> list_windows(const Arguments& arguments, Terminal& terminal)
{
    TRY_ASSIGN(const auto file, CaseFile::open(arguments.value("CASE"), CaseFile::Mode::readOnly));
    TRY_ASSIGN(const auto rows, windows(*file));
    if (arguments.has("--json")) {
        JsonWriter json;
        json.begin_array();
        for (const WindowRow& row : rows)
            json.begin_object().key("name").value(row.name).key("role").value(row.role)
                .key("from").value(format_instant(row.range.from_ns)).key("to").value(format_instant(row.range.to_ns))
                .end_object();
        json.end_array();
        terminal.print(json.text() + "\n");
        return exit_status::done;
    }
    Table table({{"window"}, {"role"}, {"from"}, {"to"}, {"lasts", true}});
    for (const WindowRow& row : rows)
        table.add({row.name, row.role, format_instant(row.range.from_ns), format_instant(row.range.to_ns),
                   format_ms(row.range.seconds() * 1000)});
    terminal.print(table.empty() ? "no windows: the whole case is analysed\n" : table.text(terminal.width(), terminal.color()));
    return exit_status::done;
}

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    const bool setting = arguments.has("NAME");
    if (setting && arguments.has("--delete"))
        return fail(Error::Code::usage, "window: --delete takes the name, nothing else", "casebook-cli window CASE --delete NAME");
    if (!setting && !arguments.has("--delete")) return list_windows(arguments, terminal);
    if (arguments.has("--list") || arguments.has("--json"))
        return fail(Error::Code::usage, "window: --list and --json change nothing", "casebook-cli window CASE --list [--json]");

    TimeRange range;
    if (setting) {
        if (!arguments.has("TO"))
            return fail(Error::Code::usage, "window: FROM and TO are missing", "casebook-cli window CASE NAME FROM TO");
        TRY_ASSIGN(range.from_ns, instant_request("FROM", arguments.value("FROM")));
        TRY_ASSIGN(range.to_ns, instant_request("TO", arguments.value("TO")));
        if (range.to_ns <= range.from_ns)
            return fail(Error::Code::usage, "window: TO is not after FROM", "a window is [FROM, TO)");
    }
    TRY_ASSIGN(const auto file, CaseFile::open(arguments.value("CASE"), CaseFile::Mode::readWrite));
    if (file->read_only()) return fail(Error::Code::caseFile, "cannot write to " + file->path(), file->notice());
    if (setting) TRY(set_window(*file, arguments.value("NAME"), range));
    else TRY(delete_window(*file, arguments.value("--delete")));
    return exit_status::done;
}

}  // namespace

extern const Command window;
const Command window{
    "window",
    "CASE NAME FROM TO | --delete NAME | --list [--json]",
    "name a stretch of time: baseline, incident, after, or any name",
    "'incident' is what is analysed when there is one, 'baseline' is what it is compared with.\n"
    "A window is [FROM, TO): what starts in it belongs to it. Times: 2026-11-23T01:41:12Z (UTC without a zone), or\n"
    "seconds, milliseconds, microseconds or nanoseconds since 1970.",
    {
        {"CASE", "the case file"},
        {"NAME", "the window; set anew when it exists", Positional::Count::optional},
        {"FROM", "its first instant", Positional::Count::optional},
        {"TO", "its end, not included", Positional::Count::optional},
    },
    {
        {"--delete", "NAME", "take the window away; its evidence stays"},
        {"--list", "", "print the windows"},
        {"--json", "", "with --list: print JSON"},
    },
    run,
};

}  // namespace casebook::cli::commands
