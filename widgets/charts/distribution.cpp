#include "widgets/charts/distribution.h"

#include "analyzers/core/statistics.h"
#include "widgets/charts/duration_ticker.h"
#include "widgets/charts/time_text.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr double most_bins = 60;
constexpr double least_width = 0.02;  // log10: bins of 5 %

Distribution::Set binned(const Distribution& shape, std::vector<double> durations, const QString& name)
{
    Distribution::Set set;
    set.name = name;
    set.count = durations.size();
    set.bins.assign(shape.bins, 0);
    for (const double value : durations)
        ++set.bins[std::min(shape.bins - 1, static_cast<std::size_t>(std::max(0.0, (duration_to_axis(value) - shape.low) / shape.width)))];
    set.p50 = percentile_in_place(durations, 50);
    set.p95 = percentile_in_place(durations, 95);
    set.p99 = percentile_in_place(durations, 99);
    return set;
}

}  // namespace

Distribution distribution_of(std::vector<double> all, const QString& name, std::vector<double> selected, const QString& selected_name)
{
    Distribution result;
    if (all.empty()) return result;
    double least = 1e300, most = 0;
    for (const auto* values : {&all, &selected})
        for (const double value : *values) {
            least = std::min(least, std::max(1.0, value));
            most = std::max(most, value);
        }
    const double span = std::max(0.2, duration_to_axis(most) - duration_to_axis(least) + 1e-9);
    const double wanted = std::clamp(std::sqrt(static_cast<double>(all.size())) * 1.5, 12.0, most_bins);
    result.width = std::max(least_width, span / wanted);
    result.low = std::floor(duration_to_axis(least) / result.width) * result.width;
    result.bins = static_cast<std::size_t>(std::ceil((duration_to_axis(most) - result.low) / result.width + 1e-9)) + 1;
    result.sets.push_back(binned(result, std::move(all), name));
    if (!selected.empty()) result.sets.push_back(binned(result, std::move(selected), selected_name));
    const Distribution::Set& first = result.sets.front();
    const auto text = [](double ns) { return duration_text(static_cast<std::int64_t>(ns)); };
    result.summary = QCoreApplication::translate("Distribution", "%1 requests, P50 %2, P95 %3, P99 %4")
                         .arg(count_text(static_cast<std::int64_t>(first.count)), text(first.p50), text(first.p95), text(first.p99));
    return result;
}

}  // namespace casebook
