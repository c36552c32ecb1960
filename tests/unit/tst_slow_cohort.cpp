// latency.slow_cohort beyond single values: sizes that make requests longer than in proportion, and throttled keys; and
// latency.tail_divergence against what was promised.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <cmath>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000;

struct Shop {
    CaseBuilder made;
    std::uint64_t next = 1;

    void request(double took_ms, std::vector<std::pair<std::string, std::string>> attributes, bool refused = false)
    {
        const std::uint64_t id = next++;
        TestSpan span{.trace = id, .id = id, .start_ns = static_cast<std::int64_t>(id) * 200 * ms, .duration_ns = static_cast<std::int64_t>(took_ms * 1e6), .service = "basket", .name = "POST /merge", .kind = SpanKind::server};
        span.attributes = {{"http.request.method", "POST"}, {"http.route", "/merge"}};
        for (auto& attribute : attributes) span.attributes.push_back(std::move(attribute));
        if (refused) {
            span.status = SpanStatus::error;
            span.attributes.emplace_back("error.type", "ThrottlingException");
        }
        made.add(span);
    }
    QString answer(const char* analyzer) const { return QString::fromStdString(made.answer(analyzer)); }
    const Finding* finding(const AnalysisReport& report) const { return report.findings.empty() ? nullptr : &report.findings.front(); }
};

/// 5 to 320, most of them small, none twice in a row.
int size_of(int i) { return 5 + (i * 7919 % 97 < 85 ? i * 31 % 40 : i * 53 % 316); }
/// 0.9 to 1.1
double wobble(int i) { return 0.9 + 0.002 * (i * 37 % 101); }

}  // namespace

class TestSlowCohort : public QObject {
    Q_OBJECT
private slots:
    void quadratic_size_is_named_with_its_slope()
    {
        Shop shop;
        for (int i = 0; i < 600; ++i) shop.request((2 + 0.02 * size_of(i) * size_of(i)) * wobble(i), {{"app.lines", std::to_string(size_of(i))}, {"app.colour", i % 3 ? "red" : "blue"}});
        const AnalysisReport report = shop.made.ask({"latency.slow_cohort"});
        const Finding* found = shop.finding(report);
        QVERIFY(found);
        QCOMPARE(found->verdict, Verdict::confirmed);
        QCOMPARE(QString::fromStdString(found->key), QString("basket|POST /merge|app.lines"));
        const auto figure = [&](const char* name) {
            for (const Figure& one : found->figures)
                if (one.name == name) return one.value;
            return 0.0;
        };
        QVERIFY2(figure("slope") > 1.6 && figure("slope") < 2.3, qPrintable(QString::number(figure("slope"))));
        QVERIFY(figure("slope_at_least") > 1.6);
        QVERIFY(figure("spread") >= 4);
        QVERIFY(figure("share_of_load") > 0 && figure("share_of_load") < 50);
    }

    void linear_size_is_what_one_pays_for()
    {
        Shop shop;
        for (int i = 0; i < 600; ++i) shop.request((2 + 3.0 * size_of(i)) * wobble(i), {{"app.lines", std::to_string(size_of(i))}, {"app.colour", i % 3 ? "red" : "blue"}});
        QVERIFY2(!shop.answer("latency.slow_cohort").contains("proportion"), qPrintable(shop.answer("latency.slow_cohort")));
    }

    void slow_requests_of_any_size_are_not_blamed_on_it()
    {
        Shop shop;
        for (int i = 0; i < 600; ++i) shop.request(i % 11 == 0 ? 900 * wobble(i) : 20 * wobble(i), {{"app.lines", std::to_string(size_of(i))}});
        QVERIFY2(!shop.answer("latency.slow_cohort").contains("app.lines"), qPrintable(shop.answer("latency.slow_cohort")));
    }

    void throttled_key_with_most_of_the_load_is_suspected()
    {
        const auto ask = [](int refused_every, bool even) {
            Shop shop;
            for (int i = 0; i < 900; ++i) {
                const bool hot = !even && i % 2 == 0;
                const std::string shard = hot ? "s0" : "s" + std::to_string(1 + i / 2 % 8);
                const bool refused = refused_every > 0 && (hot || even) && i % refused_every == 0;
                shop.request(i % 29 == 0 ? 700 * wobble(i) : 20 * wobble(i), {{"app.shard", shard}}, refused);
            }
            return shop.answer("latency.slow_cohort");
        };
        const QString hot = ask(20, false);
        QVERIFY2(hot.startsWith("suspected") && hot.contains("app.shard=s0") && hot.contains("throttled"), qPrintable(hot));
        QVERIFY2(!ask(0, false).contains("throttled"), "load alone");
        QVERIFY2(!ask(20, true).contains("throttled"), "throttled alike");
    }

    void tail_beyond_a_target_that_p95_keeps()
    {
        const auto ask = [](double slow_ms, const QByteArray& settings) {
            Shop shop;
            for (int i = 0; i < 1'500; ++i) shop.request(i % 50 == 7 ? slow_ms * wobble(i) : 200 * wobble(i), {});
            shop.made.file("targets.csv", "source,name,value,unit\n" + settings.toStdString());
            return shop.answer("latency.tail_divergence");
        };
        const QString hidden = ask(2'000, "basket,slo_latency,400,ms\n");
        QVERIFY2(hidden.startsWith("suspected") && hidden.contains("the target of 400 ms"), qPrintable(hidden));
        QVERIFY(ask(2'000, "slo,merge.slo.p95,0.4,s\n").startsWith("suspected"));
        QVERIFY2(!ask(1'000, "basket,slo_latency,400,ms\n").contains("target"), "2.5 x");
        QVERIFY2(!ask(2'000, "catalog,slo_latency,400,ms\n").contains("target"), "another service's");
        QVERIFY2(!ask(2'000, "basket,search_slo,400,ms\n").contains("target"), "another operation's");
        QVERIFY2(!ask(2'000, "basket,slave_delay,400,ms\n").contains("target"), "no promise");
        QVERIFY2(!ask(2'000, "basket,slo_availability,99.9,%\n").contains("target"), "no duration");
        QVERIFY2(!ask(2'000, "basket,slo_latency,100,ms\n").contains("keeps"), "P95 breaks it");
    }
};

QTEST_APPLESS_MAIN(TestSlowCohort)
#include "tst_slow_cohort.moc"
