#include "analyzers/analysis/call_chains.h"

#include "analyzers/core/statistics.h"
#include "analyzers/trace/critical_path.h"
#include "analyzers/trace/failure.h"
#include "analyzers/trace/requests.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace casebook {
namespace {

using Row = SpanTable::Row;
using Target = CallTargets::Id;

constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::size_t most_steps = 32;  // calls of one request that are compared with each other
constexpr std::size_t most_samples = 256;  // times in line kept of a pair

/// One call of a request, with its retries; or all calls to a target that is called again and again.
struct Step {
    Target target = 0;
    Row row = 0;  ///< the first attempt
    std::int64_t start_ns = 0, end_ns = 0;
    bool failed = false;
    std::int64_t busy_ns = 0;  ///< during which there is a call
    bool repeated = false;
    double ms() const { return static_cast<double>(end_ns - start_ns) / 1e6; }
    /// How long it is at work within a stretch of time, at most.
    double ms_within(std::int64_t from_ns, std::int64_t to_ns) const
    {
        return static_cast<double>(std::min(busy_ns, std::max<std::int64_t>(0, std::min(end_ns, to_ns) - std::max(start_ns, from_ns)))) / 1e6;
    }
};

/// Calls of one entry in start order.
std::vector<Step> steps_of(const SpanTable& spans, CallTargets& targets, std::span<const Row> calls)
{
    std::vector<Step> steps;
    std::map<Target, std::size_t> last;
    for (const Row row : calls) {
        if (spans.duration_ns[row] <= 0) continue;
        const Target target = targets.of(row);
        const Step step{target, row, spans.start_ns[row], span_end_ns(spans, row), failed(spans, row), spans.duration_ns[row], false};
        const auto known = last.find(target);
        if (known == last.end()) {
            last.emplace(target, steps.size());
            steps.push_back(step);
            continue;
        }
        Step& before = steps[known->second];
        // One call, attempted again; with other calls in between its time would span theirs.
        before.repeated = before.repeated || !before.failed || known->second + 1 != steps.size() || step.start_ns + millisecond_ns < before.end_ns;
        before.busy_ns += std::max<std::int64_t>(0, step.end_ns - std::max(step.start_ns, before.end_ns));
        before.end_ns = std::max(before.end_ns, step.end_ns);
        before.failed = step.failed;
    }
    if (steps.size() > most_steps) steps.resize(most_steps);
    return steps;
}

std::size_t singles(const std::vector<Step>& steps)
{
    return static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), [](const Step& step) { return !step.repeated; }));
}

class Survey {
public:
    Survey(const SpanTable& spans, const OutermostCalls& calls, CallTargets& targets, const AnalysisWindows& windows, const ChainRules& rules, const Control& control)
        : spans_(spans), calls_(calls), targets_(targets), windows_(windows), rules_(rules), control_(control), finder_(spans), on_path_(spans.size())
    {
    }

    Status run()
    {
        TRY(compare_pairs());
        return find_chains();
    }

    std::map<std::pair<std::string_view, std::string_view>, ChainedOperation> take() { return std::move(operations_); }

private:
    ChainedOperation& operation_of(Row entry)
    {
        ChainedOperation& operation = operations_[{spans_.text(spans_.service[entry]), spans_.text(spans_.operation[entry])}];
        operation.service = spans_.service[entry];
        operation.operation = spans_.operation[entry];
        return operation;
    }

    /// Neighbours may overlap by this and still follow each other: 1 % of the operation, at least 1 ms (rounded start times).
    std::int64_t tolerance_ns(Row entry) const
    {
        return std::max(millisecond_ns, static_cast<std::int64_t>(static_cast<double>(spans_.duration_ns[entry]) * rules_.overlap / 100));
    }

    /// All windows testify whether two calls need each other.
    Status compare_pairs()
    {
        for (std::size_t i = 0; i < calls_.entries.size(); ++i) {
            if (i % 4096 == 0) TRY(control_.check());
            if (calls_.of(i).size() < 2) continue;
            const std::vector<Step> steps = steps_of(spans_, targets_, calls_.of(i));
            if (singles(steps) < 2) continue;
            ChainedOperation& operation = operation_of(calls_.entries[i]);
            for (std::size_t a = 0; a < steps.size(); ++a)
                for (std::size_t b = a + 1; b < steps.size(); ++b)
                    if (!steps[a].repeated && !steps[b].repeated) note(operation, steps, a, b, calls_.entries[i]);
        }
        return {};
    }

    void note(ChainedOperation& operation, const std::vector<Step>& steps, std::size_t a, std::size_t b, Row entry)
    {
        const Step &first = steps[a], &second = steps[b];
        const std::int64_t tolerance = tolerance_ns(entry);
        const bool smaller_first = first.target < second.target;
        CallPair& pair = operation.pairs[smaller_first ? std::pair(first.target, second.target) : std::pair(second.target, first.target)];
        CallPair::Order& order = pair.orders[smaller_first ? 0 : 1];
        const std::int64_t overlap = std::min(first.end_ns, second.end_ns) - second.start_ns;
        const std::int64_t shorter = std::min(first.end_ns - first.start_ns, second.end_ns - second.start_ns);
        const double later_ms = static_cast<double>(second.start_ns - first.start_ns) / 1e6;
        if (overlap > std::min(tolerance, std::max(millisecond_ns, shorter / 2))) {
            if (pair.overlapping() == 0 || later_ms < pair.witness_ms) {
                pair.witness = entry;
                pair.witness_ms = later_ms;
            }
            ++order.overlapping;
            const bool after_another = std::any_of(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(b), [&](const Step& other) {
                return &other != &first && std::abs(second.start_ns - other.end_ns) <= tolerance;
            });
            if (after_another) ++order.after_another;
            else keep_soonest(order.soonest_ms, later_ms);
        } else if (overlap <= tolerance && second.start_ns - first.start_ns > millisecond_ns) {  // rounded start times show no order within 1 ms
            ++order.in_line;
            if (order.line_ms.size() < most_samples) order.line_ms.push_back(later_ms);
            if (!smaller_first && pair.witness == SpanTable::no_row) pair.witness = entry;
        }
    }

    void keep_soonest(std::vector<double>& soonest_ms, double ms) const
    {
        const auto enough = static_cast<std::size_t>(std::max(1.0, rules_.witnesses));
        if (soonest_ms.size() >= enough && ms >= soonest_ms.back()) return;
        soonest_ms.insert(std::upper_bound(soonest_ms.begin(), soonest_ms.end(), ms), ms);
        if (soonest_ms.size() > enough) soonest_ms.pop_back();
    }

    /// Marks what the request of a trace waited for: every span of its critical path and all above it.
    void mark_path(std::uint32_t trace)
    {
        const Row root = request_row(spans_, trace);
        for (const PathSection& section : finder_.find(root))
            for (Row row = section.row; row != SpanTable::no_row && !on_path_[row]; row = spans_.parent[row]) on_path_[row] = true;
    }

    Status find_chains()
    {
        std::uint32_t marked = 0xffffffffu;
        for (std::size_t i = 0; i < calls_.entries.size(); ++i) {
            if (i % 4096 == 0) TRY(control_.check());
            const Row entry = calls_.entries[i];
            if (!windows_.analysed.contains(spans_.start_ns[entry]) || calls_.of(i).size() < 2) continue;
            std::vector<Step> steps = steps_of(spans_, targets_, calls_.of(i));
            if (singles(steps) < 2) continue;
            if (marked != spans_.trace[entry]) mark_path(marked = spans_.trace[entry]);
            ChainedOperation& operation = operation_of(entry);
            const std::int64_t end_ns = span_end_ns(spans_, entry);
            std::erase_if(steps, [&](const Step& step) { return step.end_ns > end_ns + std::max(millisecond_ns * 5, tolerance_ns(entry)); });
            look_at(operation, entry, steps);
        }
        return {};
    }

    /// Cuts the calls on the path into stretches in which one follows the other, and keeps the one that saves most.
    void look_at(ChainedOperation& operation, Row entry, const std::vector<Step>& steps)
    {
        const std::int64_t tolerance = tolerance_ns(entry);
        CallChain proven, possible;
        std::vector<std::size_t> on_path;  // indices
        for (std::size_t i = 0; i < steps.size(); ++i)
            if (!steps[i].repeated && on_path_[steps[i].row]) on_path.push_back(i);
        std::size_t from = 0;
        for (std::size_t i = 1; i <= on_path.size(); ++i) {
            if (i < on_path.size() && follows(steps[on_path[i - 1]], steps[on_path[i]], tolerance)) continue;
            if (i - from >= static_cast<std::size_t>(std::max(2.0, rules_.siblings))) {
                const std::span<const std::size_t> chain(on_path.data() + from, i - from);
                keep_larger(proven, measure(operation, entry, steps, chain, true));
                keep_larger(possible, measure(operation, entry, steps, chain, false));
            }
            from = i;
        }
        const double request_ms = static_cast<double>(spans_.duration_ns[entry]) / 1e6;
        const auto worth = [&](const CallChain& chain_found) {
            return chain_found.saving_ms > 0 && (chain_found.saving_ms >= rules_.saving_ms || chain_found.saving_ms >= request_ms * rules_.saving_share / 100);
        };
        operation.requests.push_back(entry);
        if (worth(proven)) operation.proven.push_back(std::move(proven));
        else if (proven.saving_ms > 0) {
            operation.largest_ms = std::max(operation.largest_ms, proven.saving_ms);
            operation.largest_share = std::max(operation.largest_share, proven.saving_ms / std::max(request_ms, 1e-6));
        }
        if (worth(possible)) operation.possible.push_back(std::move(possible));
    }

    static void keep_larger(CallChain& kept, CallChain found)
    {
        if (found.saving_ms > kept.saving_ms) kept = std::move(found);
    }

    /// Work of the operation's own between two calls that outlasts both is not waiting in line.
    static bool follows(const Step& before, const Step& after, std::int64_t tolerance)
    {
        const std::int64_t gap = after.start_ns - before.end_ns;
        return gap >= -tolerance && gap <= std::max(before.end_ns - before.start_ns, after.end_ns - after.start_ns);
    }

    const CallPair* pair_of(const ChainedOperation& operation, const Step& earlier, const Step& later) const
    {
        const auto pair = operation.pairs.find(std::minmax(earlier.target, later.target));
        return pair == operation.pairs.end() ? nullptr : &pair->second;
    }

    /// True when the later call is taken to need the earlier one: nothing shows that it does not.
    bool may_depend(const ChainedOperation& operation, const Step& earlier, const Step& later) const
    {
        if (earlier.repeated || later.repeated) return true;
        const CallPair* pair = pair_of(operation, earlier, later);
        if (!pair) return true;
        const bool smaller_first = earlier.target < later.target;
        return static_cast<double>(same_peer(earlier, later) ? pair->together(smaller_first) : pair->against(smaller_first)) < rules_.witnesses;
    }

    /// What is asked of one peer may go over one connection, in whatever order: only seeing both at work at once says otherwise.
    bool same_peer(const Step& a, const Step& b) const { return targets_.peer(a.target) == targets_.peer(b.target); }

    /// Without counterexample only calls to different services are worth a suspicion: a cache is asked before its database,
    /// statements on one connection queue anyway. Calls that overlap elsewhere only because something unseen held the later
    /// one back do not wait for each other.
    bool worth_suspicion(const ChainedOperation& operation, const Step& earlier, const Step& later) const
    {
        const bool remote = targets_.span_class(earlier.target) == SpanClass::remote_call && targets_.span_class(later.target) == SpanClass::remote_call;
        if (!remote || same_peer(earlier, later)) return false;
        const CallPair* pair = pair_of(operation, earlier, later);
        return !may_depend(operation, earlier, later) || !pair || static_cast<double>(pair->orders[earlier.target < later.target ? 0 : 1].overlapping) < rules_.witnesses;
    }

    /// What the chain would save: its own time less the longest run of calls, on the path or beside it during that time, of
    /// which each may need the one before. Time of the operation's own between the calls is not counted on either side.
    CallChain measure(const ChainedOperation& operation, Row entry, const std::vector<Step>& steps, std::span<const std::size_t> chain, bool needs_proof) const
    {
        CallChain found{entry, {}, {}, std::vector<bool>(chain.size()), 0, true, 1e9};
        const std::int64_t from_ns = steps[chain.front()].start_ns, tolerance = tolerance_ns(entry);
        std::int64_t to_ns = from_ns, covered_ns = from_ns;
        double total_ms = 0, needed_ms = 0;
        std::vector<std::size_t> place(steps.size(), chain.size());  // in the chain
        for (std::size_t k = 0; k < chain.size(); ++k) {
            const Step& step = steps[chain[k]];
            place[chain[k]] = k;
            to_ns = std::max(to_ns, step.end_ns);
            total_ms += static_cast<double>(std::max<std::int64_t>(0, step.end_ns - std::max(step.start_ns, covered_ns))) / 1e6;
            covered_ns = std::max(covered_ns, step.end_ns);
            found.targets.push_back(step.target);
            found.calls.push_back(step.row);
            found.rounded = found.rounded && step.start_ns % millisecond_ns == 0 && step.end_ns % millisecond_ns == 0;
            found.shortest_ms = std::min(found.shortest_ms, step.ms());
        }
        std::vector<double> run_ms(steps.size());
        for (std::size_t j = 0; j < steps.size(); ++j) {
            const double own_ms = steps[j].ms_within(from_ns, to_ns);
            double before_ms = 0;
            for (std::size_t i = 0; i < j; ++i) {
                const bool both_in_chain = place[i] < chain.size() && place[j] < chain.size();
                if (!both_in_chain && steps[i].end_ns > steps[j].start_ns + tolerance) continue;  // it began before that answer
                if (both_in_chain && !needs_proof ? !worth_suspicion(operation, steps[i], steps[j]) : may_depend(operation, steps[i], steps[j])) before_ms = std::max(before_ms, run_ms[i]);
                else if (both_in_chain) found.independent[place[i]] = found.independent[place[j]] = true;
            }
            run_ms[j] = before_ms + own_ms;
            needed_ms = std::max(needed_ms, run_ms[j]);
        }
        found.saving_ms = std::clamp(total_ms - needed_ms, 0.0, static_cast<double>(spans_.duration_ns[entry]) / 1e6);
        return found;
    }

    const SpanTable& spans_;
    const OutermostCalls& calls_;
    CallTargets& targets_;
    const AnalysisWindows& windows_;
    const ChainRules& rules_;
    const Control& control_;
    CriticalPathFinder finder_;
    std::vector<bool> on_path_;
    std::map<std::pair<std::string_view, std::string_view>, ChainedOperation> operations_;
};

}  // namespace

std::uint64_t CallPair::together(bool smaller_first) const
{
    constexpr double as_late = 0.5;  // of the usual time in line
    const Order &this_order = orders[smaller_first ? 0 : 1], &other = orders[smaller_first ? 1 : 0];
    const double line_ms = this_order.line_ms.empty() ? HUGE_VAL : median(this_order.line_ms);
    const auto soon = std::upper_bound(this_order.soonest_ms.begin(), this_order.soonest_ms.end(), as_late * line_ms) - this_order.soonest_ms.begin();
    return other.overlapping + this_order.after_another + static_cast<std::uint64_t>(soon);
}

std::uint64_t CallPair::against(bool smaller_first) const { return together(smaller_first) + orders[smaller_first ? 1 : 0].in_line; }

Result<std::map<std::pair<std::string_view, std::string_view>, ChainedOperation>> find_call_chains(const SpanTable& spans, const OutermostCalls& calls, CallTargets& targets,
                                                                                               const AnalysisWindows& windows, const ChainRules& rules, const Control& control)
{
    Survey survey(spans, calls, targets, windows, rules, control);
    TRY(survey.run());
    return survey.take();
}

}  // namespace casebook
