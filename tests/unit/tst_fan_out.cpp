#include "analyzers/analysis/fan_out.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

struct Call {
    std::string kind;
    double from_ms = 0, to_ms = 0;
};

/// One request a second, each with the calls that `calls_of` gives, answered when the last of them is.
template <typename CallsOf>
SpanTable requests(std::uint64_t count, CallsOf calls_of)
{
    SpanTableBuilder builder;
    for (std::uint64_t trace = 1; trace <= count; ++trace) {
        const std::vector<Call> calls = calls_of(trace);
        double end_ms = 0;
        for (const Call& call : calls) end_ms = std::max(end_ms, call.to_ms);
        const auto at_ns = static_cast<std::int64_t>(trace) * 1'000'000'000;
        TestSpan entry{.trace = trace, .id = trace * 100, .start_ns = at_ns, .duration_ns = static_cast<std::int64_t>((end_ms + 1) * 1e6), .service = "front", .name = "GET /"};
        entry.kind = SpanKind::server;
        builder.add(entry);
        for (std::uint64_t i = 0; i < calls.size(); ++i) {
            TestSpan span{.trace = trace, .id = entry.id + 1 + i, .parent = entry.id, .start_ns = at_ns + static_cast<std::int64_t>(calls[i].from_ms * 1e6),
                          .duration_ns = static_cast<std::int64_t>((calls[i].to_ms - calls[i].from_ms) * 1e6), .service = "front", .name = calls[i].kind};
            span.kind = SpanKind::client;
            span.attributes = {{"http.request.method", "GET"}, {"server.address", "peer-" + std::to_string(i)}};
            builder.add(span);
        }
    }
    return builder.build();
}

struct Found {
    SpanTable table;
    SpanClasses classes;
    FanOutOperation operation;
    FanOutLook look;
};

Found look_at(SpanTable table)
{
    Found found{std::move(table), {}, {}, {}};
    found.classes = classify(found.table);
    AnalysisWindows windows;
    windows.analysed = windows.whole = {0, 1'000'000'000'000'000};
    const Control control;
    auto operations = find_fan_outs(found.table, found.classes, windows, {}, control);
    if (!operations || operations->size() != 1) qFatal("expected one operation with several calls");
    found.operation = std::move(operations->begin()->second);
    if (!found.operation.fan_outs.empty()) found.look = look_at_fan_outs(found.table, found.classes, found.operation, {});
    return found;
}

/// `n` calls of `ms` each at the same time, the `slow`th of 100 ms.
std::vector<Call> together(int n, double ms, int slow = -1)
{
    std::vector<Call> calls;
    for (int i = 0; i < n; ++i) calls.push_back({"GET", 0, i == slow ? 100 : ms + 0.01 * i});
    return calls;
}

}  // namespace

class tst_fan_out : public QObject {
    Q_OBJECT

private slots:
    void shares_and_chance()
    {
        // Every fifth request has one slow call of ten: 2 % of the calls, which by chance would make 1 - 0.98^10 = 18 % slow.
        const Found found = look_at(requests(500, [](std::uint64_t i) { return together(10, 8, i % 5 == 0 ? static_cast<int>(i / 5 % 10) : -1); }));
        QCOMPARE(found.operation.fan_outs.size(), std::size_t{500});
        QCOMPARE(found.look.fan_out, 10.0);
        QVERIFY2(std::abs(found.look.observed - 0.2) < 0.01, qPrintable(QString::number(found.look.observed)));
        QVERIFY2(std::abs(found.look.expected - 0.183) < 0.01, qPrintable(QString::number(found.look.expected)));
        QVERIFY2(found.look.error() < 0.15, qPrintable(QString::number(found.look.error())));
        QCOMPARE(found.look.within, 1.0);
        QVERIFY2(found.look.rotation.share <= 0.2, qPrintable(QString::number(found.look.rotation.share)));
        QVERIFY(found.look.spread_share < 1e-6);
        QVERIFY(std::abs(found.look.slow_ms - 101) < 0.1 && std::abs(found.look.normal_ms - 9.09) < 0.1);
    }

    void a_fast_kind_must_outlast_the_slow_one()
    {
        // Two lookups of 1 ms beside six calls of 30 ms; 8 ms for a lookup are slow for it, and nobody waits for them.
        const Found found = look_at(requests(200, [](std::uint64_t i) {
            std::vector<Call> calls = together(6, 30);
            for (int n = 0; n < 2; ++n) calls.push_back({"GET key", 0, i % 4 == 0 ? 8.0 : 1.0});
            return calls;
        }));
        QCOMPARE(found.look.slow.size(), std::size_t{0});
    }

    void one_callee()
    {
        const Found found = look_at(requests(200, [](std::uint64_t i) { return together(6, 8, i % 5 == 0 ? 3 : -1); }));
        QCOMPARE(found.look.rotation.share, 1.0);
        QCOMPARE(QString::fromStdString(found.look.rotation.child), QString("peer-3:"));
    }

    void in_line_or_too_few_at_once()
    {
        const auto staggered = [](double step_ms) {
            return look_at(requests(20, [step_ms](std::uint64_t) {
                std::vector<Call> calls;
                for (int n = 0; n < 8; ++n) calls.push_back({"GET", n * step_ms, n * step_ms + 10});
                return calls;
            }));
        };
        QCOMPARE(staggered(10).operation.one_by_one, std::size_t{20});
        QCOMPARE(staggered(4).operation.one_by_one, std::size_t{20});  // three at a time
        QCOMPARE(staggered(1).operation.fan_outs.size(), std::size_t{20});
    }

    void a_wide_spread_explains_slow_calls()
    {
        // Evenly spread logarithms of durations, from a hundredth of the median to a hundred times.
        const Found found = look_at(requests(400, [](std::uint64_t i) {
            std::vector<Call> calls;
            for (std::uint64_t n = 0; n < 8; ++n) calls.push_back({"GET", 0, 10 * std::pow(10.0, static_cast<double>((i * 8 + n) * 37 % 401) / 100 - 2)});
            return calls;
        }));
        QVERIFY2(found.look.spread_share > found.look.child_share / 2, qPrintable(QString("%1 of %2").arg(found.look.spread_share).arg(found.look.child_share)));
    }
};

QTEST_APPLESS_MAIN(tst_fan_out)
#include "tst_fan_out.moc"
