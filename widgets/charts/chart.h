#pragma once

#include "analyzers/core/finding.h"
#include "widgets/charts/time_text.h"
#include "widgets/charts/view_colors.h"

#include <QWidget>
#include <optional>

class QCPAxis;
class QCustomPlot;
class QLabel;
class QRubberBand;
class QStackedLayout;
class QToolBar;
class QMouseEvent;
class QWheelEvent;

namespace casebook {

/// What all charts share: a plot in the colours of the theme, a hint while there is nothing to plot, zoom, pan, reset by
/// mouse and keys, PNG, SVG and clipboard.
///
/// Wheel zooms the time (Ctrl: the values), drag pans or selects (Shift: the other), double click resets.
/// Keys: + - zoom, 0 and Home reset, arrows pan.
///
/// Charts whose axis is time can share it: share_time() tells what all of them show, time_moved() and time_reset() say
/// what the user did here.
class Chart : public QWidget {
    Q_OBJECT
public:
    enum class Drag { pan, select };

    explicit Chart(QWidget* parent = nullptr);
    ~Chart() override;

    void set_hint(const QString& text);
    bool is_empty() const { return empty_; }
    void set_drag(Drag drag);
    Drag drag() const { return drag_; }

    /// PNG at twice the screen's resolution, or SVG, by the ending of the name. Empty text, or what went wrong.
    QString export_image(const QString& path);
    /// What takes the mouse.
    QWidget& canvas();
    /// The labels of all axes that have one, top to bottom, also those that are shortened for want of room.
    QStringList axis_labels() const;
    /// Of the lines through data: 1 for every one, see TimeChart.
    int widest_data_line() const;

    virtual void set_time_zone(TimeZoneMode zone) = 0;
    /// What all charts of a case show: `visible`, or without it the whole time of the case. A chart whose own data would
    /// fill less than a twentieth of the whole shows them instead, until a time is chosen. Kept for later data; a chart whose
    /// axis is no time takes no notice.
    void share_time(std::optional<TimeRange> visible, TimeRange whole);
    /// Absent while the chart is empty or its axis is no time.
    virtual std::optional<TimeRange> time_in_sight() const { return {}; }
    /// The data in sight as CSV.
    virtual QString csv() const = 0;

public slots:
    virtual void reset_view() = 0;
    void zoom_in();
    void zoom_out();
    void copy_image();
    void ask_and_export_image();
    void ask_and_export_csv();

signals:
    void failed(const QString& what);
    /// The user zoomed or panned the time; never emitted for changes from elsewhere.
    void time_moved(qint64 from_ns, qint64 to_ns);
    /// The user asked for everything.
    void time_reset();

protected:
    QCustomPlot& plot() const { return *plot_; }
    /// Shows the plot, or the hint when there is nothing.
    void set_empty(bool empty);
    const ViewColors& colors() const { return colors_; }
    /// The label of an upright axis. It is shortened where the axis is too low for it; its unit, in brackets at the end,
    /// goes last.
    void set_value_label(QCPAxis& axis, const QString& text);
    QToolBar& tools() { return *tools_; }
    virtual void apply_colors();
    /// Brings this time into sight.
    virtual void show_time(TimeRange range) { Q_UNUSED(range); }
    /// What everything is for data of this time: see share_time().
    TimeRange whole_time(TimeRange data) const;
    const std::optional<TimeRange>& shared_time() const { return shared_time_; }
    /// Zooms the time axis around the middle of the view.
    virtual void zoom(double factor) = 0;
    virtual void pan(double right, double up) = 0;
    /// A rectangle was dragged in selecting mode, in pixels of the plot.
    virtual void rect_selected(const QRect& rect) { Q_UNUSED(rect); }
    /// A click without a drag.
    virtual void clicked(QPoint at) { Q_UNUSED(at); }
    virtual void pointer_moved(QPoint at) { Q_UNUSED(at); }
    virtual void wheel_turned(QPoint at, double notches, Qt::KeyboardModifiers modifiers) = 0;
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void add_actions();
    void fit_labels();
    void apply_shared_time();
    void user_reset();
    /// Runs what the user did, then tells the time if it changed.
    template <class Act>
    void by_user(Act&& act);

    std::optional<TimeRange> shared_time_;
    TimeRange shared_whole_;
    bool shared_time_missed_ = false;
    ViewColors colors_;
    QCustomPlot* plot_;
    QLabel* hint_;
    QToolBar* tools_;
    QWidget* body_;
    QStackedLayout* stack_;
    Drag drag_ = Drag::pan;
    bool empty_ = true;
    QPoint press_;
    bool pressed_ = false, selecting_ = false, moved_ = false;
    QPoint pan_from_;
    QRubberBand* band_ = nullptr;
};

}  // namespace casebook
