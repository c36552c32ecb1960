#include "widgets/panels/views/thread_view.h"

#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/state_bars.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QFontDatabase>
#include <QLabel>
#include <QPlainTextEdit>
#include <QSplitter>
#include <QTabWidget>
#include <QVBoxLayout>
#include <algorithm>

namespace casebook {

ThreadView::ThreadView(Session& session, QWidget* parent)
    : QueryView(session, parent), bars_(new StateBars), headline_(new QLabel), tabs_(new QTabWidget), groups_(new DataTable), locks_(new DataTable), stack_(new QPlainTextEdit)
{
    headline_->setWordWrap(true);
    headline_->setContentsMargins(8, 2, 8, 4);
    headline_->setObjectName(QStringLiteral("threadHeadline"));
    stack_->setReadOnly(true);
    stack_->setLineWrapMode(QPlainTextEdit::NoWrap);
    stack_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    stack_->setAccessibleName(tr("Stack"));
    tabs_->setDocumentMode(true);
    tabs_->addTab(groups_, tr("Threads by stack"));
    tabs_->addTab(locks_, tr("Locks"));
    locks_->set_hint(tr("Nobody waits for a lock that another thread of this dump holds."));
    auto* splitter = new QSplitter(Qt::Horizontal);
    splitter->addWidget(tabs_);
    splitter->addWidget(stack_);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 2);
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(bars_);
    lines->addWidget(headline_);
    lines->addWidget(splitter, 1);
    body->setFocusProxy(groups_);
    set_body(body);
    set_empty_hint(tr("No thread dumps in the case. `jstack -l PID > threads_1.txt` takes one; three, ten seconds apart, show what stays stuck. Pasting one works, too."));
    connect(bars_, &StateBars::chosen, this, &ThreadView::show_dump);
    connect(tabs_, &QTabWidget::currentChanged, this, &ThreadView::show_stack);
    for (DataTable* table : {groups_, locks_}) {
        connect(table, &DataTable::current_row_changed, this, &ThreadView::show_stack);
        connect(table, &DataTable::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
    }
}

void ThreadView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    data_.emplace(std::move(rows));
    const int last = static_cast<int>(data_->dumps().size()) - 1;
    dump_ = -1;
    name_dumps();
    bars_->setVisible(last >= 0);
    if (last < 0) return;
    // The dump in which most threads are blocked, the last one of several.
    const auto blocked = static_cast<std::size_t>(std::find(data_->states().begin(), data_->states().end(), "BLOCKED") - data_->states().begin());
    int most = last;
    if (blocked < data_->states().size())
        for (int i = last; i >= 0; --i)
            if (data_->dumps()[static_cast<std::size_t>(i)].counts[blocked] > data_->dumps()[static_cast<std::size_t>(most)].counts[blocked]) most = i;
    show_dump(most);
}

void ThreadView::name_dumps()
{
    if (!data_) return;
    QStringList states;
    for (const std::string& state : data_->states()) states << to_qt(state);
    std::vector<StateBars::Column> columns;
    for (const ThreadDumps::Dump& dump : data_->dumps())
        columns.push_back({dump.at_ns ? instant_text(*dump.at_ns, zone_, 0) + QLatin1Char(' ') + zone_text(zone_, *dump.at_ns) : to_qt(dump.path.substr(dump.path.find_last_of('/') + 1)), dump.counts});
    bars_->set_columns(states, std::move(columns));
}

void ThreadView::show_dump(int which)
{
    if (!data_ || which < 0 || which == dump_) return;
    dump_ = which;
    bars_->set_current(which);
    const auto place = static_cast<std::size_t>(which);
    const ThreadDumps::Dump& dump = data_->dumps()[place];
    shown_ = data_->groups(place);
    const std::shared_ptr<TableData> locks = data_->lock_table(place, lock_threads_);
    QStringList states;
    for (std::size_t i = 0; i < dump.counts.size(); ++i)
        if (dump.counts[i] > 0)
            states << (data_->states()[i].empty() ? tr("%1 without a state").arg(dump.counts[i]) : tr("%1 %2").arg(dump.counts[i]).arg(to_qt(data_->states()[i])));
    QString text = tr("Dump %1 of %2: %3 threads, %4").arg(which + 1).arg(data_->dumps().size()).arg(dump.threads.size()).arg(states.join(QStringLiteral(", ")));
    const auto& lock_states = locks->columns[2].texts;
    const auto stuck = std::count_if(lock_states.begin(), lock_states.end(), [](std::string_view state) { return state.ends_with("deadlock"); });
    if (stuck > 0) text += tr(". %1 of them wait for each other: a deadlock").arg(stuck);
    headline_->setText(text + QLatin1Char('.'));
    tabs_->setTabText(1, locks->rows > 0 ? tr("Locks (%1)").arg(locks->rows) : tr("Locks"));
    groups_->set_table(data_->group_table(place, shown_));
    locks_->set_table(locks);
    for (DataTable* table : {groups_, locks_})
        if (table->model().rowCount() > 0) table->go_to(0);
    show_stack();
}

void ThreadView::show_stack()
{
    stack_->clear();
    if (!data_ || dump_ < 0) return;
    const auto place = static_cast<std::size_t>(dump_);
    const bool of_locks = tabs_->currentWidget() == locks_;
    const auto row = (of_locks ? locks_ : groups_)->current_table_row();
    if (!row) return;
    if (!of_locks && *row < shown_.size()) stack_->setPlainText(to_qt(data_->group_text(place, shown_[*row])));
    if (of_locks && *row < lock_threads_.size() && lock_threads_[*row] >= 0)
        stack_->setPlainText(to_qt(data_->group_text(place, {{static_cast<std::uint32_t>(lock_threads_[*row])}})));
}

void ThreadView::resizeEvent(QResizeEvent* event)
{
    QueryView::resizeEvent(event);
    const int line = fontMetrics().height();
    bars_->setFixedHeight(std::clamp(height() / 4, 6 * line, 10 * line));
}

void ThreadView::set_time_zone(TimeZoneMode zone)
{
    zone_ = zone;
    name_dumps();
}

QString ThreadView::copyText() const
{
    return (tabs_->currentWidget() == locks_ ? locks_ : groups_)->selected_text(true) + QLatin1Char('\n') + stack_->toPlainText();
}

}  // namespace casebook
