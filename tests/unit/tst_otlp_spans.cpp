// Spans of OTLP/JSON: which fields they have, in which layouts, and how texts are mended.

#include "tests/support/otlp_encoder.h"
#include "tests/support/otlp_texts.h"
#include "tests/support/places.h"
#include "tests/support/trace_import.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

class TestOtlpSpans : public QObject {
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
};

void TestOtlpSpans::fields_of_a_span()
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

void TestOtlpSpans::layouts_are_alike_data()
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

void TestOtlpSpans::layouts_are_alike()
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

void TestOtlpSpans::key_and_number_spellings()
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

void TestOtlpSpans::ids_and_parents()
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

void TestOtlpSpans::times()
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

void TestOtlpSpans::instances_and_services()
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

void TestOtlpSpans::text_is_mended()
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

QTEST_APPLESS_MAIN(TestOtlpSpans)
#include "tst_otlp_spans.moc"
