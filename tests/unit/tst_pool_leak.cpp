// Clause by clause: what makes connections that are not given back confirmed, suspected, ruled out or left open. Pools of ten
// connections, read every 30 s for ten minutes.

#include "tests/support/case_builder.h"

#include <QtTest>

#include <functional>

using namespace casebook;
using namespace casebook::tests;

namespace {

constexpr int samples = 20;
using Course = std::function<double(int)>;  ///< by sample

std::string clock(int seconds)
{
    char text[32];
    std::snprintf(text, sizeof text, "2026-04-14T10:%02d:%02dZ", seconds / 60, seconds % 60);
    return text;
}

struct Pool {
    Course used, load = nullptr, idle = nullptr, waiting = nullptr;
    double max = 10;  ///< 0: not exported
    std::string service = "tickets", instance = "a";
    int every_s = 30;
};

std::string gauges(const Pool& pool)
{
    std::string text = "time,name,value,service,instance\n";
    for (int i = 0; i < samples; ++i) {
        const auto say = [&](const char* name, double value) {
            text += clock(pool.every_s * i) + "," + name + "," + QString::number(value).toStdString() + "," + pool.service + "," + pool.instance + "\n";
        };
        say("hikaricp_connections_active", pool.used(i));
        if (pool.max > 0) say("hikaricp_connections_max", pool.max);
        if (pool.idle) say("hikaricp_connections_idle", pool.idle(i));
        if (pool.waiting) say("hikaricp_connections_pending", pool.waiting(i));
        if (pool.load) say("rps", pool.load(i) + i % 3);
    }
    return text;
}

/// The load falls to `low` of 100 at the tenth sample.
Course falls_to(double low)
{
    return [=](int i) { return i < 10 ? 100 : low; };
}

/// One more every minute, then `kept` to the end.
Course lost(double kept)
{
    return [=](int i) { return i < 10 ? std::min(2 + i, 9) : kept; };
}

/// Snapshots of the database: so many at work, so many in transactions that nobody ends.
std::string sessions(const std::vector<std::pair<int, int>>& working_and_lost, int every_s = 150, const std::string& user = "tickets")
{
    std::string text = "at,pid,usename,datname,application_name,backend_type,state,state_age,query\n";
    for (std::size_t k = 0; k < working_and_lost.size(); ++k)
        for (int pid = 0; pid < 10; ++pid) {
            const auto [working, idle] = working_and_lost[k];
            const char* state = pid < working ? "active,00:00:00.1,SELECT 1" : pid < working + idle ? "idle in transaction,00:03:00,UPDATE seats SET sold = true" : "idle,00:01:00,COMMIT";
            text += clock(5 + every_s * static_cast<int>(k)) + "," + std::to_string(100 + pid) + "," + user + ",shop," + user + ",client backend," + state + "\n";
        }
    return text;
}

CaseBuilder with(const Pool& pool)
{
    CaseBuilder builder;
    builder.file("pool.csv", gauges(pool));
    return builder;
}

#define SAYS(builder, begin)                                      \
    do {                                                          \
        const std::string said = (builder).answer("pool.leak");   \
        QVERIFY2(said.starts_with(begin), said.c_str());          \
    } while (false)

}  // namespace

class TestPoolLeak : public QObject {
    Q_OBJECT
private slots:
    // Needs

    void gauges_without_load_or_sessions_are_not_enough()
    {
        const AnalysisReport report = with({.used = lost(9)}).ask({"pool.leak"});
        QCOMPARE(report.verdicts[0].answer.verdict, Verdict::notEnoughEvidence);
        QVERIFY(!report.verdicts[0].answer.missing.empty());
        CaseBuilder load;
        load.file("rps.csv", "time,name,value,service\n" + clock(0) + ",rps,100,tickets\n" + clock(30) + ",rps,100,tickets\n");
        SAYS(load, "not_enough_evidence");
    }

    void spans_tell_the_load_as_well()
    {
        const auto pool_and_spans = [](const Course& used) {
            CaseBuilder builder = with({.used = used});
            std::uint64_t id = 0;
            for (int i = 0; i < samples; ++i)
                for (int k = 0; k < (i < 10 ? 60 : 12); ++k) {
                    ++id;
                    builder.add({.trace = id, .id = id, .start_ns = (30LL * i - 30) * 1'000'000'000 + k * 400'000'000LL + 30'000'000'000, .duration_ns = 20'000'000, .service = "tickets", .name = "GET /seats", .kind = SpanKind::server});
                }
            return builder;
        };
        SAYS(pool_and_spans(lost(9)), "confirmed: tickets keeps 9 of 10 connections although its load fell");
        SAYS(pool_and_spans(lost(2)), "ruled_out: ");
    }

    // The load

    void eighty_percent_held_at_less_than_half_the_load_confirm()
    {
        SAYS(with({.used = lost(8), .load = falls_to(20)}), "confirmed: tickets keeps 8 of 10 connections");
        SAYS(with({.used = lost(7), .load = falls_to(20)}), "ruled_out: ");
        SAYS(with({.used = lost(8), .load = falls_to(44)}), "confirmed: ");
        SAYS(with({.used = lost(8), .load = falls_to(60)}), "suspected: ");  // it climbs, and the load is no lower
    }

    void low_load_must_last_three_samples()
    {
        const auto low_for = [](int count) { return [=](int i) { return i >= samples - count ? 20 : 100; }; };
        const Course kept = [](int i) { return std::min(2 + i, 9); };
        SAYS(with({.used = kept, .load = low_for(3)}), "confirmed: ");
        SAYS(with({.used = kept, .load = low_for(2)}), "suspected: ");
    }

    void low_load_of_some_seconds_is_no_proof()
    {
        SAYS(with({.used = lost(9), .load = falls_to(20), .every_s = 2}), "suspected: ");
    }

    void used_that_follows_the_load_rules_it_out()
    {
        const Course day = [](int i) { return 20 + 80 * (i < 10 ? i : 19 - i) / 9.0; };
        SAYS(with({.used = [&](int i) { return std::round(day(i) / 12) + i % 2; }, .load = day}), "ruled_out: connections come back: used follows the load");
    }

    void a_load_that_never_falls_leaves_a_full_pool_open()
    {
        SAYS(with({.used = [](int i) { return 8 + i % 2; }, .load = [](int) { return 100; }}), "inconclusive: the load never fell below 50 % of its peak, and no sessions were captured");
        SAYS(with({.used = [](int i) { return 1 + i * 8 / 19; }, .load = [](int) { return 100; }}), "suspected: tickets holds more and more connections at the same load");
    }

    void an_unknown_size_is_a_suspicion_at_most()
    {
        SAYS(with({.used = lost(9), .load = falls_to(20), .max = 0}), "suspected: ");
    }

    // Decoys

    void a_slow_holder_that_ends_gives_back()
    {
        SAYS(with({.used = [](int i) { return i < 6 ? 3 : i < 16 ? 9 : 1; }, .load = falls_to(20)}), "ruled_out: connections come back: used falls after the load does");
    }

    void minimum_idle_equal_to_maximum_is_told_by_the_idle_ones()
    {
        SAYS(with({.used = [](int) { return 10; }, .load = falls_to(20), .idle = [](int i) { return (i < 10 ? 4 : 9) - i % 2; }}), "ruled_out: ");
        SAYS(with({.used = [](int) { return 10; }, .load = falls_to(20)}), "inconclusive: tickets: the gauge never moves");
    }

    void requests_that_wait_are_no_fall_of_the_load()
    {
        SAYS(with({.used = lost(10), .load = falls_to(20), .waiting = [](int i) { return i < 10 ? 0 : 4; }}), "suspected: ");
    }

    // Restarts

    void a_restart_gives_everything_back()
    {
        const auto restarted = [](int at_s, const Course& used) {
            CaseBuilder builder = with({.used = used, .load = falls_to(20)});
            builder.file("events.csv", "time,kind,service,text\n" + clock(at_s) + ",restart,tickets,by hand\n");
            return builder;
        };
        // Held for four minutes until somebody restarted it.
        SAYS(restarted(540, [](int i) { return i < 18 ? std::min(2 + i, 9) : 1; }), "confirmed: ");
        // Restarted just as the load fell: nobody could tell, and it was not the load that took them back.
        SAYS(restarted(315, [](int i) { return i < 11 ? 8 : 1; }), "inconclusive: ");
    }

    void a_leak_goes_on_after_a_restart()
    {
        CaseBuilder builder = with({.used = [](int i) { return i < 12 ? 1 + i * 8 / 11 : 1 + (i - 12) / 2; }, .load = [](int) { return 100; }});
        SAYS(builder, "ruled_out: ");
        builder.file("events.csv", "time,kind,service,text\n" + clock(355) + ",restart,tickets,by hand\n");
        SAYS(builder, "suspected: tickets holds more and more connections at the same load");
    }

    // Sessions

    void two_more_without_work_in_three_samples_confirm()
    {
        const Pool flat{.used = [](int i) { return i < 5 ? 4 : i < 10 ? 6 : 8; }, .load = [](int) { return 100; }};
        const auto captured = [&](const std::vector<std::pair<int, int>>& snapshots) {
            CaseBuilder builder = with(flat);
            builder.file("sessions.csv", sessions(snapshots));
            return builder;
        };
        SAYS(captured({{3, 1}, {3, 3}, {3, 5}}), "confirmed: tickets holds 5 connections that do nothing, up from 1 in 3 samples");
        SAYS(captured({{4, 0}, {6, 0}, {8, 0}}), "ruled_out: ");  // they work
        SAYS(captured({{3, 1}, {3, 3}}), "suspected: ");          // two samples are a step
        SAYS(captured({{3, 1}, {5, 1}, {7, 1}}), "ruled_out: ");  // one that does nothing is no leak
        SAYS(captured({{2, 2}, {3, 3}, {4, 4}}), "inconclusive: tickets: connections that do nothing become more, but so do those that work");
    }

    void sessions_that_work_explain_what_is_held()
    {
        CaseBuilder builder = with({.used = lost(9), .load = falls_to(20)});
        builder.file("sessions.csv", sessions({{3, 0}, {8, 0}, {9, 0}, {9, 0}}));
        SAYS(builder, "ruled_out: ");
    }

    // Several pools

    void each_service_answers_for_its_own_pool()
    {
        CaseBuilder builder;
        builder.file("tickets.csv", gauges({.used = lost(9), .load = falls_to(20)})).file("billing.csv", gauges({.used = lost(2), .load = falls_to(20), .service = "billing"}));
        const AnalysisReport report = builder.ask({"pool.leak"});
        QCOMPARE(report.findings.size(), std::size_t{1});
        QCOMPARE(report.findings[0].key, std::string("tickets|connection pool"));
        QCOMPARE(report.findings[0].verdict, Verdict::confirmed);
    }
};

QTEST_APPLESS_MAIN(TestPoolLeak)
#include "tst_pool_leak.moc"
