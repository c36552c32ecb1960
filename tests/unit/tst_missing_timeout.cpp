// dependency.missing_timeout: what long calls without a known end amount to, and what settings say of calls.

#include "tests/support/case_builder.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000;

struct Kiosk {
    CaseBuilder made;
    std::uint64_t next = 1;

    /// A request to the kiosk with one call of its own to cards. `status` empty: the call says none.
    void request(std::int64_t call_ms, const std::string& status = "200", SpanStatus outcome = SpanStatus::unset)
    {
        const std::uint64_t id = next++;
        const std::int64_t at = static_cast<std::int64_t>(id) * 300 * ms;
        made.add({.trace = id, .id = id * 10, .start_ns = at, .duration_ns = (call_ms + 4) * ms, .service = "kiosk", .name = "POST /pay", .kind = SpanKind::server});
        TestSpan call{.trace = id, .id = id * 10 + 1, .parent = id * 10, .start_ns = at + 2 * ms, .duration_ns = call_ms * ms, .service = "kiosk", .name = "POST /charges", .kind = SpanKind::client, .status = outcome};
        call.attributes = {{"http.request.method", "POST"}, {"server.address", "cards"}, {"url.full", "http://cards/charges"}};
        if (!status.empty()) call.attributes.emplace_back("http.response.status_code", status);
        made.add(call);
    }
    void usual(int count)
    {
        for (int i = 0; i < count; ++i) request(30 + i % 20);
    }
    QString answer() const { return QString::fromStdString(made.answer("dependency.missing_timeout")); }
};

}  // namespace

class TestMissingTimeout : public QObject {
    Q_OBJECT
private slots:
    void long_calls_of_unknown_end_are_suspected_beside_many_short_ones()
    {
        Kiosk kiosk;
        kiosk.usual(600);
        for (const int took : {3000, 4100, 6200, 8300}) kiosk.request(took, "", SpanStatus::error);
        QCOMPARE(kiosk.answer(), QString("suspected: kiosk waits up to 8.3 s for cards (usual 40 ms): 4 calls took seconds"));
    }

    void not_when_they_are_no_rarity()
    {
        Kiosk kiosk;
        kiosk.usual(100);
        for (const int took : {3000, 4100, 6200, 8300}) kiosk.request(took, "", SpanStatus::error);
        QCOMPARE(kiosk.answer(), QString("inconclusive: 4 of 104 calls of kiosk to cards took seconds, and nothing recorded says what ended them"));
    }

    void two_are_too_few()
    {
        Kiosk kiosk;
        kiosk.usual(600);
        kiosk.request(4100);
        kiosk.request(8300);
        QCOMPARE(kiosk.answer(), QString("inconclusive: 2 of 602 calls of kiosk to cards took seconds, too few to tell"));
    }

    void a_short_timeout_that_cuts_them_is_as_it_should_be()
    {
        Kiosk kiosk;
        kiosk.usual(600);
        for (int i = 0; i < 8; ++i) kiosk.request(3000 + i, "", SpanStatus::error);
        QCOMPARE(kiosk.answer(), QString("ruled_out: the longest of 608 calls took 3 s"));
    }

    void calls_that_pile_up_at_a_long_value_are_a_default_timeout()
    {
        Kiosk kiosk;
        kiosk.usual(100);
        for (int i = 0; i < 12; ++i) kiosk.request(30000 + i * 3, "", SpanStatus::error);
        QVERIFY2(kiosk.answer().startsWith("confirmed: ") && kiosk.answer().endsWith("12 calls ended at 30 s, a default timeout"), qPrintable(kiosk.answer()));
    }

    void calls_that_go_on_after_their_caller_gave_up()
    {
        Kiosk kiosk;
        kiosk.usual(100);
        for (int i = 0; i < 3; ++i) {
            const std::uint64_t id = kiosk.next++;
            const std::int64_t at = static_cast<std::int64_t>(id) * 300 * ms;
            kiosk.made.add({.trace = id, .id = id * 10, .start_ns = at, .duration_ns = 1000 * ms, .service = "kiosk", .name = "POST /pay", .kind = SpanKind::server, .status = SpanStatus::error});
            TestSpan call{.trace = id, .id = id * 10 + 1, .parent = id * 10, .start_ns = at + 2 * ms, .duration_ns = (4000 + i * 700) * ms, .service = "kiosk", .name = "POST /charges", .kind = SpanKind::client};
            call.attributes = {{"http.request.method", "POST"}, {"server.address", "cards"}, {"url.full", "http://cards/charges"}};
            kiosk.made.add(call);
        }
        QVERIFY2(kiosk.answer().contains("3 calls went on after their caller had given up"), qPrintable(kiosk.answer()));
    }

    void requests_that_failed_after_seconds_without_a_recorded_call_rule_nothing_out()
    {
        Kiosk kiosk;
        kiosk.usual(100);
        kiosk.made.add({.trace = 5000, .id = 50000, .start_ns = 900 * ms, .duration_ns = 9000 * ms, .service = "kiosk", .name = "POST /pay", .kind = SpanKind::server, .status = SpanStatus::error});
        QCOMPARE(kiosk.answer(), QString("inconclusive: 1 request failed after seconds in which no call was recorded: what they waited for is not in the traces"));
    }

    void a_handful_of_calls_rules_nothing_out()
    {
        Kiosk kiosk;
        kiosk.usual(5);
        QCOMPARE(kiosk.answer(), QString("inconclusive: the traces hold 5 calls to other services, too few to tell"));
    }

    void settings_data()
    {
        QTest::addColumn<QString>("settings");
        QTest::addColumn<QString>("answer");
        const QString quiet = "ruled_out: the longest of 30 calls took 49 ms";
        QTest::newRow("within") << "kiosk,server.timeout,5,s\nkiosk,cards.timeout,2,s\nkiosk,cards.attempts,2,\nkiosk,cards.retry-backoff,200,ms" << quiet;
        QTest::newRow("with attempts and waits too long") << "kiosk,server.timeout,5,s\nkiosk,cards.timeout,2,s\nkiosk,cards.attempts,3,\nkiosk,cards.retry-backoff,200,ms"
                                                          << "confirmed: A call of kiosk to cards may take 6.4 s in 3 attempts of 2 s, and kiosk waits 5 s";
        QTest::newRow("retries are attempts but one") << "kiosk,request.deadline,5s,\nkiosk,cards.timeoutMs,2000,\nkiosk,cards.max-retries,2,"
                                                      << "confirmed: A call of kiosk to cards may take 6 s in 3 attempts of 2 s, and kiosk waits 5 s";
        QTest::newRow("both say it alike") << "kiosk,timeout,2,s\ncards,timeout,5,s" << "confirmed: A call of kiosk to cards may take 5 s, and kiosk waits 2 s";
        QTest::newRow("both say it alike and fit") << "kiosk,timeout,5,s\ncards,timeout,2,s" << quiet;
        QTest::newRow("without sources") << ",kiosk.timeout,2,s\n,cards.timeout,5,s" << "confirmed: A call of kiosk to cards may take 5 s, and kiosk waits 2 s";
        QTest::newRow("may be meant for calls") << "kiosk,timeout,2,s\nkiosk,cards.timeout,5,s" << "suspected: A call of kiosk to cards may take 5 s, and kiosk may wait 2 s";
        QTest::newRow("none set, deadline known") << "kiosk,server.timeout,5,s\nkiosk,cards.timeout,none," << "confirmed: A call of kiosk to cards has no timeout, and kiosk waits 5 s";
        QTest::newRow("none set") << "kiosk,cards.timeout,0,s" << "suspected: A call of kiosk to cards has no timeout";
        QTest::newRow("above the budget") << "kiosk,cards.timeout,300,ms\nkiosk,cards.budget,200,ms" << "suspected: A call of kiosk to cards may take 300 ms of a budget of 200 ms";
        QTest::newRow("a quarter above the budget") << "kiosk,cards.timeout,250,ms\nkiosk,cards.budget,200,ms" << quiet;
        QTest::newRow("no unit") << "kiosk,server.timeout,5,s\nkiosk,cards.timeout,9," << quiet;
        QTest::newRow("other limits") << "kiosk,server.timeout,5,s\nkiosk,cards.connect.timeout,9,s\nkiosk,cards.idle-timeout,60,s\nkiosk,pool.cards.acquire.timeout,30,s\nkiosk,stock.timeout,9,s" << quiet;
        QTest::newRow("calls in general") << "kiosk,server.timeout,5,s\nkiosk,http.client.timeout,9,s" << "confirmed: A call of kiosk to cards may take 9 s, and kiosk waits 5 s";
        QTest::newRow("the closer one counts") << "kiosk,server.timeout,5,s\nkiosk,http.client.cards.timeout,2,s\nkiosk,http.client.timeout,9,s" << quiet;
    }

    void settings()
    {
        QFETCH(QString, settings);
        QFETCH(QString, answer);
        Kiosk kiosk;
        kiosk.usual(30);
        kiosk.made.file("settings.csv", "source,name,value,unit\n" + settings.toStdString() + "\n");
        QCOMPARE(kiosk.answer(), answer);
    }

    void who_waits_for_the_caller_sets_its_deadline()
    {
        Kiosk kiosk;
        kiosk.usual(30);
        kiosk.made.add({.trace = 9000, .id = 90000, .start_ns = 900 * ms, .duration_ns = 90 * ms, .service = "edge", .name = "POST /pay", .kind = SpanKind::server});
        TestSpan call{.trace = 9000, .id = 90001, .parent = 90000, .start_ns = 901 * ms, .duration_ns = 80 * ms, .service = "edge", .name = "POST /pay", .kind = SpanKind::client};
        call.attributes = {{"http.request.method", "POST"}, {"server.address", "kiosk"}, {"url.full", "http://kiosk/pay"}};
        kiosk.made.add(call);
        kiosk.made.file("settings.csv", "source,name,value,unit\nedge,kiosk.timeout,3,s\nkiosk,cards.timeout,4,s\n");
        QCOMPARE(kiosk.answer(), QString("confirmed: A call of kiosk to cards may take 4 s, and edge waits 3 s"));
    }
};

QTEST_APPLESS_MAIN(TestMissingTimeout)
#include "tst_missing_timeout.moc"
