#pragma once

#include "analyzers/store/query.h"
#include "widgets/models/views/table_data.h"

#include <memory>

namespace casebook {

/// Turns query rows into typed columns. Kinds follow the names of the case's views: `*_ns` is an instant when its
/// values are dates and a duration else, `*_ms`, `*_us`, `*_seconds` are durations, `bytes` and `*_bytes` sizes,
/// `*_share` and `*_ratio` shares. A column with texts and numbers mixed is a text column. Texts are not copied: the
/// result is kept alive.
std::shared_ptr<TableData> table_from_query(std::shared_ptr<const QueryResult> result);

}  // namespace casebook
