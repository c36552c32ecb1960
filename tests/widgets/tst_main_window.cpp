// The window itself, as a user drives it: focus, windows of time, themes, text size, layout and a small screen.
#include "tests/widgets/main_window_test.h"
#include "widgets/panels/evidence_guide.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/message_bar.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/sql_editor.h"

#include <QAbstractButton>
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QScrollBar>
#include <QTabWidget>
#include <QTableView>
#include <QTextBrowser>

using namespace casebook;
using namespace casebook::tests;

class TestMainWindow : public MainWindowTest {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init() { open_window(); }
    void cleanup() { close_window(); }
    void a_view_that_is_asked_for_has_the_focus();
    void windows_are_edited();
    void guide_copies_commands();
    void theme_is_switched_and_kept();
    void text_grows_shrinks_and_is_kept();
    void layout_is_kept();
    void fits_a_small_screen();
};

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

void TestMainWindow::guide_copies_commands()
{
    action("evidenceGuideAction")->trigger();
    auto* guide = child<QDialog>("evidenceGuideWindow")->findChild<EvidenceGuide*>();
    QVERIFY(guide);
    // Formats stand under what they bring, in words: no heading is the name of a view.
    const QString words = guide->toPlainText();
    QVERIFY(words.startsWith(QStringLiteral("Traces\n")));
    const qsizetype traces_end = words.indexOf(QStringLiteral("\nStatement statistics\n"));
    QVERIFY(words.indexOf(QStringLiteral("OTLP")) > 0 && words.indexOf(QStringLiteral("OTLP")) < traces_end);
    QVERIFY(words.contains(QStringLiteral("\nMetrics\n")));
    QCOMPARE(QRegularExpression(QStringLiteral("^(span|metric|heap|gc|table)[a-z_ ]*$"), QRegularExpression::MultilineOption).match(words).captured(), QString());
    const QRegularExpressionMatch link = QRegularExpression(QStringLiteral("href=\"(copy:[a-z0-9_]+)\"")).match(guide->toHtml());
    QVERIFY(link.hasMatch());
    emit guide->anchorClicked(QUrl(link.captured(1)));
    QVERIFY(!QApplication::clipboard()->text().isEmpty());
    QVERIFY(guide->toPlainText().simplified().contains(QApplication::clipboard()->text().simplified()));
    QVERIFY2(child<MessageBar>("messageBar")->text().contains(QStringLiteral("on the clipboard")), "nothing is said");
    child<MessageBar>("messageBar")->showMessage({Message::Kind::error, QStringLiteral("It ended."), QStringLiteral("Try again")});
    QCOMPARE(child<QLabel>("messageText")->text(), QStringLiteral("<b>It ended.</b> Try again."));
    click("closeMessage");
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
    // All counts of the ledger are in sight.
    QVERIFY(child<QTableView>("ledgerTable")->isVisible());
    QCOMPARE(child<QTableView>("ledgerTable")->horizontalScrollBar()->maximum(), 0);
    // What is read in the inspector is read without scrolling sideways, the handbook's commands included.
    QStringList too_wide;
    const auto read_all = [&] {
        std::vector<std::pair<std::string, std::string>> all;
        for (const AnalyzerVerdict& verdict : session_->report()->verdicts) all.emplace_back(verdict.analyzer, std::string());
        for (const Finding& finding : session_->report()->findings) all.emplace_back(finding.analyzer, finding.key);
        for (const auto& [analyzer, key] : all) {
            session_->selectFinding(analyzer, key);
            for (const char* text : {"findingText", "handbookText"}) {
                auto* browser = child<QTextBrowser>(text);
                child<QWidget>("inspector")->findChild<QTabWidget*>()->setCurrentWidget(browser);
                QVERIFY(browser->isVisible());
                QTest::qWait(1);  // what is loaded late is laid out again
                if (const int over = browser->horizontalScrollBar()->maximum(); over > 0)
                    too_wide << QStringLiteral("%1 %2 %3 by %4").arg(QString::fromStdString(analyzer), QString::fromStdString(key), QLatin1String(text)).arg(over);
            }
        }
    };
    read_all();
    const QString samples = QString::fromStdString((source_folder() / "tests/samples/").string());
    drop_files({samples + QLatin1String("jvm"), samples + QLatin1String("tables")});
    QTRY_VERIFY(session_->ledger().size() > 20);
    QVERIFY(wait_idle(*session_, 60'000));
    read_all();
    QCOMPARE(too_wide, QStringList());
    int windows = 0;
    for (const QWidget* widget : QApplication::topLevelWidgets()) windows += widget->isVisible();
    QCOMPARE(windows, 1);
}

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
