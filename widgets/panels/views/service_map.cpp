#include "widgets/panels/views/service_map.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/charts/time_text.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QPainterPathStroker>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr double node_width = 170, node_height = 58, layer_gap = 110, node_gap = 22;

QString rate_text(std::uint64_t calls, double seconds)
{
    return QString::fromStdString(format_number(static_cast<double>(calls) / std::max(1e-3, seconds), 3)) + QStringLiteral("/s");
}

QString ns_text(double ns) { return duration_text(static_cast<std::int64_t>(ns)); }

QString share_text(std::uint64_t part, std::uint64_t whole)
{
    return QString::fromStdString(format_percent(whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0));
}

}  // namespace

ServiceMap::ServiceMap(QWidget* parent) : QWidget(parent), colors_(view_colors(palette()))
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(tr("Service map"));
}

void ServiceMap::set_graph(ServiceGraph graph)
{
    graph_ = std::move(graph);
    current_.reset();
    layer_sizes_.clear();
    for (const auto& node : graph_.nodes) {
        if (static_cast<std::size_t>(node.layer) >= layer_sizes_.size()) layer_sizes_.resize(static_cast<std::size_t>(node.layer) + 1, 0);
        ++layer_sizes_[static_cast<std::size_t>(node.layer)];
    }
    fit();
}

QRectF ServiceMap::place_of(std::size_t index) const
{
    const auto& node = graph_.nodes[index];
    const double step = node_height + node_gap;
    const double top = -step * (layer_sizes_[static_cast<std::size_t>(node.layer)] - 1) / 2;
    return {node.layer * (node_width + layer_gap), top + node.place * step - node_height / 2, node_width, node_height};
}

QRectF ServiceMap::rect_of(std::size_t node) const
{
    const QRectF place = place_of(node);
    return {place.topLeft() * scale_ + offset_, place.size() * scale_};
}

void ServiceMap::fit()
{
    fitted_ = true;
    QRectF all;
    for (std::size_t node = 0; node < graph_.nodes.size(); ++node) all |= place_of(node);
    if (all.isEmpty()) return update();
    all.adjust(-20, -30, 20, 30);
    scale_ = std::clamp(std::min(width() / all.width(), height() / all.height()), 0.05, 1.15);
    offset_ = QPointF(width() / 2.0, height() / 2.0) - all.center() * scale_;
    update();
}

void ServiceMap::set_current(const QString& service)
{
    current_.reset();
    for (std::size_t node = 0; node < graph_.nodes.size(); ++node)
        if (to_qt(graph_.nodes[node].name) == service) current_ = node;
    update();
}

QPainterPath ServiceMap::path_of(const ServiceGraph::Edge& edge) const
{
    const QRectF from = place_of(edge.from), to = place_of(edge.to);
    QPainterPath path;
    if (edge.from == edge.to) {
        path.addEllipse(QPointF(from.right() - 18, from.top() - 6), 16, 12);
        return path;
    }
    const QPointF start(from.right(), from.center().y()), end(to.left(), to.center().y());
    const double bend = std::max(40.0, std::fabs(end.x() - start.x()) / 2);
    path.moveTo(start);
    path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end);
    return path;
}

void ServiceMap::paint_edge(QPainter& painter, const ServiceGraph::Edge& edge, double busiest) const
{
    const bool marked = current_ && (edge.from == *current_ || edge.to == *current_), failing = edge.errors > 0;
    const double width = 1 + 5 * std::sqrt(static_cast<double>(edge.calls) / std::max(1.0, busiest));
    QColor color = failing ? colors_.error : colors_.muted;
    if (current_ && !marked) color.setAlpha(70);
    const QPainterPath path = path_of(edge);
    painter.setBrush(Qt::NoBrush);
    // Failing calls are dashed as well as coloured; calls that close a cycle are dotted.
    painter.setPen(QPen(color, width, edge.back ? Qt::DotLine : failing ? Qt::DashLine : Qt::SolidLine, Qt::FlatCap));
    painter.drawPath(path);
    if (edge.from != edge.to) {
        const QPointF tip = path.currentPosition();
        const double size = 5 + width;
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        const QPointF arrow[]{tip, tip + QPointF(-size * 1.4, -size * 0.7), tip + QPointF(-size * 1.4, size * 0.7)};
        painter.drawPolygon(arrow, 3);
    }
    if (scale_ < 0.55 || (current_ && !marked)) return;
    QString text = ns_text(edge.p95_ns);
    if (failing) text += QStringLiteral(" ! ") + share_text(edge.errors, edge.calls);
    QRectF place = QRectF(painter.fontMetrics().boundingRect(text)).adjusted(-3, -1, 3, 1);
    place.moveCenter(path.pointAtPercent(0.6));
    QColor plate = colors_.base;
    plate.setAlpha(215);
    painter.fillRect(place, plate);
    painter.setPen(failing ? colors_.error : colors_.text);
    painter.drawText(place, Qt::AlignCenter, text);
}

void ServiceMap::paint_node(QPainter& painter, std::size_t index) const
{
    const auto& node = graph_.nodes[index];
    const QRectF place = place_of(index);
    const QColor service = node.peer ? colors_.muted : colors_.category(numbers_->number(to_qt(node.name)));
    painter.setBrush(colors_.raised);
    const bool current = current_ == index;
    painter.setPen(QPen(current ? colors_.evidence : node.errors > 0 ? colors_.error : colors_.muted, current ? 3 : 1.2, node.peer ? Qt::DashLine : Qt::SolidLine));
    painter.drawRoundedRect(place, 6, 6);
    painter.fillRect(QRectF(place.left() + 5, place.top() + 6, 5, place.height() - 12), service);
    const QRectF inside = place.adjusted(16, 4, -6, -4);
    const double line = inside.height() / 3;
    QFont bold = font();
    bold.setBold(true);
    painter.setFont(bold);
    painter.setPen(colors_.text);
    painter.drawText(QRectF(inside.left(), inside.top(), inside.width(), line), Qt::AlignLeft | Qt::AlignVCenter, QFontMetrics(bold).elidedText(to_qt_line(node.name, 100), Qt::ElideMiddle, static_cast<int>(inside.width())));
    painter.setFont(font());
    painter.drawText(QRectF(inside.left(), inside.top() + line, inside.width(), line), Qt::AlignLeft | Qt::AlignVCenter, tr("%1, P95 %2").arg(rate_text(node.calls, graph_.seconds), ns_text(node.p95_ns)));
    painter.setPen(node.errors > 0 ? colors_.error : colors_.muted);
    painter.drawText(QRectF(inside.left(), inside.top() + 2 * line, inside.width(), line), Qt::AlignLeft | Qt::AlignVCenter,
                     node.errors > 0 ? tr("! %1 failed").arg(share_text(node.errors, node.calls)) : tr("no errors"));
}

void ServiceMap::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), colors_.base);
    if (graph_.nodes.empty()) {
        painter.setPen(colors_.muted);
        painter.drawText(rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, tr("No services. Import traces: OTLP, Jaeger or Zipkin."));
        return;
    }
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(offset_);
    painter.scale(scale_, scale_);
    double busiest = 0;
    for (const auto& edge : graph_.edges) busiest = std::max(busiest, static_cast<double>(edge.calls));
    for (const auto& edge : graph_.edges) paint_edge(painter, edge, busiest);
    for (std::size_t node = 0; node < graph_.nodes.size(); ++node) paint_node(painter, node);
    painter.restore();
    painter.setPen(colors_.muted);
    QString note = tr("Lines: P95 of the calls; dashed and red: some failed; dashed box: seen from its callers only");
    if (graph_.left_out > 0) note += tr("; %1 more services with fewer calls are not shown").arg(graph_.left_out);
    painter.drawText(rect().adjusted(8, 4, -8, -4), Qt::AlignLeft | Qt::AlignBottom | Qt::TextWordWrap, note);
    if (hasFocus()) {
        painter.setPen(colors_.accent);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

std::optional<std::size_t> ServiceMap::node_at(QPoint point) const
{
    for (std::size_t node = 0; node < graph_.nodes.size(); ++node)
        if (rect_of(node).contains(point)) return node;
    return {};
}

QString ServiceMap::node_text(std::size_t index) const
{
    const auto& node = graph_.nodes[index];
    QString text = to_qt_line(node.name, 200) + tr("\nCalls: %1 (%2)").arg(count_text(static_cast<std::int64_t>(node.calls)), rate_text(node.calls, graph_.seconds));
    text += tr("\nFailed: %1 (%2)").arg(count_text(static_cast<std::int64_t>(node.errors)), share_text(node.errors, node.calls));
    text += tr("\nP50 %1, P95 %2").arg(exact_duration_text(static_cast<std::int64_t>(node.p50_ns)), exact_duration_text(static_cast<std::int64_t>(node.p95_ns)));
    if (!node.peer) text += tr("\nOwn time: %1").arg(exact_duration_text(node.own_ns));
    return text;
}

QString ServiceMap::edge_text(std::size_t index) const
{
    const auto& edge = graph_.edges[index];
    return tr("%1 calls %2\nCalls: %3 (%4)\nFailed: %5 (%6)\nP50 %7, P95 %8")
        .arg(to_qt_line(graph_.nodes[edge.from].name, 100), to_qt_line(graph_.nodes[edge.to].name, 100), count_text(static_cast<std::int64_t>(edge.calls)), rate_text(edge.calls, graph_.seconds),
             count_text(static_cast<std::int64_t>(edge.errors)), share_text(edge.errors, edge.calls), exact_duration_text(static_cast<std::int64_t>(edge.p50_ns)), exact_duration_text(static_cast<std::int64_t>(edge.p95_ns)));
}

QString ServiceMap::text() const
{
    QString text;
    for (std::size_t edge = 0; edge < graph_.edges.size(); ++edge) text += edge_text(edge).replace(QLatin1Char('\n'), QStringLiteral("; ")) + QLatin1Char('\n');
    return text;
}

void ServiceMap::mark(std::size_t node)
{
    current_ = node;
    setAccessibleDescription(node_text(node));
    update();
}

void ServiceMap::keyPressEvent(QKeyEvent* event)
{
    if (graph_.nodes.empty()) return QWidget::keyPressEvent(event);
    if (event->key() == Qt::Key_0) return fit();
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && current_) return emit service_chosen(to_qt(graph_.nodes[*current_].name));
    if (event->key() == Qt::Key_Escape) { current_.reset(); return update(); }
    QPointF way;
    switch (event->key()) {
    case Qt::Key_Left: way = {-1, 0}; break;
    case Qt::Key_Right: way = {1, 0}; break;
    case Qt::Key_Up: way = {0, -1}; break;
    case Qt::Key_Down: way = {0, 1}; break;
    default: return QWidget::keyPressEvent(event);
    }
    if (!current_) return mark(0);
    // The nearest node in that direction.
    const QPointF from = place_of(*current_).center();
    std::optional<std::size_t> best;
    double least = 1e300;
    for (std::size_t node = 0; node < graph_.nodes.size(); ++node) {
        const QPointF by = place_of(node).center() - from;
        const double along = QPointF::dotProduct(by, way), aside = std::fabs(by.x() * way.y() - by.y() * way.x());
        if (along < 1 || along + 2 * aside >= least) continue;
        least = along + 2 * aside;
        best = node;
    }
    if (best) mark(*best);
}

void ServiceMap::mousePressEvent(QMouseEvent* event)
{
    press_ = event->position().toPoint();
    press_offset_ = offset_;
    if (const auto node = node_at(press_)) mark(*node);
    else { current_.reset(); update(); }
}

void ServiceMap::mouseMoveEvent(QMouseEvent* event)
{
    if (!(event->buttons() & (Qt::LeftButton | Qt::MiddleButton))) return;
    fitted_ = false;
    offset_ = press_offset_ + (event->position() - press_);
    update();
}

void ServiceMap::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (const auto node = node_at(event->position().toPoint())) emit service_chosen(to_qt(graph_.nodes[*node].name));
    else fit();
}

void ServiceMap::wheelEvent(QWheelEvent* event)
{
    const double scale = std::clamp(scale_ * std::pow(1.15, event->angleDelta().y() / 120.0), 0.05, 4.0);
    offset_ = event->position() - (event->position() - offset_) * (scale / scale_);
    scale_ = scale;
    fitted_ = false;
    update();
}

bool ServiceMap::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    auto* help = static_cast<QHelpEvent*>(event);
    if (const auto node = node_at(help->pos())) {
        QToolTip::showText(help->globalPos(), node_text(*node), this);
        return true;
    }
    const QPointF at = (QPointF(help->pos()) - offset_) / scale_;
    for (std::size_t edge = 0; edge < graph_.edges.size(); ++edge) {
        QPainterPathStroker stroker;
        stroker.setWidth(12 / scale_);
        if (!stroker.createStroke(path_of(graph_.edges[edge])).contains(at)) continue;
        QToolTip::showText(help->globalPos(), edge_text(edge), this);
        return true;
    }
    QToolTip::hideText();
    return true;
}

void ServiceMap::resizeEvent(QResizeEvent*)
{
    if (fitted_) fit();
}

void ServiceMap::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) colors_ = view_colors(palette());
    update();
}

}  // namespace casebook
