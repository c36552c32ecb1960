#include "widgets/charts/time_text.h"

#include "analyzers/core/text.h"

#include <QDateTime>
#include <QTimeZone>
#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace casebook {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

QDateTime date_time(std::int64_t at_ns, TimeZoneMode mode, std::int64_t& fraction_ns)
{
    std::int64_t seconds = at_ns / ns_per_second;
    fraction_ns = at_ns % ns_per_second;
    if (fraction_ns < 0) { fraction_ns += ns_per_second; --seconds; }
    return QDateTime::fromSecsSinceEpoch(seconds, mode == TimeZoneMode::utc ? Qt::UTC : Qt::LocalTime);
}

QString from_std(const std::string& text) { return QString::fromStdString(text); }

}  // namespace

QString zone_text(TimeZoneMode mode, std::int64_t at_ns)
{
    if (mode == TimeZoneMode::utc) return QStringLiteral("UTC");
    std::int64_t fraction = 0;
    const int offset = date_time(at_ns, mode, fraction).offsetFromUtc() / 60;
    if (offset == 0) return QStringLiteral("UTC+00:00");
    return QStringLiteral("UTC%1%2:%3")
        .arg(offset < 0 ? QLatin1Char('-') : QLatin1Char('+'))
        .arg(std::abs(offset) / 60, 2, 10, QLatin1Char('0'))
        .arg(std::abs(offset) % 60, 2, 10, QLatin1Char('0'));
}

QString instant_text(std::int64_t at_ns, TimeZoneMode mode, int digits)
{
    std::int64_t fraction = 0;
    QString text = date_time(at_ns, mode, fraction).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
    digits = std::clamp(digits, 0, 9);
    if (digits > 0) text += QLatin1Char('.') + QString::number(fraction).rightJustified(9, QLatin1Char('0')).left(digits);
    return text;
}

QString duration_text(std::int64_t duration_ns)
{
    if (duration_ns != 0 && std::llabs(duration_ns) < 1000) return QStringLiteral("%1 ns").arg(duration_ns);
    return from_std(format_ms(static_cast<double>(duration_ns) / 1e6));
}

QString exact_duration_text(std::int64_t duration_ns)
{
    const bool negative = duration_ns < 0;
    // The magnitude as unsigned: the smallest int64 has no positive twin.
    const auto size = negative ? 0 - static_cast<std::uint64_t>(duration_ns) : static_cast<std::uint64_t>(duration_ns);
    QString text = from_std(format_count(static_cast<std::int64_t>(size / 1'000'000)));
    QString fraction = QString::number(size % 1'000'000).rightJustified(6, QLatin1Char('0'));
    while (fraction.endsWith(QLatin1Char('0'))) fraction.chop(1);
    if (!fraction.isEmpty()) text += QLatin1Char('.') + fraction;
    return (negative ? QStringLiteral("-") : QString()) + text + QStringLiteral(" ms");
}

QString count_text(std::int64_t count) { return from_std(format_count(count)); }
QString bytes_text(double bytes) { return from_std(format_bytes(bytes)); }
QString exact_bytes_text(std::int64_t bytes) { return count_text(bytes) + QStringLiteral(" B"); }

ScaledUnit unit_for_duration(double largest_ns)
{
    const double size = std::fabs(largest_ns);
    if (size >= 36e12) return {"h", 3.6e12};
    if (size >= 6e11) return {"min", 6e10};
    if (size >= 1e9) return {"s", 1e9};
    if (size >= 1e6) return {"ms", 1e6};
    if (size >= 1e3) return {"us", 1e3};
    return {"ns", 1};
}

ScaledUnit unit_for_bytes(double largest_bytes)
{
    const double size = std::fabs(largest_bytes);
    if (size >= 1e12) return {"TB", 1e12};
    if (size >= 1e9) return {"GB", 1e9};
    if (size >= 1e6) return {"MB", 1e6};
    if (size >= 1e3) return {"kB", 1e3};
    return {"B", 1};
}

std::vector<double> round_ticks(double from, double to, int wanted)
{
    std::vector<double> ticks;
    if (!std::isfinite(from) || !std::isfinite(to) || to <= from || wanted < 1) return ticks;
    const double rough = (to - from) / wanted;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    if (!(power > 0) || !std::isfinite(power)) return ticks;
    double step = power * 10;
    for (const double factor : {1.0, 2.0, 5.0})
        if (power * factor >= rough * 0.999) { step = power * factor; break; }
    const double first = std::ceil(from / step - 1e-9);
    const auto most = static_cast<std::size_t>(4 * wanted + 2);
    for (std::size_t i = 0; i < most; ++i) {
        const double tick = (first + static_cast<double>(i)) * step;
        if (tick > to + step * 1e-9) break;
        ticks.push_back(tick);
    }
    return ticks;
}

}  // namespace casebook
