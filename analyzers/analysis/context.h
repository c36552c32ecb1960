#pragma once

#include "analyzers/analysis/evidence.h"
#include "analyzers/core/analyzer.h"
#include "analyzers/trace/span_doubts.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace casebook {

/// Which stretches of time an analysis looks at.
struct AnalysisWindows {
    TimeRange whole;                    ///< everything the case has
    TimeRange analysed;                 ///< the incident window, --window or --from/--to, else `whole`
    std::optional<TimeRange> baseline;  ///< window baseline or --baseline, else the case before the incident, else proposed
    bool limited = false;               ///< --from/--to given: evidence without time is left out
    bool proposed = false;              ///< baseline (and incident onset) come from change points, not from the user
    std::string analysed_name = "case", baseline_name;
    std::optional<std::int64_t> onset_ns;  ///< where the incident begins, when known or proposed
    /// The stretch in trouble: `analysed` when the user named it, else from the onset until the change went back. Comparisons
    /// with the baseline read this; rows that compare absolutely read `analysed`.
    std::optional<TimeRange> incident;
    std::string proposed_why;  ///< what changed, for people; empty unless proposed
};

/// Requests as users feel them: one per trace, the entry span (trace/requests.h). Loaded once, shared by analyzers.
struct RequestSet {
    static constexpr std::uint32_t none = 0xffffffffu;
    std::vector<SpanTable::Row> rows;          ///< entry spans, in table order
    std::vector<std::uint32_t> request_of_trace;  ///< per trace: index into rows, or none
    std::vector<bool> slow;                    ///< per request: over its operation's baseline P99, else 3 x the median of all requests
    double slow_seconds = 0;                   ///< duration of the slow requests of the analysed window
    double total_seconds = 0;                  ///< of all requests of the analysed window
    std::uint64_t analysed = 0, failed = 0, slow_count = 0;  ///< requests of the analysed window
};

/// What the analyzers of a run have looked at together, filled by the first that asks.
struct SharedLooks {
    std::optional<RequestSet> requests;
    std::optional<SpanDoubts> doubts;
};

/// What one analyzer works with during its run.
class AnalysisContext {
public:
    /// `shared` is of all contexts of a run.
    AnalysisContext(CaseEvidence& evidence, const AnalysisWindows& windows, const std::map<std::string, double>& thresholds,
                    const Analyzer& analyzer, SharedLooks& shared);

    CaseEvidence& evidence() { return evidence_; }
    const AnalysisWindows& windows() const { return windows_; }
    const Control& control() const { return evidence_.control(); }
    const Analyzer& analyzer() const { return analyzer_; }

    /// "repeats" (own) or "common.min_requests"; with overrides applied. Asking for an unknown name is our mistake and
    /// caught by the contract tests.
    double threshold(std::string_view name) const;
    /// Full names of the thresholds asked for so far: what the answer depends on.
    const std::set<std::string>& thresholds_read() const { return thresholds_read_; }
    std::string threshold_full_name(std::string_view name) const;
    /// A figure held against an own or common threshold.
    Figure figure(std::string name, double value, std::string unit, std::string_view threshold_name) const;

    /// Requests of the case with what is slow in the analysed window.
    Result<const RequestSet*> requests();
    /// What the traces of the analysed time and of the baseline leave open.
    Result<const SpanDoubts*> doubts(double skew_ms);

    /// Share of the slow requests' time that is explained, and of the whole: `explained_ns` maps a trace index to the
    /// nanoseconds of its request that would go away. Each is capped at the request's duration.
    Result<Felt> felt(const std::map<std::uint32_t, std::int64_t>& explained_ns);
    /// Seconds explained per second of the analysed window.
    double impact(const std::map<std::uint32_t, std::int64_t>& explained_ns) const;

    /// Keeps a finding. Fills analyzer id; the runner counts evidence rows and sorts.
    void add(Finding finding);
    std::vector<Finding>& findings() { return findings_; }

private:
    CaseEvidence& evidence_;
    const AnalysisWindows& windows_;
    const std::map<std::string, double>& overrides_;
    const Analyzer& analyzer_;
    SharedLooks& shared_;
    std::vector<Finding> findings_;
    mutable std::set<std::string> thresholds_read_;  // asking is what a reader does
};

/// Thresholds shared by analyzers ("common.tail_samples", ...), MAP.md section 0.
std::span<const Threshold> common_thresholds();

/// "1d2f…" text forms for evidence arguments.
std::string trace_id_text(const SpanTable& table, std::uint32_t trace);
std::string span_id_text(std::uint64_t span_id);

/// Evidence that shows one trace as a waterfall, the given rows first in the reader's eye.
Evidence span_tree_evidence(const SpanTable& table, std::uint32_t trace, std::string caption);


}  // namespace casebook
