// Sessions of a database: the lock tree sample by sample, what a head holds, circles, and the way from a finding.
#include "tests/widgets/view_opener.h"
#include "widgets/models/views/session_table.h"
#include "widgets/panels/hint.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/session_view.h"
#include "widgets/panels/views/table_view.h"

#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTableView>
#include <QToolButton>

using namespace casebook;
using namespace casebook::tests;

namespace {

/// Three samples, ten seconds apart: nobody waits; 50 idles in a transaction and 51, 52, 53 wait behind it; 61 and 62
/// wait for each other.
QByteArray three_samples()
{
    QByteArray text = "sampled_at,datname,pid,usename,application_name,xact_start,query_start,state_change,wait_event_type,wait_event,state,query,backend_type,blocked_by\n";
    const auto row = [&](const char* at, const char* pid, const char* application, const char* since, const char* wait, const char* state, const char* query, const char* blocked) {
        const QByteArray begun = *since ? QByteArray("2026-03-02 09:") + since + "+00" : QByteArray();
        text += QByteArray("2026-03-02T09:") + at + ".000Z,shop," + pid + ",app," + application + ',' + begun + ',' + begun + ',' + begun + ',' + wait + ',' + state + ',' + query +
                ",client backend,\"" + blocked + "\"\n";
    };
    row("01:30", "40", "storefront", "", "Client,ClientRead", "idle", "COMMIT", "{}");
    row("01:30", "50", "warehouse", "01:29", "Client,ClientRead", "idle in transaction", "update stock set n = 1", "{}");
    row("01:40", "40", "storefront", "", "Client,ClientRead", "idle", "COMMIT", "{}");
    row("01:40", "41", "storefront", "01:39", ",", "active", "select name from product", "{}");
    row("01:40", "50", "warehouse", "01:29", "Client,ClientRead", "idle in transaction", "update stock set n = 1", "{}");
    row("01:40", "51", "checkout", "01:31", "Lock,transactionid", "active", "update stock set n = 2", "{50}");
    row("01:40", "52", "checkout", "01:34", "Lock,tuple", "active", "update stock set n = 3", "{51}");
    row("01:40", "53", "returns", "01:37", "Lock,tuple", "active", "update stock set n = 4", "{51,52}");
    row("01:50", "61", "import", "01:45", "Lock,transactionid", "active", "update a set n = 1", "{62}");
    row("01:50", "62", "import", "01:46", "Lock,transactionid", "active", "update b set n = 1", "{61}");
    return text;
}

}  // namespace

class TestViewsSessions : public QObject {
    Q_OBJECT

private:
    QString cell(int row, const char* column) const
    {
        const TableModel& model = view_->table().model();
        for (int i = 0; i < model.columnCount(); ++i)
            if (model.table()->columns[static_cast<std::size_t>(i)].name == QLatin1String(column)) return model.index(row, i).data().toString();
        return QStringLiteral("no column");
    }
    QString headline() const { return view_->findChild<QLabel*>(QStringLiteral("sessionHeadline"))->text(); }
    QString current() const { return view_->table().view().currentIndex().siblingAtColumn(0).data().toString(); }

    WidgetFixture fixture_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<ViewOpener> opener_;
    SessionView* view_ = nullptr;

private slots:
    void initTestCase()
    {
        session_ = std::make_unique<Session>();
        opener_ = std::make_unique<ViewOpener>(*session_);
        session_->setAnalyzesAfterImport(true);
        session_->newCase();
        QTRY_VERIFY(session_->hasCase());
        auto* empty = opener_->explore<SessionView>("sessions");
        QVERIFY(empty);
        auto* hint = empty->findChild<Hint*>();
        QVERIFY(hint->isVisible() && hint->text().contains(QStringLiteral("pg_blocking_pids")));
        session_->importPaths({fixture_.write("sessions.csv", three_samples())});
        QTRY_VERIFY_WITH_TIMEOUT(session_->report() && session_->jobs().isIdle(), 30'000);
    }
    void cleanupTestCase()
    {
        opener_.reset();
        session_.reset();
    }

    void the_sample_with_most_waiters_opens()
    {
        view_ = opener_->explore<SessionView>("sessions");
        QVERIFY(view_);
        QCOMPARE(view_->samples().count(), 3);
        QCOMPARE(view_->samples().currentIndex(), 1);
        QVERIFY2(view_->samples().currentText().contains(QStringLiteral("3 waiting for locks")), qPrintable(view_->samples().currentText()));
        QCOMPARE(headline(), QStringLiteral("Session 50 (idle in transaction for 11 s) keeps 3 sessions waiting."));
        QStringList tree;
        for (int row = 0; row < view_->table().model().rowCount(); ++row) tree << cell(row, "session");
        QCOMPARE(tree, (QStringList{"50", "└ 51", "│ └ 52", "│ └ 53", "41", "40"}));  // then the others: active, idle
        QCOMPARE(cell(0, "application"), QStringLiteral("warehouse"));
        QCOMPARE(cell(0, "state"), QStringLiteral("idle in transaction"));
        QCOMPARE(cell(0, "holds"), QStringLiteral("holds rows a transaction changed"));
        QCOMPARE(cell(0, "waiters"), QStringLiteral("3"));
        QCOMPARE(cell(1, "holds"), QStringLiteral("a row"));
        QCOMPARE(cell(3, "wait"), QStringLiteral("a row, behind 51, 52"));
        QCOMPARE(cell(1, "wait_ms").toDouble(), 9.0);  // seconds: since its statement began
        QCOMPARE(cell(0, "wait_ms"), QString());
        QCOMPARE(cell(5, "holds"), QString());
    }

    void a_click_shows_the_statement_and_the_next_sample_keeps_the_session()
    {
        QTableView& rows = view_->table().view();
        QTest::mouseClick(rows.viewport(), Qt::LeftButton, {}, rows.visualRect(rows.model()->index(2, 0)).center());
        auto* text = view_->findChild<QPlainTextEdit*>();
        QCOMPARE(text->toPlainText(), QStringLiteral("update stock set n = 3"));
        QTest::mouseClick(rows.viewport(), Qt::LeftButton, {}, rows.visualRect(rows.model()->index(0, 0)).center());
        const auto buttons = view_->findChildren<QToolButton*>();
        const auto button = [&](Qt::ArrowType arrow) { return *std::find_if(buttons.begin(), buttons.end(), [&](const QToolButton* one) { return one->arrowType() == arrow; }); };
        QTest::mouseClick(button(Qt::LeftArrow), Qt::LeftButton);
        QCOMPARE(view_->samples().currentIndex(), 0);
        QVERIFY(!button(Qt::LeftArrow)->isEnabled());
        QCOMPARE(headline(), QStringLiteral("Nobody waits for a lock in this sample."));
        QCOMPARE(current(), QStringLiteral("50"));
        QCOMPARE(cell(0, "holds"), QString());
        // A circle is shown as one.
        QTest::keyClick(&view_->samples(), Qt::Key_End);
        QCOMPARE(view_->samples().currentIndex(), 2);
        QVERIFY(!button(Qt::RightArrow)->isEnabled());
        QVERIFY2(headline().contains(QStringLiteral("in a circle: a deadlock")), qPrintable(headline()));
        QCOMPARE(cell(0, "session"), QStringLiteral("61"));
        QCOMPARE(cell(0, "state"), QStringLiteral("active, waits in a circle"));
        QCOMPARE(cell(1, "state"), QStringLiteral("active, waits in a circle"));
        QVERIFY(cell(1, "holds").startsWith(QStringLiteral("holds")));
        QVERIFY(!view_->copyText().isEmpty());
    }

    void a_finding_opens_its_sample_at_the_head()
    {
        const Finding* contention = nullptr;
        for (const Finding& finding : session_->report()->findings)
            if (finding.analyzer == "database.lock_contention" && finding.headline.find("warehouse") != std::string::npos) contention = &finding;
        QVERIFY(contention);
        view_ = opener_->open<SessionView>(contention->evidence.front(), contention);
        QVERIFY(view_);
        QCOMPARE(view_->samples().currentIndex(), 1);
        QCOMPARE(current(), QStringLiteral("50"));
        QVERIFY(view_->table().view().selectionModel()->isRowSelected(0));
        // Going on by hand is not taken back.
        view_->samples().setCurrentIndex(2);
        QCOMPARE(current(), QStringLiteral("61"));
    }

    void numbers_about_sessions_stay_a_table()
    {
        const Evidence grouped{"By application", "table", "session", "SELECT application, count(*) AS connections FROM session GROUP BY application", {}};
        QVERIFY(opener_->open<TableView>(grouped));
    }

    void samples_of_any_shape_make_a_table()
    {
        auto samples = std::make_shared<SessionSamples>();
        samples->samples.resize(1);
        constexpr std::int64_t count = 100'000;
        for (std::int64_t pid = 1; pid <= count; ++pid) {
            DatabaseSession session;
            session.pid = pid;
            session.state = "active";
            session.user = session.database = "app";
            session.wait_event_type = "Lock";
            session.blocked_by = {pid == 1 ? 0 : pid - 1};
            samples->samples[0].sessions.push_back(session);
        }
        const SessionTable made = session_table(samples, 0);
        QCOMPARE(made.table->rows, static_cast<std::size_t>(count) + 1);
        QCOMPARE(made.pids.front(), std::int64_t{0});
        QVERIFY(made.headline.starts_with("A prepared transaction keeps 100000 sessions waiting"));
        QCOMPARE(*made.row_of(count), static_cast<std::uint32_t>(count));
        QVERIFY(!made.row_of(-1));
        samples->samples[0].sessions.clear();
        QCOMPARE(session_table(samples, 0).table->rows, std::size_t{0});
    }
};

QTEST_MAIN(TestViewsSessions)
#include "tst_views_sessions.moc"
