#include "widgets/panels/views/treemap.h"

#include "analyzers/core/text.h"
#include "widgets/charts/time_text.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr std::size_t most_tiles = 200;
constexpr double least_moved = 0.005;    // less than this of the size is as before
constexpr qsizetype least_letters = 7;  // of a shortened name

/// The worst ratio of sides when a row of sizes with this sum, least and most fills a side of this length.
double worst_ratio(double sum, double least, double most, double side)
{
    const double square = side * side, sum_square = sum * sum;
    return std::max(square * most / sum_square, sum_square / (square * least));
}

/// Where a long name may be broken: "java.util.", "Hash", "Map", "$Node[]".
QStringList parts_of(const QString& name)
{
    QStringList parts{QString()};
    for (qsizetype i = 0; i < name.size(); ++i) {
        const bool hump = name[i].isUpper() && i > 0 && name[i - 1].isLower();
        if (!parts.last().isEmpty() && (hump || name[i] == QLatin1Char('$') || name[i - 1] == QLatin1Char('.') || name[i - 1] == QLatin1Char('/'))) parts += QString();
        parts.last() += name[i];
    }
    return parts;
}

/// A name without its package: "java.util.HashMap$Node[]" is "HashMap$Node[]".
QString without_package(const QString& name)
{
    qsizetype cut = -1;
    for (qsizetype i = 0; i < name.size() && name[i] != QLatin1Char('<') && name[i] != QLatin1Char('('); ++i)
        if (name[i] == QLatin1Char('.') || name[i] == QLatin1Char('/')) cut = i;
    return cut >= 0 && cut + 1 < name.size() ? name.mid(cut + 1) : name;
}

}  // namespace

QStringList Treemap::label_of(const QString& name, const QFontMetrics& metrics, const QSize& room)
{
    const int most_lines = room.height() / std::max(1, metrics.height());
    if (most_lines < 1) return {};
    if (metrics.horizontalAdvance(name) <= room.width()) return {name};
    // The package goes first, then the name is broken where it may be. A torn name would say less than none.
    const QString text = without_package(name);
    QStringList lines{QString()};
    for (const QString& part : parts_of(text)) {
        if (metrics.horizontalAdvance(lines.last() + part) > room.width() && !lines.last().isEmpty()) lines += QString();
        lines.last() += part;
        if (lines.size() > most_lines || metrics.horizontalAdvance(lines.last()) > room.width()) {
            const QString short_text = metrics.elidedText(text, Qt::ElideMiddle, room.width());
            return short_text.size() >= least_letters ? QStringList{short_text} : QStringList();
        }
    }
    return lines;
}

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
        for (std::size_t i = most_tiles; i < items_.size(); ++i) {
            rest.size += items_[i].size;
            if (items_[i].before) rest.before = rest.before.value_or(0) + *items_[i].before;
        }
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

QColor Treemap::fill_of(const Item& item) const
{
    // Areas say how much, so that colour is free to say how it moved: the part of the size that is new, or that went.
    if (!item.before) return ViewColors::mix(colors_.accent, colors_.base, 0.25 + 0.6 * item.size / std::max(1e-9, items_.front().size));
    const double moved = (item.size - *item.before) / std::max({1e-9, item.size, *item.before});
    if (std::fabs(moved) < least_moved) return ViewColors::mix(colors_.muted, colors_.base, 0.3);
    return ViewColors::mix(moved > 0 ? colors_.error : colors_.good, colors_.base, 0.25 + 0.6 * std::min(1.0, std::fabs(moved)));
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
        const QColor fill = fill_of(item);
        painter.fillRect(area, fill);
        const bool current = item.name == current_;
        if (current) {
            painter.setPen(QPen(colors_.evidence, 3));
            painter.drawRect(area.adjusted(1, 1, -2, -2));
        }
        const QRect room = area.adjusted(6, 4, -5, -3);
        const QStringList lines = label_of(item.name, fontMetrics(), room.size());
        painter.setPen(ViewColors::ink_on(fill));
        int y = room.top();
        for (const QString& line : lines) {
            painter.drawText(QRect(room.left(), y, room.width(), fontMetrics().height()), Qt::AlignLeft | Qt::AlignTop, line);
            y += fontMetrics().height();
        }
        const QString percent = QString::fromStdString(format_percent(item.size / sum_));
        if (!lines.isEmpty() && y + fontMetrics().height() <= room.bottom() + 1 && fontMetrics().horizontalAdvance(percent) <= room.width())
            painter.drawText(QRect(room.left(), y, room.width(), fontMetrics().height()), Qt::AlignLeft | Qt::AlignTop, percent);
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
            QString text = tr("%1\n%2 (%3)").arg(item.name, item.exact, QString::fromStdString(format_percent(item.size / sum_)));
            if (item.before) text += tr("\nbefore: %1").arg(exact_bytes_text(static_cast<std::int64_t>(*item.before)));
            QToolTip::showText(help->globalPos(), text, this);
            return true;
        }
    QToolTip::hideText();
    return true;
}

}  // namespace casebook
