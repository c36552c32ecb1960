#pragma once

#include "analyzers/store/query.h"

#include <string>

namespace casebook::cli {

/// Result rows as an aligned table, numbers to the right; "(no rows)" when there are none.
std::string rows_text(const QueryResult& result, int width, bool color, int indent);

}  // namespace casebook::cli
