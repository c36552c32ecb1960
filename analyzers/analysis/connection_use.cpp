#include "analyzers/analysis/connection_use.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace casebook {
namespace {

void take(LiveConnections& live, double full_percent, double count, std::optional<std::int64_t> at)
{
    ++live.samples;
    if (live.limit.known() && count > live.limit.max) {
        ++live.over_limit;
        return;
    }
    live.most = std::max(live.most, count);
    if (!live.limit.is_full(count, full_percent)) return;
    ++live.full_samples;
    if (at) live.full_at.push_back(*at);
}

/// Pools of one service: the size of each instance's, and since and until when it was seen.
struct Pools {
    struct Pool {
        double size = 0;
        std::int64_t from_ns = 0, to_ns = 0;
    };
    std::map<std::string, Pool> by_instance;

    double largest() const
    {
        double size = 0;
        for (const auto& [name, pool] : by_instance) size = std::max(size, pool.size);
        return size;
    }

    /// Instances come and go: what those that were there at one time add up to, at most.
    double at_one_time() const
    {
        std::vector<std::pair<std::int64_t, double>> changes;
        for (const auto& [name, pool] : by_instance) {
            changes.emplace_back(pool.from_ns, pool.size);
            changes.emplace_back(pool.to_ns, -pool.size);
        }
        // At the same moment the new one comes before the old one goes: both were seen then.
        std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first < b.first : a.second > b.second;
        });
        double now = 0, most = 0;
        for (const auto& [at, size] : changes) most = std::max(most, now += size);
        return most;
    }
};

Result<std::map<std::string, Pools>> pools_by_service(AnalysisContext& context)
{
    std::map<std::string, Pools> services;
    TRY_ASSIGN(const auto* series, context.evidence().metric("pool_max"));
    for (const Series& one : *series)
        for (std::size_t i = 0; i < one.at_ns.size(); ++i) {
            if (!context.windows().analysed.contains(one.at_ns[i])) continue;
            const auto [known, added] = services[one.service].by_instance.try_emplace(one.instance);
            Pools::Pool& pool = known->second;
            pool.size = std::max(pool.size, one.value[i]);
            pool.from_ns = added ? one.at_ns[i] : std::min(pool.from_ns, one.at_ns[i]);
            pool.to_ns = added ? one.at_ns[i] : std::max(pool.to_ns, one.at_ns[i]);
        }
    return services;
}

/// A number somebody set for a service, or for nobody in particular; the last one given.
Result<std::optional<double>> setting_for(AnalysisContext& context, std::string_view service,
                                          std::span<const std::string_view> names)
{
    std::optional<double> found, general;
    TRY_ASSIGN(const auto* settings, context.evidence().settings());
    for (const Setting& setting : *settings) {
        if (std::find(names.begin(), names.end(), setting.name) == names.end()) continue;
        if (const auto number = parse_double(trim(setting.value)))
            (!service.empty() && setting.source == service ? found : general) = number;
    }
    return found ? found : general;
}

constexpr std::array<std::string_view, 4> pool_settings{"pool_max", "pool.max", "pool_size", "pool.size"};
constexpr std::array<std::string_view, 1> replica_settings{"replicas"}, replica_limits{"replicas_max"};

/// The most instances of a service: running, or allowed to.
Result<double> replicas_of(AnalysisContext& context, const std::string& service, bool only_one)
{
    double most = 0;
    for (const std::string_view role : {"replicas", "replicas_max"}) {
        TRY_ASSIGN(const auto typed,
                   setting_for(context, service, role == "replicas" ? replica_settings : replica_limits));
        most = std::max(most, typed.value_or(0));
        TRY_ASSIGN(const auto* series, context.evidence().metric(std::string(role)));
        for (const Series& one : *series) {
            // Of several services only the one that has the pool; nobody says which when none of the names fit.
            const bool is_its =
                one.service == service || one.label("deployment") == service || (only_one && series->size() == 1);
            if (is_its)
                for (const double value : one.value) most = std::max(most, value);
        }
    }
    return most;
}

} // namespace

bool ConnectionLimit::is_full(double count, double full_percent) const
{
    return known() && (count * 100 >= full_percent * max || count >= std::max(max - reserved, 1.0));
}

ConnectionLimit ConnectionLimits::of(const std::string& instance) const
{
    const auto own = by_instance.find(instance);
    return own == by_instance.end() ? any : ConnectionLimit{own->second, any.reserved};
}

Result<ConnectionLimits> connection_limits(AnalysisContext& context)
{
    ConnectionLimits limits;
    for (const char* name : {"superuser_reserved_connections", "reserved_connections"}) {
        TRY_ASSIGN(const auto reserved, context.evidence().setting(name));
        limits.any.reserved += reserved.value_or(0);
    }
    TRY_ASSIGN(const auto max, context.evidence().setting("max_connections"));
    limits.any.max = max.value_or(0);
    TRY_ASSIGN(const auto* series, context.evidence().metric("db_connections_max"));
    double largest = 0;
    for (const Series& one : *series)
        for (const double value : one.value) {
            double& own = limits.by_instance[one.instance];
            own = std::max(own, value);
            largest = std::max(largest, value);
        }
    std::erase_if(limits.by_instance, [](const auto& own) { return own.second <= 0; });
    if (!limits.any.known()) limits.any.max = largest;
    return limits;
}

Result<LiveConnections> live_in_sessions(AnalysisContext& context, const ConnectionLimits& limits, double full_percent)
{
    LiveConnections live;
    live.limit = limits.any;
    TRY_ASSIGN(const auto* samples, context.evidence().session_samples());
    for (const SessionSample& sample : *samples) {
        if (!in_analysed_window(context.windows(), sample.at_ns, sample.window)) continue;
        live.selected = live.selected || !sample.looks_complete();
        const auto count = static_cast<double>(sample.clients());
        if (!live.worst || count > live.most) live.worst = &sample;
        take(live, full_percent, count, sample.at_ns);
    }
    return live;
}

Result<LiveConnections> live_in_metrics(AnalysisContext& context, const ConnectionLimits& limits, double full_percent)
{
    LiveConnections most;
    most.limit = limits.any;
    TRY_ASSIGN(const auto* series, context.evidence().metric("db_connections"));
    std::map<std::pair<std::string, std::string>, std::map<std::int64_t, double>> sums;
    for (const Series& one : *series)
        for (std::size_t i = 0; i < one.at_ns.size(); ++i)
            if (context.windows().analysed.contains(one.at_ns[i]))
                sums[{one.name, one.instance}][one.at_ns[i]] += one.value[i];
    for (const auto& [who, points] : sums) {
        LiveConnections live;
        live.limit = limits.of(who.second);
        live.metric = who.first;
        for (const auto& [at, count] : points) take(live, full_percent, count, at);
        if (live.over_limit > 0) { // a series that exceeds the limit counts demand, also where it does not
            const std::size_t samples = live.samples;
            live = {};
            live.limit = limits.of(who.second);
            live.samples = live.over_limit = samples;
            live.metric = who.first;
        }
        const auto weight = [](const LiveConnections& l) { return std::pair(l.share(), l.most); };
        if (most.metric.empty() || weight(live) > weight(most)) most = std::move(live);
    }
    return most;
}

Result<PoolDemand> pool_demand(AnalysisContext& context)
{
    PoolDemand demand;
    TRY_ASSIGN(auto services, pools_by_service(context));
    const bool measured = !services.empty();
    if (!measured) services[""]; // sizes that are only set
    double largest = 0;
    for (const auto& [service, pools] : services) {
        double pool = pools.largest();
        if (!measured) {
            TRY_ASSIGN(const auto typed, setting_for(context, service, pool_settings));
            pool = typed.value_or(0);
        }
        TRY_ASSIGN(const double replicas, replicas_of(context, service, services.size() == 1));
        const double own = std::max(pools.at_one_time(), replicas * pool);
        demand.total += own;
        if (own < largest || (own == 0 && demand.replicas > 0)) continue;
        largest = own;
        demand.replicas = replicas;
        demand.pool = pool;
    }
    return demand;
}

} // namespace casebook
