#include "analyzers/analysis/periodicity.h"
#include "tests/simulate/random.h"

#include <QtTest>

using namespace casebook;
using simulate::Random;

namespace {

struct Series { std::vector<std::int64_t> at_ns; std::vector<double> value; };

/// 20 observations a second; `slow(t)` says whether the one at t is in a spike.
Series observe(std::uint64_t seed, double seconds, const std::function<bool(double)>& slow)
{
    Random random(seed);
    Series series;
    for (double t = random.exponential(0.05); t < seconds; t += random.exponential(0.05)) {
        series.at_ns.push_back(static_cast<std::int64_t>(t * 1e9));
        series.value.push_back(random.around(slow(t) ? 400 : 10, 0.4));
    }
    return series;
}

TimeRange seconds(double s) { return {0, static_cast<std::int64_t>(s * 1e9)}; }

}  // namespace

class tst_periodicity : public QObject {
    Q_OBJECT

private slots:
    void finds_the_period_of_spikes_data()
    {
        QTest::addColumn<double>("period");
        QTest::addColumn<double>("length");
        for (const double period : {5.0, 13.0, 20.0, 37.0})
            for (const double length : {0.5, 1.5}) QTest::addRow("%g s every %g s", length, period) << period << length;
    }
    void finds_the_period_of_spikes()
    {
        QFETCH(double, period);
        QFETCH(double, length);
        const Series series = observe(1, 200, [&](double t) { return std::fmod(t + 3, period) < length; });
        const auto found = find_period(series.at_ns, series.value, seconds(200), 0.5, 3);
        QVERIFY(found);
        QVERIFY2(std::abs(found->period_s / period - 1) < 0.1, qPrintable(QString::number(found->period_s)));
        QVERIFY(found->height > 5);
    }

    void noise_steps_and_irregular_spikes_have_no_period()
    {
        int noise = 0, random_spikes = 0;
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const Series quiet = observe(seed, 200, [](double) { return false; });
            noise += find_period(quiet.at_ns, quiet.value, seconds(200), 0.5, 3).has_value();
            Random random(seed + 50);
            std::vector<double> starts;
            for (double t = random.exponential(15); t < 200; t += 1 + random.exponential(15)) starts.push_back(t);
            const Series spikes = observe(seed, 200, [&](double t) {
                return std::any_of(starts.begin(), starts.end(), [&](double start) { return t >= start && t < start + 1; });
            });
            random_spikes += find_period(spikes.at_ns, spikes.value, seconds(200), 0.5, 3).has_value();
        }
        QCOMPARE(noise, 0);
        QVERIFY2(random_spikes <= 2, qPrintable(QString::number(random_spikes)));
        const Series step = observe(9, 200, [](double t) { return t > 100; });
        QVERIFY(!find_period(step.at_ns, step.value, seconds(200), 0.5, 3));
    }

    void two_spikes_are_no_period()
    {
        const Series series = observe(4, 100, [](double t) { return (t > 20 && t < 22) || (t > 60 && t < 62); });
        QVERIFY(!find_period(series.at_ns, series.value, seconds(100), 0.5, 3));
        QVERIFY(!find_period({}, {}, seconds(100), 0.5, 3));
    }

    void moments_keep_a_period()
    {
        std::vector<std::int64_t> regular, irregular;
        for (int i = 0; i < 10; ++i) regular.push_back(static_cast<std::int64_t>((i * 20 + (i % 3)) * 1e9));
        for (const double t : {3.0, 9.0, 40.0, 47.0, 90.0, 141.0, 149.0, 190.0}) irregular.push_back(static_cast<std::int64_t>(t * 1e9));
        QVERIFY(keeps_period(regular, 20, seconds(200)));
        QVERIFY(!keeps_period(regular, 10, seconds(200)));
        QVERIFY(!keeps_period(regular, 40, seconds(200)));
        QVERIFY(!keeps_period(irregular, 25, seconds(200)));
        QVERIFY(!keeps_period({}, 20, seconds(200)));
    }
};

QTEST_APPLESS_MAIN(tst_periodicity)
#include "tst_periodicity.moc"
