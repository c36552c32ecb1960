#pragma once

#include "analyzers/capture/sample.h"
#include "widgets/models/lock_tree.h"

namespace casebook {

/// The lock tree of what one snapshot of a capture saw.
std::vector<LockTreeRow> lock_tree(const CaptureSample& sample);
std::string lock_tree_headline(const CaptureSample& sample, const std::vector<LockTreeRow>& rows);

}  // namespace casebook
