// latency.slow_cohort, clause by clause: how much of the slow requests it must cover, what the tail does without it, what is
// another name for something else, and what chance, few requests and unknown mixes leave open.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <functional>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000;
using Attributes = std::vector<std::pair<std::string, std::string>>;

/// Requests of a library's desk, 200 ms apart: `slow` says of request i whether it takes 20 times as long.
struct Desk {
    CaseBuilder made;
    std::uint64_t traces = 0, ids = 0;
    std::string operation = "GET /loans", service = "desk", instance, version;
    bool refused = false;

    void request(double took_ms, Attributes attributes, int spans = 1)
    {
        const std::int64_t at_ns = static_cast<std::int64_t>(++traces) * 200 * ms;
        for (int i = 0; i < spans; ++i) {
            TestSpan span{.trace = traces, .id = ++ids, .start_ns = at_ns + i * static_cast<std::int64_t>(took_ms * 1e6), .duration_ns = static_cast<std::int64_t>(took_ms * 1e6), .service = service, .name = operation, .kind = SpanKind::server};
            span.attributes = {{"http.request.method", "GET"}, {"http.route", operation.substr(4)}};
            span.attributes.insert(span.attributes.end(), attributes.begin(), attributes.end());
            span.instance = instance, span.version = version;
            if (refused) span.attributes.emplace_back("error.type", "ThrottlingException");
            made.add(span);
        }
    }
    QString told() const { return QString::fromStdString(made.answer("latency.slow_cohort")); }
    AnalysisReport report() const { return made.ask({"latency.slow_cohort"}); }
};

/// 0.9 to 1.1, with i
double wobble(int i) { return 0.9 + 0.002 * (i * 37 % 101); }
/// 0 to n - 1, without any pattern (splitmix64); `salt` makes another draw.
int draw(int i, int salt, int n)
{
    std::uint64_t x = static_cast<std::uint64_t>(i) * 64 + static_cast<std::uint64_t>(salt) + 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return static_cast<int>((x ^ (x >> 31)) % static_cast<std::uint64_t>(n));
}
std::string letter(const char* of, int i) { return std::string(of) + static_cast<char>('a' + i); }
/// Four more attributes that mean nothing.
Attributes with_others(Attributes attributes, int i)
{
    attributes.insert(attributes.end(), {{"app.colour", letter("c", draw(i, 1, 3))}, {"app.paper", letter("p", draw(i, 2, 4))}, {"app.shelf", letter("s", draw(i, 3, 5))}, {"app.lamp", letter("l", draw(i, 4, 2))}});
    return attributes;
}

/// 600 requests, 60 of them slow; `covered` of the slow ones are of reader "zoe", and 30 of the others.
Desk readers(int covered, double slow_ms = 400, double zoe_usual_ms = 20)
{
    Desk desk;
    int slow_seen = 0, rest_seen = 0;
    for (int i = 0; i < 600; ++i) {
        const bool slow = i % 10 == 3;
        int& seen = slow ? slow_seen : rest_seen;
        const bool zoe = slow ? seen * covered / 60 != (seen + 1) * covered / 60 : seen % 18 == 7;
        ++seen;
        desk.request((slow ? slow_ms : zoe ? zoe_usual_ms : 20) * wobble(i), with_others({{"app.reader", zoe ? "zoe" : letter("r", draw(i, 5, 8))}}, i));
    }
    return desk;
}

double figure(const Finding& finding, const char* name)
{
    for (const Figure& one : finding.figures)
        if (one.name == name) return one.value;
    return -1;
}

}  // namespace

class TestCohortRule : public QObject {
    Q_OBJECT
private slots:
    void coverage_decides_data()
    {
        QTest::addColumn<int>("covered");
        QTest::addColumn<QString>("verdict");
        QTest::newRow("60 of 60") << 60 << "confirmed";
        QTest::newRow("24 of 60: 40 %, and the others are as slow") << 24 << "suspected";
        QTest::newRow("13 of 60: 22 %") << 13 << "suspected";
        QTest::newRow("11 of 60: 18 %") << 11 << "ruled_out";
    }
    void coverage_decides()
    {
        QFETCH(const int, covered);
        QFETCH(const QString, verdict);
        const QString told = readers(covered).told();
        QVERIFY2(told.startsWith(verdict + ":"), qPrintable(told));
        QCOMPARE(told.contains("app.reader=zoe"), verdict != "ruled_out");
    }

    void tail_that_stays_without_it_is_a_suspicion()
    {
        const Desk desk = readers(45);  // 75 %, but the other 15 take as long
        const AnalysisReport report = desk.report();
        QCOMPARE(report.findings.size(), std::size_t{1});
        QCOMPARE(report.findings[0].verdict, Verdict::suspected);
        QVERIFY(report.findings[0].note.find("the tail stays") != std::string::npos);
    }

    void others_that_are_slower_than_before_are_a_suspicion()
    {
        const auto ask = [](double others) {
            Desk desk;
            for (int i = 0; i < 1'200; ++i) {
                const bool now = i >= 600, zoe = draw(i, 7, 5) == 2;
                desk.request((!now ? 20 : zoe ? 400 : draw(i, 8, 12) == 0 ? 20 * others : 20) * wobble(i), with_others({{"app.reader", zoe ? "zoe" : letter("r", draw(i, 5, 8))}}, i));
            }
            desk.made.window("baseline", 0, 601 * 200 * ms);
            return desk.report();
        };
        const AnalysisReport alone = ask(1), all = ask(1.5);
        QCOMPARE(alone.findings.size(), std::size_t{1});
        QCOMPARE(alone.findings[0].verdict, Verdict::confirmed);
        QVERIFY(figure(alone.findings[0], "without_over_baseline") < 1.2);
        QCOMPARE(all.findings.size(), std::size_t{1});
        QVERIFY2(all.findings[0].verdict == Verdict::suspected, all.findings[0].headline.c_str());
        QVERIFY2(all.findings[0].note.find("slower than before") != std::string::npos, all.findings[0].note.c_str());
    }

    void ten_slow_requests_must_have_it()
    {
        const auto ask = [](int slow) {
            Desk desk;
            for (int i = 0; i < 600; ++i) {
                const bool zoe = i % 40 == 3 && i / 40 < slow;
                desk.request((zoe || i % 200 == 7 ? 400 : 20) * wobble(i), with_others({{"app.reader", zoe ? "zoe" : letter("r", draw(i, 5, 8))}}, i));
            }
            return desk.told();
        };
        QVERIFY2(ask(10).contains("app.reader=zoe"), qPrintable(ask(10)));
        QVERIFY2(ask(9).startsWith("ruled_out"), qPrintable(ask(9)));  // 12 slow ones in all
        QVERIFY2(ask(5).startsWith("inconclusive: no operation has 10 slow requests (8 in all)"), qPrintable(ask(5)));
    }

    void requests_are_counted_not_calls()
    {
        Desk desk;
        for (int i = 0; i < 600; ++i) desk.request((i % 100 == 7 ? 400 : 20) * wobble(i), with_others({{"app.reader", i % 100 == 7 ? "zoe" : letter("r", draw(i, 5, 8))}}, i), i % 100 == 7 ? 8 : 1);
        QVERIFY2(desk.told().startsWith("inconclusive: no operation has 10 slow requests (6 in all)"), qPrintable(desk.told()));
    }

    void pair_of_values()
    {
        Desk desk;  // zoe's large orders; neither zoe nor large ones alone
        for (int i = 0; i < 1'200; ++i) {
            const bool zoe = i % 4 == 1, large = i / 4 % 4 == 1;
            desk.request((zoe && large ? 400 : 20) * wobble(i), with_others({{"app.reader", zoe ? "zoe" : letter("r", draw(i, 5, 8))}, {"app.size", large ? "large" : letter("m", draw(i, 6, 3))}}, i));
        }
        const AnalysisReport report = desk.report();
        QCOMPARE(report.findings.size(), std::size_t{1});
        QCOMPARE(report.findings[0].key, std::string("desk|GET /loans|app.reader & app.size=zoe & large"));
        QCOMPARE(report.findings[0].verdict, Verdict::confirmed);
    }

    void chance_over_all_operations()
    {
        // 11 of 20 slow requests of one operation and 30 of 180 others: p = 0.0004. Among the values of 40 operations that is chance.
        const auto ask = [](int operations) {
            Desk desk;
            for (int one = 0; one < operations; ++one) {
                desk.operation = "GET /" + std::string(1, static_cast<char>('a' + one % 26)) + static_cast<char>('a' + one / 26);
                for (int i = 0; i < 200; ++i) {
                    const bool slow = i % 10 == 3;
                    const int at = i / 10;
                    const bool zoe = one == 0 ? (slow ? at * 11 / 20 != (at + 1) * 11 / 20 : i % 6 == 1) : i % 5 == 1;
                    desk.request((slow ? 400 : 20) * wobble(i), {{"app.reader", zoe ? "zoe" : letter("r", draw(i + 1000 * one, 5, 8))}, {"app.paper", letter("p", draw(i + 1000 * one, 2, 4))}, {"app.shelf", letter("s", draw(i + 1000 * one, 3, 5))}});
                }
            }
            return desk.report().findings.size();
        };
        QCOMPARE(ask(1), std::size_t{1});
        QCOMPARE(ask(40), std::size_t{0});
    }

    void few_attributes()
    {
        Desk desk;
        for (int i = 0; i < 600; ++i) desk.request((i % 10 == 3 ? 400 : 20) * wobble(i), {{"app.reader", letter("r", draw(i, 5, 8))}, {"app.paper", letter("p", draw(i, 2, 4))}});
        QVERIFY2(desk.told().startsWith("inconclusive: only 2 attributes"), qPrintable(desk.told()));
    }

    void popular_value_is_ruled_out_with_its_lift()
    {
        Desk desk;  // zoe has 85 % of the slow and 60 % of the others: lift 1.36
        for (int i = 0; i < 2'000; ++i) {
            const bool slow = i % 10 == 3, zoe = slow ? i / 10 % 20 < 17 : i / 10 % 10 < 6;
            desk.request((slow ? 400 : 20) * wobble(i), with_others({{"app.reader", zoe ? "zoe" : letter("r", draw(i, 5, 8))}}, i));
        }
        QVERIFY2(desk.told().startsWith("ruled_out: no value separates slow from other requests: best lift 1.4 over 5 attributes"), qPrintable(desk.told()));
    }

    void what_only_slow_requests_say_is_inconclusive()
    {
        Desk desk;
        for (int i = 0; i < 600; ++i) {
            Attributes attributes = with_others({{"app.reader", letter("r", draw(i, 5, 8))}}, i);
            if (i % 10 == 3) attributes.emplace_back("app.slow_log", "written");
            desk.request((i % 10 == 3 ? 400 : 20) * wobble(i), std::move(attributes));
        }
        const AnalysisReport report = desk.report();
        QCOMPARE(report.findings.size(), std::size_t{1});
        QCOMPARE(report.findings[0].verdict, Verdict::inconclusive);
        QVERIFY(report.findings[0].note.find("do not record app.slow_log") != std::string::npos);
    }

    void other_names_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<bool>("named");
        QTest::newRow("host") << "host.name" << false;
        QTest::newRow("pod") << "k8s.pod.name" << false;
        QTest::newRow("another name for the instance") << "app.node" << false;
        QTest::newRow("another name for the version") << "app.build" << false;
        QTest::newRow("peer address, new and old") << "network.peer.address" << false;
        QTest::newRow("peer address, old") << "net.sock.peer.addr" << false;
        QTest::newRow("client's address by its own name") << "http.client_ip" << false;
        QTest::newRow("peer's port") << "app.peer_port" << false;
        QTest::newRow("outcome") << "app.outcome" << false;
        QTest::newRow("status") << "http.response.status_code" << false;
        QTest::newRow("version of what asks") << "app.client_version" << true;
        QTest::newRow("reader") << "app.reader" << true;
    }
    void other_names()
    {
        QFETCH(const QString, key);
        QFETCH(const bool, named);
        Desk desk;
        for (int i = 0; i < 600; ++i) {
            const bool slow = i % 8 == 3;
            if (key == "app.node" || key == "host.name" || key == "k8s.pod.name") desk.instance = slow ? "desk-3" : letter("desk-", draw(i, 6, 5));
            if (key == "app.build") desk.version = slow ? "2.1" : letter("2.0", draw(i, 6, 2));
            const std::string value = key.endsWith("port") ? std::to_string(slow ? 4003 : 4010 + draw(i, 6, 5)) : slow ? "503" : letter("20", draw(i, 6, 5));
            desk.request((slow ? 400 : 20) * wobble(i), with_others({{key.toStdString(), value}}, i));
        }
        QVERIFY2(desk.told().contains(key + "=") == named, qPrintable(desk.told()));
        QCOMPARE(desk.told().startsWith("confirmed"), named);
    }

    void another_name_for_the_calling_operation()
    {
        CaseBuilder made;
        std::uint64_t ids = 0;
        for (int i = 0; i < 600; ++i) {
            const bool report = i % 8 == 3;
            const std::int64_t at = (i + 1) * 200 * ms, took = static_cast<std::int64_t>((report ? 400 : 20) * wobble(i) * 1e6);
            const auto trace = static_cast<std::uint64_t>(i + 1);
            TestSpan front{.trace = trace, .id = ++ids, .start_ns = at, .duration_ns = took + 10 * ms, .service = "hall", .name = report ? "GET /report" : "GET /desk", .kind = SpanKind::server};
            front.attributes = with_others({{"app.screen", report ? "yearly" : letter("d", draw(i, 6, 4))}}, i);
            TestSpan call{.trace = trace, .id = ++ids, .parent = front.id, .start_ns = at + 4 * ms, .duration_ns = took + 2 * ms, .service = "hall", .name = "GET", .kind = SpanKind::client};
            TestSpan desk{.trace = trace, .id = ++ids, .parent = call.id, .start_ns = at + 5 * ms, .duration_ns = took, .service = "desk", .name = "GET /loans", .kind = SpanKind::server};
            made.add(front).add(call).add(desk);
        }
        const QString told = QString::fromStdString(made.answer("latency.slow_cohort"));
        QVERIFY2(!told.contains("app.screen"), qPrintable(told));
    }

    void load_and_throttles_are_figures()
    {
        Desk desk;
        for (int i = 0; i < 800; ++i) {
            const bool zoe = i % 4 == 1;
            desk.refused = zoe && i % 16 == 1;
            desk.request((zoe ? 400 : 20) * wobble(i), with_others({{"app.shard", zoe ? "zoe" : letter("r", draw(i, 5, 8))}}, i));
        }
        desk.made.file("limits.csv", "source,name,value,unit\ndynamodb,partition.max_rps,1,rps\n");
        const AnalysisReport report = desk.report();
        QCOMPARE(report.findings.size(), std::size_t{1});
        const Finding& finding = report.findings[0];
        QCOMPARE(finding.verdict, Verdict::confirmed);
        QCOMPARE(figure(finding, "share_of_load"), 25.0);
        QCOMPARE(figure(finding, "throttled"), 25.0);
        QCOMPARE(figure(finding, "throttled_others"), 0.0);
        QVERIFY(std::abs(figure(finding, "requests_per_second") - 1.25) < 0.02);  // a quarter of five
        QVERIFY(std::abs(figure(finding, "of_partition_limit") - 125) < 2);
    }

    void key_at_the_limit_of_a_partition_data()
    {
        QTest::addColumn<QByteArray>("setting");
        QTest::addColumn<bool>("suspected");
        // Shard "hot" has half of five requests a second.
        QTest::newRow("limit of 2 a second") << QByteArray("dynamodb,partition.max_rps,2,rps") << true;
        QTest::newRow("of the service's shards, in its name") << QByteArray("desk,shard_limit_per_second,2,") << true;
        QTest::newRow("write units") << QByteArray(",loans.partition.write_capacity,2,WCU") << true;
        QTest::newRow("120 a minute") << QByteArray("desk,shard.limit,120,req/min") << true;
        QTest::newRow("with its unit") << QByteArray("desk,shard.limit,2/s,") << true;
        QTest::newRow("limit of 1000") << QByteArray("dynamodb,partition.max_rps,1000,rps") << false;
        QTest::newRow("two of what") << QByteArray("dynamodb,partition.max,2,") << false;
        QTest::newRow("partitions of another table") << QByteArray("dynamodb,invoices.partition.max_rps,2,rps") << false;
        QTest::newRow("another service's") << QByteArray("hall,partition.max_rps,2,rps") << false;
        QTest::newRow("no partition's") << QByteArray("desk,login.max_rps,2,rps") << false;
    }
    void key_at_the_limit_of_a_partition()
    {
        QFETCH(const QByteArray, setting);
        QFETCH(const bool, suspected);
        Desk desk;
        for (int i = 0; i < 900; ++i) desk.request((i % 29 == 0 ? 700 : 20) * wobble(i), with_others({{"app.shard", i % 2 ? letter("s", i / 2 % 8) : "hot"}}, i));
        desk.service = "hall";
        desk.operation = "GET /hall";
        desk.request(10, {});
        desk.made.file("limits.csv", "source,name,value,unit\n" + setting.toStdString() + "\n");
        QVERIFY2(desk.told().startsWith("suspected: app.shard=hot has") == suspected, qPrintable(desk.told()));
    }
};

QTEST_APPLESS_MAIN(TestCohortRule)
#include "tst_cohort_rule.moc"
