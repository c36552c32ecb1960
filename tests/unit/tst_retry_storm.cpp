// dependency.retry_storm: what counters of attempts and retries say without spans, and the clauses between suspicion and proof.

#include "tests/support/case_builder.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000;

/// Twenty samples, 30 s apart; of each series one value for the usual and one for samples 8 to 13.
struct Counters {
    std::string csv = "time,name,value,service,peer\n";
    Counters& series(const std::string& name, double usual, double storm, const std::string& service, const std::string& peer = {})
    {
        for (int i = 0; i < 20; ++i) {
            char time[40];
            std::snprintf(time, sizeof time, "2026-04-14T10:%02d:%02dZ", i / 2, i % 2 * 30);
            csv += std::string(time) + "," + name + "," + std::to_string(i >= 8 && i < 14 ? storm : usual) + "," + service + "," + peer + "\n";
        }
        return *this;
    }
    QString answer() const { return QString::fromStdString(CaseBuilder().file("metrics.csv", csv).answer("dependency.retry_storm")); }
};

Counters tours()
{
    Counters counters;
    counters.series("requests_per_second", 100, 104, "tours").series("requests_per_second", 130, 330, "weather");
    return counters;
}

struct Trace {
    CaseBuilder made;
    std::uint64_t next = 1;
    std::string url = "http://weather/days/7";

    /// A request of tours with one call to weather per outcome, each begun `waits` after the one before ended.
    void request(const std::vector<bool>& fails, const std::vector<std::int64_t>& waits_ms = {}, std::int64_t every_ms = 100)
    {
        const std::uint64_t id = next++;
        const std::int64_t at = static_cast<std::int64_t>(id) * every_ms * ms;
        std::int64_t begin = at + 2 * ms;
        for (std::size_t i = 0; i < fails.size(); ++i) {
            TestSpan call{.trace = id, .id = id * 100 + i + 1, .parent = id * 100, .start_ns = begin, .duration_ns = 20 * ms, .service = "tours", .name = "GET", .kind = SpanKind::client, .status = fails[i] ? SpanStatus::error : SpanStatus::unset};
            call.attributes = {{"http.request.method", "GET"}, {"server.address", "weather"}};
            if (!url.empty()) call.attributes.emplace_back("url.full", url);
            made.add(call);
            made.add({.trace = id, .id = id * 100 + 50 + i, .parent = call.id, .start_ns = begin + ms, .duration_ns = 18 * ms, .service = "weather", .name = "GET /days/{id}", .kind = SpanKind::server, .status = call.status});
            begin += 20 * ms + (i < waits_ms.size() ? waits_ms[i] : 1) * ms;
        }
        made.add({.trace = id, .id = id * 100, .start_ns = at, .duration_ns = begin - at, .service = "tours", .name = "GET /tours/{id}", .kind = SpanKind::server});
    }
    QString answer() const { return QString::fromStdString(made.answer("dependency.retry_storm")); }
};

}  // namespace

class TestRetryStorm : public QObject {
    Q_OBJECT
private slots:
    void attempts_that_multiply_and_arrive_while_calls_fail()
    {
        QCOMPARE(tours().series("attempts_per_second", 100, 312, "tours", "weather").series("errors_per_second", 0.2, 80, "weather").answer(),
                 QString("confirmed: tours calls weather 3 times per request for 3 min 0 s: 56,160 attempts for 18,720 requests"));
    }

    void retries_counted_as_such()
    {
        QCOMPARE(tours().series("retry_rate", 1, 208, "tours", "weather").series("errors_per_second", 0.2, 80, "weather").answer(),
                 QString("confirmed: tours calls weather 3 times per request for 3 min 0 s: 56,160 attempts for 18,720 requests"));
    }

    void what_is_missing_makes_it_a_suspicion()
    {
        const auto suspected = [](Counters counters) { return counters.series("attempts_per_second", 100, 312, "tours", "weather").answer().startsWith("suspected: "); };
        QVERIFY(suspected(tours()));  // nobody says whether calls failed
        QVERIFY(suspected(tours().series("errors_per_second", 0.2, 0.2, "weather")));
        QVERIFY(suspected(Counters().series("requests_per_second", 100, 104, "tours").series("errors_per_second", 0.2, 80, "weather")));
        QVERIFY(suspected(Counters().series("requests_per_second", 100, 104, "tours").series("requests_per_second", 130, 135, "weather").series("errors_per_second", 0.2, 80, "weather")));
        // Users sent more themselves.
        QVERIFY(suspected(Counters().series("requests_per_second", 60, 104, "tours").series("requests_per_second", 130, 330, "weather").series("errors_per_second", 0.2, 80, "weather")));
    }

    void a_few_retries_are_a_suspicion_and_fewer_are_none()
    {
        QVERIFY(tours().series("retry_rate", 1, 30, "tours", "weather").series("errors_per_second", 0.2, 80, "weather").answer().startsWith("suspected: tours calls weather 1.3 times per request"));
        QCOMPARE(tours().series("retry_rate", 1, 6, "tours", "weather").series("errors_per_second", 0.2, 80, "weather").answer(), QString("ruled_out: at most 1 attempts per request in 1 pair of services"));
    }

    void several_calls_per_request_are_no_retries()
    {
        QVERIFY(tours().series("attempts_per_second", 400, 416, "tours", "weather").series("errors_per_second", 0.2, 80, "weather").answer().startsWith("ruled_out: "));
        // More load brings more calls, four each as ever.
        QVERIFY(Counters().series("requests_per_second", 60, 180, "tours").series("attempts_per_second", 240, 720, "tours", "weather").answer().startsWith("ruled_out: "));
    }

    void attempts_without_requests_tell_nothing()
    {
        QCOMPARE(Counters().series("attempts_per_second", 100, 300, "tours", "weather").answer(), QString("not_enough_evidence: attempts were counted, but not the requests behind them"));
    }

    void more_than_one_attempt_of_ten_is_a_suspicion()
    {
        Trace trace;
        for (int i = 0; i < 100; ++i) trace.request(i % 5 == 0 ? std::vector<bool>{true, false} : std::vector<bool>{false});
        QVERIFY2(trace.answer().startsWith("suspected: GET /tours/{id} calls weather 1.2 times per request"), qPrintable(trace.answer()));
    }

    void waits_that_double_are_noted()
    {
        Trace trace;
        for (int i = 0; i < 60; ++i) trace.request({true, true, true, false}, {100, 200, 400}, 1000);
        const AnalysisReport report = trace.made.ask({"dependency.retry_storm"});
        QCOMPARE(report.findings.size(), std::size_t{1});
        QCOMPARE(QString::fromStdString(report.findings[0].note), QString("the wait before a retry doubles from 100 ms"));
        Trace fixed;
        for (int i = 0; i < 60; ++i) fixed.request({true, true, true, false}, {1000, 1000, 1000}, 4000);
        QVERIFY(fixed.made.ask({"dependency.retry_storm"}).findings[0].note.find("always about 1 s") != std::string::npos);
    }

    void calls_that_do_not_say_what_they_ask_for()
    {
        Trace trace;
        trace.url.clear();
        for (int i = 0; i < 60; ++i) trace.request({false});
        QCOMPARE(trace.answer(), QString("inconclusive: calls carry neither URL nor route, so attempts cannot be told from other calls"));
    }
};

QTEST_APPLESS_MAIN(TestRetryStorm)
#include "tst_retry_storm.moc"
