#pragma once

#include "widgets/charts/chart.h"

#include <vector>

namespace casebook {

/// How durations are spread: bars over a logarithmic axis, the 50th, 95th and 99th percentile marked. With a second set
/// (a selection) both are drawn as shares of their own, so that shapes can be compared.
class DistributionChart : public Chart {
    Q_OBJECT
public:
    explicit DistributionChart(QWidget* parent = nullptr);
    ~DistributionChart() override;

    /// Durations in ns; `selected` may be empty. Names are for the legend.
    void set_durations(std::vector<double> all, const QString& name, std::vector<double> selected = {}, const QString& selected_name = {});
    void set_time_zone(TimeZoneMode) override {}
    QString csv() const override;
    /// Exact percentiles of the first set, as the caption has them: "P50 12.3 ms, P95 …".
    QString summary() const { return summary_; }
    QString text_at(QPoint at) const;
    bool compares() const { return sets_.size() > 1; }

public slots:
    void reset_view() override;

protected:
    void apply_colors() override;
    void zoom(double factor) override;
    void pan(double right, double up) override;
    void pointer_moved(QPoint at) override;
    void wheel_turned(QPoint at, double notches, Qt::KeyboardModifiers modifiers) override;

private:
    struct Set {
        QString name;
        std::size_t count = 0;
        std::vector<double> bins;         ///< counts
        double p50 = 0, p95 = 0, p99 = 0;  ///< ns
    };
    Set binned(std::vector<double> durations, const QString& name) const;
    void build();
    void place_names();

    std::vector<Set> sets_;
    double low_ = 0, width_ = 0.1;  ///< of bins, in log10 ns
    std::size_t bins_ = 0;
    QString summary_;
};

}  // namespace casebook
