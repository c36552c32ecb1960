#pragma once

#include "analyzers/importers/support/json_values.h"

#include <string>
#include <string_view>

namespace casebook {

/// The value inside an OTLP AnyValue ({"stringValue":...}) and the name of its field; the value itself, without a name,
/// when it is not wrapped. False when there is none.
inline bool unwrap_any_value(const JsonValue& any, std::string_view& field, JsonValue& value)
{
    simdjson::dom::object fields;
    if (any.get_object().get(fields) != simdjson::SUCCESS) {
        field = {};
        value = any;
        return !any.is_null();
    }
    for (const auto entry : fields) {
        if (entry.value.is_null()) continue;
        const char c = entry.key.empty() ? '\0' : entry.key[0];
        if (c != 's' && c != 'i' && c != 'b' && c != 'd' && c != 'a' && c != 'k') continue;
        field = entry.key;
        value = entry.value;
        return true;
    }
    return false;
}

/// Appends an AnyValue as plain JSON. No recursion.
void append_any_value(std::string& out, const JsonValue& any);

}  // namespace casebook
