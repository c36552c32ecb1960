#pragma once

#include "analyzers/core/finding.h"

#include <vector>

namespace casebook {

/// What the report bears out of what its findings say about each other. An analyzer only says what it would be related to; it
/// does not know what others find. A relation stays when both findings are in the report, for `explains` and `explained_by`
/// when both are confirmed: a suspicion explains nothing, and what may not be there needs no cause. Those that stay are told
/// from both sides, once each, in the order of the findings. O(n log n) in findings and relations.
void link_findings(std::vector<Finding>& findings);

}  // namespace casebook
