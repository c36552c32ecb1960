// What states of tables, plans and events tell of a table: its history, its statistics' age, scans that are alike.

#include "analyzers/analysis/row_estimates.h"
#include "analyzers/analysis/statistics_age.h"
#include "analyzers/analysis/vacuum_looks.h"

#include <QtTest>
#include <random>

using namespace casebook;

namespace {

constexpr std::int64_t minute_ns = 60'000'000'000, hour_ns = 60 * minute_ns;

TableState state(std::int64_t at_ns, double live, double dead)
{
    TableState made;
    made.at_ns = at_ns;
    made.live = live;
    made.dead = dead;
    return made;
}

ScanEstimate scan(double rows, double expected)
{
    ScanEstimate made;
    made.rows = rows;
    made.miss.plan_rows = expected;
    return made;
}

}  // namespace

class TestTableKnowledge : public QObject {
    Q_OBJECT

private slots:
    void a_scan_like_another()
    {
        // Against the plain way, over random scans with and without times.
        std::mt19937 random(7);
        for (int round = 0; round < 200; ++round) {
            std::vector<std::pair<double, std::optional<std::int64_t>>> all;
            RightScans right;
            const std::size_t count = random() % 20;
            for (std::size_t i = 0; i < count; ++i) {
                const double rows = static_cast<double>(random() % 64);
                const auto at = random() % 5 == 0 ? std::nullopt : std::optional<std::int64_t>(random() % 100);
                all.emplace_back(rows, at);
                right.add(scan(rows, rows), at);
            }
            right.finish();
            for (int question = 0; question < 20; ++question) {
                const double rows = static_cast<double>(random() % 64);
                const auto at = random() % 5 == 0 ? std::nullopt : std::optional<std::int64_t>(random() % 100);
                bool alike = false, expected = false;
                for (const auto& [other, other_at] : all) {
                    const double a = std::max(rows, 1.0), b = std::max(other, 1.0);
                    const bool near = std::max(a, b) <= 2 * std::min(a, b);
                    expected = expected || near;
                    alike = alike || (near && !(at && other_at && *other_at < *at));
                }
                QCOMPARE(right.has_alike(scan(rows, 1), at), alike);
                QCOMPARE(right.has_estimate_alike(scan(1, rows)), expected);
            }
        }
    }

    void the_table_a_plan_means()
    {
        TableStates states;
        for (const char* name : {"moves", "old.moves", "yard.crates", "ledger.crates", "doors"}) states[{"", name}] = {TableState{}};
        states[{"ledger", "doors"}] = {TableState{}};
        const auto named = [&](const char* name) { return &states[{"", name}]; };
        QCOMPARE(history_of(states, "", "moves"), named("moves"));          // of several the one in public
        QCOMPARE(history_of(states, "public", "moves"), named("moves"));
        QCOMPARE(history_of(states, "old", "moves"), named("old.moves"));
        QVERIFY(!history_of(states, "older", "moves"));
        QVERIFY(!history_of(states, "", "crates"));                         // either
        QCOMPARE(history_of(states, "yard", "crates"), named("yard.crates"));
        QVERIFY(!history_of(states, "", "doors"));                          // of two databases
        QVERIFY(!history_of(states, "", "oves"));
        QCOMPARE(bare_table("old.moves"), std::string_view("moves"));
    }

    void since_when_over_the_line()
    {
        const auto over = [](const TableState& one) { return one.is_full_of_dead_rows(20, 100'000); };
        const TableHistory history{state(0, 1e6, 300'000), state(hour_ns, 1e6, 1'000), state(2 * hour_ns, 1e6, 200'000), state(3 * hour_ns, 1e6, 900'000)};
        const OverTheLine found = over_the_line(history, history.back(), over);
        QCOMPARE(found.below_h.value_or(-1), 2.0);
        QCOMPARE(found.over_min, 60.0);
        QVERIFY(!over_the_line(history, history.front(), over).below_h);
        QVERIFY(!state(0, 1e6, 199'999).is_full_of_dead_rows(20, 100'000));
        QVERIFY(!state(0, 1e5, 99'999).is_full_of_dead_rows(20, 100'000));
    }

    void since_when_without_vacuum()
    {
        TableHistory history{state(0, 1, 1), state(10 * hour_ns, 1, 1), state(30 * hour_ns, 1, 1)};
        QVERIFY(!unvacuumed_of(history, history[2]).ever);
        QCOMPARE(unvacuumed_of(history, history[2]).hours.value_or(-1), 30.0);
        QCOMPARE(unvacuumed_of(history, history[0]).hours.value_or(-1), 0.0);
        // Its counters were reset after a vacuum: what is known begins then.
        history[0].last_vacuum_ns = 0;
        QCOMPARE(unvacuumed_of(history, history[2]).hours.value_or(-1), 20.0);
        history[2].last_vacuum_ns = 29 * hour_ns;
        QVERIFY(unvacuumed_of(history, history[2]).ever);
        QCOMPARE(unvacuumed_of(history, history[2]).hours.value_or(-1), 1.0);
    }

    void which_events_change_a_table()
    {
        const std::vector<Event> events{{1, "batch", "", "import into crates done"},  {2, "batch", "", "import into crates_old"},
                                        {3, "deploy", "", "crates: import screen"},   {4, "test", "", "load test of crates"},
                                        {5, "config", "", "reloaded crates"},         {6, "migration", "", "backfill of crates"},
                                        {7, "job", "", "VACUUM ANALYZE yard.crates"}, {8, "job", "", "purged crates"}};
        const TableEvents found = events_of_table(events, "crates");
        QCOMPARE(found.analyzed_ns, std::vector<std::int64_t>{7});
        std::vector<std::int64_t> changes;
        for (const Event* event : found.changes) changes.push_back(event->at_ns);
        QCOMPARE(changes, (std::vector<std::int64_t>{1, 6, 8}));
    }

    void age_of_statistics()
    {
        TableHistory history{state(10 * hour_ns, 1000, 0)};
        history[0].last_analyze_ns = 2 * hour_ns;
        history[0].modified = 160;
        const auto age = [&](std::optional<std::int64_t> plan_at_ns) { return statistics_age(&history, {}, plan_at_ns, 10); };
        QVERIFY(age({}).is_stale());
        QVERIFY(age(12 * hour_ns).is_stale());                       // at least as many by then
        QVERIFY(age(8 * hour_ns).is_stale());                        // 6 of 8 hours: 12 %
        QVERIFY(!age(6 * hour_ns).is_stale() && !age(6 * hour_ns).is_fresh());  // 4 of 8 hours: 8 %
        QVERIFY(!age(hour_ns).is_stale() && !age(hour_ns).is_fresh());          // analyzed after it
        history[0].modified = 99;
        QVERIFY(age(6 * hour_ns).is_fresh());
        history[0].last_analyze_ns.reset();                          // reset counters, or never analyzed
        QVERIFY(!age(6 * hour_ns).is_fresh() && !age(6 * hour_ns).is_stale());
        QVERIFY(!statistics_age(nullptr, {}, {}, 10).is_stale());
    }
};

QTEST_APPLESS_MAIN(TestTableKnowledge)
#include "tst_table_knowledge.moc"
