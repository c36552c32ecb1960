#include "widgets/panels/views/statement_view.h"

#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/snapshot_picker.h"
#include "widgets/panels/views/sql_highlighter.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QFontDatabase>
#include <QPlainTextEdit>
#include <QSplitter>
#include <QVBoxLayout>

namespace casebook {

const char* StatementView::query()
{
    return "SELECT s.snapshot_at_ns, s.query_id, s.fingerprint, s.query, s.calls, s.rows, s.total_ms, s.shared_hit, s.shared_read, s.temp_written, f.path "
           "FROM statement s LEFT JOIN import_file f ON f.id = s.file_id ORDER BY s.snapshot_at_ns";
}

StatementView::StatementView(Session& session, QWidget* parent)
    : QueryView(session, parent), picker_(new SnapshotPicker(tr("the last reset"))), table_(new DataTable), text_(new QPlainTextEdit)
{
    text_->setReadOnly(true);
    text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    text_->setAccessibleName(tr("Text of the statement"));
    new SqlHighlighter(text_->document(), text_);
    auto* splitter = new QSplitter(Qt::Vertical);
    splitter->addWidget(table_);
    splitter->addWidget(text_);
    splitter->setStretchFactor(0, 4);
    splitter->setStretchFactor(1, 1);
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(picker_);
    lines->addWidget(splitter, 1);
    body->setFocusProxy(table_);
    set_body(body);
    set_empty_hint(tr("No statements in the case. Import a dump of pg_stat_statements (CSV); two dumps some minutes apart show what happened in between."));
    table_->set_hint(tr("No statement was called between these snapshots."));
    connect(picker_, &SnapshotPicker::picked, this, &StatementView::show_interval);
    connect(table_, &DataTable::current_row_changed, this, &StatementView::show_statement);
    connect(table_, &DataTable::activated, this, [this](quint32 row) {
        const std::string_view fingerprint = text_of("fingerprint", row);
        if (!fingerprint.empty()) this->session().selectStatement(std::string(fingerprint));
    });
    connect(table_, &DataTable::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
}

void StatementView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    data_.emplace(std::move(rows));
    name_snapshots();
}

void StatementView::name_snapshots()
{
    if (!data_) return;
    QStringList names;
    for (const StatementSnapshotName& snapshot : data_->snapshots())
        names += snapshot.at_ns ? instant_text(*snapshot.at_ns, zone_, 0) + QLatin1Char(' ') + zone_text(zone_, *snapshot.at_ns) : to_qt(snapshot.path.empty() ? "" : snapshot.path.substr(snapshot.path.find_last_of('/') + 1));
    for (QString& name : names)
        if (name.isEmpty()) name = tr("without a time");
    picker_->set_snapshots(names);
}

void StatementView::show_interval()
{
    if (!data_) return;
    text_->clear();
    table_->set_table(data_->table(picker_->before(), picker_->after()));
    if (table_->model().rowCount() > 0) table_->go_to(0);
}

std::string_view StatementView::text_of(const char* column, std::uint32_t row) const
{
    const TableData* table = table_->model().table();
    for (std::size_t i = 0; table != nullptr && i < table->columns.size(); ++i)
        if (table->columns[i].name == QLatin1String(column) && row < table->columns[i].texts.size()) return table->columns[i].texts[row];
    return {};
}

void StatementView::show_statement(std::uint32_t row)
{
    const std::string_view text = text_of("query", row), id = text_of("query_id", row);
    if (!text.empty()) return text_->setPlainText(to_qt(text.substr(0, 100'000)));
    // As comments, so that the highlighter takes no word of it for SQL.
    QString note = tr("-- The dump does not hold the text of this statement.");
    note += QLatin1Char('\n') + tr("-- The text is hidden from roles that are not members of pg_read_all_stats (\"<insufficient privilege>\"):\n"
                                   "GRANT pg_read_all_stats TO the_role_that_dumps;");
    note += QLatin1Char('\n') + tr("-- pg_stat_statements(showtext => false) leaves it out; the view itself has it:");
    note += QLatin1Char('\n') + (id.empty() ? tr("-- with that right, dump again: the query id is hidden, too") : QStringLiteral("SELECT query FROM pg_stat_statements WHERE queryid = %1;").arg(to_qt(id)));
    text_->setPlainText(note);
}

void StatementView::set_time_zone(TimeZoneMode zone)
{
    zone_ = zone;
    table_->set_time_zone(zone);
    if (!data_) return;
    const int before = picker_->before(), after = picker_->after();
    name_snapshots();
    picker_->pick(before, after);
}

QString StatementView::copyText() const { return table_->selected_text(true); }

}  // namespace casebook
