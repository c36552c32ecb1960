#pragma once

#include "analyzers/core/analyzer.h"

namespace casebook {

/// latency.some_instances without spans, by the P99 that somebody computed or by histograms: adds a suspicion for each service of which a minority of the instances has a P99 far
/// above the others' while they serve at the same time, the first minutes of new ones left out. Whether they are asked the same
/// a series does not say. Uses that analyzer's thresholds; the answer that holds when nothing was added. Error: the store's.
Result<Answer> compare_instance_series(AnalysisContext& context);

}  // namespace casebook
