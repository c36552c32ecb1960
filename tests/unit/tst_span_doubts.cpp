// What a recording of traces leaves open: missing spans, clocks, sampling, lost attributes.

#include "analyzers/trace/sampling.h"
#include "analyzers/trace/span_doubts.h"
#include "tests/support/span_table_builder.h"

#include <QtTest>

using namespace casebook;

namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr TimeRange all_time{-1000 * ms, 1'000'000 * ms};

SpanDoubts::Counts counts_of(SpanTableBuilder builder)
{
    return doubts_about(builder.build(), all_time, {}, 5).all;
}

TestSpan server(std::uint64_t id, std::uint64_t parent, const char* service = "orders") { return {.id = id, .parent = parent, .duration_ns = 100 * ms, .service = service, .kind = SpanKind::server}; }
TestSpan client(std::uint64_t id, std::uint64_t parent, const char* service = "orders") { return {.id = id, .parent = parent, .duration_ns = 50 * ms, .service = service, .kind = SpanKind::client}; }
TestSpan plain(std::uint64_t id, std::uint64_t parent) { return {.id = id, .parent = parent, .duration_ns = 50 * ms}; }

/// A caller of 100 ms and an answer of 40 ms that begins `offset_ms` after it.
SpanDoubts::Counts call(SpanKind caller_kind, std::int64_t offset_ms, SpanStatus status = SpanStatus::unset, SpanKind answer_kind = SpanKind::server)
{
    return counts_of(SpanTableBuilder()
                         .add({.id = 1, .duration_ns = 100 * ms, .service = "web", .kind = caller_kind, .status = status})
                         .add({.id = 2, .parent = 1, .start_ns = offset_ms * ms, .duration_ns = 40 * ms, .service = "stock", .kind = answer_kind}));
}

Sampling sampled_by(std::vector<std::pair<std::string, std::string>> attributes)
{
    TestSpan span{.id = 1};
    span.attributes = std::move(attributes);
    const SpanTable table = SpanTableBuilder().add(span).build();
    return SamplingReader(table).of(0);
}

}  // namespace

class TestSpanDoubts : public QObject {
    Q_OBJECT
private slots:
    void a_caller_beyond_the_recording_is_no_missing_span()
    {
        QCOMPARE(counts_of(SpanTableBuilder().add(server(1, 0)).add(client(2, 1))).cut, 0u);
        QCOMPARE(counts_of(SpanTableBuilder().add(server(1, 99)).add(client(2, 1))).cut, 0u);
        QCOMPARE(counts_of(SpanTableBuilder().add(server(1, 99)).add(server(2, 99, "stock"))).cut, 0u);
        QCOMPARE(counts_of(SpanTableBuilder().add(plain(1, 99)).add(plain(2, 1))).cut, 0u);  // no span says its kind
    }

    void a_missing_parent_inside_is()
    {
        QCOMPARE(counts_of(SpanTableBuilder().add(server(1, 0)).add(client(2, 77))).cut, 1u);
        QCOMPARE(counts_of(SpanTableBuilder().add(server(1, 0)).add(server(2, 77, "stock"))).cut, 1u);
        QCOMPARE(counts_of(SpanTableBuilder().add(server(1, 98)).add(server(2, 99))).cut, 1u);
        QCOMPARE(counts_of(SpanTableBuilder().add(client(1, 99)).add(client(2, 99))).cut, 1u);  // their own server span is missing
    }

    void an_answer_before_its_question_is_a_clock()
    {
        QCOMPARE(call(SpanKind::client, 30).skewed, 0u);
        QCOMPARE(call(SpanKind::client, -4).skewed, 0u);
        QCOMPARE(call(SpanKind::client, -20).skewed, 1u);
        QCOMPARE(call(SpanKind::client, -20).worst_skew_ms, 20.0);
        QCOMPARE(call(SpanKind::client, -20).one_sided, 0u);
        QCOMPARE(call(SpanKind::server, -20).one_sided_skewed, 1u);
    }

    void an_answer_after_its_client_has_it_is_a_clock()
    {
        QCOMPARE(call(SpanKind::client, 80).skewed, 1u);
        QCOMPARE(call(SpanKind::client, 80, SpanStatus::error).skewed, 0u);                             // the client gave up before
        QCOMPARE(call(SpanKind::server, 80).skewed, 0u);                                               // may run on by itself
        QCOMPARE(call(SpanKind::producer, 80, SpanStatus::unset, SpanKind::consumer).skewed, 0u);
    }

    void samplers_say_why_a_trace_is_here_data()
    {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<int>("by");
        QTest::addColumn<double>("probability");
        const auto chance = static_cast<int>(Sampling::By::chance), unsaid = static_cast<int>(Sampling::By::unsaid);
        QTest::newRow("a quarter") << "w3c.tracestate" << "vendor=1,ot=rv:6e6d1a75832a2f;th:c" << chance << 0.25;
        QTest::newRow("all") << "w3c.tracestate" << "ot=th:0" << chance << 1.0;
        QTest::newRow("one in 16") << "w3c.tracestate" << " ot=th:f" << chance << 1.0 / 16;
        QTest::newRow("too long a threshold") << "w3c.tracestate" << "ot=th:123456789012345" << unsaid << 1.0;
        QTest::newRow("no threshold") << "w3c.tracestate" << "ot=th:,x=th:8" << unsaid << 1.0;
        QTest::newRow("a share") << "sampling.probability" << "0.1" << chance << 0.1;
        QTest::newRow("no share") << "sampling.probability" << "-3" << unsaid << 1.0;
        QTest::newRow("one of so many") << "SampleRate" << "20" << chance << 0.05;
        QTest::newRow("so many per second") << "sampler.type" << "ratelimiting" << static_cast<int>(Sampling::By::rate) << 1.0;
        QTest::newRow("every one") << "sampler.type" << "const" << unsaid << 1.0;
        QTest::newRow("by policy") << "tailsampling.policy" << "errors" << static_cast<int>(Sampling::By::outcome) << 1.0;
        QTest::newRow("nothing") << "http.route" << "/a" << unsaid << 1.0;
    }

    void samplers_say_why_a_trace_is_here()
    {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(int, by);
        QFETCH(double, probability);
        const Sampling found = sampled_by({{key.toStdString(), value.toStdString()}});
        QCOMPARE(static_cast<int>(found.by), by);
        QCOMPARE(found.probability, probability);
    }

    void a_jaeger_sampler_gives_its_share()
    {
        const Sampling found = sampled_by({{"sampler.type", "probabilistic"}, {"sampler.param", "0.01"}});
        QCOMPARE(found.by, Sampling::By::chance);
        QCOMPARE(found.probability, 0.01);
    }

    void counts_are_of_traces_and_of_each_service()
    {
        TestSpan trimmed = client(2, 1, "stock");
        trimmed.attributes = {{"otel.dropped_attributes_count", "3"}};
        SpanTableBuilder builder;
        builder.add(server(1, 0)).add(trimmed);
        TestSpan second = server(1, 0);
        second.trace = 2;
        builder.add(second);
        const SpanDoubts doubts = doubts_about(builder.build(), all_time, {}, 5);
        QCOMPARE(doubts.all.traces, 2u);
        QCOMPARE(doubts.all.trimmed, 1u);
        QCOMPARE(doubts.services.at("orders").traces, 2u);
        QCOMPARE(doubts.services.at("orders").trimmed, 0u);
        QCOMPARE(doubts.services.at("stock").trimmed, 1u);
        QCOMPARE(doubts_about(builder.build(), {5 * ms, 6 * ms}, {}, 5).all.traces, 0u);
    }
};

QTEST_APPLESS_MAIN(TestSpanDoubts)
#include "tst_span_doubts.moc"
