#pragma once

#include <string_view>

namespace casebook {

/// The kind a text speaks of, by its first known word: "deploy", "config", "restart", "oom", "failover", "scale",
/// "cron", "migration", "incident". Empty when it names none. A literal.
std::string_view event_kind_in(std::string_view text);

}  // namespace casebook
