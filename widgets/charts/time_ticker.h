#pragma once

#include "widgets/charts/chart_data.h"
#include "widgets/charts/time_text.h"

#include <qcustomplot.h>

namespace casebook {

/// Ticks of a time axis whose coordinate is seconds after `origin_ns`: round steps from nanoseconds to months, aligned
/// to the clock of the zone. Included by the .cpp files of this folder only.
class TimeTicker : public QCPAxisTicker {
public:
    void set_origin(std::int64_t origin_ns, TimeZoneMode zone);
    void set_axis(ChartAxis axis) { axis_ = axis; }

    /// Takes as many ticks as have room for their texts in an axis of this width in pixels. True when that may change them.
    bool fit(int width, const QFontMetrics& metrics);

    double to_axis(std::int64_t at_ns) const { return static_cast<double>(at_ns - origin_ns_) / 1e9; }
    std::int64_t to_ns(double axis) const;
    /// "UTC, 2026-11-18" for the stretch in sight.
    QString axis_label(const QCPRange& range) const;
    /// A place on the axis with nothing rounded.
    QString exact_text(std::int64_t at_ns) const;

protected:
    double getTickStep(const QCPRange& range) override;
    int getSubTickCount(double step) override;
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;

private:
    std::int64_t origin_ns_ = 0;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    ChartAxis axis_ = ChartAxis::time;
    double step_ = 1;
    double wanted_step(const QCPRange& range, int ticks) const;
    /// Letters of a tick's text at this step.
    int letters(double step) const;
    int width_ = 0;         ///< pixels; 0 = as many ticks as were asked for
    double letter_ = 8;     ///< width of a digit in pixels
};

}  // namespace casebook
