#include "analyzers/analysis/recordings.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr std::int64_t shortest_hole_ns = 10'000'000'000, beside_ns = 15'000'000'000;
constexpr std::int64_t usual_pauses = 100;

/// a + b, held to what an instant can be: a case file may have any times.
std::int64_t plus(std::int64_t a, std::int64_t b)
{
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

std::int64_t minus(std::int64_t later, std::int64_t earlier)
{
    std::int64_t pause = 0;
    return __builtin_sub_overflow(later, earlier, &pause) ? INT64_MAX : pause;
}

}  // namespace

std::vector<TimeRange> recordings(const std::vector<std::int64_t>& starts_ns, const std::vector<std::int64_t>& changes_ns)
{
    if (starts_ns.empty()) return {};
    std::vector<std::int64_t> pauses;
    for (std::size_t i = 1; i < starts_ns.size(); ++i) pauses.push_back(minus(starts_ns[i], starts_ns[i - 1]));
    std::int64_t usual = 0;
    if (!pauses.empty()) {
        const auto middle = pauses.begin() + static_cast<std::ptrdiff_t>(pauses.size() / 2);
        std::nth_element(pauses.begin(), middle, pauses.end());
        usual = *middle;
    }
    const std::int64_t hole_ns = std::max(shortest_hole_ns, usual > INT64_MAX / usual_pauses ? INT64_MAX : usual * usual_pauses);
    std::vector<TimeRange> found{{starts_ns.front(), plus(starts_ns.front(), 1)}};
    for (std::size_t i = 1; i < starts_ns.size(); ++i) {
        const std::int64_t from = starts_ns[i - 1], to = starts_ns[i];
        const bool hole = minus(to, from) >= hole_ns && std::none_of(changes_ns.begin(), changes_ns.end(), [&](std::int64_t at) { return at >= plus(from, -beside_ns) && at <= plus(to, beside_ns); });
        if (hole) found.push_back({to, plus(to, 1)});
        else found.back().to_ns = plus(to, 1);
    }
    return found;
}

}  // namespace casebook
