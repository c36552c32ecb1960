// The window as a user drives it: clicks, keys, drops and the clipboard, from the start page to a finding's evidence.
#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/models/finding_model.h"
#include "widgets/models/job_model.h"
#include "widgets/models/walk_model.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/inspector.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/sql_editor.h"
#include "widgets/session/unsaved_cases.h"

#include <QAbstractButton>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QRegularExpression>
#include <QTableView>
#include <QTextBrowser>
#include <QTreeView>

#include <memory>

using namespace casebook;
using namespace casebook::tests;

/// Counts windows other than the main window and dialogs that pop up: widgets shown before they have a parent.
class StrayWindows : public QObject {
public:
    int count = 0;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override
    {
        auto* widget = qobject_cast<QWidget*>(watched);
        if (event->type() == QEvent::Show && widget && widget->isWindow() && widget->windowType() == Qt::Window &&
            !qobject_cast<MainWindow*>(widget))
            ++count;
        return false;
    }
};

class TestMainWindow : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init();
    void cleanup();
    void start_page_opens_the_demo_and_a_finding();
    void symptoms_stand_under_their_cause();
    void inspector_links_and_copies();
    void playbook_is_walked();
    void work_is_not_stopped_without_asking();
    void keyboard_walks_findings_and_panels();
    void dropped_files_become_a_case();
    void dropped_case_is_opened();
    void pasted_text_is_imported();
    void a_view_that_is_asked_for_has_the_focus();
    void wrong_file_shows_the_message_bar();
    void import_is_cancelled_by_a_click();
    void file_is_forgotten_by_clicks();
    void windows_are_edited();
    void findings_are_exported();
    void case_is_saved_and_opened_again_from_the_start_page();
    void theme_is_switched_and_kept();
    void text_grows_shrinks_and_is_kept();
    void layout_is_kept();
    void fits_a_small_screen();

private:
    template <class T>
    T* child(const char* name) const
    {
        T* found = window_->findChild<T*>(QLatin1String(name));
        if (!found) qFatal("no widget %s", name);
        return found;
    }
    QAction* action(const char* name) const { return child<QAction>(name); }
    void click(const char* name) const { QTest::mouseClick(child<QAbstractButton>(name), Qt::LeftButton); }
    void open_demo();
    void drop(QMimeData* data);
    void drop_files(const QStringList& paths);
    QTreeView* tree() const { return child<QTreeView>("findingTree"); }
    QModelIndex finding(int row) const { return tree()->model()->index(row, 0, tree()->model()->index(0, 0)); }
    void click_index(QAbstractItemView* view, const QModelIndex& index) const
    {
        view->scrollTo(index);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(index).center());
    }

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
};

void TestMainWindow::init()
{
    QSettings().clear();
    QDir(unsaved_cases_folder()).removeRecursively();
    session_ = std::make_unique<Session>();
    window_ = std::make_unique<MainWindow>(*session_,
                                           QString::fromStdString((source_folder() / "resources/samples").string()));
    window_->resize(1280, 800);
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
}

void TestMainWindow::cleanup()
{
    window_.reset();
    session_.reset();
}

void TestMainWindow::open_demo()
{
    click("startDemo");
    QTRY_VERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(session_->report());
    QVERIFY(session_->report()->findings.size() >= 2);
}

void TestMainWindow::drop(QMimeData* data)
{
    QDragEnterEvent enter(QPoint(200, 200), Qt::CopyAction | Qt::MoveAction, data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window_.get(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent dropped(QPointF(200, 200), Qt::CopyAction | Qt::MoveAction, data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(window_.get(), &dropped);
    QVERIFY(dropped.isAccepted());
    QCOMPARE(dropped.dropAction(), Qt::CopyAction);
}

void TestMainWindow::drop_files(const QStringList& paths)
{
    QMimeData data;
    QList<QUrl> urls;
    for (const QString& path : paths) urls << QUrl::fromLocalFile(path);
    data.setUrls(urls);
    drop(&data);
}

void TestMainWindow::start_page_opens_the_demo_and_a_finding()
{
    StrayWindows stray;
    qApp->installEventFilter(&stray);
    QVERIFY(child<QWidget>("startPage")->isVisible());
    for (QDockWidget* dock : window_->docks()) QVERIFY(!dock->isVisible());
    QVERIFY(!child<QTextBrowser>("evidenceGuide")->toPlainText().isEmpty());

    open_demo();
    QVERIFY(session_->isDemo());
    QVERIFY(!child<QWidget>("startPage")->isVisible());
    for (const char* dock : {"timelineDock", "findingsDock", "inspectorDock", "ledgerDock"})
        QVERIFY2(child<QDockWidget>(dock)->isVisible(), dock);
    QCOMPARE(child<QTableView>("ledgerTable")->model()->rowCount(), static_cast<int>(session_->ledger().size()));

    // The first cause is selected by itself; a click selects another, and its evidence opens.
    QCOMPARE(QByteArray::fromStdString(session_->selection().finding_key), finding(0).data(FindingModel::FindingKey).toByteArray());
    QCOMPARE(session_->selection().analyzer, std::string("cache.miss_cohort"));
    const QModelIndex second = finding(1);
    QVERIFY(second.isValid());
    click_index(tree(), second);
    QCOMPARE(QByteArray::fromStdString(session_->selection().finding_key),
             second.data(FindingModel::FindingKey).toByteArray());
    QVERIFY(child<QTextBrowser>("findingText")->toPlainText().contains(second.data().toString().left(20)));
    QVERIFY(!child<QTextBrowser>("handbookText")->toPlainText().isEmpty());
    QVERIFY(window_->evidence()->count() >= 1);
    QVERIFY(window_->evidence()->currentView());
    QVERIFY(wait_idle(*session_));
    const int tabs = window_->evidence()->count();
    QTest::keyClick(window_->focusWidget(), Qt::Key_W, Qt::ControlModifier);
    QCOMPARE(window_->evidence()->count(), tabs - 1);
    // Enter opens it again.
    tree()->setFocus();
    QTest::keyClick(tree(), Qt::Key_Return);
    QCOMPARE(window_->evidence()->count(), tabs);
    // Every view of the menu opens without a window flashing up.
    const QList<QAction*> views = window_->findChildren<QAction*>(QRegularExpression(QStringLiteral("^explore_")));
    QVERIFY(!views.isEmpty());
    for (QAction* view : views) {
        view->trigger();
        QVERIFY(wait_idle(*session_));
        QCOMPARE(QStringLiteral("explore_") + window_->evidence()->currentView()->objectName(), view->objectName());
    }
    QCOMPARE(stray.count, 0);
}

void TestMainWindow::symptoms_stand_under_their_cause()
{
    open_demo();
    auto* filter = child<QWidget>("findings")->findChild<QLineEdit*>();
    const QModelIndex group = tree()->model()->index(0, 0);
    QCOMPARE(group.data().toString(), QStringLiteral("Confirmed (3)"));
    QStringList causes;
    for (int i = 0; i < tree()->model()->rowCount(group); ++i) causes << QString::fromUtf8(finding(i).data(FindingModel::AnalyzerId).toByteArray());
    QCOMPARE(causes, (QStringList{"cache.miss_cohort", "pool.exhaustion", "database.n_plus_one"}));

    // What a cause explains is indented under it, and selected like everything else.
    const QModelIndex cause = finding(2);
    QVERIFY(tree()->model()->rowCount(cause) >= 2);
    const QModelIndex effect = tree()->model()->index(0, 0, cause);
    tree()->scrollTo(effect);
    QVERIFY(tree()->visualRect(effect).left() > tree()->visualRect(cause).left());
    QVERIFY(tree()->visualRect(effect).top() > tree()->visualRect(cause).top());
    QCOMPARE(tree()->visualRect(effect).right(), tree()->viewport()->width() - 1);  // wraps inside the panel
    click_index(tree(), effect);
    QCOMPARE(QByteArray::fromStdString(session_->selection().finding_key), effect.data(FindingModel::FindingKey).toByteArray());
    QVERIFY(child<QTextBrowser>("findingText")->toPlainText().contains(effect.data().toString().left(20)));

    // Rows are as tall as their text is at this width, whether the scroll bar is there or comes.
    const auto wrong_heights = [this] {
        QStringList wrong;
        std::vector<QModelIndex> open{QModelIndex()};
        while (!open.empty()) {
            const QModelIndex parent = open.back();
            open.pop_back();
            for (int i = 0; i < tree()->model()->rowCount(parent); ++i) {
                const QModelIndex index = tree()->model()->index(i, 0, parent);
                QStyleOptionViewItem option;
                option.initFrom(tree());
                option.widget = tree();
                if (tree()->isExpanded(parent) || !parent.isValid())
                    if (tree()->visualRect(index).height() != tree()->itemDelegate()->sizeHint(option, index).height()) wrong << index.data().toString();
                open.push_back(index);
            }
        }
        return wrong;
    };
    for (const QSize& size : {QSize(1600, 1000), QSize(1600, 2400), QSize(1280, 800)}) {
        window_->resize(size);
        QTest::qWait(50);
        QCOMPARE(wrong_heights(), QStringList());
    }

    // The arrow folds the family; what is selected elsewhere unfolds it.
    tree()->scrollTo(cause);
    const QRect row = tree()->visualRect(cause);
    QTest::mouseClick(tree()->viewport(), Qt::LeftButton, {}, QPoint(row.left() - tree()->indentation() / 2, row.center().y()));
    QVERIFY(!tree()->isExpanded(cause));
    session_->selectFinding("pool.exhaustion", "");
    const std::string key = effect.data(FindingModel::FindingKey).toByteArray().toStdString();
    session_->selectFinding(effect.data(FindingModel::AnalyzerId).toByteArray().toStdString(), key);
    QVERIFY(tree()->isExpanded(cause));
    QCOMPARE(tree()->currentIndex(), effect);

    // The filter keeps the cause of what matches, and the selection.
    filter->setFocus();
    QTest::keyClicks(filter, QStringLiteral("regression"));
    const QModelIndex kept = tree()->currentIndex();
    QCOMPARE(kept.data(FindingModel::FindingKey).toByteArray().toStdString(), key);
    QCOMPARE(kept.parent().data(FindingModel::AnalyzerId).toByteArray(), QByteArray("database.n_plus_one"));
    QVERIFY(tree()->isExpanded(kept.parent()));
    QTest::keyClick(filter, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(filter, Qt::Key_Delete);
    // By keyboard: left goes to the cause, down into the family.
    QVERIFY(filter->text().isEmpty());
    tree()->setFocus();
    QTest::keyClick(tree(), Qt::Key_Left);
    QCOMPARE(session_->selection().analyzer, std::string("database.n_plus_one"));
    QTest::keyClick(tree(), Qt::Key_Down);
    QCOMPARE(session_->selection().finding_key, key);
}

void TestMainWindow::inspector_links_and_copies()
{
    open_demo();
    const auto front = session_->finding(session_->selection().analyzer, session_->selection().finding_key);
    QVERIFY(front);
    QSignalSpy requested(session_.get(), &Session::evidenceRequested);
    auto* text = child<QTextBrowser>("findingText");
    emit text->anchorClicked(QUrl(QStringLiteral("evidence:0")));
    QCOMPARE(requested.size(), 1);
    emit text->anchorClicked(QUrl(QStringLiteral("evidence:99")));
    emit text->anchorClicked(QUrl(QStringLiteral("nonsense")));
    QCOMPARE(requested.size(), 1);
    click("copyFinding");
    const QString copied = QApplication::clipboard()->text();
    QVERIFY(copied.startsWith(QStringLiteral("## ")));
    QVERIFY(copied.contains(QString::fromStdString(front->headline).left(20)));
    QTest::keyClick(window_.get(), Qt::Key_C, Qt::ControlModifier | Qt::AltModifier);
    QCOMPARE(QApplication::clipboard()->text(), copied);
}

void TestMainWindow::playbook_is_walked()
{
    open_demo();
    child<QDockWidget>("walkDock")->raise();
    auto* walk = child<QTreeView>("walkTree");
    QTRY_VERIFY(walk->model()->rowCount() >= 7);
    QVERIFY(!child<QLabel>("nextStep")->text().isEmpty());
    // However much is concluded, the steps have most of the panel.
    window_->resize(1024, 640);
    QTest::qWait(20);
    QVERIFY(child<QWidget>("conclusionArea")->height() <= 6 * walk->fontMetrics().lineSpacing() + 2);
    QVERIFY2(walk->height() > 140, qPrintable(QString::number(walk->height())));
    // Every confirmed cause of the report is a question of some step; a click on one selects its finding.
    QModelIndex question;
    for (int step = 0; step < walk->model()->rowCount(); ++step)
        for (int i = 0; i < walk->model()->rowCount(walk->model()->index(step, 0)); ++i) {
            const QModelIndex index = walk->model()->index(i, 0, walk->model()->index(step, 0));
            if (!index.data(WalkModel::FindingKey).toByteArray().isEmpty() &&
                index.data(WalkModel::AnalyzerId).toByteArray().toStdString() != session_->selection().analyzer)
                question = index;
        }
    QVERIFY(question.isValid());
    click_index(walk, question);
    QCOMPARE(QByteArray::fromStdString(session_->selection().finding_key),
             question.data(WalkModel::FindingKey).toByteArray());
    // Another symptom, another order of questions.
    auto* symptom = child<QComboBox>("symptomChoice");
    QVERIFY(symptom->count() >= 9);
    symptom->setCurrentIndex(3);
    emit symptom->activated(3);
    QVERIFY(wait_idle(*session_));
    QVERIFY(walk->model()->rowCount() >= 7);
}

void TestMainWindow::work_is_not_stopped_without_asking()
{
    drop_files({fixture_.write("busy/large.csv", statements_csv(600'000, 11))});
    QTRY_VERIFY(session_->isImporting());
    action("newCase")->trigger();
    auto* question = window_->findChild<QMessageBox*>();
    QVERIFY(question);
    QTest::mouseClick(question->button(QMessageBox::Cancel), Qt::LeftButton);
    QVERIFY(session_->isImporting());
    QVERIFY(!window_->close());  // asks as well
    QVERIFY(window_->isVisible());
    QTRY_VERIFY(QApplication::activeModalWidget());
    question = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
    QVERIFY(question);
    for (QAbstractButton* button : question->buttons())
        if (question->buttonRole(button) == QMessageBox::AcceptRole) QTest::mouseClick(button, Qt::LeftButton);
    QTRY_VERIFY(!window_->isVisible());
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(session_->ledger().empty());
}

void TestMainWindow::keyboard_walks_findings_and_panels()
{
    open_demo();
    tree()->setFocus();
    const std::string first = session_->selection().finding_key;
    QTest::keyClick(tree(), Qt::Key_Down);
    QVERIFY(session_->selection().finding_key != first);
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(session_->selection().finding_key, first);
    QCOMPARE(tree()->currentIndex().data(FindingModel::FindingKey).toByteArray(), QByteArray::fromStdString(first));
    QTest::keyClick(window_.get(), Qt::Key_Right, Qt::AltModifier);
    QVERIFY(session_->selection().finding_key != first);

    // F6 visits every panel in sight and comes round again.
    QSet<QWidget*> visited;
    for (int i = 0; i < 8; ++i) {
        QTest::keyClick(window_.get(), Qt::Key_F6);
        QWidget* focus = QApplication::focusWidget();
        QVERIFY(focus);
        for (QDockWidget* dock : window_->docks())
            if (dock->isAncestorOf(focus)) visited << dock;
    }
    QVERIFY2(visited.size() >= 4, qPrintable(QString::number(visited.size())));

    // The timeline marks time by keys.
    auto* timeline = child<QWidget>("timeline");
    QTest::keyClick(timeline, Qt::Key_Right);
    QVERIFY(session_->selection().range.has_value());
    const TimeRange before = *session_->selection().range;
    QTest::keyClick(timeline, Qt::Key_Right, Qt::ShiftModifier);
    QVERIFY(session_->selection().range->to_ns > before.to_ns);
    QTest::keyClick(timeline, Qt::Key_Escape);
    QVERIFY(!session_->selection().range.has_value());
    QTest::mousePress(timeline, Qt::LeftButton, {}, QPoint(100, 40));
    QTest::mouseMove(timeline, QPoint(300, 40));
    QTest::mouseRelease(timeline, Qt::LeftButton, {}, QPoint(300, 40));
    QVERIFY(session_->selection().range.has_value());
}

void TestMainWindow::dropped_files_become_a_case()
{
    drop_files({fixture_.write("drop/h1.txt", heap_histogram(1)), fixture_.write("drop/s.csv", statements_csv(4))});
    QTRY_VERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_));
    QCOMPARE(session_->ledger().size(), std::size_t{2});
    QVERIFY(session_->isUnsaved());
    QVERIFY(window_->windowTitle().contains(QStringLiteral("Unsaved case")));
    // Into the case that is open now.
    drop_files({fixture_.write("drop/h2.txt", heap_histogram(2))});
    QTRY_COMPARE(session_->ledger().size(), std::size_t{3});
    QMimeData text;
    text.setText(QString::fromUtf8(heap_histogram(5)));
    drop(&text);
    QTRY_COMPARE(session_->ledger().size(), std::size_t{4});
    QVERIFY(wait_idle(*session_));
}

void TestMainWindow::dropped_case_is_opened()
{
    const QString path = fixture_.path("drop/made.casebook");
    {
        Session other;
        other.importPaths({fixture_.write("drop/h1.txt", heap_histogram(1))});
        QVERIFY(wait_idle(other));
        other.saveAs(path);
        QVERIFY(wait_idle(other));
    }
    drop_files({path});
    QTRY_VERIFY(session_->hasCase());
    QCOMPARE(session_->casePath(), path);
    QCOMPARE(window_->windowTitle(), QStringLiteral("made - Casebook"));
    QVERIFY(wait_idle(*session_));
}

void TestMainWindow::pasted_text_is_imported()
{
    // What is pasted is shown at once, in the view for it.
    const auto paste = [&](const QByteArray& text, std::size_t files, const char* view) {
        QApplication::clipboard()->setText(QString::fromUtf8(text));
        QTest::keyClick(window_.get(), Qt::Key_V, Qt::ControlModifier);
        QTRY_COMPARE(session_->ledger().size(), files);
        QVERIFY(wait_idle(*session_));
        QTRY_VERIFY(window_->evidence()->currentView() != nullptr);
        QTRY_COMPARE(window_->evidence()->currentView()->objectName(), QLatin1String(view));
    };
    paste("Seq Scan on orders  (cost=0.00..1834.00 rows=5 width=97) (actual time=0.021..11.402 rows=4800 loops=1)\n"
          "  Filter: (customer_id = 42)\n  Rows Removed by Filter: 95200\nPlanning Time: 0.091 ms\nExecution Time: 11.721 ms\n", 1, "plan");
    paste("main;handle;parse 30\nmain;handle;query;wait 120\nmain;gc 4\n", 2, "profile");
    paste("\"worker-7\" #41 daemon prio=5 os_prio=0 cpu=12.53ms elapsed=81.42s tid=0x00007f0c4c0e2800 nid=0x2f waiting on condition  [0x00007f0c1b7fd000]\n"
          "   java.lang.Thread.State: TIMED_WAITING (parking)\n\tat jdk.internal.misc.Unsafe.park(java.base@17.0.9/Native Method)\n"
          "\tat com.example.Pool.borrow(Pool.java:151)\n", 3, "threads");
    paste(heap_histogram(1), 4, "heap");
    // Nothing in the clipboard that means anything: said, not swallowed.
    QApplication::clipboard()->setText(QStringLiteral("lorem ipsum"));
    QTest::keyClick(window_.get(), Qt::Key_V, Qt::ControlModifier);
    QTRY_VERIFY(child<MessageBar>("messageBar")->isVisible());
    QVERIFY(wait_idle(*session_));
    const std::size_t known = session_->ledger().size();
    auto* files = new QMimeData;
    files->setUrls({QUrl::fromLocalFile(fixture_.write("paste/s.csv", statements_csv(3)))});
    QApplication::clipboard()->setMimeData(files);
    action("pasteEvidence")->trigger();
    QTRY_COMPARE(session_->ledger().size(), known + 1);
    QVERIFY(wait_idle(*session_));
}

void TestMainWindow::a_view_that_is_asked_for_has_the_focus()
{
    session_->newCase();
    QTRY_VERIFY(session_->hasCase() && session_->jobs().isIdle());
    action("explore_console")->trigger();
    auto* editor = window_->findChild<SqlEditor*>();
    QVERIFY(editor);
    QTRY_COMPARE(QApplication::focusWidget(), editor);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("SELECT 1"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return, Qt::ControlModifier);
    auto* table = window_->evidence()->currentView()->findChild<DataTable*>();
    QTRY_COMPARE(table->model().rowCount(), 1);
}

void TestMainWindow::wrong_file_shows_the_message_bar()
{
    auto* bar = child<MessageBar>("messageBar");
    QVERIFY(!bar->isVisible());
    drop_files({fixture_.write("wrong/picture.png", QByteArray("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16))});
    QTRY_VERIFY(bar->isVisible());
    QVERIFY2(bar->text().contains(QStringLiteral("picture.png")), qPrintable(bar->text()));
    QVERIFY2(bar->text().contains(QStringLiteral("What Casebook reads")), qPrintable(bar->text()));
    // The ledger has it too, with what went wrong.
    auto* table = child<QTableView>("ledgerTable");
    QTRY_COMPARE(table->model()->rowCount(), 1);
    click_index(table, table->model()->index(0, 0));
    QVERIFY(child<QTableView>("noteTable")->model()->rowCount() >= 1);
    QVERIFY(!child<QAbstractButton>("forgetFile")->isEnabled());
    click("closeMessage");
    QVERIFY(!bar->isVisible());
    QVERIFY(wait_idle(*session_));
}

void TestMainWindow::import_is_cancelled_by_a_click()
{
    session_->newCase();
    QVERIFY(wait_idle(*session_));
    child<QDockWidget>("jobsDock")->raise();
    auto* jobs = child<QTreeView>("jobList");
    drop_files({fixture_.write("cancel/large.csv", statements_csv(600'000, 3))});
    QTRY_COMPARE(jobs->model()->rowCount(), 1);
    QTRY_VERIFY(jobs->model()->index(0, 0).data(JobModel::Permille).toInt() > 0);
    auto* cancel = child<QAbstractButton>("cancelJob");
    QTRY_VERIFY(cancel->isVisible() && cancel->isEnabled());
    QTest::mouseClick(cancel, Qt::LeftButton);
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(jobs->model()->rowCount(), 0);
    QVERIFY(session_->ledger().empty());
    QVERIFY(!child<MessageBar>("messageBar")->isVisible());
    // The window goes on working.
    drop_files({fixture_.write("cancel/small.csv", statements_csv(6))});
    QTRY_COMPARE(session_->ledger().size(), std::size_t{1});
    QVERIFY(wait_idle(*session_));
}

void TestMainWindow::file_is_forgotten_by_clicks()
{
    drop_files(
        {fixture_.write("forget/h1.txt", heap_histogram(1)), fixture_.write("forget/h2.txt", heap_histogram(2))});
    QTRY_COMPARE(session_->ledger().size(), std::size_t{2});
    QVERIFY(wait_idle(*session_));
    auto* table = child<QTableView>("ledgerTable");
    click_index(table, table->model()->index(0, 0));
    click("forgetFile");
    auto* question = window_->findChild<QMessageBox*>();
    QVERIFY(question);
    QTest::mouseClick(question->button(QMessageBox::Cancel), Qt::LeftButton);
    QVERIFY(wait_idle(*session_));
    QCOMPARE(session_->ledger().size(), std::size_t{2});
    table->setFocus();
    QTest::keyClick(table, Qt::Key_Delete);
    QTRY_VERIFY(QApplication::activeModalWidget());
    question = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
    QVERIFY(question);
    QTest::keyClick(question, Qt::Key_Return);
    QTRY_COMPARE(session_->ledger().size(), std::size_t{1});
    QVERIFY(QFile::exists(fixture_.path("forget/h1.txt")));
    QVERIFY(wait_idle(*session_));
}

void TestMainWindow::windows_are_edited()
{
    open_demo();
    QTest::keyClick(window_.get(), Qt::Key_T, Qt::ControlModifier);
    auto* from = child<QLineEdit>("windowFrom");
    auto* to = child<QLineEdit>("windowTo");
    from->setText(QStringLiteral("yesterday"));
    to->setText(QStringLiteral("2026-11-23T02:10:00Z"));
    click("setWindow");
    QVERIFY(wait_idle(*session_));
    QVERIFY(session_->windows().empty());
    from->setText(QStringLiteral("2026-11-23T01:40:00Z"));
    click("setWindow");
    QTRY_COMPARE(session_->windows().size(), std::size_t{1});
    QCOMPARE(session_->windows()[0].name, std::string("incident"));
    QCOMPARE(session_->windows()[0].range.seconds(), 1800.0);
    QVERIFY(wait_idle(*session_, 60'000));
}

void TestMainWindow::findings_are_exported()
{
    open_demo();
    const QString path = fixture_.path("export.md");
    action("exportMarkdown")->trigger();
    auto* dialog = window_->findChild<QFileDialog*>();
    QVERIFY(dialog);
    emit dialog->fileSelected(path);
    dialog->reject();
    QTRY_VERIFY(QFile::exists(path));
    QVERIFY(wait_idle(*session_));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QString text = QString::fromUtf8(file.readAll());
    for (const Finding& finding : session_->report()->findings)
        QVERIFY(text.contains(QString::fromStdString(finding.key)));
}

void TestMainWindow::case_is_saved_and_opened_again_from_the_start_page()
{
    drop_files({fixture_.write("save/h1.txt", heap_histogram(1))});
    QTRY_COMPARE(session_->ledger().size(), std::size_t{1});
    QVERIFY(wait_idle(*session_));
    const QString path = fixture_.path("save/night.casebook");
    QTest::keyClick(window_.get(), Qt::Key_S, Qt::ControlModifier);
    auto* dialog = window_->findChild<QFileDialog*>();
    QVERIFY(dialog);
    emit dialog->fileSelected(path);
    dialog->reject();
    QTRY_COMPARE(session_->casePath(), path);
    QCOMPARE(window_->windowTitle(), QStringLiteral("night - Casebook"));
    action("closeCase")->trigger();
    QTRY_VERIFY(child<QWidget>("startPage")->isVisible());
    QVERIFY(wait_idle(*session_));
    auto* recent = child<QListView>("recentList");
    QTRY_COMPARE(recent->model()->rowCount(), 1);
    click_index(recent, recent->model()->index(0, 0));
    QTRY_VERIFY(session_->hasCase());
    QCOMPARE(session_->casePath(), path);
    QCOMPARE(session_->ledger().size(), std::size_t{1});
}

void TestMainWindow::theme_is_switched_and_kept()
{
    open_demo();
    const QColor light = window_->palette().color(QPalette::Window);
    action("themeDark")->trigger();
    QCOMPARE(theme().id, Theme::Id::dark);
    QTRY_VERIFY(window_->palette().color(QPalette::Window).lightness() < light.lightness());  // the change is posted
    QTRY_VERIFY(tree()->palette().color(QPalette::Base).lightness() < 60);
    QCOMPARE(QSettings().value(QStringLiteral("theme")).toInt(), static_cast<int>(Theme::Id::dark));
    action("themeHighContrast")->trigger();
    QTRY_COMPARE(window_->palette().color(QPalette::Window), QColor(Qt::black));
    QVERIFY(!window_->grab().isNull());
    action("themeLight")->trigger();
    QTRY_COMPARE(window_->palette().color(QPalette::Window), light);
    action("themeDesktop")->trigger();
    QVERIFY(!QSettings().contains(QStringLiteral("theme")));
    QCOMPARE(theme().id, desktop_theme());
}

void TestMainWindow::text_grows_shrinks_and_is_kept()
{
    open_demo();
    auto* list = tree();
    const int before = list->visualRect(list->currentIndex()).height();
    for (int i = 0; i < 5; ++i) QTest::keyClick(window_.get(), Qt::Key_Plus, Qt::ControlModifier);
    QCOMPARE(text_points(), normal_text_points + 5);
    QTRY_VERIFY(list->visualRect(list->currentIndex()).height() > before);
    QCOMPARE(QSettings().value(QStringLiteral("textPoints")).toInt(), normal_text_points + 5);
    for (int i = 0; i < 50; ++i) QTest::keyClick(window_.get(), Qt::Key_Minus, Qt::ControlModifier);
    QCOMPARE(text_points(), smallest_text_points);
    MainWindow::applyLook();
    QCOMPARE(text_points(), smallest_text_points);
    action("textNormal")->trigger();
    QTRY_COMPARE(list->visualRect(list->currentIndex()).height(), before);
}

void TestMainWindow::layout_is_kept()
{
    session_->newCase();
    QVERIFY(wait_idle(*session_));
    auto* inspector = child<QDockWidget>("inspectorDock");
    QVERIFY(inspector->isVisible());
    inspector->toggleViewAction()->trigger();
    QVERIFY(!inspector->isVisible());
    action("closeCase")->trigger();
    QVERIFY(wait_idle(*session_));
    session_->newCase();
    QVERIFY(wait_idle(*session_));
    QVERIFY(!inspector->isVisible());
    QVERIFY(child<QDockWidget>("findingsDock")->isVisible());
    action("resetLayout")->trigger();
    QVERIFY(inspector->isVisible());
}

void TestMainWindow::fits_a_small_screen()
{
    window_->resize(1024, 640);
    const auto check = [&] {
        QVERIFY2(window_->width() <= 1024 && window_->height() <= 640,
                 qPrintable(QStringLiteral("%1x%2").arg(window_->width()).arg(window_->height())));
        for (QWidget* widget : window_->findChildren<QWidget*>()) {
            if (!widget->isVisible() ||
                (window_->evidence()->currentView() && window_->evidence()->currentView()->isAncestorOf(widget)))
                continue;
            const bool is_text = qobject_cast<QAbstractButton*>(widget) ||
                                 (qobject_cast<QLabel*>(widget) && !qobject_cast<QLabel*>(widget)->wordWrap());
            if (!is_text || widget->objectName().startsWith(QLatin1String("qt_"))) continue;  // Qt's own
            const QSize need = widget->minimumSizeHint();
            QVERIFY2(widget->width() >= need.width() && widget->height() >= need.height(),
                     qPrintable(QStringLiteral("%1 %2").arg(QLatin1String(widget->metaObject()->className()),
                                                            widget->objectName())));
        }
    };
    check();
    open_demo();
    QTest::qWait(50);
    check();
    int windows = 0;
    for (const QWidget* widget : QApplication::topLevelWidgets()) windows += widget->isVisible();
    QCOMPARE(windows, 1);
}

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
