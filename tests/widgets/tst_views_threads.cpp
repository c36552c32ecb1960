// Thread dumps: states over dumps, groups by stack, locks with owners and waiters, by clicks and keys; and pasted.
#include "app/gui/main_window.h"
#include "tests/support/places.h"
#include "tests/widgets/view_opener.h"
#include "widgets/models/views/thread_dumps.h"
#include "widgets/panels/evidence_tabs.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/state_bars.h"
#include "widgets/panels/views/thread_view.h"

#include <QClipboard>
#include <QApplication>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTabBar>
#include <QTabWidget>
#include <QTableView>

using namespace casebook;
using namespace casebook::tests;

namespace {

/// A dump at a minute: `stuck` workers blocked on one monitor that "holder" has, two that wait for each other, one that
/// waits for work.
QByteArray dump(int minute, int stuck)
{
    const QByteArray head = "2026-03-02 10:" + QByteArray::number(minute).rightJustified(2, '0') + ":00\nFull thread dump OpenJDK 64-Bit Server VM (17.0.15+6 mixed mode):\n\n";
    const auto thread = [](const QByteArray& name, const QByteArray& state, const QByteArray& lines) {
        return "\"" + name + "\" #1 prio=5 os_prio=0 cpu=1.00ms elapsed=4.00s tid=0x00007f7ae4017f10 nid=0x151f waiting\n   java.lang.Thread.State: " + state + "\n" + lines + "\n";
    };
    QByteArray text = head + thread("holder", "RUNNABLE", "\tat shop.Stock.reload(Stock.java:40)\n\t- locked <0x00000000000000aa> (a shop.Stock)\n\tat java.lang.Thread.run(Thread.java:840)\n");
    for (int i = 0; i < stuck; ++i)
        text += thread("worker-" + QByteArray::number(i), "BLOCKED (on object monitor)",
                       "\tat shop.Stock.read(Stock.java:12)\n\t- waiting to lock <0x00000000000000aa> (a shop.Stock)\n\tat java.lang.Thread.run(Thread.java:840)\n");
    text += thread("left", "BLOCKED (on object monitor)", "\tat shop.Pair.a(Pair.java:1)\n\t- waiting to lock <0x02> (a shop.Pair)\n\t- locked <0x01> (a shop.Pair)\n");
    text += thread("right", "BLOCKED (on object monitor)", "\tat shop.Pair.b(Pair.java:2)\n\t- waiting to lock <0x01> (a shop.Pair)\n\t- locked <0x02> (a shop.Pair)\n");
    text += thread("idle", "WAITING (parking)", "\tat jdk.internal.misc.Unsafe.park(java.base@17/Native Method)\n\t- parking to wait for  <0x00000000000000bb> (a java.util.concurrent.Queue)\n");
    return text;
}

}  // namespace

class TestViewsThreads : public QObject {
    Q_OBJECT

private:
    QString cell(DataTable& table, int row, int column) const { return table.model().index(row, column).data().toString(); }
    QString stack() const { return view_->findChild<QPlainTextEdit*>()->toPlainText(); }
    QString headline() const { return view_->findChild<QLabel*>(QStringLiteral("threadHeadline"))->text(); }
    void click(DataTable& table, int row) const
    {
        QTableView& rows = table.view();
        QTest::mouseClick(rows.viewport(), Qt::LeftButton, {}, rows.visualRect(rows.model()->index(row, 0)).center());
    }

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<ViewOpener> opener_;
    ThreadView* view_ = nullptr;

private slots:
    void initTestCase()
    {
        session_ = std::make_unique<Session>();
        opener_ = std::make_unique<ViewOpener>(*session_);
        session_->newCase();
        QTRY_VERIFY(session_->hasCase());
        auto* empty = opener_->explore<ThreadView>("threads");
        QVERIFY(empty);
        QVERIFY(empty->findChild<Hint*>()->isVisible() && empty->findChild<Hint*>()->text().contains(QStringLiteral("jstack")));
        session_->importPaths({fixture_.write("threads_2.txt", dump(2, 5)), fixture_.write("threads_10.txt", dump(10, 3)), fixture_.write("threads_1.txt", dump(1, 1))});
        QVERIFY(wait_idle(*session_));
    }
    void cleanupTestCase()
    {
        opener_.reset();
        session_.reset();
    }

    void dumps_are_in_order_and_the_worst_opens()
    {
        view_ = opener_->explore<ThreadView>("threads");
        QVERIFY(view_);
        QCOMPARE(headline(), QStringLiteral("Dump 2 of 3: 9 threads, 1 RUNNABLE, 7 BLOCKED, 1 WAITING. 2 of them wait for each other: a deadlock."));
        DataTable& groups = view_->groups();
        QCOMPARE(groups.model().rowCount(), 5);
        QCOMPARE(cell(groups, 0, 0), QStringLiteral("5"));
        QCOMPARE(cell(groups, 0, 1), QStringLiteral("BLOCKED"));
        QCOMPARE(cell(groups, 0, 2), QStringLiteral("shop.Stock.read(Stock.java:12)"));
        QVERIFY2(cell(groups, 0, 3).contains(QLatin1Char('4')), qPrintable(cell(groups, 0, 3)));  // one in the dump before
        QVERIFY(cell(groups, 0, 4).contains(QStringLiteral("shop.Stock")));
        QVERIFY(cell(groups, 0, 5).startsWith(QStringLiteral("worker-0, worker-1")));
    }

    void a_click_on_a_group_shows_its_stack()
    {
        DataTable& groups = view_->groups();
        QVERIFY(stack().startsWith(QStringLiteral("5 threads, BLOCKED\nwaiting for 0x00000000000000aa shop.Stock\n")));
        QVERIFY(stack().contains(QStringLiteral("shop.Stock.read(Stock.java:12)\n- waiting to lock <0x00000000000000aa> (a shop.Stock)\njava.lang.Thread.run(Thread.java:840)")));
        int holder = -1;
        for (int row = 0; row < groups.model().rowCount(); ++row)
            if (cell(groups, row, 5) == QStringLiteral("holder")) holder = row;
        QVERIFY(holder > 0);
        click(groups, holder);
        QVERIFY2(stack().startsWith(QStringLiteral("1 thread, RUNNABLE\nholding 0x00000000000000aa shop.Stock\n")), qPrintable(stack()));
        QVERIFY(stack().endsWith(QStringLiteral("\n\nholder\n")));
        QVERIFY(view_->copyText().contains(QStringLiteral("shop.Stock.reload")));
    }

    void locks_have_owners_waiters_and_circles()
    {
        auto* bar = view_->tabs().tabBar();
        QCOMPARE(bar->tabText(1), QStringLiteral("Locks (8)"));
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(1).center());
        DataTable& locks = view_->locks();
        QVERIFY(locks.isVisible());
        QCOMPARE(cell(locks, 0, 0), QStringLiteral("holder"));
        QCOMPARE(cell(locks, 0, 1), QStringLiteral("5"));
        QCOMPARE(cell(locks, 0, 4), QStringLiteral("0x00000000000000aa shop.Stock"));
        QVERIFY(cell(locks, 1, 0).startsWith(QStringLiteral("└ worker-")));
        QStringList stuck;
        for (int row = 0; row < locks.model().rowCount(); ++row)
            if (cell(locks, row, 2).endsWith(QStringLiteral("deadlock"))) stuck << cell(locks, row, 0);
        QCOMPARE(stuck, (QStringList{"left", "└ right"}));
        click(locks, 0);
        QVERIFY(stack().contains(QStringLiteral("shop.Stock.reload(Stock.java:40)")));
    }

    void bars_choose_the_dump()
    {
        StateBars& bars = view_->bars();
        QCOMPARE(bars.current(), 1);
        QTest::mouseClick(&bars, Qt::LeftButton, {}, bars.column_rect(0).center());
        QVERIFY2(headline().startsWith(QStringLiteral("Dump 1 of 3: 5 threads, 1 RUNNABLE, 3 BLOCKED")), qPrintable(headline()));
        const auto titles = [&] {
            QStringList all;
            for (int i = 0; i < view_->groups().model().columnCount(); ++i) all << view_->groups().model().headerData(i, Qt::Horizontal, Qt::DisplayRole).toString();
            return all;
        };
        QVERIFY(!titles().contains(QStringLiteral("change")));  // nothing before it
        QTest::keyClick(&bars, Qt::Key_End);
        QVERIFY(headline().startsWith(QStringLiteral("Dump 3 of 3: 7 threads")));
        QVERIFY(titles().contains(QStringLiteral("change")));
        QTest::keyClick(&bars, Qt::Key_Left);
        QCOMPARE(bars.current(), 1);
        QTest::mouseClick(&bars, Qt::LeftButton, {}, QPoint(bars.width() - 2, bars.height() / 2));  // beside the columns
        QCOMPARE(bars.current(), 1);
        const QImage image = bars.grab().toImage();
        QSet<QRgb> seen;
        for (int y = 0; y < bars.column_rect(1).height(); ++y) seen.insert(image.pixel(bars.column_rect(1).center().x(), bars.column_rect(1).top() + y));
        QVERIFY(seen.size() >= 3);  // one colour per state
    }

    void any_dump_makes_groups_and_locks()
    {
        auto rows = std::make_shared<QueryResult>();
        rows->columns = {"file_id", "at_ns", "path", "name", "state", "waiting_on", "holding", "top_frame", "stack"};
        constexpr int count = 50'000;
        for (int i = 0; i < count; ++i)  // each waits for what the next one holds, round and round
            rows->rows.push_back({std::int64_t{1}, Value(), std::string("t.txt"), "t" + std::to_string(i), std::string("BLOCKED"), "l" + std::to_string((i + 1) % count),
                                  "l" + std::to_string(i), std::string("f"), std::string()});
        const ThreadDumps dumps(rows);
        QCOMPARE(dumps.dumps().size(), std::size_t{1});
        const auto groups = dumps.groups(0);
        QCOMPARE(groups.size(), std::size_t{1});
        QCOMPARE(dumps.group_table(0, groups)->rows, std::size_t{1});
        std::vector<int> threads;
        const auto locks = dumps.lock_table(0, threads);
        QCOMPARE(locks->rows, static_cast<std::size_t>(count));
        QVERIFY(locks->columns[2].texts[0] == "BLOCKED, deadlock");
        QVERIFY(dumps.group_text(0, groups.front()).find("\nf\n\nt0\n") != std::string::npos);
        QVERIFY(ThreadDumps(std::make_shared<QueryResult>()).dumps().empty());
    }

    void a_pasted_dump_can_be_looked_at()
    {
        Session session;
        MainWindow window(session, QString());
        window.resize(1200, 800);
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        QApplication::clipboard()->setText(QString::fromUtf8(dump(5, 2)));
        QTest::keyClick(&window, Qt::Key_V, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(session.ledger().size() == 1 && session.jobs().isIdle(), 30'000);
        window.evidence()->explore(*kind_named("threads"));
        QVERIFY(wait_idle(session));
        auto* threads = qobject_cast<ThreadView*>(window.evidence()->currentView());
        QVERIFY(threads);
        QTRY_COMPARE(threads->groups().model().rowCount(), 5);
        QVERIFY(threads->findChild<QLabel*>(QStringLiteral("threadHeadline"))->text().startsWith(QStringLiteral("Dump 1 of 1: 6 threads")));
    }
};

QTEST_MAIN(TestViewsThreads)
#include "tst_views_threads.moc"
