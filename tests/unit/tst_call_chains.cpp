#include "analyzers/analysis/call_chains.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

struct Call {
    std::string peer;
    std::int64_t from_ms = 0, to_ms = 0;
};
using Calls = std::vector<Call>;

/// One request of 1 s after the other, each with its calls, answered when the last of them is.
SpanTable requests(const std::vector<Calls>& all)
{
    SpanTableBuilder builder;
    std::uint64_t trace = 0;
    for (const Calls& calls : all)
    {
        ++trace;
        const std::int64_t at_ms = static_cast<std::int64_t>(trace) * 1000;
        std::int64_t end_ms = 0;
        for (const Call& call : calls)
            end_ms = std::max(end_ms, call.to_ms);
        TestSpan entry{.trace = trace, .id = trace * 100, .start_ns = at_ms * 1'000'000, .duration_ns = (end_ms + 1) * 1'000'000, .service = "front", .name = "GET /"};
        entry.kind = SpanKind::server;
        builder.add(entry);
        for (std::uint64_t i = 0; i < calls.size(); ++i)
        {
            TestSpan span{.trace = trace, .id = entry.id + 1 + i, .parent = entry.id, .start_ns = (at_ms + calls[i].from_ms) * 1'000'000, .duration_ns = (calls[i].to_ms - calls[i].from_ms) * 1'000'000, .service = "front", .name = "GET"};
            span.kind = SpanKind::client;
            span.attributes = {{"http.request.method", "GET"}, {"server.address", calls[i].peer}};
            builder.add(span);
        }
    }
    return builder.build();
}

}  // namespace

class tst_call_chains : public QObject {
    Q_OBJECT

private slots:
    void what_could_be_saved_data()
    {
        QTest::addColumn<QVector<int>>("chain");    // from, to of a, b, c; then of further calls to d
        QTest::addColumn<QVector<int>>("witness");  // of a, b, c
        QTest::addColumn<double>("saving_ms");
        const QVector<int> together{1, 21, 1, 31, 1, 41};
        QTest::newRow("three in line") << QVector<int>{1, 21, 21, 51, 51, 91} << together << 50.0;  // 90 less the 40 of c
        QTest::newRow("work of its own between is not saved") << QVector<int>{1, 21, 31, 61, 71, 111} << together << 50.0;
        QTest::newRow("never seen otherwise") << QVector<int>{1, 21, 21, 51, 51, 91} << QVector<int>{1, 21, 21, 51, 51, 91} << 0.0;
        // c needs b, for they never overlap; a alone can be moved beside them
        QTest::newRow("one needs another") << QVector<int>{1, 21, 21, 51, 51, 91} << QVector<int>{1, 21, 1, 31, 31, 71} << 20.0;
        QTest::newRow("calls between may be needed") << QVector<int>{1, 21, 51, 81, 81, 121, 21, 36, 36, 51} << together << 0.0;
        QTest::newRow("a long call beside them ends last but one") << QVector<int>{1, 21, 21, 51, 51, 91, 2, 90} << together << 90.0 - 88;
        // neighbours may overlap by 1 ms, or 1 % of the request
        QTest::newRow("1 ms of overlap is in line") << QVector<int>{1, 21, 20, 50, 50, 90} << together << 89.0 - 40;
        QTest::newRow("3 ms of 50 are no line") << QVector<int>{1, 21, 18, 51} << together << 0.0;
        QTest::newRow("3 ms of 450 are in line") << QVector<int>{1, 101, 98, 251, 248, 450} << QVector<int>{1, 101, 1, 151, 1, 201} << 449.0 - 202;
    }

    void what_could_be_saved()
    {
        QFETCH(QVector<int>, chain);
        QFETCH(QVector<int>, witness);
        QFETCH(double, saving_ms);
        const auto calls = [](const QVector<int>& times) {
            static const std::vector<std::string> peers{"a", "b", "c"};
            Calls result;
            for (int i = 0; i + 1 < times.size(); i += 2)
                result.push_back({i < 6 ? peers[static_cast<std::size_t>(i / 2)] : "d", times[i], times[i + 1]});
            return result;
        };
        const SpanTable table = requests({calls(chain), calls(chain), calls(chain), calls(chain), calls(witness), calls(witness), calls(witness), calls(witness)});
        const SpanClasses classes = classify(table);
        CallTargets targets(table, classes);
        AnalysisWindows windows;
        windows.analysed = windows.whole = {0, 1'000'000'000'000};
        const Control control;
        const auto found = find_call_chains(table, outermost_calls(table, classes), targets, windows, {}, control);
        QVERIFY(found.has_value());
        QCOMPARE(found->size(), std::size_t{1});
        double largest = 0;
        for (const CallChain& sighting : found->begin()->second.proven)
            if (table.trace[sighting.entry] < 4)
                largest = std::max(largest, sighting.saving_ms);
        largest = std::max(largest, found->begin()->second.largest_ms);
        QVERIFY2(std::abs(largest - saving_ms) < 0.01, qPrintable(QString::number(largest)));
    }
};

QTEST_APPLESS_MAIN(tst_call_chains)
#include "tst_call_chains.moc"
