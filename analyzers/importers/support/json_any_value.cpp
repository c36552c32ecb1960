#include "analyzers/importers/support/json_any_value.h"

#include "analyzers/core/json_writer.h"

#include <vector>

namespace casebook {
namespace {

using simdjson::dom::array;
using simdjson::dom::object;

/// The array inside {"values":[...]} of arrayValue and kvlistValue.
bool values_of(const JsonValue& list, array& values)
{
    if (list.get_array().get(values) == simdjson::SUCCESS) return true;
    object wrapper;
    if (list.get_object().get(wrapper) != simdjson::SUCCESS) return false;
    return wrapper["values"].get_array().get(values) == simdjson::SUCCESS;
}

/// A number of the wire as JSON: digits as they are, NaN and the infinities as strings.
void append_number(std::string& out, const JsonValue& value, AttributeList& text)
{
    if (value.is_string()) {
        const std::string_view digits = json_text(value);
        std::uint64_t ignored = 0;
        if (parse_digits(digits, ignored) || (digits.starts_with('-') && parse_digits(digits.substr(1), ignored)))
            out += digits;
        else append_json_string(out, digits);
    } else {
        out += json_scalar_text(value, text);
    }
}

struct AnyFrame {
    array::iterator at, end;
    bool pairs;
    bool first;
};

}  // namespace

void append_any_value(std::string& out, const JsonValue& top)
{
    std::vector<AnyFrame> stack;
    AttributeList text;
    const auto put = [&](const JsonValue& any) {
        std::string_view field;
        JsonValue value;
        array values;
        if (!unwrap_any_value(any, field, value)) {
            out += "null";
        } else if (field.starts_with('a') || field.starts_with('k')) {
            const bool pairs = field[0] == 'k';
            if (values_of(value, values)) {
                out += pairs ? '{' : '[';
                stack.push_back({values.begin(), values.end(), pairs, true});
            } else {
                out += pairs ? "{}" : "[]";
            }
        } else if (field.starts_with('i') || field.starts_with('d')) {
            append_number(out, value, text);
        } else if (value.is_string()) {
            append_json_string(out, json_text(value));
        } else {
            out += json_scalar_text(value, text);
        }
    };
    put(top);
    while (!stack.empty()) {
        AnyFrame& frame = stack.back();
        if (!(frame.at != frame.end)) {
            out += frame.pairs ? '}' : ']';
            stack.pop_back();
            continue;
        }
        const JsonValue item = *frame.at;
        ++frame.at;
        if (!frame.first) out += ',';
        frame.first = false;
        if (!frame.pairs) {
            put(item);
            continue;
        }
        JsonValue value;
        append_json_string(out, item["key"].get(value) == simdjson::SUCCESS ? json_text(value) : std::string_view());
        out += ':';
        if (item["value"].get(value) == simdjson::SUCCESS) put(value);
        else out += "null";
    }
}

}  // namespace casebook
