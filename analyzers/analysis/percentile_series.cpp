#include "analyzers/analysis/percentile_series.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace casebook {
namespace {

/// "stat=Average", "aggregation=avg", "func=mean": how the value of a point was made of several.
bool is_averaged(const Series& series)
{
    return std::any_of(series.labels.begin(), series.labels.end(), [](const auto& label) {
        const bool says_how = contains_ignoring_case(label.first, "agg") || contains_ignoring_case(label.first, "stat") || contains_ignoring_case(label.first, "func");
        return says_how && (equals_ignoring_case(label.second, "avg") || equals_ignoring_case(label.second, "mean") || equals_ignoring_case(label.second, "average"));
    });
}

}  // namespace

PercentilePairs percentile_pairs(const std::vector<Series>& p50s, const std::vector<Series>& p99s)
{
    struct Found {
        PercentilePair pair;
        bool ambiguous = false, averaged = false;
    };
    std::map<std::pair<std::string, std::string>, Found> by_who;
    const auto add = [&](const std::vector<Series>& all, const Series* PercentilePair::* which) {
        for (const Series& series : all) {
            Found& found = by_who[{series.service, series.instance}];
            found.pair.service = series.service;
            found.pair.instance = series.instance;
            found.ambiguous = found.ambiguous || found.pair.*which;
            found.averaged = found.averaged || is_averaged(series);
            found.pair.*which = &series;
        }
    };
    add(p50s, &PercentilePair::p50);
    add(p99s, &PercentilePair::p99);
    PercentilePairs result;
    for (auto& [who, found] : by_who) {
        if (!found.pair.p50 || !found.pair.p99) continue;
        if (found.averaged) ++result.averaged;
        else if (!found.ambiguous) result.pairs.push_back(std::move(found.pair));
    }
    return result;
}

std::vector<double> values_in(const Series& series, TimeRange range)
{
    std::vector<double> values;
    for (std::size_t i = 0; i < series.at_ns.size(); ++i)
        if (range.contains(series.at_ns[i])) values.push_back(series.value[i]);
    return values;
}

double stretch_over(const Series& series, TimeRange range, double limit)
{
    double longest_s = 0;
    std::int64_t begin_ns = 0;
    bool open = false;
    for (std::size_t i = 0; i < series.at_ns.size(); ++i) {
        if (!range.contains(series.at_ns[i])) continue;
        if (series.value[i] <= limit) {
            open = false;
            continue;
        }
        if (!open) begin_ns = series.at_ns[i];
        open = true;
        longest_s = std::max(longest_s, TimeRange{begin_ns, series.at_ns[i]}.seconds());
    }
    return longest_s;
}

double bucket_width_ms(const std::vector<Series>& buckets, const std::string& service, double ms)
{
    std::vector<double> bounds;
    for (const Series& series : buckets) {
        if (series.service != service) continue;
        const auto bound = parse_double(series.label("le"));  // "+Inf" is none
        if (!bound) continue;
        const bool in_seconds = contains_ignoring_case(series.name, "seconds") || series.unit == "s" || series.unit == "seconds";
        bounds.push_back(*bound * (in_seconds ? 1000 : 1));
    }
    if (bounds.empty()) return 0;
    std::sort(bounds.begin(), bounds.end());
    const auto upper = std::lower_bound(bounds.begin(), bounds.end(), ms);
    if (upper == bounds.end()) return HUGE_VAL;
    return *upper - (upper == bounds.begin() ? 0 : *(upper - 1));
}

}  // namespace casebook
