// database.lock_contention without snapshots of the sessions: calls of a locking statement far beyond what the database says.

#include "tests/support/case_builder.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000;

std::string snapshot(const std::string& at, int calls, double total_ms, const std::string& query)
{
    return "captured_at,queryid,query,calls,total_exec_time,rows\n" + at + ",7,\"" + query + "\"," + std::to_string(calls) + "," + std::to_string(total_ms) + "," + std::to_string(calls) + "\n";
}

/// 300 usual calls of 4 ms, and calls of the given durations that begin `apart_ms` after one another, in a minute between two
/// snapshots that count 3,000 calls of `mean_ms`.
CaseBuilder stock(const std::string& query, const std::vector<std::int64_t>& long_ms, std::int64_t apart_ms = 100, double mean_ms = 9, const std::string& counted = {})
{
    CaseBuilder made;
    std::uint64_t id = 0;
    const auto request = [&](std::int64_t at_ms, std::int64_t takes_ms) {
        ++id;
        made.add({.trace = id, .id = id * 10, .start_ns = at_ms * ms, .duration_ns = (takes_ms + 2) * ms, .service = "checkout", .name = "POST /orders", .kind = SpanKind::server});
        made.add({.trace = id, .id = id * 10 + 1, .parent = id * 10, .start_ns = (at_ms + 1) * ms, .duration_ns = takes_ms * ms, .service = "checkout", .name = "query", .kind = SpanKind::client, .statement = query});
    };
    for (int i = 0; i < 300; ++i) request(i * 190, 4);
    for (std::size_t i = 0; i < long_ms.size(); ++i) request(20000 + static_cast<std::int64_t>(i) * apart_ms, long_ms[i]);
    const std::string& text = counted.empty() ? query : counted;
    made.file("1.csv", snapshot("2026-04-14T09:59:59Z", 1000, 4000, text));
    made.file("2.csv", snapshot("2026-04-14T10:01:00Z", 4000, 4000 + 3000 * mean_ms, text));
    return made;
}

QString answer(const CaseBuilder& made) { return QString::fromStdString(made.answer("database.lock_contention")); }

const std::string update = "UPDATE stock SET n = n - 1 WHERE sku = $1";

}  // namespace

class TestSpanWaits : public QObject {
    Q_OBJECT
private slots:
    void calls_far_beyond_the_mean_that_wait_at_once()
    {
        QCOMPARE(answer(stock(update, {2100, 2000, 1900, 1800})), QString("suspected: 4 calls of one UPDATE on stock last up to 2.1 s, 4 at a time, where 9 ms is usual: they may wait for a lock"));
        QVERIFY(answer(stock("SELECT n FROM stock WHERE sku = $1 FOR UPDATE", {2100, 2000, 1900, 1800})).startsWith("suspected: "));
    }

    void not_when_something_else_may_explain_them_data()
    {
        QTest::addColumn<QString>("query");
        QTest::addColumn<QList<qint64>>("long_ms");
        QTest::addColumn<qint64>("apart_ms");
        QTest::addColumn<double>("mean_ms");
        const QString statement = QString::fromStdString(update);
        QTest::newRow("it takes no locks") << "SELECT n FROM stock WHERE sku = $1" << QList<qint64>{2100, 2000, 1900, 1800} << qint64{100} << 9.0;
        QTest::newRow("two calls") << statement << QList<qint64>{2100, 2000} << qint64{100} << 9.0;
        QTest::newRow("one after another") << statement << QList<qint64>{2100, 2000, 1900, 1800} << qint64{5000} << 9.0;
        QTest::newRow("below a second") << statement << QList<qint64>{900, 900, 900, 900} << qint64{100} << 9.0;
        QTest::newRow("it always takes as long") << statement << QList<qint64>{2100, 2000, 1900, 1800} << qint64{100} << 700.0;
    }

    void not_when_something_else_may_explain_them()
    {
        QFETCH(QString, query);
        QFETCH(QList<qint64>, long_ms);
        QFETCH(qint64, apart_ms);
        QFETCH(double, mean_ms);
        QCOMPARE(answer(stock(query.toStdString(), {long_ms.begin(), long_ms.end()}, apart_ms, mean_ms)), QString("not_enough_evidence: no snapshot of the sessions was imported"));
    }

    void not_when_the_database_counted_another_statement()
    {
        QCOMPARE(answer(stock(update, {2100, 2000, 1900, 1800}, 100, 9, "UPDATE prices SET eur = $2 WHERE sku = $1")), QString("not_enough_evidence: no snapshot of the sessions was imported"));
    }
};

QTEST_APPLESS_MAIN(TestSpanWaits)
#include "tst_span_waits.moc"
