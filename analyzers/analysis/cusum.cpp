#include "analyzers/analysis/cusum.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace casebook {
namespace {

constexpr std::size_t most_boundaries = 32;

/// P(sup |Brownian bridge| > x), Kolmogorov 1933.
double kolmogorov_tail(double x)
{
    if (x < 0.2) return 1;
    double sum = 0;
    for (int k = 1; k <= 20; ++k) {
        const double term = std::exp(-2.0 * k * k * x * x);
        sum += k % 2 ? term : -term;
        if (term < 1e-300) break;
    }
    return std::clamp(2 * sum, 0.0, 1.0);
}

}  // namespace

Cusum cusum(std::span<const double> values, std::size_t from, std::size_t to)
{
    Cusum result;
    const auto n = static_cast<double>(values.size());
    if (values.size() < 2) return result;
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    if (squares <= 0) return result;
    const double scale = std::sqrt(squares / n) * std::sqrt(n);
    double sum = 0, largest = 0;
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
        sum += values[i] - mean;
        if (i + 1 >= from && i + 1 < to && std::abs(sum) > largest) {
            largest = std::abs(sum);
            result.split = i + 1;
        }
    }
    result.statistic = largest / scale;
    result.p = kolmogorov_tail(result.statistic);
    return result;
}

std::vector<double> average_ranks(std::span<const double> values)
{
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] != values[b] ? values[a] < values[b] : a < b; });
    std::vector<double> ranks(values.size());
    for (std::size_t i = 0; i < order.size();) {
        std::size_t end = i;
        while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
        const double rank = static_cast<double>(i + end - 1) / 2 + 1;
        for (; i < end; ++i) ranks[order[i]] = rank;
    }
    return ranks;
}

std::vector<std::size_t> level_boundaries(std::span<const double> values, bool ranked, double alpha, std::size_t smallest)
{
    std::vector<std::size_t> boundaries;
    std::vector<std::pair<std::size_t, std::size_t>> open{{0, values.size()}};
    while (!open.empty() && boundaries.size() < most_boundaries) {
        const auto [from, to] = open.back();
        open.pop_back();
        if (to - from < 2 * smallest) continue;
        const std::span<const double> part = values.subspan(from, to - from);
        const Cusum found = ranked ? cusum(average_ranks(part)) : cusum(part);
        if (found.p >= alpha || found.split < smallest || part.size() - found.split < smallest) continue;
        boundaries.push_back(from + found.split);
        open.emplace_back(from, from + found.split);
        open.emplace_back(from + found.split, to);
    }
    std::sort(boundaries.begin(), boundaries.end());
    return boundaries;
}

}  // namespace casebook
