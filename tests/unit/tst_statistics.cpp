#include "analyzers/core/statistics.h"

#include <QtTest>
#include <cmath>
#include <numeric>
#include <random>

using namespace casebook;

namespace {

bool close(double actual, double expected, double tolerance)
{
    if (std::fabs(actual - expected) <= tolerance)
        return true;
    qWarning() << "actual" << actual << "expected" << expected;
    return false;
}

int sign(double value) { return (value > 0) - (value < 0); }

int kendall_s(const std::vector<double>& y)
{
    int s = 0;
    for (std::size_t i = 0; i < y.size(); ++i)
        for (std::size_t j = i + 1; j < y.size(); ++j)
            s += sign(y[j] - y[i]);
    return s;
}

/// Share of all orders of the values whose S is at least as large.
double permutation_p(const std::vector<double>& y)
{
    const int observed = kendall_s(y);
    std::vector<double> order = y;
    std::sort(order.begin(), order.end());
    double all = 0, as_large = 0;
    do
    {
        ++all;
        as_large += kendall_s(order) >= observed;
    } while (std::next_permutation(order.begin(), order.end()));
    return as_large / all;
}

double choose(int n, int k)
{
    double result = 1;
    for (int i = 1; i <= k; ++i)
        result = result * (n - k + i) / i;
    return result;
}

}  // namespace

class tst_statistics : public QObject {
    Q_OBJECT

private slots:
    void percentiles()
    {
        // numpy.percentile, default method
        QVERIFY(close(percentile({1, 2, 3, 4}, 40), 2.2, 1e-12));
        QVERIFY(close(percentile({50, 15, 40, 20, 35}, 40), 29, 1e-12));
        QCOMPARE(percentile({3, 1, 2}, 0), 1.0);
        QCOMPARE(percentile({3, 1, 2}, 100), 3.0);
        QCOMPARE(percentile({3, 1, 2}, 250), 3.0);
        QCOMPARE(percentile({7}, 99), 7.0);
        QCOMPARE(percentile({}, 50), 0.0);
        QCOMPARE(median({4, 1, 3, 2}), 2.5);
        // 9,800 requests of 100 ms and 200 of 400 ms: the mean hides the tail
        std::vector<double> before(9800, 100.0);
        before.resize(10'000, 400.0);
        QCOMPARE(mean(before), 106.0);
        QCOMPARE(percentile(before, 50), 100.0);
        QCOMPARE(percentile(before, 99), 400.0);
    }

    void percentile_is_that_of_sorted_values()
    {
        std::mt19937 random(1);
        for (int round = 0; round < 300; ++round)
        {
            std::vector<double> values(1 + random() % 50);
            for (double& value : values)
                value = static_cast<double>(random() % 20);
            std::vector<double> sorted = values;
            std::sort(sorted.begin(), sorted.end());
            const double p = static_cast<double>(random() % 101);
            const double at = p / 100 * static_cast<double>(sorted.size() - 1);
            const auto low = static_cast<std::size_t>(std::floor(at)), high = static_cast<std::size_t>(std::ceil(at));
            QVERIFY(close(percentile(values, p), sorted[low] + (at - std::floor(at)) * (sorted[high] - sorted[low]), 1e-9));
        }
    }

    void linear_fits()
    {
        // Anscombe (1973), first set
        const std::vector<double> x{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
        const std::vector<double> y{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
        const LinearFit fit = linear_fit(x, y);
        QVERIFY(close(fit.slope, 0.500090909, 1e-8));
        QVERIFY(close(fit.intercept, 3.000090909, 1e-8));
        QVERIFY(close(fit.r2, 0.666542460, 1e-8));
        const LinearFit memory = linear_fit(std::vector<double>{100, 200, 400}, std::vector<double>{350, 600, 1100});
        QVERIFY(close(memory.slope, 2.5, 1e-12) && close(memory.intercept, 100, 1e-9) && close(memory.r2, 1, 1e-12));
        const LinearFit flat = linear_fit(std::vector<double>{1, 2, 3}, std::vector<double>{5, 5, 5});
        QVERIFY(flat.slope == 0 && flat.intercept == 5 && flat.r2 == 0);
        QCOMPARE(linear_fit(std::vector<double>{2, 2}, std::vector<double>{1, 3}).slope, 0.0);
        QCOMPARE(linear_fit({}, {}).intercept, 0.0);
    }

    void wilson_intervals()
    {
        // Newcombe (1998), table I, method 3
        const auto check = [](std::uint64_t hits, std::uint64_t n, double low, double high) {
            const Interval interval = wilson(hits, n);
            return close(interval.low, low, 5e-5) && close(interval.high, high, 5e-5);
        };
        QVERIFY(check(81, 263, 0.2553, 0.3662));
        QVERIFY(check(15, 148, 0.0624, 0.1605));
        QVERIFY(check(0, 20, 0.0000, 0.1611));
        QVERIFY(check(1, 29, 0.0061, 0.1718));
        QCOMPARE(wilson(0, 0).high, 1.0);
        QVERIFY(wilson(20, 20).high <= 1.0);
    }

    void two_proportions()
    {
        QVERIFY(close(two_proportion_p(45, 100, 30, 100), 0.02846, 1e-4));  // z = 0.15 / sqrt(0.375 * 0.625 * 2 / 100)
        QCOMPARE(two_proportion_p(5, 10, 50, 100), 1.0);
        QCOMPARE(two_proportion_p(0, 10, 0, 10), 1.0);
        QCOMPARE(two_proportion_p(0, 0, 1, 10), 1.0);
    }

    void fisher()
    {
        QVERIFY(close(fisher_p(3, 1, 1, 3), 0.485714, 1e-6));      // Fisher's tea tasting
        QVERIFY(close(fisher_p(2, 10, 15, 3), 0.0005367, 1e-7));   // criminal twins, R's fisher.test
        QCOMPARE(fisher_p(0, 0, 5, 5), 1.0);
        QVERIFY(close(fisher_p(5, 5, 5, 5), 1, 1e-12));
        QVERIFY(fisher_p(0, 40'000, 40'000, 0) < 1e-100);
        // G-test beyond 100,000: close to the exact test just below
        QVERIFY(close(fisher_p(25'200, 24'900, 24'900, 25'200), fisher_p(25'100, 24'800, 24'800, 25'100), 0.01));
        for (int a = 0; a <= 6; ++a)
            for (int b = 0; b <= 6; ++b)
                for (int c = 0; c <= 6; ++c)
                    for (int d = 0; d <= 6; ++d)
                    {
                        const int row = a + b, column = a + c, n = a + b + c + d;
                        const auto probability = [&](int k) { return choose(column, k) * choose(n - column, row - k) / choose(n, row); };
                        double expected = 0;
                        for (int k = std::max(0, row + column - n); k <= std::min(row, column); ++k)
                            if (probability(k) <= probability(a) * (1 + 1e-7))
                                expected += probability(k);
                        const double p = fisher_p(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b),
                                                  static_cast<std::uint64_t>(c), static_cast<std::uint64_t>(d));
                        QVERIFY(close(p, expected, 1e-9));
                    }
    }

    void mann_whitney_u()
    {
        // scipy.stats.mannwhitneyu's documented example, method "asymptotic"
        const std::vector<double> males{19, 22, 16, 29, 24}, females{20, 11, 17, 12};
        const RankTest test = mann_whitney(males, females);
        QVERIFY(close(test.p, 0.11134688653314041, 1e-12));
        QVERIFY(close(test.effect, 17.0 / 20, 1e-12));
        QVERIFY(close(mann_whitney(females, males).effect, 3.0 / 20, 1e-12));
        // ties by hand: ranks 1.5 1.5 4 4 4 6; U = 9.5 - 6 = 3.5, variance = 9/12 * (7 - (6 + 24)/30) = 4.5, z = 0.5/2.1213
        const RankTest tied = mann_whitney(std::vector<double>{1, 2, 2}, std::vector<double>{1, 2, 3});
        QVERIFY(close(tied.effect, 3.5 / 9, 1e-12));
        QVERIFY(close(tied.p, std::erfc(0.5 / std::sqrt(4.5) / std::sqrt(2.0)), 1e-12));
        QCOMPARE(mann_whitney(std::vector<double>{1, 1}, std::vector<double>{1}).p, 1.0);
        QCOMPARE(mann_whitney({}, males).p, 1.0);
    }

    void spearman_rank()
    {
        // scipy.stats.spearmanr's documented example
        QVERIFY(close(spearman(std::vector<double>{1, 2, 3, 4, 5}, std::vector<double>{5, 6, 7, 8, 7}), 0.82078268166812329, 1e-12));
        QVERIFY(close(spearman(std::vector<double>{1, 2, 3}, std::vector<double>{9, 4, 1}), -1, 1e-12));
        QCOMPARE(spearman(std::vector<double>{1, 2, 3}, std::vector<double>{4, 4, 4}), 0.0);
    }

    void mann_kendall_exact()
    {
        // Kendall (1975), upper tail of S: n = 4, 5, 8, 10
        QVERIFY(close(mann_kendall(std::vector<double>{1, 2, 3, 4}).p_increase, 0.042, 5e-4));
        QVERIFY(close(mann_kendall(std::vector<double>{1, 2, 3, 4, 5}).p_increase, 0.0083, 5e-5));
        QVERIFY(close(mann_kendall(std::vector<double>{2, 1, 3, 4, 5}).p_increase, 0.042, 5e-4));            // S = 8
        QVERIFY(close(mann_kendall(std::vector<double>{4, 3, 2, 1, 5, 6, 7, 8}).p_increase, 0.031, 5e-4));   // S = 16
        QVERIFY(close(mann_kendall(std::vector<double>{5, 4, 3, 2, 1, 6, 7, 8, 9, 10}).p_increase, 0.014, 5e-4));  // S = 25
        QCOMPARE(mann_kendall(std::vector<double>{5, 4, 3}).p_increase, 1.0);
        QCOMPARE(mann_kendall(std::vector<double>{5, 5, 5}).p_increase, 1.0);
        QCOMPARE(mann_kendall(std::vector<double>{5}).p_increase, 1.0);
    }

    void mann_kendall_counts_orders()
    {
        std::mt19937 random(2);
        for (int round = 0; round < 60; ++round)
        {
            std::vector<double> y(2 + random() % 7);
            for (double& value : y)
                value = static_cast<double>(random() % 5);  // ties
            const Trend trend = mann_kendall(y);
            if (std::adjacent_find(y.begin(), y.end(), std::not_equal_to<>()) == y.end())
                QCOMPARE(trend.p_increase, 1.0);
            else
                QVERIFY(close(trend.p_increase, permutation_p(y), 1e-12));
        }
    }

    void mann_kendall_large()
    {
        std::vector<double> y{1, 3, 2, 4, 6, 5, 7, 9, 8, 10, 12, 11};  // S = 66 - 2 * 4 = 58
        Trend trend = mann_kendall(y);
        QVERIFY(close(trend.tau, 58.0 / 66, 1e-12));
        QVERIFY(close(trend.p_increase, std::erfc(57 / std::sqrt(12.0 * 11 * 29 / 18) / std::sqrt(2.0)) / 2, 1e-12));
        QVERIFY(close(trend.sen_slope, 1, 0.1));
        std::vector<double> line(200'000);
        std::iota(line.begin(), line.end(), 0.0);
        QElapsedTimer timer;
        timer.start();
        trend = mann_kendall(line);
        QVERIFY(timer.elapsed() < 20'000);
        QVERIFY(close(trend.tau, 1, 1e-9) && close(trend.sen_slope, 1, 1e-9) && trend.p_increase < 1e-9);
        std::reverse(line.begin(), line.end());
        QVERIFY(mann_kendall(line).p_increase > 0.999);
        // Sen's slope ignores an outlier
        QCOMPARE(mann_kendall(std::vector<double>{0, 2, 4, 600, 8, 10}).sen_slope, 2.0);
    }

    void false_discovery_rate()
    {
        const auto q = benjamini_hochberg(std::vector<double>{0.01, 0.04, 0.03, 0.005});  // R: p.adjust(method = "BH")
        QVERIFY(close(q[0], 0.02, 1e-12) && close(q[1], 0.04, 1e-12) && close(q[2], 0.04, 1e-12) && close(q[3], 0.02, 1e-12));
        for (const double one : benjamini_hochberg(std::vector<double>{0.01, 0.02, 0.03, 0.04, 0.05}))
            QVERIFY(close(one, 0.05, 1e-12));
        QVERIFY(benjamini_hochberg({}).empty());
        QCOMPARE(benjamini_hochberg(std::vector<double>{0.9, 1.0})[0], 1.0);
    }

    void autocorrelations()
    {
        const std::vector<double> line{1, 2, 3, 4, 5};
        QVERIFY(close(autocorrelation(line, 1), 0.4, 1e-12));  // (2 + 0 + 0 + 2) / 10
        QVERIFY(close(autocorrelation(line, 2), -0.1, 1e-12));
        QCOMPARE(autocorrelation(line, 5), 0.0);
        QCOMPARE(autocorrelation(std::vector<double>{3, 3, 3}, 1), 0.0);
        std::vector<double> wave;
        for (int i = 0; i < 120; ++i)
            wave.push_back(i % 12 == 0 ? 10 : 1);
        QVERIFY(autocorrelation(wave, 12) > 0.85);
        QVERIFY(autocorrelation(wave, 6) < 0);
    }

    void change_points()
    {
        std::vector<double> y;
        for (int i = 0; i < 10; ++i)
            y.push_back(i);
        for (int i = 0; i < 10; ++i)
            y.push_back(100 + i);
        const auto point = pettitt(y);
        QVERIFY(point.has_value());
        QCOMPARE(point->index, std::size_t{10});
        QVERIFY(close(point->p, 2 * std::exp(-6.0 * 100 * 100 / (8000 + 400)), 1e-12));  // K = |2 * 55 - 10 * 21|
        QCOMPARE(point->before_median, 4.5);
        QCOMPARE(point->after_median, 104.5);
        QVERIFY(!pettitt(std::vector<double>{1, 2, 3, 4, 5, 6, 7}));
        QCOMPARE(pettitt(std::vector<double>(8, 1.0))->p, 1.0);
    }
};

QTEST_APPLESS_MAIN(tst_statistics)
#include "tst_statistics.moc"
