// Traces as Jaeger writes them.

#include "analyzers/importers/support/json_records.h"
#include "tests/support/trace_import.h"
#include "tests/support/trace_texts.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

class TestJaegerImporter : public QObject {
    Q_OBJECT

private slots:
    void jaeger_layouts_data();
    void jaeger_layouts();
    void jaeger_parents_and_links();
    void jaeger_tags_and_logs();
    void jaeger_oddities();
    void jaeger_dump_with_parents_inside();
    void jaeger_large_cut_and_broken();
};

void TestJaegerImporter::jaeger_layouts_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const auto add = [](const char* name, const std::string& bytes) { QTest::newRow(name) << QByteArray::fromStdString(bytes); };
    const std::string a = jaeger_span("a");
    const std::string b = jaeger_span("b", R"(,"references":[{"refType":"CHILD_OF","traceID":"1f","spanID":"a"}])");
    add("answer of the query service", jaeger(jaeger_trace(a + "," + b)));
    add("two answers on lines", jaeger(jaeger_trace(a)) + "\n" + jaeger(jaeger_trace(b)) + "\n");
    add("bare trace", jaeger_trace(a + "," + b));
    add("array of traces", "[" + jaeger_trace(a) + ",\n" + jaeger_trace(b) + "]");
    add("trace under data", R"({"data":)" + jaeger_trace(a + "," + b) + "}");
    const auto inside = [](std::string span) {
        span.replace(span.find(R"("processID":"p1")"), 16, R"("process":{"serviceName":"cart","tags":[{"key":"hostname","type":"string","value":"c-1"}]})");
        return span;
    };
    add("spans with their process", "[" + inside(a) + ",\n " + inside(b) + "]");
    add("Elasticsearch documents", R"({"_index":"jaeger-span","_source":)" + inside(a) + "}\n" + R"({"_index":"jaeger-span","_source":)" + inside(b) + "}\n");
    add("Elasticsearch search", R"({"took":1,"hits":{"total":2,"hits":[{"_source":)" + inside(a) + R"(},{"_source":)" + inside(b) + "}]}}");
    std::string ids = jaeger(jaeger_trace(a + "," + b));
    for (std::size_t at = ids.find("\"1f\""); at != std::string::npos; at = ids.find("\"1f\"")) ids.replace(at, 4, "\"0000000000000000000000000000001f\"");
    add("ids in full", ids);
}

void TestJaegerImporter::jaeger_layouts()
{
    QFETCH(QByteArray, bytes);
    const std::string text = bytes.toStdString();
    QCOMPARE(QString::fromStdString(winner(text)), QString("jaeger_json"));
    const TraceContext read = read_trace("jaeger_json", text);
    QCOMPARE(list(read.all_rows()), (QStringList{"0000000000000000000000000000001f 000000000000000a 0000000000000000 1700000000000000000+250000 cart|c-1||op a|internal|unset|hostname=c-1",
                                                 "0000000000000000000000000000001f 000000000000000b 000000000000000a 1700000000000000000+250000 cart|c-1||op b|internal|unset|hostname=c-1"}));
    QCOMPARE(read.stored_count, 2);
    QCOMPARE(read.dropped + read.repaired, 0);
    QCOMPARE(list(read_trace_in_chunks("jaeger_json", text, 3).all_rows()), list(read.all_rows()));
}

void TestJaegerImporter::jaeger_parents_and_links()
{
    const auto references = [](const std::string& items) { return jaeger(jaeger_trace(jaeger_span("c", R"(,"references":[)" + items + "]"))); };
    const std::string follows = R"({"refType":"FOLLOWS_FROM","traceID":"1f","spanID":"a"})";
    const std::string child = R"({"refType":"CHILD_OF","traceID":"1f","spanID":"b"})";
    const std::string other = R"({"refType":"CHILD_OF","traceID":"ff","spanID":"d"})";
    TraceContext read = read_trace("jaeger_json", references(other + "," + follows + "," + child));
    QCOMPARE(read.spans[0].parent_id, 0xbULL);
    QCOMPARE(read.spans[0].attributes.count("link"), std::size_t{2});
    QCOMPARE(read.spans[0].attribute("link"), R"({"trace_id":"000000000000000000000000000000ff","span_id":"000000000000000d"})"s);
    QCOMPARE(read.spans[0].attribute("opentracing.ref_type"), "(none)"s);
    read = read_trace("jaeger_json", references(follows));
    QCOMPARE(read.spans[0].parent_id, 0xaULL);
    QCOMPARE(read.spans[0].attribute("opentracing.ref_type"), "follows_from"s);
    read = read_trace("jaeger_json", references(R"({"refType":"CHILD_OF","spanID":"b"})"));  // the same trace, unsaid
    QCOMPARE(read.spans[0].parent_id, 0xbULL);
    read = read_trace("jaeger_json", jaeger(jaeger_trace(jaeger_span("c", R"(,"parentSpanID":"e","references":null)"))));
    QCOMPARE(read.spans[0].parent_id, 0xeULL);
    read = read_trace("jaeger_json", references(R"({"refType":"CHILD_OF","traceID":"1f","spanID":"c"})"));
    QCOMPARE(read.spans[0].parent_id, 0ULL);
    QCOMPARE(read.count("self_parent"), 1);
}

void TestJaegerImporter::jaeger_tags_and_logs()
{
    const TraceContext read = read_trace("jaeger_json", jaeger(jaeger_trace(
        jaeger_span("1", R"(,"tags":[{"key":"span.kind","value":"server"},{"key":"error","type":"string","value":"true"},{"key":"n","type":"int64","value":"9223372036854775222"},{"key":"f","type":"int64","value":1.5},
 {"key":"blob","type":"binary","value":"AAAwOQ=="},{"key":"none","type":"string","value":null},{"key":"sampler.type","type":"string","value":"const"}])") + "," +
        jaeger_span("2", R"(,"tags":[{"key":"error","type":"bool","value":false}],"processID":"p2")") + "," +
        jaeger_span("3", R"(,"tags":[{"key":"otel.status_code","type":"string","value":"OK"},{"key":"error","type":"bool","value":true}])") + "," +
        jaeger_span("4", R"(,"logs":[{"timestamp":1700000000000010,"fields":[{"key":"event","value":"error"},{"key":"error.kind","value":"IOError"},{"key":"message","value":"gone"}]},{"timestamp":5,"fields":[{"key":"x","value":"y"}]}],"tags":{"http@method":"GET"})"))));
    QCOMPARE(read.spans.size(), std::size_t{4});
    QVERIFY(read.spans[0].kind == SpanKind::server && read.spans[0].status == SpanStatus::error);
    QCOMPARE(read.spans[0].attribute("n"), "9223372036854775222"s);
    QCOMPARE(read.spans[0].attribute("f"), "1.5"s);
    QCOMPARE(read.spans[0].attribute("blob"), "AAAwOQ=="s);
    QCOMPARE(read.spans[0].attribute("none"), ""s);
    QCOMPARE(read.spans[0].attribute("error"), "(none)"s);
    QVERIFY(read.spans[1].status == SpanStatus::unset);
    QVERIFY(read.spans[2].status == SpanStatus::ok);
    QCOMPARE(read.spans[3].attribute("exception.type"), "IOError"s);
    QCOMPARE(read.spans[3].attribute("exception.message"), "gone"s);
    QCOMPARE(read.spans[3].attribute("http.method"), "GET"s);
    QCOMPARE(read.spans[3].attributes.count("event"), std::size_t{2});
    QCOMPARE(read.repaired, 0);
}

void TestJaegerImporter::jaeger_oddities()
{
    const TraceContext read = read_trace("jaeger_json", R"({"data":[{"traceID":"t-1","spans":[{"spanID":"root","operationName":"a","startTime":0,"duration":10,"processID":"p9","warnings":["clock skew"]},
 {"spanID":"x","operationName":"b","startTime":5,"duration":-3,"process":{"tags":[]}},{"spanID":"y","operationName":"c","startTime":"7","references":[{"refType":"CHILD_OF","spanID":"root"}]},
 {"spanID":"z","operationName":"d","duration":"invalid"},{"spanID":"w","operationName":"e","startTime":9300000000000000000,"duration":1}]}]})");
    QCOMPARE(read.stored_count, 3);
    QCOMPARE(read.dropped, 2);
    QCOMPARE(read.count("bad_time") + read.count("time_out_of_range"), 2);
    QCOMPARE(read.spans[0].start_ns, 0);  // a legal start here
    QCOMPARE(read.spans[0].duration_ns, 10'000);
    QCOMPARE(read.spans[0].trace_low, read.spans[2].trace_low);
    QCOMPARE(read.spans[2].parent_id, read.spans[0].span_id);
    QVERIFY(read.spans[0].span_id != 0 && read.spans[0].span_id != read.spans[2].span_id);
    QCOMPARE(read.count("unreadable_id"), 3);
    QCOMPARE(read.count("negative_duration"), 1);
    QCOMPARE(read.count("no_process"), 4);
    QCOMPARE(read.count("jaeger_warning"), 1);
    QCOMPARE(read.spans[1].service, "unknown_service"s);
}

void TestJaegerImporter::jaeger_dump_with_parents_inside()
{
    // What the UI holds in memory: every reference carries the whole parent, with its own references.
    std::string chain = jaeger_span("1");
    std::string spans = chain;
    constexpr int generations = 60;
    for (int i = 2; i <= generations; ++i) {
        char id[8];
        std::snprintf(id, sizeof id, "%x", i);
        char parent[8];
        std::snprintf(parent, sizeof parent, "%x", i - 1);
        chain = jaeger_span(id, R"(,"references":[{"refType":"CHILD_OF","traceID":"1f","spanID":")"s + parent + R"(","span":)" + chain + "}],\"depth\":1,\"hasChildren\":true");
        spans += "," + chain;
    }
    const TraceContext read = read_trace("jaeger_json", jaeger(jaeger_trace(spans)));
    QCOMPARE(read.stored_count, generations);
    for (int i = 1; i < generations; ++i) QCOMPARE(read.spans[static_cast<std::size_t>(i)].parent_id, static_cast<std::uint64_t>(i));
}

void TestJaegerImporter::jaeger_large_cut_and_broken()
{
    std::string spans;
    int count = 0;
    while (spans.size() < max_whole_bytes + (1u << 20)) {
        char id[20];
        std::snprintf(id, sizeof id, "%x", ++count);
        spans += (count > 1 ? ",\n" : "") + jaeger_span(id);
    }
    const std::string whole = jaeger(jaeger_trace(spans));
    const TraceContext read = read_trace("jaeger_json", whole);
    QCOMPARE(read.stored_count, count);
    QCOMPARE(read.spans.back().service, "cart"s);
    const TraceContext cut = read_trace("jaeger_json", std::string_view(whole).substr(0, whole.size() / 2));
    QVERIFY(cut.stored_count > count / 3 && cut.stored_count < count);
    QVERIFY(cut.dropped <= 1);
    QVERIFY(cut.count("truncated") >= 1);
    std::string broken = jaeger(jaeger_trace(jaeger_span("1") + R"(,{"spanID" "2"},)" + jaeger_span("3", ",\"tags\":[{\"key\":\"k\",\"value\":\"\xff\"}]")));
    const TraceContext mended = read_trace("jaeger_json", broken);
    QCOMPARE(mended.stored_count, 2);
    QCOMPARE(mended.dropped, 1);
    QCOMPARE(mended.count("bad_text"), 1);
    QCOMPARE(read_trace("jaeger_json", R"({"wrong":1})").count("error: there are no Jaeger traces in this JSON"), 1);
    QCOMPARE(read_trace("jaeger_json", R"({"data":[],"total":0,"limit":0,"offset":0,"errors":null})").stored_count, 0);
}

QTEST_APPLESS_MAIN(TestJaegerImporter)
#include "tst_jaeger_importer.moc"
