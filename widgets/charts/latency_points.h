#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace casebook {

/// One request per entry: when it started, how long it took, whether it failed. Sorted by start by sort_points().
struct LatencyPoints {
    std::vector<std::int64_t> start_ns;
    std::vector<std::int64_t> duration_ns;
    std::vector<std::uint8_t> failed;      ///< empty when not known
    std::vector<std::uint32_t> reference;  ///< the caller's number of each request (a span row); empty: the place before sorting

    std::size_t size() const { return start_ns.size(); }
};

/// Sorts by start. Fills `reference` when it is empty.
void sort_points(LatencyPoints& points);

/// A part of the plane of start and duration, half-open on both.
struct LatencyBox {
    std::int64_t from_ns = 0, to_ns = 0;
    std::int64_t least_ns = 0, most_ns = 0;
    bool operator==(const LatencyBox&) const = default;
};

/// Requests per cell, row by row from the fastest up. `failed` is empty when none failed.
struct LatencyCounts {
    std::vector<std::uint32_t> all, failed;
};

/// Requests per cell of a grid over time (linear) and duration (logarithmic), counted once so that a view of all of
/// five million requests costs what the grid costs. Deep zooms count the few requests in sight.
class LatencyGrid {
public:
    static constexpr int columns = 8192;
    static constexpr int rows = 160;

    LatencyGrid() = default;
    /// `points` sorted, `failed` 0 or 1; must outlive the grid. O(n).
    explicit LatencyGrid(const LatencyPoints& points);

    /// log10 of duration in ns at the lower edge of row 0 and the upper edge of the last row.
    double low() const { return low_; }
    double high() const { return high_; }
    /// Counts for `width` columns between two instants; `rows` * width entries.
    LatencyCounts counts(std::int64_t from_ns, std::int64_t to_ns, int width) const;

private:
    int row_of(std::int64_t duration_ns) const;

    const LatencyPoints* points_ = nullptr;
    std::int64_t first_ns_ = 0;
    double column_ns_ = 1;
    double low_ = 0, high_ = 1;
    std::vector<std::uint32_t> cells_, failed_cells_;  ///< columns * rows, column by column
    std::vector<std::uint8_t> row_of_point_;
};

/// Requests with all that drawing them needs. Making one costs seconds for millions, so it is made on a job's thread, once.
struct LatencySet {
    explicit LatencySet(LatencyPoints unsorted);
    LatencySet(const LatencySet&) = delete;
    LatencySet& operator=(const LatencySet&) = delete;

    LatencyPoints points;               ///< sorted
    LatencyGrid grid;
    std::vector<std::uint32_t> failed;  ///< places of failed requests, ascending

    /// Places of the requests that start in [from, to).
    std::pair<std::size_t, std::size_t> places(std::int64_t from_ns, std::int64_t to_ns) const;
    /// Of these places, the failed ones.
    std::span<const std::uint32_t> failed_in(std::size_t first, std::size_t last) const;
};

/// Requests inside a box, by their place in `points` (which are sorted).
std::vector<std::uint32_t> points_in_box(const LatencyPoints& points, const LatencyBox& box);

}  // namespace casebook
