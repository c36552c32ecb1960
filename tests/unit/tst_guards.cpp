// What a recording cannot bear out is inconclusive, and says why: missing spans, clocks, lost attributes, chosen traces, and kinds
// of evidence from different times. What the damage cannot change stays as it is.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <array>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr std::int64_t ms = 1'000'000;

/// 120 requests of 20 ms that run the statement so often each; a fifth of the traces lost the span around their last statement.
CaseBuilder orders(int calls, bool cut)
{
    CaseBuilder made;
    for (std::uint64_t i = 1; i <= 120; ++i) {
        const std::int64_t at = static_cast<std::int64_t>(i) * 200 * ms;
        made.add({.trace = i, .id = i * 100, .start_ns = at, .duration_ns = (2 + 5 * calls) * ms, .service = "orders", .name = "GET /orders", .kind = SpanKind::server});
        for (int call = 0; call < calls; ++call) {
            const bool lost = cut && i % 5 == 0 && call + 1 == calls;
            made.add({.trace = i, .id = i * 100 + 1 + static_cast<std::uint64_t>(call), .parent = lost ? i * 100 + 99 : i * 100, .start_ns = at + (1 + 5 * call) * ms, .duration_ns = 5 * ms,
                      .service = "orders", .name = "query", .kind = SpanKind::client, .statement = "SELECT name FROM items WHERE id = $1"});
        }
    }
    return made;
}

/// 80 requests that ask three peers in line, then 80 that ask them together, with client spans or without. The peers' clocks
/// are `behind_ms` late; `cut`: a fifth of the traces lack the span around their log.
CaseBuilder tours(bool clients, std::int64_t behind_ms, bool cut = false)
{
    CaseBuilder made;
    const std::array<std::string, 3> peers{"tickets", "weather", "guides"};
    for (std::uint64_t i = 1; i <= 160; ++i) {
        const bool together = i > 80;
        const std::int64_t at = static_cast<std::int64_t>(i) * 500 * ms;
        made.add({.trace = i, .id = i * 10, .start_ns = at, .duration_ns = (together ? 50 : 130) * ms, .service = "tours", .name = "GET /tours", .kind = SpanKind::server});
        if (cut && i % 5 == 0) made.add({.trace = i, .id = i * 10 + 9, .parent = i * 10 + 8, .start_ns = at, .duration_ns = ms, .service = "tours", .name = "log"});
        for (std::uint64_t peer = 0; peer < peers.size(); ++peer) {
            const std::int64_t begin = at + (2 + (together ? 0 : 42 * static_cast<std::int64_t>(peer))) * ms;
            const std::uint64_t id = i * 10 + 1 + 2 * peer;
            if (clients)
                made.add({.trace = i, .id = id, .parent = i * 10, .start_ns = begin, .duration_ns = 40 * ms, .service = "tours", .name = "GET", .kind = SpanKind::client,
                          .attributes = {{"server.address", peers[peer]}, {"http.request.method", "GET"}, {"url.full", "http://" + peers[peer] + "/get"}}});
            made.add({.trace = i, .id = id + 1, .parent = clients ? id : i * 10, .start_ns = begin + (1 - behind_ms) * ms, .duration_ns = 38 * ms, .service = peers[peer], .name = "GET /get", .kind = SpanKind::server});
        }
    }
    return made;
}

/// 300 requests of 20 ms, from the release in the middle on 80 ms, of which a peer takes 10 that only itself timed, by a clock that
/// is `behind_ms` late.
CaseBuilder release(std::int64_t behind_ms)
{
    CaseBuilder made;
    for (std::uint64_t i = 0; i < 300; ++i) {
        const std::int64_t at = static_cast<std::int64_t>(i) * 1000 * ms, took = (i < 150 ? 20 : 80) * ms + static_cast<std::int64_t>(i * 37 % 11) * ms / 10;
        made.add({.trace = i + 1, .id = 1, .start_ns = at, .duration_ns = took, .service = "quotes", .name = "GET /quote", .kind = SpanKind::server});
        made.add({.trace = i + 1, .id = 2, .parent = 1, .start_ns = at + (3 - behind_ms) * ms, .duration_ns = 10 * ms, .service = "rates", .name = "GET /rate", .kind = SpanKind::server});
    }
    made.file("events.csv", "time,kind,service,text\n2026-04-14T10:02:30Z,deploy,quotes,quotes 1.0 -> 1.1\n");
    return made;
}

/// 400 requests; the tenth of one tenant takes 30 times as long. `marked`: every fifth span carries that attribute.
CaseBuilder baskets(std::vector<std::pair<std::string, std::string>> marked)
{
    CaseBuilder made;
    for (std::uint64_t i = 1; i <= 400; ++i) {
        const bool slow = i % 10 == 0;
        TestSpan span{.trace = i, .id = i, .start_ns = static_cast<std::int64_t>(i) * 200 * ms, .duration_ns = (slow ? 600 : 20) * ms + static_cast<std::int64_t>(i * 37 % 11) * ms / 10, .service = "basket", .name = "POST /merge", .kind = SpanKind::server};
        span.attributes = {{"tenant", slow ? "acme" : "t" + std::to_string(i % 7)}, {"region", "r" + std::to_string(i % 3)}, {"plan", i % 2 ? "a" : "b"}, {"shard", std::to_string(i % 4)}, {"client", "c" + std::to_string(i % 5)}};
        if (i % 5 == 1) span.attributes.insert(span.attributes.end(), marked.begin(), marked.end());
        made.add(span);
    }
    return made;
}

/// Calls of an UPDATE of up to 2 s, four at a time, and counters of the same statement from `hours` later.
CaseBuilder stock(int hours)
{
    CaseBuilder made;
    const std::string update = "UPDATE stock SET n = n - 1 WHERE sku = $1";
    for (std::uint64_t i = 1; i <= 304; ++i) {
        const bool waits = i > 300;
        const std::int64_t at = waits ? (20000 + static_cast<std::int64_t>(i) * 100) * ms : static_cast<std::int64_t>(i) * 190 * ms, takes = (waits ? 2000 : 4) * ms;
        made.add({.trace = i, .id = i * 10, .start_ns = at, .duration_ns = takes + 2 * ms, .service = "checkout", .name = "POST /orders", .kind = SpanKind::server});
        made.add({.trace = i, .id = i * 10 + 1, .parent = i * 10, .start_ns = at + ms, .duration_ns = takes, .service = "checkout", .name = "query", .kind = SpanKind::client, .statement = update});
    }
    const auto snapshot = [&](const std::string& minute, int calls) {
        return "captured_at,queryid,query,calls,total_exec_time,rows\n2026-04-14T" + std::to_string(10 + hours) + ":" + minute + ":00Z,7,\"" + update + "\"," + std::to_string(calls) + "," + std::to_string(9 * calls) + "," + std::to_string(calls) + "\n";
    };
    made.file("1.csv", snapshot("00", 1000)).file("2.csv", snapshot("02", 4000));
    return made;
}

QString answer(const CaseBuilder& made, const char* analyzer) { return QString::fromStdString(made.answer(analyzer)); }

}  // namespace

class TestGuards : public QObject {
    Q_OBJECT
private slots:
    void missing_spans_prove_no_absence()
    {
        QVERIFY2(answer(orders(1, false), "database.n_plus_one").startsWith("ruled_out: "), qPrintable(answer(orders(1, false), "database.n_plus_one")));
        const QString cut = answer(orders(1, true), "database.n_plus_one");
        QVERIFY2(cut.startsWith("inconclusive: 20 % of 120 traces are cut off: spans inside are missing; in what is there: "), qPrintable(cut));
    }

    void missing_spans_take_back_no_repetition_that_is_seen()
    {
        QVERIFY(answer(orders(20, false), "database.n_plus_one").startsWith("confirmed: "));
        QVERIFY(answer(orders(20, true), "database.n_plus_one").startsWith("confirmed: "));
    }

    void between_two_calls_may_be_what_is_missing()
    {
        const char* const asked = "latency.sequential_calls";
        QVERIFY2(answer(tours(true, 0), asked).startsWith("confirmed: "), qPrintable(answer(tours(true, 0), asked)));
        const QString cut = answer(tours(true, 0, true), asked);
        QVERIFY2(cut.startsWith("inconclusive: ") && cut.contains("20 % of 160 traces are cut off"), qPrintable(cut));
    }

    void own_time_is_not_known_where_clocks_disagree()
    {
        const char* const asked = "latency.regression_after_deploy";
        QVERIFY2(answer(release(0), asked).startsWith("confirmed: "), qPrintable(answer(release(0), asked)));
        const QString skewed = answer(release(20), asked);
        QVERIFY2(skewed.startsWith("inconclusive: ") && skewed.contains("calls the clocks of both services disagree by over 5 ms (up to 17 ms)"), qPrintable(skewed));
    }

    void calls_timed_by_their_caller_need_no_second_clock()
    {
        const char* const asked = "latency.sequential_calls";
        QVERIFY2(answer(tours(true, 20), asked).startsWith("confirmed: "), qPrintable(answer(tours(true, 20), asked)));
        QVERIFY2(answer(tours(false, 0), asked).startsWith("confirmed: "), qPrintable(answer(tours(false, 0), asked)));
        const QString skewed = answer(tours(false, 20), asked);
        QVERIFY2(skewed.startsWith("inconclusive: ") && skewed.contains("calls the clocks of both services disagree by over 5 ms"), qPrintable(skewed));
    }

    void lost_attributes_may_be_what_slow_requests_share()
    {
        const char* const asked = "latency.slow_cohort";
        QVERIFY2(answer(baskets({}), asked).startsWith("confirmed: "), qPrintable(answer(baskets({}), asked)));
        const QString trimmed = answer(baskets({{"otel.dropped_attributes_count", "2"}}), asked);
        QVERIFY2(trimmed.startsWith("inconclusive: ") && trimmed.contains("in 20 % of 400 traces spans lost attributes on their way"), qPrintable(trimmed));
    }

    void traces_kept_for_their_outcome_are_no_share()
    {
        const char* const asked = "latency.tail_divergence";
        QVERIFY2(answer(baskets({}), asked).startsWith("suspected: "), qPrintable(answer(baskets({}), asked)));
        const QString chosen = answer(baskets({{"tailsampling.policy", "slow"}}), asked);
        QVERIFY2(chosen.startsWith("inconclusive: ") && chosen.contains("20 % of the traces were kept for what happened in them"), qPrintable(chosen));
    }

    void kinds_of_evidence_that_never_met_prove_nothing_together()
    {
        const char* const asked = "database.lock_contention";
        QVERIFY2(answer(stock(0), asked).startsWith("suspected: "), qPrintable(answer(stock(0), asked)));
        const QString apart = answer(stock(5), asked);
        QVERIFY2(apart.startsWith("inconclusive: ") && apart.contains(": nothing was recorded at the same time"), qPrintable(apart));
    }

    void the_reader_is_told_what_mends_it()
    {
        const AnalysisReport report = orders(1, true).ask({"database.n_plus_one"});
        const std::vector<Missing>& missing = report.verdicts.front().answer.missing;
        QCOMPARE(missing.size(), 1u);
        QCOMPARE(missing.front().command, std::string("export the traces again with all services, whole and without sampling by span"));
    }

    void limits_are_thresholds()
    {
        AnalyzeOptions lenient;
        lenient.only = {"database.n_plus_one"};
        lenient.thresholds["common.damaged_share"] = 25;
        const AnalysisReport report = orders(1, true).analyzed(lenient);
        QCOMPARE(name_of(report.verdicts.front().answer.verdict), std::string_view("ruled_out"));
    }
};

QTEST_APPLESS_MAIN(TestGuards)
#include "tst_guards.moc"
