#include "analyzers/trace/self_time.h"
#include "analyzers/trace/tree.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>
#include <random>

using namespace casebook;

namespace {

SpanTable random_table(std::uint32_t seed)
{
    std::mt19937 random(seed);
    auto below = [&](std::uint32_t limit) { return static_cast<std::int64_t>(random() % limit); };
    SpanTableBuilder builder;
    const auto spans = 1 + below(60);
    for (std::int64_t i = 0; i < spans; ++i)
    {
        TestSpan span;
        span.trace = 1 + below(3);
        span.id = 1 + below(40);       // repeated ids
        span.parent = below(45);       // roots, rings, self parents and orphans
        span.start_ns = below(200) - 50;
        span.duration_ns = below(100) - 5;
        span.kind = static_cast<SpanKind>(below(5));
        builder.add(span);
    }
    return builder.build();
}

}  // namespace

class tst_tree : public QObject {
    Q_OBJECT

private slots:
    void parents_children_and_root()
    {
        SpanTable table = SpanTableBuilder()
                              .add({.id = 1, .start_ns = 100, .duration_ns = 50})
                              .add({.id = 3, .parent = 1, .start_ns = 120, .duration_ns = 10})
                              .add({.id = 2, .parent = 1, .start_ns = 110, .duration_ns = 5})
                              .add({.id = 4, .parent = 3, .start_ns = 121, .duration_ns = 1})
                              .build();
        const auto root = row_of(table, 1);
        QCOMPARE(table.traces[0].root, root);
        QCOMPARE(table.traces[0].start_ns, 100);
        QCOMPARE(table.traces[0].end_ns, 150);
        QCOMPARE(table.children(root).size(), 2u);
        QCOMPARE(table.span_id[table.children(root)[0]], 2u);
        QCOMPARE(table.span_id[table.children(root)[1]], 3u);
        QCOMPARE(table.parent[row_of(table, 4)], row_of(table, 3));
        QCOMPARE(table.self_ns[root], 35);
        QCOMPARE(table.self_ns[row_of(table, 3)], 9);
        QCOMPARE(table.orphans + table.cycles_cut + table.duplicate_ids, 0u);
    }

    void parents_stay_inside_their_trace()
    {
        SpanTable table = SpanTableBuilder()
                              .add({.trace = 1, .id = 1, .duration_ns = 10})
                              .add({.trace = 2, .id = 2, .parent = 1, .duration_ns = 10})
                              .build();
        QCOMPARE(table.parent[1], SpanTable::no_row);
        QCOMPARE(table.orphans, 1u);
        QCOMPARE(table.traces[1].root, 1u);
    }

    void a_span_without_parent_is_root_before_an_earlier_orphan()
    {
        SpanTable table = SpanTableBuilder()
                              .add({.id = 7, .parent = 99, .start_ns = 0, .duration_ns = 5})
                              .add({.id = 1, .start_ns = 3, .duration_ns = 50})
                              .build();
        QCOMPARE(table.span_id[table.traces[0].root], 1u);
    }

    void rings_are_cut_at_the_earliest_span()
    {
        SpanTable table = SpanTableBuilder()
                              .add({.id = 1, .parent = 3, .start_ns = 5, .duration_ns = 10})
                              .add({.id = 2, .parent = 1, .start_ns = 4, .duration_ns = 10})
                              .add({.id = 3, .parent = 2, .start_ns = 6, .duration_ns = 10})
                              .add({.id = 4, .parent = 3, .start_ns = 7, .duration_ns = 10})
                              .add({.id = 5, .parent = 5, .start_ns = 8, .duration_ns = 10})
                              .build();
        QCOMPARE(table.cycles_cut, 2u);  // the ring of three and the span that names itself
        QCOMPARE(table.parent[row_of(table, 2)], SpanTable::no_row);
        QCOMPARE(table.parent[row_of(table, 3)], row_of(table, 2));
        QCOMPARE(table.parent[row_of(table, 5)], SpanTable::no_row);
        QCOMPARE(table.span_id[table.traces[0].root], 2u);
    }

    void the_first_of_equal_ids_is_the_parent()
    {
        SpanTable table = SpanTableBuilder()
                              .add({.id = 1, .start_ns = 0, .duration_ns = 10})
                              .add({.id = 1, .start_ns = 1, .duration_ns = 10})
                              .add({.id = 2, .parent = 1, .start_ns = 2, .duration_ns = 1})
                              .build();
        QCOMPARE(table.duplicate_ids, 1u);
        QCOMPARE(table.parent[2], 0u);
    }

    void self_time_data()
    {
        QTest::addColumn<std::vector<std::pair<int, int>>>("children");  // start, end; the parent is [100, 200)
        QTest::addColumn<int>("self");
        using Children = std::vector<std::pair<int, int>>;
        QTest::newRow("none") << Children{} << 100;
        QTest::newRow("apart") << Children{{110, 120}, {150, 160}} << 80;
        QTest::newRow("overlapping") << Children{{110, 150}, {120, 130}, {140, 160}} << 50;
        QTest::newRow("starts before the parent") << Children{{90, 120}} << 80;
        QTest::newRow("ends after the parent") << Children{{190, 250}} << 90;
        QTest::newRow("covers the parent") << Children{{50, 250}} << 0;
        QTest::newRow("over before the parent began") << Children{{50, 90}} << 100;
        QTest::newRow("starts when the parent ends") << Children{{200, 300}} << 100;
        QTest::newRow("starts after the parent") << Children{{210, 300}, {110, 120}} << 90;
        QTest::newRow("same interval twice") << Children{{110, 120}, {110, 120}} << 90;
    }
    void self_time()
    {
        using Children = std::vector<std::pair<int, int>>;
        QFETCH(Children, children);
        QFETCH(int, self);
        SpanTableBuilder builder;
        builder.add({.id = 1, .start_ns = 100, .duration_ns = 100});
        std::uint64_t id = 2;
        for (const auto& [start, end] : children)
            builder.add({.id = id++, .parent = 1, .start_ns = start, .duration_ns = end - start});
        const SpanTable table = builder.build();
        QCOMPARE(table.self_ns[row_of(table, 1)], self);
    }

    void a_consumer_takes_no_time_of_its_producer()
    {
        const SpanTable table =
            SpanTableBuilder()
                .add({.id = 1, .duration_ns = 100, .kind = SpanKind::producer})
                .add({.id = 2, .parent = 1, .start_ns = 10, .duration_ns = 50, .kind = SpanKind::consumer})
                .add({.id = 3, .parent = 1, .start_ns = 80, .duration_ns = 10, .kind = SpanKind::client})
                .build();
        QCOMPARE(table.self_ns[row_of(table, 1)], 90);
    }

    void invariants_hold_on_any_input()
    {
        for (std::uint32_t seed = 0; seed < 3000; ++seed)
        {
            const SpanTable table = random_table(seed);
            std::size_t linked = 0;
            for (SpanTable::Row row = 0; row < table.size(); ++row)
            {
                QVERIFY(table.self_ns[row] >= 0);
                QVERIFY(table.self_ns[row] <= std::max<std::int64_t>(table.duration_ns[row], 0));
                std::size_t steps = 0;
                for (auto up = table.parent[row]; up != SpanTable::no_row; up = table.parent[up])
                    QVERIFY(++steps <= table.size());
                const auto parent = table.parent[row];
                QVERIFY(parent == SpanTable::no_row || table.trace[parent] == table.trace[row]);
                const auto children = table.children(row);
                QVERIFY(std::is_sorted(children.begin(), children.end()));
                for (const auto child : children)
                    QCOMPARE(table.parent[child], row);
                linked += children.size();
            }
            const auto roots = std::count(table.parent.begin(), table.parent.end(), SpanTable::no_row);
            QCOMPARE(linked + static_cast<std::size_t>(roots), table.size());
            for (const auto& trace : table.traces)
                QVERIFY(trace.root != SpanTable::no_row && table.parent[trace.root] == SpanTable::no_row);
        }
    }

    void extreme_times_do_not_overflow()
    {
        constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
        constexpr auto highest = std::numeric_limits<std::int64_t>::max();
        const SpanTable table = SpanTableBuilder()
                                    .add({.id = 1, .start_ns = lowest, .duration_ns = highest})
                                    .add({.id = 2, .parent = 1, .start_ns = highest, .duration_ns = highest})
                                    .add({.id = 3, .parent = 2, .start_ns = 5, .duration_ns = lowest})
                                    .build();
        for (const auto self : table.self_ns)
            QVERIFY(self >= 0);
        QCOMPARE(span_end_ns(table, row_of(table, 2)), highest);
    }

    void deep_and_wide()
    {
        SpanTableBuilder deep, wide, ring;
        wide.add({.id = 1, .duration_ns = 2'000'000});
        for (std::uint64_t i = 1; i <= 100'000; ++i)
        {
            deep.add({.id = i, .parent = i - 1, .start_ns = static_cast<std::int64_t>(i), .duration_ns = 1'000'000});
            ring.add({.id = i, .parent = i % 100'000 + 1, .start_ns = static_cast<std::int64_t>(i), .duration_ns = 9});
            wide.add({.id = i + 1, .parent = 1, .start_ns = static_cast<std::int64_t>(i), .duration_ns = 1});
        }
        const SpanTable chain = deep.build();
        QCOMPARE(chain.parent[99'999], 99'998u);
        QCOMPARE(wide.build().children(0).size(), 100'000u);
        const SpanTable cut = ring.build();
        QCOMPARE(cut.cycles_cut, 1u);
        QCOMPARE(cut.traces[0].root, 0u);
    }
};

QTEST_APPLESS_MAIN(tst_tree)
#include "tst_tree.moc"
