#include "widgets/charts/request_cloud.h"

#include "widgets/charts/duration_ticker.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

/// A picture of `size` pixels, drawn by `paint` around its middle.
template <class Paint>
QImage stamp(double size, double scale, Paint&& paint)
{
    const int side = static_cast<int>(std::ceil(size * scale)) | 1;  // odd: it has a middle pixel
    QImage image(side, side, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(side / 2.0, side / 2.0);
    painter.scale(scale, scale);
    paint(painter);
    return image;
}

/// `source` over `target`, both premultiplied.
QRgb over(QRgb source, QRgb target)
{
    const std::uint32_t rest = 255 - qAlpha(source);
    std::uint32_t red_blue = (target & 0xff00ff) * rest, alpha_green = (target >> 8 & 0xff00ff) * rest;
    red_blue = (red_blue + (red_blue >> 8 & 0xff00ff) + 0x800080) >> 8 & 0xff00ff;
    alpha_green = (alpha_green + (alpha_green >> 8 & 0xff00ff) + 0x800080) & 0xff00ff00;
    return source + (red_blue | alpha_green);
}

void press(const QImage& stamp, QImage& image, int x, int y)
{
    const int left = x - stamp.width() / 2, top = y - stamp.height() / 2;
    const int from_x = std::max(0, -left), to_x = std::min(stamp.width(), image.width() - left);
    const int from_y = std::max(0, -top), to_y = std::min(stamp.height(), image.height() - top);
    for (int row = from_y; row < to_y; ++row) {
        const auto* source = reinterpret_cast<const QRgb*>(stamp.constScanLine(row));
        auto* target = reinterpret_cast<QRgb*>(image.bits() + static_cast<std::ptrdiff_t>(top + row) * image.bytesPerLine()) + left;
        for (int column = from_x; column < to_x; ++column)
            if (source[column] != 0) target[column] = over(source[column], target[column]);
    }
}

}  // namespace

RequestCloud::RequestCloud(QCPAxis* time, QCPAxis* duration) : QCPAbstractPlottable(time, duration) {}

void RequestCloud::show(const LatencyPoints* points, std::int64_t origin_ns, std::size_t first, std::size_t last, std::span<const std::uint32_t> failed)
{
    points_ = points;
    origin_ns_ = origin_ns;
    first_ = first;
    last_ = last;
    failed_ = failed;
}

void RequestCloud::draw(QCPPainter* painter)
{
    if (points_ == nullptr || (first_ >= last_ && failed_.empty())) return;
    const QRect area = clipRect();
    // Exports scale the painter, dense screens the device.
    const double scale = std::max(1.0, painter->transform().m11() * painter->device()->devicePixelRatioF());
    QImage image((QSizeF(area.size()) * scale).toSize(), QImage::Format_ARGB32_Premultiplied);
    if (image.isNull()) return;
    image.fill(Qt::transparent);
    const QCPRange times = keyAxis()->range(), durations = valueAxis()->range();
    const double left = keyAxis()->coordToPixel(times.lower), across = (keyAxis()->coordToPixel(times.upper) - left) / times.size();
    const double bottom = valueAxis()->coordToPixel(durations.lower), up = (valueAxis()->coordToPixel(durations.upper) - bottom) / durations.size();
    const auto mark = [&](const QImage& with, std::size_t place) {
        const double x = (left + (static_cast<double>(points_->start_ns[place] - origin_ns_) / 1e9 - times.lower) * across - area.left()) * scale;
        const double y = (bottom + (duration_to_axis(static_cast<double>(points_->duration_ns[place])) - durations.lower) * up - area.top()) * scale;
        // What is far outside must not wrap around as an int.
        if (x > -100 && x < image.width() + 100 && y > -100 && y < image.height() + 100) press(with, image, static_cast<int>(std::floor(x)), static_cast<int>(std::floor(y)));
    };
    if (first_ < last_) {
        const QImage dot = stamp(look_.dot_size + (look_.round ? 1 : 0), scale, [this](QPainter& brush) {
            brush.setPen(Qt::NoPen);
            brush.setBrush(look_.dot);
            const double half = look_.dot_size / 2;
            if (look_.round) brush.drawEllipse(QPointF(0, 0), half + 0.5, half + 0.5);
            else brush.fillRect(QRectF(-half, -half, 2 * half, 2 * half), look_.dot);
        });
        for (std::size_t place = first_; place < last_; ++place)
            if (points_->failed.empty() || !points_->failed[place]) mark(dot, place);
    }
    if (!failed_.empty()) {
        const QImage cross = stamp(look_.cross_size + look_.cross_width, scale, [this](QPainter& pen) {
            pen.setPen(QPen(look_.cross, look_.cross_width));
            const double half = look_.cross_size / 2;
            pen.drawLine(QPointF(-half, -half), QPointF(half, half));
            pen.drawLine(QPointF(-half, half), QPointF(half, -half));
        });
        for (const std::uint32_t place : failed_) mark(cross, place);
    }
    painter->drawImage(QRectF(area), image);
}

}  // namespace casebook
