#pragma once

#include "analyzers/trace/cohort.h"
#include "widgets/models/views/table_data.h"

#include <memory>

namespace casebook {

/// What a selection shares more often than the rest, as a table: attribute, value, share here and there, lift, the
/// adjusted p value and what else names the same rows. Copies the texts.
std::shared_ptr<TableData> cohort_table(const CohortComparison& comparison);

}  // namespace casebook
