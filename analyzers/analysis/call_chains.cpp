#include "analyzers/analysis/call_chains.h"

#include "analyzers/trace/critical_path.h"
#include "analyzers/trace/failure.h"
#include "analyzers/trace/requests.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <set>

namespace casebook {
namespace {

using Row = SpanTable::Row;
using Target = CallTargets::Id;

constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::size_t most_steps = 32;  // calls of one request that are compared with each other

/// One call of a request, with its retries.
struct Step {
    Target target = 0;
    Row row = 0;  ///< the first attempt
    std::int64_t start_ns = 0, end_ns = 0;
    bool failed = false;
    double ms() const { return static_cast<double>(end_ns - start_ns) / 1e6; }
};

/// Calls of one entry that go to a target of their own; what is called again and again is another question.
std::vector<Step> steps_of(const SpanTable& spans, CallTargets& targets, std::span<const Row> calls)
{
    std::vector<Step> steps;
    std::map<Target, std::size_t> last;
    std::set<Target> repeated;
    for (const Row row : calls) {
        if (spans.duration_ns[row] <= 0) continue;
        const Target target = targets.of(row);
        const Step step{target, row, spans.start_ns[row], span_end_ns(spans, row), failed(spans, row)};
        const auto known = last.find(target);
        if (known == last.end()) {
            last.emplace(target, steps.size());
            steps.push_back(step);
            continue;
        }
        Step& before = steps[known->second];
        // One call, attempted again; with other calls in between its time would span theirs.
        if (before.failed && known->second + 1 == steps.size() && step.start_ns + millisecond_ns >= before.end_ns) {
            before.end_ns = std::max(before.end_ns, step.end_ns);
            before.failed = step.failed;
        } else {
            repeated.insert(target);
        }
    }
    std::erase_if(steps, [&](const Step& step) { return repeated.contains(step.target); });
    if (steps.size() > most_steps) steps.resize(most_steps);
    return steps;
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
            if (steps.size() < 2) continue;
            ChainedOperation& operation = operation_of(calls_.entries[i]);
            const std::int64_t tolerance = tolerance_ns(calls_.entries[i]);
            for (std::size_t a = 0; a < steps.size(); ++a)
                for (std::size_t b = a + 1; b < steps.size(); ++b) note(operation, steps[a], steps[b], tolerance, calls_.entries[i]);
        }
        return {};
    }

    void note(ChainedOperation& operation, const Step& first, const Step& second, std::int64_t tolerance, Row entry)
    {
        const bool in_order = first.target < second.target;
        CallPair& pair = operation.pairs[in_order ? std::pair(first.target, second.target) : std::pair(second.target, first.target)];
        const std::int64_t overlap = std::min(first.end_ns, second.end_ns) - second.start_ns;
        const std::int64_t shorter = std::min(first.end_ns - first.start_ns, second.end_ns - second.start_ns);
        if (overlap > std::min(tolerance, std::max(millisecond_ns, shorter / 2))) {
            if (pair.overlapping++ == 0) pair.witness = entry;
        } else if (overlap <= tolerance && second.start_ns - first.start_ns > millisecond_ns) {  // rounded start times show no order within 1 ms
            ++(in_order ? pair.forward : pair.backward);
            if (!in_order && pair.witness == SpanTable::no_row) pair.witness = entry;
        }
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
            if (steps.size() < 2) continue;
            if (marked != spans_.trace[entry]) mark_path(marked = spans_.trace[entry]);
            ChainedOperation& operation = operation_of(entry);
            std::erase_if(steps, [&](const Step& step) { return !on_path_[step.row]; });
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
        std::size_t from = 0;
        for (std::size_t i = 1; i <= steps.size(); ++i) {
            if (i < steps.size() && follows(steps[i - 1], steps[i], tolerance)) continue;
            if (i - from >= static_cast<std::size_t>(std::max(2.0, rules_.siblings))) {
                const std::span<const Step> chain(steps.data() + from, i - from);
                keep_larger(proven, measure(operation, entry, chain, true));
                keep_larger(possible, measure(operation, entry, chain, false));
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

    /// True when the later call is taken to need the earlier one.
    bool may_depend(const ChainedOperation& operation, const Step& earlier, const Step& later, bool needs_proof) const
    {
        if (!needs_proof) {
            // Without counterexample only calls to different services are worth a suspicion: a cache is asked before its database,
            // statements on one connection queue anyway.
            const bool remote = targets_.span_class(earlier.target) == SpanClass::remote_call && targets_.span_class(later.target) == SpanClass::remote_call;
            return !remote || targets_.peer(earlier.target) == targets_.peer(later.target);
        }
        const bool in_order = earlier.target < later.target;
        const auto pair = operation.pairs.find(in_order ? std::pair(earlier.target, later.target) : std::pair(later.target, earlier.target));
        return pair == operation.pairs.end() || static_cast<double>(pair->second.against(in_order)) < rules_.witnesses;
    }

    CallChain measure(const ChainedOperation& operation, Row entry, std::span<const Step> chain, bool needs_proof) const
    {
        CallChain chain_found{entry, {}, {}, std::vector<bool>(chain.size()), 0, true, 1e9};
        std::vector<double> longest(chain.size());
        double total = 0, needed = 0;
        for (std::size_t j = 0; j < chain.size(); ++j) {
            const Step& step = chain[j];
            double before = 0;
            for (std::size_t i = 0; i < j; ++i) {
                if (may_depend(operation, chain[i], step, needs_proof)) before = std::max(before, longest[i]);
                else chain_found.independent[i] = chain_found.independent[j] = true;
            }
            longest[j] = before + step.ms();
            total += step.ms();
            needed = std::max(needed, longest[j]);
            chain_found.targets.push_back(step.target);
            chain_found.calls.push_back(step.row);
            chain_found.rounded = chain_found.rounded && step.start_ns % millisecond_ns == 0 && step.end_ns % millisecond_ns == 0;
            chain_found.shortest_ms = std::min(chain_found.shortest_ms, step.ms());
        }
        chain_found.saving_ms = std::min(total - needed, static_cast<double>(spans_.duration_ns[entry]) / 1e6);
        return chain_found;
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

Result<std::map<std::pair<std::string_view, std::string_view>, ChainedOperation>> find_call_chains(const SpanTable& spans, const OutermostCalls& calls, CallTargets& targets,
                                                                                               const AnalysisWindows& windows, const ChainRules& rules, const Control& control)
{
    Survey survey(spans, calls, targets, windows, rules, control);
    TRY(survey.run());
    return survey.take();
}

}  // namespace casebook
