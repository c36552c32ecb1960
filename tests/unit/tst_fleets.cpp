#include "analyzers/analysis/fleets.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

TimeRange seconds(std::int64_t from, std::int64_t to) { return {from * second_ns, to * second_ns}; }

QString text_of(const std::vector<Together>& groups)
{
    QStringList texts;
    for (const Together& group : groups) {
        QStringList members;
        for (const std::size_t member : group.members) members.append(QString::number(member));
        texts.append(QString("%1 in %2-%3").arg(members.join(',')).arg(group.shared.from_ns / second_ns).arg(group.shared.to_ns / second_ns));
    }
    return texts.join("; ");
}

}  // namespace

class tst_fleets : public QObject {
    Q_OBJECT

private slots:
    void who_serves_together_data()
    {
        QTest::addColumn<QVector<int>>("served");  // from, to
        QTest::addColumn<QString>("groups");
        QTest::newRow("all of the time") << QVector<int>{0, 100, 0, 100, 0, 100} << "0,1,2 in 0-100";
        QTest::newRow("in turn") << QVector<int>{0, 100, 100, 200} << "";
        QTest::newRow("one overlaps the next by less than half") << QVector<int>{0, 100, 60, 160} << "";
        QTest::newRow("a rolling restart") << QVector<int>{0, 100, 0, 105, 0, 110, 100, 200, 105, 200, 110, 200} << "0,1,2 in 0-100; 3,4,5 in 110-200";
        QTest::newRow("one joins for the last third") << QVector<int>{0, 90, 0, 90, 60, 90} << "0,1 in 0-90";
        QTest::newRow("one joins for the last two thirds") << QVector<int>{0, 90, 0, 90, 30, 90} << "0,1,2 in 30-90";
        QTest::newRow("nobody served") << QVector<int>{0, 0, 50, 20} << "";
    }

    void who_serves_together()
    {
        QFETCH(QVector<int>, served);
        QFETCH(QString, groups);
        std::vector<TimeRange> ranges;
        for (int i = 0; i + 1 < served.size(); i += 2) ranges.push_back(seconds(served[i], served[i + 1]));
        QCOMPARE(text_of(serving_together(ranges)), groups);
    }

    void ids_that_name_requests_cost_no_more()
    {
        std::vector<TimeRange> ranges;
        for (std::int64_t i = 0; i < 300'000; ++i) ranges.push_back(seconds(i, i + 1));
        QCOMPARE(serving_together(ranges).size(), std::size_t{0});
    }

    void new_instances_warm_up()
    {
        QCOMPARE(warm_from_ns(60 * second_ns, 0, 1e9, 2), 180 * second_ns);
        QCOMPARE(warm_from_ns(9 * second_ns, 0, 1e9, 2), 9 * second_ns);     // the first requests after the recording began
        QCOMPARE(warm_from_ns(60 * second_ns, 0, 10e9, 2), 60 * second_ns);  // asked every ten seconds
    }

    void fleets_of_a_service()
    {
        SpanTableBuilder builder;
        std::uint64_t id = 0;
        const auto serve = [&](const std::string& service, const std::string& instance, std::int64_t from, std::int64_t to) {
            for (std::int64_t at = from; at < to; ++at) {
                ++id;
                TestSpan span{.trace = id, .id = id, .start_ns = at * second_ns, .duration_ns = 1'000'000, .service = service, .name = "GET /"};
                span.kind = SpanKind::server;
                span.instance = instance;
                builder.add(span);
            }
        };
        serve("gate", "b", 0, 600);
        serve("gate", "a", 0, 600);
        serve("gate", "c", 100, 600);
        serve("desk", "", 0, 600);
        serve("desk", "d", 0, 600);
        const SpanTable table = builder.build();
        const SpanClasses classes = classify(table);
        AnalysisWindows windows;
        windows.analysed = windows.whole = seconds(0, 600);
        const std::vector<Fleet> found = fleets(table, classes, operations(table, classes, windows, 10), 2);
        QCOMPARE(found.size(), std::size_t{1});
        QCOMPARE(QString::fromStdString(std::string(table.text(found[0].service))), QString("gate"));
        QStringList names;
        for (const SpanTable::Id instance : found[0].instances) names.append(QString::fromStdString(std::string(table.text(instance))));
        QCOMPARE(names.join(','), QString("a,b,c"));
        QCOMPARE(found[0].together.from_ns, 220 * second_ns);  // c joined at 100 s and is new for two minutes
    }

    void slow_minorities()
    {
        const auto found = [](const std::vector<double>& tails) { return slow_minority(tails, 50, 2); };
        QCOMPARE(found({90, 30, 29}).count, std::size_t{1});
        QVERIFY(std::abs(found({90, 30, 29}).factor - 90 / 29.5) < 1e-9);
        QCOMPARE(found({95, 90, 30, 29}).count, std::size_t{2});
        QCOMPARE(found({95, 94, 90, 30}).count, std::size_t{0});  // three of four are not some
        QCOMPARE(found({90, 30}).count, std::size_t{1});
        QCOMPARE(found({50, 30, 29}).count, std::size_t{0});
        QVERIFY(std::abs(found({50, 30, 29}).largest_factor - 50 / 29.5) < 1e-9);
        QCOMPARE(found({}).count, std::size_t{0});
        QCOMPARE(found({1, 0}).count, std::size_t{0});
    }

    void mixes()
    {
        using Counts = std::vector<std::pair<double, double>>;
        QCOMPARE(mix_difference(Counts{{500, 1000}, {500, 1000}}), 0.0);
        QCOMPARE(mix_difference(Counts{}), 0.0);
        QCOMPARE(mix_difference(Counts{{10, 0}}), 0.0);
        const double all = mix_difference(Counts{{1000, 0}, {0, 1000}});
        QVERIFY2(all > 0.95 && all <= 1, qPrintable(QString::number(all)));
        QCOMPARE(mix_difference(Counts{{6, 10}, {4, 12}}), 0.0);  // 15 % apart, as chance has it with so few
        // Names that occur once each say nothing about a mix.
        Counts ids;
        for (int i = 0; i < 400; ++i) ids.emplace_back(i % 2, 1 - i % 2);
        QCOMPARE(mix_difference(ids), 0.0);
    }
};

QTEST_APPLESS_MAIN(tst_fleets)
#include "tst_fleets.moc"
