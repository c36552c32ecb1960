#include "widgets/models/finding_text.h"

#include "analyzers/core/analyzer.h"
#include "analyzers/playbook/thresholds.h"
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

/// A threshold as a link that edits it, marked when it is not the default.
QString threshold_cell(const std::string& name, double value, const std::string& unit, const FindingContext& context,
                       bool beside_value)
{
    // Beside a value with a unit the same unit would only take the room of the names.
    const bool scaled = unit == "ms" || unit == "us" || unit == "ns" || unit == "s" || unit == "bytes" || unit == "By";
    const QString text = threshold_text(value, scaled || !beside_value ? unit : std::string()).toHtmlEscaped();
    if (!default_threshold(name)) return text;
    const bool changed = context.thresholds.contains(name);
    QString cell = context.editable ? QStringLiteral("<a href='threshold:%1' title='%2'>%3</a>")
                                          .arg(html(name), tr("Set this threshold for the case"), text)
                                    : text;
    if (changed) {
        cell = QStringLiteral("<b>%1</b>").arg(cell);
        if (context.editable)
            cell += QStringLiteral(" <a href='reset:%1' title='%2'>&#8634;</a>")
                        .arg(html(name), tr("Back to the default, %1")
                                             .arg(threshold_text(*default_threshold(name), unit).toHtmlEscaped()));
    }
    return cell;
}

/// A figure's value that does not wrap within its number; a unit that is a word stands under it, and leaves the names their room.
QString value_cell(const Figure& figure)
{
    constexpr qsizetype longest_line = 8;  // letters, of a panel as narrow as it gets
    const QString text = figure_text(figure.value, figure.unit), unit = QLatin1Char(' ') + to_qt(figure.unit);
    if (text.size() <= longest_line || !text.endsWith(unit)) return text.toHtmlEscaped();
    return text.chopped(unit.size()).toHtmlEscaped() + QStringLiteral("<br/>") + html(figure.unit);
}

/// Figures with a threshold first: each is a condition that is met or not.
QString figures_table(const Finding& finding, const FindingContext& context)
{
    if (finding.figures.empty()) return {};
    QString conditions, others;
    for (const Figure& figure : finding.figures) {
        const QString name = html(figure.name).replace(QLatin1Char('_'), QLatin1Char(' '));
        const QString value = value_cell(figure);
        const QString no_wrap = QStringLiteral("align=right style='white-space:nowrap'");
        if (!figure.threshold) {
            others += QStringLiteral("<tr><td></td><td>%1</td><td %3><b>%2</b></td><td></td></tr>").arg(name, value, no_wrap);
            continue;
        }
        const bool holds = figure.holds();
        const QString sign = figure.bound == Bound::atMost ? QStringLiteral("&le;") : QStringLiteral("&ge;");
        conditions +=
            QStringLiteral("<tr><td style='color:%5' title='%6'>%7</td><td>%1</td><td %4><b>%2</b></td><td %4>%8 %3</td></tr>")
                .arg(name, value, threshold_cell(figure.threshold_name, *figure.threshold, figure.unit, context, true), no_wrap,
                     holds ? context.good : finding.verdict == Verdict::confirmed ? context.muted : context.bad, holds ? tr("reached") : tr("not reached"),
                     holds ? QStringLiteral("&#10003;") : QStringLiteral("&#10007;"), sign);
    }
    return heading(tr("Figures")) +
           QStringLiteral("<table cellspacing=0 cellpadding=3 width='100%'><tr><th></th><th align=left>%1</th><th align=right "
                          "style='white-space:nowrap'>%2</th><th align=right style='white-space:nowrap'>%3</th></tr>")
               .arg(tr("Figure"), tr("Value"), tr("Threshold")) +
           conditions + others + QStringLiteral("</table>");
}

/// Where the thresholds come from: "database.n_plus_one.repeats: source".
QString threshold_sources(const Finding& finding, const QString& muted)
{
    QStringList lines;
    for (const NamedThreshold& threshold : all_thresholds())
        for (const Figure& figure : finding.figures)
            if (figure.threshold && figure.threshold_name == threshold.name)
                lines << QStringLiteral("%1: %2").arg(html(threshold.name), html(std::string(threshold.source)));
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

QString missing_list(const std::vector<Missing>& missing, const QString& title, const QString& muted)
{
    if (missing.empty()) return {};
    QString text = heading(title);
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

/// Why it is not confirmed: the conditions that are not met, each with its value beside the threshold, then what the
/// analyzer says is missing.
QString not_confirmed(const Finding& finding, const FindingContext& context)
{
    if (finding.verdict == Verdict::confirmed) return {};
    QString lines;
    for (const Figure& figure : finding.figures) {
        if (figure.holds()) continue;
        lines += QStringLiteral("<li>%1</li>")
                     .arg((figure.bound == Bound::atMost ? tr("%1 is %2; at most %3 is asked for")
                                                         : tr("%1 is %2; at least %3 is asked for"))
                              .arg(html(figure.name).replace(QLatin1Char('_'), QLatin1Char(' ')),
                                   figure_text(figure.value, figure.unit).toHtmlEscaped(),
                                   threshold_cell(figure.threshold_name, *figure.threshold, figure.unit, context, false)));
    }
    if (!finding.note.empty()) lines += QStringLiteral("<li>%1</li>").arg(html(finding.note));
    if (lines.isEmpty()) return {};
    return heading(tr("Why not confirmed")) + QStringLiteral("<ul style='margin-left:0; -qt-list-indent:1'>%1</ul>").arg(lines);
}

QString verdict_word(const std::string& name)
{
    for (const Verdict verdict : {Verdict::confirmed, Verdict::suspected, Verdict::inconclusive, Verdict::ruledOut,
                                  Verdict::notEnoughEvidence})
        if (name == name_of(verdict)) return verdict_text(verdict).toLower();
    return tr("not found");
}

/// How the verdict came to be; nothing when it never changed.
QString history_list(const FindingContext& context)
{
    const auto& history = context.history;
    if (history.empty() || (history.size() == 1 && history[0].before.empty() && history[0].cause == "first analysis")) return {};
    QString text = heading(tr("How the verdict changed"));
    for (auto change = history.rbegin(); change != history.rend(); ++change) {
        const QString cause = html(change->cause);
        const bool began = change->before.empty() && change + 1 == history.rend();
        text += QStringLiteral("<p>%1 <span style='color:%2'>%3</span></p>")
                    .arg(began ? tr("%1: %2").arg(verdict_word(change->verdict), cause)
                               : tr("was %1, %2 after this: %3")
                                     .arg(verdict_word(change->before), verdict_word(change->verdict), cause),
                         context.muted, time_text(change->at_ns));
    }
    return text;
}

/// All thresholds of an analyzer, to be set where no figure shows them.
QString own_thresholds(const std::string& analyzer, const FindingContext& context)
{
    QString rows;
    for (const NamedThreshold& threshold : all_thresholds()) {
        if (threshold.name.rfind(analyzer + ".", 0) != 0) continue;
        const auto set = context.thresholds.find(threshold.name);
        const double value = set == context.thresholds.end() ? threshold.value : set->second;
        rows += QStringLiteral("<tr><td>%1</td><td align=right style='white-space:nowrap'>%2</td><td style='color:%3'><small>%4</small></td></tr>")
                    .arg(html(threshold.name.substr(analyzer.size() + 1)).replace(QLatin1Char('_'), QLatin1Char(' ')),
                         threshold_cell(threshold.name, value, std::string(threshold.unit), context, false), context.muted,
                         html(std::string(threshold.source)));
    }
    if (rows.isEmpty()) return {};
    return heading(tr("Thresholds")) + QStringLiteral("<table cellspacing=0 cellpadding=3 width='100%'>%1</table>").arg(rows);
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

QString finding_html(const Finding& finding, const FindingContext& context)
{
    const QString& muted = context.muted;
    QString text = QStringLiteral("<h3>%1</h3>").arg(html(finding.headline));
    text += QStringLiteral("<p style='color:%1'>%2</p>").arg(muted, question_of(finding.analyzer).toHtmlEscaped());
    if (!finding.subjects.empty() || finding.when) {
        text += QStringLiteral("<table cellspacing=0 cellpadding=2>");
        for (const Subject& subject : finding.subjects)
            text += QStringLiteral("<tr><td style='color:%1'>%2&nbsp;</td><td>%3</td></tr>")
                        .arg(muted, html(subject.kind), html(subject.name));
        if (finding.when)
            text += QStringLiteral("<tr><td style='color:%1'>%2&nbsp;</td><td>%3</td></tr>")
                        .arg(muted, tr("when"), QStringLiteral("<a href='when:0' title='%1'>%2</a>").arg(tr("Show this time in all charts"), range_text(*finding.when)));
        text += QStringLiteral("</table>");
    }
    text += heading(tr("Why this verdict")) + QStringLiteral("<p>%1</p>").arg(reason_of(finding.verdict));
    const QString why_not = not_confirmed(finding, context);
    if (why_not.isEmpty() && !finding.note.empty()) text += QStringLiteral("<p>%1</p>").arg(html(finding.note));
    text += why_not;
    text += figures_table(finding, context);
    text += threshold_sources(finding, muted);
    text += missing_list(context.missing, tr("Would make it surer"), muted);
    text += evidence_list(finding, muted);
    text += fixes_list(finding, muted);
    text += paragraph(tr("Proof of the fix"), finding.proof);
    text += paragraph(tr("Roll back when"), finding.rollback);
    text += paragraph(tr("Refuted if"), finding.refutes_if);
    text += related_list(finding);
    text += history_list(context);
    return text;
}

QString verdict_html(const AnalyzerVerdict& verdict, const FindingContext& context)
{
    QString text = QStringLiteral("<h3>%1</h3>").arg(question_of(verdict.analyzer).toHtmlEscaped());
    text += QStringLiteral("<p>%1</p>").arg(html(verdict.answer.reason));
    text += missing_list(verdict.answer.missing,
                         verdict.answer.verdict == Verdict::notEnoughEvidence ? tr("Bring this") : tr("Would make it surer"),
                         context.muted);
    text += own_thresholds(verdict.analyzer, context);
    text += history_list(context);
    return text;
}

}  // namespace casebook
