#include "widgets/panels/capture/capture_window.h"

#include "analyzers/core/text.h"
#include "widgets/models/capture_questions.h"
#include "widgets/models/capture_tables.h"
#include "widgets/panels/capture/connection_form.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"
#include "widgets/style/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QTabWidget>
#include <QTableView>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>

namespace casebook {
namespace {

/// Shows the next sample where the last one was: sorting, filter, widths, place and chosen row stay.
void refresh(DataTable& table, std::shared_ptr<const TableData> data, std::size_t key)
{
    const TableData* old = table.model().table();
    if (!old || old->columns.empty()) return table.set_table(std::move(data));
    QHeaderView* header = table.view().horizontalHeader();
    const int sorted_by = header->sortIndicatorSection(), scrolled = table.view().verticalScrollBar()->value();
    const Qt::SortOrder order = header->sortIndicatorOrder();
    const QString filter = table.filter_line().text();
    const int cursor = table.filter_line().cursorPosition();
    std::vector<int> widths;
    for (int i = 0; i < header->count(); ++i) widths.push_back(header->sectionSize(i));
    std::string chosen;
    if (const auto row = table.current_table_row(); row && old->columns[key].texts.size() > *row)
        chosen = old->columns[key].texts[*row];
    const auto& keys = data->columns[key].texts;
    const auto found = chosen.empty() ? keys.end() : std::find(keys.begin(), keys.end(), chosen);
    const auto place = static_cast<std::uint32_t>(found - keys.begin());
    const bool is_there = found != keys.end();
    table.set_table(std::move(data));
    for (int i = 0; i < header->count() && static_cast<std::size_t>(i) < widths.size(); ++i)
        table.view().setColumnWidth(i, widths[static_cast<std::size_t>(i)]);
    if (sorted_by >= 0) table.sort_by(sorted_by, order);
    if (!filter.isEmpty()) {
        table.set_filter(filter);
        table.filter_line().setCursorPosition(cursor);
    }
    if (is_there) table.go_to(place);
    table.view().verticalScrollBar()->setValue(scrolled);
}

QString sentence(const Error& error)
{
    return to_qt(error.what) + (error.hint.empty() ? QString() : QStringLiteral("\n") + to_qt(error.hint));
}

}  // namespace

CaptureWindow::CaptureWindow(Session& session, CaptureEngine engine, QWidget* parent)
    : QDialog(parent), session_(session), engine_(std::move(engine)), run_(new CaptureRun(session, engine_, this)),
      testing_(session.jobs()), questions_(new CaptureQuestionModel(engine_.questions, this)),
      pages_(new QStackedWidget(this))
{
    setObjectName(QStringLiteral("captureWindow"));
    setWindowTitle(tr("Capture from PostgreSQL"));
    resize(980, 600);
    pages_->addWidget(make_setup());
    pages_->addWidget(make_live());
    auto* column = new QVBoxLayout(this);
    column->addWidget(pages_);
    connect(run_, &CaptureRun::sampled, this, &CaptureWindow::show_sample);
    connect(run_, &CaptureRun::finished, this, &CaptureWindow::show_summary);
    connect(run_, &CaptureRun::failed, this, &CaptureWindow::show_failure);
    for (const auto signal : {&Session::caseOpened, &Session::caseClosed, &Session::caseRenamed})
        connect(&session_, signal, this, &CaptureWindow::update_state);
    clock_.setInterval(500);
    connect(&clock_, &QTimer::timeout, this, &CaptureWindow::update_time);
    update_folder();
    update_state();
}


void CaptureWindow::test()
{
    if (is_testing_) {
        testing_.clear();
        forget_server();
        return;
    }
    is_testing_ = true;
    say({}, false);
    found_->setText(tr("Connecting..."));
    testing_ = session_.jobs().run<ServerDescription>(
        {tr("Test the connection"), JobRunner::Lane::outside, false},
        [test = engine_.test, conninfo = form_->conninfo()](const Control& control) { return test(conninfo, control); }, this,
        [this](Result<ServerDescription> server) {
            is_testing_ = false;
            if (server) show_server(*server);
            else found_->setText(sentence(server.error()));
            update_state();
        });
    update_state();
}

void CaptureWindow::show_server(const ServerDescription& server)
{
    QStringList lines{
        tr("%1 at %2:%3, database %4").arg(to_qt(server.version), to_qt(server.host), to_qt(server.port), to_qt(server.database)),
        tr("As %1%2; encryption: %3; answers in %4")
            .arg(to_qt(server.user), server.superuser ? tr(" (superuser)") : QString(), to_qt(server.encryption),
                 to_qt(format_ms(server.round_trip_ms)))};
    if (server.standby) lines += tr("A standby: replays what its primary does");
    if (!server.tested) lines += tr("This version is not among those that capture is tested against");
    for (const std::string& hidden : server.hidden) lines += tr("Hidden: %1").arg(to_qt(hidden));
    found_->setText(lines.join(QLatin1Char('\n')));
    questions_->set_server(server);
    form_->remember();
}

/// The connection is another one now.
void CaptureWindow::forget_server()
{
    testing_.clear();
    is_testing_ = false;
    found_->clear();
    questions_->forget_server();
    update_state();
}

void CaptureWindow::update_folder()
{
    if (!suggested_folder_.isEmpty() && folder_->text() != suggested_folder_) return;
    const bool beside = session_.hasCase() && !session_.isUnsaved();
    QString place = beside ? QFileInfo(session_.casePath()).absolutePath()
                           : QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    if (place.isEmpty()) place = QDir::homePath();
    const QString stem = place + QStringLiteral("/capture-") + QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss"));
    suggested_folder_ = stem;
    for (int i = 2; QFileInfo::exists(suggested_folder_); ++i) suggested_folder_ = stem + QStringLiteral("-%1").arg(i);
    folder_->setText(suggested_folder_);
}

void CaptureWindow::start()
{
    if (run_->is_running()) return;
    update_folder();
    const QString folder = folder_->text().trimmed();
    if (folder.isEmpty()) return say(tr("Name a folder for the capture."), true);
    if (folder == suggested_folder_) QDir().mkpath(QFileInfo(folder).absolutePath());
    CaptureOptions options;
    options.conninfo = form_->conninfo();
    options.snapshots = snapshots_->value();
    options.every_ms = qRound(every_->value() * 1000);
    options.explain_top = explain_->value();
    options.analyze_queries = analyze_->isChecked();
    options.statement_timeout_ms = statement_timeout_->value();
    options.lock_timeout_ms = lock_timeout_->value();
    options.questions = questions_->chosen();
    say({}, false);
    summary_.reset();
    for (DataTable* table : {sessions_, waits_, locks_, statements_, result_}) table->set_table(std::make_shared<TableData>());
    problems_->hide();
    headline_->setText(tr("Connecting to %1").arg(connection_title(form_->fields())));
    status_->clear();
    tabs_->setCurrentIndex(0);
    tabs_->setTabEnabled(1, false);
    pages_->setCurrentIndex(1);
    run_->start(tr("Capture %1").arg(connection_title(form_->fields())), std::move(options), QFileInfo(folder).absoluteFilePath());
    clock_.start();
    update_state();
    cancel_->setFocus();
}

void CaptureWindow::show_sample(const std::shared_ptr<const CaptureSample>& sample)
{
    const std::vector<LockTreeRow> rows = lock_tree(*sample);
    // Nothing seen is not nothing there: the role may not see what others wait for.
    const bool hidden = std::any_of(sample->sessions.begin(), sample->sessions.end(),
                                    [](const CapturedSession& session) { return session.hidden; });
    waits_->set_hint(hidden ? tr("What other users' sessions wait for is hidden from this role; GRANT pg_monitor opens it.")
                            : tr("No session waits for anything."));
    statements_->set_hint(hidden ? tr("Statements of other users are hidden from this role; GRANT pg_monitor opens them.")
                                 : tr("No statement ended in the last interval, or pg_stat_statements is not there or not taken."));
    refresh(*sessions_, sessions_table(sample), 0);
    refresh(*waits_, waits_table(sample), 0);
    refresh(*locks_, lock_table(sample, rows), 0);
    refresh(*statements_, statements_table(sample), 0);
    const QString blocked = to_qt(lock_tree_headline(*sample, rows));
    headline_->setText(blocked.isEmpty() ? sessions_headline(*sample) : blocked + QStringLiteral("\n") + sessions_headline(*sample));
    QStringList problems;
    for (const std::string& problem : sample->problems) problems += to_qt(problem);
    problems_->setText(problems.join(QLatin1Char('\n')));
    problems_->setVisible(!problems.isEmpty());
    update_time();
}

void CaptureWindow::update_time()
{
    if (!run_->is_running()) return;
    progress_->setValue(qRound(1000 * run_->share()));
    cancel_->setEnabled(!run_->is_cancelling());
    if (run_->is_cancelling()) return status_->setText(tr("Stopping..."));
    const auto& sample = run_->sample();
    if (!sample) return;
    const qint64 left = run_->left_ms();
    QString text = tr("Snapshot %1 of %2 took %3, %4 so far").arg(sample->number).arg(sample->of).arg(
        to_qt(format_ms(sample->took_ms)), to_qt(format_bytes(static_cast<double>(sample->bytes))));
    text += left > 0 ? tr("; %1 left").arg(to_qt(format_ms(static_cast<double>((left + 999) / 1000 * 1000))))
                     : sample->number >= sample->of ? tr("; taking plans") : QString();
    status_->setText(text);
}

void CaptureWindow::show_summary(std::shared_ptr<const CaptureSummary> summary)
{
    clock_.stop();
    summary_ = std::move(summary);
    std::int64_t bytes = 0;
    for (const CaptureSummary::File& file : summary_->files) bytes += file.bytes;
    const bool complete = summary_->end == CaptureSummary::End::complete;
    headline_->setText((complete ? tr("Done: %1 of %2 snapshots, %3 files, %4") : tr("Ended early: %1 of %2 snapshots, %3 files, %4"))
                           .arg(summary_->snapshots).arg(summary_->snapshots_wanted).arg(summary_->files.size())
                           .arg(to_qt(format_bytes(static_cast<double>(bytes)))));
    QString text = to_qt(summary_->server) + QStringLiteral("\n") + from_path(summary_->directory.string());
    if (!complete) text = to_qt(summary_->why) + (summary_->hint.empty() ? QString() : QStringLiteral("; ") + to_qt(summary_->hint)) +
                          QStringLiteral("\n") + text;
    status_->setText(text);
    problems_->hide();
    result_->set_table(result_table(summary_));
    tabs_->setTabEnabled(1, true);
    tabs_->setCurrentIndex(1);
    form_->remember();
    update_state();
    if (isVisible()) import_->setFocus();
    else session_.tell({Message::Kind::information, headline_->text(), tr("File > Capture shows it")});
}

void CaptureWindow::show_failure(const Error& error)
{
    clock_.stop();
    pages_->setCurrentIndex(0);
    if (error.code == Error::Code::cancelled) say(tr("Cancelled before the first snapshot was done; nothing was written."), false);
    else say(sentence(error), true);
    update_state();
    start_->setFocus();
    if (!isVisible()) session_.tell(error);
}

void CaptureWindow::say(const QString& text, bool is_error)
{
    QPalette colors = palette();
    if (is_error) colors.setColor(QPalette::WindowText, theme().critical);
    problem_->setPalette(colors);
    problem_->setText(text);
    problem_->setVisible(!text.isEmpty());
}

void CaptureWindow::update_state()
{
    const bool running = run_->is_running();
    test_->setText(is_testing_ ? tr("Stop &testing") : tr("&Test"));
    start_->setEnabled(!running && questions_->any_chosen());
    start_->setToolTip(questions_->any_chosen() ? QString() : tr("Check something to take"));
    const double seconds = (snapshots_->value() - 1) * every_->value();
    duration_->setText(tr("takes %1").arg(to_qt(format_ms(seconds * 1000))));
    warning_->setVisible(analyze_->isChecked());
    progress_->setVisible(running);
    cancel_->setVisible(running);
    for (QWidget* widget : std::initializer_list<QWidget*>{window_, import_, open_, again_}) widget->setVisible(!running);
    import_->setEnabled(summary_ && !session_.isReadOnly());
    import_->setText(session_.hasCase() ? tr("&Import into this case") : tr("&Import into a new case"));
    import_->setToolTip(session_.isReadOnly() ? tr("The case is open for reading only") : QString());
}

void CaptureWindow::import()
{
    if (!summary_) return;
    ImportOptions options;
    options.window = window_->currentText().trimmed().toStdString();
    session_.importPaths({from_path(summary_->directory.string())}, options);
    hide();  // what it brings is in the workbench behind
}

}  // namespace casebook
