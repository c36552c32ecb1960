#pragma once

#include "analyzers/importers/support/source.h"

namespace casebook {

/// True for text that begins with the byte order mark of UTF-16, as PowerShell's `>` writes it.
bool is_utf16(std::string_view head);

/// The text of `original` as UTF-8, without the mark. Half a surrogate pair, or half a unit at the end, becomes U+FFFD.
/// `original` must outlive the result. Offsets and the content hash are those of the UTF-8 text.
std::unique_ptr<Source> utf16_source(Source& original, const Control& control);

}  // namespace casebook
