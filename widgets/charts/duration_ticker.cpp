#include "widgets/charts/duration_ticker.h"

#include "analyzers/core/text.h"
#include "widgets/charts/time_text.h"

#include <algorithm>
#include <cmath>

namespace casebook {

double duration_to_axis(double duration_ns) { return std::log10(std::max(1.0, duration_ns)); }
double duration_from_axis(double axis) { return std::pow(10.0, std::clamp(axis, -1.0, 18.9)); }

double DurationTicker::getTickStep(const QCPRange&) { return 1; }
int DurationTicker::getSubTickCount(double) { return 0; }

QVector<double> DurationTicker::createTickVector(double, const QCPRange& range)
{
    QVector<double> ticks;
    if (range.size() < 0.6) {  // less than a factor of four: round steps read better than powers
        for (const double tick : round_ticks(duration_from_axis(range.lower), duration_from_axis(range.upper), std::min(5, tickCount())))
            if (tick > 0) ticks += std::log10(tick);
        return ticks;
    }
    const bool fine = range.size() < 3 && range.size() * 3 <= tickCount();
    const int stride = std::max(1, static_cast<int>(std::ceil(range.size() / std::max(1, tickCount()))));
    const int lowest = static_cast<int>(std::floor(range.lower / stride)) * stride;
    for (int power = lowest; power <= static_cast<int>(std::ceil(range.upper)) && power < 19; power += stride)
        for (const double factor : {1.0, 2.0, 5.0})
            if (factor == 1.0 || fine) ticks += power + std::log10(factor);
    return ticks;
}

QString DurationTicker::getTickLabel(double tick, const QLocale&, QChar, int)
{
    const double ns = duration_from_axis(tick);
    const ScaledUnit unit = unit_for_duration(ns * 1.0001);
    return QString::number(ns / unit.size, 'g', 4) + QLatin1Char(' ') + QLatin1String(unit.name);
}

QString NumberTicker::getTickLabel(double tick, const QLocale&, QChar, int) { return QString::fromStdString(format_number(tick, 6)); }

}  // namespace casebook
