// Text EXPLAIN of many versions and relatives, line by line. The lines of PostgreSQL 16 to 18, Citus, TimescaleDB and
// Greenplum are written after their sources and manuals: no server of theirs was at hand.

#include "analyzers/plan/plan_queries.h"
#include "tests/support/plan_reading.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

std::string json_of(const PlanRow& plan, std::size_t node, std::string_view key)
{
    const std::string* value = plan::detail_of(plan.nodes.at(node)).find(key) ? plan::detail_of(plan.nodes.at(node)).find(key) : nullptr;
    const plan::Properties detail = plan::detail_of(plan.nodes.at(node));
    value = detail.find(key);
    return value ? *value : std::string();
}

std::string whole_json(const PlanRow& plan, std::string_view key)
{
    PlanNodeRow whole;
    whole.detail = plan.detail;
    const plan::Properties detail = plan::detail_of(whole);
    const std::string* value = detail.find(key);
    return value ? *value : std::string();
}

}  // namespace

class TestPlanText : public QObject {
    Q_OBJECT

private slots:
    void node_lines_data();
    void node_lines();
    void property_lines_data();
    void property_lines();
    void statement_lines_data();
    void statement_lines();
    void workers();
    void subplans_and_labels();
    void grouping_sets();
    void several_tables_modified();
    void inner_statements_of_citus();
    void lines_broken_by_a_terminal();
    void literals_with_line_ends();
    void query_text();
    void irregular_indentation();
    void several_plans();
};

void TestPlanText::node_lines_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("type");
    QTest::addColumn<QString>("relation");
    QTest::addColumn<QString>("index");
    QTest::addColumn<double>("rows");
    QTest::addColumn<double>("loops");  // -1 = not printed
    const auto row = [](const char* line, const char* type, const char* relation, const char* index, double rows, double loops) {
        QTest::newRow(line) << line << type << relation << index << rows << loops;
    };
    row("Seq Scan on orders  (cost=0.00..5.00 rows=7 width=8)", "Seq Scan", "orders", "", 7, -1);
    row("Parallel Seq Scan on public.orders o  (cost=0.00..5.00 rows=7 width=8) (actual time=0.1..0.2 rows=3 loops=3)", "Seq Scan", "orders", "", 7, 3);
    row("Index Scan Backward using \"my idx\" on \"Odd (name) -> x\" t  (cost=0.00..5.00 rows=7 width=8) (never executed)",
        "Index Scan Backward", "Odd (name) -> x", "my idx", 7, 0);
    row("Index Only Scan using a on \"A\"\"b\"  (actual rows=1.50 loops=2)", "Index Only Scan", "A\"b", "a", -1, 2);
    row("Bitmap Index Scan on i  (cost=0.00..5.00 rows=7 width=0)", "Bitmap Index Scan", "", "i", 7, -1);
    row("Custom Scan (ChunkAppend) on metrics  (cost=0.00..5.00 rows=7 width=8)", "Custom Scan (ChunkAppend)", "metrics", "", 7, -1);
    row("Custom Scan (Citus Adaptive)  (cost=0.00..0.00 rows=0 width=0)", "Custom Scan (Citus Adaptive)", "", "", 0, -1);
    row("Async Foreign Scan on far f  (cost=0.00..5.00 rows=7 width=8)", "Async Foreign Scan", "far", "", 7, -1);
    row("Partial HashAggregate  (cost=0.00..5.00 rows=7 width=8)", "Partial HashAggregate", "", "", 7, -1);
    row("Parallel Hash Left Join  (cost=0.00..5.00 rows=7 width=8)", "Hash Left Join", "", "", 7, -1);
    row("Hash Right Anti Join  (cost=0.00..5.00 rows=7 width=8)", "Hash Right Anti Join", "", "", 7, -1);
    row("HashSetOp Intersect All  (cost=0.00..5.00 rows=7 width=8)", "HashSetOp Intersect All", "", "", 7, -1);
    row("Insert on public.t  (cost=0.00..5.00 rows=0 width=0)", "Insert", "t", "", 0, -1);
    row("Merge on t  (cost=0.00..5.00 rows=0 width=0)", "Merge", "t", "", 0, -1);
    row("Foreign Update on far  (cost=0.00..5.00 rows=0 width=0)", "Foreign Update", "far", "", 0, -1);
    row("Function Scan on generate_series g  (cost=0.00..5.00 rows=7 width=8)", "Function Scan", "", "", 7, -1);
    row("Subquery Scan s  (cost=0.00..5.00 rows=7 width=8)", "Subquery Scan", "", "", 7, -1);
    row("Gather Motion 3:1  (slice1; segments: 3)  (cost=0.00..431.00 rows=1 width=4)", "Gather Motion 3:1", "", "", 1, -1);
    row("XN Seq Scan on sales  (cost=0.00..1724.56 rows=172456 width=53)", "Seq Scan", "sales", "", 172456, -1);
    row("Seq Scan on t  (cost=0.00\u20265.00 rows=7 width=8)", "Seq Scan", "t", "", 7, -1);
    row("Nested Loop  (cost=10000000000.00..10000000005.00 rows=1000000000000000000000 width=8)", "Nested Loop", "", "", 1e21, -1);
    row("Limit", "Limit", "", "", -1, -1);
    row("Tid Range Scan on t", "Tid Range Scan", "t", "", -1, -1);
}

void TestPlanText::node_lines()
{
    QFETCH(QString, line);
    const PlanRow plan = plan_of(line.toStdString());
    QCOMPARE(plan.nodes.size(), std::size_t{1});
    const PlanNodeRow& node = plan.nodes.front();
    QTEST(QString::fromStdString(node.node_type), "type");
    QTEST(QString::fromStdString(node.relation), "relation");
    QTEST(QString::fromStdString(node.index_name), "index");
    QTEST(node.plan_rows.value_or(-1), "rows");
    QTEST(node.loops.value_or(-1), "loops");
}

void TestPlanText::property_lines_data()
{
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("expected");  // key = JSON, separated by ';'
    const auto row = [](const char* node, const char* line, const char* expected) { QTest::newRow(line) << node << line << expected; };
    row("Seq Scan on t", "Output: id, \"a, b\", f(x, 'y, z'), (c + 1)", R"_(Output=["id","\"a, b\"","f(x, 'y, z')","(c + 1)"])_");
    row("Sort", "Sort Key: a DESC NULLS LAST, lower(b)", R"_(Sort Key=["a DESC NULLS LAST","lower(b)"])_");
    row("Sort", "Sort Method:  external merge  Disk: 1488kB", R"_(Sort Method="external merge";Sort Space Used=1488;Sort Space Type="Disk")_");
    row("Sort", "Sort Method: still in progress", R"_(Sort Method="still in progress")_");
    row("Incremental Sort", "Full-sort Groups: 3  Sort Method: quicksort  Average Memory: 27kB  Peak Memory: 28kB",
        R"_(Full-sort Groups={"Group Count":3,"Sort Methods Used":["quicksort"],"Sort Space Memory":{"Average Sort Space Used":27,"Peak Sort Space Used":28}})_");
    row("Incremental Sort", "Pre-sorted Groups: 5  Sort Methods: top-N heapsort, external merge  Average Memory: 4kB  Peak Memory: 5kB  Average Disk: 6kB  Peak Disk: 7kB",
        R"_(Pre-sorted Groups={"Group Count":5,"Sort Methods Used":["top-N heapsort","external merge"],"Sort Space Memory":{"Average Sort Space Used":4,"Peak Sort Space Used":5},"Sort Space Disk":{"Average Sort Space Used":6,"Peak Sort Space Used":7}})_");
    row("Hash", "Buckets: 4096 (originally 1024)  Batches: 16 (originally 1)  Memory Usage: 3073kB",
        "Hash Buckets=4096;Original Hash Buckets=1024;Hash Batches=16;Original Hash Batches=1;Peak Memory Usage=3073");
    row("Hash", "Buckets: 1024  Batches: 1  Memory Usage: 9kB", "Original Hash Batches=1;Hash Buckets=1024");
    row("HashAggregate", "Planned Partitions: 32  Batches: 193  Memory Usage: 4153kB  Disk Usage: 31752kB",
        "Planned Partitions=32;HashAgg Batches=193;Peak Memory Usage=4153;Disk Usage=31752");
    row("Memoize", "Hits: 998  Misses: 2  Evictions: 1  Overflows: 0  Memory Usage: 1kB",
        "Cache Hits=998;Cache Misses=2;Cache Evictions=1;Cache Overflows=0;Peak Memory Usage=1");
    row("Memoize", "Cache Key: s.user_id, t.b", R"_(Cache Key="s.user_id, t.b")_");
    row("WindowAgg", "Window: w1 AS (PARTITION BY a ORDER BY b)", R"_(Window="w1 AS (PARTITION BY a ORDER BY b)")_");
    row("WindowAgg", "Storage: Disk  Maximum Storage: 17kB", R"_(Storage="Disk";Maximum Storage=17)_");
    row("Bitmap Heap Scan on t", "Heap Blocks: exact=12 lossy=345", "Exact Heap Blocks=12;Lossy Heap Blocks=345");
    row("Seq Scan on t", "Buffers: shared hit=2 read=16 dirtied=3, local read=4 written=5, temp read=246 written=247",
        "Shared Dirtied Blocks=3;Local Read Blocks=4;Local Written Blocks=5;Temp Read Blocks=246");
    row("Seq Scan on t", "I/O Timings: read=0.014 write=0.005", "I/O Read Time=0.014;I/O Write Time=0.005");
    row("Seq Scan on t", "I/O Timings: shared/local read=1.5, temp write=2", "I/O Read Time=1.5;Temp I/O Write Time=2");
    row("Seq Scan on t", "I/O Timings: shared read=1.5, local write=3, temp read=2", "I/O Read Time=1.5;Local I/O Write Time=3;Temp I/O Read Time=2");
    row("Update on t", "WAL: records=1540 fpi=2 bytes=125572 buffers full=7", "WAL Records=1540;WAL FPI=2;WAL Bytes=125572;WAL Buffers Full=7");
    row("Merge on t", "Tuples: inserted=3 updated=4 deleted=5 skipped=6", "Tuples Inserted=3;Tuples Updated=4;Tuples Deleted=5;Tuples Skipped=6");
    row("Insert on t", "Conflict Arbiter Indexes: a_key, b_key", R"_(Conflict Arbiter Indexes=["a_key","b_key"])_");
    row("Sample Scan on t", "Sampling: bernoulli ('10'::real) REPEATABLE ('1'::double precision)",
        R"_(Sampling Method="bernoulli";Sampling Parameters=["'10'::real"];Repeatable Seed="('1'::double precision)")_");
    row("Index Scan using i on t", "Index Searches: 3", "Index Searches=3");
    row("Seq Scan on t", "Disabled: true", "Disabled=true");
    row("Nested Loop", "Inner Unique: true", "Inner Unique=true");
    row("Seq Scan on t", "Rows Removed by Filter: 3", "Rows Removed by Filter=3");
    row("Seq Scan on t", "Filter: (5 > 3)", R"_(Filter="(5 > 3)")_");
    row("Gather", "Params Evaluated: $0, $1", R"_(Params Evaluated=["$0","$1"])_");
    row("Custom Scan (ChunkAppend) on m", "Chunks excluded during startup: 2", "Chunks excluded during startup=2");
    row("Custom Scan (Citus Adaptive)", "Tasks Shown: One of 32", R"_(Tasks Shown="One of 32")_");
    row("Foreign Scan on far", "Remote SQL: SELECT a, b FROM public.t WHERE ((b = 'x'))", R"_(Remote SQL="SELECT a, b FROM public.t WHERE ((b = 'x'))")_");
}

void TestPlanText::property_lines()
{
    QFETCH(QString, node);
    QFETCH(QString, line);
    QFETCH(QString, expected);
    const PlanRow plan = plan_of(node.toStdString() + "  (cost=1.00..2.00 rows=3 width=4) (actual time=0.5..1.0 rows=2 loops=1)\n  " + line.toStdString() + "\n");
    QCOMPARE(plan.nodes.size(), std::size_t{1});
    for (const QString& pair : expected.split(';')) {
        const QString key = pair.section('=', 0, 0);
        QCOMPARE(key + "=" + QString::fromStdString(json_of(plan, 0, key.toStdString())), pair);
    }
}

void TestPlanText::statement_lines_data()
{
    QTest::addColumn<QString>("lines");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const char* lines, const char* key, const char* expected) { QTest::newRow(name) << lines << key << expected; };
    row("settings", "Settings: work_mem = '8MB', search_path = 'a, b', x.y = 'it''s'", "Settings", R"_({"work_mem":"8MB","search_path":"a, b","x.y":"it''s"})_");
    row("planning", "Planning:\n  Buffers: shared hit=6 read=1\n  Memory: used=6kB  allocated=8kB", "Planning",
        R"_({"Shared Hit Blocks":6,"Shared Read Blocks":1,"Memory Used":6,"Memory Allocated":8})_");
    row("planning, not indented", "Planning:\nBuffers: shared hit=6", "Planning", R"_({"Shared Hit Blocks":6})_");
    row("trigger", "Trigger RI_ConstraintTrigger_a_1 for constraint c_fkey on child: time=27.443 calls=49", "Triggers",
        R"_([{"Trigger Name":"RI_ConstraintTrigger_a_1","Constraint Name":"c_fkey","Relation":"child","Time":27.443,"Calls":49}])_");
    row("triggers", "Trigger for constraint a: time=1.5 calls=2\nTrigger \"T 2\" on t: calls=3", "Triggers",
        R"_([{"Constraint Name":"a","Time":1.5,"Calls":2},{"Trigger Name":"T 2","Relation":"t","Calls":3}])_");
    row("jit", "JIT:\n  Functions: 7\n  Options: Inlining false, Optimization true\n  Timing: Generation 0.263 ms (Deform 0.110 ms), Inlining 0.000 ms, Total 3.882 ms", "JIT",
        R"_({"Functions":7,"Options":{"Inlining":false,"Optimization":true},"Timing":{"Generation":{"Deform":0.11,"Total":0.263},"Inlining":0,"Total":3.882}})_");
    row("serialization", "Serialization: time=4.690 ms  output=31251kB  format=text\n  Buffers: shared hit=200", "Serialization",
        R"_({"Time":4.69,"Output Volume":31251,"Format":"text","Shared Hit Blocks":200})_");
}

void TestPlanText::statement_lines()
{
    QFETCH(QString, lines);
    QFETCH(QString, key);
    const PlanRow plan = plan_of("Result  (cost=0.00..0.01 rows=1 width=4) (actual time=0.001..0.002 rows=1 loops=1)\nQuery Identifier: -5\n" + lines.toStdString() +
                                 "\nPlanning Time: 1.5 ms\nExecution Time: 2.25 ms\nTime: 9 ms\n");
    QCOMPARE(plan.nodes.size(), std::size_t{1});
    QTEST(QString::fromStdString(whole_json(plan, key.toStdString())), "expected");
    QCOMPARE(plan.query_id, std::string("-5"));
    QCOMPARE(plan.planning_ms.value_or(-1), 1.5);
    QCOMPARE(plan.execution_ms.value_or(-1), 2.25);
}

void TestPlanText::workers()
{
    const PlanRow plan = plan_of("Sort  (cost=1.00..2.00 rows=3 width=4) (actual time=1.000..2.000 rows=10 loops=3)\n"
                                 "  Sort Method: quicksort  Memory: 25kB\n"
                                 "  Buffers: shared hit=30\n"
                                 "  Worker 0:  actual time=0.500..1.500 rows=7 loops=1\n"
                                 "    Sort Method: external merge  Disk: 64kB\n"
                                 "    JIT:\n"
                                 "      Functions: 2\n"
                                 "    Buffers: shared hit=10\n"
                                 "  Worker 1:  Sort Method: quicksort  Memory: 26kB\n"
                                 "  ->  Parallel Seq Scan on t  (cost=0.00..1.00 rows=3 width=4) (actual time=0.1..0.9 rows=10 loops=3)\n");
    QCOMPARE(plan.nodes.size(), std::size_t{2});
    QCOMPARE(plan.nodes[0].shared_hit.value_or(-1), 30);
    QCOMPARE(json_of(plan, 0, "Sort Space Used"), std::string("25"));
    QCOMPARE(QString::fromStdString(json_of(plan, 0, "Workers")),
             QString(R"_([{"Worker Number":0,"Actual Startup Time":0.5,"Actual Total Time":1.5,"Actual Rows":7,"Actual Loops":1,"Sort Method":"external merge",)_"
                     R"_("Sort Space Used":64,"Sort Space Type":"Disk","JIT":{"Functions":2},"Shared Hit Blocks":10},)_"
                     R"_({"Worker Number":1,"Sort Method":"quicksort","Sort Space Used":26,"Sort Space Type":"Memory"}])_"));
    QCOMPARE(json_of(plan, 1, "Parallel Aware"), std::string("true"));
}

void TestPlanText::subplans_and_labels()
{
    // The way of 17 and later (no "returns"), and that of 8.x (no number, several nodes below one label).
    const PlanRow plan = plan_of("Seq Scan on c  (cost=1.00..9.00 rows=3 width=4)\n"
                                 "  Filter: (id = (InitPlan 1).col1)\n"
                                 "  InitPlan 1\n"
                                 "    ->  Result  (cost=0.00..0.01 rows=1 width=4)\n"
                                 "  SubPlan 2\n"
                                 "    ->  Limit  (cost=0.00..1.00 rows=1 width=4)\n"
                                 "          CTE \"my cte\"\n"
                                 "            ->  Values Scan on \"*VALUES*\"  (cost=0.00..0.01 rows=1 width=4)\n"
                                 "          ->  CTE Scan on \"my cte\" m  (cost=0.00..1.00 rows=1 width=4)\n"
                                 "  SubPlan\n"
                                 "    ->  Append  (cost=0.00..1.00 rows=1 width=4)\n"
                                 "    ->  Append  (cost=0.00..2.00 rows=1 width=4)\n");
    QCOMPARE(plan.nodes.size(), std::size_t{7});
    const std::vector<int> parents{-1, 0, 0, 2, 2, 0, 0};
    const std::vector<const char*> names{"", "InitPlan 1", "SubPlan 2", "CTE my cte", "", "SubPlan", "SubPlan"};
    const std::vector<const char*> relationships{"", "InitPlan", "SubPlan", "InitPlan", "Outer", "SubPlan", "SubPlan"};
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
        QCOMPARE(plan.nodes[i].parent_id.value_or(-1), parents[i]);
        const plan::Properties detail = plan::detail_of(plan.nodes[i]);
        QCOMPARE(detail.text("Parent Relationship"), std::string(relationships[i]));
        if (i != 3) QCOMPARE(detail.text("Subplan Name"), std::string(names[i]));
    }
    QCOMPARE(plan::detail_of(plan.nodes[4]).text("CTE Name"), std::string("my cte"));
    QCOMPARE(plan::detail_of(plan.nodes[4]).text("Alias"), std::string("m"));
    QCOMPARE(plan::detail_of(plan.nodes[3]).text("Alias"), std::string("*VALUES*"));
}

void TestPlanText::grouping_sets()
{
    const PlanRow plan = plan_of("GroupAggregate  (cost=1.00..2.00 rows=3 width=4)\n"
                                 "  Group Key: a, b\n"
                                 "  Group Key: ()\n"
                                 "  Sort Key: b\n"
                                 "    Group Key: b\n"
                                 "  ->  Sort  (cost=1.00..2.00 rows=3 width=4)\n"
                                 "        Sort Key: a, b\n");
    QCOMPARE(QString::fromStdString(json_of(plan, 0, "Grouping Sets")),
             QString(R"_([{"Group Keys":[["a","b"],[]]},{"Sort Key":["b"],"Group Keys":[["b"]]}])_"));
    QCOMPARE(json_of(plan, 1, "Sort Key"), std::string(R"_(["a","b"])_"));
    const PlanRow one = plan_of("HashAggregate  (cost=1.00..2.00 rows=3 width=4)\n  Group Key: a, lower(b)\n");
    QCOMPARE(json_of(one, 0, "Group Key"), std::string(R"_(["a","lower(b)"])_"));
}

void TestPlanText::several_tables_modified()
{
    const PlanRow plan = plan_of("Update on parent  (cost=0.00..2.00 rows=2 width=4)\n"
                                 "  Update on parent\n"
                                 "  Update on public.child1 parent_1\n"
                                 "  ->  Seq Scan on parent  (cost=0.00..1.00 rows=1 width=4)\n"
                                 "  ->  Seq Scan on child1 parent_1  (cost=0.00..1.00 rows=1 width=4)\n");
    QCOMPARE(plan.nodes.size(), std::size_t{3});
    QCOMPARE(QString::fromStdString(json_of(plan, 0, "Target Tables")),
             QString(R"_([{"Relation Name":"parent","Alias":"parent"},{"Schema":"public","Relation Name":"child1","Alias":"parent_1"}])_"));
    QCOMPARE(json_of(plan, 2, "Parent Relationship"), std::string("\"Member\""));
}

void TestPlanText::inner_statements_of_citus()
{
    const PlanRow plan = plan_of("Custom Scan (Citus Adaptive)  (cost=0.00..0.00 rows=0 width=0) (actual time=10.0..10.0 rows=1 loops=1)\n"
                                 "  Task Count: 32\n"
                                 "  Tasks Shown: One of 32\n"
                                 "  ->  Task\n"
                                 "        Node: host=localhost port=57637 dbname=regression\n"
                                 "        ->  Aggregate  (cost=11.00..11.01 rows=1 width=8) (actual time=0.1..0.1 rows=1 loops=1)\n"
                                 "              ->  Seq Scan on items_102 items  (cost=0.00..10.00 rows=5 width=0) (actual time=0.0..0.0 rows=5 loops=1)\n"
                                 "            Planning Time: 0.03 ms\n"
                                 "            Execution Time: 0.20 ms\n"
                                 "Planning Time: 1.00 ms\n"
                                 "Execution Time: 11.00 ms\n");
    QCOMPARE(plan.nodes.size(), std::size_t{4});
    QCOMPARE(plan.nodes[1].node_type, std::string("Task"));
    QCOMPARE(plan.nodes[2].parent_id.value_or(-1), 1);
    QCOMPARE(plan.nodes[3].relation, std::string("items_102"));
    QCOMPARE(plan.execution_ms.value_or(-1), 11.0);
    QCOMPARE(plan.planning_ms.value_or(-1), 1.0);
    QCOMPARE(json_of(plan, 1, "Node"), std::string("\"host=localhost port=57637 dbname=regression\""));
}

void TestPlanText::lines_broken_by_a_terminal()
{
    const std::string whole = "Nested Loop  (cost=0.00..611.27 rows=13400 width=8) (actual time=0.025..10.198 rows=34956 loops=1)\n"
                              "  Join Filter: (t1.c1 > t2.c2)\n"
                              "  Rows Removed by Join Filter: 5244\n"
                              "  ->  Seq Scan on t1  (cost=0.00..6.02 rows=402 width=4) (actual time=0.013..0.058 rows=402 loops=1)\n"
                              "        Filter: ((note ~~ '%a%'::text) AND (kind = ANY ('{1,2,3,4,5,6,7,8,9,10}'::integer[])))\n"
                              "  ->  Materialize  (cost=0.00..2.50 rows=100 width=4) (actual time=0.000..0.008 rows=100 loops=402)\n"
                              "Planning Time: 0.083 ms\n"
                              "Execution Time: 12.035 ms\n";
    const PlanRow expected = plan_of(whole);
    QCOMPARE(expected.nodes.size(), std::size_t{3});
    // As a terminal does it: every line cut at the width, remainders from the first column on.
    for (std::size_t width = 40; width < 110; ++width) {
        std::string broken;
        std::size_t begin = 0;
        while (begin < whole.size()) {
            const std::size_t end = whole.find('\n', begin);
            for (std::size_t at = begin; at < end; at += width) broken += whole.substr(at, std::min(width, end - at)) + "\n";
            begin = end + 1;
        }
        const PlanRow plan = plan_of(broken);
        QCOMPARE(QString::fromStdString(signature(plan)), QString::fromStdString(signature(expected)));
        QCOMPARE(plan.execution_ms, expected.execution_ms);
        QCOMPARE(json_of(plan, 1, "Filter"), json_of(expected, 1, "Filter"));
        QCOMPARE(plan.nodes[0].rows_removed.value_or(-1), 5244.0);
    }
}

void TestPlanText::literals_with_line_ends()
{
    const PlanRow plan = plan_of("Limit  (cost=0.00..1.00 rows=1 width=4)\n"
                                 "  ->  Seq Scan on t  (cost=0.00..9.00 rows=1 width=4)\n"
                                 "        Filter: ((a = 'one\n"
                                 "\n"
                                 "  ->  Hash Join  (cost=1.00..2.00 rows=3 width=4)\n"
                                 "Execution Time: 5 ms'::text) AND (\"od\"\"d 'name\" = 'it''s'::text))\n"
                                 "        Rows Removed by Filter: 3\n"
                                 "Execution Time: 7.5 ms\n");
    QCOMPARE(plan.nodes.size(), std::size_t{2});
    QCOMPARE(plan::detail_of(plan.nodes[1]).text("Filter"),
             std::string("((a = 'one\n\n  ->  Hash Join  (cost=1.00..2.00 rows=3 width=4)\nExecution Time: 5 ms'::text) AND (\"od\"\"d 'name\" = 'it''s'::text))"));
    QCOMPARE(plan.execution_ms.value_or(-1), 7.5);
}

void TestPlanText::query_text()
{
    const PlanRow plan = plan_of("Query Text: SELECT 'it''s\n"
                                 "Seq Scan on x  (cost=0.00..1.00 rows=1 width=1)\n"
                                 "' FROM t -> 'k';\n"
                                 "Query Parameters: $1 = '5'\n"
                                 "Seq Scan on t  (cost=0.00..9.00 rows=1 width=4)\n"
                                 "  Filter: (a = $1)\n");
    QCOMPARE(plan.nodes.size(), std::size_t{1});
    QCOMPARE(plan.nodes[0].relation, std::string("t"));
    QCOMPARE(plan.query, std::string("SELECT 'it''s\nSeq Scan on x  (cost=0.00..1.00 rows=1 width=1)\n' FROM t -> 'k';"));
    QCOMPARE(whole_json(plan, "Query Parameters"), std::string("\"$1 = '5'\""));
    // An odd apostrophe in a comment must not swallow the plan.
    const PlanRow comment = plan_of("Query Text: SELECT 1 -- don't\nResult  (cost=0.00..0.01 rows=1 width=4)\n");
    QCOMPARE(comment.nodes.size(), std::size_t{1});
    QCOMPARE(comment.query, std::string("SELECT 1 -- don't"));
}

void TestPlanText::irregular_indentation()
{
    // As mail and chat programs leave it: properties moved, tabs in front of the arrows.
    const PlanRow plan = plan_of("Gather  (cost=1000.00..2000.00 rows=3 width=7) (actual time=1.0..9.0 rows=3 loops=1)\n"
                                 "    Workers Planned: 3\n"
                                 "Workers Launched: 2\n"
                                 "  ->  Nested Loop  (cost=0.00..900.00 rows=1 width=7) (actual time=1.0..8.0 rows=1 loops=3)\n"
                                 "\t->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.5..1.0 rows=1 loops=3)\n"
                                 "                          Filter: (x = 1)\n"
                                 "\t->  Index Scan using i on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.5..2.0 rows=1 loops=3)\n"
                                 "\t\tIndex Cond: (y = 2)\n"
                                 "     Planning time: 2.5 ms\n"
                                 "   Execution time: 10.5 ms\n");
    QCOMPARE(QString::fromStdString(signature(plan)), QString("0 Gather [|] 3 1\n1 Nested Loop [|] 1 3\n2 Seq Scan [a|] 1 3\n2 Index Scan [b|i] 1 3\n"));
    QCOMPARE(plan.nodes[0].workers.value_or(-1), 2);
    QCOMPARE(json_of(plan, 2, "Filter"), std::string("\"(x = 1)\""));
    QCOMPARE(plan.planning_ms.value_or(-1), 2.5);
    QCOMPARE(plan.execution_ms.value_or(-1), 10.5);
}

void TestPlanText::several_plans()
{
    const std::string text = "Limit\n  ->  Seq Scan on a\n\nSort\n  Sort Key: x\n  ->  Seq Scan on b\n";
    const auto plans = plan::read_text(text, 11);
    QVERIFY(plans);
    QCOMPARE(plans->trees.size(), std::size_t{2});
    QCOMPARE(plans->trees[0].source_line, 11);
    QCOMPARE(plans->trees[1].source_line, 14);
    QCOMPARE(plans->trees[1].nodes.size(), std::size_t{2});
}

QTEST_APPLESS_MAIN(TestPlanText)
#include "tst_plan_text.moc"
