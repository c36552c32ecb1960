#include "analyzers/analysis/error_rate.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {

double whole_of(const Series& error_rate)
{
    if (contains_ignoring_case(error_rate.name, "per_second") || error_rate.unit.ends_with("/s") || error_rate.unit == "rps") return 0;
    const double whole = error_rate.unit == "%" || error_rate.unit == "percent" ? 100 : 1;
    const bool is_share = std::all_of(error_rate.value.begin(), error_rate.value.end(), [whole](double value) { return value >= 0 && value <= whole; });
    return is_share ? whole : 0;
}

}  // namespace casebook
