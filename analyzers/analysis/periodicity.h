#pragma once

#include "analyzers/core/finding.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace casebook {

/// Spikes that return.
struct Periodicity {
    double period_s = 0;
    double autocorrelation = 0;  ///< at the period, 0..1 (biased estimator: k periods give at most (k - 1) / k)
    double periods = 0;          ///< how many fit into the observed time
    double height = 1;           ///< level of the spikes against the level between them
};

/// The fixed period on which values rise, if there is one: observations (any order of magnitude apart) are laid out in bins
/// of growing width, each bin holding its largest value; in every layout the autocorrelation of the logarithms is looked at
/// for lags of 6 to 24 bins. A period is the shortest lag whose peak stands at least 0.4 above the lowest correlation
/// before it and 4 / sqrt(bins) above zero, is at least `least` and fits at least `periods` times. The best is returned even
/// when it stays below what a caller calls periodic. `at_ns` ascending; O(n log(range / narrowest bin)).
std::optional<Periodicity> find_period(std::span<const std::int64_t> at_ns, std::span<const double> values, TimeRange range, double least,
                                       double periods);

/// True when moments (ascending) follow each other at this period: moments nearer than a tenth of a period counted as one,
/// at least three, 0.6 to 1.7 per period of `range`, and 70 % of the gaps within 15 % of the period.
bool keeps_period(std::span<const std::int64_t> at_ns, double period_s, TimeRange range);

}  // namespace casebook
