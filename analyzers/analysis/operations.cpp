#include "analyzers/analysis/operations.h"

#include "analyzers/core/statistics.h"

#include <algorithm>
#include <cmath>

namespace casebook {

std::vector<double> durations_ms(const SpanTable& spans, const std::vector<SpanTable::Row>& rows)
{
    std::vector<double> values;
    values.reserve(rows.size());
    for (const SpanTable::Row row : rows) values.push_back(static_cast<double>(spans.duration_ns[row]) / 1e6);
    return values;
}

double tail_percentile(const std::vector<double>& values, double tail_samples, double& p)
{
    p = 0;
    const double n = static_cast<double>(values.size());
    if (n < 2 * tail_samples || n == 0) return 0;
    p = std::min(99.0, std::floor(100 * (1 - tail_samples / n)));  // whole: P83.6 says no more than P83
    return percentile(values, p);
}

std::vector<OperationRequests> operations(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows, double tail_samples)
{
    std::map<std::pair<std::string_view, std::string_view>, OperationRequests> by_name;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (classes.of[row] != SpanClass::entry) continue;
        const bool base = windows.baseline && windows.baseline->contains(spans.start_ns[row]);
        if (!base && !windows.analysed.contains(spans.start_ns[row])) continue;
        OperationRequests& operation = by_name[{spans.text(spans.service[row]), spans.text(spans.operation[row])}];
        operation.service = spans.service[row];
        operation.operation = spans.operation[row];
        (base ? operation.baseline : operation.analysed).push_back(row);
    }
    std::vector<OperationRequests> result;
    for (auto& [name, operation] : by_name) {
        const auto by_start = [&](SpanTable::Row a, SpanTable::Row b) { return spans.start_ns[a] != spans.start_ns[b] ? spans.start_ns[a] < spans.start_ns[b] : a < b; };
        std::sort(operation.analysed.begin(), operation.analysed.end(), by_start);
        std::sort(operation.baseline.begin(), operation.baseline.end(), by_start);
        operation.line_ms = tail_percentile(durations_ms(spans, operation.baseline), tail_samples, operation.line_percentile);
        if (operation.line_percentile == 0) operation.line_ms = 3 * median(durations_ms(spans, operation.analysed));
        result.push_back(std::move(operation));
    }
    return result;
}

}  // namespace casebook
