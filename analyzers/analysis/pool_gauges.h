#pragma once

#include "analyzers/analysis/evidence.h"

#include <map>
#include <string>
#include <vector>

namespace casebook {

/// The service a pool's series belongs to: its own, else what its labels call the pool, else the instance.
std::string pool_service(const Series& series);

/// Labels that tell one pool from another, whatever the metric: everything but its name and the state.
std::string pool_identity(const Series& series);

/// The series of one metric by the pool they are about; the first where several are about one. They must outlive this.
class PoolSeries {
public:
    explicit PoolSeries(const std::vector<Series>& all);
    /// The series about the pool with that pool_identity(), or null.
    const Series* of(const std::string& identity) const;

private:
    std::map<std::string, const Series*> by_identity_;
};

/// The last value at or before a moment; 0 before the first.
double value_at(const Series& series, std::int64_t at_ns);

} // namespace casebook
