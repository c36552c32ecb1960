#pragma once

#include "analyzers/core/finding.h"
#include "analyzers/store/query.h"

#include <string>
#include <vector>

namespace casebook::cli {

/// A finding with everything it rests on, for reading. `rows` holds what each evidence query returned, in order.
std::string finding_text(const Finding& finding, const std::vector<Result<QueryResult>>& rows, int width, bool color);

/// The finding as analyze prints it; each evidence has its rows as "result", an array of objects (null when its query
/// could not be run again).
std::string finding_json(const Finding& finding, const std::vector<Result<QueryResult>>& rows);

}  // namespace casebook::cli
