#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/source.h"
#include "analyzers/plan/read_plans.h"

namespace casebook {

/// Imports every plan of an EXPLAIN output; what the importers of the four formats have in common.
/// Errors: those of the source; notUnderstood when there is no plan in it.
Status import_explain(plan::Format format, Source& source, ImportContext& context);

}  // namespace casebook
