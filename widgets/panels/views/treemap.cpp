#include "widgets/panels/views/treemap.h"

#include "analyzers/core/text.h"
#include "widgets/charts/time_text.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

namespace casebook {
namespace {

constexpr std::size_t most_tiles = 200;

/// The worst ratio of sides when a row of sizes with this sum, least and most fills a side of this length.
double worst_ratio(double sum, double least, double most, double side)
{
    const double square = side * side, sum_square = sum * sum;
    return std::max(square * most / sum_square, sum_square / (square * least));
}

}  // namespace

Treemap::Treemap(QWidget* parent) : QWidget(parent), colors_(view_colors(palette()))
{
    setAccessibleName(tr("Treemap"));
    setMouseTracking(false);
}

void Treemap::set_items(std::vector<Item> items, const QString& title)
{
    items_ = std::move(items);
    title_ = title;
    setAccessibleDescription(title);
    sum_ = 0;
    for (const Item& item : items_) sum_ += item.size;
    if (items_.size() > most_tiles) {
        Item rest{tr("%1 more").arg(count_text(static_cast<std::int64_t>(items_.size() - most_tiles))), 0, {}};
        for (std::size_t i = most_tiles; i < items_.size(); ++i) rest.size += items_[i].size;
        rest.exact = count_text(static_cast<std::int64_t>(rest.size));
        items_.resize(most_tiles);
        items_.push_back(std::move(rest));
    }
    lay_out();
    update();
}

void Treemap::set_current(const QString& name)
{
    current_ = name;
    update();
}

void Treemap::lay_out()
{
    tiles_.clear();
    if (sum_ <= 0) return;
    QRectF free = QRectF(rect()).adjusted(2, fontMetrics().height() + 6, -2, -2);
    if (free.width() < 4 || free.height() < 4) return;
    const double scale = free.width() * free.height() / sum_;
    std::size_t next = 0;
    while (next < items_.size() && items_[next].size > 0) {
        const double side = std::min(free.width(), free.height());
        if (side < 1) break;
        double sum = 0, least = 1e300, most = 0, ratio = 1e300;
        std::size_t end = next;
        for (; end < items_.size() && items_[end].size > 0; ++end) {
            const double area = items_[end].size * scale;
            const double better = worst_ratio(sum + area, std::min(least, area), std::max(most, area), side);
            if (end > next && better > ratio) break;
            ratio = better;
            sum += area;
            least = std::min(least, area);
            most = std::max(most, area);
        }
        const double depth = sum / side;
        double along = 0;
        for (std::size_t i = next; i < end; ++i) {
            const double length = items_[i].size * scale / depth;
            tiles_.push_back({free.width() >= free.height() ? QRectF(free.left(), free.top() + along, depth, length) : QRectF(free.left() + along, free.top(), length, depth), i});
            along += length;
        }
        if (free.width() >= free.height()) free.setLeft(free.left() + depth);
        else free.setTop(free.top() + depth);
        next = end;
    }
}

void Treemap::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), colors_.base);
    painter.setPen(colors_.muted);
    painter.drawText(QRect(4, 2, width() - 8, fontMetrics().height()), Qt::AlignLeft | Qt::AlignVCenter, fontMetrics().elidedText(title_, Qt::ElideRight, width() - 8));
    for (const Tile& tile : tiles_) {
        const Item& item = items_[tile.item];
        const QRect area = tile.area.toRect().adjusted(0, 0, -1, -1);
        // Shades of one hue: areas say how much, colours need not say it again.
        const double share = item.size / std::max(1e-9, items_.front().size);
        const QColor fill = ViewColors::mix(colors_.accent, colors_.base, 0.25 + 0.6 * share);
        painter.fillRect(area, fill);
        const bool current = item.name == current_;
        if (current) {
            painter.setPen(QPen(colors_.evidence, 3));
            painter.drawRect(area.adjusted(1, 1, -2, -2));
        }
        if (area.width() < 40 || area.height() < fontMetrics().height() + 2) continue;
        painter.setPen(ViewColors::ink_on(fill));
        const QString text = fontMetrics().elidedText(item.name, Qt::ElideLeft, area.width() - 8);
        painter.drawText(area.adjusted(4, 2, -4, -2), Qt::AlignLeft | Qt::AlignTop, text);
        if (area.height() > 2 * fontMetrics().height() + 4)
            painter.drawText(area.adjusted(4, 2 + fontMetrics().height(), -4, -2), Qt::AlignLeft | Qt::AlignTop, QString::fromStdString(format_percent(item.size / sum_)));
    }
}

QString Treemap::item_at(QPoint point) const
{
    for (const Tile& tile : tiles_)
        if (tile.area.contains(point)) return items_[tile.item].name;
    return {};
}

void Treemap::resizeEvent(QResizeEvent*) { lay_out(); }

void Treemap::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) colors_ = view_colors(palette());
    if (event->type() == QEvent::FontChange) lay_out();
    update();
}

void Treemap::mousePressEvent(QMouseEvent* event)
{
    const QString name = item_at(event->position().toPoint());
    if (name.isEmpty()) return;
    set_current(name);
    emit item_clicked(name);
}

bool Treemap::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    auto* help = static_cast<QHelpEvent*>(event);
    for (const Tile& tile : tiles_)
        if (tile.area.contains(help->pos())) {
            const Item& item = items_[tile.item];
            QToolTip::showText(help->globalPos(), tr("%1\n%2 (%3)").arg(item.name, item.exact, QString::fromStdString(format_percent(item.size / sum_))), this);
            return true;
        }
    QToolTip::hideText();
    return true;
}

}  // namespace casebook
