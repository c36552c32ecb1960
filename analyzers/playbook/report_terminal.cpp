#include "analyzers/core/instant.h"
#include "analyzers/core/quantity.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/runner.h"

#include <algorithm>
#include <map>

namespace casebook {
namespace {

constexpr const char* reset = "\033[0m";

const char* color_of(Severity severity)
{
    switch (severity) {
    case Severity::critical: return "\033[1;31m";
    case Severity::warning: return "\033[1;33m";
    case Severity::note: return "\033[1m";
    }
    return "";
}

/// "hit ratio drop 99.9 points (threshold 10 points)", "calls 504 (threshold 10)".
std::string figure_text(const Figure& figure)
{
    const std::string_view unit = figure.unit == figure.name ? std::string_view() : std::string_view(figure.unit);
    std::string name = figure.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    std::string text = name + " " + format_quantity(figure.value, unit);
    if (figure.threshold) text += " (threshold " + format_quantity(*figure.threshold, unit) + ")";
    return text;
}

/// What the proposed windows compare, and why.
std::string comparison_text(const AnalysisReport& report)
{
    if (report.windows_proposed.empty()) return {};
    for (const WindowRow& window : report.windows)
        if (window.name == "baseline")
            return "Compared with " + format_instant(window.range.from_ns) + " to " + format_instant(window.range.to_ns) + ", before this change: " + report.windows_proposed + "\n";
    return "What changed: " + report.windows_proposed + "\n";
}

/// What would answer the questions that could not be, each once.
std::string to_bring(const AnalysisReport& report)
{
    std::vector<const Missing*> wanted;
    std::map<std::string_view, std::vector<std::string>> by_evidence;
    for (const AnalyzerVerdict& row : report.verdicts)
        for (const Missing& missing : row.answer.missing) {
            if (row.answer.verdict != Verdict::notEnoughEvidence || missing.command.empty()) continue;
            std::vector<std::string>& questions = by_evidence[missing.evidence];
            if (questions.empty()) wanted.push_back(&missing);
            if (questions.empty() || questions.back() != row.analyzer) questions.push_back(row.analyzer);
        }
    std::string text;
    for (const Missing* missing : wanted) text += "  " + missing->evidence + ", for " + join(by_evidence[missing->evidence], ", ") + "\n      " + missing->command + "\n";
    return text.empty() ? text : "To answer these, bring\n" + text;
}

}  // namespace

std::string to_terminal(const AnalysisReport& report, bool color)
{
    std::string out;
    for (const SymptomMatch& symptom : report.symptoms) {
        out += (out.empty() ? "Looks like  " : "            ") + symptom.id + " " + format_percent(symptom.match) + ": " + symptom.why;
        if (!symptom.unknown.empty()) out += "; unknown: " + join(symptom.unknown, ", ");
        out += "\n";
    }
    out += comparison_text(report);
    if (!out.empty()) out += "\n";
    if (report.findings.empty()) out += "Nothing was found that the evidence supports.\n\n";
    for (const Finding& finding : report.findings) {
        const std::string badge = std::string(name_of(finding.verdict)) + ", " + std::string(name_of(finding.severity));
        out += color ? color_of(finding.severity) + badge + reset : badge;
        out += "  " + finding.analyzer + "\n  " + finding.headline + "\n";
        for (std::size_t i = 0; i < finding.figures.size() && i < 5; ++i) out += "    " + figure_text(finding.figures[i]) + "\n";
        for (const Fix& fix : finding.fixes) {
            out += "  fix: " + fix.title;
            if (!fix.effect.empty()) out += " (" + fix.effect + ")";
            if (!fix.effort.empty()) out += ", " + fix.effort;
            out += "\n";
        }
        if (!finding.note.empty()) out += "  note: " + finding.note + "\n";
        for (const RelatedFinding& other : finding.related) {
            if (other.relation != "explained_by") continue;
            out += "  explained by: " + other.analyzer + " " + other.key + "\n";
            break;  // what the findings list shows; show has the others
        }
        out += "  show: " + finding.key + "\n\n";
    }
    const auto list = [&](Verdict verdict, const char* title) {
        std::string lines;
        for (const AnalyzerVerdict& row : report.verdicts)
            if (row.answer.verdict == verdict && std::none_of(report.findings.begin(), report.findings.end(), [&](const Finding& finding) { return finding.analyzer == row.analyzer; })) lines += "  " + row.analyzer + ": " + row.answer.reason + "\n";
        if (!lines.empty()) out += std::string(title) + "\n" + lines + "\n";
    };
    list(Verdict::inconclusive, "Inconclusive");  // those with a finding stand above
    list(Verdict::ruledOut, "Ruled out");
    list(Verdict::notEnoughEvidence, "Not enough evidence");
    out += to_bring(report);
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
}

}  // namespace casebook
