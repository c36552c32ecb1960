#pragma once

// Pictures of panels, small enough to keep and compared so that they hold on another machine.

#include <QColor>
#include <QHash>
#include <QImage>
#include <QList>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace casebook::tests {

/// A baseline has one pixel for this many of the screen in each direction.
constexpr int picture_scale = 3;
/// Pictures are compared by the averages of squares with this side, in pixels of the baseline. 12 pixels of the screen are about
/// the height of a line of text: how a letter's edge is smoothed drops out, a missing letter does not.
constexpr int picture_block = 4;
/// A square differs when the average of red, green or blue does by more than this of 255; the colours that a baseline
/// keeps are off by up to 4.
constexpr int picture_levels = 16;
/// So many squares may differ: a pixel of a font's or an edge's rounding here and there. Four are a word of five letters.
constexpr int picture_blocks_allowed = 3;

/// Averages over squares of `side` pixels; what is left at the right and bottom edge counts as a smaller square.
inline QImage averaged(const QImage& image, int side)
{
    const QImage from = image.convertToFormat(QImage::Format_RGB32);
    QImage to((from.width() + side - 1) / side, (from.height() + side - 1) / side, QImage::Format_RGB32);
    for (int y = 0; y < to.height(); ++y)
        for (int x = 0; x < to.width(); ++x) {
            int red = 0, green = 0, blue = 0, count = 0;
            for (int v = y * side; v < std::min((y + 1) * side, from.height()); ++v) {
                const auto* line = reinterpret_cast<const QRgb*>(from.constScanLine(v));
                for (int u = x * side; u < std::min((x + 1) * side, from.width()); ++u, ++count) {
                    red += qRed(line[u]);
                    green += qGreen(line[u]);
                    blue += qBlue(line[u]);
                }
            }
            to.setPixel(x, y, qRgb((red + count / 2) / count, (green + count / 2) / count, (blue + count / 2) / count));
        }
    return to;
}

/// With a palette of at most 256 colours: channels rounded to 5 bits, then the rare colours to the nearest frequent one.
inline QImage with_palette(const QImage& image)
{
    const auto rounded = [](QRgb color) {
        const auto part = [](int value) { return std::min(255, (value + 4) / 8 * 8); };
        return qRgb(part(qRed(color)), part(qGreen(color)), part(qBlue(color)));
    };
    QHash<QRgb, int> count;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) ++count[rounded(image.pixel(x, y))];
    QList<QRgb> colors = count.keys();
    std::sort(colors.begin(), colors.end(), [&](QRgb a, QRgb b) { return count[a] != count[b] ? count[a] > count[b] : a < b; });
    if (colors.size() > 256) colors.resize(256);
    QHash<QRgb, int> index;
    for (int i = 0; i < colors.size(); ++i) index[colors[i]] = i;
    const auto distance = [](QRgb a, QRgb b) { return std::abs(qRed(a) - qRed(b)) + std::abs(qGreen(a) - qGreen(b)) + std::abs(qBlue(a) - qBlue(b)); };
    QImage to(image.size(), QImage::Format_Indexed8);
    to.setColorTable(colors);
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) {
            const QRgb color = rounded(image.pixel(x, y));
            auto found = index.find(color);
            if (found == index.end()) {
                const auto nearest = std::min_element(colors.begin(), colors.end(), [&](QRgb a, QRgb b) { return distance(a, color) < distance(b, color); });
                found = index.insert(color, static_cast<int>(nearest - colors.begin()));
            }
            to.setPixel(x, y, static_cast<uint>(*found));
        }
    return to;
}

/// What is kept of a grabbed panel.
inline QImage baseline_of(const QImage& grabbed)
{
    return with_palette(averaged(grabbed, picture_scale));
}

struct PictureDifference {
    int blocks = 0;   ///< squares that differ; all of them when the sizes do
    QImage marked;    ///< the picture that was seen, with those squares framed
    bool passes() const { return blocks <= picture_blocks_allowed; }
};

/// Compares a grabbed panel with its baseline.
inline PictureDifference compare_pictures(const QImage& grabbed, const QImage& baseline)
{
    const QImage small = averaged(grabbed, picture_scale);
    const QImage seen = averaged(small, picture_block), wanted = averaged(baseline, picture_block);
    PictureDifference difference{0, small.scaled(small.size() * picture_scale)};
    const bool other_size = small.size() != baseline.size();
    for (int y = 0; y < seen.height(); ++y)
        for (int x = 0; x < seen.width(); ++x) {
            const QRgb a = seen.pixel(x, y), b = other_size ? 0 : wanted.pixel(x, y);
            const int levels = std::max({std::abs(qRed(a) - qRed(b)), std::abs(qGreen(a) - qGreen(b)), std::abs(qBlue(a) - qBlue(b))});
            if (!other_size && levels <= picture_levels) continue;
            ++difference.blocks;
            const int side = picture_block * picture_scale;
            for (int i = 0; i < side; ++i)
                for (const QPoint at : {QPoint(i, 0), QPoint(i, side - 1), QPoint(0, i), QPoint(side - 1, i)})
                    if (difference.marked.rect().contains(QPoint(x, y) * side + at)) difference.marked.setPixelColor(QPoint(x, y) * side + at, QColor(Qt::red));
        }
    return difference;
}

}  // namespace casebook::tests
