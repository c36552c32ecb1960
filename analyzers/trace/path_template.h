#pragma once

#include <string>
#include <string_view>

namespace casebook {

/// True when a path segment (or another word of a name) names one thing of many: 17, 2024-01-31, a UUID, hex of 8 or
/// more with a digit, "order-12345", "u8", long tokens of letters and digits, anything percent-encoded, not ASCII or
/// over 40 bytes. Words, versions ("v2") and placeholders (":id" "{id}" "<id>" "[id]" "*") are not.
bool is_variable_segment(std::string_view segment);

/// The segment, or what takes its place: ":id", for file names only in the variable part ("main.:id.js").
std::string template_segment(std::string_view segment);

}  // namespace casebook
