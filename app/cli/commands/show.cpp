#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/query.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/finding_text.h"
#include "app/cli/terminal.h"

namespace casebook::cli::commands {

namespace {

constexpr std::int64_t rows_shown = 20;

Result<QueryResult> rows_of(CaseFile& file, const Evidence& evidence, std::int64_t max_rows, const Control& control)
{
    std::vector<Value> bound;
    for (const auto& argument : evidence.arguments)
        std::visit([&](const auto& value) { bound.emplace_back(value); }, argument);
    QueryLimits limits;
    limits.max_rows = max_rows;
    return run_query(file, evidence.sql, bound, limits, control);
}

/// The finding a person means: its key whole, its number in the list, or the beginning of exactly one key.
Result<const Finding*> find(const std::vector<Finding>& findings, const std::string& wanted, const std::string& analyzer,
                            Terminal& terminal)
{
    std::vector<const Finding*> exact, beginning;
    for (const Finding& finding : findings) {
        if (!analyzer.empty() && finding.analyzer != analyzer) continue;
        if (finding.key == wanted) exact.push_back(&finding);
        else if (finding.key.rfind(wanted, 0) == 0) beginning.push_back(&finding);
    }
    if (exact.size() > 1) {
        std::string others;
        for (const Finding* finding : exact) others += (others.empty() ? "" : ", ") + finding->analyzer;
        terminal.remark("several analyzers speak of " + wanted + " (" + others + "); --analyzer ID picks one");
    }
    if (!exact.empty()) return exact.front();
    if (const auto number = parse_int(wanted); number && *number >= 1 && *number <= static_cast<std::int64_t>(findings.size()))
        return &findings[static_cast<std::size_t>(*number - 1)];
    if (beginning.size() == 1) return beginning.front();
    return fail(Error::Code::usage,
                beginning.empty() ? "no finding has the key '" + wanted + "'"
                                  : "the keys of " + format_count(static_cast<std::int64_t>(beginning.size())) +
                                        " findings begin with '" + wanted + "'",
                "casebook-cli query CASE \"SELECT analyzer, key, headline FROM finding\" lists them");
}

Result<FindingMemory> memory_of(CaseFile& file, const Finding& finding)
{
    FindingMemory memory;
    TRY_ASSIGN(const auto decisions, finding_decisions(file));
    for (const StoredDecision& row : decisions)
        if (row.analyzer == finding.analyzer && row.key == finding.key) memory.decision = row.decision;
    TRY_ASSIGN(const auto history, verdict_history(file));
    for (const VerdictChange& change : history)
        if (change.analyzer == finding.analyzer && change.key == finding.key) memory.history.push_back(change);
    return memory;
}

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    TRY_ASSIGN(const auto file, CaseFile::open(arguments.value("CASE"), CaseFile::Mode::readOnly));
    TRY_ASSIGN(const auto stored, stored_report(*file));
    if (!stored)
        return fail(Error::Code::usage, file->path() + " has not been analysed yet", "casebook-cli analyze " + file->path());
    if (stored->stale)
        terminal.remark("the evidence has changed since this was found; casebook-cli analyze brings it up to date");
    TRY_ASSIGN(const Finding* const finding,
               find(stored->report.findings, arguments.value("KEY"), arguments.value("--analyzer"), terminal));

    const bool json = arguments.has("--json");
    std::vector<Result<QueryResult>> rows;
    for (const Evidence& evidence : finding->evidence) {
        rows.push_back(rows_of(*file, evidence, json ? 0 : rows_shown, terminal.control()));
        if (!rows.back() && rows.back().error().code == Error::Code::cancelled) return tl::unexpected<Error>(rows.back().error());
    }
    TRY_ASSIGN(const FindingMemory memory, memory_of(*file, *finding));
    terminal.print(json ? finding_json(*finding, rows, memory) + "\n"
                        : finding_text(*finding, rows, memory, terminal.width(), terminal.color()));
    return exit_status::done;
}

}  // namespace

extern const Command show;
const Command show{
    "show",
    "CASE KEY [--analyzer ID] [--json]",
    "print one finding whole: figures, fixes, and its evidence queries run again",
    "KEY is the finding's key, its number in analyze's list, or the beginning of one key only. Put keys in quotes.\n"
    "The first 20 rows of each proof are shown, all of them with --json.",
    {
        {"CASE", "the case file, after analyze"},
        {"KEY", "which finding"},
    },
    {
        {"--analyzer", "ID", "when several analyzers speak of the same key"},
        {"--json", "", "print JSON, the rows of each proof as its \"result\""},
    },
    run,
};

}  // namespace casebook::cli::commands
