#pragma once

#include "widgets/charts/chart.h"
#include "widgets/charts/chart_data.h"
#include "widgets/charts/latency_points.h"

#include <QSharedPointer>
#include <memory>
#include <optional>
#include <vector>

class QCPColorMap;
class QCPColorScale;
class QCPItemLine;
class QCPItemRect;
class QCPItemStraightLine;
class QCPItemText;

namespace casebook {

class RequestCloud;
class TimeTicker;

/// Requests over start and duration (logarithmic): points while there are few, a heat map when more than 50,000 are in
/// sight, because points would hide one another. Failed requests are crosses; where there are thousands of them in a heat
/// map, the cells with failed ones are red instead, the deeper the larger their share. A dragged box selects requests;
/// Shift+drag pans, the wheel zooms the time.
class LatencyChart : public Chart {
    Q_OBJECT
public:
    static constexpr std::size_t most_points = 50'000;

    explicit LatencyChart(QWidget* parent = nullptr);
    ~LatencyChart() override;

    void set_requests(std::shared_ptr<const LatencySet> requests);
    /// Makes a set of the points first: for few of them.
    void set_points(LatencyPoints points) { set_requests(std::make_shared<const LatencySet>(std::move(points))); }
    void set_windows(std::vector<ChartWindow> windows);
    /// Marks deploys and other events.
    void set_events(std::vector<ChartEvent> events);
    /// A duration to hold requests against, 0 = none: drawn as a dashed line.
    void set_threshold(double duration_ns, const QString& name);
    void set_time_zone(TimeZoneMode zone) override;
    const LatencyPoints& points() const { return requests_->points; }
    const std::shared_ptr<const LatencySet>& requests() const { return requests_; }
    bool shows_heat_map() const { return heat_; }

    void set_range(std::int64_t from_ns, std::int64_t to_ns);
    std::int64_t from_ns() const;
    std::int64_t to_ns() const;
    std::optional<TimeRange> time_in_sight() const override;
    const std::optional<LatencyBox>& box() const { return box_; }
    /// Marks a box and tells who listens. Nothing clears it.
    void select_box(std::optional<LatencyBox> box);
    /// The box as a place in the widget, and back; for tests and keyboard.
    QPoint point_of(std::int64_t at_ns, double duration_ns) const;
    QString text_at(QPoint at) const;
    QString csv() const override;
    void replot_now();

public slots:
    void reset_view() override;
    /// Selects what is in sight; the keyboard's way to a box (Enter).
    void select_visible();

signals:
    void range_changed(qint64 from_ns, qint64 to_ns);
    /// Places of the selected requests in points(); empty when the box was cleared.
    void box_selected(const std::vector<quint32>& places);
    /// A request was clicked: its `reference`.
    void request_clicked(quint32 reference);

protected:
    void apply_colors() override;
    void show_time(TimeRange range) override { set_range(range.from_ns, range.to_ns); }
    void zoom(double factor) override;
    void pan(double right, double up) override;
    void rect_selected(const QRect& rect) override;
    void clicked(QPoint at) override;
    void pointer_moved(QPoint at) override;
    void wheel_turned(QPoint at, double notches, Qt::KeyboardModifiers modifiers) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void view_changed();
    void choose_shape();
    void add_scale();
    void remove_scale();
    void fill();
    void fill_points();
    void fill_heat(std::size_t failed);
    void place_windows();
    void place_window_names();
    void place_events();
    void place_box();
    std::optional<std::size_t> nearest(QPoint at) const;

    std::shared_ptr<const LatencySet> requests_;  ///< never null
    std::vector<ChartWindow> windows_;
    std::optional<LatencyBox> box_;
    QSharedPointer<TimeTicker> ticker_;
    TimeZoneMode zone_ = TimeZoneMode::utc;
    RequestCloud* cloud_ = nullptr;
    QCPColorMap* map_ = nullptr;
    QCPColorMap* failed_map_ = nullptr;
    QCPColorScale* scale_ = nullptr;
    QCPItemRect* box_item_ = nullptr;
    QCPItemText* box_text_ = nullptr;
    std::vector<QCPItemRect*> window_items_;
    std::vector<QCPItemText*> window_names_;
    std::vector<ChartEvent> events_;
    std::vector<QCPItemLine*> event_items_;
    double threshold_ns_ = 0;
    QCPItemStraightLine* threshold_item_ = nullptr;
    QCPItemText* threshold_text_ = nullptr;
    bool heat_ = false, dirty_ = true;
    int filled_width_ = 0;
};

}  // namespace casebook
