#include "widgets/charts/distribution_chart.h"

#include "analyzers/core/text.h"
#include "widgets/charts/duration_ticker.h"
#include "widgets/charts/time_text.h"

#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace casebook {
DistributionChart::DistributionChart(QWidget* parent) : Chart(parent)
{
    setAccessibleName(tr("Distribution of durations"));
    set_hint(tr("No durations here."));
    QCPAxisRect* rect = plot().axisRect();
    rect->setupFullAxesBox(false);
    rect->axis(QCPAxis::atTop)->setTicks(false);
    rect->axis(QCPAxis::atRight)->setTicks(false);
    plot().xAxis->setTicker(QSharedPointer<DurationTicker>(new DurationTicker));
    plot().xAxis->ticker()->setTickCount(12);
    plot().xAxis->setLabel(tr("duration (log scale)"));
    plot().yAxis->setTicker(QSharedPointer<NumberTicker>(new NumberTicker));
    // Where names fit is known once the layout is.
    connect(&plot(), &QCustomPlot::afterLayout, this, &DistributionChart::place_names);
    set_empty(true);
}

DistributionChart::~DistributionChart() { plot().disconnect(this); }

void DistributionChart::set_distribution(Distribution distribution)
{
    shown_ = std::move(distribution);
    set_empty(shown_.sets.empty());
    if (!is_empty()) build();
}

void DistributionChart::build()
{
    plot().clearPlottables();
    plot().clearItems();
    const bool shares = shown_.sets.size() > 1;
    set_value_label(*plot().yAxis, shares ? tr("share of the requests (%)") : tr("requests (count)"));
    for (const Distribution::Set& set : shown_.sets) {
        auto* bars = new QCPBars(plot().xAxis, plot().yAxis);
        bars->setWidthType(QCPBars::wtPlotCoords);
        bars->setWidth(shown_.width * 0.94);
        bars->setName(set.name);
        QVector<double> at, height;
        for (std::size_t i = 0; i < set.bins.size(); ++i) {
            at += shown_.low + (static_cast<double>(i) + 0.5) * shown_.width;
            height += shares ? set.bins[i] * 100 / static_cast<double>(set.count) : set.bins[i];
        }
        bars->setData(at, height, true);
    }
    // The first set's percentiles; with two sets the names carry their own.
    for (const auto& [name, value] : {std::pair{QStringLiteral("P50"), shown_.sets.front().p50}, {QStringLiteral("P95"), shown_.sets.front().p95}, {QStringLiteral("P99"), shown_.sets.front().p99}}) {
        auto* line = new QCPItemStraightLine(&plot());
        line->point1->setCoords(duration_to_axis(value), 0);
        line->point2->setCoords(duration_to_axis(value), 1);
        auto* text = new QCPItemText(&plot());
        text->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
        text->position->setCoords(duration_to_axis(value), 0);
        text->setProperty("row", name == QLatin1String("P50") ? 0 : name == QLatin1String("P95") ? 1 : 2);
        text->setPadding(QMargins(4, 1, 4, 1));
        text->setText(name + QLatin1Char(' ') + duration_text(static_cast<std::int64_t>(value)));
    }
    plot().legend->clearItems();
    for (int i = 0; shares && i < plot().plottableCount(); ++i) plot().plottable(i)->addToLegend();
    plot().legend->setVisible(shares);
    apply_colors();
    reset_view();
}

/// Names of lines stand below one another, and left of their line where the right has no room for them.
void DistributionChart::place_names()
{
    const QRect area = plot().axisRect()->rect();
    const QFontMetrics metrics(font());
    for (int i = 0; i < plot().itemCount(); ++i) {
        auto* text = qobject_cast<QCPItemText*>(plot().item(i));
        if (text == nullptr) continue;
        const double at = text->position->coords().x();
        const bool fits = plot().xAxis->coordToPixel(at) + metrics.horizontalAdvance(text->text()) + 8 < area.right();
        // Without room for all below one another the caption alone says them.
        text->setVisible(3 * (metrics.height() + 3) <= area.height());
        text->setPositionAlignment((fits ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignTop);
        text->position->setCoords(at, text->property("row").toInt() * (metrics.height() + 3) / static_cast<double>(std::max(1, area.height())));
    }
}

void DistributionChart::reset_view()
{
    if (is_empty()) return;
    double most = 0;
    for (int i = 0; i < plot().plottableCount(); ++i)
        if (auto* bars = qobject_cast<QCPBars*>(plot().plottable(i)))
            for (const QCPBarsData& bar : *bars->data()) most = std::max(most, bar.value);
    plot().yAxis->setRange(0, most * 1.12);
    plot().xAxis->setRange(shown_.low - shown_.width, shown_.low + shown_.width * static_cast<double>(shown_.bins + 1));
    plot().replot(QCustomPlot::rpQueuedReplot);
}

void DistributionChart::apply_colors()
{
    Chart::apply_colors();
    for (int i = 0; i < plot().plottableCount(); ++i) {
        QColor fill = i == 0 ? colors().accent : colors().evidence;
        QColor edge = fill;
        fill.setAlpha(shown_.sets.size() > 1 ? 110 : 170);
        plot().plottable(i)->setPen(QPen(edge, 1));
        plot().plottable(i)->setBrush(fill);
    }
    for (int i = 0; i < plot().itemCount(); ++i) {
        if (auto* line = qobject_cast<QCPItemStraightLine*>(plot().item(i))) line->setPen(QPen(colors().text, 1, Qt::DashLine));
        if (auto* text = qobject_cast<QCPItemText*>(plot().item(i))) {
            QColor plate = colors().base;
            plate.setAlpha(200);
            text->setBrush(plate);
            text->setColor(colors().text);
            text->setFont(font());
        }
    }
    QColor plate = colors().base;
    plate.setAlpha(220);
    plot().legend->setBrush(plate);
    plot().legend->setBorderPen(QPen(colors().grid));
    plot().legend->setTextColor(colors().text);
    plot().legend->setFont(font());
}

void DistributionChart::zoom(double factor)
{
    plot().xAxis->scaleRange(1 / factor);
    plot().replot(QCustomPlot::rpQueuedReplot);
}

void DistributionChart::pan(double right, double)
{
    plot().xAxis->moveRange(right * plot().xAxis->range().size());
    plot().replot(QCustomPlot::rpQueuedReplot);
}

void DistributionChart::wheel_turned(QPoint at, double notches, Qt::KeyboardModifiers modifiers)
{
    QCPAxis* axis = modifiers & Qt::ControlModifier ? plot().yAxis : plot().xAxis;
    axis->scaleRange(std::pow(1.25, -notches), axis == plot().yAxis ? 0 : axis->pixelToCoord(at.x()));
    plot().replot(QCustomPlot::rpQueuedReplot);
}

QString DistributionChart::text_at(QPoint at) const
{
    QCustomPlot& plot = this->plot();
    if (is_empty() || !plot.axisRect()->rect().contains(at)) return {};
    const double place = (plot.xAxis->pixelToCoord(at.x()) - shown_.low) / shown_.width;
    if (place < 0 || place >= static_cast<double>(shown_.bins)) return {};
    const auto bin = static_cast<std::size_t>(place);
    const auto edge = [&](std::size_t i) { return duration_text(static_cast<std::int64_t>(duration_from_axis(shown_.low + static_cast<double>(i) * shown_.width))); };
    QString text = tr("%1 to %2").arg(edge(bin), edge(bin + 1));
    for (const Distribution::Set& set : shown_.sets)
        text += QStringLiteral("\n%1: %2 (%3)").arg(set.name, count_text(static_cast<std::int64_t>(set.bins[bin])), QString::fromStdString(format_percent(set.bins[bin] / static_cast<double>(std::max<std::size_t>(1, set.count)))));
    return text;
}

void DistributionChart::pointer_moved(QPoint at)
{
    const QString text = text_at(at);
    if (text.isEmpty()) QToolTip::hideText();
    else QToolTip::showText(plot().mapToGlobal(at + QPoint(12, 12)), text, &plot());
}

QString DistributionChart::csv() const
{
    QString text = QStringLiteral("from_ns,to_ns");
    for (const Distribution::Set& set : shown_.sets) text += QStringLiteral(",\"%1\"").arg(QString(set.name).replace(QLatin1Char('"'), QStringLiteral("\"\"")));
    text += QStringLiteral("\r\n");
    for (std::size_t bin = 0; bin < shown_.bins; ++bin) {
        text += QStringLiteral("%1,%2").arg(duration_from_axis(shown_.low + static_cast<double>(bin) * shown_.width), 0, 'f', 0).arg(duration_from_axis(shown_.low + static_cast<double>(bin + 1) * shown_.width), 0, 'f', 0);
        for (const Distribution::Set& set : shown_.sets) text += QStringLiteral(",%1").arg(set.bins[bin], 0, 'f', 0);
        text += QStringLiteral("\r\n");
    }
    return text;
}

}  // namespace casebook
