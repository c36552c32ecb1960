#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/core/result.h"

#include <optional>
#include <string>

namespace casebook {

/// Latency of requests in one window, ms.
struct LatencyLevel {
    double p50 = 0, p99 = 0, mean = 0;
    std::uint64_t requests = 0;
    /// What the percentiles may be with so few requests: one-sided 99 % bounds. 0 when unknown, as for metrics.
    double p50_low = 0, p50_high = 0, p99_low = 0, p99_high = 0;
};

/// What the symptom table looks at, measured: plain numbers, each absent when the evidence does not say. Shares are 0..1.
/// "Now" is the incident (else the analysed window), "base" the baseline.
struct Signals {
    // requests as users feel them
    std::optional<LatencyLevel> latency, base_latency;
    double tail_percentile = 99;   ///< what p99 stands for: the highest whole percentile with common.tail_samples requests above it
    bool buckets_too_wide = false; ///< latency comes from a histogram whose bucket at p99 is wider than the change
    std::optional<double> error_share, base_error_share;
    std::optional<double> error_minutes;     ///< how long errors were up, of `window_minutes`
    double window_minutes = 0;               ///< length of "now"
    std::optional<double> timeout_share, base_timeout_share;  ///< 504, client timeouts
    std::optional<double> timeout_pile;      ///< share of the timed-out requests within 1 % of one duration
    std::optional<double> offered, base_offered;      ///< requests begun per second
    std::optional<double> completed_of_peak;          ///< successes per second now / at their peak

    // resources
    std::optional<double> cpu, base_cpu;     ///< the busiest service, mean of its instances
    std::string cpu_service;
    std::optional<double> db_cpu, db_time_share, base_db_time_share;
    std::optional<double> restarts, base_restarts;    ///< per hour
    std::optional<double> memory_before_restart;      ///< largest memory / limit shortly before a restart
    std::optional<double> memory_r2, memory_growth;   ///< straight line through memory or the heap after collections; end / start
    std::string memory_what;
    std::optional<bool> memory_falls_with_load;
    std::optional<double> hit_ratio, base_hit_ratio;

    // shapes in time
    std::optional<double> spike_autocorrelation, spike_period_s, spike_periods, spike_height;
    std::optional<bool> spike_match;         ///< another series keeps the same period
    std::string spike_match_name;
    bool enough_periods = false;             ///< at least three periods of something could have been seen
    std::optional<double> change_after_deploy_h;      ///< hours from a deploy to the latency change that followed it
    std::optional<bool> deploys;             ///< there are deploy events (absent: no events at all)
    std::string deploy_text;
    std::optional<double> peak_latency_factor, low_latency_factor, load_correlation;

    // instances
    std::optional<double> slow_instance_share, slow_instance_factor;  ///< of the service where they differ most
    std::string slow_instances;
    std::optional<double> slow_instance_cpu, slow_instance_steal;

    // queue
    std::optional<double> queue_growth;      ///< depth at the end / at the start of the rise, by a straight line
    std::optional<double> queue_rise_minutes, queue_trend_p;
    std::string queue_name;
    std::optional<double> arrivals, base_arrivals;    ///< messages per second
    double arrivals_counted = 0, base_arrivals_counted = 0; ///< messages that these rates rest on; 0: not known
    std::optional<double> consumer_cpu;

    // services
    std::optional<std::size_t> services_seen, services_broken;
    double broken_within_minutes = 0;
    std::optional<double> broken_linked;     ///< share of the broken services that call, or are called by, an earlier one
};

/// Reads everything the table needs; `tail_samples` is the threshold common.tail_samples in force. Deterministic.
/// Errors: caseFile, cancelled.
Result<Signals> measure_signals(CaseEvidence& evidence, const AnalysisWindows& windows, double tail_samples);

}  // namespace casebook
