#include "widgets/panels/views/state_bars.h"

#include "widgets/charts/view_colors.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <numeric>

namespace casebook {
namespace {

constexpr int margin = 8, gap = 4, widest_column = 48, swatch = 10;

std::size_t sum_of(const std::vector<std::size_t>& counts) { return std::accumulate(counts.begin(), counts.end(), std::size_t{0}); }

/// Hues that keep blocked threads apart from busy and idle ones wherever they stand.
QColor color_of(const QString& state, const ViewColors& colors, std::size_t place)
{
    if (state == QLatin1String("BLOCKED")) return colors.error;
    if (state == QLatin1String("RUNNABLE") || state == QLatin1String("running") || state == QLatin1String("runnable")) return colors.good;
    if (state == QLatin1String("WAITING")) return colors.category(0);
    if (state == QLatin1String("TIMED_WAITING")) return ViewColors::mix(colors.category(0), colors.base, 0.5);
    return colors.category(place + 1);
}

}  // namespace

StateBars::StateBars(QWidget* parent) : QWidget(parent)
{
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Threads by state, dump by dump"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void StateBars::set_columns(const QStringList& states, std::vector<Column> columns)
{
    states_ = states;
    columns_ = std::move(columns);
    most_ = 1;
    for (const Column& column : columns_) most_ = std::max(most_, sum_of(column.counts));
    if (current_ >= static_cast<int>(columns_.size())) current_ = -1;
    update();
}

void StateBars::set_current(int column)
{
    current_ = column;
    update();
}

QSize StateBars::sizeHint() const { return {320, 7 * fontMetrics().height() + 2 * margin}; }

QRect StateBars::plot() const
{
    const int line = fontMetrics().height();
    return rect().adjusted(margin + fontMetrics().horizontalAdvance(QLocale().toString(most_)) + gap, margin + line + gap, -margin, -margin - line - gap);
}

QRect StateBars::column_rect(int column) const
{
    const QRect area = plot();
    const int count = std::max(1, static_cast<int>(columns_.size()));
    const double width = std::min<double>(widest_column, static_cast<double>(area.width()) / count);
    const int left = area.left() + static_cast<int>(column * width), right = area.left() + static_cast<int>((column + 1) * width);
    return {left, area.top(), std::max(1, right - left), area.height()};
}

int StateBars::column_at(int x) const
{
    const int count = static_cast<int>(columns_.size());
    if (count == 0 || x < plot().left()) return -1;
    const double width = std::min<double>(widest_column, static_cast<double>(plot().width()) / count);
    const int column = static_cast<int>((x - plot().left()) / std::max(width, 0.01));
    return column < count ? column : -1;
}

void StateBars::choose(int column)
{
    if (column < 0 || column >= static_cast<int>(columns_.size()) || column == current_) return;
    set_current(column);
    emit chosen(column);
}

void StateBars::mousePressEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton) choose(column_at(event->position().toPoint().x()));
}

void StateBars::keyPressEvent(QKeyEvent* event)
{
    const int last = static_cast<int>(columns_.size()) - 1;
    switch (event->key()) {
    case Qt::Key_Left: return choose(std::max(0, current_ - 1));
    case Qt::Key_Right: return choose(std::min(last, current_ + 1));
    case Qt::Key_Home: return choose(0);
    case Qt::Key_End: return choose(last);
    default: QWidget::keyPressEvent(event);
    }
}

bool StateBars::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    auto* help = static_cast<QHelpEvent*>(event);
    const int at = column_at(help->pos().x());
    if (at < 0) {
        QToolTip::hideText();
        return true;
    }
    const Column& column = columns_[static_cast<std::size_t>(at)];
    QString text = column.name + QLatin1Char('\n') + tr("%1 threads").arg(sum_of(column.counts));
    for (std::size_t i = 0; i < column.counts.size(); ++i)
        if (column.counts[i] > 0) text += QStringLiteral("\n%1: %2").arg(states_[static_cast<qsizetype>(i)]).arg(column.counts[i]);
    QToolTip::showText(help->globalPos(), text, this, column_rect(at));
    return true;
}

void StateBars::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const ViewColors colors = view_colors(palette());
    const QRect area = plot();
    const int line = fontMetrics().height();
    painter.fillRect(rect(), colors.base);

    int x = area.left();
    for (qsizetype i = 0; i < states_.size(); ++i) {  // legend
        const QString name = states_[i].isEmpty() ? tr("no state") : states_[i];
        const int width = swatch + gap + fontMetrics().horizontalAdvance(name);
        if (x + width > area.right()) break;
        painter.fillRect(x, margin + (line - swatch) / 2, swatch, swatch, color_of(states_[i], colors, static_cast<std::size_t>(i)));
        painter.setPen(colors.text);
        painter.drawText(QRect(x + swatch + gap, margin, width, line), Qt::AlignVCenter | Qt::AlignLeft, name);
        x += width + 2 * margin;
    }
    painter.setPen(colors.muted);
    painter.drawText(QRect(margin, area.top(), area.left() - gap - margin, line), Qt::AlignRight | Qt::AlignTop, QLocale().toString(most_));
    if (area.height() >= 2 * line) painter.drawText(QRect(margin, area.bottom() - line, area.left() - gap - margin, line), Qt::AlignRight | Qt::AlignBottom, QStringLiteral("0"));
    painter.setPen(colors.grid);
    painter.drawLine(area.left(), area.bottom() + 1, area.right(), area.bottom() + 1);

    for (int i = 0; i < static_cast<int>(columns_.size()); ++i) {
        const QRect place = column_rect(i);
        const int space = place.width() > 6 ? 2 : 0;
        std::size_t below = 0;
        const Column& column = columns_[static_cast<std::size_t>(i)];
        const auto y_of = [&](std::size_t count) { return place.bottom() + 1 - static_cast<int>(static_cast<double>(count) / static_cast<double>(most_) * place.height()); };
        for (std::size_t state = 0; state < column.counts.size(); ++state) {
            const int bottom = y_of(below), top = y_of(below += column.counts[state]);
            painter.fillRect(place.left() + space, top, place.width() - 2 * space, bottom - top, color_of(states_[static_cast<qsizetype>(state)], colors, state));
        }
        if (i != current_) continue;
        painter.setPen(QPen(colors.accent, 2));
        painter.drawRect(place.adjusted(0, -1, 0, 1));
        const int width = fontMetrics().horizontalAdvance(column.name);
        const int left = std::clamp(place.center().x() - width / 2, area.left(), std::max(area.left(), area.right() - width));
        painter.setPen(colors.text);
        painter.drawText(QRect(left, area.bottom() + gap, width + 2, line), Qt::AlignLeft | Qt::AlignVCenter, column.name);
    }
    if (hasFocus()) {
        painter.setPen(QPen(colors.accent, 1, Qt::DotLine));
        painter.drawRect(rect().adjusted(1, 1, -2, -2));
    }
}

}  // namespace casebook
