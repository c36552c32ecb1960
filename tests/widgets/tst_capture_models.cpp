// What the capture window shows: the lock tree, the tables of a sample, the questions, and connections without passwords.
#include "tests/support/widget_fixture.h"
#include "widgets/models/capture_questions.h"
#include "widgets/models/capture_tables.h"
#include "widgets/panels/capture/recent_connections.h"

#include <QAbstractItemModelTester>

using namespace casebook;
using namespace casebook::tests;

class TestCaptureModels : public QObject {
    Q_OBJECT

private slots:
    void chain_has_its_head_on_top();
    void queue_is_one_flat_list();
    void circle_is_told();
    void deep_chain_and_wide_queue_are_walked();
    void sessions_are_in_order();
    void questions_show_cost_and_refusal();
    void passwords_are_not_remembered();

private:
    WidgetFixture fixture_;
};

void TestCaptureModels::chain_has_its_head_on_top()
{
    CaptureSample sample;
    sample.sessions.resize(3);
    sample.sessions[0].pid = 40;
    sample.sessions[1].pid = 7;
    sample.sessions[1].state = "idle in transaction";
    sample.sessions[1].xact_age_ms = 125'000;
    sample.sessions[2].pid = 30;
    sample.edges = {{40, 30}, {30, 7}, {99, 98}};
    const auto rows = lock_tree(sample);
    QCOMPARE(rows.size(), std::size_t{5});
    const std::vector<std::pair<std::int64_t, int>> expected{{7, 0}, {30, 1}, {40, 2}, {98, 0}, {99, 1}};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        QCOMPARE(rows[i].pid, expected[i].first);
        QCOMPARE(rows[i].depth, expected[i].second);
        QVERIFY(!rows[i].in_circle);
    }
    QCOMPARE(rows[0].waiters, 2);
    QCOMPARE(rows[0].session, 1);
    QCOMPARE(rows[3].session, -1);
    QCOMPARE(QString::fromStdString(lock_tree_headline(sample, rows)),
             QStringLiteral("Session 7 (idle in transaction for 2 min 5 s) keeps 2 sessions waiting; 1 more blocks others"));
    QVERIFY(lock_tree_headline(CaptureSample(), {}).empty());
}

void TestCaptureModels::queue_is_one_flat_list()
{
    // pg_blocking_pids names the holder and everybody who is ahead in the queue.
    CaptureSample sample;
    sample.edges = {{2, 1}, {3, 1}, {3, 2}, {4, 1}, {4, 2}, {4, 3}};
    const auto rows = lock_tree(sample);
    QCOMPARE(rows.size(), std::size_t{4});
    QCOMPARE(rows[0].pid, std::int64_t{1});
    QCOMPARE(rows[0].waiters, 3);
    for (std::size_t i = 1; i < rows.size(); ++i) QCOMPARE(rows[i].depth, 1);
    for (const auto& row : rows)
        if (row.pid == 4) QCOMPARE(row.blocked_by, (std::vector<std::int64_t>{1, 2, 3}));
}

void TestCaptureModels::circle_is_told()
{
    CaptureSample sample;
    sample.edges = {{1, 2}, {2, 3}, {3, 1}, {9, 1}, {5, 5}};
    const auto rows = lock_tree(sample);
    QCOMPARE(rows.size(), std::size_t{5});
    for (const auto& row : rows) QCOMPARE(row.in_circle, row.pid != 9);
    QCOMPARE(rows[0].pid, std::int64_t{1});
    QCOMPARE(rows[0].depth, 0);
    QVERIFY(lock_tree_headline(sample, rows).find("deadlock") != std::string::npos);
}

void TestCaptureModels::deep_chain_and_wide_queue_are_walked()
{
    CaptureSample sample;
    for (std::int64_t pid = 2; pid <= 100'000; ++pid) sample.edges.push_back({pid, pid - 1});
    for (std::int64_t pid = 200'000; pid < 300'000; ++pid) sample.edges.push_back({pid, 1});
    auto shared = std::make_shared<const CaptureSample>(std::move(sample));
    const auto rows = lock_tree(*shared);
    QCOMPARE(rows.size(), std::size_t{200'000});
    QCOMPARE(rows[0].pid, std::int64_t{1});
    QCOMPARE(rows[0].waiters, 199'999);
    const auto table = lock_table(shared, rows);
    QCOMPARE(table->rows, std::size_t{200'000});
    QVERIFY(table->columns[0].texts[50'000].find("level 50000") != std::string_view::npos);
}

void TestCaptureModels::sessions_are_in_order()
{
    auto sample = std::make_shared<CaptureSample>();
    const auto add = [&](std::int64_t pid, const char* state, const char* backend = "client backend") -> CapturedSession& {
        CapturedSession session;
        session.pid = pid;
        session.state = state;
        session.backend_type = backend;
        sample->sessions.push_back(session);
        return sample->sessions.back();
    };
    add(1, "", "checkpointer");
    add(2, "idle");
    add(3, "active").xact_age_ms = 10;
    add(4, "active").xact_age_ms = 500;
    add(5, "idle in transaction").xact_age_ms = 9'000;
    add(6, "active").blocked_by = {5};
    add(7, "").hidden = true;
    sample->edges = {{6, 5}};
    sample->waits = {{"Lock", "transactionid", 1}, {"IO", "", 1}};
    const auto table = sessions_table(sample);
    std::vector<std::string> pids;
    for (const auto& text : table->columns[0].texts) pids.emplace_back(text);
    QCOMPARE(pids, (std::vector<std::string>{"5", "6", "4", "3", "7", "2", "1"}));
    QCOMPARE(std::string(table->columns[1].texts[4]), std::string("hidden"));
    QCOMPARE(sessions_headline(*sample),
             QStringLiteral("6 sessions: 3 active, 1 waiting for locks, 1 idle in transaction; "
                            "what 1 of them do is hidden from this role"));
    const auto waits = waits_table(sample);
    QCOMPARE(std::string(waits->columns[0].texts[0]), std::string("Lock: transactionid"));
    QCOMPARE(std::string(waits->columns[0].texts[1]), std::string("IO"));
}

void TestCaptureModels::questions_show_cost_and_refusal()
{
    const std::array questions{CaptureQuestion{"sessions", "Sessions", "small", "sessions.csv"},
                               CaptureQuestion{"tables", "Tables", "grows", "tables.csv"},
                               CaptureQuestion{"pools", "Pools", "none", "pools.csv", CaptureQuestion::When::once,
                                               CaptureQuestion::Server::pgbouncer}};
    CaptureQuestionModel model(questions);
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(model.rowCount(), 2);
    QVERIFY(model.chosen().empty());
    QVERIFY(model.any_chosen());
    QCOMPARE(model.index(1, CaptureQuestionModel::costColumn).data().toString(), QStringLiteral("grows"));
    ServerDescription server;
    server.questions = {{"sessions", "Sessions", true, {}, "2 ms, 9 rows", 2, 9},
                        {"tables", "Tables", false, "the role may not read it", {}, 0, 0}};
    model.set_server(server);
    QCOMPARE(model.index(0, CaptureQuestionModel::costColumn).data().toString(), QStringLiteral("2 ms, 9 rows"));
    QVERIFY(model.index(1, CaptureQuestionModel::costColumn).data().toString().contains(QStringLiteral("may not read")));
    QVERIFY(!model.setData(model.index(1, 0), Qt::Checked, Qt::CheckStateRole));
    QCOMPARE(model.chosen(), std::vector<std::string>{"sessions"});
    QVERIFY(model.setData(model.index(0, 0), Qt::Unchecked, Qt::CheckStateRole));
    QVERIFY(!model.any_chosen());
    server = {};
    server.pgbouncer = true;
    model.set_server(server);
    QCOMPARE(model.rowCount(), 1);
    QVERIFY(model.any_chosen());
}

void TestCaptureModels::passwords_are_not_remembered()
{
    QSettings().clear();
    ConnectionFields parts{QStringLiteral("db"), QStringLiteral("5433"), QStringLiteral("shop"), QStringLiteral("app"), {}, {}, false};
    QVERIFY(RecentConnections::add(parts));
    ConnectionFields line;
    line.by_line = true;
    line.line = QStringLiteral("service=shop");
    QVERIFY(RecentConnections::add(line));
    QVERIFY(RecentConnections::add(parts));
    for (const char* secret : {"postgresql://app:s3cret@db/shop", "host=db PASSWORD=s3cret", "postgres://db/shop?password=s3cret"}) {
        line.line = QString::fromLatin1(secret);
        QVERIFY2(!RecentConnections::add(line), secret);
        QVERIFY(!connection_title(line).contains(QStringLiteral("s3cret")));
    }
    const auto all = RecentConnections::all();
    QCOMPARE(all.size(), std::size_t{2});
    QCOMPARE(all[0], parts);
    QCOMPARE(connection_title(all[0]), QStringLiteral("shop at db:5433 as app"));
    QSettings settings;
    settings.sync();
    for (const QString& key : settings.allKeys())
        QVERIFY(!settings.value(key).toString().contains(QStringLiteral("s3cret")));
    // The password joins a line the way its form wants it.
    line.line = QStringLiteral("postgresql://app@db/shop");
    QCOMPARE(conninfo_of(line, QStringLiteral("a&b")), std::string("postgresql://app@db/shop?password=a%26b"));
    line.line = QStringLiteral("service=shop");
    QVERIFY(QString::fromStdString(conninfo_of(line, QStringLiteral("x y"))).startsWith(QStringLiteral("service=shop password=")));
    QVERIFY(QString::fromStdString(conninfo_of(parts, {})).contains(QStringLiteral("5433")));
}

QTEST_MAIN(TestCaptureModels)
#include "tst_capture_models.moc"
