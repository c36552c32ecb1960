#include "analyzers/analysis/statement_growth.h"

#include "analyzers/core/statistics.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr double chance = 0.01, z = 2.326;      // one-sided 1 %
constexpr std::uint64_t enough_calls = 30;      // of all statements, to know what is usual
constexpr double never = 1e6;                   // stands for "now over nothing"

double over(double a, double b) { return b > 0 ? std::min(a / b, never) : a > 0 ? never : 0; }

}  // namespace

StatementGrowth statement_growth(StatementUse now, StatementUse all_now, StatementUse before, StatementUse all_before, double factor)
{
    StatementGrowth growth;
    growth.comparable = all_before.calls >= enough_calls && all_now.calls > 0;
    if (!growth.comparable || now.calls == 0) return growth;
    const double others_now = std::max(0.0, all_now.total_ms - now.total_ms), others_before = std::max(0.0, all_before.total_ms - before.total_ms);
    growth.beside_others = others_now > 0 && others_before > 0 ? over(now.total_ms / others_now, before.total_ms / others_before) : 0;
    growth.mean = before.calls > 0 ? over(now.mean_ms(), before.mean_ms()) : 0;
    const bool more_calls = over(static_cast<double>(now.calls) / static_cast<double>(all_now.calls), static_cast<double>(before.calls) / static_cast<double>(all_before.calls)) > 1 &&
                            two_proportion_p(now.calls, all_now.calls, before.calls, all_before.calls) < chance;
    const bool longer_calls = growth.mean > 1 && std::log(growth.mean) > z * std::sqrt(1 / static_cast<double>(now.calls) + 1 / static_cast<double>(before.calls));
    growth.grown = (growth.beside_others >= factor && (more_calls || longer_calls)) || (growth.mean >= factor && longer_calls);
    return growth;
}

}  // namespace casebook
