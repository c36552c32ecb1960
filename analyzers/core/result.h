#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace casebook {

/// Why an operation as a whole could not be done. Odd rows are import notes, not errors (ARCHITECTURE.md, "Errors").
struct Error {
    enum class Code {
        cancelled,      ///< the user stopped it; shown as nothing
        usage,          ///< the request itself makes no sense
        unreadable,     ///< a file could not be opened or read
        notUnderstood,  ///< a file was read, but is nothing we know or is broken as a whole
        limitExceeded,  ///< input is larger or deeper than a stated limit
        caseFile,       ///< the case file is damaged, newer, or not a case
        busy,           ///< another process has the case open for writing
        server,         ///< a database server refused or failed
        internal,       ///< our mistake
    };
    Code code = Code::internal;
    std::string what;  ///< what happened, a sentence without full stop
    std::string hint;  ///< what to do about it; may be empty
};

/// Stable name of a code, as printed in JSON: "cancelled", "not_understood", ...
const char* name_of(Error::Code code);

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(Error::Code code, std::string what, std::string hint = {})
{
    return tl::unexpected<Error>(Error{code, std::move(what), std::move(hint)});
}

}  // namespace casebook

#define CASEBOOK_CONCAT_(a, b) a##b
#define CASEBOOK_CONCAT(a, b) CASEBOOK_CONCAT_(a, b)

/// Returns the error of `expression` (a Status or Result) from the enclosing function, if it has one.
#define TRY(expression)                                                               \
    do {                                                                              \
        auto&& try_result_ = (expression);                                            \
        if (!try_result_) return tl::unexpected<::casebook::Error>(std::move(try_result_.error())); \
    } while (false)

/// `TRY_ASSIGN(auto rows, query(...));` declares `rows` from a Result or returns its error.
#define TRY_ASSIGN(declaration, expression)                                                                  \
    auto CASEBOOK_CONCAT(try_, __LINE__) = (expression);                                                     \
    if (!CASEBOOK_CONCAT(try_, __LINE__))                                                                    \
        return tl::unexpected<::casebook::Error>(std::move(CASEBOOK_CONCAT(try_, __LINE__).error()));        \
    declaration = std::move(*CASEBOOK_CONCAT(try_, __LINE__))
