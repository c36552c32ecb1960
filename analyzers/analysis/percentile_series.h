#pragma once

#include "analyzers/analysis/evidence.h"

#include <cstddef>
#include <string>
#include <vector>

namespace casebook {

/// The P50 and the P99 of one service, or of one of its instances, as somebody else computed them. Percentiles of several
/// instances cannot be averaged, so each P99 has its own P50.
struct PercentilePair {
    std::string service, instance;
    const Series *p50 = nullptr, *p99 = nullptr;
    std::string name() const { return service + (instance.empty() ? "" : " " + instance); }
};

struct PercentilePairs {
    std::vector<PercentilePair> pairs;  ///< by service, then instance; those with several routes or sources are left out
    std::size_t averaged = 0;           ///< left out, because a label says that it is a mean of percentiles
};

PercentilePairs percentile_pairs(const std::vector<Series>& p50s, const std::vector<Series>& p99s);

/// Values of a series inside [from, to).
std::vector<double> values_in(const Series& series, TimeRange range);

/// Seconds of the longest stretch of values over `limit` without one below it.
double stretch_over(const Series& series, TimeRange range, double limit);

/// How wide the histogram bucket is that holds `ms`, in ms, by the `le` bounds of the service's buckets (role
/// latency_bucket); 0 when it has none, infinite above the last bound. A percentile read off a histogram is anywhere in it.
double bucket_width_ms(const std::vector<Series>& buckets, const std::string& service, double ms);

}  // namespace casebook
