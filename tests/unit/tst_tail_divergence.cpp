// latency.tail_divergence, clause by clause: how far and how long the tail must go, what the median may do, what is a
// suspicion without a baseline, and which percentiles say nothing.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <functional>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t second = 1'000'000'000;

/// 0.95 to 1.05, with i
double wobble(int i) { return 0.95 + 0.001 * (i * 37 % 101); }

/// A gallery's requests, one every two seconds: how long each takes, in ms, by the second at which it starts.
CaseBuilder gallery(int minutes, const std::function<double(int i, int at_s)>& took_ms)
{
    CaseBuilder made;
    for (int i = 0; i < minutes * 30; ++i) {
        TestSpan span{.trace = static_cast<std::uint64_t>(i + 1), .id = static_cast<std::uint64_t>(i + 1), .start_ns = i * 2 * second, .duration_ns = static_cast<std::int64_t>(took_ms(i, 2 * i) * wobble(i) * 1e6), .service = "gallery", .name = "GET /rooms", .kind = SpanKind::server};
        span.attributes = {{"http.request.method", "GET"}, {"http.route", "/rooms"}};
        made.add(span);
    }
    return made;
}

QString told(const CaseBuilder& made) { return QString::fromStdString(made.answer("latency.tail_divergence")); }

/// Ten minutes of `usual`, then ten of which one request in ten takes `slow_ms` and the others `median_ms`.
QString rise(double usual_ms, double tail_ms, double slow_ms, double median_ms)
{
    CaseBuilder made = gallery(20, [&](int i, int at_s) {
        const bool tail = i % 10 == 3;
        return at_s < 600 ? (tail ? tail_ms : usual_ms) : tail ? slow_ms : median_ms;
    });
    made.window("baseline", 0, 600 * second).window("incident", 600 * second, 1'200 * second);
    return told(made);
}

/// Twenty minutes of a P50 of 40 and a P99 of 100 ms, every 15 s, the P99 `then` in the second half.
std::string series(double then, const char* labels = "", const char* service = "gallery")
{
    std::string out = *labels ? "time,name,value,service,stat\n" : "time,name,value,service\n";
    for (int i = 0; i < 80; ++i) {
        char time[40];
        std::snprintf(time, sizeof time, "2026-04-14T10:%02d:%02dZ,", i / 4, i % 4 * 15);
        const std::string end = std::string(",") + service + (*labels ? std::string(",") + labels : "") + "\n";
        out += time + std::string("latency_p50_ms,") + std::to_string(40 * wobble(i)) + end;
        out += time + std::string("latency_p99_ms,") + std::to_string((i < 40 ? 100 : then) * wobble(i)) + end;
    }
    return out;
}

CaseBuilder with_series(double then, const char* labels = "")
{
    CaseBuilder made;
    made.file("percentiles.csv", series(then, labels)).window("baseline", 0, 600 * second).window("incident", 600 * second, 1'200 * second);
    return made;
}

}  // namespace

class TestTailDivergence : public QObject {
    Q_OBJECT
private slots:
    void how_far_data()
    {
        QTest::addColumn<double>("usual");
        QTest::addColumn<double>("tail");
        QTest::addColumn<double>("slow");
        QTest::addColumn<double>("median");
        QTest::addColumn<QString>("verdict");
        QTest::newRow("2.5 times, up by 150 ms") << 20. << 100. << 250. << 20. << "confirmed";
        QTest::newRow("3 times, up by 20 ms") << 8. << 10. << 30. << 8. << "ruled_out";
        QTest::newRow("4.5 times, up by 35 ms") << 8. << 10. << 45. << 8. << "confirmed";
        QTest::newRow("1.1 times") << 20. << 100. << 110. << 20. << "ruled_out";
        QTest::newRow("1.7 times") << 20. << 100. << 170. << 20. << "ruled_out";
        QTest::newRow("median up 1.3 times") << 20. << 100. << 300. << 26. << "ruled_out";
        QTest::newRow("2.2 times, median up 1.15 times: over it 1.9 times") << 20. << 100. << 220. << 23. << "suspected";
        QTest::newRow("median and tail 2.5 times") << 20. << 100. << 250. << 50. << "ruled_out";
    }
    void how_far()
    {
        QFETCH(const double, usual);
        QFETCH(const double, tail);
        QFETCH(const double, slow);
        QFETCH(const double, median);
        QFETCH(const QString, verdict);
        const QString answer = rise(usual, tail, slow, median);
        QVERIFY2(answer.startsWith(verdict + ":"), qPrintable(answer));
    }

    void how_long()
    {
        const auto ask = [](int from_s, int to_s, int window_to_s, bool named) {
            CaseBuilder made = gallery(40, [&](int i, int at_s) { return at_s >= from_s && at_s < to_s && i % (window_to_s == 780 ? 8 : 2) == 1 ? 400. : 20.; });
            made.window("baseline", 0, 600 * second);
            if (named) made.window("incident", 600 * second, window_to_s * second);
            return told(made);
        };
        QVERIFY2(ask(900, 1'260, 2'400, true).startsWith("confirmed"), qPrintable(ask(900, 1'260, 2'400, true)));   // six minutes
        const QString blip = ask(900, 1'140, 2'400, true);                                                           // four
        QVERIFY2(blip.startsWith("ruled_out") && blip.endsWith("at a time"), qPrintable(blip));
        QVERIFY2(ask(900, 1'140, 0, false).startsWith("ruled_out"), qPrintable(ask(900, 1'140, 0, false)));         // windows proposed by change points
        QVERIFY2(ask(600, 780, 780, true).startsWith("confirmed"), qPrintable(ask(600, 780, 780, true)));           // all of a window of three minutes
        QVERIFY2(ask(600, 720, 780, true).startsWith("ruled_out"), qPrintable(ask(600, 720, 780, true)));           // two of its three
    }

    void without_a_baseline()
    {
        const auto ask = [](double slow_ms) { return told(gallery(20, [&](int i, int) { return i % 12 == 5 ? slow_ms : 20.; })); };
        QVERIFY2(ask(500).startsWith("suspected: P98 of GET /rooms is"), qPrintable(ask(500)));
        QVERIFY2(ask(300).startsWith("ruled_out"), qPrintable(ask(300)));
    }

    void too_few_requests()
    {
        CaseBuilder made;
        for (std::uint64_t i = 1; i < 20; ++i) made.add({.trace = i, .id = i, .start_ns = static_cast<std::int64_t>(i) * second, .duration_ns = i % 5 ? 20'000'000 : 900'000'000, .service = "gallery", .name = "GET /rooms", .kind = SpanKind::server});
        QVERIFY2(told(made).startsWith("inconclusive: no operation has the 20 requests"), qPrintable(told(made)));
    }

    void series_before_and_since()
    {
        QVERIFY2(told(with_series(260)).startsWith("confirmed: P99 of gallery rose"), qPrintable(told(with_series(260))));
        QVERIFY2(told(with_series(130)).startsWith("ruled_out"), qPrintable(told(with_series(130))));
    }

    void series_without_a_baseline()
    {
        const auto ask = [](double p99) {
            CaseBuilder made;
            std::string csv = series(100);
            for (std::size_t at = csv.find("latency_p99_ms,"); at != std::string::npos; at = csv.find("latency_p99_ms,", at + 1)) csv.replace(at + 15, csv.find(',', at + 15) - at - 15, std::to_string(p99));
            return told(made.file("percentiles.csv", csv));
        };
        QVERIFY2(ask(900).startsWith("suspected: P99 of gallery is 900 ms, 23 x its median"), qPrintable(ask(900)));
        QVERIFY2(ask(600).startsWith("ruled_out: gallery: P99 is 15 x the median"), qPrintable(ask(600)));
    }

    void averages_of_percentiles_say_nothing()
    {
        QVERIFY2(told(with_series(260, "Average")).startsWith("inconclusive: the percentiles are averages"), qPrintable(told(with_series(260, "Average"))));
        QVERIFY(told(with_series(260, "Maximum")).startsWith("confirmed"));
    }

    void bucket_wider_than_the_change()
    {
        const auto ask = [](const char* bounds) {
            CaseBuilder made = with_series(260);
            std::string text = "# TYPE http_request_duration_seconds histogram\n";
            for (const QByteArray& le : QByteArray(bounds).split(' ')) text += "http_request_duration_seconds_bucket{service=\"gallery\",le=\"" + le.toStdString() + "\"} 10 1776160800000\n";
            return told(made.file("buckets.prom", text + "http_request_duration_seconds_bucket{service=\"gallery\",le=\"+Inf\"} 10 1776160800000\n"));
        };
        QVERIFY2(ask("0.05 0.1 0.25 0.5").startsWith("inconclusive: gallery: P99 100 ms"), qPrintable(ask("0.05 0.1 0.25 0.5")));  // 250 to 500 ms, up by 160
        QVERIFY2(ask("0.05 0.1 0.2 0.3 0.5").startsWith("confirmed"), qPrintable(ask("0.05 0.1 0.2 0.3 0.5")));
        QVERIFY2(ask("0.05 0.1 0.2").contains("without an upper bound"), qPrintable(ask("0.05 0.1 0.2")));
    }
};

QTEST_APPLESS_MAIN(TestTailDivergence)
#include "tst_tail_divergence.moc"
