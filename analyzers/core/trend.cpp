#include "analyzers/core/ranks.h"
#include "analyzers/core/statistics.h"

#include <algorithm>
#include <cmath>

namespace casebook {

namespace {

/// Pairs i < j with y[i] > y[j], by merge sort. Sorts `y`.
double count_inversions(std::vector<double>& y)
{
    std::vector<double> merged(y.size());
    double inversions = 0;
    for (std::size_t width = 1; width < y.size(); width *= 2)
    {
        for (std::size_t begin = 0; begin < y.size(); begin += 2 * width)
        {
            const std::size_t middle = std::min(begin + width, y.size()), end = std::min(begin + 2 * width, y.size());
            std::size_t left = begin, right = middle, out = begin;
            while (left < middle || right < end)
            {
                if (right == end || (left < middle && y[left] <= y[right]))
                    merged[out++] = y[left++];
                else
                {
                    inversions += static_cast<double>(middle - left);
                    merged[out++] = y[right++];
                }
            }
        }
        y.swap(merged);
    }
    return inversions;
}

using Counts = std::vector<double>;  // by number of inversions

/// Coefficients of the Gaussian binomial [n over k]: how many sequences of k ones and n - k zeros have i inversions.
Counts gaussian_binomial(std::size_t n, std::size_t k)
{
    // row[j] = [m over j]; [m over j] = [m-1 over j-1] + q^j [m-1 over j]
    std::vector<Counts> row(k + 1);
    row[0] = {1};
    for (std::size_t m = 1; m <= n; ++m)
        for (std::size_t j = std::min(m, k); j > 0; --j)
        {
            Counts next(j * (m - j) + 1, 0);
            for (std::size_t i = 0; i < row[j - 1].size(); ++i)
                next[i] += row[j - 1][i];
            for (std::size_t i = 0; i < row[j].size() && m > j; ++i)
                next[i + j] += row[j][i];
            row[j] = std::move(next);
        }
    return row[k];
}

/// P(at most `inversions`) when all orders of n values with these ties are equally likely.
double inversions_p(std::size_t n, const std::vector<double>& ties, double inversions)
{
    std::vector<std::size_t> groups;
    std::size_t tied = 0;
    for (const double size : ties)
    {
        groups.push_back(static_cast<std::size_t>(size));
        tied += groups.back();
    }
    groups.insert(groups.end(), n - tied, 1);
    Counts counts{1};
    std::size_t placed = 0;
    for (const std::size_t group : groups)
    {
        placed += group;
        const Counts factor = gaussian_binomial(placed, group);
        Counts product(counts.size() + factor.size() - 1, 0);
        for (std::size_t i = 0; i < counts.size(); ++i)
            for (std::size_t j = 0; j < factor.size(); ++j)
                product[i + j] += counts[i] * factor[j];
        counts = std::move(product);
    }
    double total = 0, at_most = 0;
    for (std::size_t i = 0; i < counts.size(); ++i)
    {
        total += counts[i];
        at_most += static_cast<double>(i) <= inversions ? counts[i] : 0;
    }
    return at_most / total;
}

double sen_slope(std::span<const double> y)
{
    constexpr std::size_t most = 1000;  // pairs grow with the square
    std::vector<double> level, at;
    const std::size_t blocks = std::min(y.size(), most);
    for (std::size_t block = 0; block < blocks; ++block)
    {
        const std::size_t begin = block * y.size() / blocks, end = (block + 1) * y.size() / blocks;
        level.push_back(median({y.begin() + static_cast<std::ptrdiff_t>(begin), y.begin() + static_cast<std::ptrdiff_t>(end)}));
        at.push_back(static_cast<double>(begin + end - 1) / 2);
    }
    std::vector<double> slopes;
    slopes.reserve(blocks * blocks / 2);
    for (std::size_t i = 0; i < blocks; ++i)
        for (std::size_t j = i + 1; j < blocks; ++j)
            slopes.push_back((level[j] - level[i]) / (at[j] - at[i]));
    return percentile_in_place(slopes, 50);
}

}  // namespace

Trend mann_kendall(std::span<const double> y)
{
    Trend trend;
    if (y.size() < 2)
        return trend;
    const double n = static_cast<double>(y.size());
    const Ranks ranks = rank(y);
    double tied_pairs = 0, correction = 0;
    for (const double t : ranks.ties)
    {
        tied_pairs += t * (t - 1) / 2;
        correction += t * (t - 1) * (2 * t + 5);
    }
    const double pairs = n * (n - 1) / 2;
    std::vector<double> sorted(y.begin(), y.end());
    const double inversions = count_inversions(sorted);
    const double s = pairs - tied_pairs - 2 * inversions;
    trend.sen_slope = sen_slope(y);
    if (pairs == tied_pairs)
        return trend;
    trend.tau = s / std::sqrt(pairs * (pairs - tied_pairs));
    constexpr std::size_t exact_up_to = 10;
    if (y.size() <= exact_up_to)
    {
        trend.p_increase = inversions_p(y.size(), ranks.ties, inversions);
        return trend;
    }
    const double deviation = std::sqrt((n * (n - 1) * (2 * n + 5) - correction) / 18);
    const double z = s > 0 ? (s - 1) / deviation : s < 0 ? (s + 1) / deviation : 0;
    trend.p_increase = std::erfc(z / std::sqrt(2.0)) / 2;
    return trend;
}

}  // namespace casebook
