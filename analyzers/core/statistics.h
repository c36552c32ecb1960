#pragma once

// Exact, small-sample-honest statistics. Every function says its source. Values are finite; where x and y are pairs, the
// longer one is cut. NaN-free: empty or constant input gives 0, a p value of 1, or nothing.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace casebook {

/// Percentile p in 0..100 by linear interpolation between closest ranks (R-7, as numpy and PostgreSQL percentile_cont).
/// Reorders `values`. 0 for an empty span.
double percentile_in_place(std::span<double> values, double p);
double percentile(std::vector<double> values, double p);
double median(std::vector<double> values);
double mean(std::span<const double> values);

/// Ordinary least squares of y on x. A constant x has slope 0; a constant y has r2 0.
struct LinearFit { double slope = 0, intercept = 0, r2 = 0; };
LinearFit linear_fit(std::span<const double> x, std::span<const double> y);

/// Wilson score interval of a proportion (Wilson 1927), z = 1.96 for 95 %.
struct Interval { double low = 0, high = 0; };
Interval wilson(std::uint64_t successes, std::uint64_t trials, double z = 1.96);

/// Two-sided p of a two-proportion z-test with pooled variance.
double two_proportion_p(std::uint64_t hits_a, std::uint64_t n_a, std::uint64_t hits_b, std::uint64_t n_b);

/// Two-sided p of Fisher's exact test on the table [a b; c d]: the sum over all tables with the same margins that are no
/// likelier (as R's fisher.test). Above 100,000 observations the G-test with one degree of freedom.
double fisher_p(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d);

/// Mann-Whitney U with tie correction, normal approximation with continuity correction. effect = P(X > Y) + P(X = Y)/2.
struct RankTest { double p = 1, effect = 0.5; };
RankTest mann_whitney(std::span<const double> x, std::span<const double> y);

/// Spearman's rank correlation with average ranks for ties.
double spearman(std::span<const double> x, std::span<const double> y);

/// Mann-Kendall trend test. tau is Kendall's tau-b against time. One-sided p (increase): exact for n <= 10, given the ties
/// there are (inversions of a multiset: q-multinomial coefficients); normal approximation with tie and continuity
/// correction above (Kendall 1975). sen_slope = median of all pairwise slopes per step (Sen 1968); over 1,000 values, of
/// the medians of 1,000 blocks. O(n log n).
struct Trend { double tau = 0, p_increase = 1, sen_slope = 0; };
Trend mann_kendall(std::span<const double> y);

/// Benjamini-Hochberg adjusted p values (q), same order as given.
std::vector<double> benjamini_hochberg(std::span<const double> p);

/// Autocorrelation at lag k >= 1 of a mean-removed series (Box & Jenkins: both sums over the whole series' mean). 0 when
/// lag >= n.
double autocorrelation(std::span<const double> y, std::size_t lag);

/// Location of the strongest single change of level by rank CUSUM (Pettitt 1979): index of the first value of the
/// new level, approximate p. Nothing for fewer than 8 values.
struct ChangePoint { std::size_t index = 0; double p = 1; double before_median = 0, after_median = 0; };
std::optional<ChangePoint> pettitt(std::span<const double> y);

}  // namespace casebook
