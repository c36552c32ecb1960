// How the waterfall paints: header, rows in sight, labels, bars. Nothing here walks the trace.

#include "widgets/charts/line_text.h"
#include "widgets/panels/views/waterfall.h"

#include <QPainter>
#include <QPaintEvent>
#include <QScrollBar>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr int overview_height = 34;
constexpr int twisty = 14;
constexpr double widest_indent = 14;

/// Enough decimals that neighbouring ticks differ.
int decimals_for(double step) { return std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9); }

}  // namespace

int Waterfall::row_height() const { return std::max(16, fontMetrics().height() + 6); }
int Waterfall::header_height() const { return overview_height + fontMetrics().height() + 8; }

int Waterfall::x_of(double offset_ns) const
{
    const double width = viewport()->width() - label_width_;
    const double x = label_width_ + (offset_ns - view_from_) / (view_to_ - view_from_) * width;
    return static_cast<int>(std::floor(std::clamp(x, -1e6, 1e6)));
}

double Waterfall::time_at(int x) const
{
    const double width = std::max(1, viewport()->width() - label_width_);
    return view_from_ + (x - label_width_) / width * (view_to_ - view_from_);
}

std::optional<Waterfall::Node> Waterfall::node_at(QPoint point) const
{
    if (point.y() < header_height() || rows_.empty()) return {};
    const std::int64_t y = static_cast<std::int64_t>(point.y()) - header_height() + verticalScrollBar()->value();
    const auto row = static_cast<std::size_t>(y / row_height());
    if (row >= rows_.tree.visible_count()) return {};
    return rows_.tree.at(row);
}

QRect Waterfall::row_rect(Node node) const
{
    const auto row = static_cast<int>(rows_.tree.row_of(node));
    return {0, header_height() + row * row_height() - verticalScrollBar()->value(), viewport()->width(), row_height()};
}

Waterfall::Indent Waterfall::indent_in_sight(std::size_t first, std::size_t last) const
{
    std::uint32_t least = FlatTree::none, most = 0;
    for (std::size_t row = first; row < last; ++row) {
        const std::uint32_t depth = rows_.tree.depth(rows_.tree.at(row));
        least = std::min(least, depth);
        most = std::max(most, depth);
    }
    const double room = label_width_ * 0.45;
    Indent indent{0, widest_indent};
    if (most * widest_indent <= room) return indent;
    // Too deep for the column: show depth relative to the shallowest row in sight, and the header says from where.
    indent.base = least == FlatTree::none ? 0 : least;
    if (most > indent.base) indent.step = std::min(widest_indent, room / (most - indent.base));
    return indent;
}

int Waterfall::label_x(Node node) const
{
    const std::size_t first = static_cast<std::size_t>(verticalScrollBar()->value() / row_height());
    const std::size_t shown = static_cast<std::size_t>((viewport()->height() - header_height()) / row_height() + 2);
    const Indent indent = indent_in_sight(first, std::min(first + shown, rows_.tree.visible_count()));
    const std::uint32_t depth = rows_.tree.depth(node);
    return 6 + static_cast<int>((depth < indent.base ? 0 : depth - indent.base) * indent.step);
}

void Waterfall::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), colors_.base);
    if (rows_.empty()) {
        painter.setPen(colors_.muted);
        painter.drawText(viewport()->rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, empty_text());
        return;
    }
    const int top = header_height(), height = row_height(), scroll = verticalScrollBar()->value();
    const auto first = static_cast<std::size_t>(scroll / height);
    const auto shown = static_cast<std::size_t>((viewport()->height() - top) / height + 2);
    const std::size_t last = std::min(first + shown, rows_.tree.visible_count());
    const Indent indent = indent_in_sight(first, last);
    painter.setClipRect(0, top, viewport()->width(), viewport()->height() - top);
    for (std::size_t row = first; row < last; ++row) {
        const int y = top + static_cast<int>(row) * height - scroll;
        paint_ground(painter, rows_.tree.at(row), QRect(0, y, viewport()->width(), height), row % 2 == 1);
    }
    paint_grid(painter);
    for (std::size_t row = first; row < last; ++row) {
        const int y = top + static_cast<int>(row) * height - scroll;
        paint_row(painter, rows_.tree.at(row), QRect(0, y, viewport()->width(), height), indent);
    }
    painter.setClipping(false);
    paint_header(painter);
    if (indent.base > 0) {
        painter.setPen(colors_.muted);
        painter.drawText(QRect(8, overview_height, label_width_ - 16, top - overview_height), Qt::AlignRight | Qt::AlignVCenter,
                         tr("from depth %1").arg(count_text(indent.base)));
    }
    painter.setPen(colors_.grid);
    painter.drawLine(label_width_, 0, label_width_, viewport()->height());
    if (drag_ == Drag::zoomStretch && dragged_) {
        const QRect stretch = QRect(QPoint(press_.x(), 0), QPoint(stretch_to_, viewport()->height())).normalized();
        QColor fill = colors_.selection;
        fill.setAlpha(60);
        painter.fillRect(stretch, fill);
        const double ns = std::fabs(time_at(stretch_to_) - time_at(press_.x()));
        painter.setPen(colors_.text);
        painter.drawText(stretch.left() + 4, top + fontMetrics().ascent() + 4, duration_text(static_cast<std::int64_t>(ns)));
    }
    if (hasFocus()) {
        painter.setPen(colors_.accent);
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

void Waterfall::paint_header(QPainter& painter)
{
    const int width = viewport()->width();
    painter.fillRect(0, 0, width, header_height(), colors_.raised);
    paint_overview(painter, QRect(label_width_, 0, width - label_width_, overview_height));
    paint_axis(painter, QRect(label_width_, overview_height, width - label_width_, header_height() - overview_height));
    const auto most = *std::max_element(open_spans_.begin(), open_spans_.end());
    painter.setPen(colors_.muted);
    painter.drawText(QRect(8, 0, label_width_ - 16, overview_height), Qt::AlignRight | Qt::AlignVCenter,
                     tr("open spans, at most %1").arg(count_text(most)));
    painter.setPen(colors_.text);
    painter.drawText(QRect(8, overview_height, label_width_ - 16, header_height() - overview_height),
                     Qt::AlignLeft | Qt::AlignVCenter, tr("Service, operation"));
    painter.setPen(colors_.grid);
    painter.drawLine(0, header_height() - 1, width, header_height() - 1);
}

void Waterfall::paint_overview(QPainter& painter, const QRect& area)
{
    const std::size_t columns = open_spans_.size();
    const double most = std::max<double>(1, *std::max_element(open_spans_.begin(), open_spans_.end()));
    const QColor fill = ViewColors::mix(colors_.accent, colors_.base, 0.55);
    for (int x = 0; x < area.width(); ++x) {
        const auto from = static_cast<std::size_t>(x) * columns / static_cast<std::size_t>(area.width());
        const auto to = std::max(from + 1, static_cast<std::size_t>(x + 1) * columns / static_cast<std::size_t>(area.width()));
        const double open = *std::max_element(open_spans_.begin() + static_cast<std::ptrdiff_t>(from),
                                              open_spans_.begin() + static_cast<std::ptrdiff_t>(std::min(to, columns)));
        // Square root: one open span stays visible beside a thousand.
        const int height = static_cast<int>(std::ceil(std::sqrt(open / most) * (area.height() - 6)));
        painter.fillRect(area.left() + x, area.bottom() - 2 - height, 1, height, fill);
    }
    const double whole = static_cast<double>(rows_.end_ns() - rows_.start_ns());
    const int from = area.left() + static_cast<int>(view_from_ / whole * area.width());
    const int to = area.left() + static_cast<int>(std::ceil(view_to_ / whole * area.width()));
    QColor veil = colors_.base;
    veil.setAlpha(170);
    painter.fillRect(QRect(area.left(), area.top(), from - area.left(), area.height()), veil);
    painter.fillRect(QRect(to, area.top(), area.right() + 1 - to, area.height()), veil);
    painter.setPen(colors_.accent);
    painter.drawRect(from, area.top(), std::max(2, to - from - 1), area.height() - 2);
}

std::vector<double> Waterfall::ticks(ScaledUnit unit) const
{
    const int width = viewport()->width() - label_width_;
    return round_ticks(view_from_ / unit.size, view_to_ / unit.size, std::max(2, width / 110));
}

void Waterfall::paint_grid(QPainter& painter)
{
    const ScaledUnit unit = unit_for_duration(view_to_);
    painter.setPen(colors_.grid);
    for (const double tick : ticks(unit)) {
        const int x = x_of(tick * unit.size);
        painter.drawLine(x, 0, x, viewport()->height());
    }
}

void Waterfall::paint_axis(QPainter& painter, const QRect& area)
{
    const ScaledUnit unit = unit_for_duration(view_to_);
    const std::vector<double> at = ticks(unit);
    const int decimals = decimals_for(at.size() > 1 ? at[1] - at[0] : (view_to_ - view_from_) / unit.size);
    int free_from = area.left();
    for (const double tick : at) {
        const int x = x_of(tick * unit.size);
        painter.setPen(colors_.grid);
        painter.drawLine(x, area.top(), x, area.bottom());
        const QString text = QString::number(tick, 'f', decimals) + QLatin1Char(' ') + QLatin1String(unit.name);
        const int text_width = fontMetrics().horizontalAdvance(text);
        const int left = std::clamp(x + 4, area.left() + 4, std::max(area.left() + 4, area.right() - text_width - 2));
        if (left < free_from) continue;
        painter.setPen(colors_.text);
        painter.drawText(QRect(left, area.top(), text_width + 2, area.height()), Qt::AlignLeft | Qt::AlignVCenter, text);
        free_from = left + text_width + 8;
    }
}

void Waterfall::paint_ground(QPainter& painter, Node node, const QRect& area, bool odd)
{
    const bool evidence = !evidence_marks_.empty() && evidence_marks_[node];
    const auto fill = [&](QColor tint, int alpha) {
        tint.setAlpha(alpha);
        painter.fillRect(area, tint);
    };
    if (node == current_) fill(colors_.selection, hasFocus() ? 90 : 60);
    else if (evidence) fill(colors_.evidence, 46);
    else if (odd) fill(colors_.text, 8);
    if (evidence) painter.fillRect(area.left(), area.top(), 4, area.height(), colors_.evidence);
}

void Waterfall::paint_row(QPainter& painter, Node node, const QRect& area, const Indent& indent)
{
    painter.save();
    painter.setClipRect(area.intersected(QRect(0, header_height(), label_width_, viewport()->height())));
    paint_label(painter, node, area, indent);
    painter.setClipRect(area.intersected(QRect(label_width_ + 1, header_height(), viewport()->width(), viewport()->height())));
    paint_bar(painter, node, area);
    painter.restore();
}

void Waterfall::paint_label(QPainter& painter, Node node, const QRect& area, const Indent& indent)
{
    const std::uint32_t depth = rows_.tree.depth(node);
    int x = 6 + static_cast<int>((depth < indent.base ? 0 : depth - indent.base) * indent.step);
    const int middle = area.top() + area.height() / 2;
    const bool closed = rows_.tree.is_collapsed(node);
    if (rows_.tree.descendants(node) > 0) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(colors_.muted);
        const QPoint open[]{{x + 1, middle - 2}, {x + 9, middle - 2}, {x + 5, middle + 3}};
        const QPoint shut[]{{x + 3, middle - 4}, {x + 3, middle + 5}, {x + 8, middle}};
        painter.drawPolygon(closed ? shut : open, 3);
    }
    x += twisty;
    painter.fillRect(x, area.top() + 4, 4, area.height() - 8, service_color(node));
    x += 9;
    const std::uint32_t errors = rows_.errors_below(node);
    if (rows_.is_error(node) || (closed && errors > 0)) {
        paint_error_mark(painter, {x + 5, middle});
        x += 15;
    }
    const auto write = [&](const QString& text, const QColor& color) {
        if (x >= label_width_ - 8) return;
        painter.setPen(color);
        const QString fitting = fontMetrics().elidedText(text, Qt::ElideRight, label_width_ - 6 - x);
        painter.drawText(x, area.top(), label_width_ - 6 - x, area.height(), Qt::AlignLeft | Qt::AlignVCenter, fitting);
        x += fontMetrics().horizontalAdvance(fitting) + 7;
    };
    if (closed) write(QStringLiteral("+") + count_text(rows_.tree.descendants(node)), colors_.muted);
    if (rows_.is_orphan(node)) write(tr("(parent missing)"), colors_.warning);
    const bool matched = !match_marks_.empty() && match_marks_[node];
    const int text_from = x;
    const Node parent = rows_.tree.parent(node);
    // The service is named where it changes; the stripe's colour carries it from there.
    if (parent == FlatTree::none || spans_->service[rows_.row(parent)] != spans_->service[rows_.row(node)])
        write(service_text(node), colors_.muted);
    write(operation_text(node), colors_.text);
    if (const SpanTable::Id statement = spans_->statement[rows_.row(node)]; statement != 0 && x < label_width_ - 30)
        write(to_qt_line(spans_->text(statement), 160), colors_.muted);
    if (matched) {
        painter.setPen(QPen(colors_.accent, 2, Qt::DotLine));
        painter.drawLine(text_from, area.bottom() - 2, std::min(x - 7, label_width_ - 6), area.bottom() - 2);
    }
}

void Waterfall::paint_stretches(QPainter& painter, const TraceRows::Intervals& stretches, const QRect& bar, const QColor& color)
{
    const auto absolute = [this](double offset) { return rows_.start_ns() + static_cast<std::int64_t>(offset); };
    const auto first_after = [&](std::int64_t at_ns, auto from) {
        return std::partition_point(from, stretches.end(), [at_ns](const auto& stretch) { return stretch.second <= at_ns; });
    };
    const int right = std::min(bar.right(), viewport()->width());
    auto at = first_after(absolute(view_from_), stretches.begin());
    int painted_to = std::max(bar.left(), label_width_);
    // One step per pixel at most, however many stretches share it.
    while (at != stretches.end() && painted_to <= right) {
        const int from = std::max(painted_to, x_of(static_cast<double>(at->first - rows_.start_ns())));
        const int to = std::min(right, std::max(from, x_of(static_cast<double>(at->second - rows_.start_ns()))));
        if (from > right) break;
        painter.fillRect(QRect(QPoint(from, bar.top()), QPoint(to, bar.bottom())), color);
        painted_to = to + 1;
        ++at;
        if (at != stretches.end() && x_of(static_cast<double>(at->second - rows_.start_ns())) < painted_to)
            at = first_after(absolute(time_at(painted_to)), at);
    }
}

void Waterfall::paint_bar(QPainter& painter, Node node, const QRect& area)
{
    const double offset = static_cast<double>(rows_.offset_ns(node)), length = static_cast<double>(rows_.duration_ns(node));
    const int left = x_of(offset), width = viewport()->width();
    const int right = std::max(left + 1, x_of(offset + length));
    const int middle = area.top() + area.height() / 2;
    const QString text = duration_text(rows_.duration_ns(node));
    const int text_width = fontMetrics().horizontalAdvance(text);
    painter.setPen(Qt::NoPen);
    if (right < label_width_ || left > width) {  // out of sight: an arrow says on which side
        const bool before = right < label_width_;
        const int x = before ? label_width_ + 5 : width - 6, to = before ? 5 : -5;
        const QPoint arrow[]{{x, middle}, {x + to, middle - 4}, {x + to, middle + 4}};
        painter.setBrush(colors_.muted);
        painter.drawPolygon(arrow, 3);
        return;
    }
    const QColor color = service_color(node);
    const QRect bar(QPoint(std::max(left, label_width_ - 3), area.top() + 4), QPoint(std::min(right, width + 3), area.bottom() - 4));
    painter.fillRect(bar, color);
    // Full colour is the span's own time; pale is time its children cover.
    if (!spans_->children(rows_.row(node)).empty())
        paint_stretches(painter, covered(node), bar, ViewColors::mix(color, colors_.base, 0.35));
    if (rows_.is_error(node)) {
        painter.setPen(QPen(colors_.error, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(bar.adjusted(0, 0, -1, -1));
        painter.setPen(Qt::NoPen);
    }
    if (critical_shown_) {
        const auto critical = critical_.find(rows_.row(node));
        if (critical != critical_.end())
            paint_stretches(painter, critical->second, QRect(QPoint(bar.left(), area.bottom() - 4), QPoint(bar.right(), area.bottom() - 2)),
                            colors_.critical);
    }
    QRect place(right + 6, area.top(), text_width + 2, area.height());
    painter.setPen(colors_.text);
    if (place.right() > width - 4) {
        place.moveRight(left - 5);
        if (place.left() < label_width_ + 4) {
            place.moveRight(std::min(bar.right() - 4, width - 6));
            const QRect plate = place.adjusted(-3, 5, 3, -5);
            QColor under = colors_.base;
            under.setAlpha(190);
            painter.fillRect(plate, under);
        }
    }
    painter.drawText(place, Qt::AlignLeft | Qt::AlignVCenter, text);
}

void Waterfall::paint_error_mark(QPainter& painter, QPoint center) const
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colors_.error);
    const QPoint triangle[]{{center.x(), center.y() - 6}, {center.x() + 6, center.y() + 5}, {center.x() - 6, center.y() + 5}};
    painter.drawPolygon(triangle, 3);
    painter.setPen(QPen(ViewColors::ink_on(colors_.error), 1.6));
    painter.drawLine(QPointF(center.x(), center.y() - 2.0), QPointF(center.x(), center.y() + 1.0));
    painter.drawPoint(QPointF(center.x(), center.y() + 3.2));
    painter.restore();
}

QString Waterfall::service_text(Node node) const { return to_qt(spans_->text(spans_->service[rows_.row(node)])); }

QString Waterfall::operation_text(Node node) const
{
    const Row row = rows_.row(node);
    const SpanTable::Id id = spans_->operation[row] != 0 ? spans_->operation[row] : spans_->name[row];
    const QString text = to_qt_line(spans_->text(id), 300);
    return text.isEmpty() ? tr("(no name)") : text;
}

QString Waterfall::empty_text() const
{
    return tr("No trace chosen. Pick one in the trace list or in the latency chart, or import traces: OTLP, Jaeger or Zipkin.");
}

}  // namespace casebook
