#include "analyzers/analysis/recordings.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr std::int64_t shortest_hole_ns = 10'000'000'000, beside_ns = 15'000'000'000;
constexpr std::int64_t usual_pauses = 100;

}  // namespace

std::vector<TimeRange> recordings(const std::vector<std::int64_t>& starts_ns, const std::vector<std::int64_t>& changes_ns)
{
    if (starts_ns.empty()) return {};
    std::vector<std::int64_t> pauses;
    for (std::size_t i = 1; i < starts_ns.size(); ++i) pauses.push_back(starts_ns[i] - starts_ns[i - 1]);
    std::int64_t usual = 0;
    if (!pauses.empty()) {
        const auto middle = pauses.begin() + static_cast<std::ptrdiff_t>(pauses.size() / 2);
        std::nth_element(pauses.begin(), middle, pauses.end());
        usual = *middle;
    }
    const std::int64_t hole_ns = std::max(shortest_hole_ns, usual > INT64_MAX / usual_pauses ? INT64_MAX : usual * usual_pauses);
    std::vector<TimeRange> found{{starts_ns.front(), starts_ns.front() + 1}};
    for (std::size_t i = 1; i < starts_ns.size(); ++i) {
        const std::int64_t from = starts_ns[i - 1], to = starts_ns[i];
        const bool hole = to - from >= hole_ns && std::none_of(changes_ns.begin(), changes_ns.end(), [&](std::int64_t at) { return at >= from - beside_ns && at <= to + beside_ns; });
        if (hole) found.push_back({to, to + 1});
        else found.back().to_ns = to + 1;
    }
    return found;
}

}  // namespace casebook
