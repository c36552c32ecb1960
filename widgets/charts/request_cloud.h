#pragma once

#include "widgets/charts/latency_points.h"

#include <QColor>
#include <QImage>
#include <qcustomplot.h>
#include <span>

namespace casebook {

/// Requests as dots, failed ones as crosses on top of them. Stamps small pictures into one image: tens of thousands of
/// shapes drawn one by one would take longer than there is for a frame.
class RequestCloud : public QCPAbstractPlottable {
public:
    struct Look {
        QColor dot, cross;
        double dot_size = 5, cross_size = 6, cross_width = 1.6;  ///< pixels
        bool round = true;
    };

    RequestCloud(QCPAxis* time, QCPAxis* duration);

    /// Draws the places [first, last) of `points` that did not fail as dots, and `failed` as crosses; `origin_ns` is where
    /// the time axis is 0. Keeps neither; nullptr: nothing.
    void show(const LatencyPoints* points, std::int64_t origin_ns, std::size_t first, std::size_t last, std::span<const std::uint32_t> failed);
    void set_look(const Look& look) { look_ = look; }

    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }
    QCPRange getKeyRange(bool& found, QCP::SignDomain) const override { return found = false, QCPRange(); }
    QCPRange getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const override { return found = false, QCPRange(); }

protected:
    void draw(QCPPainter* painter) override;
    void drawLegendIcon(QCPPainter*, const QRectF&) const override {}

private:
    const LatencyPoints* points_ = nullptr;
    std::int64_t origin_ns_ = 0;
    std::size_t first_ = 0, last_ = 0;
    std::span<const std::uint32_t> failed_;
    Look look_;
};

}  // namespace casebook
