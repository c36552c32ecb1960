// The predicates of the symptom table, one function per row.

#include "analyzers/playbook/symptom_rows.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace casebook {
namespace {

using Cells = std::vector<SymptomCell>;

std::optional<double> ratio(std::optional<double> now, std::optional<double> base)
{
    if (!now || !base || *base <= 0) return {};
    return *now / *base;
}

std::optional<double> level(const std::optional<LatencyLevel>& latency, double LatencyLevel::* field)
{
    if (!latency) return {};
    return (*latency).*field;
}

std::string against(const char* name, std::optional<double> now, std::optional<double> base)
{
    if (!now) return {};
    std::string text = name + std::string(" ") + format_ms(*now);
    if (base) text += " against " + format_ms(*base);
    return text;
}

std::string percent_text(const std::string& name, std::optional<double> share) { return share ? name + " " + format_percent(*share) : std::string(); }

struct Latency {
    std::optional<double> p50, p99, mean;           ///< now / base
    std::string p50_text, p99_text, mean_text;
};

/// One-sided 99 % lower bound of now / base from the bounds of both, on the log scale (Zou and Donner 2008: the distances of
/// the bounds add up as squares).
double surely(double now, double now_low, double base, double base_high)
{
    const double below = std::log(now / now_low), above = std::log(base_high / base);
    return now / base * std::exp(-std::sqrt(below * below + above * above));
}

/// Percentiles of few requests double by chance: a rise that they do not prove is none.
void doubt(std::optional<double>& times, std::string& text, double now, double now_low, double base, double base_high, std::uint64_t fewest)
{
    if (!times || *times <= 1 || now_low <= 0 || base_high <= 0 || base <= 0) return;
    if (surely(now, now_low, base, base_high) > 1) return;
    times = 1;
    text += ", which may be chance with " + format_count(static_cast<std::int64_t>(fewest)) + " requests";
}

Latency latency_of(const Signals& signals)
{
    const std::string tail = "P" + format_number(signals.tail_percentile, 3);
    Latency latency;
    const auto now = [&](double LatencyLevel::* field) { return level(signals.latency, field); };
    const auto base = [&](double LatencyLevel::* field) { return level(signals.base_latency, field); };
    latency.p50 = ratio(now(&LatencyLevel::p50), base(&LatencyLevel::p50));
    latency.p99 = ratio(now(&LatencyLevel::p99), base(&LatencyLevel::p99));
    latency.mean = ratio(now(&LatencyLevel::mean), base(&LatencyLevel::mean));
    latency.p50_text = against("P50", now(&LatencyLevel::p50), base(&LatencyLevel::p50));
    latency.p99_text = against(tail.c_str(), now(&LatencyLevel::p99), base(&LatencyLevel::p99));
    if (signals.latency && signals.base_latency) {
        const LatencyLevel &after = *signals.latency, &before = *signals.base_latency;
        const std::uint64_t fewest = std::min(after.requests, before.requests);
        doubt(latency.p50, latency.p50_text, after.p50, after.p50_low, before.p50, before.p50_high, fewest);
        doubt(latency.p99, latency.p99_text, after.p99, after.p99_low, before.p99, before.p99_high, fewest);
    }
    latency.mean_text = against("mean", now(&LatencyLevel::mean), base(&LatencyLevel::mean));
    return latency;
}

/// p99 up and p50 flat. Without a base, p99 far above p50 stands for both.
Cells tail_cells(const Signals& signals, const Limit& limit, bool p50_required)
{
    const Latency latency = latency_of(signals);
    if (!signals.base_latency && signals.latency && signals.latency->p50 > 0) {
        const double apart = signals.latency->p99 / signals.latency->p50;
        if (apart >= limit("ratio_without_base")) {
            const std::string why = "P" + format_number(signals.tail_percentile, 3) + " is " + format_number(apart) + " times P50";
            return {at_least("p99", true, apart, limit("ratio_without_base"), 1, why), at_least("p50", p50_required, apart, limit("ratio_without_base"), 1, "")};
        }
    }
    return {at_least("p99", true, latency.p99, limit("p99_factor"), 1, latency.p99_text), at_most("p50", p50_required, latency.p50, limit("flat"), 1, latency.p50_text)};
}

SymptomCell cpu_low(const char* name, std::optional<double> use, const Limit& limit, bool required = false)
{
    return at_most(name, required, use, limit("cpu_low") / 100, 0, percent_text("cpu", use));
}

std::string errors_text(const Signals& signals)
{
    if (!signals.error_share) return {};
    std::string text = "errors " + format_percent(*signals.error_share);
    if (signals.base_error_share) text += " against " + format_percent(*signals.base_error_share);
    return text;
}

/// Errors at least a factor and a floor above the base, with how far beyond.
SymptomCell errors_up(const Signals& signals, const Limit& limit, bool required)
{
    SymptomCell cell{"errors", required};
    if (!signals.error_share || !signals.base_error_share) return cell;
    const double now = *signals.error_share, base = *signals.base_error_share;
    const double factor = limit("errors_factor"), floor = limit("errors_floor") / 100;
    cell.why = errors_text(signals);
    cell.state = now >= factor * base && now - base >= floor ? SymptomCell::State::satisfied : SymptomCell::State::contradicted;
    if (cell.state != SymptomCell::State::satisfied) return cell;
    const double by_factor = base > 0 ? cell_score(now / base, factor, 2 * factor - 1) : 1;
    cell.score = std::min(by_factor, cell_score(now - base, floor, 2 * floor));
    return cell;
}

/// Errors below that: full when the rise is half of what would count.
SymptomCell errors_flat(const Signals& signals, const Limit& limit)
{
    SymptomCell cell = errors_up(signals, limit, false);
    if (cell.state == SymptomCell::State::unknown) return cell;
    const bool up = cell.state == SymptomCell::State::satisfied;
    cell.state = up ? SymptomCell::State::contradicted : SymptomCell::State::satisfied;
    const double rise = *signals.error_share - *signals.base_error_share;
    const double allowed = std::max((limit("errors_factor") - 1) * *signals.base_error_share, limit("errors_floor") / 100);
    cell.score = up ? 0 : cell_score(rise, allowed, allowed / 2);
    return cell;
}

Cells p99_only_cpu_low(const Signals& signals, const Limit& limit)
{
    Cells cells = tail_cells(signals, limit, true);
    cells.push_back(cpu_low("cpu", signals.cpu, limit));
    cells.push_back(errors_flat(signals, limit));
    return cells;
}

Cells all_latency_cpu_high(const Signals& signals, const Limit& limit)
{
    const Latency latency = latency_of(signals);
    return {at_least("p50", true, latency.p50, limit("all_factor"), 1, latency.p50_text), at_least("p99", true, latency.p99, limit("all_factor"), 1, latency.p99_text),
            share_at_least("cpu", true, signals.cpu, limit("cpu_high") / 100, percent_text("cpu of " + signals.cpu_service, signals.cpu))};
}

Cells p99_only_errors_up(const Signals& signals, const Limit& limit)
{
    Cells cells = tail_cells(signals, limit, false);
    cells.push_back(errors_up(signals, limit, true));
    cells.push_back(cpu_low("cpu", signals.cpu, limit));
    return cells;
}

Cells restarts_memory_high(const Signals& signals, const Limit& limit)
{
    std::optional<double> more;
    if (signals.restarts && signals.base_restarts) more = (*signals.restarts - *signals.base_restarts) * signals.window_minutes / 60;
    return {at_least("restarts", true, more, 1, 0, more ? format_number(*more) + " more restarts than usual" : ""),
            share_at_least("memory", true, more && *more < 1 ? std::optional<double>(signals.memory_before_restart.value_or(0)) : signals.memory_before_restart,
                           limit("memory_high") / 100, percent_text("memory before a restart", signals.memory_before_restart)),
            errors_up(signals, limit, false)};
}

Cells periodic_spikes(const Signals& signals, const Limit& limit)
{
    std::string why;
    std::optional<double> regular = signals.spike_autocorrelation;
    if (signals.spike_period_s) {
        why = "latency spikes every " + format_ms(*signals.spike_period_s * 1000) + " (autocorrelation " + format_number(*regular, 2) + ")";
        if (*signals.spike_periods < limit("periods") || *signals.spike_height < limit("spike_height")) regular = 0;
    }
    std::optional<bool> match = signals.spike_match;
    return {share_at_least("period", true, regular, limit("autocorrelation"), why),
            yes_or_no("same_period", false, match, signals.spike_match_name.empty() ? "nothing else keeps that period" : signals.spike_match_name + " keeps it too")};
}

Cells some_instances_only(const Signals& signals, const Limit& limit)
{
    std::optional<double> factor = signals.slow_instance_factor;
    if (factor && signals.slow_instance_share && *signals.slow_instance_share * 100 > limit("instance_share")) factor = 1;
    std::string why;
    if (factor) why = signals.slow_instances + ": p99 " + format_number(*factor) + " times the others'";
    return {at_least("instances", true, factor, limit("instance_factor"), 1, why), cpu_low("cpu", signals.slow_instance_cpu, limit),
            share_at_least("steal", false, signals.slow_instance_steal, limit("steal") / 100, percent_text("steal there", signals.slow_instance_steal))};
}

/// One-sided lower 95 % bound of the ratio of two rates that rest on counts (Poisson, on the log scale; Rothman 2012).
double rate_ratio_lower_bound(double ratio, double counted, double counted_before)
{
    return ratio * std::exp(-1.645 * std::sqrt(1 / counted + 1 / counted_before));
}

Cells queue_growing_consumers_idle(const Signals& signals, const Limit& limit)
{
    std::optional<double> growth = signals.queue_growth;
    const bool lasting = signals.queue_rise_minutes && *signals.queue_rise_minutes >= std::min(limit("queue_minutes"), 0.8 * signals.window_minutes);
    if (growth && (!lasting || *signals.queue_trend_p >= 0.01)) growth = 1;  // one-sided Mann-Kendall
    const std::optional<double> more = ratio(signals.arrivals, signals.base_arrivals);
    std::optional<double> surely_more = more;
    if (more && signals.arrivals_counted > 0 && signals.base_arrivals_counted > 0)
        surely_more = rate_ratio_lower_bound(*more, signals.arrivals_counted, signals.base_arrivals_counted);
    std::string why;
    if (growth) why = "depth of " + signals.queue_name + " grew " + format_number(*growth) + "-fold";
    return {at_least("queue_depth", true, growth, limit("queue_growth"), 1, why),
            at_most("arrivals", false, surely_more, limit("flat"), 1, more ? "arrivals " + format_number(*more, 2) + " times the base's" : ""),
            cpu_low("consumer_cpu", signals.consumer_cpu, limit)};
}

Cells slow_after_deploy(const Signals& signals, const Limit& limit)
{
    std::optional<double> lag = signals.change_after_deploy_h;
    if (!lag && signals.deploys.value_or(false)) lag = HUGE_VAL;  // a deploy, and nothing got slower after it
    std::optional<double> cpu = ratio(signals.cpu, signals.base_cpu);
    if (cpu) cpu = std::max(*cpu, 1 / *cpu);
    std::optional<double> drop;
    if (signals.hit_ratio && signals.base_hit_ratio) drop = *signals.base_hit_ratio - *signals.hit_ratio;
    return {at_most("deploy", true, lag, limit("deploy_lag"), 0, signals.change_after_deploy_h ? signals.deploy_text : "nothing got slower after the deploy"),
            at_most("cpu", false, cpu, limit("flat"), 1, cpu ? percent_text("cpu", signals.cpu) + " against " + format_percent(*signals.base_cpu) : ""),
            share_at_least("hit_ratio", false, drop, limit("hit_drop") / 100,
                           drop ? "cache hits " + format_percent(*signals.hit_ratio) + " against " + format_percent(*signals.base_hit_ratio) : "")};
}

Cells gateway_timeouts(const Signals& signals, const Limit& limit)
{
    std::optional<double> share = signals.timeout_share;
    if (share && signals.base_timeout_share && *share < limit("errors_factor") * *signals.base_timeout_share) share = 0;
    return {share_at_least("timeouts", true, share, limit("timeout_share") / 100, percent_text("timeouts", signals.timeout_share)),
            share_at_least("plateau", false, signals.timeout_pile, limit("timeout_pile") / 100, percent_text("at one duration", signals.timeout_pile))};
}

Cells p99_up_mean_flat(const Signals& signals, const Limit& limit)
{
    const Latency latency = latency_of(signals);
    std::optional<double> p99 = latency.p99;
    if (p99 && signals.latency->p99 - signals.base_latency->p99 < limit("p99_rise")) p99 = 1;
    if (signals.buckets_too_wide) p99.reset();
    const bool mean_known = signals.latency && signals.latency->mean > 0;
    return {at_least("p99", true, p99, limit("p99_mild_factor"), 1, latency.p99_text),
            at_most("mean", true, mean_known ? latency.mean : std::nullopt, limit("mean_flat"), 1, latency.mean_text)};
}

Cells throughput_collapse(const Signals& signals, const Limit& limit)
{
    const Latency latency = latency_of(signals);
    const std::optional<double> more = ratio(signals.offered, signals.base_offered);
    std::optional<double> fall;
    if (signals.completed_of_peak) fall = 1 - *signals.completed_of_peak;
    return {at_least("offered_load", true, more, limit("flat"), 1, more ? "offered load " + format_number(*more, 2) + " times the base's" : ""),
            share_at_least("completed", true, fall, 1 - limit("completed") / 100, percent_text("completed, of its peak", signals.completed_of_peak)),
            at_least("latency", false, latency.p99, limit("collapse_factor"), 1, latency.p99_text)};
}

Cells peak_hours_only(const Signals& signals, const Limit& limit)
{
    const auto times = [](const char* what, std::optional<double> value) { return value ? what + (" " + format_number(*value, 2)) + " times the base" : std::string(); };
    return {at_least("peak_latency", true, signals.peak_latency_factor, limit("p99_factor"), 1, times("latency at peak load", signals.peak_latency_factor)),
            at_most("low_latency", true, signals.low_latency_factor, limit("flat"), 1, times("latency at low load", signals.low_latency_factor)),
            share_at_least("correlation", false, signals.load_correlation, limit("load_correlation"),
                           signals.load_correlation ? "rank correlation with load " + format_number(*signals.load_correlation, 2) : "")};
}

Cells database_cpu_high(const Signals& signals, const Limit& limit)
{
    std::optional<double> share = signals.db_time_share;
    // Many healthy services spend most of their time in the database: without its CPU only a share that rose says something.
    if (share && !signals.db_cpu && *share < limit("flat") * signals.base_db_time_share.value_or(1)) share.reset();
    return {share_at_least("db_cpu", true, signals.db_cpu, limit("cpu_high") / 100, percent_text("database cpu", signals.db_cpu)),
            share_at_least("db_time", false, share, limit("db_share") / 100, percent_text("database share of request time", signals.db_time_share))};
}

Cells memory_climbing(const Signals& signals, const Limit& limit)
{
    std::optional<double> line = signals.memory_r2;
    if (line && signals.memory_growth.value_or(1) < limit("memory_growth")) line = 0;
    std::optional<bool> stays;
    if (signals.memory_falls_with_load) stays = !*signals.memory_falls_with_load;
    return {share_at_least("memory", true, line, limit("memory_r2"),
                           signals.memory_growth ? signals.memory_what + " grew " + format_number(*signals.memory_growth, 2) + "-fold along a line" : "memory does not rise"),
            yes_or_no("load", false, stays, "it does not fall with the load")};
}

Cells errors_spiking(const Signals& signals, const Limit& limit)
{
    SymptomCell cell = errors_up(signals, limit, true);
    const double wanted = std::min(limit("errors_minutes"), 0.5 * signals.window_minutes);
    if (cell.state == SymptomCell::State::satisfied && signals.error_minutes.value_or(0) < wanted) {
        cell.state = SymptomCell::State::contradicted;
        cell.score = 0;
    }
    return {cell};
}

Cells cascading_failure(const Signals& signals, const Limit& limit)
{
    std::optional<double> broken;
    if (signals.services_broken && signals.services_seen && static_cast<double>(*signals.services_seen) >= limit("services"))
        broken = signals.broken_within_minutes <= limit("cascade_minutes") ? static_cast<double>(*signals.services_broken) : 0;
    return {at_least("services", true, broken, limit("services"), 0, broken ? format_number(*broken) + " services broke within " + format_number(signals.broken_within_minutes, 2) + " min" : ""),
            share_at_least("call_edges", true, signals.broken_linked, limit("cascade_linked") / 100, percent_text("linked by calls", signals.broken_linked))};
}

constexpr std::array<SymptomRow, 16> rows{{
    {"p99_only_cpu_low", p99_only_cpu_low, 8},
    {"all_latency_cpu_high", all_latency_cpu_high, 7},
    {"p99_only_errors_up", p99_only_errors_up, 6},
    {"restarts_memory_high", restarts_memory_high, 1},
    {"periodic_spikes", periodic_spikes, 2},
    {"some_instances_only", some_instances_only, 3},
    {"queue_growing_consumers_idle", queue_growing_consumers_idle, 4},
    {"slow_after_deploy", slow_after_deploy, 5},
    {"gateway_timeouts", gateway_timeouts, 9},
    {"p99_up_mean_flat", p99_up_mean_flat, 16},
    {"throughput_collapse", throughput_collapse, 10},
    {"peak_hours_only", peak_hours_only, 11},
    {"database_cpu_high", database_cpu_high, 12},
    {"memory_climbing", memory_climbing, 13},
    {"errors_spiking", errors_spiking, 14},
    {"cascading_failure", cascading_failure, 15},
}};

}  // namespace

std::span<const SymptomRow> symptom_rows() { return rows; }

}  // namespace casebook
