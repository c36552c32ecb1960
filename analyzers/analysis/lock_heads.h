#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/wait_graph.h"

namespace casebook {

/// The statement that changes a definition and that others queue behind: the head, or a waiter with others behind it;
/// null without one.
const DatabaseSession* definition_in(const LockChain& chain);

/// The remote call that the head's service was waiting for when the sample was taken, while the head idled in its
/// transaction; no_row when there is none. `head` may be null. Errors: caseFile, cancelled.
Result<SpanTable::Row> remote_call_of_head(AnalysisContext& context, const SessionSample& sample,
                                           const DatabaseSession* head);

} // namespace casebook
