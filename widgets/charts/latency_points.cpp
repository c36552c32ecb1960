#include "widgets/charts/latency_points.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace casebook {
namespace {

double log_of(std::int64_t duration_ns) { return std::log10(static_cast<double>(std::max<std::int64_t>(1, duration_ns))); }

}  // namespace

void sort_points(LatencyPoints& points)
{
    const std::size_t size = points.size();
    if (points.reference.empty()) {
        points.reference.resize(size);
        std::iota(points.reference.begin(), points.reference.end(), 0u);
    }
    if (std::is_sorted(points.start_ns.begin(), points.start_ns.end())) return;
    std::vector<std::uint32_t> order(size);
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return points.start_ns[a] != points.start_ns[b] ? points.start_ns[a] < points.start_ns[b] : a < b;
    });
    const auto arrange = [&](auto& column) {
        if (column.empty()) return;
        auto sorted = column;
        for (std::size_t i = 0; i < size; ++i) sorted[i] = column[order[i]];
        column = std::move(sorted);
    };
    arrange(points.start_ns);
    arrange(points.duration_ns);
    arrange(points.failed);
    arrange(points.reference);
}

LatencyGrid::LatencyGrid(const LatencyPoints& points) : points_(&points)
{
    if (points.size() == 0) return;
    first_ns_ = points.start_ns.front();
    column_ns_ = std::max(1.0, (static_cast<double>(points.start_ns.back()) - static_cast<double>(first_ns_) + 1) / columns);
    const auto [least, most] = std::minmax_element(points.duration_ns.begin(), points.duration_ns.end());
    low_ = std::floor(log_of(*least) * 4) / 4;
    high_ = std::max(low_ + 0.5, std::ceil((log_of(*most) + 1e-9) * 4) / 4);
    cells_.assign(static_cast<std::size_t>(columns) * rows, 0);
    row_of_point_.resize(points.size());
    if (std::find(points.failed.begin(), points.failed.end(), std::uint8_t{1}) != points.failed.end()) failed_cells_.assign(cells_.size(), 0);
    for (std::size_t i = 0; i < points.size(); ++i) {
        const auto column = static_cast<std::size_t>(std::min<double>(columns - 1, static_cast<double>(points.start_ns[i] - first_ns_) / column_ns_));
        row_of_point_[i] = static_cast<std::uint8_t>(row_of(points.duration_ns[i]));
        const std::size_t cell = column * rows + row_of_point_[i];
        ++cells_[cell];
        if (!failed_cells_.empty()) failed_cells_[cell] += points.failed[i];
    }
}

int LatencyGrid::row_of(std::int64_t duration_ns) const
{
    return std::clamp(static_cast<int>((log_of(duration_ns) - low_) / (high_ - low_) * rows), 0, rows - 1);
}

LatencyCounts LatencyGrid::counts(std::int64_t from_ns, std::int64_t to_ns, int width) const
{
    LatencyCounts result;
    result.all.assign(static_cast<std::size_t>(std::max(0, width)) * rows, 0);
    const bool any_failed = !failed_cells_.empty();
    if (any_failed) result.failed.assign(result.all.size(), 0);
    if (points_ == nullptr || width <= 0 || to_ns <= from_ns || cells_.empty()) return result;
    const double scale = width / (static_cast<double>(to_ns) - static_cast<double>(from_ns));
    const double grid_columns = (static_cast<double>(to_ns) - static_cast<double>(from_ns)) / column_ns_;
    if (grid_columns >= width * 2.0) {
        // Several grid columns per column of the view: add them up.
        for (int column = 0; column < columns; ++column) {
            const double at = (static_cast<double>(first_ns_) - static_cast<double>(from_ns) + (column + 0.5) * column_ns_) * scale;
            if (at < 0 || at >= width) continue;
            const auto add = [&](const std::vector<std::uint32_t>& cells, std::vector<std::uint32_t>& counts) {
                const auto* cell = &cells[static_cast<std::size_t>(column) * rows];
                auto* out = &counts[static_cast<std::size_t>(at)];
                for (int row = 0; row < rows; ++row) out[static_cast<std::size_t>(row) * static_cast<std::size_t>(width)] += cell[row];
            };
            add(cells_, result.all);
            if (any_failed) add(failed_cells_, result.failed);
        }
        return result;
    }
    const auto& start = points_->start_ns;
    const auto first = static_cast<std::size_t>(std::lower_bound(start.begin(), start.end(), from_ns) - start.begin());
    for (std::size_t i = first; i < start.size() && start[i] < to_ns; ++i) {
        const auto column = static_cast<std::size_t>(std::min<double>(width - 1, static_cast<double>(start[i] - from_ns) * scale));
        const std::size_t cell = row_of_point_[i] * static_cast<std::size_t>(width) + column;
        ++result.all[cell];
        if (any_failed) result.failed[cell] += points_->failed[i];
    }
    return result;
}

LatencySet::LatencySet(LatencyPoints unsorted) : points(std::move(unsorted))
{
    sort_points(points);
    for (std::size_t i = 0; i < points.failed.size(); ++i) {
        points.failed[i] = points.failed[i] != 0;  // counted by adding it up
        if (points.failed[i]) failed.push_back(static_cast<std::uint32_t>(i));
    }
    grid = LatencyGrid(points);
}

std::pair<std::size_t, std::size_t> LatencySet::places(std::int64_t from_ns, std::int64_t to_ns) const
{
    const auto& start = points.start_ns;
    const auto first = std::lower_bound(start.begin(), start.end(), from_ns), last = std::lower_bound(first, start.end(), to_ns);
    return {static_cast<std::size_t>(first - start.begin()), static_cast<std::size_t>(last - start.begin())};
}

std::span<const std::uint32_t> LatencySet::failed_in(std::size_t first, std::size_t last) const
{
    const auto from = std::lower_bound(failed.begin(), failed.end(), first), to = std::lower_bound(from, failed.end(), last);
    return {from, to};
}

std::vector<std::uint32_t> points_in_box(const LatencyPoints& points, const LatencyBox& box)
{
    std::vector<std::uint32_t> found;
    const auto first = std::lower_bound(points.start_ns.begin(), points.start_ns.end(), box.from_ns);
    for (auto i = static_cast<std::size_t>(first - points.start_ns.begin()); i < points.size() && points.start_ns[i] < box.to_ns; ++i)
        if (points.duration_ns[i] >= box.least_ns && points.duration_ns[i] < box.most_ns) found.push_back(static_cast<std::uint32_t>(i));
    return found;
}

}  // namespace casebook
