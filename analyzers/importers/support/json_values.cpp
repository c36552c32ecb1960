#include "analyzers/importers/support/json_values.h"

#include "analyzers/core/text.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace casebook {
namespace {

using simdjson::dom::element_type;

/// Eight decimal digits at once (the usual multiply-and-shift reduction); false when one is none.
bool eight_digits(const char* text, std::uint64_t& value)
{
    std::uint64_t word = 0;
    std::memcpy(&word, text, 8);
    if constexpr (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) word = __builtin_bswap64(word);
    const std::uint64_t digits = word - 0x3030303030303030ULL;
    if (((word + 0x4646464646464646ULL) | digits) & 0x8080808080808080ULL) return false;
    std::uint64_t v = digits * 10 + (digits >> 8);
    v = (((v & 0x000000ff000000ffULL) * 0x000f424000000064ULL) +
         (((v >> 16) & 0x000000ff000000ffULL) * 0x0000271000000001ULL)) >>
        32;
    value = v & 0xffffffffULL;
    return true;
}

template <class Integer>
std::optional<Integer> whole(double number)
{
    // 2^63 and 2^64 are exact doubles, the largest integers are not.
    const double limit = std::is_signed_v<Integer> ? 9223372036854775808.0 : 18446744073709551616.0;
    const double least = std::is_signed_v<Integer> ? -9223372036854775808.0 : 0.0;
    if (!(number >= least && number < limit) || number != std::floor(number)) return std::nullopt;
    return static_cast<Integer>(number);
}

template <class Integer>
std::optional<Integer> from_text(std::string_view text)
{
    text = trim(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    Integer value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

}  // namespace

bool parse_digits(std::string_view text, std::uint64_t& value)
{
    std::uint64_t result = 0;
    if (text.empty() || text.size() > 20) return false;
    std::size_t at = 0;
    if (text.size() < 20) {  // cannot overflow
        for (; at + 8 <= text.size(); at += 8) {
            std::uint64_t part = 0;
            if (!eight_digits(text.data() + at, part)) return false;
            result = result * 100000000 + part;
        }
        for (; at < text.size(); ++at) {
            const auto digit = static_cast<unsigned char>(text[at] - '0');
            if (digit > 9) return false;
            result = result * 10 + digit;
        }
        value = result;
        return true;
    }
    const auto parsed = from_text<std::uint64_t>(text);
    if (parsed) value = *parsed;
    return parsed.has_value();
}

std::optional<std::int64_t> json_int(const JsonValue& value)
{
    switch (value.type()) {
    case element_type::INT64: return value.get_int64().value_unsafe();
    case element_type::UINT64: return std::nullopt;  // beyond int64, by simdjson's rule
    case element_type::DOUBLE: return whole<std::int64_t>(value.get_double().value_unsafe());
    case element_type::STRING: return from_text<std::int64_t>(value.get_string().value_unsafe());
    default: return std::nullopt;
    }
}

std::optional<std::uint64_t> json_unsigned(const JsonValue& value)
{
    switch (value.type()) {
    case element_type::INT64: {
        const std::int64_t number = value.get_int64().value_unsafe();
        if (number < 0) return std::nullopt;
        return static_cast<std::uint64_t>(number);
    }
    case element_type::UINT64: return value.get_uint64().value_unsafe();
    case element_type::DOUBLE: return whole<std::uint64_t>(value.get_double().value_unsafe());
    case element_type::STRING: return from_text<std::uint64_t>(value.get_string().value_unsafe());
    default: return std::nullopt;
    }
}

std::optional<double> json_double(const JsonValue& value)
{
    switch (value.type()) {
    case element_type::INT64: return static_cast<double>(value.get_int64().value_unsafe());
    case element_type::UINT64: return static_cast<double>(value.get_uint64().value_unsafe());
    case element_type::DOUBLE: return value.get_double().value_unsafe();
    case element_type::STRING: {
        const std::string_view text = trim(value.get_string().value_unsafe());
        if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
        if (equals_ignoring_case(text, "infinity") || equals_ignoring_case(text, "inf"))
            return std::numeric_limits<double>::infinity();
        if (equals_ignoring_case(text, "-infinity") || equals_ignoring_case(text, "-inf"))
            return -std::numeric_limits<double>::infinity();
        return from_text<double>(text);
    }
    default: return std::nullopt;
    }
}

std::string_view json_text(const JsonValue& value)
{
    std::string_view text;
    return value.get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string_view json_scalar_text(const JsonValue& value, AttributeList& text)
{
    switch (value.type()) {
    case element_type::STRING: return value.get_string().value_unsafe();
    case element_type::INT64: return text.number(value.get_int64().value_unsafe());
    case element_type::UINT64: return text.number(value.get_uint64().value_unsafe());
    case element_type::DOUBLE: return text.number(value.get_double().value_unsafe());
    case element_type::BOOL: return value.get_bool().value_unsafe() ? "true" : "false";
    case element_type::NULL_VALUE: return {};
    case element_type::ARRAY:
    case element_type::OBJECT: return text.text().store(simdjson::minify(value));
    }
    return {};
}

bool json_flag(const JsonValue& value)
{
    bool flag = false;
    if (value.get_bool().get(flag) == simdjson::SUCCESS) return flag;
    const std::string_view text = json_text(value);
    return equals_ignoring_case(text, "true") || text == "1" || json_int(value) == 1;
}

IdForm json_trace_id(const JsonValue& value, IdStyle style, TraceId& id)
{
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) return parse_trace_id(text, style, id);
    id = {};
    if (const auto number = json_unsigned(value)) id.low = *number;
    return id.low == 0 ? IdForm::missing : IdForm::encoded;
}

IdForm json_span_id(const JsonValue& value, IdStyle style, std::uint64_t& id)
{
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) return parse_span_id(text, style, id);
    id = json_unsigned(value).value_or(0);
    return id == 0 ? IdForm::missing : IdForm::encoded;
}

}  // namespace casebook
