#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/finding.h"
#include "analyzers/store/case_file.h"
#include "analyzers/trace/span_table.h"

namespace casebook {

/// From the first to just after the last moment of everything in the case that has a time; empty (from = to) when nothing
/// has. `spans` may be null. Times before 1970-01-12 are counts from the start of a process, not dates, and are left out.
/// Not for the GUI thread. Errors: caseFile, cancelled.
Result<TimeRange> read_time_extent(CaseFile& file, const SpanTable* spans, const Control& control);

}  // namespace casebook
