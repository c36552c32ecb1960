#pragma once

#include <string>
#include <string_view>

namespace casebook {

/// What repair_json() did.
struct JsonRepair {
    bool text = false;    ///< bytes that are not UTF-8, NUL or half a surrogate pair became U+FFFD; raw control
                          ///< characters and unknown escapes were escaped
    bool numbers = false; ///< numbers beyond 64 bits or beyond a double, NaN and Infinity became strings
    bool commas = false;  ///< commas before a closing bracket were left out
};

/// Writes `text` to `out` (cleared first) with what strict parsers refuse mended, where its meaning is plain.
/// Structure is left as it is. Linear, no recursion.
JsonRepair repair_json(std::string_view text, std::string& out);

}  // namespace casebook
