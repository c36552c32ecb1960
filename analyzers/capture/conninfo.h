#pragma once

#include "analyzers/capture/secrets.h"
#include "analyzers/core/result.h"

#include <optional>
#include <string>

namespace casebook::capture_detail {

/// What a connection string is looked at for before it is used.
struct ConninfoLook {
    Secrets secrets;                        ///< passwords of the string and of the environment
    std::optional<int> connect_timeout_ms;  ///< of the string or PGCONNECT_TIMEOUT; 0 there means none and is none here
    bool has_password = false;              ///< in the string itself
};

/// Error usage when libpq cannot read the string. Its message repeats nothing of the string that might be (part of) a
/// password: libpq's own messages do.
Result<ConninfoLook> look_at_conninfo(const std::string& conninfo);

}  // namespace casebook::capture_detail
