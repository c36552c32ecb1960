#pragma once

#include "analyzers/analysis/context.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// What stays live in one process over time: the heap after collections, or the lower edge of a heap gauge.
struct LiveFloor {
    enum class Course {
        flat,       ///< does not rise, or not steadily, or levels off: garbage that goes, a full cache, load that went
        slowing,    ///< rises, but slower and slower: a cache that warms up looks the same
        with_load,  ///< rises no more than the load does: what requests hold
        garbage,    ///< rises, but the old generation was collected too rarely: all of it may be garbage
        rises,
    } course = Course::flat;
    bool by_collections = false;      ///< of a log; else a metric
    std::string folder;               ///< of the log
    std::string metric, service, instance;
    std::vector<std::int64_t> files;  ///< of the log
    std::size_t collections = 0;      ///< or samples
    std::size_t old_collections = 0;  ///< of them those that leave no garbage behind
    double r2 = 0, bytes_per_hour = 0, first = 0, last = 0;  ///< bytes at both ends of the line through it
    double growth_at_most = 0;        ///< bytes, upper end of the 95 % interval of last - first
    double limit = 0;                 ///< bytes the heap may have; 0: not known
    double seconds = 0;               ///< it was seen for
    double load_correlation = 0;      ///< with the load, when that is known
    std::optional<TimeRange> when;    ///< nothing when times are uptimes
    bool rises() const { return course == Course::rises; }
    /// Until live memory meets the limit at this pace. Nothing when unknown, or beyond what so short a look can say:
    /// further away than it lasted, unless that was `least_minutes`.
    std::optional<double> hours_to_limit(double least_minutes) const;
};

/// Floors of all processes in the analysed window; where one began anew, the stretch that says most. Empty where there are too
/// few collections. Collections that a person caused by looking at the heap are left out. Thresholds of the analyzer that
/// asks: r2, collections, growth_share, metric_minutes, follows. Errors: caseFile, cancelled.
Result<std::vector<LiveFloor>> live_floors(AnalysisContext& context);

}  // namespace casebook
