#include "analyzers/core/text.h"
#include "analyzers/playbook/runner.h"

#include <algorithm>

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

std::string figure_text(const Figure& figure)
{
    const auto with_unit = [&](double value) {
        if (figure.unit == "ms") return format_ms(value);
        if (figure.unit == "bytes") return format_bytes(value);
        if (figure.unit == "1") return format_number(value, 3);
        return format_number(value, 3) + " " + figure.unit;
    };
    std::string name = figure.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    std::string text = name + " " + with_unit(figure.value);
    if (figure.threshold) text += " (threshold " + with_unit(*figure.threshold) + ")";
    return text;
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
    if (!report.windows_proposed.empty()) out += "Compared with the time before " + report.windows_proposed + "\n";
    if (!out.empty()) out += "\n";
    if (report.findings.empty()) out += "Nothing was found that the evidence supports.\n";
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
    while (out.ends_with("\n\n")) out.pop_back();
    return out;
}

}  // namespace casebook
