#pragma once

#include "tests/simulate/telemetry.h"

#include <string>
#include <vector>

namespace casebook::simulate {

/// A statement as the database counts it.
struct CountedStatement {
    std::string text;
    std::int64_t query_id = 0;
    double rows = 1, blocks_hit = 4, blocks_read = 0;  ///< per call
    std::int64_t calls_before = 0;                     ///< since the last reset of the counters
    double mean_before_ms = 1;
};

/// pg_stat_statements of PostgreSQL 15 at a moment, as \copy (select now() as captured_at, * ...) writes it: what was
/// counted before plus the statement spans that ended until then.
std::string statements_csv(const std::vector<CountedStatement>& statements, const std::vector<Span>& spans, Nanoseconds at);

/// EXPLAIN (ANALYZE, BUFFERS, VERBOSE, FORMAT JSON) of the shipments of one order.
std::string shipments_plan();
/// EXPLAIN (ANALYZE, BUFFERS, VERBOSE) of a member's price.
std::string member_price_plan();

inline constexpr std::int64_t shipments_query_id = 5217730964118203377, member_price_query_id = -3309118246570412985;

}  // namespace casebook::simulate
