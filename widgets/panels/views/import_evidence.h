#pragma once

#include "widgets/session/session.h"

#include <optional>

namespace casebook {

/// What to look at after a file came in: its plan, its threads, or the view of its kind of evidence. Nothing when it left no
/// rows behind.
std::optional<Evidence> evidence_of_import(const LedgerEntry& file);

}  // namespace casebook
