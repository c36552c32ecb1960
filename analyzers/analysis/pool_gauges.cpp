#include "analyzers/analysis/pool_gauges.h"

#include <algorithm>

namespace casebook {

std::string pool_service(const Series& series)
{
    if (!series.service.empty()) return series.service;
    for (const char* key : {"db.client.connection.pool.name", "pool.name", "pool", "name"})
        if (const std::string name = series.label(key); !name.empty()) return name;
    return series.instance;
}

std::string pool_identity(const Series& series)
{
    std::string identity;
    for (const auto& [key, value] : series.labels)
        if (key != "__name__" && !key.ends_with("state")) identity += key + "=" + value + "\n";
    return identity;
}

PoolSeries::PoolSeries(const std::vector<Series>& all)
{
    for (const Series& series : all) by_identity_.emplace(pool_identity(series), &series);
}

const Series* PoolSeries::of(const std::string& identity) const
{
    const auto found = by_identity_.find(identity);
    return found == by_identity_.end() ? nullptr : found->second;
}

double value_at(const Series& series, std::int64_t at_ns)
{
    const auto after = std::upper_bound(series.at_ns.begin(), series.at_ns.end(), at_ns);
    return after == series.at_ns.begin() ? 0 : series.value[static_cast<std::size_t>(after - series.at_ns.begin()) - 1];
}

} // namespace casebook
