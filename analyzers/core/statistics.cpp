#include "analyzers/core/statistics.h"

#include "analyzers/core/ranks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace casebook {

namespace {

/// Both tails of the standard normal distribution beyond |z|.
double two_sided_p(double z) { return std::erfc(std::fabs(z) / std::sqrt(2.0)); }

/// ln n!, by Stirling's series from 20 on (error under 1e-15). std::lgamma writes a global.
double log_factorial(double n)
{
    double sum = 0;
    if (n < 20)
    {
        for (double k = 2; k <= n; ++k)
            sum += std::log(k);
        return sum;
    }
    constexpr double half_log_two_pi = 0.91893853320467274178;
    const double square = n * n;
    return (n + 0.5) * std::log(n) - n + half_log_two_pi + (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / n;
}

double g_test_p(double a, double b, double c, double d)
{
    const double n = a + b + c + d;
    const auto term = [&](double observed, double row, double column) {
        return observed > 0 ? observed * std::log(observed * n / (row * column)) : 0.0;
    };
    const double g = 2 * (term(a, a + b, a + c) + term(b, a + b, b + d) + term(c, c + d, a + c) + term(d, c + d, b + d));
    return std::erfc(std::sqrt(std::max(g, 0.0) / 2));  // chi-squared with one degree of freedom
}

}  // namespace

double percentile_in_place(std::span<double> values, double p)
{
    if (values.empty())
        return 0;
    const double position = std::clamp(p, 0.0, 100.0) / 100 * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(below);
    std::nth_element(values.begin(), at, values.end());
    const double fraction = position - static_cast<double>(below);
    if (fraction <= 0 || below + 1 == values.size())
        return *at;
    const double next = *std::min_element(at + 1, values.end());
    return *at + fraction * (next - *at);
}

double percentile(std::vector<double> values, double p) { return percentile_in_place(values, p); }

double median(std::vector<double> values) { return percentile_in_place(values, 50); }

double mean(std::span<const double> values)
{
    return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

LinearFit linear_fit(std::span<const double> x, std::span<const double> y)
{
    const std::size_t n = std::min(x.size(), y.size());
    const double mean_x = mean(x.first(n)), mean_y = mean(y.first(n));
    double xx = 0, xy = 0, yy = 0;
    for (std::size_t i = 0; i < n; ++i)
    {
        const double dx = x[i] - mean_x, dy = y[i] - mean_y;
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    LinearFit fit;
    fit.slope = xx > 0 ? xy / xx : 0;
    fit.intercept = mean_y - fit.slope * mean_x;
    fit.r2 = xx > 0 && yy > 0 ? std::min(xy / xx * (xy / yy), 1.0) : 0;
    return fit;
}

Interval wilson(std::uint64_t successes, std::uint64_t trials, double z)
{
    if (trials == 0)
        return {0, 1};
    const double n = static_cast<double>(trials);
    const double share = std::min(static_cast<double>(successes) / n, 1.0);
    const double center = share + z * z / (2 * n);
    const double half = z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    const double scale = 1 + z * z / n;
    return {std::max((center - half) / scale, 0.0), std::min((center + half) / scale, 1.0)};
}

double two_proportion_p(std::uint64_t hits_a, std::uint64_t n_a, std::uint64_t hits_b, std::uint64_t n_b)
{
    if (n_a == 0 || n_b == 0)
        return 1;
    const double a = static_cast<double>(n_a), b = static_cast<double>(n_b);
    const double share_a = static_cast<double>(hits_a) / a, share_b = static_cast<double>(hits_b) / b;
    const double pooled = (static_cast<double>(hits_a) + static_cast<double>(hits_b)) / (a + b);
    const double variance = pooled * (1 - pooled) * (1 / a + 1 / b);
    return variance > 0 ? two_sided_p((share_a - share_b) / std::sqrt(variance)) : 1;
}

double fisher_p(std::uint64_t cell_a, std::uint64_t cell_b, std::uint64_t cell_c, std::uint64_t cell_d)
{
    const double a = static_cast<double>(cell_a), b = static_cast<double>(cell_b);
    const double c = static_cast<double>(cell_c), d = static_cast<double>(cell_d);
    const double row = a + b, column = a + c, n = row + c + d;
    if (row == 0 || column == 0 || row == n || column == n)
        return 1;
    constexpr double exact_up_to = 100'000;
    if (n > exact_up_to)
        return g_test_p(a, b, c, d);
    const double lowest = std::max(0.0, row + column - n), highest = std::min(row, column);
    const double mode = std::clamp(std::floor((row + 1) * (column + 1) / (n + 2)), lowest, highest);
    const auto log_probability = [&](double k) {
        return log_factorial(row) + log_factorial(n - row) + log_factorial(column) + log_factorial(n - column) - log_factorial(n)
               - log_factorial(k) - log_factorial(row - k) - log_factorial(column - k) - log_factorial(n - row - column + k);
    };
    // From the likeliest table outwards by ratios of neighbours.
    const double limit = std::exp(log_probability(a)) * (1 + 1e-7);
    const double at_mode = std::exp(log_probability(mode));
    double p = at_mode <= limit ? at_mode : 0;
    double probability = at_mode;
    for (double k = mode; k < highest && probability > 0; ++k)
    {
        probability *= (row - k) / (k + 1) * ((column - k) / (n - row - column + k + 1));
        p += probability <= limit ? probability : 0;
    }
    probability = at_mode;
    for (double k = mode; k > lowest && probability > 0; --k)
    {
        probability *= k / (row - k + 1) * ((n - row - column + k) / (column - k + 1));
        p += probability <= limit ? probability : 0;
    }
    return std::min(p, 1.0);
}

RankTest mann_whitney(std::span<const double> x, std::span<const double> y)
{
    if (x.empty() || y.empty())
        return {};
    std::vector<double> pooled(x.begin(), x.end());
    pooled.insert(pooled.end(), y.begin(), y.end());
    const Ranks ranks = rank(pooled);
    const double n_x = static_cast<double>(x.size()), n_y = static_cast<double>(y.size()), n = n_x + n_y;
    const double rank_sum = std::accumulate(ranks.of.begin(), ranks.of.begin() + static_cast<std::ptrdiff_t>(x.size()), 0.0);
    const double u = rank_sum - n_x * (n_x + 1) / 2;
    RankTest test;
    test.effect = u / (n_x * n_y);
    double ties = 0;
    for (const double t : ranks.ties)
        ties += t * t * t - t;
    const double variance = n_x * n_y / 12 * (n + 1 - ties / (n * (n - 1)));
    if (variance > 0)
        test.p = std::min(two_sided_p(std::max(std::fabs(u - n_x * n_y / 2) - 0.5, 0.0) / std::sqrt(variance)), 1.0);
    return test;
}

double spearman(std::span<const double> x, std::span<const double> y)
{
    const std::size_t n = std::min(x.size(), y.size());
    const Ranks ranks_x = rank(x.first(n)), ranks_y = rank(y.first(n));
    const LinearFit fit = linear_fit(ranks_x.of, ranks_y.of);
    return std::copysign(std::sqrt(fit.r2), fit.slope);
}

std::vector<double> benjamini_hochberg(std::span<const double> p)
{
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] != p[b] ? p[a] < p[b] : a < b; });
    std::vector<double> q(p.size());
    double smallest = 1;
    for (std::size_t i = order.size(); i-- > 0;)
    {
        smallest = std::min(smallest, p[order[i]] * static_cast<double>(p.size()) / static_cast<double>(i + 1));
        q[order[i]] = smallest;
    }
    return q;
}

double autocorrelation(std::span<const double> y, std::size_t lag)
{
    if (lag >= y.size())
        return 0;
    const double level = mean(y);
    double products = 0, squares = 0;
    for (std::size_t i = 0; i < y.size(); ++i)
    {
        squares += (y[i] - level) * (y[i] - level);
        if (i + lag < y.size())
            products += (y[i] - level) * (y[i + lag] - level);
    }
    return squares > 0 ? products / squares : 0;
}

std::optional<ChangePoint> pettitt(std::span<const double> y)
{
    constexpr std::size_t fewest = 8;
    if (y.size() < fewest)
        return std::nullopt;
    const Ranks ranks = rank(y);
    const double n = static_cast<double>(y.size());
    double sum = 0, largest = -1;
    ChangePoint point;
    for (std::size_t i = 0; i + 1 < y.size(); ++i)
    {
        sum += 2 * ranks.of[i] - (n + 1);
        if (std::fabs(sum) > largest)
        {
            largest = std::fabs(sum);
            point.index = i + 1;
        }
    }
    point.p = std::min(1.0, 2 * std::exp(-6 * largest * largest / (n * n * n + n * n)));
    point.before_median = median({y.begin(), y.begin() + static_cast<std::ptrdiff_t>(point.index)});
    point.after_median = median({y.begin() + static_cast<std::ptrdiff_t>(point.index), y.end()});
    return point;
}

}  // namespace casebook
