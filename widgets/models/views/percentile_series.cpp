#include "widgets/models/views/percentile_series.h"

#include "analyzers/core/statistics.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>

namespace casebook {
namespace {

/// Calls `take(first, last, middle_ns, seconds)` for each stretch that has requests.
template <class Take>
void each_stretch(const LatencyPoints& points, const Take& take)
{
    if (points.size() == 0) return;
    const auto wanted = std::clamp<std::size_t>(points.size() / 20, 5, 120);
    const std::int64_t from = points.start_ns.front(), whole = std::max<std::int64_t>(1, points.start_ns.back() - from + 1);
    const std::int64_t step = whole / static_cast<std::int64_t>(wanted) + 1;
    std::size_t first = 0;
    for (std::int64_t begin = from; first < points.size(); begin += step) {
        std::size_t last = first;
        while (last < points.size() && points.start_ns[last] - begin < step) ++last;
        if (last > first) take(first, last, begin + step / 2, static_cast<double>(step) / 1e9);
        first = last;
    }
}

}  // namespace

std::vector<ChartSeries> percentile_series(const LatencyPoints& points)
{
    struct Wanted { const char* name; double p; std::size_t needs; };
    static constexpr std::array<Wanted, 3> all{{{"P50", 50, 2}, {"P95", 95, 20}, {"P99", 99, 100}}};
    std::size_t largest = 0;
    each_stretch(points, [&](std::size_t first, std::size_t last, std::int64_t, double) { largest = std::max(largest, last - first); });
    std::vector<ChartSeries> lines;
    for (const Wanted& wanted : all) lines.push_back({QLatin1String(wanted.name), QStringLiteral("ms"), {}, {}});
    each_stretch(points, [&](std::size_t first, std::size_t last, std::int64_t middle, double) {
        std::vector<double> ms;
        for (std::size_t i = first; i < last; ++i) ms.push_back(static_cast<double>(points.duration_ns[i]) / 1e6);
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (ms.size() < all[i].needs && largest >= all[i].needs) continue;
            lines[i].at_ns.push_back(middle);
            lines[i].values.push_back(percentile_in_place(ms, all[i].p));
        }
    });
    return lines;
}

std::vector<ChartSeries> traffic_series(const LatencyPoints& points)
{
    ChartSeries requests{QCoreApplication::translate("Traffic", "requests"), QStringLiteral("1/s"), {}, {}};
    ChartSeries failed{QCoreApplication::translate("Traffic", "failed"), QStringLiteral("1/s"), {}, {}};
    each_stretch(points, [&](std::size_t first, std::size_t last, std::int64_t middle, double seconds) {
        std::size_t bad = 0;
        for (std::size_t i = first; i < last && !points.failed.empty(); ++i) bad += points.failed[i];
        requests.at_ns.push_back(middle);
        requests.values.push_back(static_cast<double>(last - first) / seconds);
        failed.at_ns.push_back(middle);
        failed.values.push_back(static_cast<double>(bad) / seconds);
    });
    return {requests, failed};
}

}  // namespace casebook
