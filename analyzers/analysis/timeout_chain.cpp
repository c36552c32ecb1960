#include "analyzers/analysis/timeout_chain.h"

#include "analyzers/core/text.h"

#include <set>

namespace casebook {

std::string describe(const TimeoutLook& look)
{
    const auto longest_ms = look.limit.longest_ms();
    std::string text = longest_ms ? "may take " + format_ms(*longest_ms) : "has no timeout";
    if (longest_ms && look.limit.attempts > 1) text += " in " + format_number(look.limit.attempts) + " attempts of " + format_ms(*look.limit.timeout_ms);
    if (look.deadline) return text + ", and " + look.deadline->of + (look.deadline->certain ? " waits " : " may wait ") + format_ms(look.deadline->ms);
    if (look.over_budget) text += " of a budget of " + format_ms(*look.limit.budget_ms);
    return text;
}

TimeoutChain::TimeoutChain(const std::vector<Setting>& settings, const std::vector<ServiceCall>& calls) : settings_(settings)
{
    if (settings_.empty()) return;
    std::set<std::string> callers;
    for (const ServiceCall& call : calls) {
        CallLimit limit = settings_.call(call.service, call.peer);
        if (limit.said.empty() && !call.callee.empty()) limit = settings_.call(call.service, call.callee);
        const std::string& callee = call.callee.empty() ? call.peer : call.callee;
        if (limit.timeout_ms && *limit.timeout_ms > 0 && callee != call.service) deadlines_[callee].push_back({*limit.timeout_ms, call.service, limit.timeout, true});
        if (!limit.said.empty()) limits_.emplace(std::pair(call.service, call.peer), std::move(limit));
        if (callers.insert(call.service).second)
            if (const auto own = settings_.own_deadline(call.service)) deadlines_[call.service].push_back(*own);
    }
}

TimeoutLook TimeoutChain::look(const ServiceCall& call, double margin) const
{
    TimeoutLook look;
    const auto set = limits_.find({call.service, call.peer});
    if (set == limits_.end()) return look;
    look.limit = set->second;
    const auto longest_ms = look.limit.longest_ms();
    const std::string& callee = call.callee.empty() ? call.peer : call.callee;
    const auto deadlines = deadlines_.find(call.service);
    if (deadlines != deadlines_.end() && (longest_ms || look.limit.unlimited))
        for (Deadline deadline : deadlines->second) {
            // One setting that stands for both is no contradiction to itself.
            if (deadline.said == look.limit.timeout || (longest_ms && *longest_ms <= deadline.ms)) continue;
            deadline.certain |= said_alike(*deadline.said, call.service, *look.limit.timeout, callee);
            if (!look.deadline || std::pair(!deadline.certain, deadline.ms) < std::pair(!look.deadline->certain, look.deadline->ms)) look.deadline = deadline;
        }
    look.over_budget = look.limit.budget_ms && look.limit.timeout_ms && *look.limit.timeout_ms > margin * *look.limit.budget_ms;
    return look;
}

}  // namespace casebook
