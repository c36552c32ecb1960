#pragma once

#include "analyzers/core/result.h"
#include "analyzers/importers/support/source.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace casebook {

/// The top-level objects of an input that is a JSON array of objects, one object per line, or objects one after
/// another. Only braces and strings are looked at; whether an object is valid JSON is for its parser to say.
class JsonObjects {
public:
    explicit JsonObjects(Source& source) : source_(source) {}

    /// The bytes of the next object, braces included, nothing at the end. Valid until the next call. An object that
    /// the end of the input cuts off is given as it is, with cut() true. Errors: those of the source, and
    /// limitExceeded for an object of 64 MiB.
    Result<std::optional<std::string_view>> next();
    bool cut() const { return cut_; }
    std::int64_t line() const { return line_; }  ///< on which the object began, 1-based

private:
    Source& source_;
    std::int64_t line_ = 1;
    std::int64_t line_at_ = 1;
    bool cut_ = false;
};

/// Size of the object at the start of `text` (which begins with '{'), npos when it does not end within it.
std::size_t json_object_size(std::string_view text);

}  // namespace casebook
