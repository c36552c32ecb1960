// Two plans of one statement side by side.

#include "analyzers/plan/plan_diff.h"
#include "tests/support/plan_reading.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::plan;
using tests::plan_of;

namespace {

const char* const by_index =
    "Nested Loop  (cost=1..90 rows=5 width=8) (actual time=0.1..2.0 rows=10 loops=1)\n"
    "  Buffers: shared hit=40\n"
    "  ->  Index Scan using orders_customer on orders o  (cost=0.3..8 rows=5 width=4) (actual time=0.1..0.5 rows=10 loops=1)\n"
    "        Index Cond: (customer_id = 41)\n"
    "  ->  Index Scan using lines_order on lines l  (cost=0.3..8 rows=1 width=4) (actual time=0.1..0.1 rows=1 loops=10)\n"
    "        Index Cond: (order_id = o.id)\n"
    "Execution Time: 2.0 ms\n";

const char* const by_scan =
    "Nested Loop  (cost=1..900 rows=5 width=8) (actual time=0.1..80.0 rows=10 loops=1)\n"
    "  Buffers: shared hit=4000\n"
    "  ->  Seq Scan on orders o  (cost=0.3..800 rows=5 width=4) (actual time=0.1..78.0 rows=10 loops=1)\n"
    "        Filter: (customer_id = 41)\n"
    "        Rows Removed by Filter: 199990\n"
    "  ->  Index Scan using lines_order on lines l  (cost=0.3..8 rows=1 width=4) (actual time=0.1..0.1 rows=1 loops=10)\n"
    "        Index Cond: (order_id = o.id)\n"
    "Execution Time: 80.0 ms\n";

}  // namespace

class TestPlanDiff : public QObject {
    Q_OBJECT
private slots:
    void a_plan_and_itself_are_the_same()
    {
        const PlanRow plan = plan_of(by_index);
        const PlanDiff same = diff(plan, plan);
        QVERIFY(same.same_shape);
        QCOMPARE(same.pairs.size(), plan.nodes.size());
        for (const NodePair& pair : same.pairs) QVERIFY(pair.change == NodeChange::same && pair.before == pair.after && pair.what.empty());
        QCOMPARE(same.time_factor.value_or(0), 1.0);
        QVERIFY(changes(same).empty());
        QCOMPARE(shape_of(plan), shape_of(plan_of(by_index)));
    }

    void an_index_that_is_gone()
    {
        const PlanRow before = plan_of(by_index), after = plan_of(by_scan);
        const PlanDiff found = diff(before, after);
        QVERIFY(!found.same_shape);
        QCOMPARE(found.time_factor.value_or(0), 40.0);
        QCOMPARE(found.blocks_factor.value_or(0), 100.0);
        QCOMPARE(found.rows_factor.value_or(0), 1.0);
        const auto changed = changes(found);
        QCOMPARE(changed.size(), std::size_t{1});
        QCOMPARE(changed[0].change, NodeChange::method);
        QCOMPARE(changed[0].what, std::string("Index Scan on orders using orders_customer -> Seq Scan on orders"));
        QVERIFY(std::abs(changed[0].self_ms.value_or(0) - 77.5) < 1e-6);
        QVERIFY(shape_of(before) != shape_of(after));
    }

    void another_index_of_the_same_table()
    {
        std::string other = by_index;
        other.replace(other.find("orders_customer"), 15, "orders_recent__");
        const auto changed = changes(diff(plan_of(by_index), plan_of(other)));
        QCOMPARE(changed.size(), std::size_t{1});
        QCOMPARE(changed[0].change, NodeChange::index);
    }

    void a_sort_that_came_and_went()
    {
        std::string sorted = "Sort  (cost=1..2 rows=5 width=8) (actual time=2.1..2.2 rows=10 loops=1)\n  Sort Key: o.id\n";
        std::istringstream lines(by_index);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("Execution")) sorted += "Execution Time: 2.3 ms\n";
            else if (line.starts_with("Nested")) sorted += "  ->  " + line + "\n";
            else sorted += "      " + line + "\n";
        }
        const PlanRow before = plan_of(by_index), after = plan_of(sorted);
        QCOMPARE(after.nodes.size(), std::size_t{4});
        const auto added = changes(diff(before, after));
        QCOMPARE(added.size(), std::size_t{1});
        QCOMPARE(added[0].change, NodeChange::added);
        QCOMPARE(added[0].before, -1);
        const auto removed = changes(diff(after, before));
        QCOMPARE(removed.size(), std::size_t{1});
        QCOMPARE(removed[0].change, NodeChange::removed);
        QCOMPARE(removed[0].after, -1);
    }

    void figures_and_literals_are_no_shape()
    {
        std::string other = by_index;
        other.replace(other.find("customer_id = 41"), 16, "customer_id = 99");
        other.replace(other.find("rows=10 loops=1)"), 16, "rows=77 loops=1)");
        QVERIFY(diff(plan_of(by_index), plan_of(other)).same_shape);
        QCOMPARE(shape_of(plan_of(by_index)), shape_of(plan_of(other)));
    }

    void settings_that_differ()
    {
        const PlanDiff found = diff(plan_of(std::string(by_index) + "Settings: work_mem = '4MB'\n"), plan_of(std::string(by_index) + "Settings: work_mem = '64kB'\n"));
        QCOMPARE(found.settings.size(), std::size_t{1});
        QVERIFY2(found.settings[0].find("work_mem") != std::string::npos && found.settings[0].find("64kB") != std::string::npos, found.settings[0].c_str());
        QVERIFY(found.same_shape);
    }

    void nothing_against_something()
    {
        const PlanRow none, plan = plan_of(by_index);
        QVERIFY(diff(none, none).pairs.empty());
        QCOMPARE(diff(none, plan).pairs.size(), plan.nodes.size());
        QCOMPARE(diff(plan, none).pairs.size(), plan.nodes.size());
        QVERIFY(!diff(none, plan).time_factor);
    }
};

QTEST_APPLESS_MAIN(TestPlanDiff)
#include "tst_plan_diff.moc"
