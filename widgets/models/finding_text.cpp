#include "widgets/models/finding_text.h"

#include "analyzers/core/analyzer.h"
#include "analyzers/core/quantity.h"
#include "analyzers/core/text.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/display_zone.h"
#include "widgets/qt_text.h"

#include <QCoreApplication>
#include <QDateTime>

namespace casebook {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("FindingText", text);
}

/// In the zone that all times are shown in.
QDateTime shown(std::int64_t at_ns)
{
    const bool local = DisplayZone::instance().mode() == TimeZoneMode::local;
    return QDateTime::fromMSecsSinceEpoch(at_ns / 1'000'000, local ? Qt::LocalTime : Qt::UTC);
}

QString zone(std::int64_t at_ns)
{
    return zone_text(DisplayZone::instance().mode(), at_ns);
}

/// Text for inside a Markdown table cell or line.
QString one_line(const std::string& text)
{
    QString line = to_qt(text).simplified();
    return line.replace(QLatin1Char('|'), QStringLiteral("\\|"));
}

QString threshold_of(const Figure& figure)
{
    return figure.threshold ? threshold_text(*figure.threshold, figure.unit) : QStringLiteral("-");
}

}  // namespace

QString verdict_text(Verdict verdict)
{
    switch (verdict) {
    case Verdict::confirmed: return tr("Confirmed");
    case Verdict::suspected: return tr("Suspected");
    case Verdict::inconclusive: return tr("Inconclusive");
    case Verdict::ruledOut: return tr("Ruled out");
    case Verdict::notEnoughEvidence: break;
    }
    return tr("Not enough evidence");
}

QString severity_text(Severity severity)
{
    return severity == Severity::critical ? tr("Critical") : severity == Severity::warning ? tr("Warning") : tr("Note");
}

QString question_of(const std::string& analyzer)
{
    for (const Analyzer* one : all_analyzers())
        if (one->id == analyzer) return to_qt(one->question);
    return to_qt(analyzer);
}

QString figure_text(double value, const std::string& unit)
{
    return to_qt(format_quantity(value, unit));
}

QString threshold_text(double value, const std::string& unit)
{
    for (const char* scaled : {"ms", "us", "ns", "s", "bytes", "By"})
        if (unit == scaled) return figure_text(value, unit);
    const QString number = QLocale::c().toString(value, 'g', 10);
    return unit.empty() || unit == "1" ? number : number + QLatin1Char(' ') + to_qt(unit);
}

QString time_text(std::int64_t at_ns)
{
    return QLocale::c().toString(shown(at_ns), QStringLiteral("d MMM HH:mm:ss ")) + zone(at_ns);
}

QString rows_text(std::int64_t rows)
{
    return rows == 1 ? tr("1 row") : tr("%1 rows").arg(to_qt(format_count(rows)));
}

QString range_text(const TimeRange& range)
{
    const QDateTime from = shown(range.from_ns), to = shown(range.to_ns);
    const QString length = to_qt(format_ms(range.seconds() * 1e3));
    const QString first = QLocale::c().toString(from, QStringLiteral("d MMM HH:mm:ss"));
    const QString last = QLocale::c().toString(to, from.date() == to.date() ? QStringLiteral("HH:mm:ss")
                                                                            : QStringLiteral("d MMM HH:mm:ss"));
    return first == QLocale::c().toString(to, QStringLiteral("d MMM HH:mm:ss"))
               ? tr("%1 %2 (%3)").arg(first, zone(range.from_ns), length)
               : tr("%1 to %2 %3 (%4)").arg(first, last, zone(range.from_ns), length);
}

QString decision_text(const FindingDecision& decision)
{
    if (decision.state == FindingState::accepted) return tr("Accepted");
    if (decision.state == FindingState::dismissed)
        return tr("Dismissed: %1").arg(to_qt(decision.reason).simplified());
    return {};
}

QString finding_markdown(const Finding& finding, const FindingDecision& decision)
{
    QString text = QStringLiteral("## %1\n\n").arg(one_line(finding.headline));
    text += tr("**%1, %2** (`%3`, key `%4`)")
                .arg(verdict_text(finding.verdict), severity_text(finding.severity).toLower(), to_qt(finding.analyzer),
                     to_qt(finding.key)) +
            QStringLiteral("\n\n");
    if (const QString decided = decision_text(decision); !decided.isEmpty())
        text += QStringLiteral("**%1**\n\n").arg(one_line(decided.toStdString()));
    if (!decision.note.empty()) {
        for (const QString& line : to_qt(decision.note).split(QLatin1Char('\n')))
            text += QStringLiteral("> %1\n").arg(line.trimmed());
        text += QLatin1Char('\n');
    }
    for (const Subject& subject : finding.subjects)
        text += QStringLiteral("- %1: `%2`\n").arg(to_qt(subject.kind), to_qt(subject.name).simplified());
    if (finding.when) text += QStringLiteral("- %1: %2\n").arg(tr("when"), range_text(*finding.when));
    if (!finding.note.empty()) text += QStringLiteral("- %1: %2\n").arg(tr("note"), one_line(finding.note));
    if (!finding.figures.empty()) {
        text += QStringLiteral("\n| %1 | %2 | %3 |\n|---|---|---|\n").arg(tr("Figure"), tr("Value"), tr("Threshold"));
        for (const Figure& figure : finding.figures)
            text += QStringLiteral("| %1 | %2 | %3 |\n")
                        .arg(one_line(figure.name), figure_text(figure.value, figure.unit), threshold_of(figure));
    }
    if (!finding.evidence.empty()) {
        text += QStringLiteral("\n### %1\n\n").arg(tr("Evidence"));
        for (const Evidence& evidence : finding.evidence)
            text += QStringLiteral("- %1 (%2)\n").arg(one_line(evidence.caption), rows_text(evidence.rows));
    }
    if (!finding.fixes.empty()) {
        text += QStringLiteral("\n### %1\n\n").arg(tr("Fixes"));
        for (const Fix& fix : finding.fixes) {
            text += QStringLiteral("- **%1**").arg(one_line(fix.title));
            if (!fix.effort.empty()) text += QStringLiteral(" (%1)").arg(one_line(fix.effort));
            if (!fix.effect.empty()) text += QStringLiteral(": %1").arg(one_line(fix.effect));
            if (!fix.watch.empty()) text += QStringLiteral(". %1").arg(tr("Watch: %1").arg(one_line(fix.watch)));
            text += QLatin1Char('\n');
        }
    }
    if (!finding.proof.empty())
        text += QStringLiteral("\n%1 %2\n").arg(tr("**Proof of the fix:**"), one_line(finding.proof));
    if (!finding.rollback.empty())
        text += QStringLiteral("\n%1 %2\n").arg(tr("**Roll back when:**"), one_line(finding.rollback));
    if (!finding.refutes_if.empty())
        text += QStringLiteral("\n%1 %2\n").arg(tr("**Refuted if:**"), one_line(finding.refutes_if));
    return text;
}

QString report_markdown(const AnalysisReport& report, const QString& title, const Decisions& decisions)
{
    const auto decision_of = [&](const Finding& finding) {
        const auto found = decisions.find({finding.analyzer, finding.key});
        return found == decisions.end() ? FindingDecision{} : found->second;
    };
    QString text = QStringLiteral("# %1\n\n").arg(title);
    for (const WindowRow& window : report.windows)
        text += QStringLiteral("- %1: %2\n").arg(to_qt(window.name), range_text(window.range));
    for (const SymptomMatch& symptom : report.symptoms)
        text += QStringLiteral("- %1\n").arg(
            tr("symptom `%1` (%2): %3")
                .arg(to_qt(symptom.id), to_qt(format_percent(symptom.match)), one_line(symptom.why)));
    if (report.findings.empty()) text += QLatin1Char('\n') + tr("No findings.") + QLatin1Char('\n');
    QString pinned, others, dismissed;
    for (const Finding& finding : report.findings) {
        const FindingDecision decision = decision_of(finding);
        if (decision.state == FindingState::dismissed)
            dismissed += QStringLiteral("- %1 (%2)\n").arg(one_line(finding.headline), one_line(decision.reason));
        else (decision.pinned ? pinned : others) += QLatin1Char('\n') + finding_markdown(finding, decision);
    }
    text += pinned + others;
    if (!dismissed.isEmpty()) text += QStringLiteral("\n## %1\n\n%2").arg(tr("Dismissed"), dismissed);
    for (const Verdict verdict : {Verdict::inconclusive, Verdict::ruledOut, Verdict::notEnoughEvidence}) {
        QString list;
        for (const AnalyzerVerdict& answer : report.verdicts) {
            if (answer.answer.verdict != verdict) continue;
            list += QStringLiteral("- `%1`: %2\n").arg(to_qt(answer.analyzer), one_line(answer.answer.reason));
            for (const Missing& missing : answer.answer.missing)
                if (!missing.command.empty())
                    list += QStringLiteral("  - %1: `%2`\n")
                                .arg(one_line(missing.evidence), to_qt(missing.command).simplified());
        }
        if (!list.isEmpty()) text += QStringLiteral("\n## %1\n\n%2").arg(verdict_text(verdict), list);
    }
    return text;
}

}  // namespace casebook
