#pragma once

#include <span>
#include <string>
#include <string_view>

namespace casebook {

/// What a metric means, whatever its producer calls it. One row per producer's name; `scale` brings the value to the
/// role's unit: ms for durations, 0..1 for shares, bytes, counts. `kind` tells counters (cumulative) from gauges.
struct MetricRole {
    std::string_view role;    ///< "pool_used", "pool_max", "pool_pending", "pool_wait", "cpu", "heap", ...
    std::string_view name;    ///< exact metric name, dots and underscores compared alike, case ignored
    std::string_view label;   ///< "state=used" when only points with that label count; empty = all
    double scale = 1;
    bool counter = false;
};

/// All rows of the table (analysis/metric_roles.cpp), sorted by role.
std::span<const MetricRole> metric_roles();

/// Names equal but for case and the separators '.', '_', '-'.
bool same_metric_name(std::string_view a, std::string_view b);

}  // namespace casebook
