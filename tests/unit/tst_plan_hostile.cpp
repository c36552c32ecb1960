// Broken, huge and hostile plans: a message or a note, nothing else lost, no crash, no endless time.

#include "analyzers/plan/plan_diff.h"
#include "analyzers/plan/plan_queries.h"
#include "tests/support/plan_reading.h"

#include <QElapsedTimer>
#include <QtTest>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr int levels = 10'000;

std::string repeat(std::string_view text, int times)
{
    std::string out;
    out.reserve(text.size() * static_cast<std::size_t>(times));
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

const std::string small_json = R"_([{"Plan": {"Node Type": "Limit", "Total Cost": 9.5, "Plan Rows": 3,
  "Plans": [{"Node Type": "Seq Scan", "Relation Name": "t", "Plan Rows": 30, "Filter": "(a = 'ü\n')"}]}}])_";

}  // namespace

class TestPlanHostile : public QObject {
    Q_OBJECT

private slots:
    void deep_json();
    void deep_text();
    void deep_xml();
    void deep_yaml_is_refused();
    void cut_at_every_byte_data();
    void cut_at_every_byte();
    void a_broken_plan_costs_no_other();
    void bytes_that_are_no_text();
    void utf16();
    void numbers_too_large();
    void line_ends_inside_json_strings();
    void wrappers_of_clients();
    void many_properties_and_workers();
    void quotes_without_end();
    void brackets_without_end();
    void yaml_without_end();
    void not_plans_data();
    void not_plans();
};

void TestPlanHostile::deep_json()
{
    const std::string text = "[{\"Plan\":" + repeat("{\"Node Type\":\"Subquery Scan\",\"Alias\":\"a\",\"Plan Rows\":1,\"Actual Total Time\":1,\"Actual Rows\":1,\"Actual Loops\":1,\"Plans\":[", levels - 1) +
                             "{\"Node Type\":\"Seq Scan\",\"Relation Name\":\"t\"}" + repeat("]}", levels - 1) + "}]";
    PlanImport import;
    import_plans(import, text);
    QCOMPARE(import.importer, std::string("explain_json"));
    QCOMPARE(import.context.plans.size(), std::size_t{1});
    const PlanRow& plan = import.context.plans.front();
    QCOMPARE(plan.nodes.size(), std::size_t{levels});
    QCOMPARE(plan.nodes.back().depth, levels - 1);
    QCOMPARE(plan.nodes.back().relation, std::string("t"));
    // And what is asked of it stays within its means.
    QElapsedTimer clock;
    clock.start();
    QVERIFY(plan::diff(plan, plan).same_shape);
    QCOMPARE(plan::relation_scans(plan).size(), std::size_t{1});
    QCOMPARE(plan::truncations(plan).size(), std::size_t{levels});
    QVERIFY(plan::misestimates(plan, 10).empty());
    QVERIFY(plan::shape_of(plan) != 0);
    QVERIFY(clock.elapsed() < 10'000);
}

void TestPlanHostile::deep_text()
{
    std::string text;
    for (int i = 0; i < levels; ++i) text += std::string(static_cast<std::size_t>(i), ' ') + (i > 0 ? "->  " : "") + "Limit  (cost=0.00..1.00 rows=1 width=4)\n";
    PlanImport import;
    import_plans(import, text);
    QCOMPARE(import.importer, std::string("explain_text"));
    QCOMPARE(import.context.plans.size(), std::size_t{1});
    QCOMPARE(import.context.plans.front().nodes.back().depth, levels - 1);
}

void TestPlanHostile::deep_xml()
{
    const std::string text = "<explain xmlns=\"http://www.postgresql.org/2009/explain\"><Query>" +
                             repeat("<Plan><Node-Type>Limit</Node-Type><Plans>", levels - 1) + "<Plan><Node-Type>Result</Node-Type></Plan>" +
                             repeat("</Plans></Plan>", levels - 1) + "</Query></explain>";
    PlanImport import;
    import_plans(import, text);
    QCOMPARE(import.importer, std::string("explain_xml"));
    QCOMPARE(import.context.plans.size(), std::size_t{1});
    QCOMPARE(import.context.plans.front().nodes.back().depth, levels - 1);
    QCOMPARE(import.context.plans.front().nodes.back().node_type, std::string("Result"));
}

void TestPlanHostile::deep_yaml_is_refused()
{
    std::string text = "- Plan: \n    Node Type: \"Limit\"\n";
    for (int i = 1; i < 1000; ++i) {
        const std::string indent(static_cast<std::size_t>(4 * i), ' ');
        text += indent + "Plans: \n" + indent + "  - Node Type: \"Limit\"\n";
    }
    PlanImport import;
    import_plans(import, text);
    QCOMPARE(import.importer, std::string("explain_yaml"));
    QVERIFY(import.context.plans.empty());
    QVERIFY2(QString::fromStdString(import.error).contains("levels deep"), import.error.c_str());
    // Brackets nest without indentation.
    QVERIFY(!plan::read_yaml("- Plan: \n    Output: " + repeat("[", 100'000)));
    // A hundred levels are read.
    std::string shallow = "- Plan: \n    Node Type: \"Limit\"\n";
    for (int i = 1; i < 100; ++i) {
        const std::string indent(static_cast<std::size_t>(4 * i), ' ');
        shallow += indent + "Plans: \n" + indent + "  - Node Type: \"Limit\"\n";
    }
    QCOMPARE(plan_of(shallow).nodes.size(), std::size_t{100});
}

void TestPlanHostile::cut_at_every_byte_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"explain/framing/aligned_b1.text", "explain/framing/unaligned_tuples_only.json", "explain/framing/aligned_b2.yaml", "explain/framing/aligned_b1.xml",
                             "explain/framing/html.json", "explain/framing/expanded_b1.text", "explain/framing/latex.text", "explain/framing/csv.json"})
        QTest::newRow(name) << name;
}

void TestPlanHostile::cut_at_every_byte()
{
    QFETCH(QString, name);
    const std::string whole = file_text(source_folder() / "tests/samples" / name.toStdString());
    QVERIFY(!whole.empty());
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 400);
    for (std::size_t size = 0; size < whole.size(); size += step) {
        const std::string cut = whole.substr(0, size);
        PlanImport import;
        import_plans(import, cut);
        QCOMPARE(import.context.stored_count, static_cast<std::int64_t>(import.context.plans.size()));
        if (import.importer.empty()) continue;
        QVERIFY(!import.context.plans.empty() || !import.error.empty());
        for (const PlanRow& plan : import.context.plans) QVERIFY(!plan.nodes.empty());
    }
}

void TestPlanHostile::a_broken_plan_costs_no_other()
{
    const std::string xml = "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n<Query>\n<Plan>\n<Node-Type>Result</Node-Type>\n</Plan>\n</Query>\n</explain>\n";
    PlanImport import;
    // Whole, broken inside, cut off.
    const std::string text = "QUERY PLAN\n" + small_json + "\nQUERY PLAN\n[{\"Plan\": {\"Node Type\": \"Limit\", oops}}]\nQUERY PLAN\n" + xml + "QUERY PLAN\n" + small_json.substr(0, 100) + "\n";
    import_plans(import, text);
    QCOMPARE(import.importer, std::string("explain_json"));
    QCOMPARE(import.context.plans.size(), std::size_t{2});
    QCOMPARE(import.context.plans[0].format, std::string("json"));
    QCOMPARE(import.context.plans[1].format, std::string("xml"));
    QCOMPARE(import.context.dropped, 2);
    QVERIFY(import.error.empty());

    PlanImport array;
    const std::string second = small_json.substr(1, small_json.size() - 2);
    const std::string cut = "[" + second + "," + second + "," + second.substr(0, 60);
    import_plans(array, cut);
    QCOMPARE(array.context.plans.size(), std::size_t{2});
    QCOMPARE(array.context.dropped, 1);
    QVERIFY(array.context.counts.count("truncated"));
}

void TestPlanHostile::bytes_that_are_no_text()
{
    std::string text = "Seq Scan on t  (cost=0.00..9.00 rows=1 width=4)\n  Filter: (a = 'caf\xE9'::text)\n";
    text += std::string("  Rows Removed by Filter: 3\0\n", 29);
    PlanImport import;
    import_plans(import, text);
    QCOMPARE(import.context.plans.size(), std::size_t{1});
    QVERIFY(import.context.counts.count("bad_utf8"));
    QCOMPARE(plan::detail_of(import.context.plans.front().nodes.front()).text("Filter"), std::string("(a = 'caf\uFFFD'::text)"));
    PlanImport json;
    const std::string latin = "[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\xFCr\"}}]";
    import_plans(json, latin);
    QCOMPARE(json.context.plans.size(), std::size_t{1});
    QCOMPARE(json.context.plans.front().nodes.front().relation, std::string("t\uFFFDr"));
}

void TestPlanHostile::utf16()
{
    const QString text = QStringLiteral("\uFEFF QUERY PLAN\r\n-----\r\n Seq Scan on \u00FCber  (cost=0.00..9.00 rows=1 width=4)\r\n   Filter: (a = '\U0001F600'::text)\r\n(2 rows)\r\n");
    const QByteArray little(reinterpret_cast<const char*>(text.utf16()), text.size() * 2);
    QByteArray big = little;
    for (int i = 0; i + 1 < big.size(); i += 2) std::swap(big[i], big[i + 1]);
    for (const QByteArray& bytes : {little, big}) {
        PlanImport import;
        const std::string copy(bytes.constData(), static_cast<std::size_t>(bytes.size()));
        import_plans(import, copy);
        QCOMPARE(import.importer, std::string("explain_text"));
        QCOMPARE(import.context.plans.size(), std::size_t{1});
        QCOMPARE(import.context.plans.front().nodes.front().relation, std::string("\u00FCber"));
        QCOMPARE(plan::detail_of(import.context.plans.front().nodes.front()).text("Filter"), std::string("(a = '\U0001F600'::text)"));
    }
}

void TestPlanHostile::numbers_too_large()
{
    const PlanRow plan = plan_of(R"_([{"Plan": {"Node Type": "Nested Loop", "Plan Rows": 123456789012345678901234, "Total Cost": 1e400, "Plan Width": -5},
        "Query Identifier": -9223372036854775808}])_");
    // 1e400 is no number for anybody: such an object is refused as a whole, which must be said and not crash.
    if (plan.nodes.empty()) QVERIFY(!plan::read_json(R"_([{"Plan": {"Node Type": "Result", "Total Cost": 1e400}}])_"));
    const PlanRow rows = plan_of(R"_([{"Plan": {"Node Type": "Nested Loop", "Plan Rows": 123456789012345678901234, "Total Cost": 10000000000.25},
        "Query Identifier": -9223372036854775808}])_");
    QCOMPARE(rows.nodes.size(), std::size_t{1});
    QCOMPARE(rows.nodes.front().plan_rows.value_or(-1), 123456789012345678901234.0);
    QCOMPARE(rows.query_id, std::string("-9223372036854775808"));
}

void TestPlanHostile::line_ends_inside_json_strings()
{
    std::string broken;
    for (std::size_t at = 0; at < small_json.size(); at += 17) broken += small_json.substr(at, 17) + "\n";
    // Only strings may be broken; numbers and words would be other ones then.
    const PlanRow plan = plan_of("[{\"Plan\": {\"Node\n Type\": \"Seq\n Scan\", \"Relation Name\": \"ord\ners\", \"Plan Rows\": 3}}]");
    QCOMPARE(plan.nodes.size(), std::size_t{1});
    QCOMPARE(plan.nodes.front().node_type, std::string("Seq Scan"));
    QCOMPARE(plan.nodes.front().relation, std::string("orders"));
    // Cut anywhere else as well, nothing is made up: a plan, or a message.
    const auto other = plan::read_json(broken);
    QVERIFY(other || !other.error().what.empty());
}

void TestPlanHostile::wrappers_of_clients()
{
    const std::vector<std::string> wrapped{R"_([{"QUERY PLAN": )_" + small_json + "}]", R"_({"rows": [{"plan": )_" + small_json + R"_(}], "count": 1})_",
                                           small_json + "\n" + small_json,
                                           R"_({"Node Type": "Limit", "Plan Rows": 3, "Plans": [{"Node Type": "Seq Scan", "Relation Name": "t"}]})_"};
    for (const std::string& text : wrapped) {
        PlanImport import;
        import_plans(import, text);
        QCOMPARE(import.importer, std::string("explain_json"));
        QVERIFY(!import.context.plans.empty());
        for (const PlanRow& plan : import.context.plans) {
            QCOMPARE(plan.nodes.size(), std::size_t{2});
            QCOMPARE(plan.nodes[1].relation, std::string("t"));
        }
    }
}

void TestPlanHostile::many_properties_and_workers()
{
    std::string json = "[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\"";
    for (int i = 0; i < 50'000; ++i) json += ",\"K" + std::to_string(i) + "\":1";
    json += ",\"Workers\":[";
    for (int i = 0; i < 50'000; ++i) json += (i > 0 ? ",{\"Worker Number\":" : "{\"Worker Number\":") + std::to_string(i) + "}";
    json += "]}}]";
    std::string text = "Seq Scan on t  (cost=0.00..9.00 rows=1 width=4)\n";
    for (int i = 0; i < 50'000; ++i) text += "  Worker " + std::to_string(i) + ":  actual time=1.0..2.0 rows=1 loops=1\n";
    QElapsedTimer clock;
    clock.start();
    QCOMPARE(plan_of(json).nodes.size(), std::size_t{1});
    QCOMPARE(plan_of(text).nodes.size(), std::size_t{1});
    QVERIFY2(clock.elapsed() < 20'000, "quadratic");
}

void TestPlanHostile::quotes_without_end()
{
    std::string text = "Append  (cost=0.00..9.00 rows=1 width=4)\n";
    for (int i = 0; i < 20'000; ++i) text += "  ->  Seq Scan on t  (cost=0.00..9.00 rows=1 width=4)\n        Filter: (a = 'x" + std::string(i % 2 == 0 ? "" : "''") + "\n";
    QElapsedTimer clock;
    clock.start();
    QVERIFY(!plan_of(text).nodes.empty());
    std::string settings = "Result  (cost=0.00..9.00 rows=1 width=4)\nSettings: a = '" + repeat("', ", 100'000) + "\n";
    QCOMPARE(plan_of(settings).nodes.size(), std::size_t{1});
    QVERIFY2(clock.elapsed() < 20'000, "quadratic");
}

void TestPlanHostile::brackets_without_end()
{
    QElapsedTimer clock;
    clock.start();
    QVERIFY(!plan::read_json(repeat("{\"Plan\":", 200'000)));
    QVERIFY(!plan::read_json(repeat("[", 200'000)));
    QVERIFY(!plan::read_xml("<explain>" + repeat("<Plan>", 200'000)));
    QVERIFY(plan::column_tests(repeat("(", 60'000)).empty());
    QVERIFY(plan::column_tests(repeat("NOT (", 10'000)).empty());
    plan::column_tests(repeat("(a = 1) AND ", 5'000));
    PlanImport import;
    const std::string text = repeat("[ {\n", 100'000);
    import_plans(import, text);
    QVERIFY(import.context.plans.empty());
    QVERIFY2(clock.elapsed() < 20'000, "quadratic");
}

void TestPlanHostile::yaml_without_end()
{
    // yaml-cpp 0.7 finds one more document in such text for ever.
    QElapsedTimer clock;
    clock.start();
    for (const char* text : {"\"Plan\": \"x\"\n, }", "}\n}", "]", "- Plan: \n    Node Type: \"Limit\"\n}", "&a [*a, *a]", "? [a]\n: b", "%TAG ! x\n---\n%", ": : :"})
        (void)plan::read_yaml(text);
    QVERIFY(clock.elapsed() < 10'000);
}

void TestPlanHostile::not_plans_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("otlp") << R"_({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"db","attributes":[{"key":"plan","value":{"stringValue":"{\"Plan\": {\"Node Type\": \"Seq Scan\"}}"}}]}]}]}]})_";
    QTest::newRow("jaeger") << R"_({"data":[{"traceID":"1","spans":[{"operationName":"Plan","tags":[{"key":"Node Type","value":"x"}]}]}]})_";
    QTest::newRow("prometheus") << R"_({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"Plan"},"values":[[1,"2"]]}]}})_";
    QTest::newRow("prose") << "We should Sort the list.\nLimit\n\nThe Result is fine, see Append and Hash.\n";
    QTest::newRow("statement") << "explain (analyze) select * from orders where cost = 5;\n";
    QTest::newRow("psql") << " id | name \n----+------\n  1 | Sort\n(1 row)\n";
    QTest::newRow("yaml") << "Plan:\nowner: me\n";
    QTest::newRow("xml") << "<html><body><table><tr><td>Seq</td></tr></table></body></html>";
    QTest::newRow("mysql") << "+----+-------------+-------+\n| id | select_type | table |\n+----+-------------+-------+\n|  1 | SIMPLE      | t     |\n+----+-------------+-------+\n";
}

void TestPlanHostile::not_plans()
{
    QFETCH(QString, text);
    const std::string bytes = text.toStdString();
    const Importer* importer = importer_for(bytes);
    QVERIFY2(!importer || !importer->id.starts_with("explain"), importer ? std::string(importer->id).c_str() : "");
    // Forced on it, the importer says so.
    for (const Importer* each : all_importers()) {
        if (!each->id.starts_with("explain")) continue;
        PlanContext context;
        const Control control;
        const auto source = Source::from_memory(bytes, control);
        const Status status = each->read(*source, context);
        if (context.plans.empty()) QVERIFY(!status);
    }
}

QTEST_APPLESS_MAIN(TestPlanHostile)
#include "tst_plan_hostile.moc"
