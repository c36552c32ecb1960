#pragma once

#include <vector>

namespace casebook {

/// Growth that slows down: the rate at the end of a parabola through the values is `end_rate` of the mean rate or less, and
/// its bend is no chance (t test, 1 %). Values that rise; false for fewer than five.
bool slows_down(const std::vector<double>& x, const std::vector<double>& y, double end_rate);

/// Whether what requests hold explains growth from `first` to `last`: it grows at most in proportion to the load. `load` at
/// the same moments as `value`, both in order of time; false when the load does not rise.
bool explained_by_load(const std::vector<double>& value, const std::vector<double>& load, double follows);

}  // namespace casebook
