#include "analyzers/analysis/retry_series.h"

#include "analyzers/analysis/pool_gauges.h"
#include "analyzers/core/statistics.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace casebook {
namespace {

using Edge = std::pair<std::string, std::string>;
using ByEdge = std::map<Edge, std::vector<const Series*>>;

std::string peer_label(const Series& series)
{
    for (const char* key : {"peer", "peer.service", "peer_service", "upstream", "target", "destination", "destination_service", "destination.service", "server.address", "server_address", "envoy_cluster_name",
                            "grpc.target", "grpc_target", "dependency"})
        if (const std::string peer = series.label(key); !peer.empty()) return peer;
    return {};
}

ByEdge by_edge(const std::vector<Series>& all)
{
    ByEdge edges;
    for (const Series& series : all)
        if (series.at_ns.size() >= 3) edges[{series.service, peer_label(series)}].push_back(&series);
    return edges;
}

/// Sum of the series per second at each moment, over the time since the one before.
std::vector<double> per_second(const std::vector<const Series*>& all, const std::vector<std::int64_t>& moments)
{
    std::vector<double> rates(moments.size(), 0);
    for (const Series* series : all)
        for (std::size_t i = 0; i < moments.size(); ++i) {
            if (!series->counter) rates[i] += value_at(*series, moments[i]);
            else if (i > 0) rates[i] += series->increase({moments[i - 1] + 1, moments[i] + 1}) / std::max(TimeRange{moments[i - 1], moments[i]}.seconds(), 1e-3);
        }
    return rates;
}

double seconds_at(const std::vector<std::int64_t>& moments, std::size_t i)
{
    const std::size_t at = std::max<std::size_t>(i, 1);
    return std::max(TimeRange{moments[at - 1], moments[at]}.seconds(), 1e-3);
}

/// Means of values inside and outside of the stretch; nothing when there are none outside.
std::optional<std::pair<double, double>> inside_and_outside(const std::vector<double>& values, const RetryStretch& stretch)
{
    double in = 0, out = 0;
    std::size_t outside = 0;
    for (std::size_t i = 1; i < values.size(); ++i)
        if (i >= stretch.first && i <= stretch.last) in += values[i];
        else {
            out += values[i];
            ++outside;
        }
    if (outside == 0) return {};
    return std::pair(in / static_cast<double>(stretch.last - stretch.first + 1), out / static_cast<double>(outside));
}

}  // namespace

Result<std::vector<RetrySeries>> retry_series(AnalysisContext& context, ServiceLoads& loads)
{
    TRY_ASSIGN(const auto* all_attempts, context.evidence().metric("attempts"));
    TRY_ASSIGN(const auto* all_retries, context.evidence().metric("retries"));
    const ByEdge attempts = by_edge(*all_attempts), retries = by_edge(*all_retries);
    std::map<Edge, std::pair<const std::vector<const Series*>*, const std::vector<const Series*>*>> edges;
    for (const auto& [edge, series] : attempts) edges[edge].first = &series;
    for (const auto& [edge, series] : retries) edges[edge].second = &series;
    std::vector<RetrySeries> found;
    for (const auto& [edge, both] : edges) {
        TRY(context.control().check());
        RetrySeries one;
        std::tie(one.service, one.peer) = edge;
        one.at_ns = (both.first ? both.first : both.second)->front()->at_ns;
        for (const auto* part : {both.first, both.second})
            if (part) one.from.insert(one.from.end(), part->begin(), part->end());
        const std::vector<double> again = both.second ? per_second(*both.second, one.at_ns) : std::vector<double>{};
        one.counted = both.second != nullptr;
        if (both.first) one.attempts = per_second(*both.first, one.at_ns);
        if (both.first && both.second) {
            for (std::size_t i = 0; i < one.at_ns.size(); ++i) one.logical.push_back(std::max(0.0, one.attempts[i] - again[i]));
        } else {
            TRY_ASSIGN(const ServiceLoad load, loads.of(one.service, one.at_ns));
            if (!load.known()) continue;
            one.logical = load.per_second;
            if (!both.first)
                for (std::size_t i = 0; i < one.at_ns.size(); ++i) one.attempts.push_back(one.logical[i] + again[i]);
        }
        found.push_back(std::move(one));
    }
    return found;
}

std::optional<RetryStretch> worst_stretch(const RetrySeries& series, const AnalysisWindows& windows, double warn)
{
    std::vector<double> ratios;
    for (std::size_t i = 1; i < series.at_ns.size(); ++i)
        if (series.logical[i] > 0) ratios.push_back(series.ratio(i));
    // A storm may last for most of what was recorded: what is usual is what the quieter quarter shows.
    const double usual = series.counted ? 1 : std::max(1.0, percentile(ratios, 25));
    std::optional<RetryStretch> worst;
    double most = 0;
    for (std::size_t i = 1; i < series.at_ns.size(); ++i) {
        RetryStretch run;
        run.first = i;
        double beyond = 0;
        for (; i < series.at_ns.size() && windows.analysed.contains(series.at_ns[i]) && series.logical[i] > 0 && series.ratio(i) >= warn * usual; ++i) {
            const double seconds = seconds_at(series.at_ns, i);
            run.attempts += series.attempts[i] * seconds;
            run.logical += series.logical[i] * seconds;
            beyond += (series.attempts[i] - usual * series.logical[i]) * seconds;
        }
        if (i == run.first || beyond <= most) continue;
        most = beyond;
        run.last = i - 1;
        run.when = {series.at_ns[run.first - 1], series.at_ns[run.last] + 1};
        run.usual_ratio = usual;
        worst = run;
    }
    if (!worst) return worst;
    if (const auto means = inside_and_outside(series.logical, *worst)) {
        worst->compared = true;
        worst->load_factor = means->second > 0 ? means->first / means->second : 1;
    }
    return worst;
}

Result<std::optional<double>> arrivals_factor(AnalysisContext& context, ServiceLoads& loads, const RetrySeries& series, const RetryStretch& stretch)
{
    bool own = false;
    for (const char* role : {"rps", "requests", "latency_count"}) {
        TRY_ASSIGN(const auto* all, context.evidence().metric(role));
        own |= std::any_of(all->begin(), all->end(), [&](const Series& one) { return !series.peer.empty() && equals_ignoring_case(one.service, series.peer); });
    }
    if (!own) return std::optional<double>();
    TRY_ASSIGN(const ServiceLoad load, loads.of(series.peer, series.at_ns));
    if (!load.known()) return std::optional<double>();
    const auto means = inside_and_outside(load.per_second, stretch);
    if (!means || means->second <= 0) return std::optional<double>();
    return std::optional<double>(means->first / means->second);
}

Result<std::optional<bool>> errors_rose(AnalysisContext& context, const RetrySeries& series, const RetryStretch& stretch)
{
    std::vector<const Series*> about;
    for (const char* role : {"errors", "error_rate"}) {
        TRY_ASSIGN(const auto* all, context.evidence().metric(role));
        for (const Series& one : *all)
            if (equals_ignoring_case(one.service, series.service) || (!series.peer.empty() && equals_ignoring_case(one.service, series.peer))) about.push_back(&one);
    }
    if (about.empty()) return std::optional<bool>();
    const auto means = inside_and_outside(per_second(about, series.at_ns), stretch);
    if (!means) return std::optional<bool>();
    return std::optional<bool>(means->first > 2 * means->second);
}

}  // namespace casebook
