// One trace in every encoding, how formats are kept apart, and what others wrote.

#include "tests/support/places.h"
#include "tests/support/trace_import.h"

#include <QtTest>
#include <set>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

class TestTraceFormats : public QObject {
    Q_OBJECT

private slots:
    void one_span_in_every_encoding();
    void sniffing_keeps_apart();
    void shared_samples();
};

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
