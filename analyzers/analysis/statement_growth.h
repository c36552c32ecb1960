#pragma once

#include <cstdint>

namespace casebook {

/// Calls of a statement, or of all statements, in some stretch of time.
struct StatementUse {
    double total_ms = 0;
    std::uint64_t calls = 0;
    double mean_ms() const { return calls > 0 ? total_ms / static_cast<double>(calls) : 0; }
};

struct StatementGrowth {
    bool comparable = false;   ///< enough was recorded before to say what is usual
    double beside_others = 0;  ///< time spent per time of all other statements, now over before
    double mean = 0;           ///< time per call, now over before; 0 when it was not called before
    bool grown = false;        ///< one of them is `factor` or more, beyond chance
};

/// Whether a statement takes more than it used to. Compared with the other statements, so that more traffic for all of them
/// is no growth of one; and per call. Chance: counts as two proportions (p < 0.01), means of durations that deviate by as
/// much as their mean (p < 0.01, the usual spread of service times). `all` includes the statement itself.
StatementGrowth statement_growth(StatementUse now, StatementUse all_now, StatementUse before, StatementUse all_before, double factor);

}  // namespace casebook
