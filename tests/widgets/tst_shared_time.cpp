// One time axis for all: the timeline and the charts by mouse and keys, windows by their edges, and the way back.
#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/support/widget_fixture.h"
#include "widgets/charts/latency_chart.h"
#include "widgets/charts/time_chart.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/evidence_view.h"
#include "widgets/panels/timeline.h"
#include "widgets/models/display_zone.h"
#include "widgets/panels/views/latency_pane.h"
#include "widgets/panels/views/latency_view.h"
#include "widgets/style/theme.h"

#include <QAction>
#include <QApplication>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QTextBlock>
#include <QTextBrowser>

#include <algorithm>
#include <cmath>
#include <memory>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t start_ns = 1'763'463'600'000'000'000, minute = 60'000'000'000;  // 2025-11-18 11:00 UTC

/// Requests of one service, one a second for an hour; of ten minutes in the middle every third is slow.
QByteArray traces()
{
    QByteArray spans;
    for (int i = 0; i < 3'600; ++i) {
        const std::int64_t at = start_ns + i * (minute / 60), took = i > 1'500 && i < 2'100 && i % 3 == 0 ? 900'000'000 : 20'000'000;
        if (!spans.isEmpty()) spans += ',';
        spans += "{\"traceId\":\"" + QByteArray::number(i + 1).rightJustified(32, '0') + "\",\"spanId\":\"" + QByteArray::number(i + 1).rightJustified(16, '0') +
                 "\",\"name\":\"GET /cart\",\"kind\":2,\"startTimeUnixNano\":\"" + QByteArray::number(static_cast<qlonglong>(at)) + "\",\"endTimeUnixNano\":\"" +
                 QByteArray::number(static_cast<qlonglong>(at + took)) + "\"}";
    }
    return "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":\"cart\"}}]},\"scopeSpans\":[{\"spans\":[" + spans + "]}]}]}\n";
}

}  // namespace

class TestSharedTime : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { set_theme(Theme::Id::light); }
    void init();
    void cleanup();
    void wheel_moves_timeline_and_charts();
    void chart_moves_the_timeline();
    void gesture_is_one_step_back();
    void keys_zoom_and_pan();
    void new_data_keep_what_is_in_sight();
    void shift_drag_makes_a_window();
    void edge_is_dragged_and_undone();
    void proposed_windows_become_the_users();
    void escape_gives_a_drag_up();
    void dialog_is_the_keyboards_way();
    void tips_are_exact_in_both_zones();
    void pauses_and_snapshots_without_traces();
    void time_of_a_finding_is_shown_by_a_click();
    void far_times_do_no_harm();

private:
    TimelinePanel* timeline() const { return window_->findChild<TimelinePanel*>(); }
    LatencyPane& latency();
    QPoint place(std::int64_t at_ns) const { return {static_cast<int>(std::lround(timeline()->x_of(at_ns))), 40}; }
    void drag(std::int64_t from_ns, std::int64_t to_ns, Qt::KeyboardModifiers modifiers = {}) const;
    void wheel(QWidget& widget, QPointF at, int notches, Qt::KeyboardModifiers modifiers = {}) const;
    TimeRange window_range(const std::string& name) const;
    std::int64_t pixel() const { return static_cast<std::int64_t>(session_->visibleRange().value_or(session_->extent()).seconds() * 1e9 / timeline()->width()); }

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
};

void TestSharedTime::init()
{
    QSettings().clear();
    DisplayZone::instance().set_mode(TimeZoneMode::utc);
    session_ = std::make_unique<Session>();
    window_ = std::make_unique<MainWindow>(*session_, QString::fromStdString((source_folder() / "resources/samples").string()));
    window_->resize(1280, 800);
    window_->show();
    QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    session_->importPaths({fixture_.write(QStringLiteral("traces.json"), traces())});
    QTRY_VERIFY(session_->hasCase());
    QVERIFY(wait_idle(*session_, 60'000));
    QTRY_COMPARE(session_->extent().from_ns, start_ns);
    QVERIFY(session_->extent().seconds() > 3'590 && session_->extent().seconds() < 3'610);
}

void TestSharedTime::cleanup()
{
    window_.reset();
    session_.reset();
}

LatencyPane& TestSharedTime::latency()
{
    window_->evidence()->explore(*kind_named("latency"));
    [this] { QVERIFY(wait_idle(*session_)); }();
    return static_cast<LatencyView*>(window_->evidence()->currentView())->pane();
}

void TestSharedTime::drag(std::int64_t from_ns, std::int64_t to_ns, Qt::KeyboardModifiers modifiers) const
{
    const QPoint from = place(from_ns), to = place(to_ns);
    QTest::mousePress(timeline(), Qt::LeftButton, modifiers, from);
    QTest::mouseMove(timeline(), (from + to) / 2);
    QTest::mouseMove(timeline(), to);
    QTest::mouseRelease(timeline(), Qt::LeftButton, modifiers, to);
}

void TestSharedTime::wheel(QWidget& widget, QPointF at, int notches, Qt::KeyboardModifiers modifiers) const
{
    QWheelEvent event(at, widget.mapToGlobal(at), {}, {0, 120 * notches}, Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&widget, &event);
}

TimeRange TestSharedTime::window_range(const std::string& name) const
{
    for (const WindowRow& window : session_->windows())
        if (window.name == name) return window.range;
    return {};
}

void TestSharedTime::wheel_moves_timeline_and_charts()
{
    LatencyPane& pane = latency();
    QCOMPARE(*pane.chart().time_in_sight(), session_->extent());  // all begin with the whole case
    const std::int64_t middle = start_ns + 30 * minute;
    const std::int64_t under = timeline()->time_at(timeline()->x_of(middle));
    wheel(*timeline(), place(middle), 4);
    QVERIFY(session_->visibleRange());
    QVERIFY(session_->visibleRange()->seconds() < session_->extent().seconds() / 2);
    QVERIFY(std::llabs(timeline()->time_at(timeline()->x_of(middle)) - under) < pixel());  // what is under the pointer stays
    QCOMPARE(*pane.chart().time_in_sight(), *session_->visibleRange());
    pane.tabs().setCurrentIndex(1);
    QCOMPARE(*pane.percentiles().time_in_sight(), *session_->visibleRange());
    // A view opened later begins there, too.
    window_->evidence()->closeAll();
    QCOMPARE(*latency().chart().time_in_sight(), *session_->visibleRange());
    QTest::mouseDClick(timeline(), Qt::LeftButton, {}, place(middle));
    QVERIFY(!session_->visibleRange());
    QCOMPARE(*latency().chart().time_in_sight(), session_->extent());
}

void TestSharedTime::chart_moves_the_timeline()
{
    LatencyPane& pane = latency();
    wheel(pane.chart().canvas(), QPointF(pane.chart().canvas().rect().center()), 3);
    QVERIFY(session_->visibleRange());
    pane.tabs().setCurrentIndex(1);
    QCOMPARE(*pane.percentiles().time_in_sight(), *session_->visibleRange());
    QVERIFY(timeline()->x_of(start_ns) < 0);  // out of sight on the left
    pane.chart().setFocus();
    const TimeRange before = *session_->visibleRange();
    QTest::keyClick(&pane.chart(), Qt::Key_Right);
    QVERIFY(session_->visibleRange()->from_ns > before.from_ns);
    QTest::keyClick(&pane.chart(), Qt::Key_Home);
    QVERIFY(!session_->visibleRange());
    // Out beyond everything is everything.
    wheel(pane.chart().canvas(), QPointF(pane.chart().canvas().rect().center()), -5);
    QVERIFY(!session_->visibleRange());
    QCOMPARE(*pane.chart().time_in_sight(), session_->extent());
    // Values are nobody else's: zooming them moves no time.
    wheel(pane.chart().canvas(), QPointF(pane.chart().canvas().rect().center()), 2, Qt::ControlModifier);
    QVERIFY(!session_->visibleRange());
}

void TestSharedTime::gesture_is_one_step_back()
{
    const bool could = session_->canGoBack();
    for (int i = 0; i < 6; ++i) wheel(*timeline(), place(start_ns + 20 * minute), 1);
    QVERIFY(session_->canGoBack());
    QTest::keyClick(window_.get(), Qt::Key_Left, Qt::AltModifier);
    QVERIFY(!session_->visibleRange());
    QCOMPARE(session_->canGoBack(), could);
    QTest::keyClick(window_.get(), Qt::Key_Right, Qt::AltModifier);
    QVERIFY(session_->visibleRange());
    // A selection in between ends the gesture.
    session_->selectService("cart");
    wheel(*timeline(), place(start_ns + 20 * minute), 1);
    const TimeRange last = *session_->visibleRange();
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(*session_->visibleRange() != last);
    QCOMPARE(session_->selection().service, std::string("cart"));
}

void TestSharedTime::keys_zoom_and_pan()
{
    timeline()->setFocus();
    QTest::keyClick(timeline(), Qt::Key_Plus);
    QTest::keyClick(timeline(), Qt::Key_Plus);
    QVERIFY(session_->visibleRange());
    const TimeRange zoomed = *session_->visibleRange();
    QTest::keyClick(timeline(), Qt::Key_PageDown);
    QVERIFY(session_->visibleRange()->from_ns > zoomed.from_ns);
    for (int i = 0; i < 30; ++i) QTest::keyClick(timeline(), Qt::Key_PageDown);
    QCOMPARE(session_->visibleRange()->to_ns, session_->extent().to_ns);  // not beyond the case
    QTest::keyClick(timeline(), Qt::Key_Home);
    QVERIFY(!session_->visibleRange());
    drag(start_ns + 10 * minute, start_ns + 20 * minute);
    QTest::keyClick(timeline(), Qt::Key_Z);
    QCOMPARE(*session_->visibleRange(), *session_->selection().range);
}

void TestSharedTime::new_data_keep_what_is_in_sight()
{
    LatencyPane& pane = latency();
    wheel(*timeline(), place(start_ns + 10 * minute), 5);
    const TimeRange seen = *session_->visibleRange();
    session_->importPaths({fixture_.write(QStringLiteral("h.txt"), heap_histogram(1))});
    QVERIFY(wait_idle(*session_));
    QCOMPARE(*session_->visibleRange(), seen);
    QCOMPARE(*pane.chart().time_in_sight(), seen);
}

void TestSharedTime::shift_drag_makes_a_window()
{
    drag(start_ns + 25 * minute, start_ns + 35 * minute, Qt::ShiftModifier);
    auto* menu = window_->findChild<QMenu*>(QStringLiteral("newWindowMenu"));
    QVERIFY(menu);
    QTRY_VERIFY(menu->isVisible());
    QTest::keyClick(menu, Qt::Key_Return);  // the first: incident
    QVERIFY(wait_idle(*session_, 60'000));
    const TimeRange made = window_range("incident");
    QVERIFY(std::llabs(made.from_ns - (start_ns + 25 * minute)) <= pixel());
    QVERIFY(std::llabs(made.to_ns - (start_ns + 35 * minute)) <= pixel());
    // Without choosing nothing is made.
    QTRY_VERIFY(!window_->findChild<QMenu*>(QStringLiteral("newWindowMenu")));
    drag(start_ns + 5 * minute, start_ns + 10 * minute, Qt::ShiftModifier);
    menu = window_->findChild<QMenu*>(QStringLiteral("newWindowMenu"));
    QTRY_VERIFY(menu->isVisible());
    QTest::keyClick(menu, Qt::Key_Escape);
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(session_->windows().size(), std::size_t{1});
}

void TestSharedTime::edge_is_dragged_and_undone()
{
    session_->setWindow("incident", {start_ns + 20 * minute, start_ns + 30 * minute});
    session_->setWindow("baseline", {start_ns + 2 * minute, start_ns + 10 * minute});
    QVERIFY(wait_idle(*session_, 60'000));
    const auto report = session_->report();
    drag(start_ns + 30 * minute, start_ns + 40 * minute);
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(window_range("incident").from_ns, start_ns + 20 * minute);  // the other edge stays to the nanosecond
    QVERIFY(std::llabs(window_range("incident").to_ns - (start_ns + 40 * minute)) <= pixel());
    QCOMPARE(window_range("baseline"), (TimeRange{start_ns + 2 * minute, start_ns + 10 * minute}));
    QVERIFY(session_->report() != report);  // analyzed anew
    QVERIFY(!session_->isReportStale());
    const TimeRange wider = window_range("incident");

    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(window_range("incident"), (TimeRange{start_ns + 20 * minute, start_ns + 30 * minute}));
    QCOMPARE(session_->windows().size(), std::size_t{2});
    QTest::keyClick(window_.get(), Qt::Key_Right, Qt::AltModifier);
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(window_range("incident"), wider);
    for (int i = 0; i < 3; ++i) session_->back();
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(session_->windows().empty());

    // With analysis switched off it is offered.
    session_->setAnalyzesAfterImport(false);
    session_->forward();
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(session_->isReportStale());
    auto* again = window_->findChild<QPushButton*>(QStringLiteral("analyzeAgain"));
    QVERIFY(again && again->isVisible());
    QTest::mouseClick(again, Qt::LeftButton);
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(!session_->isReportStale());
    session_->setAnalyzesAfterImport(true);
    // The start cannot pass the end.
    drag(window_range("incident").from_ns, window_range("incident").to_ns + 10 * minute);
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(window_range("incident").from_ns < window_range("incident").to_ns);
}

void TestSharedTime::proposed_windows_become_the_users()
{
    // A deploy divides the case in a time before and one after it.
    const QString at = QDateTime::fromSecsSinceEpoch((start_ns + 40 * minute) / 1'000'000'000, Qt::UTC).toString(Qt::ISODate);
    session_->importPaths({fixture_.write(QStringLiteral("events.csv"), "time,kind,service,text\n" + at.toUtf8() + ",deploy,cart,release 7\n")});
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(session_->windows().empty());
    QVERIFY(timeline()->tip_at(place(start_ns + 40 * minute)).contains(QStringLiteral("11:40:00.000 deploy cart release 7")));
    const std::vector<WindowRow> proposed = session_->shownWindows();
    QVERIFY(!proposed.empty());
    const auto named = [&](const std::string& name) { return *std::find_if(proposed.begin(), proposed.end(), [&](const WindowRow& one) { return one.name == name; }); };
    const std::int64_t edge = named("incident").range.from_ns;
    QCOMPARE(named("baseline").range.to_ns, edge);
    drag(edge, edge - 5 * minute);
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(session_->windows().size(), proposed.size());
    QVERIFY(std::llabs(window_range("incident").from_ns - (edge - 5 * minute)) <= pixel());
    QCOMPARE(window_range("baseline").to_ns, window_range("incident").from_ns);  // neighbours stay neighbours
    QCOMPARE(window_range("incident").to_ns, named("incident").range.to_ns);
    QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
    QVERIFY(wait_idle(*session_, 60'000));
    QVERIFY(session_->windows().empty());
}

void TestSharedTime::escape_gives_a_drag_up()
{
    session_->setWindow("incident", {start_ns + 20 * minute, start_ns + 30 * minute});
    QVERIFY(wait_idle(*session_, 60'000));
    timeline()->setFocus();
    QTest::mousePress(timeline(), Qt::LeftButton, {}, place(start_ns + 30 * minute));
    QTest::mouseMove(timeline(), place(start_ns + 50 * minute));
    QVERIFY(timeline()->tip_at(place(start_ns + 50 * minute)).startsWith(QStringLiteral("incident, 2025-11-18 11:20:00.000 to 11:5")));
    QTest::keyClick(timeline(), Qt::Key_Escape);
    QTest::mouseRelease(timeline(), Qt::LeftButton, {}, place(start_ns + 50 * minute));
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(window_range("incident"), (TimeRange{start_ns + 20 * minute, start_ns + 30 * minute}));
}

void TestSharedTime::dialog_is_the_keyboards_way()
{
    timeline()->setFocus();
    QTest::keyClick(timeline(), Qt::Key_Right);
    const TimeRange mark = *session_->selection().range;
    QTest::keyClick(timeline(), Qt::Key_Return);
    auto* from = window_->findChild<QLineEdit*>(QStringLiteral("windowFrom"));
    QVERIFY(from && from->isVisible());
    QVERIFY(from->text().startsWith(QStringLiteral("2025-11-18")));
    auto* set = window_->findChild<QPushButton*>(QStringLiteral("setWindow"));
    QTest::keyClick(set, Qt::Key_Return);
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(window_range("incident"), mark);
}

void TestSharedTime::tips_are_exact_in_both_zones()
{
    session_->setWindow("incident", {start_ns + 20 * minute, start_ns + 30 * minute});
    QVERIFY(wait_idle(*session_, 60'000));
    QCOMPARE(window_tip(QStringLiteral("incident"), window_range("incident")), QStringLiteral("incident, 2025-11-18 11:20:00.000 to 11:30:00.000 UTC (10 min 0 s)"));
    const QString tip = timeline()->tip_at(place(start_ns + 25 * minute));
    QVERIFY2(tip.contains(QStringLiteral("UTC")), qPrintable(tip));
    QVERIFY2(tip.contains(QStringLiteral("requests")), qPrintable(tip));
    const QByteArray before = qgetenv("TZ");
    qputenv("TZ", "Asia/Kolkata");
    tzset();
    DisplayZone::instance().set_mode(TimeZoneMode::local);
    QCOMPARE(window_tip(QStringLiteral("incident"), window_range("incident")), QStringLiteral("incident, 2025-11-18 16:50:00.000 to 17:00:00.000 UTC+05:30 (10 min 0 s)"));
    QVERIFY(!timeline()->grab().isNull());
    if (before.isNull()) qunsetenv("TZ");
    else qputenv("TZ", before);
    tzset();
}

void TestSharedTime::pauses_and_snapshots_without_traces()
{
    session_->newCase();
    QVERIFY(wait_idle(*session_, 60'000));
    const QString samples = QString::fromStdString((source_folder() / "tests/samples/jvm").string());
    session_->importPaths({samples + QStringLiteral("/gc_g1.log"), samples + QStringLiteral("/threads.txt")});
    QVERIFY(wait_idle(*session_, 60'000));
    QTRY_VERIFY(session_->extent().seconds() > 0);
    QStringList tips;
    const auto all_tips = [&] {
        tips.clear();
        for (int x = 0; x < timeline()->width(); ++x) tips << timeline()->tip_at(QPointF(x, 40));
        return tips.join(QLatin1Char('\n'));
    };
    QTRY_VERIFY(all_tips().contains(QStringLiteral("of the collector")));
    QVERIFY2(all_tips().contains(QStringLiteral("recorded here: thread dump")), qPrintable(all_tips()));
}

void TestSharedTime::time_of_a_finding_is_shown_by_a_click()
{
    QTRY_VERIFY(session_->report());
    const auto& findings = session_->report()->findings;
    const auto timed = std::find_if(findings.begin(), findings.end(), [](const Finding& one) { return one.when.has_value(); });
    QVERIFY(timed != findings.end());
    session_->selectFinding(timed->analyzer, timed->key);
    auto* text = window_->findChild<QTextBrowser*>(QStringLiteral("findingText"));
    // The link stands where the time is written.
    QTRY_VERIFY(text->document()->toHtml().contains(QStringLiteral("when:0")));
    for (QTextBlock block = text->document()->begin(); block.isValid(); block = block.next())
        for (auto part = block.begin(); !part.atEnd(); ++part) {
            if (part.fragment().charFormat().anchorHref() != QLatin1String("when:0")) continue;
            QTextCursor cursor(text->document());
            cursor.setPosition(part.fragment().position() + 2);
            QTest::mouseClick(text->viewport(), Qt::LeftButton, {}, text->cursorRect(cursor).center());
            const double margin_s = std::max(0.5, timed->when->seconds() / 10);
            const TimeRange shown = session_->visibleRange().value_or(session_->extent());
            QVERIFY(shown.from_ns <= timed->when->from_ns && shown.to_ns >= timed->when->to_ns);
            QVERIFY(shown.seconds() <= timed->when->seconds() + 2 * margin_s + 0.001);
            return;
        }
    QFAIL("no link");
}

void TestSharedTime::far_times_do_no_harm()
{
    session_->showRange(TimeRange{INT64_MIN / 4, INT64_MIN / 4 + 10});
    QVERIFY(!timeline()->grab().isNull());
    QVERIFY(!latency().grab().isNull());
    session_->showRange(TimeRange{start_ns, start_ns});  // nothing becomes a little
    QVERIFY(session_->visibleRange()->to_ns > session_->visibleRange()->from_ns);
    QVERIFY(!timeline()->grab().isNull());
    session_->closeCase();
    QVERIFY(wait_idle(*session_));
    QVERIFY(!session_->visibleRange());
    QCOMPARE(session_->extent(), TimeRange{});
    QVERIFY(!timeline()->grab().isNull());
}

QTEST_MAIN(TestSharedTime)
#include "tst_shared_time.moc"
