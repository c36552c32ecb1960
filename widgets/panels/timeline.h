#pragma once

#include "widgets/models/timeline_data.h"
#include "widgets/session/session.h"

#include <QWidget>

namespace casebook {

/// The time of the whole case in one strip: requests and their p95, deploys and other events, windows. Dragging marks
/// a stretch of time; the menu makes it the incident, the baseline or the time after.
class TimelinePanel : public QWidget {
    Q_OBJECT

public:
    explicit TimelinePanel(Session& session, QWidget* parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void windowsRequested();  ///< the user wants to edit windows by numbers

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    void reload();
    QRectF plot() const;
    double x_of(std::int64_t at_ns) const;
    std::int64_t time_at(double x) const;
    bool has_time() const { return data_.extent.to_ns > data_.extent.from_ns; }
    void paint_windows(QPainter& painter, const QRectF& area) const;
    void paint_requests(QPainter& painter, const QRectF& area) const;
    void paint_events(QPainter& painter, const QRectF& area) const;
    void paint_axis(QPainter& painter, const QRectF& area) const;
    QString tip_at(const QPointF& place) const;
    std::vector<WindowRow> shown_windows() const;

    Session& session_;
    JobSlot loading_;
    TimelineData data_;
    std::optional<double> drag_from_;
    double drag_to_ = 0;
};

}  // namespace casebook
