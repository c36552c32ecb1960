#include "analyzers/analysis/wait_graph.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace casebook {
namespace {

bool says_what_it_waits_for(const SessionSample& sample)
{
    return std::any_of(sample.sessions.begin(), sample.sessions.end(),
                       [](const DatabaseSession& session) { return !session.wait_event_type.empty(); });
}

/// A session without a transaction holds no lock but an advisory one. Rows are read a moment before their blockers are
/// looked up, so now and then one that was idle then is a holder now; a blocker that cannot be shown is left out.
bool can_hold(const DatabaseSession& holder, const DatabaseSession& waiter)
{
    return holder.state != "idle" || waiter.wait_event == "advisory" || waiter.lock_type == "advisory" ||
           waiter.lock_type == "userlock";
}

bool longer(const DatabaseSession* a, const DatabaseSession* b)
{
    const double wait_a = a->wait_ms().value_or(0), wait_b = b->wait_ms().value_or(0);
    return wait_a != wait_b ? wait_a > wait_b : a->pid < b->pid;
}

double longest_wait(const LockChain& chain)
{
    double longest = 0;
    for (const LockChain::Waiter& waiter : chain.waiters)
        longest = std::max(longest, waiter.session->wait_ms().value_or(0));
    return longest;
}

/// Breadth first from the heads over "is waited for by".
class ChainWalk {
public:
    using Blockers = std::map<std::int64_t, std::vector<std::int64_t>>; ///< of each waiting pid, never empty

    ChainWalk(const std::vector<const DatabaseSession*>& waiting, const Blockers& blockers) : blockers_(blockers)
    {
        for (const DatabaseSession* waiter : waiting)
            for (const std::int64_t blocker : blockers.at(waiter->pid)) behind_[blocker].push_back(waiter);
    }

    bool waits(std::int64_t pid) const { return blockers_.contains(pid); }
    bool placed(std::int64_t pid) const { return chain_of_.contains(pid); }

    /// Blockers that wait for nobody, by pid.
    std::vector<std::int64_t> heads() const
    {
        std::vector<std::int64_t> heads;
        for (const auto& [pid, behind] : behind_)
            if (!waits(pid)) heads.push_back(pid);
        return heads;
    }

    /// Gives every waiter that can be reached to the nearest of `heads` (chains must be in the same order).
    void spread(const std::vector<std::int64_t>& heads, std::vector<LockChain>& chains, std::size_t first)
    {
        struct Step {
            std::int64_t pid;
            std::size_t chain;
            std::uint32_t depth;
        };
        std::vector<Step> steps;
        for (std::size_t i = 0; i < heads.size(); ++i) steps.push_back({heads[i], first + i, 0});
        for (std::size_t at = 0; at < steps.size(); ++at) {
            const Step step = steps[at];
            const auto behind = behind_.find(step.pid);
            if (behind == behind_.end()) continue;
            for (const DatabaseSession* waiter : behind->second) {
                if (!chain_of_.emplace(waiter->pid, step.chain).second) continue;
                chains[step.chain].waiters.push_back({waiter, step.depth + 1, step.pid});
                steps.push_back({waiter->pid, step.chain, step.depth + 1});
            }
        }
    }

    /// A pid on a cycle that `from` leads into: follow first blockers until one comes again.
    std::int64_t cycle_from(std::int64_t from) const
    {
        std::unordered_set<std::int64_t> seen;
        std::int64_t pid = from;
        while (seen.insert(pid).second) pid = next(pid);
        std::int64_t lowest = pid;
        for (std::int64_t round = next(pid); round != pid; round = next(round)) lowest = std::min(lowest, round);
        return lowest;
    }

private:
    std::int64_t next(std::int64_t pid) const { return blockers_.at(pid).front(); }

    const Blockers& blockers_;
    std::map<std::int64_t, std::vector<const DatabaseSession*>> behind_;
    std::unordered_map<std::int64_t, std::size_t> chain_of_;
};

} // namespace

WaitGraph wait_graph(const SessionSample& sample, double min_wait_ms)
{
    WaitGraph graph;
    const bool waits_said = says_what_it_waits_for(sample);
    graph.unsound = std::any_of(sample.sessions.begin(), sample.sessions.end(),
                                [](const DatabaseSession& session) { return session.blocks_itself; });
    const auto counts = [&](const DatabaseSession& session) {
        return session.wait_ms().value_or(min_wait_ms) >= min_wait_ms;
    };
    std::vector<const DatabaseSession*> waiting;
    std::map<std::int64_t, std::vector<std::int64_t>> blockers;
    for (const DatabaseSession& session : sample.sessions) {
        if (waits_said && !session.waits_for_lock() && !session.is_hidden()) continue;
        std::vector<std::int64_t> holders;
        for (const std::int64_t pid : session.blocked_by)
            if (const DatabaseSession* holder = sample.find(pid);
                !graph.unsound && (!holder || can_hold(*holder, session)))
                holders.push_back(pid);
        if (!holders.empty()) {
            waiting.push_back(&session);
            blockers.emplace(session.pid, std::move(holders));
        } else if (session.waits_for_lock() && counts(session)) {
            graph.unexplained.push_back(&session);
        }
    }
    std::sort(waiting.begin(), waiting.end(), longer); // who comes first at equal distance
    ChainWalk walk(waiting, blockers);
    const auto add_chain = [&](std::int64_t pid, bool cycle) {
        LockChain& chain = graph.chains.emplace_back();
        chain.head_pid = pid;
        chain.head = sample.find(pid);
        chain.cycle = cycle;
    };
    const std::vector<std::int64_t> heads = walk.heads();
    for (const std::int64_t head : heads) add_chain(head, false);
    walk.spread(heads, graph.chains, 0);
    // Whoever no head leads to waits in, or behind, a cycle.
    for (const DatabaseSession* waiter : waiting) {
        if (walk.placed(waiter->pid)) continue;
        const std::int64_t pid = walk.cycle_from(waiter->pid);
        add_chain(pid, true);
        walk.spread({pid}, graph.chains, graph.chains.size() - 1);
    }
    for (LockChain& chain : graph.chains)
        std::erase_if(chain.waiters, [&](const LockChain::Waiter& waiter) { return !counts(*waiter.session); });
    std::erase_if(graph.chains, [](const LockChain& chain) { return chain.waiters.empty(); });
    std::sort(graph.chains.begin(), graph.chains.end(), [](const LockChain& a, const LockChain& b) {
        if (a.waiters.size() != b.waiters.size()) return a.waiters.size() > b.waiters.size();
        const double wait_a = longest_wait(a), wait_b = longest_wait(b);
        return wait_a != wait_b ? wait_a > wait_b : a.head_pid < b.head_pid;
    });
    return graph;
}

} // namespace casebook
