#include "widgets/models/finding_text.h"

#include "analyzers/core/analyzer.h"
#include "widgets/qt_text.h"

#include <QCoreApplication>

namespace casebook {
namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("FindingText", text);
}

QString html(const std::string& text)
{
    return to_qt(text).toHtmlEscaped();
}

QString heading(const QString& text)
{
    return QStringLiteral("<h4>%1</h4>").arg(text);
}

QString paragraph(const QString& label, const std::string& text)
{
    if (text.empty()) return {};
    return heading(label) + QStringLiteral("<p>%1</p>").arg(html(text));
}

QString figures_table(const Finding& finding)
{
    if (finding.figures.empty()) return {};
    QString text =
        heading(tr("Figures")) +
        QStringLiteral("<table cellspacing=0 cellpadding=3 width='100%'><tr><th align=left>%1</th><th align=right "
                       "style='white-space:nowrap'>%2</th><th align=right style='white-space:nowrap'>%3</th></tr>")
            .arg(tr("Figure"), tr("Value"), tr("Threshold"));
    for (const Figure& figure : finding.figures) {
        const QString threshold =
            figure.threshold ? figure_text(*figure.threshold, figure.unit).toHtmlEscaped() : QStringLiteral("&ndash;");
        text +=
            QStringLiteral("<tr><td>%1</td><td align=right style='white-space:nowrap'><b>%2</b></td><td align=right "
                           "style='white-space:nowrap' title='%4'>%3</td></tr>")
                .arg(html(figure.name).replace(QLatin1Char('_'), QLatin1Char(' ')),
                     figure_text(figure.value, figure.unit).toHtmlEscaped(), threshold, html(figure.threshold_name));
    }
    return text + QStringLiteral("</table>");
}

/// Where the thresholds come from: "database.n_plus_one.repeats: source".
QString threshold_sources(const Finding& finding, const QString& muted)
{
    QStringList lines;
    for (const Analyzer* analyzer : all_analyzers()) {
        if (analyzer->id != finding.analyzer) continue;
        for (const Threshold& threshold : analyzer->thresholds)
            for (const Figure& figure : finding.figures)
                if (figure.threshold && figure.threshold_name == finding.analyzer + "." + std::string(threshold.name))
                    lines << QStringLiteral("%1: %2").arg(html(figure.threshold_name),
                                                          html(std::string(threshold.source)));
    }
    lines.removeDuplicates();
    return lines.isEmpty() ? QString()
                           : QStringLiteral("<p style='color:%1'><small>%2</small></p>")
                                 .arg(muted, lines.join(QStringLiteral("<br/>")));
}

/// What the verdict says about the figures.
QString reason_of(Verdict verdict)
{
    switch (verdict) {
    case Verdict::confirmed:
        return tr("The signal crosses its threshold on enough samples, and an independent look agrees.");
    case Verdict::suspected:
        return tr("The signal crosses its threshold, but no second, independent look confirms it yet.");
    case Verdict::inconclusive: return tr("There is evidence, but too little of it, or it conflicts.");
    default: return {};
    }
}

QString evidence_list(const Finding& finding, const QString& muted)
{
    if (finding.evidence.empty()) return {};
    QString text = heading(tr("Evidence"));
    for (std::size_t i = 0; i < finding.evidence.size(); ++i) {
        const Evidence& evidence = finding.evidence[i];
        const QString caption = evidence.caption.empty() ? tr("Open the rows") : html(evidence.caption);
        text +=
            QStringLiteral("<p><a href='evidence:%1'>%2</a> <span style='color:%3; white-space:nowrap'>%4</span></p>")
                .arg(i)
                .arg(caption, muted, rows_text(evidence.rows));
    }
    return text;
}

QString fixes_list(const Finding& finding, const QString& muted)
{
    if (finding.fixes.empty()) return {};
    QString text = heading(tr("Fixes"));
    for (const Fix& fix : finding.fixes) {
        text += QStringLiteral("<p><b>%1</b>").arg(html(fix.title));
        if (!fix.effort.empty())
            text += QStringLiteral(" <span style='color:%1'>(%2)</span>").arg(muted, html(fix.effort));
        if (!fix.effect.empty()) text += QStringLiteral("<br/>%1 %2").arg(tr("Expected:"), html(fix.effect));
        if (!fix.watch.empty())
            text +=
                QStringLiteral("<br/><span style='color:%1'>%2 %3</span>").arg(muted, tr("Watch:"), html(fix.watch));
        text += QStringLiteral("</p>");
    }
    return text;
}

QString related_list(const Finding& finding)
{
    if (finding.related.empty()) return {};
    QString text = heading(tr("Related"));
    for (std::size_t i = 0; i < finding.related.size(); ++i) {
        const RelatedFinding& related = finding.related[i];
        const QString relation = related.relation == "explains"       ? tr("Explains")
                                 : related.relation == "explained_by" ? tr("Explained by")
                                 : related.relation == "same_as"      ? tr("The same thing, seen in other evidence:")
                                                                      : html(related.relation);
        text += QStringLiteral("<p>%1 <a href='finding:%2'>%3</a></p>")
                    .arg(relation)
                    .arg(i)
                    .arg(html(related.analyzer + ": " + related.key));
    }
    return text;
}

}  // namespace

QString finding_html(const Finding& finding, const QString& muted)
{
    QString text = QStringLiteral("<h3>%1</h3>").arg(html(finding.headline));
    text += QStringLiteral("<p style='color:%1'>%2</p>")
                .arg(muted, question_of(finding.analyzer).toHtmlEscaped());
    if (!finding.subjects.empty() || finding.when) {
        text += QStringLiteral("<table cellspacing=0 cellpadding=2>");
        for (const Subject& subject : finding.subjects)
            text += QStringLiteral("<tr><td style='color:%1'>%2&nbsp;</td><td>%3</td></tr>")
                        .arg(muted, html(subject.kind), html(subject.name));
        if (finding.when)
            text += QStringLiteral("<tr><td style='color:%1'>%2&nbsp;</td><td>%3</td></tr>")
                        .arg(muted, tr("when"), range_text(*finding.when));
        text += QStringLiteral("</table>");
    }
    text += heading(tr("Why this verdict")) + QStringLiteral("<p>%1</p>").arg(reason_of(finding.verdict));
    if (!finding.note.empty()) text += QStringLiteral("<p>%1</p>").arg(html(finding.note));
    text += figures_table(finding);
    text += threshold_sources(finding, muted);
    text += evidence_list(finding, muted);
    text += fixes_list(finding, muted);
    text += paragraph(tr("Proof of the fix"), finding.proof);
    text += paragraph(tr("Roll back when"), finding.rollback);
    text += paragraph(tr("Refuted if"), finding.refutes_if);
    text += related_list(finding);
    return text;
}

QString verdict_html(const AnalyzerVerdict& verdict, const QString& muted)
{
    QString text = QStringLiteral("<h3>%1</h3>").arg(question_of(verdict.analyzer).toHtmlEscaped());
    text += QStringLiteral("<p>%1</p>").arg(html(verdict.answer.reason));
    const auto& missing = verdict.answer.missing;
    if (!missing.empty())
        text += heading(verdict.answer.verdict == Verdict::notEnoughEvidence ? tr("Bring this")
                                                                             : tr("Would make it surer"));
    for (std::size_t i = 0; i < missing.size(); ++i) {
        text += QStringLiteral("<p><b>%1</b>").arg(html(missing[i].evidence));
        if (!missing[i].why.empty())
            text += QStringLiteral(" <span style='color:%1'>%2</span>").arg(muted, html(missing[i].why));
        text += QStringLiteral("</p>");
        if (!missing[i].command.empty())
            text += QStringLiteral("<p><code>%1</code><br/><a href='copy:%2'>%3</a></p>")
                        .arg(html(missing[i].command))
                        .arg(i)
                        .arg(tr("Copy this command"));
    }
    return text;
}

}  // namespace casebook
