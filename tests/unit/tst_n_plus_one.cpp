// database.n_plus_one: what stays a suspicion, and what cannot be said.

#include "tests/support/case_builder.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000;

struct Shop {
    CaseBuilder made;
    std::uint64_t next = 1;

    /// A request that runs the statement that often, one after another, 5 ms each.
    void request(int calls, const std::string& statement = "SELECT name FROM items WHERE id = $1", bool recorded = true)
    {
        const std::uint64_t id = next++;
        const std::int64_t at = static_cast<std::int64_t>(id) * 200 * ms;
        if (recorded) made.add({.trace = id, .id = id * 100, .start_ns = at, .duration_ns = (5 * calls + 10) * ms, .service = "orders", .name = "GET /orders", .kind = SpanKind::server});
        for (int i = 0; i < calls; ++i)
            made.add({.trace = id, .id = id * 100 + 1 + static_cast<std::uint64_t>(i), .parent = id * 100, .start_ns = at + (2 + 5 * i) * ms, .duration_ns = 5 * ms, .service = "orders", .name = "query", .kind = SpanKind::client, .statement = statement});
    }
    QString answer() const { return QString::fromStdString(made.answer("database.n_plus_one")); }
};

/// Snapshots at 10:00 and 10:05; the statements of each as lines "queryid,query,calls,total_exec_time,rows".
QString counters(const std::string& first, const std::string& second, const std::string& info = {})
{
    const auto file = [](const std::string& at, const std::string& rows) {
        std::string csv = "captured_at,queryid,query,calls,total_exec_time,rows\n";
        for (std::size_t from = 0; from < rows.size();) {
            const std::size_t end = std::min(rows.find('\n', from), rows.size());
            csv += at + "," + rows.substr(from, end - from) + "\n";
            from = end + 1;
        }
        return csv;
    };
    CaseBuilder made;
    made.file("1.csv", file("2026-04-14T10:00:00Z", first)).file("2.csv", file("2026-04-14T10:05:00Z", second));
    if (!info.empty()) made.file("info.csv", info);
    return QString::fromStdString(made.answer("database.n_plus_one"));
}

const std::string list = "1,SELECT id FROM orders WHERE customer = $1,", item = "2,SELECT name FROM items WHERE id = $1,";

}  // namespace

class TestNPlusOne : public QObject {
    Q_OBJECT
private slots:
    void one_or_two_requests_are_a_suspicion()
    {
        Shop shop;
        for (int i = 0; i < 60; ++i) shop.request(1);
        shop.request(20);
        shop.request(20);
        QVERIFY2(shop.answer().startsWith("suspected: GET /orders runs one SELECT on items per row"), qPrintable(shop.answer()));
        shop.request(20);
        QVERIFY2(shop.answer().startsWith("confirmed: "), qPrintable(shop.answer()));
    }

    void a_text_that_is_cut_off_may_hide_different_statements()
    {
        Shop shop;
        for (int i = 0; i < 10; ++i) shop.request(20, "SELECT name, price, description, colour FROM items WHERE (id = $1 AND ...");
        QVERIFY2(shop.answer().startsWith("inconclusive: "), qPrintable(shop.answer()));
    }

    void statements_without_their_requests()
    {
        Shop shop;
        for (int i = 0; i < 10; ++i) shop.request(20, "SELECT name FROM items WHERE id = $1", false);
        QCOMPARE(shop.answer(), QString("inconclusive: 200 of 200 statements have no request in the recording"));
    }

    void chatter_of_transactions_is_no_row_by_row()
    {
        Shop shop;
        for (int i = 0; i < 10; ++i) shop.request(20, "SET search_path = shop");
        QVERIFY2(!shop.answer().startsWith("confirmed") && !shop.answer().startsWith("suspected"), qPrintable(shop.answer()));
    }

    void counters_alone_are_a_suspicion()
    {
        QCOMPARE(counters(list + "100,200,900\n" + item + "900,900,900", list + "200,400,1900\n" + item + "1900,1900,1900"),
                 QString("suspected: One SELECT on items per row of another: 10 calls for each call of the parent statement, 1 s in the interval"));
    }

    void counters_that_do_not_fit_a_parent()
    {
        const QString no = "ruled_out: no statement is called once per row of another";
        QCOMPARE(counters(list + "100,200,900\n" + item + "900,900,900", list + "200,400,1900\n" + item + "5900,5900,5900"), no);      // five times the rows
        QCOMPARE(counters(list + "100,200,300\n" + item + "300,300,300", list + "400,800,1200\n" + item + "1200,1200,1200"), no);      // three per call
        QCOMPARE(counters(list + "100,200,900\n" + item + "900,900,9000", list + "200,400,1900\n" + item + "1900,1900,19000"), no);    // ten rows per call
    }

    void counters_that_were_reset_or_made_room()
    {
        QCOMPARE(counters(list + "500,1000,4500\n" + item + "4500,4500,4500", list + "100,200,1000\n" + item + "1000,1000,1000"), QString("inconclusive: the counters were reset between the snapshots"));
        QCOMPARE(counters(list + "100,200,900\n" + item + "900,900,900", list + "200,400,1900\n" + item + "1900,1900,1900",
                          "captured_at,dealloc,stats_reset\n2026-04-14T10:00:00Z,1,2026-04-01T00:00:00Z\n2026-04-14T10:05:00Z,2,2026-04-01T00:00:00Z\n"),
                 QString("inconclusive: statements were deallocated between the snapshots"));
    }

    void many_statements_are_compared_in_no_time()
    {
        std::string first, second;
        for (int i = 0; i < 20000; ++i) {
            const std::string query = std::to_string(i) + ",SELECT a" + std::to_string(i) + " FROM t" + std::to_string(i) + " WHERE id = $1,";
            first += query + "1,1,1\n";
            second += query + "1001,1001,1001\n";
        }
        QElapsedTimer timer;
        timer.start();
        QVERIFY(counters(first, second).startsWith("ruled_out: "));
        QVERIFY2(timer.elapsed() < 30000, qPrintable(QString::number(timer.elapsed())));
    }
};

QTEST_APPLESS_MAIN(TestNPlusOne)
#include "tst_n_plus_one.moc"
