#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// A number that verdicts or symptoms depend on, by its full name.
struct NamedThreshold {
    std::string name;         ///< "common.fdr", "symptom.p99_factor", "pool.exhaustion.wait_p95"
    double value = 0;         ///< default
    std::string_view unit, source;
};

/// All of them: the shared ones, those of the symptom table, those of every analyzer in registry order.
std::vector<NamedThreshold> all_thresholds();

/// Default of one; nothing when there is none of that name.
std::optional<double> default_threshold(std::string_view name);

}  // namespace casebook
