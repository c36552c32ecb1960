#pragma once

#include <span>
#include <vector>

namespace casebook {

/// Ranks from 1; equal values share the mean of their ranks.
struct Ranks {
    std::vector<double> of;    ///< rank of each value, in the order given
    std::vector<double> ties;  ///< sizes of the groups of two or more equal values
};
Ranks rank(std::span<const double> values);

}  // namespace casebook
