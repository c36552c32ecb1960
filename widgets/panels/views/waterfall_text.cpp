// What the waterfall says about a span in words: tooltip, clipboard, accessible description.

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/panels/views/waterfall.h"

#include <algorithm>

namespace casebook {
namespace {

QString percent_of(std::int64_t part, std::int64_t whole)
{
    if (whole <= 0) return QStringLiteral("0 %");
    return QString::fromStdString(format_percent(static_cast<double>(part) / static_cast<double>(whole)));
}

}  // namespace

QString Waterfall::span_line(Node node) const
{
    QString line = service_text(node) + QStringLiteral(", ") + operation_text(node) + QStringLiteral(", ") +
                   exact_duration_text(rows_.duration_ns(node));
    if (rows_.is_error(node)) line += tr(", error");
    if (rows_.tree.is_collapsed(node)) line += tr(", closed, %1 below").arg(count_text(rows_.tree.descendants(node)));
    return line;
}

QString Waterfall::span_text(Node node) const
{
    const Row row = rows_.row(node);
    const SpanTable& spans = *spans_;
    QStringList lines;
    const auto add = [&](const QString& name, const QString& value) { lines += name + QStringLiteral(": ") + value; };
    lines += service_text(node) + QStringLiteral("  ") + operation_text(node);
    const QString name = to_qt_line(spans.text(spans.name[row]), 300);
    if (name != operation_text(node)) add(tr("Name"), name);
    add(tr("Start"), instant_text(spans.start_ns[row], zone_, 9) + QLatin1Char(' ') + zone_text(zone_, spans.start_ns[row]) +
                         tr(" (%1 into the trace)").arg(exact_duration_text(rows_.offset_ns(node))));
    add(tr("Duration"), exact_duration_text(rows_.duration_ns(node)) +
                            tr(" (%1 of the trace)").arg(percent_of(rows_.duration_ns(node), rows_.end_ns() - rows_.start_ns())));
    add(tr("Own time"), exact_duration_text(rows_.self_ns(node)) +
                            tr(" (%1 of the span)").arg(percent_of(rows_.self_ns(node), rows_.duration_ns(node))));
    const auto critical = critical_.find(row);
    if (critical != critical_.end()) {
        std::int64_t sum = 0;
        for (const auto& [from, to] : critical->second) sum += to - from;
        add(tr("On the critical path"), exact_duration_text(sum) + tr(" (%1 of the trace)").arg(percent_of(sum, rows_.end_ns() - rows_.start_ns())));
    }
    add(tr("Kind, status"), to_qt(name_of(spans.kind[row])) + QStringLiteral(", ") + to_qt(name_of(spans.status[row])));
    const auto children = static_cast<std::int64_t>(spans.children(row).size());
    add(tr("Children"), tr("%1 direct, %2 in all").arg(count_text(children), count_text(rows_.tree.descendants(node))));
    if (rows_.errors_below(node) > 0) add(tr("Errors, itself included"), count_text(rows_.errors_below(node)));
    if (spans.instance[row] != 0) add(tr("Instance"), to_qt(spans.text(spans.instance[row])));
    if (spans.version[row] != 0) add(tr("Version"), to_qt(spans.text(spans.version[row])));
    if (spans.statement[row] != 0) {
        add(tr("Statement"), to_qt_line(spans.text(spans.statement[row]), 400));
    }
    add(tr("Span id"), QString::fromStdString(hex64(spans.span_id[row])));
    if (rows_.is_orphan(node)) lines += tr("Its parent is not in the case.");
    return lines.join(QLatin1Char('\n'));
}

}  // namespace casebook
