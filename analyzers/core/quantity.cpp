#include "analyzers/core/quantity.h"

#include "analyzers/core/text.h"

#include <array>
#include <utility>

namespace casebook {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 6> ms_of_time_units{
    {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1}, {"s", 1e3}, {"min", 60e3}, {"h", 3600e3}}};

/// "requests" -> "request", "queries" -> "query"; a unit of several words stays.
std::string one_of(std::string_view unit)
{
    if (unit.find(' ') != std::string_view::npos || !unit.ends_with('s')) return std::string(unit);
    if (unit.ends_with("ies")) return std::string(unit.substr(0, unit.size() - 3)) + "y";
    return std::string(unit.substr(0, unit.size() - (unit.ends_with("sses") ? 2 : 1)));
}

}  // namespace

std::string format_quantity(double value, std::string_view unit)
{
    for (const auto& [name, ms] : ms_of_time_units) {
        if (unit != name) continue;
        std::string text = format_ms(value * ms);
        for (const std::string_view even : {" min 0 s", " h 0 min"})
            if (text.ends_with(even)) text.resize(text.rfind(' ', text.size() - 3));
        return text;
    }
    if (unit == "bytes" || unit == "By") return format_bytes(value);
    const std::string number = format_number(value);
    return unit.empty() || unit == "1" ? number : number + " " + (number == "1" ? one_of(unit) : std::string(unit));
}

}  // namespace casebook
