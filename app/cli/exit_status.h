#pragma once

#include "analyzers/core/result.h"

namespace casebook::cli {

/// What casebook-cli returns to its caller. Stable: scripts test for them.
namespace exit_status {
inline constexpr int done = 0;
inline constexpr int confirmed = 1;   ///< --exit-code, and something of severity warning or critical is confirmed
inline constexpr int usage = 2;
inline constexpr int input = 3;       ///< a file named on the command line could not be read or understood
inline constexpr int store = 4;       ///< the case file, the output or a server failed
inline constexpr int cancelled = 130;
}  // namespace exit_status

constexpr int exit_status_of(Error::Code code)
{
    switch (code) {
    case Error::Code::cancelled: return exit_status::cancelled;
    case Error::Code::usage: return exit_status::usage;
    case Error::Code::unreadable:
    case Error::Code::notUnderstood: return exit_status::input;
    case Error::Code::limitExceeded:
    case Error::Code::caseFile:
    case Error::Code::busy:
    case Error::Code::server:
    case Error::Code::internal: return exit_status::store;
    }
    return exit_status::store;
}

}  // namespace casebook::cli
