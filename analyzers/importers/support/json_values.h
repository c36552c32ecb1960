#pragma once

#include "analyzers/importers/support/attribute_list.h"
#include "analyzers/importers/support/trace_ids.h"

#include <simdjson.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace casebook {

using JsonValue = simdjson::dom::element;

/// An integer given as number or as decimal text; nothing when it is neither or does not fit. A double counts when it
/// is whole.
std::optional<std::int64_t> json_int(const JsonValue& value);
std::optional<std::uint64_t> json_unsigned(const JsonValue& value);
/// A number given as number or text, also "NaN", "Infinity", "-Infinity".
std::optional<double> json_double(const JsonValue& value);
/// The text of a string, empty for anything else.
std::string_view json_text(const JsonValue& value);
/// A scalar as text: strings as they are, numbers and booleans in their JSON spelling, null as nothing, containers as
/// compact JSON.
std::string_view json_scalar_text(const JsonValue& value, AttributeList& text);
bool json_flag(const JsonValue& value);  ///< true, "true", 1

IdForm json_trace_id(const JsonValue& value, IdStyle style, TraceId& id);
IdForm json_span_id(const JsonValue& value, IdStyle style, std::uint64_t& id);

/// Decimal digits only, up to 20 of them, without overflow. Faster than from_chars for times.
bool parse_digits(std::string_view text, std::uint64_t& value);

}  // namespace casebook
