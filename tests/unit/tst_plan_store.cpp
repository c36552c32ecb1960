// Plans as a case gives them back, and the plans of auto_explain in server logs.

#include "analyzers/importers/support/import_run.h"
#include "analyzers/plan/plan_store.h"
#include "analyzers/store/case_file.h"
#include "tests/support/plan_reading.h"

#include <QtTest>

#include <set>

using namespace casebook;
using namespace casebook::tests;

namespace {

const char* const text_plan =
    "Sort  (cost=1.00..2.00 rows=3 width=8) (actual time=4.000..4.100 rows=3 loops=1)\n"
    "  Sort Key: total\n"
    "  ->  Seq Scan on orders  (cost=0.00..1.00 rows=2 width=8) (actual time=0.100..3.500 rows=3 loops=1)\n"
    "        Filter: (customer_id = 41)\n"
    "        Rows Removed by Filter: 97\n"
    "Planning Time: 0.200 ms\n"
    "Execution Time: 4.200 ms\n";

std::string log_of(const char* name) { return file_text(source_folder() / "tests/samples/explain/logs" / name); }

}  // namespace

class TestPlanStore : public QObject {
    Q_OBJECT
private slots:
    void a_plan_comes_back_as_it_was_read()
    {
        const TemporaryFolder folder;
        const auto path = folder.path() / "plan.txt";
        std::ofstream(path) << text_plan;
        auto file = CaseFile::temporary();
        QVERIFY(file);
        const Control control;
        ImportOptions options;
        options.at_ns = 1'772'442'840'000'000'000;
        QVERIFY(import_paths(**file, {path.string()}, options, control));
        const auto plans = plan::load_plans((*file)->database());
        QVERIFY(plans);
        QCOMPARE(plans->size(), std::size_t{1});
        const plan::StoredPlan& stored = plans->front();
        QCOMPARE(stored.row.at_ns.value_or(0), std::int64_t{1'772'442'840'000'000'000});
        QCOMPARE(stored.row.execution_ms.value_or(0), 4.2);
        QCOMPARE(stored.row.planning_ms.value_or(0), 0.2);
        QCOMPARE(signature(stored.row), signature(plan_of(text_plan)));
        QCOMPARE(stored.row.nodes[1].rows_removed.value_or(0), 97.0);
        QVERIFY(std::abs(stored.row.nodes[0].self_ms.value_or(0) - 0.6) < 1e-6);

        const auto one = plan::load_plan((*file)->database(), stored.id);
        QVERIFY(one);
        QCOMPARE(signature(one->row), signature(stored.row));
        const auto none = plan::load_plan((*file)->database(), 999);
        QVERIFY(!none);
        QCOMPARE(none.error().code, Error::Code::usage);
        const auto narrowed = plan::load_plans((*file)->database(), "execution_ms > ?1", {Value(100.0)});
        QVERIFY(narrowed && narrowed->empty());
        QVERIFY(!plan::load_plans((*file)->database(), "no such column"));
    }

    void logs_in_three_formats_hold_the_same_plans()
    {
        std::set<std::string> texts;
        for (const char* name : {"server.log", "server.csv", "server.json"}) {
            PlanImport read;
            import_plans(read, log_of(name));
            QCOMPARE(read.importer, std::string("auto_explain_log"));
            QVERIFY2(read.error.empty(), read.error.c_str());
            QVERIFY2(!read.context.plans.empty(), name);
            for (const PlanRow& plan : read.context.plans) {
                QVERIFY2(!plan.nodes.empty(), name);
                QVERIFY2(!plan.query.empty(), name);
                QVERIFY2(plan.at_ns, name);
            }
        }
    }

    void a_query_is_not_mistaken_for_a_plan()
    {
        // The text of the first query has lines that look like nodes.
        PlanImport read;
        import_plans(read, log_of("server.log"));
        QVERIFY(!read.context.plans.empty());
        const PlanRow& first = read.context.plans.front();
        QVERIFY(first.query.find("->  Seq Scan on x") != std::string::npos);
        for (const PlanNodeRow& node : first.nodes) QVERIFY(node.relation != "x");
        QCOMPARE(first.nodes.front().node_type, std::string("Limit"));
        QCOMPARE(first.query_id, std::string("-3356613034162323536"));
    }

    void a_log_that_is_cut_keeps_what_is_whole()
    {
        const std::string log = log_of("server.log");
        PlanImport whole;
        import_plans(whole, log);
        std::size_t most = 0;
        for (std::size_t size = log.size() / 2; size < log.size(); size += log.size() / 37) {
            PlanImport cut;
            import_plans(cut, std::string_view(log).substr(0, size));
            QVERIFY(cut.context.plans.size() <= whole.context.plans.size());
            most = std::max(most, cut.context.plans.size());
        }
        QVERIFY(most > 0);
    }

    void other_lines_of_the_log_are_kept()
    {
        PlanImport read;
        import_plans(read, "2026-03-02 10:00:00.000 UTC [7] LOG:  database system is ready to accept connections\n"
                           "2026-03-02 10:00:01.000 UTC [8] app@shop LOG:  duration: 12.500 ms  plan:\n"
                           "\tQuery Text: SELECT id FROM orders WHERE customer_id = 41\n"
                           "\tSeq Scan on orders  (cost=0.00..1.00 rows=2 width=8) (actual time=0.100..12.400 rows=3 loops=1)\n"
                           "\t  Filter: (customer_id = 41)\n"
                           "\t  Rows Removed by Filter: 97\n"
                           "2026-03-02 10:00:02.000 UTC [8] app@shop ERROR:  relation \"nothing\" does not exist\n");
        QCOMPARE(read.importer, std::string("auto_explain_log"));
        QCOMPARE(read.context.plans.size(), std::size_t{1});
        const PlanRow& plan = read.context.plans.front();
        QCOMPARE(plan.query, std::string("SELECT id FROM orders WHERE customer_id = 41"));
        QCOMPARE(plan.execution_ms.value_or(0), 12.5);
        QCOMPARE(plan.at_ns.value_or(0), std::int64_t{1'772'445'601'000'000'000});
        QVERIFY(std::any_of(read.context.log_lines.begin(), read.context.log_lines.end(), [](const auto& line) { return line.level == "ERROR"; }));
    }
};

QTEST_GUILESS_MAIN(TestPlanStore)
#include "tst_plan_store.moc"
