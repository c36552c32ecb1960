// What holds for the findings of every analyzer, on the inputs that confirm them and on the demo:
// the same input gives the same bytes; the order of files and more evidence of another kind leave keys as they are; every
// piece of evidence of a confirmed or suspected finding runs again and returns as many rows as when it was found; the
// relations are those of the findings list, from both sides.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/playbook/cause_links.h"
#include "analyzers/playbook/runner.h"
#include "analyzers/store/query.h"
#include "tests/support/places.h"

#include <algorithm>
#include <iostream>
#include <set>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace casebook;

int broken = 0;
int explained_by_others = 0;  // findings that name a cause

void complain(const std::string& input, const std::string& what)
{
    ++broken;
    std::cout << input << ": " << what << "\n";
}

/// A case of these files and its report. Ends the program when that fails: nothing can be checked then.
struct Analysed {
    std::unique_ptr<CaseFile> file;
    AnalysisReport report;

    explicit Analysed(const std::vector<std::string>& paths)
    {
        auto opened = CaseFile::temporary();
        if (!opened) stop(opened.error().what);
        file = std::move(*opened);
        const auto imported = import_paths(*file, paths, {}, control);
        if (!imported) stop(imported.error().what);
        for (const ImportedFile& one : imported->files)
            if (one.error) stop(one.error->what);
        auto made = analyze(*file, {}, control);
        if (!made) stop(made.error().what);
        report = std::move(*made);
        report.case_name = "case";  // that of a temporary file is another each time
    }

    [[noreturn]] static void stop(const std::string& what)
    {
        std::cout << what << "\n";
        std::exit(1);
    }

    std::set<std::string> keys() const
    {
        std::set<std::string> all;
        for (const Finding& finding : report.findings)
            if (finding.verdict == Verdict::confirmed) all.insert(finding.analyzer + " " + finding.key);
        return all;
    }

    Control control;
};

void check_evidence(const std::string& input, Analysed& analysed)
{
    for (const Finding& finding : analysed.report.findings) {
        if (finding.verdict != Verdict::confirmed && finding.verdict != Verdict::suspected) continue;
        if (finding.key.empty()) complain(input, finding.analyzer + " has a finding without key");
        for (const auto& [part, is_there] : {std::pair("a headline with a number", finding.headline.find_first_of("0123456789") != std::string::npos), std::pair("subjects", !finding.subjects.empty()),
                                             std::pair("figures", !finding.figures.empty()), std::pair("fixes", !finding.fixes.empty()), std::pair("what proves the fix", !finding.proof.empty()),
                                             std::pair("when to take the fix back", !finding.rollback.empty()), std::pair("what would refute it", !finding.refutes_if.empty())})
            if (!is_there) complain(input, finding.analyzer + " has a finding without " + part + ": " + finding.key);
        if (finding.evidence.empty()) complain(input, finding.analyzer + " has a finding without evidence: " + finding.key);
        for (const Evidence& evidence : finding.evidence) {
            std::vector<Value> arguments;
            for (const auto& argument : evidence.arguments) std::visit([&](const auto& value) { arguments.emplace_back(value); }, argument);
            const auto result = run_query(*analysed.file, evidence.sql, arguments, {}, analysed.control);
            if (!result) complain(input, finding.analyzer + ", " + evidence.caption + ": " + result.error().what);
            else if (result->rows.empty()) complain(input, finding.analyzer + ", " + evidence.caption + ": no rows");
            else if (static_cast<std::int64_t>(result->rows.size()) != evidence.rows)
                complain(input, finding.analyzer + ", " + evidence.caption + ": " + std::to_string(result->rows.size()) + " rows, " + std::to_string(evidence.rows) + " when it was found");
        }
    }
}

void check_relations(const std::string& input, const AnalysisReport& report)
{
    std::vector<const Finding*> findings;
    std::set<std::vector<std::string>> told;
    for (const Finding& finding : report.findings) {
        findings.push_back(&finding);
        for (const RelatedFinding& other : finding.related)
            if (!told.insert({finding.analyzer, finding.key, other.relation, other.analyzer, other.key}).second)
                complain(input, finding.analyzer + " tells a relation twice");
    }
    for (const std::vector<std::string>& one : told) {
        const std::string back = one[2] == "explains" ? "explained_by" : one[2] == "explained_by" ? "explains" : one[2];
        if (!told.contains({one[3], one[4], back, one[0], one[1]})) complain(input, one[0] + " " + one[2] + " " + one[3] + " is told from one side only");
    }
    const std::vector<Explanation> explained = explain_findings(findings);
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const auto& related = findings[i]->related;
        const auto first = std::find_if(related.begin(), related.end(), [](const RelatedFinding& one) { return one.relation == "explained_by"; });
        const Finding& cause = *findings[explained[i].cause];
        const bool listed = explained[i].link != CauseLink::none, said = first != related.end();
        if (listed != said || (said && (first->analyzer != cause.analyzer || first->key != cause.key)))
            complain(input, findings[i]->analyzer + " has another cause in the list than in related");
        explained_by_others += said;
    }
}

void check(const std::string& name, std::vector<std::string> paths, const std::string& other_evidence)
{
    Analysed first(paths), second(paths);
    if (first.report.findings.empty()) complain(name, "nothing is found");
    if (to_json(first.report) != to_json(second.report)) complain(name, "the same input gives other bytes");
    check_evidence(name, first);
    check_relations(name, first.report);

    std::reverse(paths.begin(), paths.end());
    if (Analysed(paths).keys() != first.keys()) complain(name, "the order of files changes keys");
    paths.push_back(other_evidence);
    const std::set<std::string> before = first.keys(), after = Analysed(paths).keys();
    for (const std::string& key : before)
        if (!after.contains(key)) complain(name, "with settings beside it this is no longer there: " + key);
}

}  // namespace

int main()
{
    const fs::path root = tests::source_folder();
    const std::string settings = (root / "tests/samples/tables/settings.csv").string();
    int inputs = 0;
    for (const auto& folder : fs::directory_iterator(root / "tests/samples")) {
        std::vector<std::string> paths;
        for (const auto& file : fs::directory_iterator(folder))
            if (file.path().filename().string().starts_with("confirmed")) paths.push_back(file.path().string());
        if (paths.empty()) continue;
        std::sort(paths.begin(), paths.end());
        check(folder.path().filename().string(), std::move(paths), settings);
        ++inputs;
    }
    std::vector<std::string> demo;
    for (const auto& file : fs::directory_iterator(root / "resources/samples/demo")) demo.push_back(file.path().string());
    std::sort(demo.begin(), demo.end());
    check("demo", std::move(demo), settings);
    std::cout << inputs + 1 << " inputs, " << explained_by_others << " findings with a cause, " << broken << " broken rules\n";
    return broken > 0 || inputs < 10 || explained_by_others < 5 ? 1 : 0;
}
