#include "analyzers/analysis/own_increase.h"
#include "analyzers/analysis/releases.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

constexpr std::int64_t second = 1'000'000'000;

TestSpan entry(std::uint64_t trace, std::int64_t at_ns, std::int64_t duration_ms, std::string service, std::string version)
{
    TestSpan span{.trace = trace, .id = trace * 10, .start_ns = at_ns, .duration_ns = duration_ms * 1'000'000, .service = std::move(service), .name = "GET /a"};
    span.kind = SpanKind::server;
    span.version = std::move(version);
    return span;
}

SpanTable two_services()
{
    SpanTableBuilder builder;
    for (std::uint64_t i = 1; i <= 10; ++i)
    {
        builder.add(entry(2 * i, static_cast<std::int64_t>(i) * 100 * second, 10, "catalog", i <= 5 ? "1.0" : "1.1"));
        builder.add(entry(2 * i + 1, static_cast<std::int64_t>(i) * 100 * second, 10, "Cart", "7"));
    }
    return builder.build();
}

std::vector<std::string> services(const SpanTable& table, const Release& release)
{
    std::vector<std::string> names;
    for (const SpanTable::Id id : release.services)
        names.emplace_back(table.text(id));
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

class tst_releases : public QObject {
    Q_OBJECT

private slots:
    void which_service_is_meant()
    {
        const SpanTable table = two_services();
        const auto of = [&](Event event) {
            const auto releases = find_releases({event}, table);
            return releases.empty() ? Names{"none"} : services(table, releases[0]);
        };
        QCOMPARE(of({600 * second, "deploy", "catalog", "1.0 -> 1.1"}), Names{"catalog"});
        QCOMPARE(of({600 * second, "Deployment", "CART", ""}), Names{"Cart"});
        QCOMPARE(of({600 * second, "deploy", "catalog-service", ""}), Names{"catalog"});
        QCOMPARE(of({600 * second, "config", "", "cart: larger pool"}), Names{"Cart"});
        QCOMPARE(of({600 * second, "deploy", "", "release train 41"}), Names{"catalog"});  // its version changes then
        QCOMPARE(of({9'000 * second, "deploy", "", "release train 42"}), Names{});
        QCOMPARE(of({600 * second, "deploy", "catalogue", ""}), Names{});
        QCOMPARE(of({600 * second, "cron", "catalog", "nightly"}), Names{"none"});
        QCOMPARE(of({600 * second, "restart", "catalog", ""}), Names{"none"});
    }

    void events_of_one_rollout_are_one_release()
    {
        const SpanTable table = two_services();
        const auto releases = find_releases({{100 * second, "deploy", "catalog", "rollout started"},
                                             {160 * second, "deploy", "catalog", "rollout finished"},
                                             {200 * second, "deploy", "catalog", "rolled back to 1.0"},
                                             {900 * second, "deploy", "catalog", "1.0 -> 1.1"}},
                                            table);
        QCOMPARE(releases.size(), std::size_t{3});
        QCOMPARE(releases[0].at_ns, 100 * second);
        QCOMPARE(releases[0].until_ns, 160 * second);
        QVERIFY(!releases[0].rollback && releases[1].rollback && !releases[2].rollback);
    }

    void whose_increase_it_is_data()
    {
        QTest::addColumn<int>("self_ms");
        QTest::addColumn<int>("callee_ms");
        QTest::addColumn<int>("calls");
        QTest::addColumn<double>("total_ms");
        QTest::addColumn<double>("own_ms");
        QTest::addColumn<bool>("slower_callee");
        // Before: 10 ms of its own and one call of 20 ms.
        QTest::newRow("its own work") << 50 << 20 << 1 << 40.0 << 40.0 << false;
        QTest::newRow("a slower callee") << 10 << 60 << 1 << 40.0 << 0.0 << true;
        QTest::newRow("more calls") << 10 << 20 << 3 << 40.0 << 40.0 << false;
        QTest::newRow("more calls of a slower callee") << 10 << 40 << 2 << 60.0 << 40.0 << true;
        QTest::newRow("faster") << 5 << 20 << 1 << -5.0 << 0.0 << false;
    }

    void whose_increase_it_is()
    {
        QFETCH(int, self_ms);
        QFETCH(int, callee_ms);
        QFETCH(int, calls);
        QFETCH(double, total_ms);
        QFETCH(double, own_ms);
        QFETCH(bool, slower_callee);
        SpanTableBuilder builder;
        std::uint64_t trace = 0;
        const auto add = [&](int self, int callee, int count) {
            ++trace;
            const TestSpan request = entry(trace, static_cast<std::int64_t>(trace) * second, self + callee * count, "front", "");
            builder.add(request);
            for (int i = 0; i < count; ++i)
            {
                TestSpan call{.trace = trace, .id = trace * 10 + 1 + static_cast<std::uint64_t>(i), .parent = request.id, .start_ns = request.start_ns + (5 + callee * i) * 1'000'000LL, .duration_ns = callee * 1'000'000LL, .service = "front", .name = "GET"};
                call.kind = SpanKind::client;
                call.attributes = {{"http.request.method", "GET"}, {"server.address", "back"}};
                builder.add(call);
            }
        };
        for (int i = 0; i < 10; ++i)
            add(10, 20, 1);
        for (int i = 0; i < 10; ++i)
            add(self_ms, callee_ms, calls);
        const SpanTable table = builder.build();
        const SpanClasses classes = classify(table);
        std::vector<SpanTable::Row> before, after;
        for (SpanTable::Row row = 0; row < table.size(); ++row)
            if (table.kind[row] == SpanKind::server)
                (table.trace[row] < 10 ? before : after).push_back(row);
        const OwnIncrease increase = IncreaseComparison(table, classes).compare(before, after);
        QCOMPARE(increase.total_ms, total_ms);
        QCOMPARE(increase.own_ms, own_ms);
        QCOMPARE(!increase.slower_callee.empty(), slower_callee);
        QCOMPARE(increase.calls_after, static_cast<double>(calls));
    }
};

QTEST_APPLESS_MAIN(tst_releases)
#include "tst_releases.moc"
