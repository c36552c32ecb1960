// Many evidence tabs: readable, scrolled, listed, closed by middle click and Ctrl+W, walked by Ctrl+Tab.
#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/readable_tabs.h"
#include "widgets/session/unsaved_cases.h"

#include <QAbstractButton>
#include <QMenu>
#include <QTabBar>
#include <QToolButton>

#include <memory>

using namespace casebook;
using namespace casebook::tests;

class TestReadableTabs : public QObject {
    Q_OBJECT

private:
    ReadableTabs* tabs() const { return window_->findChild<ReadableTabs*>(QStringLiteral("evidenceTabs")); }
    QTabBar* bar() const { return tabs()->tabBar(); }
    QString tip(int index) const { return tabs()->tabToolTip(index); }
    void middle_click(int index) const
    {
        QTest::mouseClick(bar(), Qt::MiddleButton, {}, bar()->tabRect(index).center());
    }

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;

private slots:
    void initTestCase();
    void cleanupTestCase();
    void tabs_say_which_evidence_they_hold();
    void crowded_tabs_keep_their_text();
    void the_list_goes_to_a_tab();
    void keys_walk_and_close();
    void a_middle_click_closes();
};

void TestReadableTabs::initTestCase()
{
    QSettings().clear();
    QDir(unsaved_cases_folder()).removeRecursively();
    session_ = std::make_unique<Session>();
    window_ = std::make_unique<MainWindow>(*session_, QString());
    window_->resize(1024, 640);
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    session_->setAnalyzesAfterImport(true);
    session_->importPaths({QString::fromStdString((source_folder() / "resources/samples/demo").string())});
    QTRY_VERIFY_WITH_TIMEOUT(session_->report() && session_->jobs().isIdle(), 60'000);
    QVERIFY(!tabs()->findChild<QToolButton*>(QStringLiteral("listTabs"))->isVisible());  // one tab needs no list
    for (const Finding& finding : session_->report()->findings)
        for (const Evidence& evidence : finding.evidence)
            if (tabs()->count() < 11) session_->openEvidence(evidence, session_->finding(finding.analyzer, finding.key));
    window_->evidence()->explore(*kind_named("traces"));
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(tabs()->count(), 12);
}

void TestReadableTabs::cleanupTestCase()
{
    window_.reset();
    session_.reset();
}

void TestReadableTabs::tabs_say_which_evidence_they_hold()
{
    QCOMPARE(bar()->tabText(11), QStringLiteral("Traces"));
    int waterfalls = 0;
    QSet<QString> titles;
    for (int i = 0; i < 11; ++i) {
        QVERIFY2(!bar()->tabText(i).isEmpty(), qPrintable(tip(i)));
        if (!tip(i).startsWith(QLatin1String("<p>Trace waterfall: "))) continue;
        ++waterfalls;
        titles << bar()->tabText(i);
        QVERIFY(!bar()->tabText(i).startsWith(QLatin1String("Trace")));
    }
    QVERIFY(waterfalls >= 3);
    QVERIFY(titles.size() >= 2);
}

void TestReadableTabs::crowded_tabs_keep_their_text()
{
    const QFontMetrics metrics(bar()->font());
    int all = 0;
    for (int i = 0; i < bar()->count(); ++i) {
        QVERIFY2(bar()->tabRect(i).width() > metrics.horizontalAdvance(bar()->tabText(i)), qPrintable(bar()->tabText(i)));
        QVERIFY(bar()->tabRect(i).width() < 60 * metrics.averageCharWidth());
        all += bar()->tabRect(i).width();
    }
    QVERIFY(all > bar()->width());  // they do not fit, so they scroll
    int arrows = 0;
    for (const QToolButton* button : bar()->findChildren<QToolButton*>()) arrows += button->isVisible() && button->arrowType() != Qt::NoArrow;
    QCOMPARE(arrows, 2);
    // The current one is in sight, at both ends.
    for (const int index : {0, bar()->count() - 1}) {
        tabs()->setCurrentIndex(index);
        QVERIFY(bar()->rect().contains(bar()->tabRect(index).center()));
    }
    // A larger font cuts titles where it has to, and nowhere else.
    QFont font = tabs()->font();
    const int width = bar()->tabRect(0).width();
    font.setPointSizeF(font.pointSizeF() * 1.5);
    tabs()->setFont(font);
    QTRY_VERIFY(bar()->tabRect(0).width() > width);
    QVERIFY(bar()->tabRect(0).width() > QFontMetrics(bar()->font()).horizontalAdvance(bar()->tabText(0)));
    tabs()->setFont({});
}

void TestReadableTabs::the_list_goes_to_a_tab()
{
    auto* list = tabs()->findChild<QToolButton*>(QStringLiteral("listTabs"));
    QVERIFY(list->isVisible());
    QVERIFY(!list->accessibleName().isEmpty());
    tabs()->setCurrentIndex(11);
    QStringList lines;
    QTest::mouseClick(list, Qt::LeftButton);
    auto* menu = list->findChild<QMenu*>(QStringLiteral("tabList"));
    QTRY_VERIFY(menu->isVisible());
    for (const QAction* action : menu->actions()) lines << action->text();
    QVERIFY(menu->actions().at(11)->isChecked());
    QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(menu->actions().at(2)).center());
    QTRY_COMPARE(tabs()->currentIndex(), 2);
    QCOMPARE(lines.size(), 12);
    QCOMPARE(lines.back(), QStringLiteral("Traces: All traces"));
    QVERIFY(bar()->rect().contains(bar()->tabRect(2).center()));
}

void TestReadableTabs::keys_walk_and_close()
{
    tabs()->setCurrentIndex(10);
    QWidget* elsewhere = window_->findChild<QWidget*>(QStringLiteral("findingTree"));
    elsewhere->setFocus();
    QTest::keyClick(elsewhere, Qt::Key_Tab, Qt::ControlModifier);
    QCOMPARE(tabs()->currentIndex(), 11);
    QTest::keyClick(elsewhere, Qt::Key_Tab, Qt::ControlModifier);
    QCOMPARE(tabs()->currentIndex(), 0);
    QTest::keyClick(elsewhere, Qt::Key_Backtab, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(tabs()->currentIndex(), 11);
    // Also from inside a view.
    tabs()->currentWidget()->setFocus();
    QVERIFY(window_->focusWidget());
    QTest::keyClick(window_->focusWidget(), Qt::Key_Tab, Qt::ControlModifier);
    QCOMPARE(tabs()->currentIndex(), 0);
    const QString next = tip(1);
    QTest::keyClick(window_->focusWidget(), Qt::Key_W, Qt::ControlModifier);
    QCOMPARE(tabs()->count(), 11);
    QCOMPARE(tip(0), next);
}

void TestReadableTabs::a_middle_click_closes()
{
    tabs()->setCurrentIndex(0);
    const QString first = tip(0), third = tip(2);
    middle_click(1);
    QCOMPARE(tabs()->count(), 10);
    QCOMPARE(tip(0), first);
    QCOMPARE(tip(1), third);
    QCOMPARE(tabs()->currentIndex(), 0);
    // Pressed on one and let go on another: neither.
    QTest::mousePress(bar(), Qt::MiddleButton, {}, bar()->tabRect(0).center());
    QTest::mouseRelease(bar(), Qt::MiddleButton, {}, bar()->tabRect(1).center());
    QCOMPARE(tabs()->count(), 10);
    while (tabs()->count() > 1) middle_click(0);
    QVERIFY(!tabs()->findChild<QToolButton*>(QStringLiteral("listTabs"))->isVisible());
    middle_click(0);
    QCOMPARE(window_->evidence()->count(), 0);
    QVERIFY(!tabs()->isVisible());
}

QTEST_MAIN(TestReadableTabs)
#include "tst_readable_tabs.moc"
