#pragma once

#include "analyzers/analysis/change_points.h"
#include "analyzers/analysis/releases.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// A series of latency or error share that got worse after a change.
struct SeriesRegression {
    const Release* release = nullptr;
    const Observations* series = nullptr;
    double was = 0, is = 0;       ///< medians before the change and while it was worse; ms, or share failed
    std::int64_t onset_ns = 0;
    std::optional<std::int64_t> until_ns;  ///< when it was back, if it was
    bool restored = false;        ///< a rollback of the same service ended it
    bool share = false;           ///< was and is are shares of failed requests
    bool high_percentile = false;
    double factor() const { return was > 0 ? is / was : 0; }
};

struct SeriesRules {
    double before_s = 5;          ///< a change may be seen this much before its time, or one step of the series
    double suspect_h = 4;         ///< after the change
    double p99_factor = 2, p50_factor = 1.5;
    double alike = 1.2;           ///< back at the old level
};

struct SeriesLook {
    std::vector<SeriesRegression> worse;  ///< by release, then strongest first
    std::size_t meant = 0;                ///< pairs of series and change of one service
    std::size_t judged = 0;               ///< of those with enough values on both sides
    std::string reason;                   ///< what is said when nothing is worse
};

/// Looks at every series of the service that each change means (the one it names, else all) for a change point of
/// `changes` (of the same series) at or after it. A change whose time is known to the half hour only is left out.
SeriesLook look_at_series(const std::vector<Release>& releases, const std::vector<Observations>& observed, const std::vector<Change>& changes, const SeriesRules& rules);

}  // namespace casebook
