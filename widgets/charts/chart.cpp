#include "widgets/charts/chart.h"

#include "widgets/charts/duration_ticker.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QKeyEvent>
#include <QLabel>
#include <QRubberBand>
#include <QSaveFile>
#include <QStackedLayout>
#include <QSvgGenerator>
#include <QToolBar>
#include <algorithm>
#include <qcustomplot.h>

namespace casebook {

Chart::Chart(QWidget* parent)
    : QWidget(parent), colors_(view_colors(palette())), plot_(new QCustomPlot), hint_(new QLabel), tools_(new QToolBar), body_(new QWidget),
      stack_(new QStackedLayout)
{
    plot_->setAutoAddPlottableToLegend(false);
    plot_->setPlottingHint(QCP::phImmediateRefresh, false);  // one paint for all that changed, not one per chart
    plot_->setFocusPolicy(Qt::NoFocus);
    plot_->setMinimumSize(80, 60);  // else a long legend would widen the window
    plot_->installEventFilter(this);
    setFocusPolicy(Qt::StrongFocus);
    hint_->setAlignment(Qt::AlignCenter);
    hint_->setWordWrap(true);
    hint_->setMargin(24);
    tools_->setIconSize({16, 16});
    tools_->hide();
    auto* lines = new QVBoxLayout(body_);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(tools_);
    lines->addWidget(plot_, 1);
    setLayout(stack_);  // before widgets come in: a stack without a window shows its first one as a window
    stack_->addWidget(hint_);
    stack_->addWidget(body_);
    add_actions();
    connect(plot_, &QCustomPlot::afterLayout, this, &Chart::fit_labels);
}

Chart::~Chart() { plot_->disconnect(this); }

void Chart::set_value_label(QCPAxis& axis, const QString& text)
{
    axis.setProperty("whole label", text);
    axis.setLabel(text);
}

void Chart::fit_labels()
{
    const QFontMetrics metrics(font());
    bool ticks_changed = false;
    for (QCPAxisRect* rect : plot_->axisRects()) {
        QCPAxis* axis = rect->axis(QCPAxis::atLeft);
        if (axis == nullptr) continue;
        // Durations have a tick at 1, 2 and 5 of each power where there is room; plain numbers read best with few.
        const int most = axis->ticker().dynamicCast<DurationTicker>() ? 12 : 5;
        const int ticks = std::clamp(static_cast<int>(rect->height() / (1.7 * metrics.height())), 2, most);
        if (axis->ticker()->tickCount() == ticks) continue;
        axis->ticker()->setTickCount(ticks);
        ticks_changed = true;
    }
    if (ticks_changed) plot_->replot(QCustomPlot::rpQueuedReplot);
    for (QCPAxisRect* rect : plot_->axisRects())
        for (QCPAxis* axis : rect->axes()) {
            const QString whole = axis->property("whole label").toString();
            if (whole.isEmpty()) continue;
            const int room = rect->height();
            QString label = whole;
            const qsizetype bracket = whole.lastIndexOf(QStringLiteral(" ("));
            if (metrics.horizontalAdvance(whole) > room && bracket > 0) {
                const QString unit = whole.mid(bracket);
                const int left = room - metrics.horizontalAdvance(unit);
                label = left > 7 * metrics.averageCharWidth() ? metrics.elidedText(whole.left(bracket), Qt::ElideMiddle, left) + unit : metrics.elidedText(unit.mid(2).chopped(1), Qt::ElideRight, room);
            } else if (metrics.horizontalAdvance(whole) > room) {
                label = metrics.elidedText(whole, Qt::ElideRight, room);
            }
            if (axis->label() != label) axis->setLabel(label);
        }
}

void Chart::add_actions()
{
    setContextMenuPolicy(Qt::ActionsContextMenu);
    const auto add = [this](const QString& text, const QKeySequence& keys, auto&& act) {
        auto* action = new QAction(text, this);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, act);
        addAction(action);
    };
    add(tr("Show Everything"), Qt::Key_0, &Chart::user_reset);
    add(tr("Zoom In"), Qt::Key_Plus, &Chart::zoom_in);
    add(tr("Zoom Out"), Qt::Key_Minus, &Chart::zoom_out);
    add(tr("Copy Image"), QKeySequence::Copy, &Chart::copy_image);
    add(tr("Export as PNG or SVG…"), QKeySequence(), &Chart::ask_and_export_image);
    add(tr("Export Values as CSV…"), QKeySequence(), &Chart::ask_and_export_csv);
}

void Chart::share_time(std::optional<TimeRange> visible, TimeRange whole)
{
    const bool same = visible == shared_time_ && whole == shared_whole_;
    shared_time_ = visible;
    shared_whole_ = whole;
    if (same && visible == time_in_sight()) return;
    // Charts of tabs behind follow when they are seen: painting them all for every step of a pan would make it jerk.
    if (isVisible()) apply_shared_time();
    else shared_time_missed_ = true;
}

void Chart::apply_shared_time()
{
    shared_time_missed_ = false;
    if (!time_in_sight()) return;
    if (shared_time_) show_time(*shared_time_);
    else reset_view();
}

void Chart::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (shared_time_missed_) apply_shared_time();
}

TimeRange Chart::whole_time(TimeRange data) const
{
    constexpr double least_share = 0.05;
    const double whole = shared_whole_.seconds();
    return whole > 0 && data.seconds() >= whole * least_share ? shared_whole_ : data;
}

template <class Act>
void Chart::by_user(Act&& act)
{
    const auto before = time_in_sight();
    act();
    const auto after = time_in_sight();
    if (before && after && *before != *after) emit time_moved(after->from_ns, after->to_ns);
}

void Chart::user_reset()
{
    reset_view();
    if (time_in_sight()) emit time_reset();
}

void Chart::zoom_in()
{
    by_user([this] { zoom(1.4); });
}

void Chart::zoom_out()
{
    by_user([this] { zoom(1 / 1.4); });
}

QWidget& Chart::canvas() { return *plot_; }

QStringList Chart::axis_labels() const
{
    QStringList labels;
    for (const QCPAxisRect* rect : plot_->axisRects())
        for (const QCPAxis* axis : rect->axes())
            if (const QString whole = axis->property("whole label").toString(); !whole.isEmpty()) labels += whole;
            else if (!axis->label().isEmpty()) labels += axis->label();
    return labels;
}

int Chart::widest_data_line() const
{
    int widest = 0;
    for (int i = 0; i < plot_->graphCount(); ++i) widest = std::max(widest, plot_->graph(i)->pen().width());
    return widest;
}

void Chart::set_hint(const QString& text) { hint_->setText(text); }

void Chart::set_empty(bool empty)
{
    empty_ = empty;
    stack_->setCurrentWidget(empty ? static_cast<QWidget*>(hint_) : body_);
}

void Chart::set_drag(Drag drag) { drag_ = drag; }

void Chart::apply_colors()
{
    plot_->setBackground(colors_.base);
    QFont font = this->font();
    for (QCPAxisRect* rect : plot_->axisRects())
        for (QCPAxis* axis : rect->axes()) {
            axis->setBasePen(QPen(colors_.muted));
            axis->setTickPen(QPen(colors_.muted));
            axis->setSubTickPen(QPen(colors_.grid));
            axis->setTickLabelColor(colors_.text);
            axis->setLabelColor(colors_.text);
            axis->setTickLabelFont(font);
            axis->setLabelFont(font);
            axis->grid()->setPen(QPen(colors_.grid, 1));
            axis->grid()->setSubGridVisible(false);
            axis->grid()->setZeroLinePen(QPen(colors_.grid, 1));
        }
}

void Chart::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange) return;
    colors_ = view_colors(palette());
    apply_colors();
    plot_->replot(QCustomPlot::rpQueuedReplot);
}

void Chart::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left: return by_user([this] { pan(-0.2, 0); });
    case Qt::Key_Right: return by_user([this] { pan(0.2, 0); });
    case Qt::Key_Up: return pan(0, 0.2);
    case Qt::Key_Down: return pan(0, -0.2);
    case Qt::Key_Equal: return zoom_in();
    case Qt::Key_Home: return user_reset();
    default: QWidget::keyPressEvent(event);
    }
}

bool Chart::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != plot_ || empty_) return QWidget::eventFilter(watched, event);
    switch (event->type()) {
    case QEvent::Wheel: {
        auto* wheel = static_cast<QWheelEvent*>(event);
        const QPoint angle = wheel->angleDelta();
        by_user([&] { wheel_turned(wheel->position().toPoint(), (angle.y() != 0 ? angle.y() : angle.x()) / 120.0, wheel->modifiers()); });
        return true;
    }
    case QEvent::MouseButtonPress: {
        auto* mouse = static_cast<QMouseEvent*>(event);
        if (mouse->button() == Qt::RightButton) return false;
        setFocus(Qt::MouseFocusReason);
        press_ = pan_from_ = mouse->position().toPoint();
        pressed_ = true;
        moved_ = false;
        selecting_ = mouse->button() == Qt::LeftButton && (drag_ == Drag::select) != bool(mouse->modifiers() & Qt::ShiftModifier);
        return true;
    }
    case QEvent::MouseMove: {
        const QPoint at = static_cast<QMouseEvent*>(event)->position().toPoint();
        if (!pressed_) { pointer_moved(at); return true; }
        if (!moved_ && (at - press_).manhattanLength() < QApplication::startDragDistance()) return true;
        moved_ = true;
        if (selecting_) {
            if (band_ == nullptr) band_ = new QRubberBand(QRubberBand::Rectangle, plot_);
            band_->setGeometry(QRect(press_, at).normalized());
            band_->show();
        } else {
            plot_->setCursor(Qt::ClosedHandCursor);
            by_user([&] {
                pan(-static_cast<double>(at.x() - pan_from_.x()) / std::max(1, plot_->axisRect()->width()),
                    static_cast<double>(at.y() - pan_from_.y()) / std::max(1, plot_->axisRect()->height()));
            });
            pan_from_ = at;
        }
        return true;
    }
    case QEvent::MouseButtonRelease: {
        if (!pressed_) return false;
        pressed_ = false;
        plot_->unsetCursor();
        if (band_ != nullptr) band_->hide();
        if (!moved_) clicked(press_);
        else if (selecting_) by_user([&] { rect_selected(QRect(press_, static_cast<QMouseEvent*>(event)->position().toPoint()).normalized()); });
        return true;
    }
    case QEvent::MouseButtonDblClick: user_reset(); return true;
    default: return QWidget::eventFilter(watched, event);
    }
}

QString Chart::export_image(const QString& path)
{
    const QSize size = plot_->size();
    if (path.endsWith(QStringLiteral(".svg"), Qt::CaseInsensitive)) {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly)) return tr("%1 could not be written: %2").arg(path, file.errorString());
        QSvgGenerator generator;
        generator.setOutputDevice(&file);
        generator.setSize(size);
        generator.setViewBox(QRect(QPoint(0, 0), size));
        generator.setTitle(windowTitle());
        QCPPainter painter(&generator);
        painter.setMode(QCPPainter::pmVectorized);
        painter.fillRect(QRect(QPoint(0, 0), size), colors_.base);
        plot_->toPainter(&painter, size.width(), size.height());
        painter.end();
        return file.commit() ? QString() : tr("%1 could not be written: %2").arg(path, file.errorString());
    }
    return plot_->savePng(path, size.width(), size.height(), 2.0) ? QString() : tr("%1 could not be written").arg(path);
}

void Chart::copy_image() { QApplication::clipboard()->setPixmap(plot_->toPixmap(0, 0, 2.0)); }

void Chart::ask_and_export_image()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Export chart"), QStringLiteral("chart.png"), tr("Images (*.png *.svg)"));
    if (path.isEmpty()) return;
    const QString problem = export_image(path);
    if (!problem.isEmpty()) emit failed(problem);
}

void Chart::ask_and_export_csv()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Export values"), QStringLiteral("chart.csv"), tr("CSV (*.csv)"));
    if (path.isEmpty()) return;
    QSaveFile file(path);
    const QByteArray bytes = csv().toUtf8();
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
        emit failed(tr("%1 could not be written: %2").arg(path, file.errorString()));
}

}  // namespace casebook
