// Metrics and logs of OTLP/JSON.

#include "tests/support/otlp_texts.h"
#include "tests/support/trace_import.h"

#include <QtTest>

using namespace casebook;
using namespace casebook::tests;
using namespace std::string_literals;

class TestOtlpMetrics : public QObject {
    Q_OBJECT

private slots:
    void number_points();
    void deltas_add_up();
    void histograms();
    void exponential_histograms();
    void odd_points();
    void log_records();
};

void TestOtlpMetrics::number_points()
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

void TestOtlpMetrics::deltas_add_up()
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

void TestOtlpMetrics::histograms()
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

void TestOtlpMetrics::exponential_histograms()
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

void TestOtlpMetrics::odd_points()
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

void TestOtlpMetrics::log_records()
{
    const TraceContext read = read_trace("otlp_json", logs_request());
    QCOMPARE(list(read.rows), (QStringList{"log|2023-11-14T22:13:20Z|orders|Error|boom: IOError", R"(log|2023-11-14T22:13:21Z|orders|INFO|{"a":1})", "log|2023-11-14T22:13:22Z|orders|DEBUG|started"}));
    QCOMPARE(read.stored_count, 3);
}

QTEST_APPLESS_MAIN(TestOtlpMetrics)
#include "tst_otlp_metrics.moc"
