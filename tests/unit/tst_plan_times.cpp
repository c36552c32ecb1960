// Where the time of a plan went, worked out by hand from what EXPLAIN prints: time x loops / processes, less children.

#include "tests/support/plan_reading.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

struct Expected {
    double total_ms, self_ms;
};

void compare(const PlanRow& plan, const std::vector<Expected>& expected)
{
    QCOMPARE(plan.nodes.size(), expected.size());
    double sum = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const std::string where = plan.nodes[i].node_type + " " + std::to_string(plan.nodes[i].total_ms.value_or(-1)) + " " +
                                  std::to_string(plan.nodes[i].self_ms.value_or(-1));
        QVERIFY2(std::fabs(plan.nodes[i].total_ms.value_or(-1) - expected[i].total_ms) < 1e-6, where.c_str());
        QVERIFY2(std::fabs(plan.nodes[i].self_ms.value_or(-1) - expected[i].self_ms) < 1e-6, where.c_str());
        sum += expected[i].self_ms;
    }
    // Every millisecond of the root belongs to one node.
    QVERIFY(std::fabs(sum - expected.front().total_ms) < 1e-6);
}

}  // namespace

class TestPlanTimes : public QObject {
    Q_OBJECT

private slots:
    void nested_loop();
    void parallel_part();
    void leader_does_not_take_part();
    void gather_in_a_loop();
    void members_of_a_parallel_append();
    void index_scan_of_a_parallel_bitmap_scan();
    void never_executed();
    void subplan();
    void init_plan_is_charged_to_its_user_data();
    void init_plan_is_charged_to_its_user();
    void init_plan_without_a_user();
    void cte_read_twice();
    void cte_of_the_same_name_inside();
    void cte_that_writes();
    void rounding_of_many_loops();
    void without_timing();
    void json_gives_the_same();
};

void TestPlanTimes::nested_loop()
{
    const PlanRow plan = plan_of("Nested Loop  (cost=0.00..611.27 rows=13400 width=8) (actual time=0.025..10.198 rows=34956 loops=1)\n"
                                 "  Rows Removed by Join Filter: 5244\n"
                                 "  ->  Seq Scan on t1  (cost=0.00..6.02 rows=402 width=4) (actual time=0.013..0.058 rows=402 loops=1)\n"
                                 "  ->  Materialize  (cost=0.00..2.50 rows=100 width=4) (actual time=0.000..0.008 rows=100 loops=402)\n"
                                 "        ->  Seq Scan on t2  (cost=0.00..2.00 rows=100 width=4) (actual time=0.005..0.015 rows=100 loops=1)\n"
                                 "              Filter: (c > 5)\n"
                                 "              Rows Removed by Filter: 7\n");
    // 402 x 0.008 = 3.216; 10.198 - 0.058 - 3.216 = 6.924; 3.216 - 0.015 = 3.201
    compare(plan, {{10.198, 6.924}, {0.058, 0.058}, {3.216, 3.201}, {0.015, 0.015}});
    QCOMPARE(plan.nodes[0].rows_removed.value_or(-1), 5244.0);
    QVERIFY(!plan.nodes[1].rows_removed);  // no condition, so nothing could be removed
    QCOMPARE(plan.nodes[3].rows_removed.value_or(-1), 7.0);
}

void TestPlanTimes::parallel_part()
{
    const PlanRow plan = plan_of("Gather  (cost=1000.29..6600.43 rows=1 width=156) (actual time=0.376..47.324 rows=16653 loops=1)\n"
                                 "  Workers Planned: 2\n"
                                 "  Workers Launched: 2\n"
                                 "  ->  Nested Loop  (cost=0.29..5600.33 rows=1 width=156) (actual time=0.054..38.206 rows=5551 loops=3)\n"
                                 "        ->  Parallel Seq Scan on orders o  (cost=0.00..5232.33 rows=105 width=119) (actual time=0.009..15.399 rows=16660 loops=3)\n"
                                 "              Filter: (status = 'new'::text)\n"
                                 "              Rows Removed by Filter: 50007\n"
                                 "        ->  Index Scan using customers_pkey on customers c  (cost=0.29..3.50 rows=1 width=37) (actual time=0.001..0.001 rows=0 loops=49980)\n"
                                 "              Index Cond: (id = o.customer_id)\n");
    // Three processes: 49980 x 0.001 / 3 = 16.66; 38.206 - 15.399 - 16.66 = 6.147; 47.324 - 38.206 = 9.118
    compare(plan, {{47.324, 9.118}, {38.206, 6.147}, {15.399, 15.399}, {16.66, 16.66}});
    QCOMPARE(plan.nodes[2].rows_removed.value_or(-1), 150021.0);
    QCOMPARE(plan.nodes[3].rows_removed.value_or(-1), 0.0);
    QCOMPARE(plan.nodes[0].workers.value_or(-1), 2);
    QCOMPARE(plan.nodes[2].node_type, std::string("Seq Scan"));
}

void TestPlanTimes::leader_does_not_take_part()
{
    const PlanRow plan = plan_of("Gather  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..50.0 rows=1 loops=1)\n"
                                 "  Workers Planned: 2\n"
                                 "  Workers Launched: 2\n"
                                 "  ->  Parallel Seq Scan on t  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..40.0 rows=1 loops=2)\n");
    compare(plan, {{50, 10}, {40, 40}});
}

void TestPlanTimes::gather_in_a_loop()
{
    const PlanRow plan = plan_of("Nested Loop  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..100.0 rows=1 loops=1)\n"
                                 "  ->  Seq Scan on a  (cost=0.00..9.00 rows=1 width=4) (actual time=0.5..2.0 rows=10 loops=1)\n"
                                 "  ->  Gather  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..9.0 rows=1 loops=10)\n"
                                 "        Workers Planned: 4\n"
                                 "        Workers Launched: 4\n"
                                 "        ->  Parallel Seq Scan on t  (cost=0.00..9.00 rows=1 width=4) (actual time=0.5..7.0 rows=1 loops=50)\n");
    // Gather ran 10 times with 5 processes: 50 x 7 / 5 = 70.
    compare(plan, {{100, 8}, {2, 2}, {90, 20}, {70, 70}});
}

void TestPlanTimes::members_of_a_parallel_append()
{
    const PlanRow plan = plan_of("Gather  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..45.0 rows=1 loops=1)\n"
                                 "  Workers Planned: 2\n"
                                 "  Workers Launched: 2\n"
                                 "  ->  Parallel Append  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..40.0 rows=1 loops=3)\n"
                                 "        ->  Parallel Seq Scan on p1  (cost=0.00..9.00 rows=1 width=4) (actual time=0.5..60.0 rows=1 loops=1)\n"
                                 "        ->  Parallel Seq Scan on p2  (cost=0.00..9.00 rows=1 width=4) (actual time=0.5..45.0 rows=1 loops=1)\n");
    // 120 ms of processes, of which the members used 60 and 45: a third each of the clock's time.
    compare(plan, {{45, 5}, {40, 5}, {20, 20}, {15, 15}});
}

void TestPlanTimes::index_scan_of_a_parallel_bitmap_scan()
{
    const PlanRow plan = plan_of("Gather  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..10.0 rows=1 loops=1)\n"
                                 "  Workers Planned: 1\n"
                                 "  Workers Launched: 1\n"
                                 "  ->  Parallel Bitmap Heap Scan on t  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..8.0 rows=1 loops=2)\n"
                                 "        Recheck Cond: (a < 4)\n"
                                 "        ->  Bitmap Index Scan on i  (cost=0.00..9.00 rows=1 width=0) (actual time=1.0..2.0 rows=1 loops=1)\n"
                                 "              Index Cond: (a < 4)\n");
    compare(plan, {{10, 2}, {8, 7}, {1, 1}});
}

void TestPlanTimes::never_executed()
{
    const PlanRow plan = plan_of("Nested Loop  (cost=4.66..47.14 rows=10 width=113) (actual time=0.007..0.008 rows=0 loops=1)\n"
                                 "  Buffers: shared hit=2\n"
                                 "  ->  Index Scan using a on c  (cost=0.29..4.31 rows=1 width=31) (actual time=0.006..0.006 rows=0 loops=1)\n"
                                 "        Index Cond: (id < 0)\n"
                                 "        Buffers: shared hit=2\n"
                                 "  ->  Bitmap Heap Scan on o  (cost=4.37..42.74 rows=10 width=82) (never executed)\n"
                                 "        Recheck Cond: (customer_id = c.id)\n");
    compare(plan, {{0.008, 0.002}, {0.006, 0.006}, {0, 0}});
    QCOMPARE(plan.nodes[2].loops.value_or(-1), 0.0);
    QCOMPARE(plan.nodes[2].actual_rows.value_or(-1), 0.0);
    QCOMPARE(plan.nodes[2].shared_hit.value_or(-1), 0);
}

void TestPlanTimes::subplan()
{
    const PlanRow plan = plan_of("Seq Scan on c  (cost=0.00..9.00 rows=200 width=4) (actual time=0.1..100.0 rows=200 loops=1)\n"
                                 "  SubPlan 1\n"
                                 "    ->  Aggregate  (cost=0.00..9.00 rows=1 width=4) (actual time=0.3..0.4 rows=1 loops=200)\n"
                                 "          ->  Index Scan using i on o  (cost=0.00..9.00 rows=10 width=4) (actual time=0.1..0.3 rows=10 loops=200)\n"
                                 "                Filter: (a = 1)\n"
                                 "                Rows Removed by Filter: 2\n");
    compare(plan, {{100, 20}, {80, 20}, {60, 60}});
    QCOMPARE(plan.nodes[2].rows_removed.value_or(-1), 400.0);
}

void TestPlanTimes::init_plan_is_charged_to_its_user_data()
{
    QTest::addColumn<QString>("label");
    QTest::addColumn<QString>("use");
    QTest::newRow("up to 16") << "InitPlan 1 (returns $0)" << "Index Cond: (id = ANY ($0))";
    QTest::newRow("17") << "InitPlan 1" << "Index Cond: (id = (InitPlan 1).col1)";
    QTest::newRow("in a list") << "InitPlan 10 (returns $11)" << "Output: a, ($11 + 1), $1";
}

void TestPlanTimes::init_plan_is_charged_to_its_user()
{
    QFETCH(QString, label);
    QFETCH(QString, use);
    const PlanRow plan = plan_of(("Aggregate  (cost=0.00..9.00 rows=1 width=4) (actual time=90.0..90.0 rows=1 loops=1)\n"
                                  "  " + label + "\n"
                                  "    ->  Seq Scan on b  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..50.0 rows=1 loops=1)\n"
                                  "  ->  Sort  (cost=0.00..9.00 rows=1 width=4) (actual time=88.0..88.0 rows=1 loops=1)\n"
                                  "        ->  Index Scan using i on a  (cost=0.00..9.00 rows=1 width=4) (actual time=60.0..85.0 rows=1 loops=1)\n"
                                  "              " + use + "\n").toStdString());
    // 85 of the index scan hold the 50 of the InitPlan.
    compare(plan, {{90, 2}, {50, 50}, {88, 3}, {85, 35}});
}

void TestPlanTimes::init_plan_without_a_user()
{
    const PlanRow plan = plan_of("Result  (cost=0.01..0.02 rows=1 width=0) (actual time=0.033..0.035 rows=1 loops=1)\n"
                                 "  InitPlan\n"
                                 "    ->  Result  (cost=0.00..0.01 rows=1 width=0) (actual time=0.003..0.005 rows=1 loops=1)\n"
                                 "Total runtime: 0.234 ms\n");
    compare(plan, {{0.035, 0.03}, {0.005, 0.005}});
    QCOMPARE(plan.execution_ms.value_or(-1), 0.234);
}

void TestPlanTimes::cte_read_twice()
{
    const PlanRow plan = plan_of("Append  (cost=0.07..0.35 rows=4 width=8) (actual time=101.0..505.0 rows=5 loops=1)\n"
                                 "  CTE x\n"
                                 "    ->  Function Scan on generate_series i  (cost=0.00..0.07 rows=5 width=8) (actual time=101.0..480.0 rows=5 loops=1)\n"
                                 "  ->  CTE Scan on x  (cost=0.00..0.11 rows=2 width=8) (actual time=101.0..450.0 rows=2 loops=1)\n"
                                 "  ->  CTE Scan on x x_1  (cost=0.00..0.11 rows=2 width=8) (actual time=0.1..50.0 rows=3 loops=1)\n");
    // The scans took 500, of which 480 were the CTE's: 96 % of each.
    compare(plan, {{505, 5}, {480, 480}, {450, 18}, {50, 2}});
}

void TestPlanTimes::cte_of_the_same_name_inside()
{
    const PlanRow plan = plan_of("Nested Loop  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..100.0 rows=1 loops=1)\n"
                                 "  CTE x\n"
                                 "    ->  Seq Scan on a  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..30.0 rows=1 loops=1)\n"
                                 "  ->  CTE Scan on x  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..40.0 rows=1 loops=1)\n"
                                 "  ->  Limit  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..50.0 rows=1 loops=1)\n"
                                 "        CTE x\n"
                                 "          ->  Seq Scan on b  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..45.0 rows=1 loops=1)\n"
                                 "        ->  CTE Scan on x x_1  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..49.0 rows=1 loops=1)\n");
    compare(plan, {{100, 10}, {30, 30}, {40, 10}, {50, 1}, {45, 45}, {49, 4}});
}

void TestPlanTimes::cte_that_writes()
{
    // It runs to its end after the statement's own rows are out, so it is in nobody's time.
    const PlanRow plan = plan_of("Limit  (cost=96.31..96.51 rows=10 width=4) (actual time=0.059..0.086 rows=10 loops=1)\n"
                                 "  CTE x1\n"
                                 "    ->  Update on titi  (cost=0.00..96.31 rows=5865 width=10) (actual time=0.056..11.377 rows=5000 loops=1)\n"
                                 "  ->  CTE Scan on x1  (cost=0.00..117.30 rows=5865 width=4) (actual time=0.058..0.082 rows=10 loops=1)\n");
    QCOMPARE(plan.nodes.size(), std::size_t{3});
    QVERIFY(std::fabs(plan.nodes[0].self_ms.value_or(-1) - 0.004) < 1e-6);
    QVERIFY(std::fabs(plan.nodes[1].self_ms.value_or(-1) - 11.377) < 1e-6);
    QCOMPARE(plan.nodes[2].self_ms.value_or(-1), 0.0);
}

void TestPlanTimes::rounding_of_many_loops()
{
    const PlanRow plan = plan_of("Nested Loop  (cost=0.00..9.00 rows=1 width=4) (actual time=1.0..79.0 rows=1 loops=1)\n"
                                 "  ->  Seq Scan on a  (cost=0.00..9.00 rows=1 width=4) (actual time=0.5..15.0 rows=100000 loops=1)\n"
                                 "  ->  Index Only Scan using i on b  (cost=0.00..9.00 rows=1 width=4) (actual time=0.001..0.001 rows=1 loops=100000)\n");
    // 0.001 may be 0.0005: what is too much is taken off the node with the loops, but for the 0.0005 of the other.
    QCOMPARE(plan.nodes[2].total_ms.value_or(-1), 100.0);
    QVERIFY(plan.nodes[2].self_ms.value_or(-1) < 64.001 && plan.nodes[2].self_ms.value_or(-1) > 63.99);
    double sum = 0;
    for (const PlanNodeRow& node : plan.nodes) sum += node.self_ms.value_or(0);
    QVERIFY(std::fabs(sum - 79) < 1e-6);
    QVERIFY(plan.nodes[0].self_ms.value_or(-1) >= 0);
}

void TestPlanTimes::without_timing()
{
    const PlanRow plan = plan_of("Nested Loop  (cost=0.00..9.00 rows=1 width=4) (actual rows=5 loops=1)\n"
                                 "  ->  Seq Scan on a  (cost=0.00..9.00 rows=1 width=4) (actual rows=5 loops=1)\n"
                                 "  ->  Seq Scan on b  (cost=0.00..9.00 rows=1 width=4) (never executed)\n");
    for (const PlanNodeRow& node : plan.nodes) {
        QVERIFY(!node.total_ms);
        QVERIFY(!node.self_ms);
        QVERIFY(node.actual_rows);
    }
    const PlanRow estimate = plan_of("Seq Scan on a  (cost=0.00..9.00 rows=1 width=4)\n");
    QVERIFY(!estimate.nodes.front().actual_rows && !estimate.nodes.front().loops && !estimate.nodes.front().shared_hit);
}

void TestPlanTimes::json_gives_the_same()
{
    const PlanRow plan = plan_of(R"_([{"Plan": {"Node Type": "Gather", "Actual Total Time": 47.324, "Actual Rows": 3, "Actual Loops": 1, "Workers Launched": 2,
        "Shared Hit Blocks": 7, "Plans": [
          {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Parallel Aware": true, "Relation Name": "t", "Actual Total Time": 15.399,
           "Actual Rows": 16660.5, "Actual Loops": 3, "Filter": "(a = $0)", "Rows Removed by Filter": 50007},
          {"Node Type": "Result", "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1 (returns $0)", "Actual Total Time": 5, "Actual Rows": 1, "Actual Loops": 1}]},
        "Planning Time": 0.5, "Execution Time": 48}])_");
    compare(plan, {{47.324, 31.925}, {15.399, 10.399}, {5, 5}});
    QCOMPARE(plan.nodes[1].rows_removed.value_or(-1), 150021.0);
    QCOMPARE(plan.nodes[1].actual_rows.value_or(-1), 16660.5);
    QCOMPARE(plan.nodes[0].shared_hit.value_or(-1), 7);
    QCOMPARE(plan.nodes[1].shared_hit.value_or(-1), 0);
}

QTEST_APPLESS_MAIN(TestPlanTimes)
#include "tst_plan_times.moc"
