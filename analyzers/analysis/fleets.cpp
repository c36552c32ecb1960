#include "analyzers/analysis/fleets.h"

#include "analyzers/core/number_hash.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <tsl/robin_map.h>

namespace casebook {
namespace {

/// When an instance of a service is there.
struct Presence {
    std::int64_t joined_ns = INT64_MAX;  ///< in the whole case
    TimeRange served{INT64_MAX, INT64_MIN};
    std::size_t requests = 0;
};

double length(const TimeRange& range) { return static_cast<double>(range.to_ns) - static_cast<double>(range.from_ns); }

}  // namespace

std::vector<Together> serving_together(std::span<const TimeRange> served)
{
    constexpr std::size_t most_groups = 64;
    std::vector<std::size_t> order(served.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return length(served[a]) > length(served[b]); });
    std::vector<Together> groups;
    std::vector<double> longest;
    for (const std::size_t one : order) {
        if (length(served[one]) <= 0) continue;
        std::size_t group = 0;
        TimeRange shared;
        for (; group < groups.size(); ++group) {
            shared = {std::max(groups[group].shared.from_ns, served[one].from_ns), std::min(groups[group].shared.to_ns, served[one].to_ns)};
            if (length(shared) >= 0.5 * longest[group]) break;
        }
        if (group < groups.size()) {
            groups[group].shared = shared;
            groups[group].members.push_back(one);
        } else if (groups.size() < most_groups) {
            groups.push_back({{one}, served[one]});
            longest.push_back(length(served[one]));
        }
    }
    std::erase_if(groups, [](const Together& group) { return group.members.size() < 2; });
    for (Together& group : groups) std::sort(group.members.begin(), group.members.end());
    return groups;
}

std::int64_t warm_from_ns(std::int64_t joined_ns, std::int64_t service_began_ns, double gap_ns, double warm_up_min)
{
    const bool late = static_cast<double>(joined_ns) - static_cast<double>(service_began_ns) > std::max(10e9, 7 * gap_ns);
    return late ? joined_ns + static_cast<std::int64_t>(std::clamp(warm_up_min, 0.0, 1e6) * 60e9) : joined_ns;
}

std::vector<Fleet> fleets(const SpanTable& spans, const SpanClasses& classes, const std::vector<OperationRequests>& operations, double warm_up_min)
{
    const auto key_of = [&](SpanTable::Row row) { return std::uint64_t{spans.service[row]} << 32 | spans.instance[row]; };
    tsl::robin_map<std::uint64_t, Presence, NumberHash> presences;
    for (const OperationRequests& operation : operations)
        for (const SpanTable::Row row : operation.analysed) {
            if (spans.instance[row] == 0) continue;
            Presence& one = presences[key_of(row)];
            one.served.from_ns = std::min(one.served.from_ns, spans.start_ns[row]);
            one.served.to_ns = std::max(one.served.to_ns, spans.start_ns[row] + 1);
            ++one.requests;
        }
    tsl::robin_map<SpanTable::Id, std::int64_t, NumberHash> began_ns;  // services
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (classes.of[row] != SpanClass::entry) continue;
        const auto service = began_ns.try_emplace(spans.service[row], spans.start_ns[row]).first;
        service.value() = std::min(service->second, spans.start_ns[row]);
        if (const auto one = presences.find(key_of(row)); one != presences.end()) one.value().joined_ns = std::min(one->second.joined_ns, spans.start_ns[row]);
    }
    std::map<std::string_view, std::map<std::string_view, std::uint64_t>> by_name;
    for (const auto& [key, one] : presences)
        by_name[spans.text(static_cast<SpanTable::Id>(key >> 32))].emplace(spans.text(static_cast<SpanTable::Id>(key)), key);
    std::vector<Fleet> result;
    for (const auto& [name, instances] : by_name) {
        const auto service = static_cast<SpanTable::Id>(instances.begin()->second >> 32);
        std::vector<SpanTable::Id> ids;
        std::vector<std::int64_t> joined_ns;
        std::vector<TimeRange> served;
        for (const auto& [instance, key] : instances) {
            const Presence& one = presences.at(key);
            const double gap_ns = length(one.served) / static_cast<double>(one.requests);
            ids.push_back(static_cast<SpanTable::Id>(key));
            joined_ns.push_back(one.joined_ns);
            served.push_back({std::max(one.served.from_ns, warm_from_ns(one.joined_ns, began_ns.at(service), gap_ns, warm_up_min)), one.served.to_ns});
        }
        for (const Together& group : serving_together(served)) {
            Fleet fleet{service, {}, {}, group.shared};
            for (const std::size_t member : group.members) {
                fleet.instances.push_back(ids[member]);
                fleet.joined_ns.push_back(joined_ns[member]);
            }
            result.push_back(std::move(fleet));
        }
    }
    return result;
}

SlowMinority slow_minority(std::span<const double> tails, double max_share_percent, double factor)
{
    SlowMinority found;
    const auto most = static_cast<std::size_t>(static_cast<double>(tails.size()) * std::clamp(max_share_percent, 0.0, 100.0) / 100);
    for (std::size_t count = 1; count <= most && count < tails.size(); ++count) {
        const std::size_t others = tails.size() - count, middle = count + others / 2;
        const double reference = others % 2 == 1 ? tails[middle] : (tails[middle - 1] + tails[middle]) / 2;
        const double times = reference > 0 ? tails[count - 1] / reference : 0;
        found.largest_factor = std::max(found.largest_factor, times);
        if (times < factor) continue;
        found.count = count;
        found.factor = times;
        found.others = reference;
    }
    return found;
}

double mix_difference(std::span<const std::pair<double, double>> counts)
{
    double left = 0, right = 0;
    for (const auto& [a, b] : counts) {
        left += a;
        right += b;
    }
    if (left <= 0 || right <= 0) return 0;
    double distance = 0, by_chance = 0;
    for (const auto& [a, b] : counts) {
        const double pooled = (a + b) / (left + right);
        distance += std::abs(a / left - b / right) / 2;
        by_chance += std::sqrt(2 / std::numbers::pi * pooled * (1 - pooled) * (1 / left + 1 / right)) / 2;  // mean of |normal|
    }
    return std::max(0.0, distance - 2 * by_chance);
}

}  // namespace casebook
