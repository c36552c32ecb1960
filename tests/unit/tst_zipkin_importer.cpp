// Traces as Zipkin writes them, version 1 and 2.

#include "tests/support/places.h"
#include "tests/support/trace_import.h"
#include "tests/support/trace_texts.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

class TestZipkinImporter : public QObject {
    Q_OBJECT

private slots:
    void zipkin_fields();
    void zipkin_layouts();
    void zipkin_shared_spans();
    void zipkin_shared_without_the_other_half();
    void zipkin_many_halves();
    void zipkin_late_pieces();
    void zipkin_trace_ids_of_two_lengths();
    void zipkin_missing_times();
    void zipkin_version_1();
    void zipkin_hostile();
};

void TestZipkinImporter::zipkin_fields()
{
    const TraceContext read = read_trace("zipkin_json", "[" +
        zipkin_span("1", "", "SERVER", "front", R"(,"remoteEndpoint":{"ipv4":"10.9.9.9","port":4000},"tags":{"http.method":"GET","error":""},"annotations":[{"timestamp":1700000000000005,"value":"cache miss"}])") + "," +
        zipkin_span("2", "1", "CLIENT", "front", R"(,"remoteEndpoint":{"serviceName":"items","ipv4":"10.0.0.7","port":8080},"tags":{"error":"refused","n":3},"debug":true)") + "," +
        zipkin_span("3", "1", "", "front", R"(,"tags":{"host.name":"h-1","error":"false"})") + "," + zipkin_span("4", "4", "SIDEWAYS", "front") + "]");
    QCOMPARE(read.stored_count, 4);
    const KeptSpan& server = read.spans[0];
    QVERIFY(server.kind == SpanKind::server && server.status == SpanStatus::error);
    QCOMPARE(server.service, "front"s);
    QCOMPARE(server.instance, "10.0.0.1"s);
    QCOMPARE(server.start_ns, 1700000000000000000);
    QCOMPARE(server.duration_ns, 100'000);
    QCOMPARE(server.attribute("client.address"), "10.9.9.9"s);
    QCOMPARE(server.attribute("event"), R"({"name":"cache miss","at_ns":1700000000000005000})"s);
    const KeptSpan& client = read.spans[1];
    QVERIFY(client.kind == SpanKind::client && client.status == SpanStatus::error);
    QCOMPARE(client.attribute("service.peer.name"), "items"s);
    QCOMPARE(client.attribute("server.address"), "10.0.0.7"s);
    QCOMPARE(client.attribute("server.port"), "8080"s);
    QCOMPARE(client.attribute("otel.status_description"), "refused"s);
    QCOMPARE(client.attribute("n"), "3"s);
    QCOMPARE(read.spans[2].instance, "h-1"s);
    QVERIFY(read.spans[2].kind == SpanKind::internal && read.spans[2].status == SpanStatus::unset);
    QCOMPARE(read.spans[3].parent_id, 0ULL);  // its own parent
    QCOMPARE(read.repaired, 1);
    QCOMPARE(read.count("self_parent") + read.count("unknown_kind"), 2);
}

void TestZipkinImporter::zipkin_layouts()
{
    const std::string a = zipkin_span("1", "", "SERVER", "front");
    const std::string b = zipkin_span("2", "1", "CLIENT", "front");
    const TraceContext wanted = read_trace("zipkin_json", "[" + a + "," + b + "]");
    QCOMPARE(wanted.stored_count, 2);
    for (const std::string& bytes : {"[[" + a + "],[" + b + "]]", a + "\n" + b + "\n", "[\n" + a + ",\n" + b + "\n]\n", a + b, "[[],[" + a + "," + b + "],[]]"}) {
        QCOMPARE(QString::fromStdString(winner(bytes)), QString("zipkin_json"));
        QCOMPARE(list(read_trace("zipkin_json", bytes).all_rows()), list(wanted.all_rows()));
        QCOMPARE(list(read_trace_in_chunks("zipkin_json", bytes, 9).all_rows()), list(wanted.all_rows()));
    }
    const TraceContext cut = read_trace("zipkin_json", "[" + a + "," + b.substr(0, b.size() / 2));
    QCOMPARE(cut.stored_count, 1);
    QCOMPARE(cut.dropped, 1);
    QCOMPARE(read_trace("zipkin_json", a + "\n" + b.substr(0, 50) + "\n" + b + "\n").stored_count, 2);
    QCOMPARE(read_trace("zipkin_json", "[]").stored_count, 0);
    QCOMPARE(read_trace("zipkin_json", "[{\"a\":1}]").count("error: there are no Zipkin spans in this JSON"), 1);
}

void TestZipkinImporter::zipkin_shared_spans()
{
    // front calls back under one id; each side has children. The order is that of finishing.
    const std::string spans = "[" + zipkin_span("5", "2", "CLIENT", "back") + "," + zipkin_span("2", "1", "SERVER", "back", R"(,"shared":true)") + "," + zipkin_span("6", "2", "", "front") + "," +
                              zipkin_span("2", "1", "CLIENT", "front") + "," + zipkin_span("1", "", "SERVER", "front") + "]";
    const TraceContext read = read_trace("zipkin_json", spans);
    QCOMPARE(read.stored_count, 5);
    QCOMPARE(read.repaired, 0);
    const KeptSpan& server = read.spans[1];
    QVERIFY(server.span_id != 2 && server.span_id != 0);
    QCOMPARE(server.parent_id, 2ULL);            // under the client's half
    QCOMPARE(read.spans[0].parent_id, server.span_id);  // back's child under back's half
    QCOMPARE(read.spans[2].parent_id, 2ULL);     // front's child under front's half
    QCOMPARE(read.spans[3].span_id, 2ULL);
    QCOMPARE(read.spans[3].parent_id, 1ULL);
    // Older tracers share the id without saying so.
    std::string unmarked = spans;
    unmarked.erase(unmarked.find(R"(,"shared":true)"), 14);
    QCOMPARE(list(read_trace("zipkin_json", unmarked).all_rows()), list(read.all_rows()));
}

void TestZipkinImporter::zipkin_shared_without_the_other_half()
{
    const TraceContext read = read_trace("zipkin_json", "[" + zipkin_span("2", "1", "SERVER", "back", R"(,"shared":true)") + "," + zipkin_span("5", "2", "", "back") + "]");
    QCOMPARE(read.spans[0].span_id, 2ULL);
    QCOMPARE(read.spans[0].parent_id, 1ULL);
    QCOMPARE(read.spans[1].parent_id, 2ULL);
}

void TestZipkinImporter::zipkin_many_halves()
{
    // One message, received by two instances; nobody saw it sent.
    const auto half = [](const std::string& address) {
        std::string span = zipkin_span("2", "1", "SERVER", "worker", R"(,"shared":true)");
        span.replace(span.find("10.0.0.1"), 8, address);
        return span;
    };
    std::string child = zipkin_span("7", "2", "", "worker");
    child.replace(child.find("10.0.0.1"), 8, "10.0.0.3");
    const TraceContext read = read_trace("zipkin_json", "[" + half("10.0.0.2") + "," + half("10.0.0.3") + "," + child + "]");
    QVERIFY(read.spans[0].span_id != read.spans[1].span_id);
    QCOMPARE(read.spans[0].parent_id, 1ULL);
    QCOMPARE(read.spans[1].parent_id, 1ULL);
    QCOMPARE(read.spans[2].parent_id, read.spans[1].span_id);
}

void TestZipkinImporter::zipkin_late_pieces()
{
    // A report without kind, time and mark, under the id that the two halves have: as tracers send when they close late.
    const std::string piece = R"({"traceId":"00000000000000ab","parentId":"1","id":"2","name":"post","localEndpoint":{"serviceName":"back","ipv4":"10.0.0.1"}})";
    const TraceContext read = read_trace("zipkin_json", "[" + piece + "," + zipkin_span("2", "1", "SERVER", "back", R"(,"shared":true)") + "," + zipkin_span("2", "1", "CLIENT", "front") + "," +
                                                           zipkin_span("2", "1", "CLIENT", "front") + "]");
    QCOMPARE(read.stored_count, 4);
    QCOMPARE(read.spans[2].span_id, 2ULL);
    QCOMPARE(read.spans[3].span_id, 2ULL);  // the same span again
    QCOMPARE(read.spans[1].parent_id, 2ULL);
    QVERIFY(read.spans[0].span_id != 2 && read.spans[0].span_id != read.spans[1].span_id);
    QCOMPARE(read.spans[0].parent_id, read.spans[1].span_id);
    QCOMPARE(read.count("derived_time"), 1);
}

void TestZipkinImporter::zipkin_trace_ids_of_two_lengths()
{
    std::string wide = zipkin_span("1", "", "SERVER", "front");
    wide.replace(wide.find("00000000000000ab"), 16, "463ac35c9f6413ad00000000000000ab");
    const TraceContext read = read_trace("zipkin_json", "[" + zipkin_span("2", "1", "CLIENT", "front") + "," + wide + "]");
    for (const KeptSpan& span : read.spans) {
        QCOMPARE(span.trace_high, 0x463ac35c9f6413adULL);
        QCOMPARE(span.trace_low, 0xabULL);
    }
}

void TestZipkinImporter::zipkin_missing_times()
{
    const auto timeless = [](const std::string& id, const std::string& parent, const std::string& more = {}) {
        return R"({"traceId":"ab","id":")" + id + R"(","parentId":")" + parent + R"(","name":"n","localEndpoint":{"serviceName":"s"})" + more + "}";
    };
    const TraceContext read = read_trace("zipkin_json", "[" + timeless("2", "1") + "," + timeless("3", "9") + "," + timeless("4", "1", R"(,"annotations":[{"timestamp":1700000000000042,"value":"x"}])") + "," +
                                                           R"({"traceId":"ab","id":"1","name":"root","timestamp":1700000000000010,"duration":5},)" +
                                                           R"({"traceId":"ab","id":"5","parentId":"2","name":"child","timestamp":1700000000000012},)" +
                                                           R"({"traceId":"cd","id":"8","name":"alone"},{"traceId":"ef","id":"9","name":"odd","timestamp":"soon"}])");
    QCOMPARE(read.stored_count, 5);
    QCOMPARE(read.spans[0].start_ns, 1700000000000012000);  // its child's
    QCOMPARE(read.spans[1].start_ns, 1700000000000010000);  // the trace's
    QCOMPARE(read.spans[2].start_ns, 1700000000000042000);  // its annotation's
    QCOMPARE(read.repaired, 4);
    QCOMPARE(read.count("derived_time"), 3);
    QCOMPARE(read.dropped, 2);
    QCOMPARE(read.count("missing_time") + read.count("bad_time"), 2);
}

void TestZipkinImporter::zipkin_version_1()
{
    const auto endpoint = [](const std::string& service) { return R"({"serviceName":")" + service + R"(","ipv4":"10.1.1.)" + std::to_string(service.size()) + R"(","port":80})"; };
    const auto at = [&](int us, const std::string& value, const std::string& service) {
        return R"({"timestamp":17000000000000)" + std::to_string(us) + R"(,"value":")" + value + R"(","endpoint":)" + endpoint(service) + "}";
    };
    const auto tag = [&](const std::string& key, const std::string& value, const std::string& service) {
        return R"({"key":")" + key + R"(","value":)" + value + R"(,"endpoint":)" + endpoint(service) + "}";
    };
    const std::string both = R"({"traceId":"ab","id":"2","parentId":"1","name":"call","timestamp":1700000000000010,"duration":60,"annotations":[)" + at(10, "cs", "front") + "," + at(20, "sr", "items") + "," +
                             at(30, "lookup", "items") + "," + at(50, "ss", "items") + "," + at(70, "cr", "front") + R"(],"binaryAnnotations":[)" + tag("http.path", R"("/items")", "front") + "," +
                             tag("error", R"("boom")", "items") + "," + tag("sa", "true", "items") + "," + tag("rows", "7", "items") + "]}";
    const std::string root = R"({"traceId":"ab","id":"1","name":"get /","annotations":[)" + at(10, "sr", "front") + "," + at(90, "ss", "front") + R"(],"binaryAnnotations":[]})";
    const std::string local = R"({"traceId":"ab","id":"3","parentId":"2","name":"compute","timestamp":1700000000000025,"duration":5,"binaryAnnotations":[)" + tag("lc", R"("pool-1")", "items") + "]}";
    const std::string bytes = "[" + root + "," + both + "," + local + "]";
    QCOMPARE(QString::fromStdString(winner(bytes)), QString("zipkin_json"));
    const TraceContext read = read_trace("zipkin_json", bytes);
    QCOMPARE(read.stored_count, 3);   // records are the format's spans
    QCOMPARE(read.spans.size(), std::size_t{4});  // one of which tells of both sides of a call
    QCOMPARE(read.dropped + read.repaired, 0);
    const auto of = [&](SpanKind kind, const std::string& service) {
        for (const KeptSpan& span : read.spans)
            if (span.kind == kind && span.service == service) return span;
        return KeptSpan();
    };
    const KeptSpan client = of(SpanKind::client, "front");
    const KeptSpan server = of(SpanKind::server, "items");
    const KeptSpan inner = of(SpanKind::internal, "items");
    QCOMPARE(client.span_id, 2ULL);
    QCOMPARE(client.duration_ns, 60'000);
    QCOMPARE(client.attribute("http.path"), "/items"s);
    QCOMPARE(client.attribute("service.peer.name"), "items"s);
    QCOMPARE(server.parent_id, 2ULL);
    QVERIFY(server.span_id != 2);
    QCOMPARE(server.start_ns, 1700000000000020000);
    QCOMPARE(server.duration_ns, 30'000);
    QVERIFY(server.status == SpanStatus::error && client.status == SpanStatus::unset);
    QCOMPARE(server.attribute("rows"), "7"s);
    QCOMPARE(server.attribute("event"), R"({"name":"lookup","at_ns":1700000000000030000})"s);
    QCOMPARE(inner.parent_id, server.span_id);
    QCOMPARE(inner.attribute("lc"), "pool-1"s);
    QCOMPARE(of(SpanKind::server, "front").duration_ns, 80'000);
}

void TestZipkinImporter::zipkin_hostile()
{
    // One id for very many spans, and one span with very many tags of one name: no quadratic time.
    std::string many = "[";
    for (int i = 0; i < 30'000; ++i) many += (i ? "," : "") + zipkin_span("2", "2", i % 2 ? "SERVER" : "", "s" + std::to_string(i % 7), i % 3 ? R"(,"shared":true)" : "");
    const TraceContext read = read_trace("zipkin_json", many + "]");
    QCOMPARE(read.stored_count, 30'000);
    std::string tags = R"([{"traceId":"1","id":"2","timestamp":5,"duration":1,"binaryAnnotations":[)";
    for (int i = 0; i < 60'000; ++i) tags += (i ? "," : "") + R"({"key":"k)"s + std::to_string(i) + R"(","value":"v"})";
    QCOMPARE(read_trace("zipkin_json", tags + "]}]").stored_count, 1);
    const TraceContext bad = read_trace("zipkin_json", "[" + zipkin_span("1", "", "CLIENT", "a\xff") + "," + zipkin_span("2", "1", "CLIENT", "b\\u0000") + R"(,{"traceId":"1","id" 2},{"traceId":"x","id":"y","timestamp":1e400}])");
    QCOMPARE(bad.stored_count, 2);
    QCOMPARE(bad.repaired, 2);
    QCOMPARE(bad.dropped, 2);
    QCOMPARE(bad.spans[0].service, "a\xef\xbf\xbd"s);
}

QTEST_APPLESS_MAIN(TestZipkinImporter)
#include "tst_zipkin_importer.moc"
