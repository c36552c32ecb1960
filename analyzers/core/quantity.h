#pragma once

#include <string>
#include <string_view>

namespace casebook {

/// A number with its unit as a person writes it: times ("ns" "us" "ms" "s" "min" "h") and sizes ("bytes" "By") in a scale that
/// fits (0.001 min becomes "60 ms", 1,800 s "30 min"), "1" and "" as plain numbers, all other units after the number. Numbers with
/// three digits (format_number).
std::string format_quantity(double value, std::string_view unit);

}  // namespace casebook
