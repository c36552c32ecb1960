#include "widgets/panels/views/span_detail.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QHelpEvent>
#include <QKeyEvent>
#include <algorithm>
#include <string>
#include <utility>

namespace casebook {
namespace {

constexpr qsizetype shown_length = 300;
constexpr std::size_t most_value = 20'000;    // of a tooltip and the clipboard
constexpr std::size_t most_attributes = 2000;
constexpr int full_value = Qt::UserRole;

}  // namespace

SpanDetail::SpanDetail(QWidget* parent) : QTreeWidget(parent)
{
    setColumnCount(2);
    setHeaderLabels({tr("Span"), tr("Value")});
    setRootIsDecorated(true);
    setUniformRowHeights(true);
    setAlternatingRowColors(true);
    setIndentation(12);
    setSelectionMode(QAbstractItemView::ExtendedSelection);
    setAccessibleName(tr("Attributes of the span"));
    header()->setSectionResizeMode(0, QHeaderView::Interactive);
    header()->setStretchLastSection(true);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    const auto act = [this](const QString& text, auto&& run) {
        auto* action = new QAction(text, this);
        connect(action, &QAction::triggered, this, run);
        addAction(action);
    };
    act(tr("Copy"), [this] { QApplication::clipboard()->setText(selected_text()); });
    act(tr("Copy Value"), [this] { if (currentItem()) QApplication::clipboard()->setText(currentItem()->data(1, full_value).toString()); });
    act(tr("Find Spans with this Value"), [this] { if (currentItem()) emit value_chosen(currentItem()->data(1, full_value).toString()); });
}

QTreeWidgetItem* SpanDetail::section(const QString& title)
{
    auto* item = new QTreeWidgetItem(this, {title});
    QFont bold = font();
    bold.setBold(true);
    item->setFont(0, bold);
    item->setFirstColumnSpanned(true);
    return item;
}

void SpanDetail::add(QTreeWidgetItem* section, const QString& key, const QString& value)
{
    auto* item = new QTreeWidgetItem(section, {key, value.left(shown_length).simplified()});
    item->setData(1, full_value, value);
}

void SpanDetail::show_nothing() { clear(); }

void SpanDetail::show_span(const SpanTable& spans, SpanTable::Row row, TimeZoneMode zone)
{
    setUpdatesEnabled(false);
    clear();
    const auto text = [&](SpanTable::Id id) { return to_qt(spans.text(id).substr(0, most_value)); };
    QTreeWidgetItem* figures = section(tr("Span"));
    add(figures, tr("Service"), text(spans.service[row]));
    add(figures, tr("Operation"), text(spans.operation[row]));
    if (spans.name[row] != spans.operation[row]) add(figures, tr("Name"), text(spans.name[row]));
    add(figures, tr("Kind"), to_qt(name_of(spans.kind[row])));
    add(figures, tr("Status"), to_qt(name_of(spans.status[row])));
    add(figures, tr("Start (%1)").arg(zone_text(zone, spans.start_ns[row])), instant_text(spans.start_ns[row], zone, 9));
    add(figures, tr("Duration"), exact_duration_text(spans.duration_ns[row]));
    add(figures, tr("Own time"), exact_duration_text(spans.self_ns[row]));
    if (spans.instance[row] != 0) add(figures, tr("Instance"), text(spans.instance[row]));
    if (spans.version[row] != 0) add(figures, tr("Version"), text(spans.version[row]));
    const SpanTable::Trace& trace = spans.traces[spans.trace[row]];
    add(figures, tr("Trace id"), QString::fromStdString(hex64(trace.high) + hex64(trace.low)));
    add(figures, tr("Span id"), QString::fromStdString(hex64(spans.span_id[row])));
    if (spans.parent_id[row] != 0) add(figures, tr("Parent id"), QString::fromStdString(hex64(spans.parent_id[row])));
    if (spans.statement[row] != 0) {
        add(section(tr("Statement")), tr("SQL"), text(spans.statement[row]));
        if (spans.fingerprint[row] != 0) add(topLevelItem(topLevelItemCount() - 1), tr("Fingerprint"), text(spans.fingerprint[row]));
    }
    std::vector<std::pair<SpanTable::Id, SpanTable::Id>> attributes, events;
    const std::uint32_t begin = spans.attribute_begin[row], end = spans.attribute_begin[row + 1];
    for (std::uint32_t i = begin; i < end; ++i) {
        const std::string_view key = spans.text(spans.attribute_key[i]);
        (key == "event" || key == "link" ? events : attributes).emplace_back(spans.attribute_key[i], spans.attribute_value[i]);
    }
    std::stable_sort(attributes.begin(), attributes.end(), [&](const auto& a, const auto& b) { return spans.text(a.first) < spans.text(b.first); });
    const auto list = [&](const QString& title, const auto& pairs) {
        if (pairs.empty()) return;
        QTreeWidgetItem* group = section(title);
        for (std::size_t i = 0; i < std::min(pairs.size(), most_attributes); ++i) add(group, text(pairs[i].first), text(pairs[i].second));
        if (pairs.size() > most_attributes) add(group, tr("… and more"), count_text(static_cast<std::int64_t>(pairs.size() - most_attributes)));
    };
    list(tr("Attributes (%1)").arg(count_text(static_cast<std::int64_t>(attributes.size()))), attributes);
    list(tr("Events and links (%1)").arg(count_text(static_cast<std::int64_t>(events.size()))), events);
    expandAll();
    fit_columns();
    setUpdatesEnabled(true);
}

void SpanDetail::fit_columns() { setColumnWidth(0, std::clamp(sizeHintForColumn(0), 80, std::max(80, viewport()->width() * 45 / 100))); }

void SpanDetail::resizeEvent(QResizeEvent* event)
{
    QTreeWidget::resizeEvent(event);
    fit_columns();
}

QString SpanDetail::selected_text() const
{
    QString lines;
    for (const QTreeWidgetItem* item : selectedItems()) {
        if (!lines.isEmpty()) lines += QLatin1Char('\n');
        lines += item->text(0);
        if (item->data(1, full_value).isValid()) lines += QLatin1Char('\t') + item->data(1, full_value).toString();
    }
    return lines;
}

void SpanDetail::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy)) QApplication::clipboard()->setText(selected_text());
    else QTreeWidget::keyPressEvent(event);
}

bool SpanDetail::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const QPoint at = static_cast<QHelpEvent*>(event)->pos();
        if (QTreeWidgetItem* item = itemAt(at); item != nullptr && item->toolTip(1).isEmpty() && item->data(1, full_value).isValid())
            item->setToolTip(1, QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(item->data(1, full_value).toString().left(2000).toHtmlEscaped()));
    }
    return QTreeWidget::viewportEvent(event);
}

}  // namespace casebook
