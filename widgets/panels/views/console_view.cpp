#include "widgets/panels/views/console_view.h"

#include "widgets/models/views/data_dictionary.h"
#include "widgets/models/views/table_from_query.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/models/display_zone.h"
#include "widgets/panels/views/sql_editor.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QAction>
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QTreeWidget>
#include <algorithm>
#include <utility>

namespace casebook {
namespace {

const QString history_setting = QStringLiteral("console/history");
constexpr qsizetype most_in_menu = 20;

/// What a case is asked first, for those who do not know the views yet.
const std::pair<const char*, const char*> examples[]{
    {QT_TRANSLATE_NOOP("ConsoleView", "Slowest operations"),
     "SELECT service, operation, count(*) AS calls, percentile(duration_ns, 50) AS p50_ns, percentile(duration_ns, 95) AS p95_ns\nFROM span WHERE kind = 'server'\n"
     "GROUP BY service, operation ORDER BY p95_ns DESC"},
    {QT_TRANSLATE_NOOP("ConsoleView", "P95 per second"),
     "SELECT start_ns / 1000000000 * 1000000000 AS at_ns, service, percentile(duration_ns, 95) AS p95_ns\nFROM span WHERE kind = 'server'\nGROUP BY 1, 2 ORDER BY 1"},
    {QT_TRANSLATE_NOOP("ConsoleView", "Where the time is spent itself"),
     "SELECT service, operation, kind, count(*) AS spans, sum(self_ns) AS self_ns\nFROM span GROUP BY service, operation, kind ORDER BY self_ns DESC LIMIT 50"},
    {QT_TRANSLATE_NOOP("ConsoleView", "What was not imported, and why"), "SELECT f.path, n.code, n.count, n.line, n.detail\nFROM import_note n JOIN import_file f ON f.id = n.file_id ORDER BY n.count DESC"},
};

}  // namespace

ConsoleView::ConsoleView(Session& session, QWidget* parent)
    : EvidenceView(parent), session_(session), slot_(session.jobs()), editor_(new SqlEditor), run_(new QPushButton), chart_(new QPushButton(tr("Chart"))), history_(new QMenu(this)), status_(new QLabel),
      table_(new DataTable), dictionary_(new QTreeWidget)
{
    set_running(false);
    chart_->setToolTip(tr("The rows as lines over time; needs a column of times (at_ns) and one of numbers"));
    chart_->setEnabled(false);
    auto* older = new QPushButton(tr("History"));
    older->setToolTip(tr("Older queries and examples (Ctrl+Up and Ctrl+Down walk through them)"));
    older->setMenu(history_);
    status_->setTextFormat(Qt::PlainText);
    status_->setWordWrap(true);
    status_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    status_->setAccessibleName(tr("Outcome of the query"));
    table_->set_hint(tr("Rows appear here. The dictionary on the right lists what can be asked; a double click inserts a name.\nCtrl+Return runs, Escape cancels, Ctrl+Space completes, Ctrl+Up brings older queries back."));
    dictionary_->setHeaderLabels({tr("Name"), tr("Unit"), tr("Meaning")});
    dictionary_->setAccessibleName(tr("Data dictionary"));
    dictionary_->setUniformRowHeights(true);
    fill_dictionary();
    auto* top = new QWidget;
    auto* lines = new QVBoxLayout(top);
    lines->setContentsMargins(4, 4, 4, 0);
    lines->addWidget(editor_, 1);
    auto* bar = new QHBoxLayout;
    bar->addWidget(run_);
    bar->addWidget(chart_);
    bar->addWidget(older);
    bar->addWidget(status_, 1);
    lines->addLayout(bar);
    auto* left = new QSplitter(Qt::Vertical);
    left->addWidget(top);
    left->addWidget(table_);
    left->setStretchFactor(0, 1);
    left->setStretchFactor(1, 3);
    auto* both = new QSplitter(Qt::Horizontal);
    both->addWidget(left);
    both->addWidget(dictionary_);
    both->setStretchFactor(0, 3);
    both->setStretchFactor(1, 1);
    both->setSizes({700, 300});
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(both);
    setFocusProxy(editor_);
    editor_->set_words(dictionary_words());
    editor_->set_history(QSettings().value(history_setting).toStringList());
    table_->set_time_zone(DisplayZone::instance().mode());
    connect(&DisplayZone::instance(), &DisplayZone::changed, table_, &DataTable::set_time_zone);
    connect(run_, &QPushButton::clicked, this, [this] { running_ ? cancel() : run(); });
    connect(chart_, &QPushButton::clicked, this, &ConsoleView::open_chart);
    connect(history_, &QMenu::aboutToShow, this, &ConsoleView::fill_history);
    connect(editor_, &SqlEditor::run_asked, this, &ConsoleView::run);
    connect(dictionary_, &QTreeWidget::itemDoubleClicked, this, [this](QTreeWidgetItem* item) { editor_->insertPlainText(item->text(0)); editor_->setFocus(); });
    connect(table_, &DataTable::failed, this, [this](const QString& what) { session_.tell({Message::Kind::error, what, {}}); });
}

void ConsoleView::fill_dictionary()
{
    // Columns are often too narrow for the meaning: the pointer tells it wherever it is.
    const auto add = [](auto* parent, const QString& name, const QString& unit, const QString& meaning) {
        auto* item = new QTreeWidgetItem(parent, {name, unit, meaning});
        for (int column = 0; column < 3; ++column) item->setToolTip(column, unit.isEmpty() ? meaning : tr("%1 (%2)").arg(meaning, unit));
        return item;
    };
    for (const DictionaryView& view : data_dictionary()) {
        QTreeWidgetItem* item = add(dictionary_, view.name, QString(), view.meaning);
        for (const DictionaryColumn& column : view.columns) add(item, column.name, column.unit, column.meaning);
    }
    QTreeWidgetItem* functions = add(dictionary_, tr("Functions"), QString(), tr("besides those of SQLite"));
    for (const DictionaryFunction& function : dictionary_functions()) add(functions, function.name, QString(), function.meaning);
    dictionary_->setColumnWidth(0, 130);
    dictionary_->setColumnWidth(1, 60);
}

void ConsoleView::showEvidence(const Evidence& evidence, const Finding*)
{
    if (editor_->toPlainText().isEmpty() && !evidence.sql.empty()) {
        editor_->setPlainText(to_qt(evidence.sql));
        run();
    }
}

void ConsoleView::fill_history()
{
    history_->clear();
    const auto add = [this](QMenu* menu, const QString& title, const QString& sql) {
        QAction* action = menu->addAction(title);
        action->setToolTip(sql);
        connect(action, &QAction::triggered, this, [this, sql] { editor_->setPlainText(sql); editor_->setFocus(); });
    };
    const QStringList& queries = editor_->history();
    for (qsizetype i = queries.size(); i-- > std::max<qsizetype>(0, queries.size() - most_in_menu);)
        add(history_, fontMetrics().elidedText(queries[i].simplified().replace(QLatin1Char('&'), QStringLiteral("&&")), Qt::ElideRight, 480), queries[i]);
    if (!queries.isEmpty()) history_->addSeparator();
    for (const auto& [title, sql] : examples) add(history_, tr("Example: %1").arg(tr(title)), QString::fromUtf8(sql));
}

void ConsoleView::set_running(bool running)
{
    running_ = running;
    run_->setText(running ? tr("Cancel") : tr("Run"));
    run_->setToolTip(running ? tr("Stop the query (Escape)") : tr("Run the query, or what is marked of it (Ctrl+Return)"));
}

void ConsoleView::run()
{
    const QString sql = editor_->query().trimmed();
    if (sql.isEmpty()) return;
    editor_->remember(sql);
    QSettings().setValue(history_setting, editor_->history());
    status_->setText(tr("Running…"));
    set_running(true);
    sql_ = sql;
    auto timer = std::make_shared<QElapsedTimer>();
    timer->start();
    slot_ = session_.query(editor_->query().toStdString(), {}, this, [this, timer](Result<QueryResult> result) { show_result(std::move(result), timer->elapsed()); }, QueryLimits{most_rows});
}

void ConsoleView::keyPressEvent(QKeyEvent* event)
{
    if (running_ && event->key() == Qt::Key_Escape) return cancel();
    EvidenceView::keyPressEvent(event);
}

void ConsoleView::cancel()
{
    if (!running_) return;
    slot_.clear();
    set_running(false);
    status_->setText(tr("Cancelled. The rows below are those of the query before."));
}

void ConsoleView::open_chart()
{
    session_.openEvidence({sql_.simplified().left(80).toStdString(), "series", "query", sql_.toStdString(), {}});
}

void ConsoleView::show_result(Result<QueryResult> result, qint64 ms)
{
    set_running(false);
    if (!result) {
        if (const auto place = place_of(result.error())) editor_->mark_error(place->line, place->column);
        status_->setText(result.error().hint.empty() ? to_qt(result.error().what) : to_qt(result.error().what) + QStringLiteral(". ") + to_qt(result.error().hint));
        return;
    }
    const auto rows = static_cast<std::int64_t>(result->rows.size());
    status_->setText((rows == 1 ? tr("1 row in %1") : tr("%1 rows in %2").arg(count_text(rows))).arg(duration_text(ms * 1'000'000)) + (result->cut ? tr("; more were not fetched") : QString()));
    if (rows == 0) table_->set_hint(tr("The query found no rows."));
    std::shared_ptr<TableData> table = table_from_query(std::make_shared<const QueryResult>(std::move(*result)));
    const auto has = [&](auto&& wanted) { return std::any_of(table->columns.begin(), table->columns.end(), wanted); };
    chart_->setEnabled(rows > 1 && has([](const TableColumn& column) { return column.kind == TableColumn::Kind::instant; }) &&
                       has([](const TableColumn& column) { return !column.is_text() && column.kind != TableColumn::Kind::instant; }));
    table_->set_table(std::move(table));
}

QString ConsoleView::copyText() const { return table_->selected_text(true); }

}  // namespace casebook
