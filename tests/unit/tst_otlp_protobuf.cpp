// OTLP as protobuf: the same rows, its framings, cut and broken.

#include "tests/support/otlp_encoder.h"
#include "tests/support/otlp_texts.h"
#include "tests/support/trace_import.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

class TestOtlpProtobuf : public QObject {
    Q_OBJECT

private slots:
    void protobuf_gives_the_same_rows_data();
    void protobuf_gives_the_same_rows();
    void protobuf_framings();
    void protobuf_cut_and_broken();
};

void TestOtlpProtobuf::protobuf_gives_the_same_rows_data()
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

void TestOtlpProtobuf::protobuf_gives_the_same_rows()
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

void TestOtlpProtobuf::protobuf_framings()
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

void TestOtlpProtobuf::protobuf_cut_and_broken()
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

QTEST_APPLESS_MAIN(TestOtlpProtobuf)
#include "tst_otlp_protobuf.moc"
