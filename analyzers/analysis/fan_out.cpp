#include "analyzers/analysis/fan_out.h"

#include "analyzers/core/statistics.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <queue>
#include <set>

namespace casebook {
namespace {

using Row = SpanTable::Row;

double milliseconds(const SpanTable& spans, Row row) { return static_cast<double>(spans.duration_ns[row]) / 1e6; }

/// The largest set of overlapping calls, if enough of them were in flight at one moment. `rows` in start order.
std::vector<Row> together(const SpanTable& spans, const std::vector<Row>& rows, std::size_t fewest)
{
    std::vector<Row> best, current;
    std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> ends;
    std::size_t most_in_flight = 0;
    std::int64_t end = INT64_MIN;
    const auto close = [&] {
        if (most_in_flight >= fewest && current.size() > best.size()) best = std::move(current);
        current.clear();
        ends = {};
        most_in_flight = 0;
    };
    for (const Row row : rows) {
        if (spans.start_ns[row] >= end) close();
        while (!ends.empty() && ends.top() <= spans.start_ns[row]) ends.pop();
        ends.push(span_end_ns(spans, row));
        end = current.empty() ? span_end_ns(spans, row) : std::max(end, span_end_ns(spans, row));
        current.push_back(row);
        most_in_flight = std::max(most_in_flight, ends.size());
    }
    close();
    return best;
}

/// Which of the children it is, told by one property. Which property tells them apart differs between systems.
enum class Identity { address, instance, service, path, position };
constexpr std::array identities{Identity::address, Identity::instance, Identity::service, Identity::path, Identity::position};

std::string identity_of(const SpanTable& spans, const SpanClasses& classes, Identity identity, Row row, std::size_t position)
{
    static constexpr std::array<std::string_view, 5> address_keys{"server.address", "net.peer.name", "http.host", "net.peer.ip", "network.peer.address"};
    static constexpr std::array<std::string_view, 3> port_keys{"server.port", "net.peer.port", "network.peer.port"};
    static constexpr std::array<std::string_view, 3> url_keys{"url.full", "http.url", "http.target"};
    switch (identity) {
    case Identity::address: return std::string(spans.attribute(row, address_keys)) + ":" + std::string(spans.attribute(row, port_keys));
    case Identity::instance:
        if (classes.of[row] == SpanClass::entry) return std::string(spans.text(spans.instance[row]));
        for (const Row child : spans.children(row))
            if (spans.service[child] != spans.service[row]) return std::string(spans.text(spans.instance[child]));
        return {};
    case Identity::service: return callee_of(spans, classes, row);
    case Identity::path: {
        const std::string_view url = spans.attribute(row, url_keys);
        return std::string(url.substr(0, url.find_first_of("?#")));
    }
    case Identity::position: return std::to_string(position + 1);
    }
    return {};
}

Rotation rotation_of(const SpanTable& spans, const SpanClasses& classes, const std::vector<const FanOut*>& slow_parents)
{
    constexpr std::size_t most_values = 1024;  // more are ids of requests, not of children
    constexpr double beyond_chance = 1.5;      // two addresses are each slowest in about half of the requests
    Rotation worst;
    for (const Identity identity : identities) {
        if (identity == Identity::position && worst.distinguished) continue;
        std::map<std::string, std::pair<double, double>> by_value;  // times it was slowest, times it was asked
        double children = 0, distinct = 0;
        for (const FanOut* fan_out : slow_parents) {
            std::set<std::string> values;
            for (std::size_t i = 0; i < fan_out->children.size(); ++i) {
                const std::string value = identity_of(spans, classes, identity, fan_out->children[i], i);
                values.insert(value);
                auto& count = by_value[value];
                ++count.second;
                ++children;
                if (fan_out->children[i] == fan_out->slowest) ++count.first;
            }
            distinct += static_cast<double>(values.size());
        }
        if (distinct < 2 * static_cast<double>(slow_parents.size()) || by_value.size() > most_values) continue;
        worst.distinguished = true;
        for (const auto& [value, count] : by_value) {
            const double share = count.first / static_cast<double>(slow_parents.size()), fair = count.second / children;
            if (fair < 0.34) worst.largest = std::max(worst.largest, share);
            if (share < beyond_chance * fair || share <= worst.share) continue;
            worst.share = share;
            worst.child = value;
        }
    }
    return worst;
}

/// Share of calls over the line when all of them spread as their lower half does, or the upper half of the usual ones.
double spread_over(const std::vector<double>& all_ms, const std::vector<double>& usual_ms, double line_ms)
{
    constexpr double quartile = 0.6745;  // of the normal distribution
    const double lower = percentile(all_ms, 25), middle = median(all_ms), upper = percentile(usual_ms, 75);
    if (lower <= 0 || line_ms <= middle) return 0;
    const double sigma = std::log(std::max(middle / lower, upper / middle)) / quartile;
    return sigma > 0 ? std::erfc(std::log(line_ms / middle) / sigma / std::numbers::sqrt2) / 2 : 0;
}

}  // namespace

Result<std::map<std::pair<std::string_view, std::string_view>, FanOutOperation>> find_fan_outs(const SpanTable& spans, const SpanClasses& classes, const AnalysisWindows& windows,
                                                                                             const FanOutRules& rules, const Control& control)
{
    std::map<std::pair<std::string_view, std::string_view>, FanOutOperation> operations;
    const auto fewest = static_cast<std::size_t>(std::clamp(rules.fewest, 2.0, 1e9));
    const OutermostCalls calls = outermost_calls(spans, classes);
    for (std::size_t i = 0; i < calls.entries.size(); ++i) {
        if (i % 4096 == 0) TRY(control.check());
        const Row entry = calls.entries[i];
        if (calls.of(i).size() < fewest || !windows.analysed.contains(spans.start_ns[entry])) continue;
        std::vector<Row> rows;
        for (const Row row : calls.of(i))
            if (spans.kind[row] != SpanKind::producer) rows.push_back(row);
        if (rows.size() < fewest) continue;
        FanOutOperation& operation = operations[{spans.text(spans.service[entry]), spans.text(spans.operation[entry])}];
        FanOut fan_out{entry, together(spans, rows, fewest), {}, 0, 0, 0};
        if (fan_out.children.empty()) {
            ++operation.one_by_one;
            continue;
        }
        std::int64_t end = INT64_MIN;
        fan_out.slowest = fan_out.children.front();
        for (const Row row : fan_out.children) {
            end = std::max(end, span_end_ns(spans, row));
            if (spans.duration_ns[row] > spans.duration_ns[fan_out.slowest]) fan_out.slowest = row;
        }
        fan_out.wait_ns = end - spans.start_ns[fan_out.slowest];
        operation.fan_outs.push_back(std::move(fan_out));
    }
    constexpr std::size_t enough = 30;  // for a median that some slow ones do not move
    CallTargets targets(spans, classes);
    for (auto& [name, operation] : operations) {
        TRY(control.check());
        std::map<std::uint64_t, std::size_t> calls_to;
        for (FanOut& fan_out : operation.fan_outs)
            for (const Row row : fan_out.children) {
                fan_out.kinds.push_back(targets.of(row));
                ++calls_to[fan_out.kinds.back()];
            }
        std::map<std::uint64_t, std::vector<double>> ms;
        for (FanOut& fan_out : operation.fan_outs)
            for (std::size_t i = 0; i < fan_out.children.size(); ++i) {
                if (calls_to[fan_out.kinds[i]] < enough) fan_out.kinds[i] = std::uint64_t{1} << 32 | spans.operation[fan_out.children[i]];
                ms[fan_out.kinds[i]].push_back(milliseconds(spans, fan_out.children[i]));
            }
        double slowest_kind_ms = 0;
        for (auto& [kind, values] : ms) {
            const bool usual = values.size() * 2 >= operation.fan_outs.size();
            operation.line_ms[kind] = median(std::move(values));
            if (usual) slowest_kind_ms = std::max(slowest_kind_ms, operation.line_ms[kind]);
        }
        for (auto& [kind, line_ms] : operation.line_ms) line_ms = std::max(rules.slow * line_ms, slowest_kind_ms);
        for (FanOut& fan_out : operation.fan_outs)
            for (std::size_t i = 0; i < fan_out.children.size(); ++i) fan_out.slow += milliseconds(spans, fan_out.children[i]) > operation.line_ms[fan_out.kinds[i]];
        std::sort(operation.fan_outs.begin(), operation.fan_outs.end(), [&](const FanOut& a, const FanOut& b) {
            return spans.start_ns[a.entry] != spans.start_ns[b.entry] ? spans.start_ns[a.entry] < spans.start_ns[b.entry] : a.entry < b.entry;
        });
    }
    return operations;
}

FanOutLook look_at_fan_outs(const SpanTable& spans, const SpanClasses& classes, const FanOutOperation& operation, const FanOutRules& rules)
{
    FanOutLook look;
    std::vector<double> when;
    for (const FanOut& fan_out : operation.fan_outs) {
        look.fan_outs.push_back(&fan_out);
        if (fan_out.slow > 0) when.push_back(static_cast<double>(spans.start_ns[fan_out.entry] - spans.start_ns[operation.fan_outs.front().entry]));
    }
    // Chance is steady: while children were slow, not over a healthy time before it as well.
    if (!when.empty()) {
        const double from = percentile(when, 5), to = percentile(when, 95);
        std::vector<const FanOut*> meanwhile;
        for (const FanOut& fan_out : operation.fan_outs) {
            const double at = static_cast<double>(spans.start_ns[fan_out.entry] - spans.start_ns[operation.fan_outs.front().entry]);
            if (at >= from && at <= to) meanwhile.push_back(&fan_out);
        }
        if (static_cast<double>(meanwhile.size()) >= rules.min_requests) look.fan_outs = std::move(meanwhile);
    }
    struct Kind {
        double slow = 0;
        std::vector<double> all_ms, usual_ms;
        double share() const { return slow / static_cast<double>(all_ms.size()); }
    };
    std::map<std::uint64_t, Kind> kinds;
    std::vector<double> sizes, slow_ms, normal_ms;
    for (const FanOut* fan_out : look.fan_outs) {
        (fan_out->slow > 0 ? slow_ms : normal_ms).push_back(milliseconds(spans, fan_out->entry));
        sizes.push_back(static_cast<double>(fan_out->children.size()));
        for (std::size_t i = 0; i < fan_out->children.size(); ++i) {
            const double ms = milliseconds(spans, fan_out->children[i]);
            Kind& kind = kinds[fan_out->kinds[i]];
            kind.all_ms.push_back(ms);
            if (ms > operation.line_ms.at(fan_out->kinds[i])) ++kind.slow;
            else kind.usual_ms.push_back(ms);
        }
        if (fan_out->slow > 0) look.slow.push_back(fan_out);
    }
    double slow_children = 0, all_children = 0, spread_children = 0, expected = 0, within = 0;
    for (const auto& [id, kind] : kinds) {
        const auto all = static_cast<double>(kind.all_ms.size());
        slow_children += kind.slow;
        all_children += all;
        spread_children += all * spread_over(kind.all_ms, kind.usual_ms, operation.line_ms.at(id));
    }
    for (const FanOut* fan_out : look.fan_outs) {
        double none = 1;
        for (const std::uint64_t kind : fan_out->kinds) none *= 1 - kinds[kind].share();
        expected += 1 - none;
    }
    for (const FanOut* fan_out : look.slow) {
        const std::int64_t longest = spans.duration_ns[fan_out->slowest];
        const bool is_it = static_cast<double>(fan_out->wait_ns - longest) <= rules.within / 100 * static_cast<double>(longest);
        within += is_it && longest * 2 >= spans.duration_ns[fan_out->entry];
    }
    const auto n = static_cast<double>(look.fan_outs.size()), slow = static_cast<double>(look.slow.size());
    look.fan_out = median(sizes);
    look.child_share = all_children > 0 ? slow_children / all_children : 0;
    look.spread_share = all_children > 0 ? spread_children / all_children : 0;
    look.observed = n > 0 ? slow / n : 0;
    look.expected = n > 0 ? expected / n : 0;
    look.within = slow > 0 ? within / slow : 0;
    look.slow_ms = median(std::move(slow_ms));
    look.normal_ms = median(std::move(normal_ms));
    look.rotation = rotation_of(spans, classes, look.slow);
    return look;
}

}  // namespace casebook
