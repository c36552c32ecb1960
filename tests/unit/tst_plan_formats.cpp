// The four formats of one plan, and its frames, give the same rows.

#include "analyzers/importers/support/explain_blocks.h"
#include "analyzers/plan/plan_queries.h"
#include "tests/support/plan_reading.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace fs = std::filesystem;

namespace {

const std::vector<std::string_view> formats{"json", "text", "yaml", "xml"};

/// What another run of the same statement prints differently: times, buffers, memory; and what vacuum changed meanwhile.
const std::vector<std::string_view> of_the_run{"Time", " Blocks", "Memory", "WAL", "Usage", "Space", "Actual", "Total Cost",
                                               "Startup Cost", "Plan Rows", "Heap Fetches"};

std::optional<plan::Plans> read_file(const fs::path& path)
{
    const std::string text = file_text(path);
    auto plans = plan::read(plan::format_of(text), text);
    if (!plans) return std::nullopt;
    return std::move(*plans);
}

}  // namespace

class TestPlanFormats : public QObject {
    Q_OBJECT

private slots:
    void queries_agree_data();
    void queries_agree();
    void labelled_text_and_json_agree();
    void frames_of_the_project_data();
    void frames_of_the_project();
    void shared_frames();
    void several_formats_in_one_file_data();
    void several_formats_in_one_file();
    void plans_of_another_project();
};

void TestPlanFormats::queries_agree_data()
{
    QTest::addColumn<QString>("folder");
    const auto shared = shared_folder();
    if (!shared) return;
    for (const auto& entry : fs::directory_iterator(*shared / "samples/explain/local-pg15"))
        QTest::newRow(entry.path().filename().string().c_str()) << QString::fromStdString(entry.path().string());
}

void TestPlanFormats::queries_agree()
{
    if (!shared_folder()) QSKIP("the folder of shared samples is absent");
    QFETCH(QString, folder);
    for (const char* variant : {"plan", "analyze", "analyze_notiming"}) {
        std::string first;
        std::size_t columns = 0;
        for (const std::string_view format : formats) {
            const fs::path path = fs::path(folder.toStdString()) / (std::string(variant) + "." + std::string(format));
            const auto plans = read_file(path);
            QVERIFY2(plans, path.c_str());
            QCOMPARE(plans->trees.size(), std::size_t{1});
            QVERIFY2(plans->note.empty(), plans->note.c_str());
            // Without ANALYZE nothing may differ at all, costs included.
            const bool planned = std::string_view(variant) == "plan";
            const std::string own = signature(plans->trees.front(), planned ? std::vector<std::string_view>{} : of_the_run);
            if (first.empty()) first = own;
            QCOMPARE(QString::fromStdString(own), QString::fromStdString(first));
            // Numbers that differ are there in all formats.
            plan::Tree tree = plans->trees.front();
            const PlanRow row = plan::plan_row(std::move(tree));
            std::size_t known = 0;
            for (const PlanNodeRow& node : row.nodes)
                known += node.plan_rows.has_value() + node.actual_rows.has_value() + node.loops.has_value() + node.total_ms.has_value() +
                         node.self_ms.has_value() + node.rows_removed.has_value() + node.shared_hit.has_value();
            if (format == "json") columns = known;
            // Text has no buffers when every counter of the plan is zero.
            const bool no_buffers = format == "text" && row.nodes.front().shared_hit != plan_of(file_text(path)).nodes.front().shared_hit;
            if (!no_buffers && (format != "text" || row.nodes.front().shared_hit)) QCOMPARE(known, columns);
        }
    }
    for (const char* variant : {"costs_off.text", "plan_costs_off.text"}) {
        const auto with = read_file(fs::path(folder.toStdString()) / "plan.json");
        const auto without = read_file(fs::path(folder.toStdString()) / variant);
        QVERIFY2(without, variant);
        QCOMPARE(without->trees.size(), std::size_t{1});
        QCOMPARE(without->trees.front().nodes.size(), with->trees.front().nodes.size());
        for (std::size_t i = 0; i < with->trees.front().nodes.size(); ++i) {
            QCOMPARE(without->trees.front().nodes[i].node_type, with->trees.front().nodes[i].node_type);
            QCOMPARE(without->trees.front().nodes[i].parent, with->trees.front().nodes[i].parent);
        }
    }
}

void TestPlanFormats::labelled_text_and_json_agree()
{
    const auto shared = shared_folder();
    if (!shared) QSKIP("the folder of shared samples is absent");
    int compared = 0;
    for (const auto& entry : fs::directory_iterator(*shared / "samples/explain/labelled")) {
        if (entry.path().extension() != ".text") continue;
        fs::path other = entry.path();
        other.replace_extension(".json");
        PlanImport text, json;
        const std::string text_bytes = file_text(entry.path());
        const std::string json_bytes = file_text(other);
        import_plans(text, text_bytes);
        import_plans(json, json_bytes);
        QCOMPARE(text.importer, std::string("explain_text"));
        QCOMPARE(json.importer, std::string("explain_json"));
        QCOMPARE(text.context.plans.size(), json.context.plans.size());
        QVERIFY(!text.context.plans.empty());
        // Each side is a run of its own, with a vacuum between some of them: shapes agree, estimates need not.
        for (std::size_t i = 0; i < text.context.plans.size(); ++i) {
            const auto& text_nodes = text.context.plans[i].nodes;
            const auto& json_nodes = json.context.plans[i].nodes;
            QCOMPARE(text_nodes.size(), json_nodes.size());
            for (std::size_t node = 0; node < text_nodes.size(); ++node) {
                QCOMPARE(text_nodes[node].node_type, json_nodes[node].node_type);
                QCOMPARE(text_nodes[node].parent_id, json_nodes[node].parent_id);
                QCOMPARE(text_nodes[node].relation, json_nodes[node].relation);
                QCOMPARE(text_nodes[node].index_name, json_nodes[node].index_name);
            }
        }
        ++compared;
    }
    QCOMPARE(compared, 22);
}

void TestPlanFormats::frames_of_the_project_data()
{
    QTest::addColumn<QString>("path");
    for (const auto& entry : fs::directory_iterator(source_folder() / "tests/samples/explain/framing"))
        QTest::newRow(entry.path().filename().string().c_str()) << QString::fromStdString(entry.path().string());
}

void TestPlanFormats::frames_of_the_project()
{
    // EXPLAIN of one statement through psql 15, whose filter holds a line that looks like a node.
    QFETCH(QString, path);
    const fs::path file = path.toStdString();
    PlanImport framed, plain;
    const std::string bytes = file_text(file);
    import_plans(framed, bytes);
    QCOMPARE(framed.importer, "explain_" + file.extension().string().substr(1));
    QVERIFY2(framed.error.empty(), framed.error.c_str());
    QCOMPARE(framed.context.plans.size(), std::size_t{1});
    QCOMPARE(framed.context.stored_count, 1);
    QCOMPARE(framed.context.dropped + framed.context.repaired, 0);
    const PlanRow& plan = framed.context.plans.front();
    QCOMPARE(plan.nodes.size(), std::size_t{2});
    QCOMPARE(plan.nodes[0].node_type, std::string("Limit"));
    QCOMPARE(plan.nodes[0].plan_rows.value_or(-1), 3.0);
    QCOMPARE(plan.nodes[1].node_type, std::string("Index Scan"));
    QCOMPARE(plan.nodes[1].relation, std::string("books"));
    QCOMPARE(plan.nodes[1].index_name, std::string("books_author"));
    QCOMPARE(plan.nodes[1].parent_id.value_or(-1), 0);
    const plan::Properties detail = plan::detail_of(plan.nodes[1]);
    QCOMPARE(detail.number("Total Cost").value_or(-1), 84.47);
    QCOMPARE(detail.text("Index Cond"), std::string("(author_id = 7)"));
    QCOMPARE(detail.text("Filter"), std::string("(title <> 'one\n  ->  Seq Scan on x  (cost=0.00..1.00 rows=1 width=1)'::text)"));
}

void TestPlanFormats::shared_frames()
{
    const auto shared = shared_folder();
    if (!shared) QSKIP("the folder of shared samples is absent");
    std::string first;
    int files = 0;
    for (const auto& entry : fs::directory_iterator(*shared / "samples/explain/framing")) {
        PlanImport framed;
        const std::string bytes = file_text(entry.path());
        import_plans(framed, bytes);
        QVERIFY2(framed.importer == "explain_" + entry.path().extension().string().substr(1), entry.path().c_str());
        QVERIFY2(framed.context.plans.size() == 1 && framed.error.empty(), entry.path().c_str());
        QVERIFY2(framed.context.dropped + framed.context.repaired == 0, entry.path().c_str());
        const std::string own = signature(framed.context.plans.front());
        if (first.empty()) first = own;
        QVERIFY2(own == first, (entry.path().string() + "\n" + own).c_str());
        ++files;
    }
    QCOMPARE(files, 40);
}

void TestPlanFormats::several_formats_in_one_file_data()
{
    QTest::addColumn<QString>("file");
    for (const char* file : {"several_formats.txt", "several_formats_expanded.txt", "several_formats.html.txt"}) QTest::newRow(file) << file;
}

void TestPlanFormats::several_formats_in_one_file()
{
    // A psql session with echoed statements: JSON, text, YAML, XML.
    QFETCH(QString, file);
    PlanImport import;
    const std::string bytes = file_text(source_folder() / "tests/samples/explain" / file.toStdString());
    import_plans(import, bytes);
    QCOMPARE(import.importer, std::string("explain_json"));
    const auto& plans = import.context.plans;
    QCOMPARE(plans.size(), std::size_t{4});
    QCOMPARE(import.context.stored_count, 4);
    QCOMPARE(import.context.dropped + import.context.repaired, 0);
    QCOMPARE(plans[0].format, std::string("json"));
    QVERIFY(QString::fromStdString(plans[0].query).startsWith("select title from books where author_id = 7 and title <> E'one\\n"));
    QVERIFY(plans[0].query.ends_with("limit 3"));
    QCOMPARE(plans[1].format, std::string("text"));
    QCOMPARE(plans[1].query, std::string("select title from books where id = 1"));
    QCOMPARE(plans[2].format, std::string("yaml"));
    QCOMPARE(plans[2].query, std::string("select count(*) from books"));
    QCOMPARE(plans[3].format, std::string("xml"));
    QCOMPARE(plans[3].query, std::string("select 1"));
    QCOMPARE(plans[3].nodes.size(), std::size_t{1});
}

void TestPlanFormats::plans_of_another_project()
{
    const auto shared = shared_folder();
    if (!shared) QSKIP("the folder of shared samples is absent");
    int read = 0, refused = 0, statements = 0;
    for (const auto& entry : fs::recursive_directory_iterator(*shared / "samples/explain/pev2")) {
        const std::string name = entry.path().filename().string();
        if (!entry.is_regular_file() || name.ends_with("expect")) continue;
        if (name.ends_with(".sql")) {
            ++statements;
            continue;
        }
        PlanImport import;
        const std::string bytes = file_text(entry.path());
        import_plans(import, bytes);
        if (import.context.plans.empty()) ++refused;
        else ++read;
    }
    qInfo("%d files with plans read, %d refused, %d statements without a plan", read, refused, statements);
    QVERIFY(read >= 170);
    QCOMPARE(refused, 1);  // cut off in the middle of an object
}

QTEST_APPLESS_MAIN(TestPlanFormats)
#include "tst_plan_formats.moc"
