#include "widgets/charts/time_ticker.h"

#include <QDateTime>
#include <algorithm>
#include <array>
#include <cmath>

namespace casebook {

void TimeTicker::set_origin(std::int64_t origin_ns, TimeZoneMode zone)
{
    origin_ns_ = origin_ns;
    zone_ = zone;
    // Midnight in the zone, so that multiples of a step are round hours and minutes.
    const std::int64_t seconds = origin_ns / 1'000'000'000;
    const int offset = zone == TimeZoneMode::utc ? 0 : QDateTime::fromSecsSinceEpoch(seconds).offsetFromUtc();
    const std::int64_t day_second = ((seconds + offset) % 86'400 + 86'400) % 86'400;
    setTickOrigin(axis_ != ChartAxis::time ? 0 : -static_cast<double>(day_second) - static_cast<double>(origin_ns % 1'000'000'000) / 1e9);
}

std::int64_t TimeTicker::to_ns(double axis) const
{
    const double ns = std::clamp(axis * 1e9, -4e18, 4e18);
    const double sum = static_cast<double>(origin_ns_) + ns;
    if (std::fabs(sum) > 9.2e18) return sum < 0 ? INT64_MIN : INT64_MAX;
    return origin_ns_ + static_cast<std::int64_t>(std::llround(ns));
}

QString TimeTicker::axis_label(const QCPRange& range) const
{
    if (axis_ == ChartAxis::sinceStart) return QCoreApplication::translate("TimeTicker", "time since start (s)");
    if (axis_ == ChartAxis::ordinal) return QCoreApplication::translate("TimeTicker", "snapshot (number)");
    const std::int64_t from = to_ns(range.lower), to = to_ns(range.upper);
    const QString first = instant_text(from, zone_, 0).left(10), last = instant_text(to, zone_, 0).left(10);
    return QCoreApplication::translate("TimeTicker", "time (%1), %2").arg(zone_text(zone_, from), first == last ? first : first + QStringLiteral(" … ") + last);
}

QString TimeTicker::exact_text(std::int64_t at_ns) const
{
    if (axis_ == ChartAxis::sinceStart) return QCoreApplication::translate("TimeTicker", "%1 after start").arg(exact_duration_text(at_ns));
    if (axis_ == ChartAxis::ordinal) return QCoreApplication::translate("TimeTicker", "snapshot %1").arg(std::llround(static_cast<double>(at_ns) / 1e9));
    return instant_text(at_ns, zone_, 3) + QLatin1Char(' ') + zone_text(zone_, at_ns);
}

bool TimeTicker::fit(int width, const QFontMetrics& metrics)
{
    const double letter = metrics.horizontalAdvance(QStringLiteral("00000:0000")) / 10.0;
    if (width == width_ && letter == letter_) return false;
    width_ = width;
    letter_ = letter;
    return true;
}

int TimeTicker::letters(double step) const
{
    if (axis_ != ChartAxis::time) return 8;
    if (step >= 86'400) return 10;
    if (step >= 60) return 5;
    return step >= 1 ? 8 : 9 + std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 1, 9);
}

double TimeTicker::wanted_step(const QCPRange& range, int ticks) const
{
    static constexpr std::array<double, 28> steps{1,    2,     5,     10,    15,    30,     60,     120,     300,     600,     900,     1800,    3600,     7200,
                                                  10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000, 7776000, 15552000, 31536000, 63072000, 157680000, 315360000};
    const double wanted = range.size() / std::max(1, ticks);
    if (axis_ == ChartAxis::ordinal) return std::max(1.0, std::round(cleanMantissa(wanted)));
    if (wanted < 1 || axis_ != ChartAxis::time) return cleanMantissa(wanted);
    const auto step = std::lower_bound(steps.begin(), steps.end(), wanted);
    return step == steps.end() ? cleanMantissa(wanted) : *step;
}

double TimeTicker::getTickStep(const QCPRange& range)
{
    int ticks = std::max(2, tickCount());
    // Finer steps have longer texts, so the number that fits is looked for from the finest.
    for (; ticks > 1 && width_ > 0; --ticks) {
        const double step = wanted_step(range, ticks);
        if (step / range.size() * width_ >= (letters(step) + 2) * letter_) break;
    }
    return step_ = wanted_step(range, ticks);
}

int TimeTicker::getSubTickCount(double) { return 0; }

QString TimeTicker::getTickLabel(double tick, const QLocale&, QChar, int)
{
    if (axis_ != ChartAxis::time) return QString::number(tick, 'f', std::clamp(static_cast<int>(std::ceil(-std::log10(step_) - 1e-9)), 0, 9));
    const int digits = step_ >= 1 ? 0 : std::clamp(static_cast<int>(std::ceil(-std::log10(step_) - 1e-9)), 1, 9);
    // Texts are cut, not rounded: half of the last digit keeps :00 from becoming :59.
    const std::int64_t at = to_ns(tick) + static_cast<std::int64_t>(0.5 * std::pow(10.0, 9 - digits));
    if (step_ >= 86'400) return instant_text(at, zone_, 0).left(10);
    const QString text = instant_text(at, zone_, digits).mid(11);
    return step_ >= 60 ? text.left(5) : text;
}

}  // namespace casebook
