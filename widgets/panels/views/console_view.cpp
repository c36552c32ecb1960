#include "widgets/panels/views/console_view.h"

#include "widgets/models/views/data_dictionary.h"
#include "widgets/models/views/table_from_query.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/models/display_zone.h"
#include "widgets/panels/views/sql_editor.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QTreeWidget>

namespace casebook {
namespace {

const QString history_setting = QStringLiteral("console/history");

}  // namespace

ConsoleView::ConsoleView(Session& session, QWidget* parent)
    : EvidenceView(parent), session_(session), slot_(session.jobs()), editor_(new SqlEditor), run_(new QPushButton(tr("Run"))), status_(new QLabel),
      table_(new DataTable), dictionary_(new QTreeWidget)
{
    run_->setToolTip(tr("Run the query, or what is marked of it (Ctrl+Return)"));
    status_->setTextFormat(Qt::PlainText);
    status_->setWordWrap(true);
    status_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    status_->setAccessibleName(tr("Outcome of the query"));
    table_->set_hint(tr("Rows appear here. The dictionary on the right lists what can be asked; a double click inserts a name.\nCtrl+Return runs, Ctrl+Space completes, Ctrl+Up brings older queries back."));
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
    connect(run_, &QPushButton::clicked, this, &ConsoleView::run);
    connect(editor_, &SqlEditor::run_asked, this, &ConsoleView::run);
    connect(dictionary_, &QTreeWidget::itemDoubleClicked, this, [this](QTreeWidgetItem* item) { editor_->insertPlainText(item->text(0)); editor_->setFocus(); });
    connect(table_, &DataTable::failed, this, [this](const QString& what) { session_.tell({Message::Kind::error, what, {}}); });
}

void ConsoleView::fill_dictionary()
{
    for (const DictionaryView& view : data_dictionary()) {
        auto* item = new QTreeWidgetItem(dictionary_, {view.name, QString(), view.meaning});
        item->setToolTip(2, view.meaning);
        for (const DictionaryColumn& column : view.columns) {
            auto* line = new QTreeWidgetItem(item, {column.name, column.unit, column.meaning});
            line->setToolTip(2, column.meaning);
        }
    }
    auto* functions = new QTreeWidgetItem(dictionary_, {tr("Functions")});
    for (const DictionaryFunction& function : dictionary_functions()) new QTreeWidgetItem(functions, {function.name, QString(), function.meaning});
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

void ConsoleView::run()
{
    const QString sql = editor_->query().trimmed();
    if (sql.isEmpty()) return;
    editor_->remember(sql);
    QSettings().setValue(history_setting, editor_->history());
    status_->setText(tr("Running…"));
    auto timer = std::make_shared<QElapsedTimer>();
    timer->start();
    slot_ = session_.query(sql.toStdString(), {}, this, [this, timer](Result<QueryResult> result) { show_result(std::move(result), timer->elapsed()); }, QueryLimits{most_rows});
}

void ConsoleView::show_result(Result<QueryResult> result, qint64 ms)
{
    if (!result) {
        status_->setText(result.error().hint.empty() ? to_qt(result.error().what) : to_qt(result.error().what) + QStringLiteral(". ") + to_qt(result.error().hint));
        return;
    }
    const auto rows = static_cast<std::int64_t>(result->rows.size());
    status_->setText((rows == 1 ? tr("1 row in %1") : tr("%1 rows in %2").arg(count_text(rows))).arg(duration_text(ms * 1'000'000)) + (result->cut ? tr("; more were not fetched") : QString()));
    if (rows == 0) table_->set_hint(tr("The query found no rows."));
    table_->set_table(table_from_query(std::make_shared<const QueryResult>(std::move(*result))));
}

QString ConsoleView::copyText() const { return table_->selected_text(true); }

}  // namespace casebook
