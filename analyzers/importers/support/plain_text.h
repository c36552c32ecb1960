#pragma once

#include <string_view>

namespace casebook {

/// False for binary formats that happen to hold readable lines (recordings, dumps): a NUL in the first 4 KiB.
inline bool looks_like_text(std::string_view head) { return head.substr(0, 4096).find('\0') == std::string_view::npos; }

}  // namespace casebook
