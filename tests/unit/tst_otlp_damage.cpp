// Broken, cut and large OTLP/JSON, what is told from it at sight, and what others wrote.

#include "analyzers/importers/support/json_records.h"
#include "tests/support/otlp_encoder.h"
#include "tests/support/otlp_texts.h"
#include "tests/support/places.h"
#include "tests/support/trace_import.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

class TestOtlpDamage : public QObject {
    Q_OBJECT

private slots:
    void one_bad_record_costs_itself_data();
    void one_bad_record_costs_itself();
    void truncated_input_keeps_what_is_complete();
    void a_cut_line_costs_itself();
    void large_elements_are_taken_apart();
    void sniffing();
    void shared_samples();
};

void TestOtlpDamage::one_bad_record_costs_itself_data()
{
    QTest::addColumn<QByteArray>("bad");
    QTest::addColumn<int>("stored");
    const auto add = [](const char* name, const std::string& bad, int stored) { QTest::newRow(name) << QByteArray::fromStdString(bad) << stored; };
    const auto deep = [](std::size_t levels) {
        std::string value;
        for (std::size_t i = 0; i < levels; ++i) value += R"({"arrayValue":{"values":[)";
        for (std::size_t i = 0; i < levels; ++i) value += "]}}";
        return span("00000000000000a2", "deep", R"(,"attributes":[)" + attribute("k", value) + "]");
    };
    add("100,000 levels deep", deep(100'000), 2);
    add("100 levels deep", deep(100), 3);
    add("no JSON inside", R"({"traceId":"01","spanId" "02"})", 2);
    add("a number beyond doubles", span("00000000000000a2", "n", R"(,"attributes":[)" + attribute("k", R"({"doubleValue":1e999})") + "]"), 3);
    add("an integer beyond 64 bits", span("00000000000000a2", "n", R"(,"attributes":[)" + attribute("k", R"({"intValue":99999999999999999999999})") + "]"), 3);
    add("NaN as Python writes it", span("00000000000000a2", "n", R"(,"attributes":[)" + attribute("k", R"({"doubleValue":NaN})") + "]"), 3);
    add("a comma too many", span("00000000000000a2", "n", R"(,"attributes":[],)"), 3);
    add("an unknown escape", span("00000000000000a2", R"(a\qb)"), 3);
    add("a list for a span", "[1,2]", 2);
}

void TestOtlpDamage::one_bad_record_costs_itself()
{
    QFETCH(QByteArray, bad);
    QFETCH(int, stored);
    const std::string bytes = one(span("00000000000000a1", "first") + "," + bad.toStdString() + "," + span("00000000000000a3", "last"));
    const TraceContext read = read_trace("otlp_json", bytes);
    QCOMPARE(read.stored_count, stored);
    QVERIFY(read.named("first") && read.named("last"));
    QCOMPARE(read.named("last")->service, "orders"s);
    if (stored == 2 && bad[0] == '{') QCOMPARE(read.dropped, 1);
    QCOMPARE(read_trace_in_chunks("otlp_json", bytes, 100).stored_count, stored);
}

void TestOtlpDamage::truncated_input_keeps_what_is_complete()
{
    const std::string whole = request(resource_spans(span("00000000000000a1", "a") + "," + span("00000000000000a2", "b") + "," + span("00000000000000a3", "c")));
    const std::size_t ends[] = {whole.find(R"("name":"a")"), whole.find(R"("name":"b")"), whole.find(R"("name":"c")")};
    for (std::size_t length = 1; length < whole.size(); ++length) {
        const TraceContext read = read_trace("otlp_json", std::string_view(whole).substr(0, length));
        int complete = 0;
        for (const std::size_t start : ends) {
            const std::size_t end = whole.find('}', start);
            complete += length > end;
        }
        QCOMPARE(read.stored_count, complete);
        QVERIFY(read.dropped <= 1);
        if (read.dropped == 0 && length > 20) QVERIFY2(read.count("truncated") >= 1, whole.substr(0, length).c_str());
        if (complete > 0) QCOMPARE(read.spans[0].service, "orders"s);
    }
    // In the middle of the second span: the first is kept, the second is counted.
    const TraceContext read = read_trace("otlp_json", std::string_view(whole).substr(0, whole.find(R"("name":"b")") + 8));
    QCOMPARE(read.stored_count, 1);
    QCOMPARE(read.dropped, 1);
    QCOMPARE(read.count("truncated"), 1);
}

void TestOtlpDamage::a_cut_line_costs_itself()
{
    const std::string first = one(span("00000000000000a1", "a") + "," + span("00000000000000a2", "b"));
    const std::string next = one(span("00000000000000a3", "c"));
    for (const std::size_t cut : {first.size() - 1, first.find("\"b\"") + 1, first.find("kind"), std::size_t{30}}) {
        const std::string bytes = next + "\n" + first.substr(0, cut) + "\n" + next + "\n" + next + "\n";
        const TraceContext read = read_trace("otlp_json", bytes);
        QVERIFY(read.stored_count >= 3);
        QVERIFY(read.count("truncated") >= 1);
        QVERIFY(read.first_line.at("truncated") == 2 || read.first_line.at("truncated") == 3);  // where it ends, or where the next begins
    }
}

void TestOtlpDamage::large_elements_are_taken_apart()
{
    std::string spans;
    int count = 0;
    while (spans.size() < max_whole_bytes + (1u << 20)) {
        char id[20];
        std::snprintf(id, sizeof id, "%016x", ++count);
        spans += (spans.empty() ? "" : ",\n") + span(id, "op" + std::to_string(count % 3));
    }
    // The resource behind its spans, as some writers sort keys.
    const std::string bytes = R"({"resourceSpans":[{"scopeSpans":[{"spans":[)" + spans + R"(],"scope":{"name":"lib"}}],"resource":{"attributes":[)" +
                              attribute("service.name", text_value("orders")) + "]}}]}";
    const TraceContext read = read_trace("otlp_json", bytes);
    QCOMPARE(read.stored_count, count);
    QCOMPARE(read.spans.back().service, "orders"s);
    QCOMPARE(read.spans.back().attribute("otel.scope.name"), "lib"s);
    std::string broken = bytes;
    broken[broken.find("op1")] = '\xff';
    broken.replace(broken.find("\"op2\""), 5, "op2---");
    const TraceContext mended = read_trace("otlp_json", broken);
    QCOMPARE(mended.stored_count + mended.dropped, count);
    QVERIFY(mended.dropped <= 1);
    QCOMPARE(mended.count("bad_text"), 1);

    std::string points;
    const std::string padding(300, ' ');
    for (int i = 0; i < 30'000; ++i) points += (i ? "," : "") + R"({"timeUnixNano":"17000000000000)"s + std::to_string(10'000 + i) + R"(","asInt":")" + std::to_string(i) + R"(","attributes":[)" + padding + "]}";
    QVERIFY(points.size() > max_whole_bytes);
    const TraceContext metric = read_trace("otlp_json", metrics_request(R"({"name":"m","unit":"1","sum":{"aggregationTemporality":1,"dataPoints":[)" + points + "]}}"));
    QCOMPARE(metric.stored_count, 30'000);
    QVERIFY(metric.rows.back().ends_with("|449985000"));  // the deltas' sum
}

void TestOtlpDamage::sniffing()
{
    QCOMPARE(QString::fromStdString(winner(rich_request())), QString("otlp_json"));
    QCOMPARE(QString::fromStdString(winner(logs_request())), QString("otlp_json"));
    QCOMPARE(QString::fromStdString(winner(metrics_request(""))), QString("otlp_json"));
    const Importer* const json = importer_named("otlp_json");
    for (const std::string& other : {R"([{"Plan":{"Node Type":"Limit"}}])"s, R"({"status":"success","data":{"resultType":"matrix","result":[]}})"s, R"({"traceId":"x","resourceSpans":"no list"})"s,
                                     R"({"message":"{\"resourceSpans\":[]}"})"s, "resourceSpans: []"s, ""s, "{"s, "["s})
        QCOMPARE(json->sniff({"x", "json", other, true}), 0);
    QVERIFY(read_trace("otlp_json", R"({"status":"success"})").count("error: there is no OTLP data in this JSON") == 1);
}

void TestOtlpDamage::shared_samples()
{
    const auto shared = shared_folder();
    if (!shared) QSKIP("the folder of further samples is absent");
    const auto samples = *shared / "samples";
    const std::string lines = read_file(samples / "shop/otlp-json/traces.ndjson");
    const TraceContext json = read_trace("otlp_json", lines);
    QCOMPARE(json.stored_count, 3248);
    QCOMPARE(json.dropped + json.repaired, 0);
    std::string joined = "[";
    std::string protobuf;
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) {
        joined += (joined.size() > 1 ? ",\n" : "") + line;
        protobuf += OtlpEncoder::framed(OtlpEncoder::encode(line));
    }
    QCOMPARE(list(read_trace("otlp_json", joined + "]").all_rows()), list(json.all_rows()));
    QCOMPARE(list(read_trace("otlp_protobuf", protobuf).all_rows()), list(json.all_rows()));

    QCOMPARE(read_trace("otlp_json", read_file(samples / "shop/otlp-json-oldsemconv/traces.ndjson")).stored_count, 3248);
    const TraceContext proto = read_trace("otlp_protobuf", read_file(samples / "shop/otlp-proto/traces.binpb-delimited"));
    QCOMPARE(proto.stored_count, 3248);
    QCOMPARE(proto.dropped + proto.repaired, 0);
    QCOMPARE(read_trace("otlp_protobuf", read_file(samples / "shop/otlp-proto/traces.first.binpb")).stored_count, 512);
    const TraceContext metrics = read_trace("otlp_json", read_file(samples / "shop/otlp-json/metrics.ndjson"));
    QVERIFY(metrics.stored_count > 0 && metrics.dropped == 0);
    QVERIFY(std::any_of(metrics.rows.begin(), metrics.rows.end(), [](const std::string& row) { return row.find("|db.client.connection.pending_requests|") != std::string::npos; }));

    const auto examples = samples / "traces/opentelemetry-proto/examples";
    QCOMPARE(read_trace("otlp_json", read_file(examples / "trace.json")).stored_count, 1);
    QCOMPARE(read_trace("otlp_json", read_file(examples / "metrics.json")).stored_count, 4);
    QCOMPARE(read_trace("otlp_json", read_file(examples / "logs.json")).stored_count, 1);
}

QTEST_APPLESS_MAIN(TestOtlpDamage)
#include "tst_otlp_damage.moc"
