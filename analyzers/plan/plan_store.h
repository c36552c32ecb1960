#pragma once

#include "analyzers/core/result.h"
#include "analyzers/core/rows.h"
#include "analyzers/store/database.h"

#include <cstdint>
#include <string>
#include <vector>

namespace casebook::plan {

/// A plan as the case holds it.
struct StoredPlan {
    std::int64_t id = 0;
    std::int64_t file_id = 0;
    std::string fingerprint;
    PlanRow row;
    std::string window;  ///< the one its file was imported with
};

/// The plans of a case with all their nodes, by id. `where` narrows them down: SQL over the columns of the view `plan`,
/// with `arguments` bound to ?1, ?2, ...; empty = all. Errors: those of the database.
Result<std::vector<StoredPlan>> load_plans(Database& database, const std::string& where = {},
                                           const std::vector<Value>& arguments = {});

/// One plan. Errors: usage when there is none of this id.
Result<StoredPlan> load_plan(Database& database, std::int64_t id);

}  // namespace casebook::plan
