#pragma once

#include "analyzers/trace/cohort.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// Requests that take longer the more there is of something, and how much longer.
struct SizeEffect {
    std::string key;        ///< the attribute: "app.items"
    double slope = 0;       ///< of log duration on log size: 1 = linear, 2 = quadratic
    double slope_low = 0;   ///< lower 99 % bound
    double spread = 0;      ///< P95 / P5 of the sizes
    double cut = 0;         ///< from here on requests are among the slow ones
    CohortValue cohort;     ///< the requests of size `cut` or more; p and q are Bonferroni's over all keys and cuts
};

/// The attribute with numbers of which `selection` (the slow requests) has more than `rest`, whose slope is surely steeper
/// than `least_slope` and whose sizes spread over `least_spread` or more; the steepest. Durations and other outcomes are no sizes, and
/// what merely measures the duration has a slope of 1. Slope: median of pairwise slopes with its interval (Sen 1968), of all
/// requests or of the upper half of sizes, where a fixed cost does not flatten it; up to 300 requests in order of size.
/// O(rows x attributes) and 45,000 pairs an attribute.
std::optional<SizeEffect> size_effect(const SpanTable& spans, const std::vector<SpanTable::Row>& selection, const std::vector<SpanTable::Row>& rest,
                                      const std::vector<SpanTable::Row>& context_rows, double least_slope, double least_spread);

}  // namespace casebook
