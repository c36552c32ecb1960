#pragma once

#include <vector>

namespace casebook {

/// Growth that slows down: the rate at the end of a parabola through the values is 0.6 of the mean rate or less, and its bend
/// is no chance (t <= -3). Values that rise; false for fewer than five.
bool slows_down(const std::vector<double>& x, const std::vector<double>& y);

/// Whether what requests hold explains growth from `first` to `last`: it grows at most in proportion to the load. `load` at
/// the same moments as `value`, both in order of time; false when the load does not rise.
bool explained_by_load(const std::vector<double>& value, const std::vector<double>& load, double follows);

}  // namespace casebook
