#pragma once

#include "analyzers/analysis/evidence.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// What was seen of one operation (or one series), in time order.
struct Observations {
    std::string service, operation;
    std::vector<std::int64_t> at_ns;
    std::vector<double> value;       ///< milliseconds for spans
    std::vector<double> failed;      ///< 0 or 1 per request, shares for series of shares; empty when it does not apply
    bool arrivals = true;            ///< gaps between observations mean something (spans do, scrapes do not)
};

/// From the first to the last of them, half-open. A handful that lies apart from all others by more than those take, such as
/// a trace of the day before, does not belong to it. Nothing when there are too few to look for changes in.
std::optional<TimeRange> recorded_stretch(const Observations& seen);

/// A lasting change for the worse, or of traffic in either direction.
struct Change {
    enum class Kind { latency, tail, errors, traffic };
    Kind kind = Kind::latency;
    std::string service, operation;
    std::int64_t at_ns = 0;                 ///< the first observation of the new level
    std::int64_t since_ns = 0;              ///< when the level before it began; the first one with recorded_stretch
    std::optional<std::int64_t> until_ns;   ///< when the last stretch of the new level ended (it may have come and gone), if it did
    double before = 0, after = 0;           ///< median ms, share above a high percentile, error share, observations per second
    double statistic = 0, p = 1;            ///< CUSUM of the two levels against each other
};

/// Changes of all operations, strongest first, traffic last. By operation: rank CUSUM of the values, CUSUMs of the share
/// above their P90, P95 and P98, of the error share, of the gaps between arrivals; each at 0.01 / number of tests and with
/// an effect floor: median x 1.2 and 1 ms, tail share x 2 and 2 points with a high percentile x 1.5, error share x 2 and
/// 0.5 points, arrivals x 1.5. Both levels last a twentieth of the time or 30 s. O(n log n).
std::vector<Change> find_changes(const std::vector<Observations>& observed);

/// What a case has to look for changes in: server, consumer and entry spans by operation; without spans the latency and
/// error series of metrics.
Result<std::vector<Observations>> observations_of(CaseEvidence& evidence);

/// "latency of storefront GET /home (57 ms -> 108 ms)"
std::string describe(const Change& change);

}  // namespace casebook
