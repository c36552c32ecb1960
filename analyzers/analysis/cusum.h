#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace casebook {

/// The strongest single change of level in a sequence.
struct Cusum {
    std::size_t split = 0;  ///< first index of the new level; 0 when there is none
    double statistic = 0;   ///< largest |sum of deviations from the mean|, in standard deviations times sqrt(n)
    double p = 1;           ///< of the statistic under exchangeability: Kolmogorov's limit (Brownian bridge)
};

/// CUSUM of values as they are: 0/1 for shares, ranks for level (Pettitt 1979 uses the same sum). The split is looked for at
/// indices in [from, to); by default anywhere. O(n).
Cusum cusum(std::span<const double> values, std::size_t from = 1, std::size_t to = SIZE_MAX);

/// Average ranks, 1-based, ties shared. O(n log n).
std::vector<double> average_ranks(std::span<const double> values);

/// Boundaries between stretches of one level, by binary segmentation: the first index of each later stretch, ascending.
/// A stretch is split while the p of its CUSUM is below `alpha` and both parts have at least `smallest` values.
/// `ranked` ranks the values of each stretch first. At most 32 boundaries; O(n log n) each.
std::vector<std::size_t> level_boundaries(std::span<const double> values, bool ranked, double alpha, std::size_t smallest);

}  // namespace casebook
