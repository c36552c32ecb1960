#pragma once

#include <QString>
#include <cstdint>
#include <vector>

namespace casebook {

/// One line over time. `at_ns` ascending, as long as `values`; NaN breaks the line.
struct ChartSeries {
    QString name;
    QString unit;  ///< as the metric has it: "ms", "By", "1", ... Series of one unit share a pane
    std::vector<std::int64_t> at_ns;
    std::vector<double> values;
    bool step = false;        ///< keeps its value until the next point (limits, replica counts)
    bool points_only = false; ///< marks without a line
};

/// A horizontal line a value is held against.
struct ChartThreshold {
    QString name;
    QString unit;  ///< decides the pane; in the same unit as the series
    double value = 0;
};

/// A named stretch of time, shaded by role ("baseline", "incident", "after", anything else).
struct ChartWindow {
    QString name, role;
    std::int64_t from_ns = 0, to_ns = 0;
    bool operator==(const ChartWindow&) const = default;
};

struct ChartEvent {
    std::int64_t at_ns = 0;
    QString text;
    bool operator==(const ChartEvent&) const = default;
};

/// What `at_ns` counts: time, time since some start, or rows (1e9 each) of evidence that has no time.
enum class ChartAxis { time, sinceStart, ordinal };

/// How an axis shows values of a unit: `value * factor` with `name` beside the axis.
struct AxisUnit {
    QString name;
    double factor = 1;
};

/// A readable unit for values up to `largest`: "By" 5e8 -> MB, "s" 0.02 -> ms. Units it does not know stay; "" and "1"
/// become "count".
AxisUnit axis_unit(const QString& unit, double largest);

}  // namespace casebook
