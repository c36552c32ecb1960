#pragma once

// Rows of one operation around a release, for the files that judge it.

#include "analyzers/analysis/release_regression.h"

#include <cstdint>
#include <set>
#include <vector>

namespace casebook::release_rows {

using Row = SpanTable::Row;
using Rows = std::vector<Row>;
using Id = SpanTable::Id;

constexpr std::size_t fewest_rows = 20;    // of one operation on one side
constexpr std::size_t fewest_beside = 30;  // of one version at the same time as the other
constexpr double error_floor = 0.005;      // as change points have it

/// Median, tail at a percentile, and failures of rows.
ServiceLevel level_of(const SpanTable& spans, const Rows& rows, double percentile_of_tail);
/// Rows that start in [from, to).
Rows between(const SpanTable& spans, const Rows& rows, std::int64_t from_ns, std::int64_t to_ns);
Rows of_versions(const SpanTable& spans, const Rows& rows, const std::set<Id>& versions);

inline std::int64_t minutes(double m) { return static_cast<std::int64_t>(m * 60e9); }
inline std::int64_t hours(double h) { return minutes(h * 60); }

}  // namespace casebook::release_rows
