#pragma once

#include "analyzers/store/query.h"

#include <string>

namespace casebook::cli {

/// How values are written: as they are, or for reading: columns named *_ns, *_ms and *_bytes with units, times as dates.
enum class Cells { plain, readable };

/// Result rows as an aligned table, numbers to the right; "(no rows)" when there are none.
std::string rows_text(const QueryResult& result, int width, bool color, int indent, Cells cells = Cells::plain);

}  // namespace casebook::cli
