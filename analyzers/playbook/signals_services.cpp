#include "analyzers/core/text.h"
#include "analyzers/playbook/signal_scope.h"

#include <algorithm>
#include <set>

namespace casebook {
namespace {

constexpr double early_s = 10;        // clocks and scrapes: a change may seem to come this much before its cause
constexpr double broken_factor = 5;                // a service five times slower is broken, a twice slower one is not

bool is_deploy(const Event& event)
{
    for (const char* kind : {"deploy", "release", "rollout"})
        if (contains_ignoring_case(event.kind, kind)) return true;
    return false;
}

bool of_latency(const Change& change) { return change.kind == Change::Kind::latency || change.kind == Change::Kind::tail; }

Status measure_deploys(const SignalScope& scope, Signals& signals)
{
    TRY_ASSIGN(const std::vector<Event>* events, scope.evidence.events());
    if (events->empty()) return {};
    signals.deploys = false;
    for (const Event& event : *events) {
        if (!is_deploy(event)) continue;
        signals.deploys = true;
        for (const Change& change : scope.changes) {
            const double lag_s = TimeRange{event.at_ns, change.at_ns}.seconds();
            if (!of_latency(change) || lag_s < -early_s) continue;
            const double hours = std::max(0.0, lag_s) / 3600;
            if (signals.change_after_deploy_h && *signals.change_after_deploy_h <= hours) continue;
            signals.change_after_deploy_h = hours;
            signals.deploy_text = describe(change) + " after " + event.kind + (event.service.empty() ? "" : " of " + event.service);
        }
    }
    return {};
}

/// Services by the first moment something broke in them.
std::map<std::string, std::int64_t> broken_services(const std::vector<Change>& changes)
{
    std::map<std::string, std::int64_t> first;
    for (const Change& change : changes) {
        const bool slow = change.kind == Change::Kind::latency && change.after >= broken_factor * change.before;
        if ((change.kind != Change::Kind::errors && !slow) || change.service.empty()) continue;
        const auto [known, fresh] = first.try_emplace(change.service, change.at_ns);
        known->second = std::min(known->second, change.at_ns);
    }
    return first;
}

}  // namespace

Status measure_services(SignalScope& scope, Signals& signals)
{
    TRY(measure_deploys(scope, signals));
    const SpanTable& spans = *scope.spans;
    std::set<std::pair<SpanTable::Id, SpanTable::Id>> edges;
    std::set<SpanTable::Id> services;
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        services.insert(spans.service[row]);
        const SpanTable::Row parent = spans.parent[row];
        if (parent != SpanTable::no_row && spans.service[parent] != spans.service[row]) edges.emplace(spans.service[parent], spans.service[row]);
    }
    if (services.empty()) return {};
    signals.services_seen = services.size();
    const auto broken = broken_services(scope.changes);
    signals.services_broken = broken.size();
    if (broken.size() < 2) return {};
    std::vector<std::pair<std::int64_t, std::string>> order;
    for (const auto& [service, at] : broken) order.emplace_back(at, service);
    std::sort(order.begin(), order.end());
    signals.broken_within_minutes = TimeRange{order.front().first, order.back().first}.seconds() / 60;
    std::set<std::pair<std::string_view, std::string_view>> calls;
    for (const auto& [from, to] : edges) calls.emplace(spans.text(from), spans.text(to));
    double linked = 0;
    for (std::size_t i = 1; i < order.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (calls.count({order[i].second, order[j].second}) || calls.count({order[j].second, order[i].second})) {
                ++linked;
                break;
            }
    signals.broken_linked = linked / static_cast<double>(order.size() - 1);
    return {};
}

}  // namespace casebook
