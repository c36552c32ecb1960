#pragma once

#include "analyzers/store/query.h"
#include "widgets/models/views/table_data.h"

#include <memory>

namespace casebook {

/// The query whose rows plan_table() takes: one row per plan, slowest first.
const char* plan_table_query();

/// Plans as people look for them. Columns: file (its name; the tooltip has the path), statement (or that the file has none),
/// execution time, rows, the node whose estimate is furthest off ("181x more" rows than planned), tables, line, planning
/// time, nodes, format, plan_id. The texts point into `rows`, which is kept.
std::shared_ptr<TableData> plan_table(std::shared_ptr<const QueryResult> rows);

}  // namespace casebook
