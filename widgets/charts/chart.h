#pragma once

#include "widgets/charts/time_text.h"
#include "widgets/charts/view_colors.h"

#include <QWidget>

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
/// Keys: + - 0 zoom, arrows pan.
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
    /// The labels of all axes that have one, top to bottom.
    QStringList axis_labels() const;
    /// Of the lines through data: 1 for every one, see TimeChart.
    int widest_data_line() const;

    virtual void set_time_zone(TimeZoneMode zone) = 0;
    /// The data in sight as CSV.
    virtual QString csv() const = 0;

public slots:
    virtual void reset_view() = 0;
    void zoom_in() { zoom(1.4); }
    void zoom_out() { zoom(1 / 1.4); }
    void copy_image();
    void ask_and_export_image();
    void ask_and_export_csv();

signals:
    void failed(const QString& what);

protected:
    QCustomPlot& plot() const { return *plot_; }
    /// Shows the plot, or the hint when there is nothing.
    void set_empty(bool empty);
    const ViewColors& colors() const { return colors_; }
    QToolBar& tools() { return *tools_; }
    virtual void apply_colors();
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
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void add_actions();

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
