#include "analyzers/trace/calls.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

TestSpan span(std::uint64_t id, std::uint64_t parent, SpanKind kind, std::int64_t start_ms, std::int64_t duration_ms, std::string name, std::vector<std::pair<std::string, std::string>> attributes = {})
{
    TestSpan result{.id = id, .parent = parent, .start_ns = start_ms * 1'000'000, .duration_ns = duration_ms * 1'000'000, .name = std::move(name)};
    result.kind = kind;
    result.attributes = std::move(attributes);
    return result;
}

std::vector<std::uint64_t> ids(const SpanTable& table, std::span<const SpanTable::Row> rows)
{
    std::vector<std::uint64_t> result;
    for (const SpanTable::Row row : rows)
        result.push_back(table.span_id[row]);
    return result;
}

}  // namespace

class tst_calls : public QObject {
    Q_OBJECT

private slots:
    void outermost_below_internal_spans()
    {
        using enum SpanKind;
        SpanTableBuilder builder;
        builder.add(span(1, 0, server, 0, 100, "GET /a"));
        builder.add(span(2, 1, internal, 1, 98, "handler"));
        builder.add(span(3, 2, client, 2, 20, "GET /b", {{"http.request.method", "GET"}, {"server.address", "b"}}));
        builder.add(span(4, 3, client, 3, 5, "GET /b", {{"http.request.method", "GET"}, {"server.address", "b"}}));  // the client below the client
        TestSpan callee = span(5, 3, server, 4, 15, "GET /b");
        callee.service = "b";
        builder.add(callee);
        TestSpan inner = span(6, 5, client, 5, 5, "select");
        inner.service = "b";
        inner.statement = "SELECT * FROM t WHERE id = 1";
        builder.add(inner);
        builder.add(span(7, 1, client, 101, 5, "POST /later", {{"http.request.method", "POST"}}));  // after the answer
        const SpanTable table = builder.build();
        const SpanClasses classes = classify(table);
        const OutermostCalls calls = outermost_calls(table, classes);
        QCOMPARE(ids(table, calls.entries), (std::vector<std::uint64_t>{1, 5}));
        QCOMPARE(ids(table, calls.of(0)), (std::vector<std::uint64_t>{3}));
        QCOMPARE(ids(table, calls.of(1)), (std::vector<std::uint64_t>{6}));
    }

    void targets_are_the_same_in_every_trace()
    {
        SpanTableBuilder builder;
        for (std::uint64_t trace = 1; trace <= 2; ++trace)
        {
            for (TestSpan one : {span(1, 0, SpanKind::server, 0, 100, "GET /a"),
                                 span(2, 1, SpanKind::client, 1, 10, "GET", {{"http.request.method", "GET"}, {"server.address", "b"}, {"server.port", "80"}}),
                                 span(3, 1, SpanKind::client, 20, 10, "GET", {{"http.request.method", "GET"}, {"server.address", "c"}, {"server.port", "80"}})})
            {
                one.trace = trace;
                builder.add(std::move(one));
            }
            TestSpan statement = span(4, 1, SpanKind::client, 40, 10, "query", {{"db.system", "postgresql"}});
            statement.trace = trace;
            statement.statement = "SELECT * FROM orders WHERE id = " + std::to_string(trace);
            builder.add(std::move(statement));
        }
        const SpanTable table = builder.build();
        const SpanClasses classes = classify(table);
        const OutermostCalls calls = outermost_calls(table, classes);
        CallTargets targets(table, classes);
        std::vector<CallTargets::Id> first, second;
        for (const SpanTable::Row row : calls.of(0))
            first.push_back(targets.of(row));
        for (const SpanTable::Row row : calls.of(1))
            second.push_back(targets.of(row));
        QCOMPARE(first, second);
        QCOMPARE(targets.size(), std::size_t{3});
        QCOMPARE(targets.label(first[0]), "b:80 GET");
        QCOMPARE(targets.label(first[2]), "SELECT on orders");
        QCOMPARE(targets.peer(first[2]), "postgresql");
    }

    void answers_stand_for_calls_without_client_spans()
    {
        using enum SpanKind;
        const auto of = [](const char* service, TestSpan one) {
            one.service = service;
            return one;
        };
        SpanTableBuilder builder;
        builder.add(span(1, 0, server, 0, 100, "GET /a"));
        builder.add(span(2, 1, internal, 1, 98, "handler"));
        builder.add(of("b", span(3, 1, server, 2, 20, "GET /b")));
        builder.add(of("c", span(4, 2, server, 30, 20, "GET /c")));
        builder.add(of("d", span(5, 4, server, 31, 5, "GET /d")));  // asked by c
        builder.add(span(6, 2, client, 60, 10, "GET /e", {{"http.request.method", "GET"}, {"server.address", "e"}}));
        builder.add(of("e", span(7, 6, server, 61, 8, "GET /e")));
        builder.add(span(8, 1, producer, 75, 1, "orders publish", {{"messaging.system", "kafka"}}));
        builder.add(of("mail", span(9, 8, consumer, 80, 10, "orders process")));
        builder.add(of("audit", span(10, 1, consumer, 80, 10, "orders process")));
        builder.add(of("b", span(11, 1, server, 101, 5, "GET /b")));  // after the answer
        const SpanTable table = builder.build();
        const SpanClasses classes = classify(table);
        const OutermostCalls calls = outermost_calls(table, classes);
        QCOMPARE(ids(table, calls.entries), (std::vector<std::uint64_t>{1, 4}));
        QCOMPARE(ids(table, calls.of(0)), (std::vector<std::uint64_t>{3, 4, 6, 8}));
        QCOMPARE(ids(table, calls.of(1)), (std::vector<std::uint64_t>{5}));
        CallTargets targets(table, classes);
        const CallTargets::Id b = targets.of(calls.of(0)[0]);
        QCOMPARE(targets.peer(b), "b");
        QVERIFY(targets.span_class(b) == SpanClass::remote_call);
    }

    void a_handler_above_answers_alone_is_no_call()
    {
        using enum SpanKind;
        SpanTableBuilder builder;
        builder.add(span(1, 0, server, 0, 100, "GET /a"));
        builder.add(span(2, 1, internal, 1, 98, "handler"));
        for (std::uint64_t i = 0; i < 2; ++i) {
            TestSpan answer = span(3 + i, 2, server, 2 + static_cast<std::int64_t>(i) * 30, 20, "GET /b");
            answer.service = "b";
            builder.add(answer);
        }
        const SpanTable table = builder.build();
        const OutermostCalls calls = outermost_calls(table, classify(table));
        QCOMPARE(ids(table, calls.entries), (std::vector<std::uint64_t>{1}));
        QCOMPARE(ids(table, calls.of(0)), (std::vector<std::uint64_t>{3, 4}));
    }

    void nothing_to_call()
    {
        const SpanTable table = SpanTableBuilder().add(span(1, 0, SpanKind::server, 0, 100, "GET /a")).build();
        const OutermostCalls calls = outermost_calls(table, classify(table));
        QVERIFY(calls.entries.empty());
        QVERIFY(calls.rows.empty());
    }
};

QTEST_APPLESS_MAIN(tst_calls)
#include "tst_calls.moc"
