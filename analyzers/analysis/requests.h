#pragma once

#include "analyzers/analysis/context.h"

namespace casebook {

/// Finds the entry span of every trace and what was slow in the analysed window. Slow is a request over the P99 of its
/// (service, operation) in the baseline (with at least 10 requests there), else over 3 times the median of all requests
/// of the analysed window. O(n log n).
RequestSet find_requests(const SpanTable& spans, const AnalysisWindows& windows);

}  // namespace casebook
