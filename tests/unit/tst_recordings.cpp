// Where one recording ends and another begins.

#include "analyzers/analysis/recordings.h"

#include <QtTest>

using casebook::recordings;
using casebook::TimeRange;

namespace {

constexpr std::int64_t s = 1'000'000'000;

std::vector<std::int64_t> run(std::int64_t from_s, std::int64_t to_s, std::int64_t step_ns = s / 10)
{
    std::vector<std::int64_t> starts;
    for (std::int64_t at = from_s * s; at < to_s * s; at += step_ns) starts.push_back(at);
    return starts;
}

std::vector<std::int64_t> joined(std::vector<std::int64_t> a, const std::vector<std::int64_t>& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace

class TestRecordings : public QObject {
    Q_OBJECT
private slots:
    void nothing_is_none() { QVERIFY(recordings({}, {}).empty()); }

    void one_run_is_one()
    {
        const auto found = recordings(run(5, 65), {});
        QCOMPARE(found.size(), std::size_t{1});
        QCOMPARE(found[0].from_ns, 5 * s);
        QVERIFY(found[0].contains(65 * s - s / 10));
    }

    void a_hole_parts_two()
    {
        const auto starts = joined(run(0, 60), run(75, 120));
        const auto found = recordings(starts, {});
        QCOMPARE(found.size(), std::size_t{2});
        QCOMPARE(found[1].from_ns, 75 * s);
        std::size_t inside = 0;
        for (const std::int64_t at : starts) inside += found[0].contains(at) || found[1].contains(at);
        QCOMPARE(inside, starts.size());
    }

    void a_short_pause_does_not() { QCOMPARE(recordings(joined(run(0, 60), run(68, 120)), {}).size(), std::size_t{1}); }

    void a_hole_beside_a_release_is_the_release()
    {
        const auto starts = joined(run(0, 60), run(75, 120));
        QCOMPARE(recordings(starts, {61 * s}).size(), std::size_t{1});
        QCOMPARE(recordings(starts, {76 * s}).size(), std::size_t{1});
        QCOMPARE(recordings(starts, {30 * s}).size(), std::size_t{2});
    }

    void any_times_there_can_be()
    {
        QCOMPARE(recordings({INT64_MIN, INT64_MIN + 1, 0, INT64_MAX - 1, INT64_MAX}, {INT64_MIN, INT64_MAX}).size(), std::size_t{1});
        QCOMPARE(recordings({INT64_MIN, INT64_MIN + 1, INT64_MIN + 2, INT64_MAX}, {}).size(), std::size_t{2});
    }

    void sparse_traffic_has_long_pauses()
    {
        QCOMPARE(recordings(run(0, 3600, 20 * s), {}).size(), std::size_t{1});
        QCOMPARE(recordings(joined(run(0, 600, 20 * s), run(700, 1300, 20 * s)), {}).size(), std::size_t{1});
        QCOMPARE(recordings(joined(run(0, 600, 20 * s), run(90'000, 90'600, 20 * s)), {}).size(), std::size_t{2});
    }
};

QTEST_APPLESS_MAIN(TestRecordings)
#include "tst_recordings.moc"
