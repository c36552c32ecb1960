// The frame: one zone for all times, saved layouts, several windows on one case, and every way of dropping files.
#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/models/display_zone.h"
#include "widgets/models/finding_text.h"
#include "widgets/panels/capture/capture_window.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/inspector.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/style/theme.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDockWidget>
#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPointer>
#include <QTableView>
#include <QTextBrowser>
#include <QTreeView>

#include <ctime>
#include <memory>

using namespace casebook;
using namespace casebook::tests;

class TestWindows : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init();
    void cleanup();
    void zone_is_one_for_all();
    void zone_is_kept();
    void layouts_are_saved_and_restored();
    void second_window_has_panels_of_its_own();
    void capture_belongs_to_the_case();
    void closing_one_window_leaves_the_other();
    void quit_asks_once();
    void any_drop_action_is_taken();
    void any_drop_action_is_taken_data();
    void files_on_a_text_field_are_evidence();

private:
    template <class T>
    T* child(const char* name) const
    {
        T* found = window_->findChild<T*>(QLatin1String(name));
        if (!found) qFatal("no widget %s", name);
        return found;
    }
    QAction* action(const char* name) const { return child<QAction>(name); }
    void open_demo();
    MainWindow* second() const;
    static void drop(QWidget* on, QMimeData* data, Qt::DropActions offered, Qt::DropAction proposed, Qt::KeyboardModifiers keys, Qt::DropAction& done);

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
};

void TestWindows::init()
{
    QSettings().clear();
    DisplayZone::instance().set_mode(TimeZoneMode::utc);
    session_ = std::make_unique<Session>();
    window_ = std::make_unique<MainWindow>(*session_, QString::fromStdString((source_folder() / "resources/samples").string()));
    window_->resize(1200, 760);
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
}

void TestWindows::cleanup()
{
    while (MainWindow* other = second()) delete other;
    window_.reset();
    session_.reset();
}

void TestWindows::open_demo()
{
    window_->openDemo();
    QTRY_VERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(session_->report());
}

MainWindow* TestWindows::second() const
{
    for (QWidget* widget : QApplication::topLevelWidgets())
        if (auto* other = qobject_cast<MainWindow*>(widget); other && other != window_.get() && other->isVisible()) return other;
    return nullptr;
}

void TestWindows::zone_is_one_for_all()
{
    const QByteArray before = qgetenv("TZ");
    qputenv("TZ", "Asia/Kolkata");
    tzset();
    open_demo();
    // A finding that says when it happened.
    for (const Finding& finding : session_->report()->findings)
        if (finding.when) session_->selectFinding(finding.analyzer, finding.key);
    const auto finding = session_->finding(session_->selection().analyzer, session_->selection().finding_key);
    QVERIFY(finding && finding->when);
    QVERIFY(wait_idle(*session_));
    window_->evidence()->explore(*kind_named("traces"));
    QVERIFY(wait_idle(*session_));
    auto* table = window_->evidence()->currentView()->findChild<DataTable*>();
    auto* text = child<QTextBrowser>("findingText");
    auto* button = child<QAbstractButton>("zoneButton");
    const auto shown = [&] {
        table->view().selectRow(0);
        table->copy();
        QStringList all{text->toPlainText(), QApplication::clipboard()->text(), table->model().index(0, 0).data().toString(),
                        table->model().index(0, 0).data(Qt::ToolTipRole).toString(), button->text()};
        window_->inspector()->copyMarkdown();
        return all << QApplication::clipboard()->text();
    };
    const QStringList utc = shown();
    QVERIFY(utc[0].contains(QStringLiteral("UTC")) && !utc[0].contains(QStringLiteral("UTC+05:30")));
    QCOMPARE(button->text(), QStringLiteral("UTC"));

    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(DisplayZone::instance().mode(), TimeZoneMode::local);
    const QStringList local = shown();
    for (qsizetype i = 0; i < utc.size(); ++i) QVERIFY2(utc[i] != local[i], qPrintable(QStringLiteral("%1: %2").arg(i).arg(local[i].left(200))));
    QVERIFY(local[0].contains(QStringLiteral("UTC+05:30")));
    QVERIFY(local.last().contains(QStringLiteral("UTC+05:30")));
    QCOMPARE(button->text(), QStringLiteral("UTC+05:30"));
    QVERIFY(action("localTimes")->isChecked());
    // The dialog shows local times and reads them back as the same instants.
    session_->setWindow("incident", {1'763'463'600'123'456'789, 1'763'463'700'000'000'000});
    QVERIFY(wait_idle(*session_, 60'000));
    const TimeRange range = session_->windows().front().range;
    session_->selectRange(range);
    QTest::keyClick(window_.get(), Qt::Key_T, Qt::ControlModifier);
    auto* from = child<QLineEdit>("windowFrom");
    QVERIFY2(from->text().endsWith(QStringLiteral("+05:30")), qPrintable(from->text()));
    session_->removeWindow("incident");
    QVERIFY(wait_idle(*session_, 60'000));
    QTest::mouseClick(child<QAbstractButton>("setWindow"), Qt::LeftButton);
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(session_->windows().front().range, range);

    qobject_cast<QWidget*>(from->parent())->close();
    window_->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    QTest::keyClick(window_.get(), Qt::Key_L, Qt::ControlModifier);
    QCOMPARE(DisplayZone::instance().mode(), TimeZoneMode::utc);
    if (before.isNull()) qunsetenv("TZ");
    else qputenv("TZ", before);
    tzset();
}

void TestWindows::zone_is_kept()
{
    action("localTimes")->trigger();
    QCOMPARE(QSettings().value(QStringLiteral("view/localTime")).toBool(), true);
    action("localTimes")->trigger();
    QCOMPARE(QSettings().value(QStringLiteral("view/localTime")).toBool(), false);
}

void TestWindows::layouts_are_saved_and_restored()
{
    open_demo();
    auto* inspector = child<QDockWidget>("inspectorDock");
    inspector->hide();
    action("saveLayout")->trigger();
    auto* dialog = child<QInputDialog>("layoutName");
    QTRY_VERIFY(dialog->isVisible());
    QTest::keyClick(dialog, Qt::Key_Escape);  // thought better of it
    QTRY_VERIFY(!window_->findChild<QInputDialog*>());
    QVERIFY(MainWindow::layoutNames().isEmpty());
    action("saveLayout")->trigger();
    dialog = child<QInputDialog>("layoutName");
    QTRY_VERIFY(dialog->isVisible());
    dialog->setTextValue(QStringLiteral("wide / & plain"));
    QTest::keyClick(dialog, Qt::Key_Return);
    QCOMPARE(MainWindow::layoutNames(), QStringList{QStringLiteral("wide / & plain")});
    action("resetLayout")->trigger();
    QVERIFY(inspector->isVisible());

    // The menu has it once it is opened, and so has the palette.
    QMenu* layouts = nullptr;
    for (QMenu* menu : window_->findChildren<QMenu*>())
        if (menu->actions().contains(action("saveLayout"))) layouts = menu;
    QVERIFY(layouts);
    emit qobject_cast<QMenu*>(layouts->parentWidget())->aboutToShow();
    action("layout_wide / & plain")->trigger();
    QVERIFY(!inspector->isVisible());
    action("deleteLayout_wide / & plain")->trigger();
    QVERIFY(MainWindow::layoutNames().isEmpty());
    // One that a newer version wrote, or a broken one, gives the usual places.
    QSettings().setValue(QStringLiteral("layouts/broken"), QByteArray("nonsense"));
    window_->restoreLayout(QStringLiteral("broken"));
    QVERIFY(inspector->isVisible());
}

void TestWindows::second_window_has_panels_of_its_own()
{
    open_demo();
    const int tabs = window_->evidence()->count();
    QTest::keyClick(window_.get(), Qt::Key_N, Qt::ControlModifier | Qt::ShiftModifier);
    MainWindow* other = second();
    QVERIFY(other);
    QVERIFY(QTest::qWaitForWindowActive(other));
    QVERIFY2(other->windowTitle().contains(QStringLiteral("window 2")), qPrintable(other->windowTitle()));
    QVERIFY(other->evidence()->isVisible());
    QVERIFY(!other->findChild<QWidget*>(QStringLiteral("startPage"))->isVisible());
    QCOMPARE(other->evidence()->count(), 1);  // of the selected finding
    // The same case and selection.
    auto* tree = other->findChild<QTreeView*>(QStringLiteral("findingTree"));
    QVERIFY(tree && tree->model()->rowCount() > 0);
    QVERIFY(tree->currentIndex().isValid());
    const Finding& last = session_->report()->findings.back();
    session_->selectFinding(last.analyzer, last.key);
    QVERIFY(wait_idle(*session_));
    QCOMPARE(window_->findChild<QTextBrowser*>(QStringLiteral("findingText"))->toPlainText(), other->findChild<QTextBrowser*>(QStringLiteral("findingText"))->toPlainText());
    // Evidence opens in the window in front only.
    QVERIFY(other->evidence()->count() >= 1);
    QCOMPARE(window_->evidence()->count(), tabs);
    // A layout of its own.
    other->findChild<QDockWidget*>(QStringLiteral("ledgerDock"))->hide();
    QVERIFY(child<QDockWidget>("ledgerDock")->isVisible());
    // Back in the first one, evidence opens there.
    window_->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    const int there = other->evidence()->count();
    window_->evidence()->closeAll();
    session_->selectFinding(session_->report()->findings.front().analyzer, session_->report()->findings.front().key);
    QVERIFY(wait_idle(*session_));
    QCOMPARE(window_->evidence()->count(), 1);
    QCOMPARE(other->evidence()->count(), there);
}

void TestWindows::capture_belongs_to_the_case()
{
    open_demo();
    window_->openWindow();
    QPointer<MainWindow> other = second();
    QVERIFY(other);
    other->showCapture();
    QPointer<CaptureWindow> capture = other->findChild<CaptureWindow*>();
    QVERIFY(capture && capture->isVisible());
    window_->showCapture();  // the same one
    QVERIFY(!window_->findChild<CaptureWindow*>());
    QVERIFY(other->close());
    QTRY_VERIFY(!other);
    QVERIFY(capture && capture->isVisible());
    QCOMPARE(window_->findChild<CaptureWindow*>(), capture.data());
    window_->showCapture();
    QCOMPARE(window_->findChildren<CaptureWindow*>().size(), 1);
}

void TestWindows::closing_one_window_leaves_the_other()
{
    open_demo();
    window_->openWindow();
    QPointer<MainWindow> other = second();
    QVERIFY(other);
    QVERIFY(QTest::qWaitForWindowActive(other));
    // The first may go, the case stays open, and evidence opens in the one that is left.
    session_->importPaths({fixture_.write(QStringLiteral("large.csv"), statements_csv(200'000))});
    QVERIFY(window_->close());  // no question: the other window goes on with the work
    QVERIFY(session_->isImporting());
    QVERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(other->isVisible());
    other->evidence()->closeAll();
    const Finding& last = session_->report()->findings.back();
    session_->selectFinding({}, {});
    session_->selectFinding(last.analyzer, last.key);
    QVERIFY(wait_idle(*session_));
    QCOMPARE(other->evidence()->count(), 1);
    // And the other way round: the window that was opened last is gone when closed.
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    QVERIFY(other->close());
    QTRY_VERIFY(!other);
    QVERIFY(window_->isVisible());
    QVERIFY(session_->hasCase());
    window_->evidence()->closeAll();
    session_->openEvidence(last.evidence.front(), session_->finding(last.analyzer, last.key));
    QVERIFY(wait_idle(*session_));
    QCOMPARE(window_->evidence()->count(), 1);
}

void TestWindows::quit_asks_once()
{
    session_->importPaths({fixture_.write(QStringLiteral("large.csv"), statements_csv(600'000))});
    QTRY_VERIFY(session_->isImporting());
    window_->openWindow();
    QPointer<MainWindow> other = second();
    QVERIFY(QTest::qWaitForWindowActive(other));
    action("quit")->trigger();
    // One of the two is closed, the last one asks.
    QTRY_VERIFY(QApplication::activeModalWidget());
    auto* question = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
    QVERIFY(question);
    QTest::mouseClick(question->button(QMessageBox::Cancel), Qt::LeftButton);
    QVERIFY(session_->isImporting());
    session_->jobs().cancelAll();
    QVERIFY(wait_idle(*session_, 60'000));
}

void TestWindows::any_drop_action_is_taken_data()
{
    QTest::addColumn<Qt::DropActions>("offered");
    QTest::addColumn<Qt::DropAction>("proposed");
    QTest::addColumn<Qt::KeyboardModifiers>("keys");
    QTest::addColumn<Qt::DropAction>("done");
    QTest::newRow("plain drag from a file manager") << Qt::DropActions(Qt::CopyAction | Qt::MoveAction | Qt::LinkAction) << Qt::MoveAction << Qt::KeyboardModifiers(Qt::NoModifier) << Qt::CopyAction;
    QTest::newRow("with Ctrl") << Qt::DropActions(Qt::CopyAction | Qt::MoveAction) << Qt::CopyAction << Qt::KeyboardModifiers(Qt::ControlModifier) << Qt::CopyAction;
    QTest::newRow("with Shift") << Qt::DropActions(Qt::CopyAction | Qt::MoveAction) << Qt::MoveAction << Qt::KeyboardModifiers(Qt::ShiftModifier) << Qt::CopyAction;
    QTest::newRow("copy only") << Qt::DropActions(Qt::CopyAction) << Qt::CopyAction << Qt::KeyboardModifiers(Qt::NoModifier) << Qt::CopyAction;
    QTest::newRow("move only") << Qt::DropActions(Qt::MoveAction) << Qt::MoveAction << Qt::KeyboardModifiers(Qt::NoModifier) << Qt::MoveAction;
    QTest::newRow("link only") << Qt::DropActions(Qt::LinkAction) << Qt::LinkAction << Qt::KeyboardModifiers(Qt::ControlModifier | Qt::ShiftModifier) << Qt::LinkAction;
}

void TestWindows::drop(QWidget* on, QMimeData* data, Qt::DropActions offered, Qt::DropAction proposed, Qt::KeyboardModifiers keys, Qt::DropAction& done)
{
    QDragEnterEvent enter(QPoint(20, 20), offered, data, Qt::LeftButton, keys);
    enter.setDropAction(proposed);
    QApplication::sendEvent(on, &enter);
    QVERIFY(enter.isAccepted());
    QDragMoveEvent move(QPoint(24, 22), offered, data, Qt::LeftButton, keys);
    move.setDropAction(proposed);
    QApplication::sendEvent(on, &move);
    QVERIFY(move.isAccepted());
    QDropEvent dropped(QPointF(24, 22), offered, data, Qt::LeftButton, keys);
    dropped.setDropAction(proposed);
    QApplication::sendEvent(on, &dropped);
    QVERIFY(dropped.isAccepted());
    done = dropped.dropAction();
}

void TestWindows::any_drop_action_is_taken()
{
    QFETCH(Qt::DropActions, offered);
    QFETCH(Qt::DropAction, proposed);
    QFETCH(Qt::KeyboardModifiers, keys);
    QFETCH(Qt::DropAction, done);
    const QString path = fixture_.write(QStringLiteral("drop/h.txt"), heap_histogram(1));
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    Qt::DropAction taken = Qt::IgnoreAction;
    drop(window_.get(), &data, offered, proposed, keys, taken);
    QCOMPARE(taken, done);
    QTRY_COMPARE(session_->ledger().size(), std::size_t{1});
    QVERIFY(wait_idle(*session_));
    QVERIFY(QFile::exists(path));  // read, never moved
}

void TestWindows::files_on_a_text_field_are_evidence()
{
    open_demo();
    const std::size_t files = session_->ledger().size();
    auto* field = window_->findChild<QLineEdit*>();
    for (QLineEdit* one : window_->findChildren<QLineEdit*>())
        if (one->isVisible() && one->acceptDrops()) field = one;
    QVERIFY(field && field->acceptDrops());
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(fixture_.write(QStringLiteral("drop/h3.txt"), heap_histogram(3)))});
    Qt::DropAction taken = Qt::IgnoreAction;
    drop(field, &data, Qt::CopyAction | Qt::MoveAction, Qt::MoveAction, {}, taken);
    QCOMPARE(taken, Qt::CopyAction);
    QVERIFY(field->text().isEmpty());
    QTRY_COMPARE(session_->ledger().size(), files + 1);
    QVERIFY(wait_idle(*session_, 60'000));
    // Text stays the field's.
    QMimeData words;
    words.setText(QStringLiteral("orders"));
    drop(field, &words, Qt::CopyAction, Qt::CopyAction, {}, taken);
    QCOMPARE(field->text(), QStringLiteral("orders"));
}

QTEST_MAIN(TestWindows)
#include "tst_windows.moc"
