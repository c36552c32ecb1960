#include "analyzers/trace/requests.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

TestSpan span(std::uint64_t id, std::uint64_t parent, SpanKind kind, std::int64_t start_ms, std::int64_t duration_ms)
{
    TestSpan result{.id = id, .parent = parent, .start_ns = start_ms * 1'000'000, .duration_ns = duration_ms * 1'000'000};
    result.kind = kind;
    return result;
}

std::uint64_t request_of(std::vector<TestSpan> spans)
{
    SpanTableBuilder builder;
    for (TestSpan& one : spans)
        builder.add(std::move(one));
    const SpanTable table = builder.build();
    return table.span_id[request_row(table, 0)];
}

}  // namespace

class tst_requests : public QObject {
    Q_OBJECT

private slots:
    void the_span_users_wait_for()
    {
        using enum SpanKind;
        // a service answers
        QCOMPARE(request_of({span(1, 0, server, 0, 100), span(2, 1, client, 10, 50), span(3, 2, server, 11, 48)}), 1u);
        // an instrumented client, with spans of its own
        QCOMPARE(request_of({span(1, 0, client, 0, 100), span(2, 1, internal, 0, 5), span(3, 1, server, 6, 40)}), 3u);
        // a client that asked twice, and a page load with several requests, are themselves what users wait for
        QCOMPARE(request_of({span(1, 0, client, 0, 100), span(2, 1, server, 0, 40), span(3, 1, server, 50, 40)}), 1u);
        QCOMPARE(request_of({span(1, 0, internal, 0, 100), span(2, 1, client, 0, 40), span(3, 2, server, 0, 40), span(4, 1, client, 50, 40), span(5, 4, server, 50, 40)}), 1u);
        // a wrapper around the server span; a job that calls a service for a moment
        QCOMPARE(request_of({span(1, 0, internal, 0, 100), span(2, 1, server, 5, 90)}), 2u);
        QCOMPARE(request_of({span(1, 0, internal, 0, 100), span(2, 1, client, 5, 10), span(3, 2, server, 5, 9)}), 1u);
        // the root is missing: the first server span without a parent, not the first piece
        QCOMPARE(request_of({span(2, 99, internal, 0, 5), span(3, 98, server, 1, 40), span(4, 97, server, 2, 10)}), 3u);
        // spans between root and server span were lost
        QCOMPARE(request_of({span(1, 0, client, 0, 50), span(2, 99, server, 5, 40)}), 2u);
        // no kinds at all
        QCOMPARE(request_of({span(1, 0, internal, 0, 100), span(2, 1, internal, 5, 90)}), 1u);
    }

    void one_per_trace()
    {
        SpanTableBuilder builder;
        for (std::uint64_t trace = 1; trace <= 5; ++trace)
            for (std::uint64_t id = 1; id <= 3; ++id)
            {
                TestSpan one = span(id, id - 1, SpanKind::server, static_cast<std::int64_t>(id), 10);
                one.trace = trace;
                builder.add(std::move(one));
            }
        const SpanTable table = builder.build();
        const auto rows = request_rows(table);
        QCOMPARE(rows.size(), table.traces.size());
        for (std::size_t i = 0; i < rows.size(); ++i)
            QCOMPARE(table.trace[rows[i]], static_cast<std::uint32_t>(i));
    }

    void failures()
    {
        TestSpan error = span(1, 0, SpanKind::server, 0, 1), unavailable = span(2, 1, SpanKind::server, 1, 1), missing = span(3, 1, SpanKind::server, 2, 1);
        error.status = SpanStatus::error;
        unavailable.attributes = {{"http.status_code", "503"}};
        missing.attributes = {{"http.response.status_code", "404"}};
        const SpanTable table = SpanTableBuilder().add(error).add(unavailable).add(missing).build();
        QVERIFY(is_failed(table, 0) && is_failed(table, 1) && !is_failed(table, 2));
    }

    void codes_tell_where_the_status_is_unset()
    {
        const auto said = [](SpanStatus status, const char* key, const char* code) {
            TestSpan one = span(1, 0, SpanKind::server, 0, 10);
            one.status = status;
            one.attributes = {{key, code}};
            const SpanTable table = SpanTableBuilder().add(std::move(one)).build();
            return std::pair(is_failed(table, 0), records_outcome(table, 0));
        };
        using enum SpanStatus;
        QCOMPARE(said(unset, "http.response.status_code", "503"), std::pair(true, true));
        QCOMPARE(said(unset, "http.status_code", "404"), std::pair(false, true));
        QCOMPARE(said(ok, "http.status_code", "500"), std::pair(false, true));  // somebody decided that it is none
        QCOMPARE(said(unset, "rpc.grpc.status_code", "14"), std::pair(true, true));
        QCOMPARE(said(unset, "rpc.grpc.status_code", "5"), std::pair(false, true));  // not found: the caller's
        QCOMPARE(said(unset, "rpc.response.status_code", "DEADLINE_EXCEEDED"), std::pair(true, true));
        QCOMPARE(said(unset, "app.tenant", "500"), std::pair(false, false));
    }

    void groups_and_percentiles()
    {
        SpanTableBuilder builder;
        for (std::uint64_t i = 1; i <= 100; ++i)
        {
            TestSpan one = span(i, 0, SpanKind::server, static_cast<std::int64_t>(i), static_cast<std::int64_t>(i));
            one.trace = i;
            one.name = i % 2 ? "odd" : "even";
            builder.add(std::move(one));
        }
        const SpanTable table = builder.build();
        const auto rows = request_rows(table);
        const auto groups = group_by_operation(table, rows);
        QCOMPARE(groups.size(), std::size_t{2});
        QCOMPARE(table.text(groups[0].operation), "even");
        QCOMPARE(groups[0].rows.size(), std::size_t{50});
        QCOMPARE(table.span_id[groups[0].rows[0]], 2u);
        const Latency all = latency_of(table, rows);
        QCOMPARE(all.count, std::size_t{100});
        QCOMPARE(all.mean_ms, 50.5);
        QCOMPARE(all.p50_ms, 50.5);
        QVERIFY(std::abs(all.p99_ms - 99.01) < 1e-9);
        QCOMPARE(all.max_ms, 100.0);
        QCOMPARE(latency_of(table, {}).count, std::size_t{0});
    }

    void percentiles_that_samples_carry()
    {
        QCOMPARE(highest_percentile(10'000, 10), 99.9);
        QCOMPARE(highest_percentile(9'999, 10), 99.0);
        QCOMPARE(highest_percentile(1'000, 10), 99.0);
        QCOMPARE(highest_percentile(200, 10), 95.0);
        QCOMPARE(highest_percentile(100, 10), 90.0);
        QCOMPARE(highest_percentile(20, 10), 50.0);
        QCOMPARE(highest_percentile(19, 10), 0.0);
    }
};

QTEST_APPLESS_MAIN(tst_requests)
#include "tst_requests.moc"
