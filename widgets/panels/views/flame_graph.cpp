#include "widgets/panels/views/flame_graph.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/charts/time_text.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace casebook {

FlameGraph::FlameGraph(QWidget* parent) : QAbstractScrollArea(parent), colors_(view_colors(palette())), hint_(tr("Nothing to show."))
{
    setFocusPolicy(Qt::StrongFocus);
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setAccessibleName(tr("Flame graph"));
    viewport()->setMouseTracking(true);
}

void FlameGraph::set_data(std::shared_ptr<const FlameData> data)
{
    data_ = std::move(data);
    label_colors_.assign(data_ ? data_->labels() : 0, -1);
    label_matches_.clear();
    current_ = FlameData::none;
    zoom_to(FlameData::none);
    verticalScrollBar()->setValue(root_on_top_ ? 0 : verticalScrollBar()->maximum());
}

void FlameGraph::set_root_on_top(bool on_top)
{
    if (root_on_top_ == on_top) return;
    root_on_top_ = on_top;
    verticalScrollBar()->setValue(verticalScrollBar()->maximum() - verticalScrollBar()->value());  // what was in sight stays
    viewport()->update();
}

int FlameGraph::row_height() const { return std::max(16, fontMetrics().height() + 4); }

double FlameGraph::x_of(double cost) const { return (cost - view_left_) / view_width_ * viewport()->width(); }

int FlameGraph::content_height() const { return data_ ? static_cast<int>(data_->depth_count()) * row_height() : 0; }

int FlameGraph::y_of(std::uint32_t depth) const
{
    const int top = static_cast<int>(depth) * row_height();
    return (root_on_top_ ? top : std::max(content_height(), viewport()->height()) - top - row_height()) - verticalScrollBar()->value();
}

std::int64_t FlameGraph::depth_at(int y) const
{
    const int below = y + verticalScrollBar()->value();
    return root_on_top_ ? below / row_height() : (std::max(content_height(), viewport()->height()) - 1 - below) / row_height();
}

void FlameGraph::update_scroll_bar()
{
    QScrollBar* bar = verticalScrollBar();
    const bool at_root = !root_on_top_ && bar->value() == bar->maximum();
    bar->setPageStep(viewport()->height());
    bar->setSingleStep(row_height());
    bar->setRange(0, std::max(0, content_height() - viewport()->height()));
    if (at_root) bar->setValue(bar->maximum());
}

double FlameGraph::find(const QString& text)
{
    label_matches_.clear();
    viewport()->update();
    if (text.isEmpty() || !data_ || data_->empty()) return 0;
    label_matches_.resize(data_->labels());
    const std::string part = text.toStdString();
    for (std::uint32_t label = 0; label < data_->labels(); ++label)
        label_matches_[label] = contains_ignoring_case(data_->text(label), part) || contains_ignoring_case(data_->group(label), part);
    // Pre-order: below a match nothing counts again.
    double sum = 0;
    std::uint32_t inside = FlameData::none;
    for (Node node = 0; node < data_->size(); ++node) {
        if (inside != FlameData::none && data_->depth(node) > inside) continue;
        inside = FlameData::none;
        if (!label_matches_[data_->label(node)]) continue;
        sum += data_->total(node);
        inside = data_->depth(node);
    }
    return data_->total() > 0 ? sum / data_->total() : 0;
}

void FlameGraph::go_to(Node node)
{
    if (!data_ || node >= data_->size()) return;
    current_ = node;
    if (data_->left(node) + data_->total(node) <= view_left_ || data_->left(node) >= view_left_ + view_width_) zoom_to(FlameData::none);
    const int top = y_of(data_->depth(node)), value = verticalScrollBar()->value();
    if (top < 0) verticalScrollBar()->setValue(value + top);
    else if (top + row_height() > viewport()->height()) verticalScrollBar()->setValue(value + top + row_height() - viewport()->height());
    setAccessibleDescription(node_text(node));
    QAccessibleEvent event(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
    viewport()->update();
    emit current_changed(node);
}

void FlameGraph::zoom_to(Node node)
{
    zoomed_ = node;
    view_left_ = node == FlameData::none || !data_ ? 0 : data_->left(node);
    view_width_ = !data_ ? 1 : node == FlameData::none ? data_->total() : data_->total(node);
    if (!(view_width_ > 0)) view_width_ = 1;
    update_scroll_bar();
    viewport()->update();
    emit zoom_changed();
}

void FlameGraph::go_to_next_match()
{
    if (!data_ || label_matches_.empty()) return;
    const auto size = static_cast<Node>(data_->size());
    const Node from = current_ == FlameData::none ? size - 1 : current_;
    for (Node step = 1; step <= size; ++step)
        if (const Node node = static_cast<Node>((static_cast<std::uint64_t>(from) + step) % size); label_matches_[data_->label(node)]) return go_to(node);
}

const QColor& FlameGraph::color_of(std::uint32_t label)
{
    int& number = label_colors_[label];
    if (number < 0) number = static_cast<int>(numbers_->number(to_qt_line(data_->group(label), 200)));
    return colors_.category(static_cast<std::size_t>(number));
}

void FlameGraph::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), colors_.base);
    if (!data_ || data_->empty()) {
        painter.setPen(colors_.muted);
        painter.drawText(viewport()->rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, hint_);
        return;
    }
    const int height = row_height(), width = viewport()->width();
    const auto [least, most] = std::minmax({depth_at(0), depth_at(viewport()->height() - 1)});  // a list: two values would dangle
    const auto first = static_cast<std::uint32_t>(std::max<std::int64_t>(0, least));
    const std::uint32_t last = std::min(data_->depth_count(), static_cast<std::uint32_t>(std::max<std::int64_t>(0, most + 1)));
    for (std::uint32_t depth = first; depth < last; ++depth) {
        const auto& level = data_->level(depth);
        const int y = y_of(depth);
        const auto after = [&](double cost, auto from) {
            return std::partition_point(from, level.end(), [&](Node node) { return data_->left(node) + data_->total(node) <= cost; });
        };
        for (auto at = after(view_left_, level.begin()); at != level.end();) {
            const Node node = *at;
            const double left = x_of(data_->left(node)), right = x_of(data_->left(node) + data_->total(node));
            if (left >= width) break;
            const int from = std::max(0, static_cast<int>(std::floor(left))), to = std::min(width, std::max(from + 1, static_cast<int>(std::floor(right))));
            const QRect area(from, y, std::max(1, to - from - 1), height - 1);
            QColor fill = color_of(data_->label(node));
            const bool matched = !label_matches_.empty() && label_matches_[data_->label(node)];
            // What is not looked for steps back; ancestors of the zoomed node are context only.
            if (!label_matches_.empty() && !matched) fill = ViewColors::mix(fill, colors_.base, 0.25);
            else if (zoomed_ != FlameData::none && depth < data_->depth(zoomed_)) fill = ViewColors::mix(fill, colors_.base, 0.4);
            else if (!matched) fill = ViewColors::mix(fill, colors_.base, 0.7);
            painter.fillRect(area, fill);
            if (matched && area.width() > 3) {
                painter.setPen(QPen(colors_.evidence, 2));
                painter.drawRect(area.adjusted(1, 1, -1, -1));
            }
            if (node == current_) {
                painter.setPen(QPen(colors_.text, 2));
                painter.drawRect(area.adjusted(1, 1, -1, -1));
            }
            if (area.width() > 24) {
                painter.setPen(ViewColors::ink_on(fill));
                painter.drawText(area.adjusted(4, 0, -3, 0), Qt::AlignLeft | Qt::AlignVCenter, fontMetrics().elidedText(to_qt_line(data_->text(data_->label(node)), 200), Qt::ElideRight, area.width() - 7));
            }
            ++at;
            // Everything that would fall on the pixel just painted is skipped.
            if (right - left < 1) at = after(view_left_ + (from + 1.0) / width * view_width_, at);
        }
    }
    if (hasFocus()) {
        painter.setPen(colors_.accent);
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

FlameGraph::Node FlameGraph::node_at(QPoint point) const
{
    if (!data_ || point.y() < 0) return FlameData::none;
    const std::int64_t at_depth = depth_at(point.y());
    if (at_depth < 0 || at_depth >= data_->depth_count()) return FlameData::none;
    const auto depth = static_cast<std::uint32_t>(at_depth);
    const double cost = view_left_ + (point.x() + 0.5) / std::max(1, viewport()->width()) * view_width_;
    const auto& level = data_->level(depth);
    const auto at = std::partition_point(level.begin(), level.end(), [&](Node node) { return data_->left(node) + data_->total(node) <= cost; });
    return at != level.end() && data_->left(*at) <= cost ? *at : FlameData::none;
}

QRect FlameGraph::rect_of(Node node) const
{
    const double left = x_of(data_->left(node)), right = x_of(data_->left(node) + data_->total(node));
    return {static_cast<int>(left), y_of(data_->depth(node)), std::max(1, static_cast<int>(right - left)), row_height()};
}

QString FlameGraph::value_text(double value) const
{
    const auto whole = static_cast<std::int64_t>(std::clamp(value, -9e18, 9e18));
    if (data_->unit() == QLatin1String("ns")) return exact_duration_text(whole);
    if (data_->unit() == QLatin1String("bytes")) return exact_bytes_text(whole);
    return count_text(whole) + QLatin1Char(' ') + data_->unit();
}

QString FlameGraph::node_text(Node node) const
{
    const auto share = [&](double value, double of) { return QString::fromStdString(format_percent(of > 0 ? value / of : 0)); };
    QString text = to_qt_line(data_->text(data_->label(node)), 400);
    const QString group = to_qt_line(data_->group(data_->label(node)), 200);
    if (!group.isEmpty() && group != text) text = group + QStringLiteral("  ") + text;
    text += tr("\nWith all below: %1 (%2)").arg(value_text(data_->total(node)), share(data_->total(node), data_->total()));
    text += tr("\nItself: %1 (%2)").arg(value_text(data_->self(node)), share(data_->self(node), data_->total()));
    if (data_->parent(node) != FlameData::none) text += tr("\nOf its parent: %1").arg(share(data_->total(node), data_->total(data_->parent(node))));
    if (data_->count(node) > 0) text += tr("\nTimes: %1").arg(count_text(static_cast<std::int64_t>(data_->count(node))));
    return text;
}

FlameGraph::Node FlameGraph::neighbour(Node node, int direction) const
{
    const auto& level = data_->level(data_->depth(node));
    const auto at = std::lower_bound(level.begin(), level.end(), node);  // pre-order is left to right
    const auto index = at - level.begin() + direction;
    return index < 0 || index >= static_cast<std::ptrdiff_t>(level.size()) ? node : level[static_cast<std::size_t>(index)];
}

void FlameGraph::keyPressEvent(QKeyEvent* event)
{
    if (!data_ || data_->empty()) return QAbstractScrollArea::keyPressEvent(event);
    const Node node = current_ == FlameData::none ? 0 : current_;
    switch (event->key()) {
    case Qt::Key_Up:
    case Qt::Key_Down:
        if ((event->key() == Qt::Key_Up) == root_on_top_) return go_to(data_->parent(node) == FlameData::none ? node : data_->parent(node));
        return go_to(node + 1 < data_->size() && data_->parent(node + 1) == node ? node + 1 : node);
    case Qt::Key_Left: return go_to(neighbour(node, -1));
    case Qt::Key_Right: return go_to(neighbour(node, 1));
    case Qt::Key_Home: return go_to(0);
    case Qt::Key_Return:
    case Qt::Key_Enter: return zoom_to(node);
    case Qt::Key_Escape:
    case Qt::Key_0: return zoom_to(FlameData::none);
    default: QAbstractScrollArea::keyPressEvent(event);
    }
}

void FlameGraph::mousePressEvent(QMouseEvent* event)
{
    const Node node = node_at(event->position().toPoint());
    if (event->button() != Qt::LeftButton || node == FlameData::none) return;
    go_to(node);
    zoom_to(data_->parent(node) == FlameData::none && data_->total(node) == data_->total() ? FlameData::none : node);
}

void FlameGraph::wheelEvent(QWheelEvent* event)
{
    if (!(event->modifiers() & Qt::ControlModifier) || !data_) return QAbstractScrollArea::wheelEvent(event);
    const double at = view_left_ + event->position().x() / std::max(1, viewport()->width()) * view_width_, whole = data_->total();
    const double width = std::clamp(view_width_ * std::pow(1.25, -event->angleDelta().y() / 120.0), whole / 1e7, whole);
    view_left_ = std::clamp(at - (at - view_left_) / view_width_ * width, 0.0, whole - width);
    view_width_ = width;
    if (width >= whole) zoomed_ = FlameData::none;
    viewport()->update();
    emit zoom_changed();
    event->accept();
}

bool FlameGraph::shows_everything() const { return zoomed_ == FlameData::none && (!data_ || view_width_ >= data_->total()); }

bool FlameGraph::viewportEvent(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return QAbstractScrollArea::viewportEvent(event);
    auto* help = static_cast<QHelpEvent*>(event);
    const Node node = node_at(help->pos());
    if (node == FlameData::none) QToolTip::hideText();
    else QToolTip::showText(help->globalPos(), QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(node_text(node).toHtmlEscaped()), viewport(), rect_of(node));
    return true;
}

void FlameGraph::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    update_scroll_bar();
}

void FlameGraph::changeEvent(QEvent* event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) colors_ = view_colors(palette());
    if (event->type() == QEvent::FontChange) update_scroll_bar();
    viewport()->update();
}

}  // namespace casebook
