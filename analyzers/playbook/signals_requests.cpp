#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/signal_scope.h"
#include "analyzers/trace/requests.h"
#include "analyzers/trace/sampling.h"
#include "analyzers/trace/span_class.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace casebook {
namespace {

constexpr std::size_t fewest_requests = 20;  // for shares and rates
constexpr double pile_width = 0.01;          // durations within 1 % of one value
constexpr std::size_t minutes_of_a_cycle = 20;
constexpr double highest_by_chance = 3.26;   // normal quantile of 1 - 0.01 / 18

constexpr std::array<std::string_view, 3> http_codes{"http.response.status_code", "http.status_code", "status_code"};
constexpr std::array<std::string_view, 2> grpc_codes{"rpc.grpc.status_code", "rpc.response.status_code"};
constexpr std::array<std::string_view, 2> error_types{"error.type", "exception.type"};

struct Request {
    std::int64_t start_ns = 0, end_ns = 0;
    double ms = 0;
    double weight = 1;  ///< how many such requests there were for each that was kept; 0 when nobody can tell
    bool failed = false, timed_out = false;
};

std::vector<Request> requests_of(const SignalScope& scope, bool& status_known)
{
    const SpanTable& spans = *scope.spans;
    status_known = std::any_of(spans.status.begin(), spans.status.end(), [](SpanStatus status) { return status != SpanStatus::unset; });
    std::vector<Request> requests;
    const SamplingReader sampling(spans);
    for (const SpanTable::Row row : scope.entries) {
        Request request{spans.start_ns[row], spans.end_ns(row), static_cast<double>(spans.duration_ns[row]) / 1e6};
        const std::string_view code = spans.attribute(row, http_codes), grpc = spans.attribute(row, grpc_codes);
        status_known = status_known || !code.empty() || !grpc.empty();
        request.failed = is_failed(spans, row);
        request.timed_out = code == "504" || grpc == "4" || equals_ignoring_case(grpc, "DEADLINE_EXCEEDED") ||
                            (request.failed && contains_ignoring_case(spans.attribute(row, error_types), "timeout"));
        const Sampling kept = sampling.of(row);
        request.weight = kept.is_all() || kept.by == Sampling::By::chance ? 1 / kept.probability : 0;
        requests.push_back(request);
    }
    std::sort(requests.begin(), requests.end(), [](const Request& a, const Request& b) {
        return a.start_ns != b.start_ns ? a.start_ns < b.start_ns : a.ms < b.ms;
    });
    return requests;
}

std::vector<double> durations_in(const std::vector<Request>& requests, TimeRange range)
{
    std::vector<double> durations;
    for (const Request& request : requests)
        if (range.contains(request.start_ns)) durations.push_back(request.ms);
    return durations;
}

LatencyLevel level_of(std::vector<double> durations, double tail)
{
    LatencyLevel level;
    level.requests = durations.size();
    level.mean = mean(durations);
    level.p50 = percentile_in_place(durations, 50);
    level.p99 = percentile_in_place(durations, tail);
    // Order statistics: how many of n lie below a percentile is binomial (Conover 1999, 3.2). One-sided 99 %.
    const auto bounds = [&](double percent, double& low, double& high) {
        const double share = percent / 100, off = 233 * std::sqrt(share * (1 - share) / static_cast<double>(durations.size()));
        low = percentile_in_place(durations, std::max(0.0, percent - off));
        high = percentile_in_place(durations, std::min(100.0, percent + off));
    };
    bounds(50, level.p50_low, level.p50_high);
    bounds(tail, level.p99_low, level.p99_high);
    return level;
}

void measure_errors(const SignalScope& scope, const std::vector<Request>& requests, Signals& signals)
{
    const auto shares = [&](TimeRange range, std::optional<double>& failed, std::optional<double>& timed_out) {
        double all = 0, bad = 0, late = 0;
        for (const Request& request : requests) {
            if (!range.contains(request.start_ns)) continue;
            ++all;
            bad += request.failed;
            late += request.timed_out;
        }
        if (all < static_cast<double>(fewest_requests)) return;
        failed = bad / all;
        timed_out = late / all;
    };
    shares(scope.now, signals.error_share, signals.timeout_share);
    if (scope.base) shares(*scope.base, signals.base_error_share, signals.base_timeout_share);

    std::vector<double> timeouts;
    std::int64_t first = 0, last = 0;
    for (const Request& request : requests) {
        if (!scope.now.contains(request.start_ns)) continue;
        if (request.timed_out) timeouts.push_back(request.ms);
        if (!request.failed) continue;
        if (first == 0) first = request.start_ns;
        last = request.end_ns;
    }
    signals.error_minutes = TimeRange{first, last}.seconds() / 60;
    if (timeouts.size() < 3) return;
    const double usual = median(timeouts);
    const auto near = std::count_if(timeouts.begin(), timeouts.end(), [&](double ms) { return std::abs(ms - usual) <= pile_width * usual; });
    signals.timeout_pile = static_cast<double>(near) / static_cast<double>(timeouts.size());
}

void measure_load(const SignalScope& scope, const std::vector<Request>& requests, Signals& signals)
{
    const auto begun = [&](TimeRange range) -> std::optional<double> {
        std::size_t count = 0;
        double weight = 0;
        for (const Request& request : requests) {
            if (!range.contains(request.start_ns)) continue;
            ++count;
            weight += request.weight;
        }
        if (range.seconds() <= 0 || count < fewest_requests) return {};
        return weight / range.seconds();
    };
    signals.offered = begun(scope.now);
    if (scope.base) signals.base_offered = begun(*scope.base);

    // Successes per second in twentieths of the analysed time: the peak as the mean of three, now as the mean of its parts. The
    // highest of many is high by chance as well, so the peak is what 99 % of chance leaves of it (counts are Poisson; 18 looks).
    const TimeRange all = scope.windows.analysed;
    constexpr std::size_t parts = 20;
    const double part_s = all.seconds() / parts;
    if (requests.size() < 10 * parts || part_s <= 0) return;
    std::array<double, parts> done{};
    for (const Request& request : requests)
        if (!request.failed && all.contains(request.end_ns))
            done[std::min(parts - 1, static_cast<std::size_t>(TimeRange{all.from_ns, request.end_ns}.seconds() / part_s))] += request.weight;
    double peak = 0, now = 0, now_parts = 0;
    for (std::size_t i = 0; i < parts; ++i) {
        if (i >= 1 && i + 1 < parts) {
            const double three = done[i - 1] + done[i] + done[i + 1];
            peak = std::max(peak, (three - highest_by_chance * std::sqrt(three)) / 3);
        }
        const auto middle = all.from_ns + static_cast<std::int64_t>((static_cast<double>(i) + 0.5) * part_s * 1e9);
        if (!scope.now.contains(middle)) continue;
        now += done[i];
        ++now_parts;
    }
    if (peak > 0 && now_parts > 0) signals.completed_of_peak = std::min(1.0, now / now_parts / peak);
}

/// Latency against load by minute, when the case sees load rise and fall.
void measure_peak_hours(const SignalScope& scope, const std::vector<Request>& requests, Signals& signals)
{
    const TimeRange all = scope.windows.analysed;
    if (all.seconds() < 60 * static_cast<double>(minutes_of_a_cycle)) return;
    struct Minute { std::vector<double> durations; double load = 0; };
    std::map<std::int64_t, Minute> by_minute;  // sparse: a stray time must not cost memory
    for (const Request& request : requests) {
        if (!all.contains(request.start_ns)) continue;
        Minute& minute = by_minute[static_cast<std::int64_t>(TimeRange{all.from_ns, request.start_ns}.seconds() / 60)];
        minute.durations.push_back(request.ms);
        minute.load += request.weight;
    }
    std::vector<double> load, latency;
    for (const auto& [minute, of] : by_minute) {
        if (of.durations.size() < fewest_requests) continue;
        load.push_back(of.load);
        latency.push_back(percentile(of.durations, 95));
    }
    if (load.size() < minutes_of_a_cycle) return;
    // A cycle: the load was clearly lower before and after its peak.
    const auto peak = std::max_element(load.begin(), load.end());
    if (*std::min_element(load.begin(), peak + 1) > *peak / 1.5 || *std::min_element(peak, load.end()) > *peak / 1.5) return;
    std::vector<std::size_t> by_load(load.size());
    for (std::size_t i = 0; i < by_load.size(); ++i) by_load[i] = i;
    std::sort(by_load.begin(), by_load.end(), [&](std::size_t a, std::size_t b) { return load[a] != load[b] ? load[a] < load[b] : a < b; });
    const auto part = [&](double from, double to) {
        std::vector<double> values;
        for (auto i = static_cast<std::size_t>(from * static_cast<double>(by_load.size())); i < static_cast<std::size_t>(to * static_cast<double>(by_load.size())); ++i)
            values.push_back(latency[by_load[i]]);
        return median(std::move(values));
    };
    double base = part(0, 0.25);
    if (scope.base)
        if (std::vector<double> durations = durations_in(requests, *scope.base); durations.size() >= fewest_requests) base = percentile(std::move(durations), 95);
    if (base <= 0) return;
    signals.peak_latency_factor = part(0.8, 1) / base;
    signals.low_latency_factor = part(0, 0.5) / base;
    signals.load_correlation = spearman(load, latency);
}

/// Share of the requests' time that is spent in database statements.
void measure_database_share(const SignalScope& scope, Signals& signals)
{
    const SpanTable& spans = *scope.spans;
    const SpanClasses classes = classify(spans);
    const auto share = [&](TimeRange range) -> std::optional<double> {
        double requests = 0, statements = 0;
        for (const SpanTable::Row row : scope.entries)
            if (range.contains(spans.start_ns[row])) requests += static_cast<double>(spans.duration_ns[row]);
        for (SpanTable::Row row = 0; row < spans.size(); ++row)
            if (classes.of[row] == SpanClass::statement && range.contains(spans.start_ns[row])) statements += static_cast<double>(spans.duration_ns[row]);
        if (requests <= 0 || statements <= 0) return {};
        return std::min(1.0, statements / requests);
    };
    signals.db_time_share = share(scope.now);
    if (scope.base) signals.base_db_time_share = share(*scope.base);
}

}  // namespace

Status measure_requests(SignalScope& scope, Signals& signals)
{
    bool status_known = false;
    const std::vector<Request> requests = requests_of(scope, status_known);
    std::vector<double> now = durations_in(requests, scope.now), base;
    if (scope.base) base = durations_in(requests, *scope.base);
    const double fewest = static_cast<double>(base.empty() ? now.size() : std::min(now.size(), base.size()));
    const double needed = 2 * scope.tail_samples;  // below, not even the median has that many requests above it
    if (static_cast<double>(now.size()) >= needed) {
        signals.tail_percentile = std::clamp(std::floor(100 * (1 - scope.tail_samples / fewest)), 50.0, 99.0);
        signals.latency = level_of(std::move(now), signals.tail_percentile);
        if (static_cast<double>(base.size()) >= needed) signals.base_latency = level_of(std::move(base), signals.tail_percentile);
    }
    if (status_known) measure_errors(scope, requests, signals);
    // Kept as so many per second, or for what happened in them: their number is no load.
    if (std::none_of(requests.begin(), requests.end(), [](const Request& request) { return request.weight == 0; })) {
        measure_load(scope, requests, signals);
        measure_peak_hours(scope, requests, signals);
    }
    measure_database_share(scope, signals);
    return {};
}

}  // namespace casebook
