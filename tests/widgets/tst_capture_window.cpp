// The capture window with a made-up server: test, live view, cancel, failure, import; by clicks and keys.
#include "tests/widgets/fake_server.h"
#include "widgets/models/views/table_model.h"
#include "widgets/panels/capture/capture_window.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/style/theme.h"

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QStackedWidget>
#include <QTableView>
#include <QTreeView>

#include <memory>

using namespace casebook;
using namespace casebook::tests;

class TestCaptureWindow : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init();
    void cleanup();
    void test_shows_what_is_there_and_what_is_hidden();
    void refused_connection_keeps_the_input();
    void live_view_cancel_and_import();
    void lost_server_leaves_a_result();
    void hidden_window_goes_on_and_other_cases_do_not_stop_it();
    void fits_a_small_screen();

private:
    template <class T>
    T* child(const char* name) const
    {
        T* found = window_->findChild<T*>(QLatin1String(name));
        if (!found) qFatal("no widget %s", name);
        return found;
    }
    void click(const char* name) const { QTest::mouseClick(child<QAbstractButton>(name), Qt::LeftButton); }
    QString text(const char* name) const { return child<QLabel>(name)->text(); }
    QString cell(const char* table, int row, int column) const
    {
        const TableModel& model = child<DataTable>(table)->model();
        return model.index(row, column).data().toString();
    }
    void start(const char* folder)
    {
        child<QLineEdit>("captureFolder")->setText(fixture_.path(QLatin1String(folder)));
        click("captureStart");
        QTRY_COMPARE(child<DataTable>("captureSessions")->model().rowCount(), 2);
    }

    WidgetFixture fixture_;
    std::unique_ptr<FakeServer> server_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<CaptureWindow> window_;
};

void TestCaptureWindow::init()
{
    QSettings().clear();
    server_ = std::make_unique<FakeServer>();
    session_ = std::make_unique<Session>();
    window_ = std::make_unique<CaptureWindow>(*session_, server_->engine());
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
}

void TestCaptureWindow::cleanup()
{
    window_.reset();
    session_.reset();
    server_.reset();
}

void TestCaptureWindow::test_shows_what_is_there_and_what_is_hidden()
{
    QTest::keyClicks(child<QLineEdit>("captureHost"), QStringLiteral("db"));
    QTest::keyClicks(child<QLineEdit>("capturePassword"), QStringLiteral("s3cret"));
    QCOMPARE(child<QLineEdit>("capturePassword")->echoMode(), QLineEdit::Password);
    click("captureTest");
    QTRY_VERIFY(text("captureFound").contains(QStringLiteral("PostgreSQL 15.9")));
    QVERIFY(text("captureFound").contains(QStringLiteral("GRANT pg_monitor")));
    QVERIFY(text("captureFound").contains(QStringLiteral("TLSv1.3")));
    QVERIFY(server_->conninfo.find("s3cret") != std::string::npos);
    const QAbstractItemModel* model = child<QTreeView>("captureQuestions")->model();
    QCOMPARE(model->index(0, 2).data().toString(), QStringLiteral("3 ms, 40 rows"));
    QVERIFY(model->index(1, 2).data().toString().contains(QStringLiteral("CREATE EXTENSION")));
    QCOMPARE(model->index(1, 0).data(Qt::CheckStateRole).toInt(), static_cast<int>(Qt::Unchecked));
    // Space unchecks what has the focus; with nothing to take there is nothing to start.
    auto* list = child<QTreeView>("captureQuestions");
    list->setFocus();
    list->setCurrentIndex(model->index(0, 0));
    QTest::keyClick(list, Qt::Key_Space);
    QVERIFY(!child<QPushButton>("captureStart")->isEnabled());
    QSettings settings;
    QVERIFY(!settings.allKeys().isEmpty());
    for (const QString& key : settings.allKeys())
        QVERIFY2(!settings.value(key).toString().contains(QStringLiteral("s3cret")), qPrintable(key));
    QVERIFY(child<QLineEdit>("captureHost")->text() == QStringLiteral("db"));
    // Another host is another server.
    QTest::keyClicks(child<QLineEdit>("captureHost"), QStringLiteral("2"));
    QVERIFY(text("captureFound").isEmpty());
    QCOMPARE(model->index(0, 2).data().toString(), QStringLiteral("small"));
}

void TestCaptureWindow::refused_connection_keeps_the_input()
{
    server_->refuse = Error{Error::Code::server, "password authentication failed for user app", "check the password"};
    QTest::keyClicks(child<QLineEdit>("captureUser"), QStringLiteral("app"));
    QTest::keyClicks(child<QLineEdit>("capturePassword"), QStringLiteral("wrong"));
    click("captureTest");
    QTRY_VERIFY(text("captureFound").contains(QStringLiteral("check the password")));
    click("captureStart");
    QTRY_VERIFY(text("captureProblem").contains(QStringLiteral("authentication failed")));
    QVERIFY(child<QLabel>("captureProblem")->isVisible());
    QCOMPARE(child<QLineEdit>("captureUser")->text(), QStringLiteral("app"));
    QCOMPARE(child<QLineEdit>("capturePassword")->text(), QStringLiteral("wrong"));
    QVERIFY(child<QPushButton>("captureStart")->isEnabled());
    QVERIFY(QSettings().allKeys().isEmpty());
}

void TestCaptureWindow::live_view_cancel_and_import()
{
    QVERIFY(!child<QLabel>("captureWarning")->isVisible());
    QVERIFY(!child<QCheckBox>("captureAnalyze")->isChecked());
    start("live");
    QVERIFY(!server_->options.analyze_queries);
    QVERIFY(server_->options.questions.empty());
    QVERIFY2(text("captureHeadline").startsWith(QStringLiteral("Session 11 (idle in transaction for 1 min 5 s) keeps 1 session waiting")),
             qPrintable(text("captureHeadline")));
    QTRY_VERIFY(text("captureStatus").contains(QStringLiteral("Snapshot 2 of 3")));
    QCOMPARE(cell("captureSessions", 0, 0), QStringLiteral("11"));  // the oldest transaction of those in the lock tree
    QVERIFY(cell("captureLocks", 1, 0).contains(QStringLiteral("└ 12")));
    QCOMPARE(cell("captureWaits", 0, 0), QStringLiteral("Lock: transactionid"));
    QCOMPARE(cell("captureStatements", 0, 0), QStringLiteral("SELECT <b>1</b>"));
    QVERIFY(!child<QPushButton>("captureImport")->isVisible());
    auto* cancel = child<QPushButton>("captureCancel");
    QTRY_COMPARE(window_->focusWidget(), static_cast<QWidget*>(cancel));
    QTest::keyClick(cancel, Qt::Key_Space);
    QTRY_VERIFY(text("captureHeadline").startsWith(QStringLiteral("Ended early: 2 of 3 snapshots")));
    QVERIFY(text("captureStatus").contains(QStringLiteral("cancelled")));
    QCOMPARE(cell("captureResult", 0, 0), QStringLiteral("refused"));
    QCOMPARE(cell("captureResult", 1, 1), QStringLiteral("statements.csv"));
    QCOMPARE(child<QPushButton>("captureImport")->text(), QStringLiteral("&Import into a new case"));
    click("captureImport");
    QTRY_COMPARE(session_->ledger().size(), std::size_t{1});
    QVERIFY(wait_idle(*session_));
    QVERIFY(!window_->isVisible());
    QVERIFY(session_->report());
}

void TestCaptureWindow::lost_server_leaves_a_result()
{
    start("lost");
    server_->end = 2;
    QTRY_VERIFY(text("captureHeadline").startsWith(QStringLiteral("Ended early")));
    QVERIFY(text("captureStatus").contains(QStringLiteral("closed the connection")));
    QVERIFY(child<QPushButton>("captureImport")->isEnabled());
    click("captureAgain");
    QVERIFY(child<QPushButton>("captureStart")->isVisible());
}

void TestCaptureWindow::hidden_window_goes_on_and_other_cases_do_not_stop_it()
{
    start("hidden");
    window_->hide();
    session_->newCase();
    QTRY_VERIFY(session_->hasCase());
    QTest::qWait(100);
    QVERIFY(!session_->jobs().isIdle());
    QString told;
    connect(session_.get(), &Session::message, this, [&](const Message& message) { told = message.what; });
    server_->end = 1;
    QTRY_VERIFY(told.startsWith(QStringLiteral("Done: 2 of 3 snapshots")));
    QVERIFY(wait_idle(*session_));
}

void TestCaptureWindow::fits_a_small_screen()
{
    window_->resize(1024, 600);
    QVERIFY(window_->width() <= 1024 && window_->height() <= 600);
    start("small");
    QTest::qWait(50);
    QVERIFY2(window_->width() <= 1024 && window_->height() <= 600,
             qPrintable(QStringLiteral("%1x%2").arg(window_->width()).arg(window_->height())));
    for (const Theme::Id id : {Theme::Id::dark, Theme::Id::highContrast, Theme::Id::light}) {
        set_theme(id);
        QVERIFY(!window_->grab().isNull());
    }
}

QTEST_MAIN(TestCaptureWindow)
#include "tst_capture_window.moc"
