#include "app/cli/analysis.h"

#include "app/cli/exit_status.h"
#include "app/cli/terminal.h"

namespace casebook::cli {

namespace {

/// Names in a report come from imported files: control characters in them must not reach the terminal.
AnalysisReport printable_report(AnalysisReport report)
{
    for (Finding& finding : report.findings) {
        for (std::string* text : {&finding.key, &finding.headline, &finding.note, &finding.refutes_if, &finding.proof, &finding.rollback})
            *text = printable(*text);
        for (Subject& subject : finding.subjects) subject.name = printable(subject.name);
        for (RelatedFinding& other : finding.related) other.key = printable(other.key);
        for (Fix& fix : finding.fixes)
            for (std::string* text : {&fix.title, &fix.effort, &fix.effect, &fix.watch}) *text = printable(*text);
    }
    for (AnalyzerVerdict& row : report.verdicts) {
        row.answer.reason = printable(row.answer.reason);
        for (Missing& missing : row.answer.missing) missing.command = printable(missing.command);
    }
    for (SymptomMatch& symptom : report.symptoms) symptom.why = printable(symptom.why);
    report.windows_proposed = printable(report.windows_proposed);
    return report;
}

}  // namespace

int print_analysis(const AnalysisReport& report, const Arguments& arguments, Terminal& terminal)
{
    if (arguments.has("--json")) terminal.print(to_json(report) + "\n");
    else terminal.print(to_terminal(printable_report(report), terminal.color()));
    if (!arguments.has("--exit-code")) return exit_status::done;
    for (const Finding& finding : report.findings)
        if (finding.verdict == Verdict::confirmed && finding.severity != Severity::note) return exit_status::confirmed;
    return exit_status::done;
}

Result<std::unique_ptr<CaseFile>> open_to_analyze(const std::string& path, Terminal& terminal)
{
    auto writable = CaseFile::open(path, CaseFile::Mode::readWrite);
    if (writable) {
        if ((*writable)->read_only() && !(*writable)->notice().empty()) terminal.remark((*writable)->notice());
        return writable;
    }
    auto readable = CaseFile::open(path, CaseFile::Mode::readOnly);
    if (!readable) return writable;
    terminal.remark(writable.error().what + "; the findings are shown but not kept in the case");
    return readable;
}

}  // namespace casebook::cli
