#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/source.h"
#include "analyzers/plan/plan_tree.h"

namespace casebook {

/// Score of a sniffer for EXPLAIN output in `format`: whose plan comes first decides, so that a file belongs to one of
/// the four importers only.
int sniff_explain(plan::Format format, const Probe& probe);

/// Imports every plan of a file, whatever its format and frame; what the importers of the four formats have in common.
/// A record is a plan. Errors: those of the source; notUnderstood when there is no plan in it.
Status import_explain(Source& source, ImportContext& context);

}  // namespace casebook
