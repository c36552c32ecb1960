#pragma once

#include "analyzers/core/finding.h"

#include <vector>

namespace casebook {

/// Makes what analyzers say about other findings into what the report says. An analyzer only says what it would be related
/// to; it does not know what others find. Afterwards `related` holds what explain_findings (cause_links.h) makes of it and of
/// the built-in rules, so that cause and effect here are those of the findings list: `explained_by` (what the list puts a
/// finding under first, then others that were named), `explains`, and `same_as` as it was said, when both findings are in
/// the report. Each is told from both sides, once. Doing it again changes nothing. O(n log n) in findings and relations.
void link_findings(std::vector<Finding>& findings);

}  // namespace casebook
