#pragma once

#include "widgets/charts/chart.h"
#include "widgets/charts/chart_data.h"

#include <QSharedPointer>
#include <memory>
#include <vector>

class QCPAxisRect;
class QCPGraph;
class QCPItemLine;
class QCPItemRect;
class QCPItemText;
class QCPLegend;
class QCPRange;

namespace casebook {

class TimeTicker;

/// Lines over time: one pane per unit, one time axis under all, windows shaded, thresholds dashed, events marked.
/// Data lines have pen width 1: wider ones take seconds for a million points.
class TimeChart : public Chart {
    Q_OBJECT
public:
    struct Data {
        std::vector<ChartSeries> series;
        std::vector<ChartThreshold> thresholds;
        std::vector<ChartWindow> windows;
        std::vector<ChartEvent> events;
        ChartAxis axis = ChartAxis::time;
    };

    explicit TimeChart(QWidget* parent = nullptr);
    ~TimeChart() override;

    void set_data(Data data);
    const Data& data() const { return data_; }
    void set_time_zone(TimeZoneMode zone) override;
    /// The stretch of time in sight.
    void set_range(std::int64_t from_ns, std::int64_t to_ns);
    std::int64_t from_ns() const;
    std::int64_t to_ns() const;
    std::optional<TimeRange> time_in_sight() const override;
    int pane_count() const { return static_cast<int>(panes_.size()); }
    int line_count() const;
    /// Points of a line as drawn, breaks included.
    int drawn_points(int line) const;
    /// The middle of the first pane at this time, in the canvas.
    QPoint point_of(std::int64_t at_ns) const;
    /// What the pointer at a point would tell: time and the nearest value of every line of the pane, exact.
    QString text_at(QPoint at) const;
    QString csv() const override;
    /// Repaints at once; for the bench.
    void replot_now();

public slots:
    void reset_view() override;

signals:
    void range_changed(qint64 from_ns, qint64 to_ns);
    /// A stretch was dragged with Shift, or in selecting mode.
    void stretch_selected(qint64 from_ns, qint64 to_ns);

protected:
    void apply_colors() override;
    void show_time(TimeRange range) override { set_range(range.from_ns, range.to_ns); }
    void zoom(double factor) override;
    void pan(double right, double up) override;
    void rect_selected(const QRect& rect) override;
    void pointer_moved(QPoint at) override;
    void wheel_turned(QPoint at, double notches, Qt::KeyboardModifiers modifiers) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Pane {
        QString unit;
        AxisUnit shown;
        QCPAxisRect* rect = nullptr;
        int row = 0;                      ///< in the layout of the plot
        std::vector<std::size_t> series;  ///< indices into data_.series
        std::vector<QCPGraph*> graphs;    ///< beside them
        QCPItemLine* cursor = nullptr;
        QCPLegend* legend = nullptr;
    };

    void build();
    void add_pane(const QString& unit);
    void add_windows(Pane& pane, bool named);
    void place_names();
    void add_thresholds(Pane& pane);
    void add_events(Pane& pane, bool named);
    void add_legend(Pane& pane);
    void wrap_legend(Pane& pane);
    void fit_values(Pane& pane);
    void time_range_changed(const QCPRange& range);
    const Pane* pane_at(QPoint at) const;
    QCPAxisRect& time_rect() const { return *panes_.back().rect; }

    Data data_;
    std::vector<Pane> panes_;
    std::vector<std::pair<QCPItemRect*, QCPItemText*>> window_names_;
    std::vector<std::pair<QCPItemLine*, QCPItemText*>> event_names_;
    QSharedPointer<TimeTicker> ticker_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    std::int64_t first_ns_ = 0, last_ns_ = 1;
    bool changing_ = false;
};

}  // namespace casebook
