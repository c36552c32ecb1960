#pragma once

#include "analyzers/trace/span_table.h"

#include <memory>

namespace casebook {

/// The span table of a case, loaded once per generation of its rows and kept with the connection: the virtual tables,
/// the analyzers and the views share it. Errors as load_spans.
Result<std::shared_ptr<const SpanTable>> cached_spans(CaseFile& file, const Control& control);

}  // namespace casebook
