// Jaeger and Zipkin JSON. Inputs are written after the formats' descriptions; counts of whole files are in shared_samples.

#include "tests/support/places.h"
#include "tests/support/trace_import.h"

#include <QtTest>
#include <fstream>
#include <set>
#include <sstream>

// Before the texts below, whose raw strings moc does not read.
class TestTraceFormats : public QObject {
    Q_OBJECT

private slots:
    void one_span_in_every_encoding();
    void jaeger_layouts_data();
    void jaeger_layouts();
    void jaeger_parents_and_links();
    void jaeger_tags_and_logs();
    void jaeger_oddities();
    void jaeger_dump_with_parents_inside();
    void jaeger_large_cut_and_broken();
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
    void sniffing_keeps_apart();
    void shared_samples();
};

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

namespace {

QStringList list(const std::vector<std::string>& lines)
{
    QStringList result;
    for (const std::string& line : lines) result << QString::fromStdString(line);
    return result;
}

std::string read_file(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// As read_trace, from a file that may be compressed.
TraceContext read_trace_file(std::string_view id, const std::filesystem::path& path)
{
    TraceContext context;
    const Control control;
    const auto source = Source::open(path.string(), control);
    if (!source || !importer_named(id)->read(**source, context)) context.counts["error"] = 1;
    return context;
}

std::string jaeger_span(const std::string& id, const std::string& more = {})
{
    return R"({"traceID":"1f","spanID":")" + id + R"(","operationName":"op )" + id + R"(","startTime":1700000000000000,"duration":250,"processID":"p1")" + more + "}";
}

std::string jaeger_trace(const std::string& spans)
{
    return R"({"traceID":"1f","spans":[)" + spans + R"(],"processes":{"p1":{"serviceName":"cart","tags":[{"key":"hostname","type":"string","value":"c-1"}]},"p2":{"serviceName":"db"}},"warnings":null})";
}

std::string jaeger(const std::string& traces)
{
    return R"({"data":[)" + traces + R"(],"total":0,"limit":0,"offset":0,"errors":null})";
}

std::string zipkin_span(const std::string& id, const std::string& parent, const std::string& kind, const std::string& service, const std::string& more = {})
{
    return R"({"traceId":"00000000000000ab","id":")" + id + "\"" + (parent.empty() ? "" : R"(,"parentId":")" + parent + "\"") + (kind.empty() ? "" : R"(,"kind":")" + kind + "\"") +
           R"(,"name":")" + service + " " + kind + R"(","timestamp":1700000000000000,"duration":100,"localEndpoint":{"serviceName":")" + service + R"(","ipv4":"10.0.0.1"})" + more + "}";
}

}  // namespace

void TestTraceFormats::one_span_in_every_encoding()
{
    const std::string otlp = R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}},{"key":"service.version","value":{"stringValue":"1.4"}},
 {"key":"service.instance.id","value":{"stringValue":"orders-1"}},{"key":"deployment.environment.name","value":{"stringValue":"prod"}},{"key":"telemetry.sdk.name","value":{"stringValue":"x"}}]},
 "scopeSpans":[{"scope":{"name":"lib.pg","version":"1"},"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","parentSpanId":"53995c3f42cd8ad8","name":"SELECT orders","kind":3,
 "startTimeUnixNano":"1700000000000001000","endTimeUnixNano":"1700000000000252000","attributes":[{"key":"db.query.text","value":{"stringValue":"SELECT 1"}},{"key":"server.address","value":{"stringValue":"db"}},
 {"key":"server.port","value":{"intValue":"5432"}},{"key":"ratio","value":{"doubleValue":0.5}},{"key":"cached","value":{"boolValue":true}}],"droppedEventsCount":2,
 "events":[{"timeUnixNano":"1700000000000100000","name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"TimeoutError"}},{"key":"attempt","value":{"intValue":"2"}}]}],
 "links":[{"traceId":"0af7651916cd43dd8448eb211c80319d","spanId":"00f067aa0ba902b8"}],"status":{"code":2,"message":"timed out"}}]}]}]})";
    // After the OpenTelemetry specification's mappings to Jaeger and Zipkin.
    const std::string as_jaeger = R"({"data":[{"traceID":"af7651916cd43dd8448eb211c80319c","spans":[{"traceID":"af7651916cd43dd8448eb211c80319c","spanID":"f067aa0ba902b7","flags":1,"operationName":"SELECT orders",
 "references":[{"refType":"CHILD_OF","traceID":"0af7651916cd43dd8448eb211c80319c","spanID":"53995c3f42cd8ad8"},{"refType":"FOLLOWS_FROM","traceID":"0af7651916cd43dd8448eb211c80319d","spanID":"00f067aa0ba902b8"}],
 "startTime":1700000000000001,"duration":251,"tags":[{"key":"db.query.text","type":"string","value":"SELECT 1"},{"key":"server.address","type":"string","value":"db"},{"key":"server.port","type":"int64","value":5432},
 {"key":"ratio","type":"float64","value":0.5},{"key":"cached","type":"bool","value":true},{"key":"span.kind","type":"string","value":"client"},{"key":"otel.status_code","type":"string","value":"ERROR"},
 {"key":"error","type":"bool","value":true},{"key":"otel.status_description","type":"string","value":"timed out"},{"key":"otel.dropped_events_count","type":"int64","value":2},
 {"key":"otel.scope.name","type":"string","value":"lib.pg"},{"key":"otel.scope.version","type":"string","value":"1"},{"key":"internal.span.format","type":"string","value":"otlp"}],
 "logs":[{"timestamp":1700000000000100,"fields":[{"key":"event","type":"string","value":"exception"},{"key":"exception.type","type":"string","value":"TimeoutError"},{"key":"attempt","type":"int64","value":2}]}],
 "processID":"p1","warnings":null}],"processes":{"p1":{"serviceName":"orders","tags":[{"key":"service.version","type":"string","value":"1.4"},{"key":"service.instance.id","type":"string","value":"orders-1"},
 {"key":"deployment.environment.name","type":"string","value":"prod"},{"key":"telemetry.sdk.name","type":"string","value":"x"}]}},"warnings":null}]})";
    const std::string as_zipkin = R"([{"traceId":"0af7651916cd43dd8448eb211c80319c","id":"00f067aa0ba902b7","parentId":"53995c3f42cd8ad8","kind":"CLIENT","name":"SELECT orders","timestamp":1700000000000001,"duration":251,
 "localEndpoint":{"serviceName":"orders"},"remoteEndpoint":{"serviceName":"db","port":5432},"annotations":[{"timestamp":1700000000000100,"value":"\"exception\": {\"exception.type\":\"TimeoutError\",\"attempt\":2}"}],
 "tags":{"db.query.text":"SELECT 1","server.address":"db","server.port":"5432","ratio":"0.5","cached":"true","otel.status_code":"ERROR","error":"timed out","otel.dropped_events_count":"2",
 "otel.scope.name":"lib.pg","otel.scope.version":"1","service.version":"1.4","service.instance.id":"orders-1","deployment.environment.name":"prod","telemetry.sdk.name":"x"}}])";
    QCOMPARE(QString::fromStdString(winner(as_jaeger)), QString("jaeger_json"));
    QCOMPARE(QString::fromStdString(winner(as_zipkin)), QString("zipkin_json"));
    const TraceContext first = read_trace("otlp_json", otlp);
    QCOMPARE(first.stored_count, 1);
    QCOMPARE(list(read_trace("jaeger_json", as_jaeger).all_rows()), list(first.all_rows()));
    // Zipkin has no links.
    KeptSpan without_link = first.spans[0];
    QCOMPARE(without_link.attributes.erase("link"), std::size_t{1});
    QCOMPARE(list(read_trace("zipkin_json", as_zipkin).all_rows()), QStringList{QString::fromStdString(without_link.text())});
    std::string collector = as_zipkin;
    const std::string event = R"("\"exception\": {\"exception.type\":\"TimeoutError\",\"attempt\":2}")";
    collector.replace(collector.find(event), event.size(), R"("exception|{\"exception.type\":\"TimeoutError\",\"attempt\":2}|0")");
    QCOMPARE(list(read_trace("zipkin_json", collector).all_rows()), QStringList{QString::fromStdString(without_link.text())});
}

void TestTraceFormats::jaeger_layouts_data()
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

void TestTraceFormats::jaeger_layouts()
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

void TestTraceFormats::jaeger_parents_and_links()
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

void TestTraceFormats::jaeger_tags_and_logs()
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

void TestTraceFormats::jaeger_oddities()
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

void TestTraceFormats::jaeger_dump_with_parents_inside()
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

void TestTraceFormats::jaeger_large_cut_and_broken()
{
    std::string spans;
    int count = 0;
    while (spans.size() < (3u << 20)) {
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

void TestTraceFormats::zipkin_fields()
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

void TestTraceFormats::zipkin_layouts()
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

void TestTraceFormats::zipkin_shared_spans()
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

void TestTraceFormats::zipkin_shared_without_the_other_half()
{
    const TraceContext read = read_trace("zipkin_json", "[" + zipkin_span("2", "1", "SERVER", "back", R"(,"shared":true)") + "," + zipkin_span("5", "2", "", "back") + "]");
    QCOMPARE(read.spans[0].span_id, 2ULL);
    QCOMPARE(read.spans[0].parent_id, 1ULL);
    QCOMPARE(read.spans[1].parent_id, 2ULL);
}

void TestTraceFormats::zipkin_many_halves()
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

void TestTraceFormats::zipkin_late_pieces()
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

void TestTraceFormats::zipkin_trace_ids_of_two_lengths()
{
    std::string wide = zipkin_span("1", "", "SERVER", "front");
    wide.replace(wide.find("00000000000000ab"), 16, "463ac35c9f6413ad00000000000000ab");
    const TraceContext read = read_trace("zipkin_json", "[" + zipkin_span("2", "1", "CLIENT", "front") + "," + wide + "]");
    for (const KeptSpan& span : read.spans) {
        QCOMPARE(span.trace_high, 0x463ac35c9f6413adULL);
        QCOMPARE(span.trace_low, 0xabULL);
    }
}

void TestTraceFormats::zipkin_missing_times()
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

void TestTraceFormats::zipkin_version_1()
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

void TestTraceFormats::zipkin_hostile()
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

void TestTraceFormats::sniffing_keeps_apart()
{
    for (const std::string& other : {R"([{"Plan":{"Node Type":"Limit"}}])"s, R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[[1,"1"]]}]}})"s,
                                     R"({"traceId":{"type":"uuid"},"segments":{"id":1}})"s, R"([{"id":1,"name":"x","kind":"y"}])"s, R"({"transaction":{"id":"1","trace_id":"2","timestamp":3}})"s,
                                     R"({"log":"{\"traceId\":\"1\",\"id\":\"2\",\"localEndpoint\":{}}"})"s, R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"1","spanId":"2","name":"n","kind":1}]}]}]})"s,
                                     "traceID,spanID\n"s, "["s, ""s})
        for (const char* id : {"jaeger_json", "zipkin_json"}) QVERIFY2(importer_named(id)->sniff({"x", "json", other, true}) == 0, (other + " " + id).c_str());
}

void TestTraceFormats::shared_samples()
{
    const auto shared = shared_folder();
    if (!shared) QSKIP("the folder of further samples is absent");
    const auto traces = *shared / "samples/traces";
    const TraceContext things = read_trace_file("zipkin_json", traces / "zipkin/zipkin-lens/testdata/smartthings-mobile-web-install.json");
    QCOMPARE(things.stored_count, 1041);
    QCOMPARE(things.dropped, 0);
    std::set<std::uint64_t> ids;
    for (const KeptSpan& span : things.spans) ids.insert(span.span_id);
    QCOMPARE(ids.size(), std::size_t{1041});  // of which the file has 663
    QCOMPARE(read_trace_file("zipkin_json", traces / "train-ticket/old-docs/Json2Shiviz/example/zipkin_log/case1/success/example.json").stored_count, 79);

    const TraceContext social = read_trace_file("jaeger_json", traces / "deathstarbench/traces-jaeger-ui-dump.json.gz");
    QCOMPARE(social.stored_count, 660);
    QCOMPARE(social.dropped + social.repaired, 0);
    int roots = 0;
    for (const KeptSpan& span : social.spans) roots += span.parent_id == 0;
    QCOMPARE(roots, 20);
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(traces)) {
        const std::string path = entry.path().string();
        if (!entry.is_regular_file() || entry.path().extension() != ".json") continue;
        const std::string bytes = read_file(entry.path());
        const std::string id = winner(bytes);
        if (path.find("/crisp/") != std::string::npos || path.find("critical_path_cases") != std::string::npos) QVERIFY2(id == "jaeger_json", path.c_str());
        if (path.find("/zipkin/") != std::string::npos || path.find("/train-ticket/") != std::string::npos) QVERIFY2(id == "zipkin_json", path.c_str());
        if (path.find("/opentelemetry-proto/") != std::string::npos || path.find("integration/fixtures/traces/") != std::string::npos) QVERIFY2(id == "otlp_json", path.c_str());
        if (id != "jaeger_json" && id != "zipkin_json" && id != "otlp_json") continue;
        const TraceContext read = read_trace(id, bytes);
        QVERIFY2(read.stored_count > 0 && read.dropped == 0, path.c_str());
        ++files;
    }
    QVERIFY(files > 80);
}

QTEST_APPLESS_MAIN(TestTraceFormats)
#include "tst_trace_formats.moc"
