#include "widgets/panels/views/trace_pane.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/panels/views/span_detail.h"

#include <QAction>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSplitter>
#include <QToolBar>
#include <algorithm>
#include <map>

namespace casebook {
namespace {

constexpr std::size_t most_services_named = 12;
constexpr std::size_t most_text_lines = 5000;
constexpr int narrow = 760;
constexpr int low = 300;  // below it, the span in full would leave the waterfall no room

}  // namespace

TracePane::TracePane(QWidget* parent)
    : QWidget(parent), title_(new QLabel), services_(new QLabel), search_(new QLineEdit), matches_(new QLabel), tools_(new QToolBar),
      waterfall_(new Waterfall), detail_(new SpanDetail), splitter_(new QSplitter(Qt::Horizontal)), head_(new QGridLayout)
{
    title_->setTextFormat(Qt::RichText);
    title_->setWordWrap(true);
    services_->setTextFormat(Qt::RichText);
    services_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    services_->setAccessibleName(tr("Services and their own time"));
    search_->setPlaceholderText(tr("Find in names, statements, attributes"));
    search_->setClearButtonEnabled(true);
    search_->setAccessibleName(tr("Find in the trace"));
    search_->setMinimumWidth(120);
    search_->setMaximumWidth(320);
    waterfall_->set_category_numbers(numbers_);

    auto* lines = new QVBoxLayout(this);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    head_->setContentsMargins(8, 4, 4, 0);
    head_->setVerticalSpacing(0);
    lines->addLayout(head_);
    arrange();
    splitter_->addWidget(waterfall_);
    splitter_->addWidget(detail_);
    splitter_->setStretchFactor(0, 3);
    splitter_->setStretchFactor(1, 1);
    splitter_->setCollapsible(0, false);
    lines->addWidget(splitter_, 1);
    setFocusProxy(waterfall_);
    setTabOrder(search_, waterfall_);
    setTabOrder(waterfall_, detail_);

    add_tools();
    connect(waterfall_, &Waterfall::current_changed, this, &TracePane::show_span);
    connect(search_, &QLineEdit::textChanged, this, &TracePane::search);
    connect(search_, &QLineEdit::returnPressed, this, [this] { waterfall_->next_match(); });
    connect(detail_, &SpanDetail::value_chosen, this, [this](const QString& value) { search_->setText(value); });
    auto* find = new QAction(tr("Find"), this);
    find->setShortcut(QKeySequence::Find);
    find->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(find, &QAction::triggered, this, [this] { search_->setFocus(); search_->selectAll(); });
    addAction(find);
    show_title();
}

void TracePane::add_tools()
{
    tools_->setIconSize({16, 16});
    const auto add = [this](const QString& text, const QString& tip, auto&& run) {
        QAction* action = tools_->addAction(text);
        action->setToolTip(tip);
        connect(action, &QAction::triggered, this, run);
    };
    tools_->addAction(waterfall_->findChild<QAction*>(QStringLiteral("criticalPath")));
    tools_->addSeparator();
    add(tr("Open All"), tr("Open every span (* opens below the current one)"), [this] { waterfall_->expand_all(); });
    add(tr("Close"), tr("Show the first two levels only (/ closes below the current one)"), [this] { waterfall_->collapse_below(1); });
    add(tr("Next Error"), tr("Go to the next failed span (E)"), [this] { waterfall_->next_error(); });
    add(tr("Whole Trace"), tr("Zoom out to the whole trace (0)"), [this] { waterfall_->reset_view(); });
    detail_action_ = tools_->addAction(tr("Attributes"));
    detail_action_->setCheckable(true);
    detail_action_->setChecked(true);
    detail_action_->setToolTip(tr("Show the span in full beside the waterfall"));
    connect(detail_action_, &QAction::triggered, this, [this](bool on) {
        detail_wanted_ = on;
        show_detail(on);
    });
}

void TracePane::show_detail(bool on)
{
    detail_action_->setChecked(on);
    detail_->setVisible(on);
}

/// Title and services share lines with search and tools while there is room, else each has a line of its own: cut off
/// they would say nothing.
void TracePane::arrange()
{
    const bool tight = width() < narrow;
    if (arranged_ && tight == narrow_) return;
    arranged_ = true;
    narrow_ = tight;
    for (QWidget* widget : std::initializer_list<QWidget*>{title_, services_, matches_, search_, tools_}) head_->removeWidget(widget);
    if (tight) {
        head_->addWidget(title_, 0, 0, 1, 3);
        head_->addWidget(services_, 1, 0, 1, 3);
        head_->addWidget(tools_, 2, 0);
        head_->addWidget(matches_, 2, 1);
        head_->addWidget(search_, 2, 2);
    } else {
        head_->addWidget(title_, 0, 0, 1, 2);
        head_->addWidget(matches_, 0, 2);
        head_->addWidget(search_, 0, 3);
        head_->addWidget(services_, 1, 0);
        head_->addWidget(tools_, 1, 1, 1, 3);
    }
    head_->setColumnStretch(0, 1);
    // Tools that have no room go into the menu at the end of the bar.
    tools_->setSizePolicy(tight ? QSizePolicy::Ignored : QSizePolicy::Preferred, QSizePolicy::Fixed);
    // Beside the waterfall while there is room for both, else below it.
    splitter_->setOrientation(tight ? Qt::Vertical : Qt::Horizontal);
    if (!waterfall_->rows().empty()) show_title();
}

void TracePane::set_trace(std::shared_ptr<const SpanTable> spans, std::size_t trace_index, std::vector<CriticalStretch> critical)
{
    spans_ = std::move(spans);
    search_->clear();
    detail_->show_nothing();
    waterfall_->set_trace(spans_, trace_index);
    waterfall_->set_critical_path(std::move(critical));
    show_title();
    show_span();
}

void TracePane::set_time_zone(TimeZoneMode mode)
{
    zone_ = mode;
    waterfall_->set_time_zone(mode);
    show_title();
    show_span();
}

void TracePane::show_span()
{
    if (const auto row = waterfall_->current_row(); row && spans_) detail_->show_span(*spans_, *row, zone_);
}

void TracePane::search(const QString& text)
{
    const std::size_t found = waterfall_->find(text);
    matches_->setText(text.isEmpty() ? QString() : found == 0 ? tr("not found") : tr("%1 found").arg(count_text(static_cast<std::int64_t>(found))));
}

void TracePane::show_title()
{
    const TraceRows& rows = waterfall_->rows();
    title_->setVisible(!rows.empty());
    services_->setVisible(false);
    search_->setEnabled(!rows.empty());
    tools_->setEnabled(!rows.empty());
    if (rows.empty()) return;
    title_->setText(title_html());
    title_->setToolTip(title_->text());
    std::map<SpanTable::Id, std::int64_t> own_time;
    std::vector<SpanTable::Id> order;  // as the waterfall meets them, so that colours agree
    for (TraceRows::Node node = 0; node < rows.size(); ++node) {
        const auto [entry, added] = own_time.try_emplace(spans_->service[rows.row(node)], 0);
        if (added) order.push_back(entry->first);
        entry->second += rows.self_ns(node);
    }
    const ViewColors colors = view_colors(palette());
    QStringList parts;
    for (const SpanTable::Id id : order) {
        const QColor color = colors.category(numbers_->number(to_qt(spans_->text(id))));
        if (parts.size() >= static_cast<qsizetype>(most_services_named)) continue;
        parts += QStringLiteral("<span style='color:%1'>&#9632;</span> %2 <span style='color:%3'>%4</span>")
                     .arg(color.name(), to_qt_line(spans_->text(id), 60).toHtmlEscaped(), colors.muted.name(), duration_text(own_time[id]));
    }
    if (order.size() > most_services_named) parts += tr("and %1 more services").arg(order.size() - most_services_named);
    services_->setText(parts.join(QStringLiteral("&nbsp;&nbsp; ")));
    // One service stands in the title already.
    services_->setVisible(!narrow_ || order.size() > 1);
    services_->setToolTip(tr("Own time per service in this trace"));
}

QString TracePane::title_html() const
{
    const TraceRows& rows = waterfall_->rows();
    const SpanTable& spans = *spans_;
    const SpanTable::Row root = rows.row(0);
    const SpanTable::Trace& trace = spans.traces[rows.trace_index()];
    std::uint32_t errors = 0;
    for (TraceRows::Node node = 0; node < rows.size(); ++node)
        if (rows.tree.parent(node) == FlatTree::none) errors += rows.errors_below(node);
    QStringList facts{duration_text(rows.end_ns() - rows.start_ns()),
                      rows.size() == 1 ? tr("1 span") : tr("%1 spans").arg(count_text(static_cast<std::int64_t>(rows.size())))};
    if (errors > 0) facts += errors == 1 ? tr("1 error") : tr("%1 errors").arg(count_text(errors));
    facts += instant_text(rows.start_ns(), zone_, 3) + QLatin1Char(' ') + zone_text(zone_, rows.start_ns());
    facts += tr("trace %1").arg(QString::fromStdString(hex64(trace.high) + hex64(trace.low)));
    return QStringLiteral("<b>%1</b> %2 &nbsp; <span style='color:%3'>%4</span>")
        .arg(to_qt_line(spans.text(spans.service[root]), 60).toHtmlEscaped(), to_qt_line(spans.text(spans.operation[root]), 120).toHtmlEscaped(),
             view_colors(palette()).muted.name(), facts.join(QStringLiteral(" · ")).toHtmlEscaped());
}

QString TracePane::text() const
{
    const TraceRows& rows = waterfall_->rows();
    QString text;
    for (std::size_t row = 0; row < std::min(rows.tree.visible_count(), most_text_lines); ++row) {
        const TraceRows::Node node = rows.tree.at(row);
        text += QString(static_cast<qsizetype>(std::min<std::uint32_t>(rows.tree.depth(node), 60)) * 2, QLatin1Char(' '));
        text += waterfall_->span_line(node) + QLatin1Char('\n');
    }
    if (rows.tree.visible_count() > most_text_lines)
        text += tr("… and %1 more spans").arg(count_text(static_cast<std::int64_t>(rows.tree.visible_count() - most_text_lines))) + QLatin1Char('\n');
    return text;
}

void TracePane::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    arrange();
    if (!detail_wanted_) show_detail(!narrow_ || height() >= low);
}

void TracePane::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) show_title();
}

}  // namespace casebook
