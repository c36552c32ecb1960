#pragma once

#include <stop_token>

namespace casebook::cli {

/// Ctrl+C (SIGINT), SIGTERM and SIGHUP become a stop request; a second one ends the program at once with status 130
/// (the case file survives that as it survives a crash). SIGPIPE is ignored: writes report it instead, so that
/// temporary files are removed. Call once, before any other thread is started.
std::stop_token install_interrupt_handling();

}  // namespace casebook::cli
