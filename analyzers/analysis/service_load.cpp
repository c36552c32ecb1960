#include "analyzers/analysis/service_load.h"

#include "analyzers/analysis/pool_gauges.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace casebook {
namespace {

constexpr double requests_per_moment = 20;

/// Series of the service; when none carries its name and all carry one and the same, those.
std::vector<const Series*> series_of(const std::vector<Series>& all, const std::string& service)
{
    std::vector<const Series*> own, any;
    std::set<std::string> names;
    for (const Series& series : all) {
        names.insert(series.service);
        any.push_back(&series);
        if (equals_ignoring_case(series.service, service)) own.push_back(&series);
    }
    return own.empty() && names.size() == 1 ? any : own;
}

double seconds_before(const std::vector<std::int64_t>& moments, std::size_t i)
{
    if (moments.size() < 2) return 1;
    const std::size_t at = std::max<std::size_t>(i, 1);
    return std::max(TimeRange{moments[at - 1], moments[at]}.seconds(), 1e-3);
}

/// Moving average over `width` values around each, shorter at the ends.
std::vector<double> smoothed(const std::vector<double>& values, std::size_t width)
{
    std::vector<double> sums{0}, result;
    for (const double value : values) sums.push_back(sums.back() + value);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t from = i >= width / 2 ? i - width / 2 : 0, to = std::min(values.size(), from + width);
        result.push_back((sums[to] - sums[from]) / static_cast<double>(to - from));
    }
    return result;
}

} // namespace

Status ServiceLoads::read_arrivals()
{
    if (read_) return {};
    read_ = true;
    TRY_ASSIGN(const SpanTable* spans, context_.evidence().spans());
    TRY_ASSIGN(const SpanClasses* classes, context_.evidence().span_classes());
    if (spans->size() == 0) return {};
    recorded_ = {INT64_MAX, INT64_MIN};
    for (SpanTable::Row row = 0; row < spans->size(); ++row) {
        recorded_.from_ns = std::min(recorded_.from_ns, spans->start_ns[row]);
        recorded_.to_ns = std::max(recorded_.to_ns, spans->start_ns[row]);
        if (classes->of[row] == SpanClass::entry)
            arrivals_[lower(spans->text(spans->service[row]))].push_back(spans->start_ns[row]);
    }
    for (auto& [service, starts] : arrivals_) std::sort(starts.begin(), starts.end());
    return {};
}

Result<ServiceLoad> ServiceLoads::of(const std::string& service, const std::vector<std::int64_t>& moments_ns)
{
    ServiceLoad load;
    for (const char* role : {"rps", "requests", "latency_count"}) {
        TRY_ASSIGN(const auto* all, context_.evidence().metric(role));
        auto series = series_of(*all, service);
        std::erase_if(series, [](const Series* one) { return one->at_ns.size() < 2; });
        if (series.empty()) continue;
        load.source = ServiceLoad::Source::metric;
        load.recorded = {INT64_MAX, INT64_MIN};
        for (const Series* one : series) {
            const std::int64_t step =
                (one->at_ns.back() - one->at_ns.front()) / static_cast<std::int64_t>(one->at_ns.size() - 1);
            load.recorded.from_ns = std::min(load.recorded.from_ns, one->at_ns.front() + (one->counter ? step : 0));
            load.recorded.to_ns = std::max(load.recorded.to_ns, one->at_ns.back() + step);
        }
        for (std::size_t i = 0; i < moments_ns.size(); ++i) {
            double sum = 0;
            for (const Series* one : series) {
                if (!one->counter) sum += value_at(*one, moments_ns[i]);
                else if (i > 0)
                    sum += one->increase({moments_ns[i - 1] + 1, moments_ns[i] + 1}) / seconds_before(moments_ns, i);
            }
            load.per_second.push_back(sum);
        }
        if (series.front()->counter && load.per_second.size() > 1) load.per_second[0] = load.per_second[1];
        return load;
    }
    TRY(read_arrivals());
    const auto found = arrivals_.find(lower(service));
    if (found == arrivals_.end() || moments_ns.size() < 2) return load;
    const std::vector<std::int64_t>& starts = found->second;
    if (starts.size() < static_cast<std::size_t>(requests_per_moment)) return load;
    load.source = ServiceLoad::Source::spans;
    load.recorded = recorded_;
    double seen = 0;
    for (std::size_t i = 0; i < moments_ns.size(); ++i) {
        const auto width = static_cast<std::int64_t>(seconds_before(moments_ns, i) * 1e9);
        const auto from = std::upper_bound(starts.begin(), starts.end(), moments_ns[i] - width);
        const auto to = std::upper_bound(starts.begin(), starts.end(), moments_ns[i]);
        const auto count = static_cast<double>(to - from);
        seen += count;
        load.per_second.push_back(count / seconds_before(moments_ns, i));
    }
    const double per_moment = seen / static_cast<double>(moments_ns.size());
    if (per_moment > 0 && per_moment < requests_per_moment)
        load.per_second =
            smoothed(load.per_second, static_cast<std::size_t>(std::ceil(requests_per_moment / per_moment)));
    return load;
}

} // namespace casebook
