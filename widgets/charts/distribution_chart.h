#pragma once

#include "widgets/charts/chart.h"
#include "widgets/charts/distribution.h"

namespace casebook {

/// How durations are spread: bars over a logarithmic axis, the 50th, 95th and 99th percentile marked. With a second set
/// (a selection) both are drawn as shares of their own, so that shapes can be compared.
class DistributionChart : public Chart {
    Q_OBJECT
public:
    explicit DistributionChart(QWidget* parent = nullptr);
    ~DistributionChart() override;

    void set_distribution(Distribution distribution);
    void set_time_zone(TimeZoneMode) override {}
    QString csv() const override;
    /// Exact percentiles of the first set, as the caption has them: "P50 12.3 ms, P95 …".
    QString summary() const { return shown_.summary; }
    QString text_at(QPoint at) const;
    bool compares() const { return shown_.sets.size() > 1; }

public slots:
    void reset_view() override;

protected:
    void apply_colors() override;
    void zoom(double factor) override;
    void pan(double right, double up) override;
    void pointer_moved(QPoint at) override;
    void wheel_turned(QPoint at, double notches, Qt::KeyboardModifiers modifiers) override;

private:
    void build();
    void place_names();

    Distribution shown_;
};

}  // namespace casebook
