#include "app/cli/finding_text.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/quantity.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/finding_json.h"
#include "app/cli/rows.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <algorithm>

namespace casebook::cli {

namespace {

std::string in_words(std::string name)
{
    std::replace(name.begin(), name.end(), '_', ' ');
    return name;
}

}  // namespace

std::string finding_text(const Finding& finding, const std::vector<Result<QueryResult>>& rows, const FindingMemory& memory,
                         int width, bool color)
{
    const std::string bold = color ? "\033[1m" : "";
    const std::string plain = color ? "\033[0m" : "";
    std::string text = bold + wrap(printable(finding.headline), width, 0) + plain + "\n";
    text += std::string(name_of(finding.verdict)) + ", " + std::string(name_of(finding.severity)) + "  " + finding.analyzer +
            "  " + printable(finding.key) + "\n";
    if (finding.when)
        text += format_instant(finding.when->from_ns) + " to " + format_instant(finding.when->to_ns) + "\n";
    const auto paragraph = [&](std::string_view heading, const std::string& body) {
        if (!body.empty()) text += "\n" + bold + std::string(heading) + plain + "\n  " + wrap(printable(body), width, 2) + "\n";
    };
    const auto section = [&](std::string_view heading, const Table& table) {
        if (!table.empty()) text += "\n" + bold + std::string(heading) + plain + "\n" + table.text(width, color, 2, 1000);
    };

    const FindingDecision& decision = memory.decision;
    if (decision.pinned) text += "pinned\n";
    if (decision.state == FindingState::accepted) text += "accepted\n";
    if (decision.state == FindingState::dismissed) text += wrap("dismissed: " + printable(decision.reason), width, 0) + "\n";
    paragraph("Note", decision.note);

    Table subjects({{""}, {""}});
    for (const Subject& subject : finding.subjects) subjects.add({subject.kind, subject.name});
    section("About", subjects);

    Table figures({{"figure"}, {"value", true}, {"threshold", true}, {"set by"}});
    for (const Figure& figure : finding.figures)
        figures.add({in_words(figure.name), format_quantity(figure.value, figure.unit),
                     figure.threshold ? format_quantity(*figure.threshold, figure.unit) : "", figure.threshold_name});
    section("Figures", figures);
    paragraph("Caveat", finding.note);
    paragraph("It would be refuted by", finding.refutes_if);

    Table fixes({{"fix"}, {"effort"}, {"expected effect"}, {"watch"}});
    for (const Fix& fix : finding.fixes) fixes.add({fix.title, fix.effort, fix.effect, fix.watch});
    section("Fixes", fixes);
    paragraph("Proof that it worked", finding.proof);
    paragraph("Roll back when", finding.rollback);

    Table related({{""}, {""}, {""}});
    for (const RelatedFinding& other : finding.related) related.add({in_words(other.relation), other.analyzer, other.key});
    section("Related", related);

    Table history({{"at"}, {"was"}, {"became"}, {"because"}});
    for (const VerdictChange& change : memory.history)
        history.add({format_instant(change.at_ns), in_words(change.before), change.verdict.empty() ? "not found" : in_words(change.verdict), change.cause});
    if (memory.history.size() > 1 || (memory.history.size() == 1 && !memory.history[0].before.empty())) section("How the verdict changed", history);

    for (std::size_t i = 0; i < finding.evidence.size() && i < rows.size(); ++i) {
        const Evidence& evidence = finding.evidence[i];
        text += "\n" + bold + "Evidence " + std::to_string(i + 1) + ": " + printable(evidence.caption) + plain + "\n";
        if (!rows[i]) text += "  the query could not be run again: " + printable(rows[i].error().what) + "\n";
        else text += rows_text(*rows[i], width, color, 2, Cells::readable);
        if (rows[i] && rows[i]->cut) text += "  (" + format_count(evidence.rows) + " rows; --json prints all of them)\n";
    }
    return text;
}

std::string finding_json(const Finding& finding, const std::vector<Result<QueryResult>>& rows, const FindingMemory& memory)
{
    std::vector<std::string> results;
    for (const Result<QueryResult>& result : rows) results.push_back(result ? to_json(*result) : std::string("null"));
    JsonWriter json;
    write_json(json, finding, results);
    std::string text = json.take();
    JsonWriter more;
    more.begin_object().key("decision").begin_object();
    more.key("state").value(name_of(memory.decision.state)).key("reason").value(memory.decision.reason);
    more.key("note").value(memory.decision.note).key("pinned").value(memory.decision.pinned);
    more.end_object().key("history").begin_array();
    for (const VerdictChange& change : memory.history)
        more.begin_object().key("at").value(format_instant(change.at_ns)).key("before").value(change.before).key("verdict").value(change.verdict)
            .key("cause").value(change.cause).end_object();
    more.end_array().end_object();
    // Both are objects: the second one's members go on where the first one's end.
    text.pop_back();
    return text + "," + more.take().substr(1);
}

}  // namespace casebook::cli
