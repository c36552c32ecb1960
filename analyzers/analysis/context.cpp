#include "analyzers/analysis/context.h"

#include "analyzers/analysis/requests.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>

namespace casebook {
namespace {

constexpr std::array<Threshold, 8> common{{{"common.tail_samples", 10, "requests", "Casebook's own: of 10 requests above it about 3 are chance"},
                                           {"common.min_requests", 100, "requests", "Casebook's own"},
                                           {"common.sustained", 5, "min", "Casebook's own: as long as alerts usually wait"},
                                           {"common.saving_share", 10, "%", "Sentry's consecutive-query rule"},
                                           {"common.saving_ms", 50, "ms", "Sentry's N+1 rule"},
                                           {"common.fdr", 0.05, "1", "Benjamini and Hochberg 1995", Bound::atMost},
                                           {"common.damaged_share", 5, "%", "Casebook's own: in fewer requests than that a cause is no more than a note", Bound::atMost},
                                           {"common.clock_skew", 5, "ms", "Casebook's own: healthy clients' children stick out by up to 3.5 ms", Bound::atMost}}};

}  // namespace

std::span<const Threshold> common_thresholds() { return common; }

AnalysisContext::AnalysisContext(CaseEvidence& evidence, const AnalysisWindows& windows, const std::map<std::string, double>& thresholds,
                                 const Analyzer& analyzer, SharedLooks& shared)
    : evidence_(evidence), windows_(windows), overrides_(thresholds), analyzer_(analyzer), shared_(shared)
{
}

std::string AnalysisContext::threshold_full_name(std::string_view name) const
{
    if (name.starts_with("common.")) return std::string(name);
    return std::string(analyzer_.id) + "." + std::string(name);
}

double AnalysisContext::threshold(std::string_view name) const
{
    const std::string full_name = threshold_full_name(name);
    thresholds_read_.insert(full_name);
    if (const auto set = overrides_.find(full_name); set != overrides_.end()) return set->second;
    for (const Threshold& threshold : name.starts_with("common.") ? std::span<const Threshold>(common) : analyzer_.thresholds)
        if (threshold.name == name) return threshold.value;
    return 0;
}

Figure AnalysisContext::figure(std::string name, double value, std::string unit, std::string_view threshold_name) const
{
    const auto& listed = threshold_name.starts_with("common.") ? std::span<const Threshold>(common) : analyzer_.thresholds;
    const auto found = std::find_if(listed.begin(), listed.end(), [&](const Threshold& one) { return one.name == threshold_name; });
    const Bound bound = found == listed.end() ? Bound::atLeast : found->bound;
    return {std::move(name), value, std::move(unit), threshold(threshold_name), threshold_full_name(threshold_name), bound};
}

Result<const RequestSet*> AnalysisContext::requests()
{
    if (!shared_.requests) {
        TRY_ASSIGN(const SpanTable* spans, evidence_.spans());
        shared_.requests = find_requests(*spans, windows_);
    }
    return &*shared_.requests;
}

Result<const SpanDoubts*> AnalysisContext::doubts(double skew_ms)
{
    if (!shared_.doubts) {
        TRY_ASSIGN(const SpanTable* spans, evidence_.spans());
        shared_.doubts = doubts_about(*spans, windows_.analysed, windows_.baseline.value_or(TimeRange{}), skew_ms);
    }
    return &*shared_.doubts;
}

Result<Felt> AnalysisContext::felt(const std::map<std::uint32_t, std::int64_t>& explained_ns)
{
    TRY_ASSIGN(const RequestSet* requests, this->requests());
    TRY_ASSIGN(const SpanTable* spans, evidence_.spans());
    double explained_seconds = 0;
    for (const auto& [trace, ns] : explained_ns) {
        const std::uint32_t index = requests->request_of_trace[trace];
        if (index == RequestSet::none || !requests->slow[index]) continue;
        explained_seconds += static_cast<double>(std::min(ns, spans->duration_ns[requests->rows[index]])) / 1e9;
    }
    Felt felt;
    if (requests->slow_seconds > 0) felt.slow_time_share = explained_seconds / requests->slow_seconds;
    return felt;
}

double AnalysisContext::impact(const std::map<std::uint32_t, std::int64_t>& explained_ns) const
{
    double seconds = 0;
    for (const auto& [trace, ns] : explained_ns) seconds += static_cast<double>(ns) / 1e9;
    return seconds / std::max(windows_.analysed.seconds(), 1e-3);
}

void AnalysisContext::add(Finding finding)
{
    finding.analyzer = analyzer_.id;
    findings_.push_back(std::move(finding));
}

std::string trace_id_text(const SpanTable& table, std::uint32_t trace) { return hex64(table.traces[trace].high) + hex64(table.traces[trace].low); }

std::string span_id_text(std::uint64_t span_id) { return hex64(span_id); }

Evidence span_tree_evidence(const SpanTable& table, std::uint32_t trace, std::string caption)
{
    return {std::move(caption), "span_tree", "span",
            "SELECT trace_id, span_id, parent_id, service, operation, kind, status, start_ns, duration_ns, self_ns FROM span "
            "WHERE trace_id = ?1 ORDER BY start_ns, duration_ns DESC, span_id",
            {trace_id_text(table, trace)}};
}

}  // namespace casebook
