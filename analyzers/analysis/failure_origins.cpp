#include "analyzers/analysis/failure_origins.h"

#include "analyzers/trace/calls.h"
#include "analyzers/trace/failure.h"
#include "analyzers/trace/requests.h"
#include "analyzers/trace/self_time.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace casebook {
namespace {

using Row = SpanTable::Row;
using Id = SpanTable::Id;

constexpr std::int64_t clock_rounding_ns = 2'000'000;  // of start times told in ms, as latency.retry_storm has it
constexpr std::array<std::string_view, 1> message_keys{"messaging.message.id"};

class Search {
public:
    Search(const SpanTable& spans, const SpanClasses& classes, const RequestSet& requests, const AnalysisWindows& windows)
        : spans_(spans), classes_(classes), requests_(requests), windows_(windows), fails_(spans.size()), in_failing_trace_(spans.traces.size()), repeated_(spans.size()), felt_(spans.size()), felt_below_(spans.size()), cut_(spans.size())
    {
        for (Row row = 0; row < spans.size(); ++row) {
            fails_[row] = failed(spans, row);
            if (fails_[row]) in_failing_trace_[spans.trace[row]] = true;
            result_.outcome_recorded = result_.outcome_recorded || records_outcome(spans, row);  // what succeeded is commonly left unset, with its code
        }
    }

    FailureOrigins run()
    {
        mark_repeated();
        mark_felt();
        gather_failures_below();
        mark_cut();
        count();
        return std::move(result_);
    }

private:
    bool is_entry(Row row) const { return classes_.of[row] == SpanClass::entry; }
    /// The operation that waits for an entry; none for what begins a trace, and for messages.
    Row caller(Row entry) const
    {
        const Row parent = spans_.parent[entry];
        return parent == SpanTable::no_row || spans_.kind[parent] == SpanKind::producer ? SpanTable::no_row : classes_.entry[parent];
    }
    bool is_call(Row row) const { return classes_.of[row] == SpanClass::remote_call && spans_.kind[row] == SpanKind::client; }
    bool is_orphan(Row row) const { return spans_.parent[row] == SpanTable::no_row && spans_.parent_id[row] != 0; }
    bool is_message(Row entry) const { return spans_.parent[entry] != SpanTable::no_row && spans_.kind[spans_.parent[entry]] == SpanKind::producer; }

    /// Failed calls and entries that were tried again with success.
    void mark_repeated()
    {
        std::map<std::tuple<Row, Id, std::string_view>, std::vector<std::pair<Row, Row>>> tries;  // (caller, operation, what) -> call, entry
        for (Row row = 0; row < spans_.size(); ++row) {
            if (!in_failing_trace_[spans_.trace[row]] || !is_entry(row) || spans_.parent[row] == SpanTable::no_row) continue;
            const Row parent = spans_.parent[row];
            if (is_message(row)) {
                if (const std::string_view message = spans_.attribute(row, message_keys); !message.empty()) tries[{parent, spans_.operation[row], message}].emplace_back(row, row);
            } else if (const Row by = classes_.entry[parent]; by != SpanTable::no_row) {
                const Row call = spans_.kind[parent] == SpanKind::client ? parent : row;
                std::string_view url = call_url(spans_, call);
                if (url.empty()) url = call_url(spans_, row);
                if (!url.empty()) tries[{by, spans_.operation[row], url}].emplace_back(call, row);
            }
        }
        for (auto& [what, calls] : tries) {
            std::int64_t last_success_ns = INT64_MIN;
            for (const auto& [call, entry] : calls)
                if (!fails_[call] && !fails_[entry]) last_success_ns = std::max(last_success_ns, spans_.start_ns[call]);
            for (const auto& [call, entry] : calls)
                if (fails_[entry] && span_end_ns(spans_, call) <= last_success_ns + clock_rounding_ns) repeated_[entry] = repeated_[call] = true;
        }
    }

    /// Top down: failures that reached whoever asked.
    void mark_felt()
    {
        std::vector<bool> reaches(spans_.size());  // what fails here is seen above
        const std::vector<Row> order = parents_first(spans_);
        for (const Row row : order) {
            if (!in_failing_trace_[spans_.trace[row]] || !is_entry(row)) continue;
            const Row by = caller(row);
            if (is_message(row)) reaches[row] = true;  // nobody waits for it: what fails stays undone
            else if (by != SpanTable::no_row) reaches[row] = reaches[by];
            else {
                const std::uint32_t request = requests_.request_of_trace[spans_.trace[row]];
                reaches[row] = request != RequestSet::none && (requests_.rows[request] == row || fails_[requests_.rows[request]]);
            }
            felt_[row] = reaches[row] && fails_[row] && !repeated_[row] && !is_callers_fault(spans_, row);
            // One that does not say how it went may have passed a failure on.
            reaches[row] = reaches[row] && !repeated_[row] && (fails_[row] || !records_outcome(spans_, row));
        }
        for (auto it = order.rbegin(); it != order.rend(); ++it)
            if (const Row parent = spans_.parent[*it]; parent != SpanTable::no_row && !(is_entry(*it) && is_message(*it))) felt_below_[parent] = felt_below_[parent] || felt_below_[*it] || felt_[*it];
    }

    void gather_failures_below()
    {
        for (Row row = 0; row < spans_.size(); ++row)
            if (const Row entry = classes_.entry[row]; fails_[row] && entry != SpanTable::no_row && entry != row && felt_[entry] && !repeated_[row]) failing_below_[entry].push_back(row);
    }

    bool answered_by_recorded(Row call) const
    {
        const auto children = spans_.children(call);
        return std::any_of(children.begin(), children.end(), [&](Row child) { return is_entry(child); });
    }

    /// Calls below origins that were answered with an error by nobody who was recorded.
    std::vector<std::pair<Row, Row>> unanswered() const
    {
        std::vector<std::pair<Row, Row>> found;  // entry, call
        for (const auto& [entry, rows] : failing_below_)
            for (const Row row : rows)
                if (is_call(row) && has_answer_code(spans_, row) && !answered_by_recorded(row)) found.emplace_back(entry, row);
        return found;
    }

    /// Origins below which something failed that is not there.
    void mark_cut()
    {
        if (const auto lost = unanswered(); !lost.empty()) {
            CallTargets targets(spans_, classes_);
            std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;  // per target: calls, of these recorded at the other end
            for (Row row = 0; row < spans_.size(); ++row) {
                if (!is_call(row)) continue;
                const CallTargets::Id target = targets.of(row);
                if (target >= seen.size()) seen.resize(target + std::size_t{1});
                ++seen[target].first;
                seen[target].second += answered_by_recorded(row);
            }
            for (const auto& [entry, call] : lost) {
                const auto& [calls, recorded] = seen[targets.of(call)];
                cut_[entry] = cut_[entry] || 2 * recorded >= calls;
            }
        }
        std::map<std::uint32_t, Row> orphans;  // per trace the first failed entry that lost its parent
        for (Row row = 0; row < spans_.size(); ++row)
            if (felt_[row] && is_orphan(row)) orphans.try_emplace(spans_.trace[row], row);
        for (Row row = 0; row < spans_.size() && !orphans.empty(); ++row)
            if (felt_[row] && !felt_below_[row])
                if (const auto orphan = orphans.find(spans_.trace[row]); orphan != orphans.end() && orphan->second != row)
                    cut_[row] = cut_[row] || (spans_.start_ns[row] <= spans_.start_ns[orphan->second] && spans_.end_ns(orphan->second) <= spans_.end_ns(row) + clock_rounding_ns);
    }

    /// What a failing span below the entry in its own service says, else what it says itself.
    std::string kind_of(Row entry) const
    {
        if (const auto below = failing_below_.find(entry); below != failing_below_.end())
            for (const Row row : below->second)
                if (std::string kind = error_kind(spans_, row); !kind.empty()) return kind;
        std::string kind = error_kind(spans_, entry);
        return kind.empty() ? "unnamed" : kind;
    }

    void count()
    {
        std::map<std::pair<std::string_view, std::string_view>, OperationFailures> operations;
        for (Row row = 0; row < spans_.size(); ++row) {
            if (!is_entry(row)) continue;
            const bool base = windows_.baseline && windows_.baseline->contains(spans_.start_ns[row]);
            if (!base && !windows_.analysed.contains(spans_.start_ns[row])) continue;
            OperationFailures& operation = operations[{spans_.text(spans_.service[row]), spans_.text(spans_.operation[row])}];
            operation.service = spans_.service[row];
            operation.operation = spans_.operation[row];
            ++(base ? operation.base_requests : operation.requests);
            result_.requests += !base;
            if (!felt_[row]) continue;
            ++(base ? operation.base_failed : operation.failed);
            result_.failed += !base;
            if (base) continue;
            if (operation.traces.empty() || operation.traces.back() != spans_.trace[row]) operation.traces.push_back(spans_.trace[row]);  // rows are in the order of traces
            if (felt_below_[row]) continue;
            operation.origins.push_back(row);
            operation.cut += cut_[row];
            ++operation.kinds[kind_of(row)];
        }
        for (auto& [names, operation] : operations) result_.operations.push_back(std::move(operation));
    }

    const SpanTable& spans_;
    const SpanClasses& classes_;
    const RequestSet& requests_;
    const AnalysisWindows& windows_;
    std::vector<bool> fails_, in_failing_trace_, repeated_, felt_, felt_below_, cut_;
    std::map<Row, std::vector<Row>> failing_below_;
    FailureOrigins result_;
};

}  // namespace

FailureOrigins failure_origins(const SpanTable& spans, const SpanClasses& classes, const RequestSet& requests, const AnalysisWindows& windows)
{
    return Search(spans, classes, requests, windows).run();
}

}  // namespace casebook
