#include "analyzers/analysis/periodicity.h"

#include "analyzers/core/statistics.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr std::size_t first_lag = 6, last_lag = 24;
constexpr double prominence = 0.4, noise_factor = 4;
constexpr double narrowest_share = 1.0 / 2048, values_per_bin = 4;

/// Largest value of each bin; empty bins take the median of the others.
std::vector<double> binned(std::span<const std::int64_t> at_ns, std::span<const double> values, TimeRange range, double width_s)
{
    const auto bins = static_cast<std::size_t>(range.seconds() / width_s);
    std::vector<double> largest(bins, -1);
    std::vector<double> known;
    for (std::size_t i = 0; i < at_ns.size(); ++i) {
        if (!range.contains(at_ns[i])) continue;
        const auto bin = static_cast<std::size_t>(TimeRange{range.from_ns, at_ns[i]}.seconds() / width_s);
        if (bin < bins) largest[bin] = std::max(largest[bin], std::max(values[i], 0.0));
    }
    for (const double value : largest)
        if (value >= 0) known.push_back(value);
    const double usual = median(known);
    for (double& value : largest)
        if (value < 0) value = usual;
    return largest;
}

/// Level of the highest twentieth of the bins against the median bin.
double height_of(const std::vector<double>& bins)
{
    const double usual = median(bins);
    return usual > 0 ? percentile(bins, 95) / usual : 1;
}

}  // namespace

std::optional<Periodicity> find_period(std::span<const std::int64_t> at_ns, std::span<const double> values, TimeRange range, double least,
                                       double periods)
{
    const double total_s = range.seconds();
    if (at_ns.size() < 3 * first_lag || total_s <= 0) return {};
    std::optional<Periodicity> best;
    double width_s = std::max(total_s * narrowest_share, total_s / static_cast<double>(at_ns.size()) * values_per_bin);
    for (; total_s / width_s >= first_lag * periods; width_s *= std::sqrt(2.0)) {
        const std::vector<double> bins = binned(at_ns, values, range, width_s);
        std::vector<double> logs;
        const double floor = std::max(median(bins) * 1e-3, 1e-9);
        for (const double value : bins) logs.push_back(std::log(std::max(value, floor)));
        std::vector<double> correlation{1};
        for (std::size_t lag = 1; lag <= last_lag + 1 && lag < bins.size(); ++lag) correlation.push_back(autocorrelation(logs, lag));
        double lowest = 1;
        for (std::size_t lag = 1; lag + 1 < correlation.size(); ++lag) {
            const double here = correlation[lag];
            lowest = std::min(lowest, here);
            const auto fitting = static_cast<double>(bins.size()) / static_cast<double>(lag);
            if (lag < first_lag || fitting < periods || here < correlation[lag - 1] || here < correlation[lag + 1]) continue;
            if (here < least || here - lowest < prominence || here < noise_factor / std::sqrt(static_cast<double>(bins.size()))) continue;
            const double period_s = static_cast<double>(lag) * width_s;
            // A multiple of a period is not better than the period itself.
            if (!best || here > best->autocorrelation + 0.02) best = Periodicity{period_s, here, fitting, height_of(bins)};
            break;
        }
    }
    return best;
}

bool keeps_period(std::span<const std::int64_t> at_ns, double period_s, TimeRange range)
{
    std::vector<std::int64_t> moments;
    for (const std::int64_t at : at_ns)
        if (range.contains(at) && (moments.empty() || TimeRange{moments.back(), at}.seconds() > period_s / 10)) moments.push_back(at);
    const double expected = range.seconds() / period_s;
    if (moments.size() < 3 || static_cast<double>(moments.size()) < 0.6 * expected || static_cast<double>(moments.size()) > 1.7 * expected) return false;
    std::size_t alike = 0;
    for (std::size_t i = 1; i < moments.size(); ++i)
        alike += std::abs(TimeRange{moments[i - 1], moments[i]}.seconds() / period_s - 1) <= 0.15;
    return static_cast<double>(alike) >= 0.7 * static_cast<double>(moments.size() - 1);
}

}  // namespace casebook
