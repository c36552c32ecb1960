// Questions asked of one plan, on plans whose answers follow from what is printed.

#include "analyzers/plan/plan_queries.h"
#include "tests/support/plan_reading.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::plan;
using tests::plan_of;

namespace {

const char* const join_plan =
    "Limit  (cost=10.00..20.00 rows=10 width=8) (actual time=1.000..9.000 rows=10 loops=1)\n"
    "  ->  Nested Loop  (cost=1.00..900.00 rows=5 width=8) (actual time=0.900..8.900 rows=10 loops=1)\n"
    "        ->  Seq Scan on orders o  (cost=0.00..400.00 rows=2 width=4) (actual time=0.100..4.000 rows=40 loops=1)\n"
    "              Filter: ((state = 'open'::text) AND (total > 10))\n"
    "              Rows Removed by Filter: 19960\n"
    "              Buffers: shared hit=300 read=20\n"
    "        ->  Index Scan using lines_order on lines l  (cost=0.30..8.00 rows=3 width=4) (actual time=0.050..0.100 rows=1 loops=40)\n"
    "              Index Cond: (order_id = o.id)\n"
    "              Filter: (kind = 4)\n"
    "              Rows Removed by Filter: 2\n"
    "              Buffers: shared hit=120\n"
    "Execution Time: 9.100 ms\n";

}  // namespace

class TestPlanQueries : public QObject {
    Q_OBJECT
private slots:
    void kinds_of_nodes()
    {
        QVERIFY(is_scan("Seq Scan") && is_scan("Index Only Scan Backward") && is_scan("Bitmap Heap Scan"));
        QVERIFY(!is_scan("Hash Join") && !is_scan("Sort"));
        QVERIFY(is_index_scan("Index Scan") && is_index_scan("Index Only Scan") && is_index_scan("Bitmap Heap Scan"));
        QVERIFY(!is_index_scan("Seq Scan"));
        QVERIFY(is_join("Nested Loop") && is_join("Hash Join") && is_join("Merge Join"));
        QVERIFY(!is_join("Limit"));
    }

    void structure()
    {
        const PlanRow plan = plan_of(join_plan);
        QCOMPARE(plan.nodes.size(), std::size_t{4});
        QCOMPARE(subtree_ends(plan), (std::vector<int>{4, 4, 3, 4}));
        QCOMPARE(children_of(plan), (std::vector<std::vector<int>>{{1}, {2, 3}, {}, {}}));
        QCOMPARE(execution_ms(plan).value_or(0), 9.1);
        QVERIFY(!execution_ms(plan_of("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n")));
        QCOMPARE(execution_ms(plan_of("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..7.5 rows=1 loops=1)\n")).value_or(0), 7.5);
    }

    void what_a_limit_cuts_off()
    {
        const auto cut = truncations(plan_of(join_plan));
        QCOMPARE(cut[0], Truncation::none);
        QCOMPARE(cut[1], Truncation::limit);
        QCOMPARE(cut[2], Truncation::limit);
        // A sort reads all there is.
        const auto whole = truncations(plan_of("Limit  (cost=1.00..2.00 rows=1 width=4) (actual time=1..1 rows=1 loops=1)\n"
                                               "  ->  Sort  (cost=1.00..2.00 rows=100 width=4) (actual time=1..1 rows=1 loops=1)\n"
                                               "        ->  Seq Scan on t  (cost=0.00..1.00 rows=100 width=4) (actual time=0.1..0.5 rows=100 loops=1)\n"));
        QCOMPARE(whole[2], Truncation::none);
        const auto never = truncations(plan_of("Append  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.5 rows=1 loops=1)\n"
                                               "  ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.5 rows=1 loops=1)\n"
                                               "  ->  Seq Scan on b  (cost=0.00..1.00 rows=1 width=4) (never executed)\n"));
        QCOMPARE(never[2], Truncation::neverRun);
    }

    void estimates_that_are_off()
    {
        const PlanRow plan = plan_of("Hash Join  (cost=1.00..90.00 rows=100 width=8) (actual time=1.000..50.000 rows=9000 loops=1)\n"
                                     "  ->  Seq Scan on a  (cost=0.00..40.00 rows=90 width=4) (actual time=0.100..20.000 rows=9000 loops=1)\n"
                                     "  ->  Hash  (cost=1.00..1.00 rows=50 width=4) (actual time=0.500..0.500 rows=50 loops=1)\n"
                                     "        ->  Seq Scan on b  (cost=0.00..1.00 rows=50 width=4) (actual time=0.010..0.400 rows=50 loops=1)\n"
                                     "Execution Time: 51.000 ms\n");
        const auto off = misestimates(plan, 10);
        QCOMPARE(off.size(), std::size_t{2});
        QCOMPARE(off[0].node, 0);
        QCOMPARE(off[0].factor, 90.0);
        QVERIFY(!off[0].is_origin);
        QCOMPARE(off[1].node, 1);
        QCOMPARE(off[1].factor, 100.0);
        QVERIFY(off[1].is_origin && off[1].underestimated);
        QCOMPARE(off[1].rows_total, 9000.0);
        // Its own 20 ms and the join above, which takes 50 - 20 - 0.5.
        QVERIFY(std::abs(off[1].fed_ms - 49.5) < 1e-6);
        QVERIFY(misestimates(plan, 101).empty());
    }

    void rows_below_one_per_loop_are_rounded()
    {
        // 1,000 loops, "rows=0": up to 499 rows; against an estimate of 1 that is not off ten times.
        const PlanRow plan = plan_of("Nested Loop  (cost=0.00..9.00 rows=1000 width=8) (actual time=0.1..9.0 rows=300 loops=1)\n"
                                     "  ->  Seq Scan on a  (cost=0.00..4.00 rows=1000 width=4) (actual time=0.1..1.0 rows=1000 loops=1)\n"
                                     "  ->  Index Scan using i on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.005..0.006 rows=0 loops=1000)\n");
        QVERIFY(misestimates(plan, 10).empty());
    }

    void whole_means_of_loops_are_rounded()
    {
        // "rows=1" of many loops is 1.5 at most: 12 expected are 8 times too many, for certain. One loop is exact, and so is 1.20.
        const auto factor_of = [](const std::string& planned, const std::string& got, const std::string& loops) {
            const auto off = misestimates(plan_of("Index Scan using i on b  (cost=0.00..1.00 rows=" + planned + " width=4) (actual time=0.005..0.006 rows=" + got + " loops=" + loops + ")\n"), 1);
            return off.size() == 1 ? off[0].factor : 0;
        };
        QCOMPARE(factor_of("12", "1", "1000"), 8.0);
        QCOMPARE(factor_of("12", "1", "1"), 12.0);
        QCOMPARE(factor_of("12", "1.20", "1000"), 10.0);
        QCOMPARE(factor_of("1", "10", "1000"), 9.5);
        QCOMPARE(factor_of("10", "10", "1000"), 1.0);
    }

    void what_counts_no_rows_has_no_estimate()
    {
        const PlanRow bitmap = plan_of("Bitmap Heap Scan on t  (cost=5.00..40.00 rows=40 width=4) (actual time=4.00..6.00 rows=9000 loops=1)\n"
                                       "  ->  BitmapAnd  (cost=4.00..4.00 rows=40 width=0) (actual time=3.90..3.90 rows=0 loops=1)\n"
                                       "        ->  Bitmap Index Scan on a  (cost=0.00..2.00 rows=400 width=0) (actual time=1.90..1.90 rows=9500 loops=1)\n"
                                       "        ->  Bitmap Index Scan on b  (cost=0.00..2.00 rows=900 width=0) (actual time=1.90..1.90 rows=30000 loops=1)\n");
        const auto off = misestimates(bitmap, 10);
        QCOMPARE(off.size(), std::size_t{1});
        QVERIFY(off[0].node == 0 && off[0].is_origin);
        QVERIFY(misestimates(plan_of("Update on t  (cost=0.00..40.00 rows=5000 width=10) (actual time=9.00..9.00 rows=0 loops=1)\n"
                                     "  ->  Seq Scan on t  (cost=0.00..40.00 rows=5000 width=10) (actual time=0.02..6.00 rows=5100 loops=1)\n"), 10)
                    .empty());
    }

    void blocks_of_each_node_alone()
    {
        const auto own = own_blocks(plan_of("Sort  (cost=1..2 rows=1 width=4) (actual time=1..1 rows=1 loops=1)\n"
                                            "  Buffers: shared hit=110 read=15\n"
                                            "  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.5 rows=1 loops=1)\n"
                                            "        Buffers: shared hit=100 read=15\n"));
        QCOMPARE(own.size(), std::size_t{2});
        QCOMPARE(own[0].value_or(-1), std::int64_t{10});
        QCOMPARE(own[1].value_or(-1), std::int64_t{115});
        QVERIFY(!own_blocks(plan_of("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n"))[0]);
    }

    void partitions_of_one_table()
    {
        const auto found = partition_scans(plan_of("Append  (cost=0.00..9.00 rows=3 width=4) (actual time=0.1..0.9 rows=1 loops=1)\n"
                                                   "  Subplans Removed: 2\n"
                                                   "  ->  Seq Scan on events_2026_01 events_1  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=0 loops=1)\n"
                                                   "        Filter: (kind = 4)\n"
                                                   "  ->  Seq Scan on events_2026_02 events_2  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n"
                                                   "        Filter: (kind = 4)\n"
                                                   "  ->  Seq Scan on events_2026_03 events_3  (cost=0.00..1.00 rows=1 width=4) (never executed)\n"
                                                   "        Filter: (kind = 4)\n"));
        QCOMPARE(found.size(), std::size_t{1});
        QCOMPARE(found[0].table, std::string("events"));
        QCOMPARE(found[0].members.size(), std::size_t{3});
        QCOMPARE(found[0].executed, 2);
        QCOMPARE(found[0].with_rows, 1);
        QCOMPARE(found[0].removed, 2);
        QCOMPARE(found[0].tests.size(), std::size_t{1});
    }

    void nothing_of_nothing()
    {
        const PlanRow none;
        QVERIFY(subtree_ends(none).empty() && children_of(none).empty() && truncations(none).empty() && misestimates(none, 10).empty());
        QVERIFY(relation_scans(none).empty() && partition_scans(none).empty() && own_blocks(none).empty());
        QVERIFY(!execution_ms(none));
        PlanNodeRow node;
        node.detail = "not json";
        QVERIFY(detail_of(node).all().empty());
    }
};

QTEST_APPLESS_MAIN(TestPlanQueries)
#include "tst_plan_queries.moc"
