#include "analyzers/capture/capture.h"

#include "analyzers/core/text.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <fstream>
#include <sstream>

namespace casebook::cli::commands {

namespace {

tl::unexpected<Error> usage(std::string what, std::string hint = {})
{
    return fail(Error::Code::usage, "capture: " + std::move(what), std::move(hint));
}

/// "10s", "500ms", "2 min" or a bare number of seconds, in ms.
Result<int> duration(const Arguments& arguments, std::string_view option, int otherwise_ms)
{
    if (!arguments.has(option)) return otherwise_ms;
    const std::string given = arguments.value(option);
    const std::string_view text = trim(given);
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    const auto number = parse_double(text.substr(0, digits));
    const std::string_view unit = trim(text.substr(digits));
    const double factor = unit.empty() || unit == "s" ? 1000 : unit == "ms" ? 1 : unit == "min" || unit == "m" ? 60'000
                          : unit == "h"               ? 3'600'000
                                                      : 0;
    if (!number || factor == 0 || *number * factor < 1 || *number * factor > 86'400'000)
        return usage(std::string(option) + " takes a time such as 10s, 500ms or 2min, not '" + given + "'");
    return static_cast<int>(*number * factor);
}

Result<int> count(const Arguments& arguments, std::string_view option, int otherwise)
{
    if (!arguments.has(option)) return otherwise;
    const auto number = parse_int(arguments.value(option));
    if (!number || *number < 0 || *number > 1'000'000)
        return usage(std::string(option) + " takes a number, not '" + arguments.value(option) + "'");
    return static_cast<int>(*number);
}

/// The cells of one line of CSV.
std::vector<std::string> csv_cells(std::string_view line)
{
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (quoted && line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"') cells.back() += line[i++];
        else if (line[i] == '"') quoted = !quoted;
        else if (line[i] == ',' && !quoted) cells.emplace_back();
        else cells.back() += line[i];
    }
    return cells;
}

Result<CaptureOptions> request(const Arguments& arguments)
{
    CaptureOptions options;
    const std::vector<std::string> words = arguments.values("CONNINFO");
    // Not repeated in the message: one of them may be a password.
    if (words.size() != 1)
        return usage("CONNINFO is one word: put the connection string in quotes", "capture \"host=db user=app dbname=shop\" -o DIR");
    options.conninfo = words.front();
    TRY_ASSIGN(options.snapshots, count(arguments, "--snapshots", options.snapshots));
    TRY_ASSIGN(options.every_ms, duration(arguments, "--every", options.every_ms));
    TRY_ASSIGN(options.explain_top, count(arguments, "--explain-top", options.explain_top));
    TRY_ASSIGN(options.statement_timeout_ms, duration(arguments, "--statement-timeout", options.statement_timeout_ms));
    TRY_ASSIGN(options.lock_timeout_ms, duration(arguments, "--lock-timeout", options.lock_timeout_ms));
    options.analyze_queries = arguments.has("--analyze-queries");
    for (const std::string_view id : split(arguments.value("--only"), ','))
        if (!trim(id).empty()) options.questions.emplace_back(trim(id));
    for (const std::string& values : arguments.values("--values")) {
        const std::size_t equals = values.find('=');
        if (equals == std::string::npos || !parse_int(std::string_view(values).substr(0, equals)))
            return usage("--values takes QUERYID=VALUE,VALUE,...", "query ids stand in the manifest of an earlier capture");
        options.parameters[values.substr(0, equals)] = csv_cells(std::string_view(values).substr(equals + 1));
    }
    return options;
}

std::string list_of(std::string_view title, const std::vector<std::string>& lines, int width)
{
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "\n" + std::string(title) + "\n" : "") + "  " + wrap(printable(line), width, 4) + "\n";
    return text;
}

std::string text_of(const ServerDescription& server, int width, bool color)
{
    std::string text = printable(server.version + " at " + server.host + ":" + server.port + ", database " + server.database + ", user " +
                                 server.user + (server.superuser ? " (superuser)" : "") + (server.standby ? ", a standby" : "")) +
                       "\n" + "connection: " + printable(server.encryption) + ", answers in " + format_ms(server.round_trip_ms) + "\n";
    if (!server.tested) text += "this version is not among those that capture is tested against\n";
    Table questions({{"take"}, {"what"}, {"cost, measured just now"}});
    for (const QuestionAvailability& question : server.questions)
        questions.add({question.id, question.title, question.available ? question.cost : "no: " + question.why_not});
    return text + "\n" + questions.text(width, color) + list_of("Hidden from this role:", server.hidden, width);
}

std::string text_of(const CaptureSummary& summary, int width, bool color)
{
    std::string text = printable(summary.server) + "\n" + format_count(summary.snapshots) + " of " + format_count(summary.snapshots_wanted) +
                       " snapshots in " + format_ms(static_cast<double>(summary.ended_ns - summary.started_ns) / 1e6) + ", in " +
                       printable(summary.directory.string()) + "\n\n";
    Table files({{"file"}, {"rows", true}, {"size", true}});
    for (const CaptureSummary::File& file : summary.files)
        files.add({file.name, file.name == "manifest.json" ? "" : format_count(file.rows), format_bytes(static_cast<double>(file.bytes))});
    text += files.text(width, color);
    std::vector<std::string> plans, refused;
    for (const CaptureSummary::Plan& plan : summary.plans)
        if (plan.file.empty()) plans.push_back(plan.query_id + "  " + cut_to_width(printable(plan.query), 60) + ": " + plan.how);
    for (const CaptureSummary::Refusal& refusal : summary.refused) refused.push_back(refusal.question + ": " + refusal.why);
    text += list_of("Without a plan:", plans, width) + list_of("Refused:", refused, width) +
            list_of("Hidden from this role:", summary.hidden, width);
    return text;
}

/// The manifest, which is the summary as JSON.
std::string manifest(const CaptureSummary& summary)
{
    std::ifstream in(summary.directory / "manifest.json", std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

int status_of(CaptureSummary::End end)
{
    switch (end) {
    case CaptureSummary::End::complete: return exit_status::done;
    case CaptureSummary::End::cancelled: return exit_status::cancelled;
    case CaptureSummary::End::connectionLost:
    case CaptureSummary::End::diskFull: return exit_status::store;
    }
    return exit_status::store;
}

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    TRY_ASSIGN(const CaptureOptions options, request(arguments));
    if (arguments.has("--check")) {
        TRY_ASSIGN(const ServerDescription server, test_connection(options.conninfo, terminal.control()));
        terminal.print(text_of(server, terminal.width(), terminal.color()));
        return exit_status::done;
    }
    const std::string directory = arguments.value("-o");
    if (directory.empty()) return usage("-o DIR is missing", "-o names the directory to capture into; --check writes none");
    const Control control = terminal.control();
    const Result<CaptureSummary> summary = capture(options, directory, control, [&](const CaptureSample& sample) {
        for (const std::string& problem : sample.problems) terminal.remark("snapshot " + std::to_string(sample.number) + ", " + problem);
    });
    if (!summary) {
        if (summary.error().code == Error::Code::cancelled)
            terminal.remark("casebook-cli: cancelled before the first snapshot was complete: nothing was kept");
        return tl::unexpected(summary.error());
    }
    if (arguments.has("--json")) terminal.print(manifest(*summary));
    else terminal.print(text_of(*summary, terminal.width(), terminal.color()));
    if (summary->end == CaptureSummary::End::complete) {
        terminal.remark("import it with: casebook-cli import NAME.casebook " + directory);
    } else {
        terminal.error({Error::Code::server, summary->why, summary->hint});
    }
    return status_of(summary->end);
}

}  // namespace

extern const Command capture;
const Command capture{
    "capture",
    "CONNINFO -o DIR [--snapshots N] [--every TIME] [--explain-top N] [--analyze-queries] [--values QUERYID=VALUE,...] "
    "[--only ID,..] [--statement-timeout TIME] [--lock-timeout TIME] [--check] [--json]",
    "take evidence from a live PostgreSQL or PgBouncer, read-only, as files to import",
    "CONNINFO is what psql takes: \"host=db user=app dbname=shop\", a URI, the name of a database, or '' for the defaults;\n"
    "service files, PG* variables, .pgpass and sslmode work. For PgBouncer connect to its database pgbouncer.\n"
    "Every question is a read-only transaction with timeouts on one connection; a server that answers slowly is asked less\n"
    "often. Plans of the statements that took most time are taken last. The directory must not exist or be empty; it is\n"
    "readable by you only, for texts of queries may hold secrets. Look it through, then import it.",
    {{"CONNINFO", "the connection string, in quotes", Positional::Count::many}},
    {
        {"-o", "DIR", "the directory to capture into"},
        {"--snapshots", "N", "how many snapshots (default 6)"},
        {"--every", "TIME", "from one snapshot to the next: 10s, 500ms, 2min (default 10s)"},
        {"--explain-top", "N", "how many statements to explain (default 10; 0 for none)"},
        {"--analyze-queries", "", "run them for their plans (EXPLAIN ANALYZE): SELECT only, rolled back"},
        {"--values", "QUERYID=VALUE,...", "values for $1, $2 ... of a statement, to explain it with", true},
        {"--only", "ID,..", "take only these; --check lists them"},
        {"--statement-timeout", "TIME", "no question runs longer (default 5s)"},
        {"--lock-timeout", "TIME", "no question waits longer for a lock (default 1s)"},
        {"--check", "", "say what the connection leads to and what each question costs; write nothing"},
        {"--json", "", "print the manifest as JSON"},
    },
    run,
};

}  // namespace casebook::cli::commands
