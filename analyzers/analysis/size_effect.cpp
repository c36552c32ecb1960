#include "analyzers/analysis/size_effect.h"

#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr std::size_t fewest_requests = 50, fewest_sizes = 8, most_points = 300, most_cuts = 64;
constexpr double z_99 = 2.576;

struct Point {
    double size = 0, log_size = 0, log_ms = 0;
    std::size_t place = 0;  ///< in selection and rest
};

struct Slope {
    double middle = 0, low = -HUGE_VAL;
};

/// `points` in order of size.
Slope slope_of(const std::vector<Point>& points, std::size_t from)
{
    std::vector<const Point*> taken;
    const std::size_t count = points.size() - from, stride = count / most_points + 1;
    for (std::size_t i = from; i < points.size(); i += stride) taken.push_back(&points[i]);
    std::vector<double> slopes;
    for (std::size_t i = 0; i < taken.size(); ++i)
        for (std::size_t j = i + 1; j < taken.size(); ++j)
            if (const double run = taken[j]->log_size - taken[i]->log_size; run > 1e-9) slopes.push_back((taken[j]->log_ms - taken[i]->log_ms) / run);
    if (slopes.size() < fewest_requests) return {};
    std::sort(slopes.begin(), slopes.end());
    const double n = static_cast<double>(taken.size()), wide = z_99 * std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
    const double low = (static_cast<double>(slopes.size()) - wide) / 2;
    return {slopes[slopes.size() / 2], low < 0 ? -HUGE_VAL : slopes[static_cast<std::size_t>(low)]};
}

double spread_of(const std::vector<Point>& points, std::size_t from)
{
    const std::size_t count = points.size() - from;
    return points[from + count * 95 / 100].size / points[from + count * 5 / 100].size;
}

std::vector<Point> points_of(const SpanTable& spans, const AttributeColumn& column, const std::vector<SpanTable::Row>& rows)
{
    std::vector<Point> points;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (column.value[i] == StringPool::none || spans.duration_ns[rows[i]] <= 0) continue;
        const auto size = parse_double(spans.text(column.value[i]));
        if (!size || !std::isfinite(*size)) return {};  // a name, not a size
        if (*size > 0) points.push_back({*size, std::log(*size), std::log(static_cast<double>(spans.duration_ns[rows[i]]) / 1e6), i});
    }
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return std::pair(a.size, a.place) < std::pair(b.size, b.place); });
    return points;
}

/// The cut that separates the selection best: the largest difference between its share and that of the rest.
void cut_at_best(SizeEffect& effect, const std::vector<Point>& points, std::size_t selection, std::size_t rest, std::size_t& tested)
{
    const std::size_t stride = points.size() / most_cuts + 1;
    double best = 0;
    std::uint64_t selected = 0, others = 0;
    for (std::size_t i = points.size(); i-- > 0;) {
        ++(points[i].place < selection ? selected : others);
        if (i > 0 && points[i - 1].size == points[i].size) continue;
        if (i % stride != 0 && selected != selection) continue;
        ++tested;
        const double coverage = static_cast<double>(selected) / static_cast<double>(selection), share = static_cast<double>(others) / static_cast<double>(rest);
        if (coverage - share <= best) continue;
        best = coverage - share;
        effect.cut = points[i].size;
        effect.cohort.selected = selected;
        effect.cohort.rest = others;
        effect.cohort.coverage = coverage;
        effect.cohort.rest_share = share;
    }
}

}  // namespace

std::optional<SizeEffect> size_effect(const SpanTable& spans, const std::vector<SpanTable::Row>& selection, const std::vector<SpanTable::Row>& rest,
                                      const std::vector<SpanTable::Row>& context_rows, double least_slope, double least_spread)
{
    std::vector<SpanTable::Row> rows = selection;
    rows.insert(rows.end(), rest.begin(), rest.end());
    if (selection.empty() || rest.empty()) return {};
    std::optional<SizeEffect> steepest;
    std::size_t tested = 0;
    for (const AttributeColumn& column : attribute_columns(spans, rows, context_rows)) {
        const std::vector<Point> points = points_of(spans, column, rows);
        if (points.size() < fewest_requests || points.size() * 2 < rows.size()) continue;
        std::size_t sizes = 1;
        for (std::size_t i = 1; i < points.size(); ++i) sizes += points[i].size != points[i - 1].size;
        if (sizes < fewest_sizes || spread_of(points, 0) < least_spread) continue;
        Slope slope = slope_of(points, 0);
        if (const std::size_t half = points.size() / 2; spread_of(points, half) >= least_spread)
            if (const Slope upper = slope_of(points, half); upper.low > slope.low) slope = upper;
        SizeEffect effect;
        effect.key = effect.cohort.key = column.key;
        effect.slope = slope.middle;
        effect.slope_low = slope.low;
        effect.spread = spread_of(points, 0);
        cut_at_best(effect, points, selection.size(), rest.size(), tested);
        if (slope.low <= least_slope || effect.cut <= 0 || (steepest && steepest->slope_low >= slope.low)) continue;
        effect.cohort.has.assign(rows.size(), false);
        for (const Point& point : points) {
            effect.cohort.has[point.place] = point.size >= effect.cut;
            effect.cohort.rest_known += point.place >= selection.size();
        }
        steepest = std::move(effect);
    }
    if (!steepest) return {};
    CohortValue& cohort = steepest->cohort;
    cohort.value = format_number(steepest->cut) + " or more";
    const double overall = static_cast<double>(cohort.selected + cohort.rest) / static_cast<double>(rows.size());
    cohort.lift = overall > 0 ? cohort.coverage / overall : 0;
    cohort.p = fisher_p(cohort.selected, selection.size() - cohort.selected, cohort.rest, rest.size() - cohort.rest);
    cohort.q = std::min(1.0, cohort.p * static_cast<double>(std::max<std::size_t>(tested, 1)));
    return steepest;
}

}  // namespace casebook
