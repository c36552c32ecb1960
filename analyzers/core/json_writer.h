#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Appends JSON text to a string. Commas are put where they belong; keys and values must alternate inside objects.
/// Doubles are printed shortest-round-trip, integers of doubles without ".0"; non-finite numbers become null.
class JsonWriter {
public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& key(std::string_view name);
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
    JsonWriter& value(std::uint64_t number);
    JsonWriter& value(double number);
    JsonWriter& value(bool flag);
    JsonWriter& null();
    /// A value that is JSON already.
    JsonWriter& raw(std::string_view json);

    const std::string& text() const { return text_; }
    std::string take() { return std::move(text_); }
    void clear() { text_.clear(); first_ = true; }

private:
    JsonWriter& open(char c);
    JsonWriter& close(char c);
    void separate();

    std::string text_;
    bool first_ = true;  // nothing before the next item in the innermost container
};

/// Appends `text` as a JSON string with quotes; invalid UTF-8 is passed on as it is.
void append_json_string(std::string& out, std::string_view text);

}  // namespace casebook
