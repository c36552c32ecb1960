#include "widgets/charts/chart_data.h"

#include "widgets/charts/time_text.h"

namespace casebook {

AxisUnit axis_unit(const QString& unit, double largest)
{
    const auto scaled = [&](double base, ScaledUnit scale) { return AxisUnit{QLatin1String(scale.name), base / scale.size}; };
    const QString plain = unit.trimmed().toLower();
    for (const auto& [name, ns] : {std::pair{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"seconds", 1e9}, {"milliseconds", 1e6}})
        if (plain == QLatin1String(name)) return scaled(ns, unit_for_duration(largest * ns));
    if (plain == QLatin1String("by") || plain == QLatin1String("bytes") || plain == QLatin1String("b")) return scaled(1, unit_for_bytes(largest));
    if (plain.isEmpty() || plain == QLatin1String("1")) return {QStringLiteral("count"), 1};
    if (plain == QLatin1String("ratio") || plain == QLatin1String("share")) return {QStringLiteral("%"), 100};
    if (plain == QLatin1String("percent")) return {QStringLiteral("%"), 1};
    // UCUM annotations: {connection}.
    if (plain.startsWith(QLatin1Char('{')) && plain.endsWith(QLatin1Char('}')) && plain.size() > 2) return {plain.mid(1, plain.size() - 2), 1};
    return {unit, 1};
}

}  // namespace casebook
