// What each scan of a plan reads, keeps and throws away, over loops and workers, and what an index would have to have.

#include "analyzers/plan/plan_queries.h"
#include "tests/support/plan_reading.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::plan;
using tests::plan_of;

class TestRelationScans : public QObject {
    Q_OBJECT
private slots:
    void rows_over_loops()
    {
        const auto scans = relation_scans(plan_of("Nested Loop  (cost=1..900 rows=5 width=8) (actual time=0.900..8.900 rows=10 loops=1)\n"
                                                  "  ->  Seq Scan on shop.orders o  (cost=0.00..400.00 rows=2 width=4) (actual time=0.100..4.000 rows=40 loops=1)\n"
                                                  "        Filter: ((o.state = 'open'::text) AND (o.total > 10))\n"
                                                  "        Rows Removed by Filter: 19960\n"
                                                  "        Buffers: shared hit=300 read=20\n"
                                                  "  ->  Index Scan using lines_order on lines l  (cost=0.30..8.00 rows=3 width=4) (actual time=0.050..0.100 rows=1 loops=40)\n"
                                                  "        Index Cond: (order_id = o.id)\n"
                                                  "        Filter: (kind = 4)\n"
                                                  "        Rows Removed by Filter: 2\n"
                                                  "Execution Time: 10.000 ms\n"));
        QCOMPARE(scans.size(), std::size_t{2});
        QCOMPARE(scans[0].relation, std::string("orders"));
        QCOMPARE(scans[0].schema, std::string("shop"));
        QCOMPARE(scans[0].alias, std::string("o"));
        QCOMPARE(scans[0].rows_kept, 40.0);
        QCOMPARE(scans[0].rows_removed, 19960.0);
        QCOMPARE(scans[0].rows_read, 20000.0);
        QCOMPARE(scans[0].removed_share(), 0.998);
        QCOMPARE(scans[0].share.value_or(0), 0.4);
        QCOMPARE(scans[0].blocks.value_or(0), std::int64_t{320});
        QCOMPARE(index_columns(scans[0]), (std::vector<std::string>{"state", "total"}));
        QCOMPARE(scans[1].index, std::string("lines_order"));
        QCOMPARE(scans[1].rows_kept, 40.0);
        QCOMPARE(scans[1].rows_removed, 80.0);
        QCOMPARE(scans[1].loops, 40.0);
        QCOMPARE(scans[1].condition.size(), std::size_t{1});
        QCOMPARE(scans[1].condition[0].against, Against::column);
    }

    void rows_over_workers()
    {
        // Two workers and the leader: 3 loops, each of them prints its mean.
        const auto scans = relation_scans(plan_of("Gather  (cost=1000.00..2000.00 rows=5 width=8) (actual time=1.0..20.0 rows=6 loops=1)\n"
                                                  "  Workers Planned: 2\n"
                                                  "  Workers Launched: 2\n"
                                                  "  ->  Parallel Seq Scan on orders  (cost=0.00..400.00 rows=2 width=4) (actual time=5.0..18.0 rows=2 loops=3)\n"
                                                  "        Filter: (customer_id = 41)\n"
                                                  "        Rows Removed by Filter: 66665\n"
                                                  "Execution Time: 20.500 ms\n"));
        QCOMPARE(scans.size(), std::size_t{1});
        QCOMPARE(scans[0].node_type, std::string("Seq Scan"));
        QCOMPARE(scans[0].rows_removed, 199995.0);
        QCOMPARE(scans[0].rows_read, 200001.0);
    }

    void a_bitmap_scan_has_the_condition_of_its_index_scans()
    {
        const auto scans = relation_scans(plan_of("Bitmap Heap Scan on orders  (cost=10.00..400.00 rows=200 width=4) (actual time=1.0..8.0 rows=200 loops=1)\n"
                                                  "  Recheck Cond: (customer_id = 41)\n"
                                                  "  Heap Blocks: exact=150\n"
                                                  "  ->  Bitmap Index Scan on orders_customer  (cost=0.00..9.00 rows=200 width=0) (actual time=0.9..0.9 rows=200 loops=1)\n"
                                                  "        Index Cond: (customer_id = 41)\n"
                                                  "Execution Time: 8.0 ms\n"));
        QCOMPARE(scans.size(), std::size_t{1});
        QCOMPARE(scans[0].condition.size(), std::size_t{1});
        QCOMPARE(scans[0].condition[0].column, std::string("customer_id"));
        QCOMPARE(scans[0].self_ms.value_or(0), 8.0);
        QCOMPARE(scans[0].rows_removed, 0.0);
    }

    void columns_for_an_index()
    {
        const auto columns = [](const char* filter) {
            const auto scans = relation_scans(plan_of(std::string("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.5 rows=1 loops=1)\n  Filter: ") + filter + "\n"));
            return scans.empty() ? std::vector<std::string>{"no scan"} : index_columns(scans[0]);
        };
        QCOMPARE(columns("((total > 10) AND (state = 'open'::text))"), (std::vector<std::string>{"state", "total"}));
        QCOMPARE(columns("((total > 10) AND (at < now()))"), (std::vector<std::string>{"total"}));  // one range
        QCOMPARE(columns("((a = 1) OR (b = 2))"), std::vector<std::string>{});
        QCOMPARE(columns("(lower(a) = 'x'::text)"), std::vector<std::string>{});
        QCOMPARE(columns("(a <> 4)"), std::vector<std::string>{});
        QCOMPARE(columns("((a = 1) AND (b = 2) AND (c = 3) AND (d = 4))"), (std::vector<std::string>{"a", "b", "c"}));
    }

    void estimates_have_no_actuals()
    {
        const auto scans = relation_scans(plan_of("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (a = 1)\n"));
        QCOMPARE(scans.size(), std::size_t{1});
        QVERIFY(!scans[0].has_actuals && !scans[0].share);
        QCOMPARE(scans[0].removed_share(), 0.0);
    }

    void blocks_when_there_are_no_times()
    {
        const auto scans = relation_scans(plan_of("Sort  (cost=1..2 rows=1 width=4) (actual rows=1 loops=1)\n"
                                                  "  Buffers: shared hit=400\n"
                                                  "  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual rows=1 loops=1)\n"
                                                  "        Filter: (a = 1)\n"
                                                  "        Buffers: shared hit=300\n"));
        QCOMPARE(scans.size(), std::size_t{1});
        QCOMPARE(scans[0].share.value_or(0), 0.75);
    }
};

QTEST_APPLESS_MAIN(TestRelationScans)
#include "tst_relation_scans.moc"
