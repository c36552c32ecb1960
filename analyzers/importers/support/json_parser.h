#pragma once

#include <simdjson.h>

#include <memory>
#include <string>
#include <string_view>

namespace casebook {

/// A simdjson DOM parser for one element at a time. Parses where the text lies when enough bytes behind it may be read,
/// else from a padded copy; mends what strict parsers refuse and tries again. Not thread-safe; the DOM and its strings
/// live until the next parse.
class JsonParser {
public:
    /// Elements nested deeper than this fail.
    static constexpr std::size_t max_depth = 1000;

    explicit JsonParser(std::size_t depth = max_depth) : depth_(depth) {}

    /// True with the DOM in `document`. `slack` = bytes behind the text that may be read.
    bool parse(std::string_view text, std::size_t slack, simdjson::dom::element& document);
    /// As parse, without mending.
    bool parse_strictly(std::string_view text, std::size_t slack, simdjson::dom::element& document);

    /// True with the objects of `array`, a list of `count` of them between '[' and ','s whose end this adds.
    bool parse_array(std::string& array, std::size_t count, simdjson::dom::array& objects);

    std::size_t depth() const { return depth_; }
    /// The text parsed last was mended: U+FFFD may stand where bytes were no text.
    bool mended() const { return mended_; }
    /// Why the last parse failed, in simdjson's words.
    const char* error() const { return simdjson::error_message(error_); }

private:
    bool reserve(std::size_t size);

    std::size_t depth_;
    simdjson::dom::parser parser_;
    std::size_t capacity_ = 0;
    std::string copy_;
    bool mended_ = false;
    simdjson::error_code error_ = simdjson::SUCCESS;
};

}  // namespace casebook
