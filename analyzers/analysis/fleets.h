#pragma once

#include "analyzers/analysis/operations.h"

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace casebook {

/// Some of many that serve at the same time: all of them during `shared`.
struct Together {
    std::vector<std::size_t> members;  ///< indices, ascending
    TimeRange shared;
};

/// Splits by when each serves: the longest first, each joins the first group of which at least half of the longest
/// member's time stays shared. Groups of one are left out, so instances that replace one another are compared with those
/// of their own time only. At most 64 groups, so that ids which name requests rather than instances cost no more.
std::vector<Together> serving_together(std::span<const TimeRange> served);

/// When something first seen at `joined_ns` serves as usual: an instance that joined later than its service began is new
/// for `warm_up_min` minutes. Later is 10 s, or seven of its gaps between requests where those are longer: the first request
/// of one that was there all along comes later than that once in a thousand (exponential gaps).
std::int64_t warm_from_ns(std::int64_t joined_ns, std::int64_t service_began_ns, double gap_ns, double warm_up_min);

/// Instances of one service that serve at the same time.
struct Fleet {
    SpanTable::Id service = 0;
    std::vector<SpanTable::Id> instances;  ///< by name
    std::vector<std::int64_t> joined_ns;   ///< when each was first seen in the case
    TimeRange together;                    ///< all of them serve and none of them is new
};

/// By service name. An instance serves from its first to its last request of any operation in `analysed`; when it joined,
/// the whole case says. Spans without an instance belong to none.
std::vector<Fleet> fleets(const SpanTable& spans, const SpanClasses& classes, const std::vector<OperationRequests>& operations, double warm_up_min);

/// The most of a fleet that may be called some of it, and are slow.
struct SlowMinority {
    std::size_t count = 0;      ///< the first of the tails; 0: none stands out
    double factor = 0;          ///< the least slow of them to the median of the others
    double others = 0;          ///< that median
    double largest_factor = 0;  ///< of any minority
};
/// `tails` in descending order. At most `max_share_percent` of them, each `factor` times the median of the others or more.
SlowMinority slow_minority(std::span<const double> tails, double max_share_percent, double factor);

/// How much of the requests of two sides would have to be of another kind for both to have the same mix (total variation
/// distance, 0..1), less twice what chance gives with so few requests: `counts` of each kind on either side.
double mix_difference(std::span<const std::pair<double, double>> counts);

}  // namespace casebook
