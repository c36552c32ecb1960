#include "tests/support/otlp_encoder.h"
#include "tests/support/places.h"
#include "tests/support/trace_import.h"

#include <QtTest>
#include <fstream>
#include <sstream>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

// Before the texts below, whose raw strings moc does not read.
class TestOtlpImporters : public QObject {
    Q_OBJECT

private slots:
    void fields_of_a_span();
    void layouts_are_alike_data();
    void layouts_are_alike();
    void key_and_number_spellings();
    void ids_and_parents();
    void times();
    void instances_and_services();
    void text_is_mended();
    void one_bad_record_costs_itself_data();
    void one_bad_record_costs_itself();
    void truncated_input_keeps_what_is_complete();
    void a_cut_line_costs_itself();
    void large_elements_are_taken_apart();
    void number_points();
    void deltas_add_up();
    void histograms();
    void exponential_histograms();
    void odd_points();
    void log_records();
    void protobuf_gives_the_same_rows_data();
    void protobuf_gives_the_same_rows();
    void protobuf_framings();
    void protobuf_cut_and_broken();
    void sniffing();
    void shared_samples();
};

namespace {

const std::string trace_id = "0af7651916cd43dd8448eb211c80319c";

std::string attribute(const std::string& key, const std::string& value)
{
    return R"({"key":")" + key + R"(","value":)" + value + "}";
}

std::string text_value(const std::string& text)
{
    return R"({"stringValue":")" + text + R"("})";
}

/// A span with the usual fields, `more` appended.
std::string span(const std::string& id, const std::string& name, const std::string& more = {})
{
    return R"({"traceId":")" + trace_id + R"(","spanId":")" + id + R"(","name":")" + name +
           R"(","kind":2,"startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000501")" + more + "}";
}

std::string resource_spans(const std::string& spans, const std::string& attributes = attribute("service.name", R"({"stringValue":"orders"})"))
{
    return R"({"resource":{"attributes":[)" + attributes + R"(]},"scopeSpans":[{"scope":{"name":"lib"},"spans":[)" + spans + "]}]}";
}

std::string request(const std::string& elements)
{
    return R"({"resourceSpans":[)" + elements + "]}";
}

std::string one(const std::string& spans)
{
    return request(resource_spans(spans));
}

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

/// A request with every kind of thing in it that both encodings carry.
std::string rich_request()
{
    return R"({"resourceSpans":[{"resource":{"attributes":[
 {"key":"service.name","value":{"stringValue":"orders"}},{"key":"service.version","value":{"stringValue":"1.4.0"}},
 {"key":"service.instance.id","value":{"stringValue":"orders-1"}},{"key":"host.name","value":{"stringValue":"node-3"}},
 {"key":"process.pid","value":{"intValue":"77"}},{"key":"telemetry.sdk.name","value":{"stringValue":"opentelemetry"}},
 {"key":"process.command_args","value":{"arrayValue":{"values":[{"stringValue":"x"}]}}}],"droppedAttributesCount":1},
 "scopeSpans":[{"scope":{"name":"lib.http","version":"2"},"spans":[
 {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","parentSpanId":"53995c3f42cd8ad8","name":"GET /a","kind":3,
  "startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000501","attributes":[
  {"key":"s","value":{"stringValue":"t\u00e9xt \"q\" \\"}},{"key":"i","value":{"intValue":"-9223372036854775808"}},{"key":"j","value":{"intValue":12}},
  {"key":"d","value":{"doubleValue":0.1}},{"key":"whole","value":{"doubleValue":100}},{"key":"b","value":{"boolValue":false}},
  {"key":"raw","value":{"bytesValue":"AAEC/w=="}},{"key":"none","value":{}},
  {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"2"},{"doubleValue":2.5},{"boolValue":true},{},{"arrayValue":{"values":[]}}]}}},
  {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}},{"key":"n","value":{"kvlistValue":{"values":[{"key":"x","value":{"intValue":"1"}}]}}}]}}}],
  "droppedAttributesCount":3,"events":[{"timeUnixNano":"1700000000000000100","name":"exception","attributes":[
   {"key":"exception.type","value":{"stringValue":"TimeoutError"}},{"key":"exception.message","value":{"stringValue":"no answer"}},{"key":"n","value":{"intValue":"2"}}]},
   {"name":"retry"}],"droppedEventsCount":2,
  "links":[{"traceId":"0af7651916cd43dd8448eb211c80319d","spanId":"00f067aa0ba902b8","attributes":[{"key":"why","value":{"stringValue":"batch"}}]}],
  "status":{"message":"timed out","code":2}},
 {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"53995c3f42cd8ad8","name":"root","kind":2,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000000001000","status":{"code":1}}]}]}]})";
}

std::string metrics_request(const std::string& metrics)
{
    return R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}},
 {"key":"service.instance.id","value":{"stringValue":"orders-1"}}]},"scopeMetrics":[{"scope":{"name":"lib"},"metrics":[)" + metrics + "]}]}]}";
}

std::string logs_request()
{
    return R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}}]},"scopeLogs":[{"logRecords":[
 {"timeUnixNano":"1700000000000000000","severityNumber":17,"severityText":"Error","body":{"stringValue":"boom"},"attributes":[{"key":"exception.type","value":{"stringValue":"IOError"}}]},
 {"observedTimeUnixNano":"1700000001000000000","severityNumber":9,"body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}}},
 {"timeUnixNano":"1700000002000000000","severityNumber":5,"eventName":"started"}]}]}]})";
}

}  // namespace

void TestOtlpImporters::fields_of_a_span()
{
    const TraceContext read = read_trace("otlp_json", rich_request());
    QCOMPARE(read.stored_count, 2);
    QCOMPARE(read.dropped, 0);
    QCOMPARE(read.repaired, 0);
    const KeptSpan* const span = read.named("GET /a");
    QVERIFY(span);
    QCOMPARE(span->trace_high, 0x0af7651916cd43ddULL);
    QCOMPARE(span->trace_low, 0x8448eb211c80319cULL);
    QCOMPARE(span->span_id, 0x00f067aa0ba902b7ULL);
    QCOMPARE(span->parent_id, 0x53995c3f42cd8ad8ULL);
    QVERIFY(span->kind == SpanKind::client && span->status == SpanStatus::error);
    QCOMPARE(span->start_ns, 1700000000000000001);
    QCOMPARE(span->duration_ns, 500);
    QCOMPARE(span->service, "orders"s);
    QCOMPARE(span->instance, "orders-1"s);
    QCOMPARE(span->version, "1.4.0"s);
    const std::map<std::string, std::string> wanted{
        {"s", "t\xc3\xa9xt \"q\" \\"}, {"i", "-9223372036854775808"}, {"j", "12"}, {"d", "0.1"}, {"whole", "100"}, {"b", "false"}, {"raw", "AAEC/w=="}, {"none", ""},
        {"list", R"(["a",2,2.5,true,null,[]])"}, {"map", R"({"k":"v","n":{"x":1}})"},
        {"otel.dropped_attributes_count", "3"}, {"otel.dropped_events_count", "2"}, {"otel.status_description", "timed out"},
        {"exception.type", "TimeoutError"}, {"exception.message", "no answer"}, {"otel.scope.name", "lib.http"},
        {"host.name", "node-3"}, {"process.pid", "77"},
        {"link", R"({"trace_id":"0af7651916cd43dd8448eb211c80319d","span_id":"00f067aa0ba902b8","attributes":{"why":"batch"}})"}};
    for (const auto& [key, value] : wanted) QCOMPARE(span->attribute(key), value);
    QCOMPARE(span->attributes.count("event"), std::size_t{2});
    QCOMPARE(span->attribute("event"),
             R"({"name":"exception","at_ns":1700000000000000100,"attributes":{"exception.type":"TimeoutError","exception.message":"no answer","n":2}})"s);
    QCOMPARE(span->attributes.size(), wanted.size() + 2);  // no telemetry.sdk, no command line
    QVERIFY(read.named("root")->status == SpanStatus::ok);
    QCOMPARE(read.named("root")->parent_id, 0ULL);
    for (const char* code : {"dropped_attributes", "dropped_events"}) QVERIFY(read.count(code) >= 1);
}

void TestOtlpImporters::layouts_are_alike_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const std::string a = resource_spans(span("00000000000000a1", "a") + "," + span("00000000000000a2", "b"));
    const std::string b = resource_spans(span("00000000000000b1", "c"), attribute("service.name", text_value("cart")));
    const auto add = [](const char* name, const std::string& bytes) { QTest::newRow(name) << QByteArray::fromStdString(bytes); };
    add("lines", request(a) + "\n" + request(b) + "\n");
    add("one document", request(a + "," + b));
    add("array of requests", "[" + request(a) + ",\n " + request(b) + "]");
    add("one after the other", request(a) + request(b));
    add("batches", R"({"batches":[)" + a + "," + b + "]}");
    add("Tempo v2", R"({"trace":)" + request(a + "," + b) + R"(,"metrics":{}})");
    add("Jaeger v3", R"({"result":)" + request(a) + "}\n" + R"({"result":)" + request(b) + "}");
    add("bare resource spans", a + "\n" + b + "\n");
    add("byte order mark and CRLF", "\xef\xbb\xbf" + request(a) + "\r\n" + request(b) + "\r\n");
    std::string old = request(a + "," + b);
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"scopeSpans", "instrumentationLibrarySpans"}, {"\"scope\"", "\"instrumentationLibrary\""}})
        for (std::size_t at = old.find(from); at != std::string::npos; at = old.find(from, at + to.size())) old.replace(at, from.size(), to);
    add("old names", old);
    std::string pretty;
    bool quoted = false;
    for (const char c : request(a + "," + b)) {
        if (c == '"') quoted = !quoted;
        if (!quoted && (c == '}' || c == ']')) pretty += "\n";
        pretty += c;
        if (!quoted && (c == '{' || c == '[' || c == ',')) pretty += "\n  ";
        if (!quoted && c == ':') pretty += ' ';
    }
    add("pretty", pretty);
}

void TestOtlpImporters::layouts_are_alike()
{
    QFETCH(QByteArray, bytes);
    const std::string_view text(bytes.constData(), static_cast<std::size_t>(bytes.size()));
    QCOMPARE(QString::fromStdString(winner(text)), QString("otlp_json"));
    const TraceContext plain = read_trace("otlp_json", request(resource_spans(span("00000000000000a1", "a") + "," + span("00000000000000a2", "b")) + "," +
                                                               resource_spans(span("00000000000000b1", "c"), attribute("service.name", text_value("cart")))));
    QCOMPARE(plain.stored_count, 3);
    const TraceContext read = read_trace("otlp_json", text);
    QCOMPARE(list(read.all_rows()), list(plain.all_rows()));
    QCOMPARE(read.dropped + read.repaired, 0);
    const TraceContext chunked = read_trace_in_chunks("otlp_json", text, 5);
    QCOMPARE(list(chunked.all_rows()), list(plain.all_rows()));
}

void TestOtlpImporters::key_and_number_spellings()
{
    const std::string snake = R"({"resource_spans":[{"resource":{"attributes":[{"key":"service.name","value":{"string_value":"orders"}}]},"scope_spans":[{"scope":{"name":"lib"},"spans":[
 {"trace_id":"0AF7651916CD43DD8448EB211C80319C","span_id":"00000000000000a1","parent_span_id":null,"name":"a","kind":"SPAN_KIND_SERVER",
  "start_time_unix_nano":1700000000000000001,"end_time_unix_nano":1700000000000000501,"status":{"code":"STATUS_CODE_ERROR"},"attributes":[
  {"key":"n","value":{"int_value":9007199254740993}},{"key":"x","value":{"doubleValue":"NaN"}},{"key":"y","value":{"doubleValue":"1.50"}}],"unknown":[1,{}]}]}]}]})";
    const TraceContext read = read_trace("otlp_json", snake);
    QCOMPARE(read.spans.size(), std::size_t{1});
    const KeptSpan& span = read.spans[0];
    QVERIFY(span.kind == SpanKind::server && span.status == SpanStatus::error);
    QCOMPARE(span.start_ns, 1700000000000000001);  // beyond what a double holds
    QCOMPARE(span.duration_ns, 500);
    QCOMPARE(span.trace_high, 0x0af7651916cd43ddULL);
    QCOMPARE(span.attribute("n"), "9007199254740993"s);
    QCOMPARE(span.attribute("x"), "NaN"s);
    QCOMPARE(read.repaired, 0);

    const TraceContext odd = read_trace("otlp_json", one(R"({"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"01","name":"a","kind":"sideways","startTimeUnixNano":"5","endTimeUnixNano":"6","status":{"code":99}})"));
    QCOMPARE(odd.stored_count, 1);
    QVERIFY(odd.spans[0].kind == SpanKind::internal && odd.spans[0].status == SpanStatus::unset);
    QCOMPARE(odd.count("unknown_kind") + odd.count("unknown_status"), 2);
    QCOMPARE(odd.repaired, 1);  // a record counts once
    const TraceContext lower = read_trace("otlp_json", one(R"({"traceId":"01","spanId":"02","name":"a","kind":"client","startTimeUnixNano":"5","endTimeUnixNano":"6"})"));
    QVERIFY(lower.spans[0].kind == SpanKind::client);
}

void TestOtlpImporters::ids_and_parents()
{
    const auto with_ids = [](const std::string& trace, const std::string& id, const std::string& parent) {
        return R"({"traceId":)" + trace + R"(,"spanId":)" + id + R"(,"parentSpanId":)" + parent + R"(,"name":"a","startTimeUnixNano":"10","endTimeUnixNano":"20"})";
    };
    const TraceContext read = read_trace("otlp_json", one(with_ids(R"("CvdlGRbNQ92ESOshHIAxnA==")", R"("APBnqgupArc=")", R"("U5lcP0LNitg=")") + "," +
                                                          with_ids("\"0x" + trace_id + "\"", R"("67667974448284343")", R"("0000000000000000")") + "," +
                                                          with_ids("\"" + trace_id + "\"", "67667974448284343", "\"\"")));
    QCOMPARE(read.spans.size(), std::size_t{3});
    for (const KeptSpan& span : read.spans) {
        QCOMPARE(span.trace_high, 0x0af7651916cd43ddULL);
        QCOMPARE(span.span_id, 0x00f067aa0ba902b7ULL);
    }
    QCOMPARE(read.spans[0].parent_id, 0x53995c3f42cd8ad8ULL);
    QCOMPARE(read.spans[1].parent_id, 0ULL);
    QCOMPARE(read.count("encoded_id"), 3);

    const TraceContext empty = read_trace("otlp_json", one(with_ids("\"\"", "\"\"", "\"\"") + "," + with_ids("\"\"", "\"\"", "\"\"")));
    QCOMPARE(empty.stored_count, 2);
    QCOMPARE(empty.repaired, 2);
    QVERIFY(empty.spans[0].span_id != 0 && empty.spans[0].span_id != empty.spans[1].span_id);
    QVERIFY(empty.spans[0].trace_low != empty.spans[1].trace_low);
    QCOMPARE(empty.count("missing_span_id"), 2);

    const TraceContext self = read_trace("otlp_json", one(with_ids("\"" + trace_id + "\"", R"("00000000000000a1")", R"("00000000000000a1")")));
    QCOMPARE(self.spans[0].parent_id, 0ULL);
    QCOMPARE(self.count("self_parent"), 1);
    QCOMPARE(self.repaired, 1);
}

void TestOtlpImporters::times()
{
    const auto at = [](const std::string& times) { return R"({"traceId":"01","spanId":"02","name":"a")" + times + "}"; };
    struct Case {
        std::string times, code;
        std::int64_t start, duration;
        bool stored;
    };
    const Case cases[] = {
        {R"(,"startTimeUnixNano":"100","endTimeUnixNano":"40")", "negative_duration", 100, 0, true},
        {R"(,"startTimeUnixNano":"100")", "missing_end", 100, 0, true},
        {R"(,"startTimeUnixNano":"100","endTimeUnixNano":"0")", "missing_end", 100, 0, true},
        {R"(,"startTimeUnixNano":0,"endTimeUnixNano":"70")", "missing_start", 70, 0, true},
        {R"(,"startTimeUnixNano":"18446744073709551615","endTimeUnixNano":"70")", "missing_start", 70, 0, true},
        {R"(,"startTimeUnixNano":"18446744073709551615","endTimeUnixNano":"18446744073709551615")", "time_out_of_range", 0, 0, false},
        {R"(,"startTimeUnixNano":"99999999999999999999999","endTimeUnixNano":-5)", "bad_time", 0, 0, false},
        {R"(,"startTimeUnixNano":"soon","endTimeUnixNano":"later")", "bad_time", 0, 0, false},
        {"", "missing_time", 0, 0, false},
        {R"(,"startTimeUnixNano":"2023-11-14T22:13:20Z","endTimeUnixNano":"2023-11-14T22:13:20.000001Z")", "", 1700000000000000000, 1000, true},
    };
    for (const Case& c : cases) {
        const TraceContext read = read_trace("otlp_json", one(at(c.times)));
        QCOMPARE(read.stored_count, c.stored ? 1 : 0);
        QCOMPARE(read.dropped, c.stored ? 0 : 1);
        QCOMPARE(read.repaired, c.stored && !c.code.empty() ? 1 : 0);
        if (!c.code.empty()) QVERIFY2(read.count(c.code) == 1, c.code.c_str());
        if (!c.stored) continue;
        QCOMPARE(read.spans[0].start_ns, c.start);
        QCOMPARE(read.spans[0].duration_ns, c.duration);
    }
}

void TestOtlpImporters::instances_and_services()
{
    const auto instance = [](const std::string& attributes) {
        return read_trace("otlp_json", request(resource_spans(span("00000000000000a1", "a"), attributes))).spans.at(0).instance;
    };
    const std::string host = attribute("host.name", text_value("node-1"));
    const std::string pod = attribute("k8s.pod.name", text_value("orders-7f9-x"));
    const std::string container = attribute("container.id", text_value("c0ffee"));
    QCOMPARE(instance(host + "," + container), "node-1"s);
    QCOMPARE(instance(host + "," + pod), "orders-7f9-x"s);  // one node runs many pods
    QCOMPARE(instance(container), "c0ffee"s);
    QCOMPARE(instance(host + "," + attribute("service.instance.id", R"({"intValue":"3"})")), "3"s);

    TraceContext unnamed = read_trace("otlp_json", request(resource_spans(span("00000000000000a1", "a"), "")));
    QCOMPARE(unnamed.spans[0].service, "unknown_service"s);
    QCOMPARE(unnamed.count("no_service"), 1);
    TraceContext given;
    given.service = "typed-in";
    const Control control;
    const std::string bytes = request(resource_spans(span("00000000000000a1", "a"), ""));
    QVERIFY(importer_named("otlp_json")->read(*Source::from_memory(bytes, control), given));
    QCOMPARE(given.spans[0].service, "typed-in"s);
    QCOMPARE(given.count("no_service"), 0);
}

void TestOtlpImporters::text_is_mended()
{
    const std::string bad = one(span("00000000000000a1", "a\xff\xfe") + "," + span("00000000000000a2", "good") + "," + span("00000000000000a3", "c\\u0000d") + "," +
                                span("00000000000000a4", "e\xc3\xa9 \xef\xbf\xbd"));
    const TraceContext read = read_trace("otlp_json", bad);
    QCOMPARE(read.stored_count, 4);
    QCOMPARE(read.spans[0].name, "a\xef\xbf\xbd\xef\xbf\xbd"s);
    QCOMPARE(read.spans[1].name, "good"s);
    QCOMPARE(read.spans[2].name, "c\xef\xbf\xbd""d"s);
    QCOMPARE(read.spans[3].name, "e\xc3\xa9 \xef\xbf\xbd"s);  // the client's own replacement character
    QCOMPARE(read.repaired, 2);
    QCOMPARE(read.count("bad_text"), 2);

    std::string nul = one(span("00000000000000a1", "x"));
    nul.insert(nul.find("\"x\"") + 1, 1, '\0');
    const TraceContext raw = read_trace("otlp_json", nul);
    QCOMPARE(raw.stored_count, 1);
    QCOMPARE(raw.spans[0].name, "\xef\xbf\xbdx"s);
    QCOMPARE(raw.repaired, 1);

    const TraceContext service = read_trace("otlp_json", request(resource_spans(span("00000000000000a1", "a"), attribute("service.name", text_value("caf\xe9")))));
    QCOMPARE(service.spans.at(0).service, "caf\xef\xbf\xbd"s);
    QCOMPARE(service.repaired, 1);
}

void TestOtlpImporters::one_bad_record_costs_itself_data()
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

void TestOtlpImporters::one_bad_record_costs_itself()
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

void TestOtlpImporters::truncated_input_keeps_what_is_complete()
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

void TestOtlpImporters::a_cut_line_costs_itself()
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

void TestOtlpImporters::large_elements_are_taken_apart()
{
    std::string spans;
    int count = 0;
    while (spans.size() < (5u << 20)) {
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
    for (int i = 0; i < 30'000; ++i) points += (i ? "," : "") + R"({"timeUnixNano":"17000000000000)"s + std::to_string(10'000 + i) + R"(","asInt":")" + std::to_string(i) + R"(","attributes":[]})";
    const TraceContext metric = read_trace("otlp_json", metrics_request(R"({"name":"m","unit":"1","sum":{"aggregationTemporality":1,"dataPoints":[)" + points + "]}}"));
    QCOMPARE(metric.stored_count, 30'000);
    QVERIFY(metric.rows.back().ends_with("|449985000"));  // the deltas' sum
}

void TestOtlpImporters::number_points()
{
    const TraceContext read = read_trace("otlp_json", metrics_request(R"(
 {"name":"pool.used","unit":"{connection}","gauge":{"dataPoints":[
  {"timeUnixNano":"1700000000000000000","asInt":"7","attributes":[{"key":"state","value":{"stringValue":"used"}},{"key":"a","value":{"intValue":"1"}}]},
  {"timeUnixNano":"1700000000000000000","asDouble":0.5,"attributes":[{"key":"service","value":{"stringValue":"other"}}]}]}},
 {"name":"requests","unit":"1","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","isMonotonic":true,"dataPoints":[
  {"timeUnixNano":"1700000000000000000","asInt":5},{"timeUnixNano":"1700000001000000000","asInt":9}]}})"));
    QCOMPARE(list(read.rows), (QStringList{
        R"(metric|2023-11-14T22:13:20Z|pool.used|{"a":"1","instance":"orders-1","service":"orders","state":"used"}|{connection}|7)",
        R"(metric|2023-11-14T22:13:20Z|pool.used|{"exported_service":"other","instance":"orders-1","service":"orders"}|{connection}|0.5)",
        R"(metric|2023-11-14T22:13:20Z|requests|{"instance":"orders-1","service":"orders"}|1|5)",
        R"(metric|2023-11-14T22:13:21Z|requests|{"instance":"orders-1","service":"orders"}|1|9)"}));
    QCOMPARE(read.stored_count, 4);
}

void TestOtlpImporters::deltas_add_up()
{
    const auto metric = [](const std::string& at, const std::string& label, int value) {
        return metrics_request(R"({"name":"r","unit":"1","sum":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":")" + at + R"(","asInt":)" + std::to_string(value) +
                               R"(,"attributes":[{"key":"route","value":{"stringValue":")" + label + R"("}}]}]}})");
    };
    const TraceContext read = read_trace("otlp_json", metric("1700000000000000000", "/a", 3) + "\n" + metric("1700000001000000000", "/b", 10) + "\n" +
                                                      metric("1700000001000000000", "/a", 4) + "\n" + metric("1700000000500000000", "/a", 1) + "\n");
    QStringList ends;
    for (const std::string& row : read.rows) ends << QString::fromStdString(row.substr(row.rfind('|') + 1));
    QCOMPARE(ends, (QStringList{"3", "10", "7", "8"}));
    QCOMPARE(read.count("out_of_order"), 1);

    const auto histogram = [](const std::string& at) {
        return metrics_request(R"({"name":"h","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":")" + at +
                               R"(","count":"3","sum":2.5,"min":0.1,"max":2,"bucketCounts":["1","2"],"explicitBounds":[1]}]}})");
    };
    const TraceContext twice = read_trace("otlp_json", histogram("1700000000000000000") + histogram("1700000001000000000"));
    QVERIFY(list(twice.rows).contains(R"(metric|2023-11-14T22:13:21Z|h.count|{"instance":"orders-1","service":"orders"}|1|6)"));
    QVERIFY(list(twice.rows).contains(R"(metric|2023-11-14T22:13:21Z|h.sum|{"instance":"orders-1","service":"orders"}|s|5)"));
    QVERIFY(list(twice.rows).contains(R"(metric|2023-11-14T22:13:21Z|h.max|{"instance":"orders-1","service":"orders"}|s|2)"));
    QVERIFY(list(twice.rows).contains(R"(metric|2023-11-14T22:13:21Z|h.bucket|{"instance":"orders-1","le":"1","service":"orders"}|s|2)"));
    QVERIFY(list(twice.rows).contains(R"(metric|2023-11-14T22:13:21Z|h.bucket|{"instance":"orders-1","le":"+Inf","service":"orders"}|s|6)"));
}

void TestOtlpImporters::histograms()
{
    const TraceContext read = read_trace("otlp_json", metrics_request(R"({"name":"d","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[
 {"timeUnixNano":"1700000000000000000","count":"6","sum":1.25,"min":0.001,"max":0.9,"bucketCounts":[1,2,3],"explicitBounds":[0.005,0.5],"attributes":[{"key":"z","value":{"stringValue":"1"}}]}]}},
 {"name":"q","unit":"ms","summary":{"dataPoints":[{"timeUnixNano":"1700000000000000000","count":"4","sum":10,"quantileValues":[{"quantile":0.5,"value":2},{"quantile":0.99,"value":5}]}]}})"));
    const QString at = "metric|2023-11-14T22:13:20Z|";
    QCOMPARE(list(read.rows), (QStringList{
        at + R"(d.count|{"instance":"orders-1","service":"orders","z":"1"}|1|6)", at + R"(d.sum|{"instance":"orders-1","service":"orders","z":"1"}|s|1.25)",
        at + R"(d.min|{"instance":"orders-1","service":"orders","z":"1"}|s|0.001)", at + R"(d.max|{"instance":"orders-1","service":"orders","z":"1"}|s|0.9)",
        at + R"(d.bucket|{"instance":"orders-1","le":"0.005","service":"orders","z":"1"}|s|1)", at + R"(d.bucket|{"instance":"orders-1","le":"0.5","service":"orders","z":"1"}|s|3)",
        at + R"(d.bucket|{"instance":"orders-1","le":"+Inf","service":"orders","z":"1"}|s|6)",
        at + R"(q.count|{"instance":"orders-1","service":"orders"}|1|4)", at + R"(q.sum|{"instance":"orders-1","service":"orders"}|ms|10)",
        at + R"(q|{"instance":"orders-1","quantile":"0.5","service":"orders"}|ms|2)", at + R"(q|{"instance":"orders-1","quantile":"0.99","service":"orders"}|ms|5)"}));
    QCOMPARE(read.stored_count, 2);
}

void TestOtlpImporters::exponential_histograms()
{
    const auto rows_of = [](const std::string& point) {
        QStringList buckets;
        const TraceContext read = read_trace("otlp_json", metrics_request(R"({"name":"e","unit":"s","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1700000000000000000",)" + point + "}]}}"));
        for (const std::string& row : read.rows) {
            const std::size_t le = row.find("\"le\":\"");
            if (le != std::string::npos) buckets << QString::fromStdString(row.substr(le + 6, row.find('"', le + 6) - le - 6) + "=" + row.substr(row.rfind('|') + 1));
        }
        return buckets;
    };
    // Scale 0: bucket i holds (2^i, 2^(i+1)].
    QCOMPARE(rows_of(R"("count":"4","scale":0,"zeroCount":"1","positive":{"offset":1,"bucketCounts":["1","0","2"]})"), (QStringList{"0=1", "4=2", "16=4", "+Inf=4"}));
    QCOMPARE(rows_of(R"("count":"3","scale":-1,"negative":{"offset":0,"bucketCounts":["1"]},"positive":{"offset":-1,"bucketCounts":["2"]})"), (QStringList{"-1=1", "1=3", "+Inf=3"}));
    // Scale 4 is brought to scale 2: four buckets become one; bounds are those of scale 2, 2^(1/4) apart.
    QCOMPARE(rows_of(R"("count":"8","scale":4,"positive":{"offset":0,"bucketCounts":["1","1","1","1","1","1","1","1"]})"), (QStringList{"1.189207115002721=4", "1.4142135623730951=8", "+Inf=8"}));
}

void TestOtlpImporters::odd_points()
{
    const std::string at = R"("timeUnixNano":"1700000000000000000")";
    const auto gauge = [](const std::string& point) { return metrics_request(R"({"name":"g","gauge":{"dataPoints":[{)" + point + "}]}}"); };
    for (const auto& [point, code] : {std::pair<std::string, std::string>{at + R"(,"asDouble":"NaN")", "not_finite"}, {at, "missing_value"}, {at + R"(,"flags":1)", "no_recorded_value"},
                                      {R"("asInt":"3")", "missing_time"}, {at + R"(,"asInt":"three")", "bad_value"}, {R"("timeUnixNano":"18446744073709551615","asInt":1)", "time_out_of_range"}}) {
        const TraceContext read = read_trace("otlp_json", gauge(point));
        QCOMPARE(read.stored_count, 0);
        QCOMPARE(read.dropped, 1);
        QVERIFY2(read.count(code) == 1, code.c_str());
    }
    const TraceContext buckets = read_trace("otlp_json", metrics_request(R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{)" + at + R"(,"count":2,"sum":1,"bucketCounts":[1,1,1],"explicitBounds":[5,4]}]}})"));
    QCOMPARE(buckets.rows.size(), std::size_t{2});
    QCOMPARE(buckets.count("bad_buckets"), 1);
    TraceContext dated;
    dated.at = 1'700'000'000'000'000'000;
    const Control control;
    const std::string bytes = gauge(R"("asInt":"3")");
    QVERIFY(importer_named("otlp_json")->read(*Source::from_memory(bytes, control), dated));
    QCOMPARE(dated.stored_count, 1);
}

void TestOtlpImporters::log_records()
{
    const TraceContext read = read_trace("otlp_json", logs_request());
    QCOMPARE(list(read.rows), (QStringList{"log|2023-11-14T22:13:20Z|orders|Error|boom: IOError", R"(log|2023-11-14T22:13:21Z|orders|INFO|{"a":1})", "log|2023-11-14T22:13:22Z|orders|DEBUG|started"}));
    QCOMPARE(read.stored_count, 3);
}

void TestOtlpImporters::protobuf_gives_the_same_rows_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("spans") << QByteArray::fromStdString(rich_request());
    QTest::newRow("logs") << QByteArray::fromStdString(logs_request());
    QTest::newRow("metrics") << QByteArray::fromStdString(metrics_request(R"({"name":"g","unit":"1","gauge":{"dataPoints":[{"timeUnixNano":"1700000000000000000","asInt":"-4"},{"timeUnixNano":"1700000000000000000","asDouble":1e300}]}},
 {"name":"s","unit":"1","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"timeUnixNano":"1700000000000000000","asInt":"2"},{"timeUnixNano":"1700000001000000000","asInt":"3","flags":0}]}},
 {"name":"h","unit":"ms","histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"1700000000000000000","count":"3","sum":1.5,"min":0,"max":1,"bucketCounts":["1","2"],"explicitBounds":[0.25],"attributes":[{"key":"k","value":{"stringValue":"v"}}]}]}},
 {"name":"e","unit":"ms","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1700000000000000000","count":"3","sum":1.5,"scale":5,"zeroCount":"1","zeroThreshold":0.001,"positive":{"offset":-3,"bucketCounts":["1","0","1"]},"min":0,"max":1}]}},
 {"name":"q","unit":"ms","summary":{"dataPoints":[{"timeUnixNano":"1700000000000000000","count":"3","sum":1.5,"quantileValues":[{"quantile":0.9,"value":7}]}]}})"));
}

void TestOtlpImporters::protobuf_gives_the_same_rows()
{
    QFETCH(QByteArray, json);
    const std::string text = json.toStdString();
    const std::string bytes = OtlpEncoder::encode(text);
    const TraceContext from_json = read_trace("otlp_json", text);
    const TraceContext from_protobuf = read_trace("otlp_protobuf", bytes);
    QVERIFY(from_json.stored_count > 0);
    QCOMPARE(list(from_protobuf.all_rows()), list(from_json.all_rows()));
    QCOMPARE(from_protobuf.stored_count, from_json.stored_count);
    QCOMPARE(from_protobuf.repaired, from_json.repaired);
    QCOMPARE(list(read_trace_in_chunks("otlp_protobuf", bytes, 3).all_rows()), list(from_json.all_rows()));
}

void TestOtlpImporters::protobuf_framings()
{
    const std::string a = OtlpEncoder::encode(rich_request());
    const std::string b = OtlpEncoder::encode(logs_request());
    std::string varint;
    for (const std::string& message : {a, b}) {
        std::string length;
        for (std::size_t left = message.size(); left > 0 || length.empty(); left >>= 7) length += static_cast<char>((left & 127) | (left > 127 ? 128 : 0));
        varint += length + message;
    }
    for (const std::string& bytes : {a + b, OtlpEncoder::framed(a) + OtlpEncoder::framed(b), varint}) {
        QCOMPARE(QString::fromStdString(winner(bytes)), QString("otlp_protobuf"));
        const TraceContext read = read_trace("otlp_protobuf", bytes);
        QCOMPARE(read.spans.size(), std::size_t{2});
        QCOMPARE(read.count_of("log"), std::size_t{3});
        QCOMPARE(read.stored_count, 5);
    }
    // An older release kept scopes in field 1000, and the same field 2 before.
    QVERIFY(winner("\n{\n  \"a\": [1,2,3]\n}\n") != "otlp_protobuf");
    QVERIFY(winner("\x0a\x05hello, this is text") != "otlp_protobuf");
}

void TestOtlpImporters::protobuf_cut_and_broken()
{
    const std::string one_message = OtlpEncoder::encode(rich_request());
    const std::string bytes = OtlpEncoder::framed(one_message) + OtlpEncoder::framed(one_message);
    std::int64_t most = 0;
    for (std::size_t length = 30; length < bytes.size(); ++length) {
        const TraceContext read = read_trace("otlp_protobuf", std::string_view(bytes).substr(0, length));
        QVERIFY(read.stored_count >= most);
        most = read.stored_count;
        QVERIFY(read.dropped <= 1);
        if (length >= one_message.size() + 4) QVERIFY(read.stored_count >= 2);
        if (length != one_message.size() + 4) QVERIFY(read.count("truncated") == 1);
    }
    QVERIFY(most >= 3);
    // A message that is nonsense costs itself.
    const TraceContext middle = read_trace("otlp_protobuf", OtlpEncoder::framed(one_message) + OtlpEncoder::framed(std::string(50, '\xff')) + OtlpEncoder::framed(one_message));
    QCOMPARE(middle.stored_count, 4);
    QCOMPARE(middle.count("broken_protobuf"), 1);
    // Text that is no UTF-8 is mended here as in JSON.
    std::string bad = one_message;
    bad[bad.find("GET /a")] = '\xff';
    const TraceContext mended = read_trace("otlp_protobuf", bad);
    QCOMPARE(mended.stored_count, 2);
    QCOMPARE(mended.count("bad_text"), 1);
    QVERIFY(mended.named("\xef\xbf\xbd""ET /a"));
}

void TestOtlpImporters::sniffing()
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

void TestOtlpImporters::shared_samples()
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

QTEST_APPLESS_MAIN(TestOtlpImporters)
#include "tst_otlp_importers.moc"
