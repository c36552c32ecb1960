#pragma once

#include "analyzers/importers/support/source.h"

namespace casebook {

/// Standard input, a pipe or a terminal, as it comes. Takes `descriptor` over; `path` is for messages. While nothing comes a stop
/// request is seen within 50 ms. Size unknown: file_bytes_total() is 0.
std::unique_ptr<Source> pipe_source(int descriptor, std::string path, const Control& control);

}  // namespace casebook
