// The window as a user drives it: files that are dropped, pasted, wrong, cancelled, forgotten, and cases saved and opened.
#include "tests/widgets/main_window_test.h"
#include "widgets/models/job_model.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/message_bar.h"

#include <QAbstractButton>
#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QFileDialog>
#include <QListView>
#include <QMessageBox>
#include <QMimeData>
#include <QTableView>
#include <QTreeView>

using namespace casebook;
using namespace casebook::tests;

class TestMainWindowFiles : public MainWindowTest {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init() { open_window(); }
    void cleanup() { close_window(); }
    void dropped_files_become_a_case();
    void dropped_case_is_opened();
    void pasted_text_is_imported();
    void wrong_file_shows_the_message_bar();
    void import_is_cancelled_by_a_click();
    void work_is_not_stopped_without_asking();
    void file_is_forgotten_by_clicks();
    void case_is_saved_and_opened_again_from_the_start_page();
};

void TestMainWindowFiles::dropped_files_become_a_case()
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

void TestMainWindowFiles::dropped_case_is_opened()
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

void TestMainWindowFiles::pasted_text_is_imported()
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

void TestMainWindowFiles::wrong_file_shows_the_message_bar()
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

void TestMainWindowFiles::import_is_cancelled_by_a_click()
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

void TestMainWindowFiles::work_is_not_stopped_without_asking()
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

void TestMainWindowFiles::file_is_forgotten_by_clicks()
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

void TestMainWindowFiles::case_is_saved_and_opened_again_from_the_start_page()
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

QTEST_MAIN(TestMainWindowFiles)
#include "tst_main_window_files.moc"
