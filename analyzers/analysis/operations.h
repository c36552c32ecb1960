#pragma once

#include "analyzers/analysis/context.h"

#include <map>
#include <vector>

namespace casebook {

/// The entry spans of one operation of one service, split by window.
struct OperationRequests {
    SpanTable::Id service = 0, operation = 0;
    std::vector<SpanTable::Row> analysed;  ///< start in the analysed window (and not in the baseline), start order
    std::vector<SpanTable::Row> baseline;  ///< start in the baseline window
    double line_ms = 0;                    ///< a request over it is slow
    double line_percentile = 0;            ///< of the baseline; 0: the line is 3 x the median of `analysed`
};

/// Operations by (service name, operation name). The line of an operation is the P99 of its baseline, or the highest
/// percentile that `tail_samples` baseline requests lie above; without enough baseline 3 x the median.
/// Without a baseline `analysed` holds everything in the analysed window.
std::vector<OperationRequests> operations(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows, double tail_samples);

/// Durations in ms of rows.
std::vector<double> durations_ms(const SpanTable& spans, const std::vector<SpanTable::Row>& rows);

/// P99, or the highest whole percentile with `tail_samples` values above it; `p` says which. 0 and p = 0 for too few values.
double tail_percentile(const std::vector<double>& values, double tail_samples, double& p);

}  // namespace casebook
