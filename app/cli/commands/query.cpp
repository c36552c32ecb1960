#include "analyzers/core/text.h"
#include "analyzers/store/case_file.h"
#include "analyzers/store/query.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/rows.h"
#include "app/cli/terminal.h"

namespace casebook::cli::commands {

namespace {

/// A bound word as the value it spells: an integer or a decimal number written the usual way, else text. "007" and
/// "1e5" stay text: ids are made of such digits, and SQLite still compares them with numeric columns as numbers.
Value typed(const std::string& word)
{
    if (const auto integer = parse_int(word); integer && std::to_string(*integer) == word) return *integer;
    if (word.find('.') != std::string::npos)
        if (const auto real = parse_double(word)) return *real;
    return word;
}

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    if (arguments.has("--json") && arguments.has("--csv"))
        return fail(Error::Code::usage, "query: --json and --csv exclude each other", "give one of them");
    QueryLimits limits;
    if (arguments.has("--timeout")) {
        const auto seconds = parse_double(arguments.value("--timeout"));
        if (!seconds || *seconds <= 0 || *seconds > 86'400)
            return fail(Error::Code::usage, "query: --timeout takes seconds, more than 0 and at most a day", "--timeout 120");
        limits.max_ms = static_cast<std::int64_t>(*seconds * 1000);
    }
    std::vector<Value> bound;
    for (const std::string& word : arguments.values("--bind")) bound.push_back(typed(word));
    TRY_ASSIGN(const auto file, CaseFile::open(arguments.value("CASE"), CaseFile::Mode::readOnly));
    TRY_ASSIGN(const QueryResult result, run_query(*file, arguments.value("SQL"), bound, limits, terminal.control()));
    if (arguments.has("--json")) terminal.print(to_json(result) + "\n");
    else if (arguments.has("--csv")) terminal.print(to_csv(result));
    else terminal.print(rows_text(result, terminal.width(), terminal.color(), 0));
    return exit_status::done;
}

}  // namespace

extern const Command query;
const Command query{
    "query",
    "CASE \"SQL\" [--bind VALUE]... [--json|--csv]",
    "run one SELECT over the case's views (read-only)",
    "Views: span span_attribute statement plan plan_node heap_class gc_pause thread metric_point event session\n"
    "table_stat profile log_line setting import_file import_note window verdict finding.\n"
    "Times are nanoseconds since 1970, sizes bytes, ids lower-case hex. The table cuts long cells; --csv and --json\n"
    "print everything. Values bind to ?1, ?2, ...: 42 is an integer, 4.2 a number, all else text.",
    {
        {"CASE", "the case file"},
        {"SQL", "one SELECT"},
    },
    {
        {"--bind", "VALUE", "value of the next ? in the query", true},
        {"--json", "", "print an array of objects"},
        {"--csv", "", "print CSV with a heading line"},
        {"--timeout", "SECONDS", "stop after this long (default 30)"},
    },
    run,
};

}  // namespace casebook::cli::commands
