// Two sets of requests as one call tree.

#include "analyzers/trace/trace_diff.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>
#include <random>

using namespace casebook;

namespace {

using Row = SpanTable::Row;
constexpr std::int64_t ms = 1'000'000;

TestSpan span(std::uint64_t trace, std::uint64_t id, std::uint64_t parent, std::int64_t start_ms, std::int64_t duration_ms, const char* name,
              const char* service = "shop")
{
    TestSpan made;
    made.trace = trace;
    made.id = id;
    made.parent = parent;
    made.start_ns = start_ms * ms;
    made.duration_ns = duration_ms * ms;
    made.name = name;
    made.service = service;
    return made;
}

TraceDiff diff_of_traces(const SpanTable& table, std::size_t a, std::size_t b)
{
    return diff_traces(table, std::vector<Row>{table.traces[a].root}, std::vector<Row>{table.traces[b].root});
}

/// One line per node: indented name, calls, total, self and waited time in ms of both sides.
QStringList lines(const SpanTable& table, const TraceDiff& diff)
{
    QStringList result;
    for (const TraceDiffNode& node : diff.nodes) {
        const std::string_view name = table.text(node.operation);
        const auto side = [](const TraceDiffSide& one) {
            return QString("%1x %2/%3/%4").arg(one.calls).arg(one.total_ns / ms).arg(one.self_ns / ms).arg(one.waited_ns / ms);
        };
        result << QString(static_cast<qsizetype>(node.depth), '-') + (node.detached ? "?" : "") + QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())) +
                      " " + side(node.a) + " | " + side(node.b);
    }
    return result;
}

/// What holds for any two sets: parents before children, and sums that add up.
bool consistent(const TraceDiff& diff)
{
    std::int64_t waited_a = 0, waited_b = 0;
    for (std::size_t i = 0; i < diff.nodes.size(); ++i) {
        const TraceDiffNode& node = diff.nodes[i];
        waited_a += node.a.waited_ns;
        waited_b += node.b.waited_ns;
        if (node.a.calls + node.b.calls == 0) return false;
        if (node.parent == TraceDiffNode::none ? node.depth != 0 : node.parent >= i || node.depth != diff.nodes[node.parent].depth + 1) return false;
        if (i > 0 && node.depth > diff.nodes[i - 1].depth + 1) return false;
    }
    return waited_a == diff.total_a_ns && waited_b == diff.total_b_ns;
}

}  // namespace

class TestTraceDiff : public QObject {
    Q_OBJECT
private slots:
    void a_trace_and_itself_have_no_difference()
    {
        SpanTableBuilder builder;
        builder.add(span(1, 1, 0, 0, 100, "GET /")).add(span(1, 2, 1, 10, 30, "query")).add(span(1, 3, 1, 50, 30, "query"));
        const SpanTable table = builder.build();
        const TraceDiff diff = diff_of_traces(table, 0, 0);
        QCOMPARE(lines(table, diff), (QStringList{"GET / 1x 100/40/40 | 1x 100/40/40", "-query 2x 60/60/60 | 2x 60/60/60"}));
        QVERIFY(rank_differences(diff).empty());
        QCOMPARE(diff.total_difference_ns(), 0.0);
    }

    void calls_of_one_name_are_grouped_and_what_is_on_one_side_stands_alone()
    {
        SpanTableBuilder builder;
        builder.add(span(1, 1, 0, 0, 40, "GET /")).add(span(1, 2, 1, 5, 10, "read cache")).add(span(1, 3, 1, 20, 10, "query"));
        builder.add(span(2, 1, 0, 1000, 140, "GET /"));
        for (int i = 0; i < 11; ++i) builder.add(span(2, static_cast<std::uint64_t>(10 + i), 1, 1010 + i * 11, 10, "query"));
        builder.add(span(2, 30, 10, 1012, 4, "lock"));
        const SpanTable table = builder.build();
        const TraceDiff diff = diff_of_traces(table, 0, 1);
        QCOMPARE(lines(table, diff), (QStringList{"GET / 1x 40/20/20 | 1x 140/30/30", "-read cache 1x 10/10/10 | 0x 0/0/0", "-query 1x 10/10/10 | 11x 110/106/106",
                                                  "--lock 0x 0/0/0 | 1x 4/4/4"}));
        QVERIFY(diff.nodes[1].only_in_a() && !diff.nodes[1].only_in_b());
        QVERIFY(diff.nodes[3].only_in_b());
        QVERIFY(consistent(diff));
        QCOMPARE(rank_differences(diff), (std::vector<std::uint32_t>{2, 0, 1, 3}));
        QCOMPARE(diff.waited_difference_ns(diff.nodes[2]), 96.0 * ms);
        QCOMPARE(diff.total_difference_ns(), 100.0 * ms);
    }

    void of_calls_in_parallel_the_last_one_explains_the_difference()
    {
        SpanTableBuilder builder;
        builder.add(span(1, 1, 0, 0, 20, "GET /")).add(span(1, 2, 1, 0, 20, "left")).add(span(1, 3, 1, 0, 18, "right"));
        builder.add(span(2, 1, 0, 500, 100, "GET /")).add(span(2, 2, 1, 500, 100, "left")).add(span(2, 3, 1, 500, 90, "right"));
        const SpanTable table = builder.build();
        const TraceDiff diff = diff_of_traces(table, 0, 1);
        QVERIFY(consistent(diff));
        QCOMPARE(diff.self_difference_ns(diff.nodes[2]), 72.0 * ms);
        QCOMPARE(diff.waited_difference_ns(diff.nodes[2]), 0.0);
        QCOMPARE(rank_differences(diff), (std::vector<std::uint32_t>{1, 2}));  // the whole 80 ms are left's
        QCOMPARE(diff.waited_difference_ns(diff.nodes[1]), diff.total_difference_ns());
    }

    void statements_and_services_keep_calls_apart()
    {
        SpanTableBuilder builder;
        builder.add(span(1, 1, 0, 0, 40, "GET /"));
        int id = 2;
        for (const char* text : {"SELECT a FROM t WHERE id = 1", "SELECT a FROM t WHERE id = 77", "SELECT b FROM u"}) {
            TestSpan made = span(1, static_cast<std::uint64_t>(id), 1, id, 1, "query");
            made.statement = text;
            builder.add(made);
            ++id;
        }
        builder.add(span(1, 9, 1, 20, 1, "query", "other"));
        const SpanTable table = builder.build();
        QCOMPARE(lines(table, diff_of_traces(table, 0, 0)).mid(1),
                 (QStringList{"-query 2x 2/2/2 | 2x 2/2/2", "-query 1x 1/1/1 | 1x 1/1/1", "-query 1x 1/1/1 | 1x 1/1/1"}));
    }

    void groups_are_compared_per_request()
    {
        SpanTableBuilder builder;
        for (std::uint64_t trace = 1; trace <= 3; ++trace)
            builder.add(span(trace, 1, 0, 0, 10, "GET /")).add(span(trace, 2, 1, 2, 4, "query"));
        TestSpan failed = span(4, 2, 1, 2, 24, "query");
        failed.status = SpanStatus::error;
        builder.add(span(4, 1, 0, 0, 30, "GET /")).add(failed);
        const SpanTable table = builder.build();
        const std::vector<Row> a{table.traces[0].root, table.traces[1].root, table.traces[2].root, table.traces[0].root, 100'000}, b{table.traces[3].root};
        const TraceDiff diff = diff_traces(table, a, b);
        QCOMPARE(diff.requests_a, 3u);
        QCOMPARE(lines(table, diff), (QStringList{"GET / 3x 30/18/18 | 1x 30/6/6", "-query 3x 12/12/12 | 1x 24/24/24"}));
        QCOMPARE(diff.nodes[1].b.errors, 1u);
        QCOMPARE(diff.nodes[1].a.errors, 0u);
        QCOMPARE(diff.per_request_a(diff.nodes[1].a.total_ns), 4.0 * ms);
        QCOMPARE(diff.total_difference_ns(), 20.0 * ms);
        QCOMPARE(diff.total_difference_ns(diff.nodes[1]), 20.0 * ms);
        QVERIFY(diff.nodes[0].a.longest != SpanTable::no_row);
        QVERIFY(consistent(diff));
    }

    void nothing_compares_with_anything()
    {
        SpanTableBuilder builder;
        builder.add(span(1, 1, 0, 0, 10, "GET /"));
        const SpanTable table = builder.build();
        QVERIFY(diff_traces(table, {}, {}).nodes.empty());
        const TraceDiff diff = diff_traces(table, {}, std::vector<Row>{0});
        QCOMPARE(diff.requests_a, 0u);
        QCOMPARE(diff.per_request_a(5), 0.0);
        QVERIFY(diff.nodes.size() == 1 && diff.nodes[0].only_in_b());
        QVERIFY(consistent(diff));
        QVERIFY(diff_traces(SpanTable{}, std::vector<Row>{0}, std::vector<Row>{1}).nodes.empty());
    }

    void orphans_are_detached_roots_and_rings_are_cut()
    {
        SpanTableBuilder builder;
        builder.add(span(1, 1, 0, 10, 20, "GET /")).add(span(1, 2, 99, 0, 5, "GET /")).add(span(1, 3, 2, 1, 2, "query"));
        builder.add(span(2, 1, 2, 0, 10, "ring")).add(span(2, 2, 1, 1, 8, "ring")).add(span(2, 3, 3, 1, 8, "own parent"));
        const SpanTable table = builder.build();
        const TraceDiff diff = diff_of_traces(table, 0, 1);
        QCOMPARE(lines(table, diff), (QStringList{"GET / 1x 20/20/20 | 0x 0/0/0", "ring 0x 0/0/0 | 1x 10/2/2", "-ring 0x 0/0/0 | 1x 8/8/8",
                                                  "?GET / 1x 5/3/0 | 0x 0/0/0", "-query 1x 2/2/0 | 0x 0/0/0", "?own parent 0x 0/0/0 | 1x 8/8/0"}));
        QVERIFY(consistent(diff));
    }

    void a_request_inside_another_is_part_of_it()
    {
        SpanTableBuilder builder;
        constexpr std::uint64_t depth = 300;
        for (std::uint64_t i = 1; i <= depth; ++i) builder.add(span(1, i, i - 1, static_cast<std::int64_t>(i), static_cast<std::int64_t>(2 * (depth - i) + 1), "call"));
        builder.add(span(1, 1000, 5000, 3, 9, "orphan")).add(span(1, 1001, 1000, 4, 5, "call"));
        const SpanTable table = builder.build();
        std::vector<Row> all;
        for (Row row = 0; row < table.size(); ++row)
            if (table.text(table.operation[row]) == "call") all.push_back(row);
        std::shuffle(all.begin(), all.end(), std::mt19937(7));
        const TraceDiff diff = diff_traces(table, all, {});
        QCOMPARE(diff.requests_a, 2u);  // the chain's first, and the one below the orphan
        std::uint64_t calls = 0;
        for (const TraceDiffNode& node : diff.nodes) calls += node.a.calls;
        QCOMPARE(calls, depth + 2);     // every span once
        QVERIFY(consistent(diff));
    }

    void random_forests_add_up()
    {
        std::mt19937 random(11);
        for (int round = 0; round < 30; ++round) {
            SpanTableBuilder builder;
            const auto below = [&random](std::uint32_t end) { return random() % end; };
            for (std::uint64_t trace = 1; trace <= 4; ++trace)
                for (std::uint64_t id = 1; id <= 40; ++id) {
                    const std::string name = "op " + std::to_string(below(4));
                    builder.add(span(trace, id, below(12) == 0 ? 777 : below(static_cast<std::uint32_t>(id)), below(50), below(60), name.c_str()));
                }
            const SpanTable table = builder.build();
            std::vector<Row> a, b;
            for (int i = 0; i < 20; ++i) {
                a.push_back(below(170));
                b.push_back(below(170));
            }
            const TraceDiff diff = diff_traces(table, a, b), back = diff_traces(table, b, a);
            QVERIFY(consistent(diff));
            QCOMPARE(back.nodes.size(), diff.nodes.size());
            QCOMPARE(back.total_difference_ns(), -diff.total_difference_ns());
            double explained = 0;
            for (const TraceDiffNode& node : diff.nodes) explained += diff.waited_difference_ns(node);
            QVERIFY(std::abs(explained - diff.total_difference_ns()) < 1);
        }
    }

    void sums_do_not_wrap()
    {
        SpanTableBuilder builder;
        TestSpan root = span(1, 1, 0, 0, 1, "root");
        root.duration_ns = std::numeric_limits<std::int64_t>::max();
        builder.add(root);
        for (std::uint64_t id = 2; id < 5; ++id) {
            TestSpan child = span(1, id, 1, 0, 1, "child");
            child.duration_ns = std::numeric_limits<std::int64_t>::max();
            builder.add(child);
        }
        TestSpan negative = span(1, 9, 1, 0, -5, "negative");
        builder.add(negative);
        const SpanTable table = builder.build();
        const TraceDiff diff = diff_of_traces(table, 0, 0);
        for (const TraceDiffNode& node : diff.nodes) QVERIFY(node.a.total_ns >= 0 && node.a.self_ns >= 0 && node.a.waited_ns >= 0);
        QVERIFY(rank_differences(diff).empty());
    }

    void shapes_of_a_million_spans_data()
    {
        QTest::addColumn<bool>("deep");
        QTest::addColumn<bool>("names");
        QTest::newRow("chain") << true << false;
        QTest::newRow("chain of different names") << true << true;
        QTest::newRow("children of one parent") << false << false;
        QTest::newRow("children of different names") << false << true;
    }
    void shapes_of_a_million_spans()
    {
        QFETCH(bool, deep);
        QFETCH(bool, names);
        constexpr std::uint64_t count = 1'000'000;
        SpanTable table;
        table.traces.push_back({0, 1, 0, count});
        const SpanTable::Id one = table.strings.intern("op");
        for (std::uint64_t i = 0; i < count; ++i) {
            table.trace.push_back(0);
            table.span_id.push_back(i + 1);
            table.parent_id.push_back(deep || i == 0 ? i : 1);
            table.start_ns.push_back(static_cast<std::int64_t>(i));
            table.duration_ns.push_back(static_cast<std::int64_t>(deep ? 2 * (count - i) : i == 0 ? count + 1 : 1));
            table.kind.push_back(SpanKind::internal);
            table.status.push_back(SpanStatus::ok);
            table.operation.push_back(names ? static_cast<SpanTable::Id>(i + 1) : one);
        }
        table.service.assign(count, 0);
        table.instance.assign(count, 0);
        table.fingerprint.assign(count, 0);
        build_trees(table);
        const TraceDiff diff = diff_of_traces(table, 0, 0);
        QCOMPARE(diff.nodes.size(), deep || names ? count : std::uint64_t{2});
        QCOMPARE(diff.nodes.back().depth, deep ? static_cast<std::uint32_t>(count - 1) : 1u);
        QVERIFY(consistent(diff));
        // Every span a request of its own, each inside the one before.
        std::vector<Row> all(count);
        for (Row row = 0; row < count; ++row) all[row] = count - 1 - row;
        QCOMPARE(diff_traces(table, all, {}).requests_a, 1u);
    }

    void the_median_is_the_one_in_the_middle()
    {
        SpanTableBuilder builder;
        for (std::uint64_t trace = 1; trace <= 4; ++trace) builder.add(span(trace, 1, 0, 0, 50 - 10 * static_cast<std::int64_t>(trace), "GET /"));
        const SpanTable table = builder.build();
        std::vector<Row> rows{0, 1, 2, 3};
        QCOMPARE(median_request(table, rows), 2u);  // of 40, 30, 20 and 10 ms
        rows.pop_back();
        QCOMPARE(median_request(table, rows), 1u);
        QCOMPARE(median_request(table, {}), SpanTable::no_row);
    }
};

QTEST_APPLESS_MAIN(TestTraceDiff)
#include "tst_trace_diff.moc"
