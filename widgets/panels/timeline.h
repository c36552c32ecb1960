#pragma once

#include "widgets/models/timeline_data.h"
#include "widgets/session/session.h"

#include <QTimer>
#include <QWidget>

namespace casebook {

/// The time of the case in one strip: requests and their p95 (without traces, pauses of the collector), snapshots, deploys and other
/// events, windows. It shows the time that all
/// charts show, with a thin line above for where that lies in the whole.
///
/// Mouse: drag marks a stretch; Shift+drag makes a window of it; the edges of windows are dragged; the wheel zooms, Shift
/// with the wheel or the middle button pans; a double click shows everything. Keys: Left and Right move the mark (Shift: its
/// end), + and - zoom, Page Up and Page Down pan, Home shows everything, Z shows the mark only, Enter edits windows, Escape takes the
/// mark away or gives a drag up.
class TimelinePanel : public QWidget {
    Q_OBJECT

public:
    explicit TimelinePanel(Session& session, QWidget* parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

    /// Where a moment is drawn, in pixels; outside the widget when it is out of sight.
    double x_of(std::int64_t at_ns) const;
    std::int64_t time_at(double x) const;
    /// What the tooltip says at a place.
    QString tip_at(const QPointF& place) const;

signals:
    void windowsRequested();  ///< the user wants to edit windows by numbers

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    bool event(QEvent* event) override;

private:
    enum class Drag { none, mark, window, edge, pan };
    struct Edge {
        std::string window;
        bool is_end = false;
        TimeRange range;  ///< of the window before the drag
        bool operator==(const Edge&) const = default;
    };

    void reload();
    void count_visible();
    TimeRange visible() const;
    QRectF plot() const;
    bool has_time() const { return session_.extent().to_ns > session_.extent().from_ns; }
    void paint_overview(QPainter& painter, const QRectF& area) const;
    void paint_windows(QPainter& painter, const QRectF& area) const;
    void paint_requests(QPainter& painter, const QRectF& area) const;
    void paint_pauses(QPainter& painter, const QRectF& area) const;
    void paint_snapshots(QPainter& painter, const QRectF& area) const;
    void paint_legend(QPainter& painter, const QRectF& area, const QString& legend) const;
    void paint_events(QPainter& painter, const QRectF& area) const;
    void paint_axis(QPainter& painter, const QRectF& area) const;
    void paint_marks(QPainter& painter, const QRectF& area) const;

    std::optional<Edge> edge_at(double x) const;
    /// The edge's window as it would be if the drag ended now.
    TimeRange dragged_window() const;
    /// All windows as they would be then: one that ends or begins where the dragged one begins or ends stays its neighbour.
    std::vector<WindowRow> dragged_windows() const;
    void finish_edge();
    void offer_window(TimeRange range, const QPoint& global);
    void set_role(const std::string& name, TimeRange range);
    void zoom(double factor, double x);
    void pan(double share);
    void move_mark(int direction, bool end_only);
    void give_up_drag();
    void fill_menu(class QMenu& menu, std::optional<TimeRange> range);

    static constexpr double far_away_px = 100'000;  ///< painters do not like more

    Session& session_;
    JobSlot loading_, counting_;
    std::shared_ptr<const SpanTable> spans_;
    TimelineData data_;    ///< events, and requests of the whole case
    TimelineData detail_;  ///< requests of the time in sight, once they are counted
    QTimer count_timer_;
    Drag drag_ = Drag::none;
    std::optional<Edge> edge_;        ///< dragged
    std::optional<Edge> hovered_;
    double drag_from_ = 0, drag_to_ = 0;
};

/// "incident, 2026-11-23 01:40:00.000 to 02:10:00.000 UTC (30 min)": a window in exact times of the zone in use.
QString window_tip(const QString& name, const TimeRange& range);

}  // namespace casebook
