#include "analyzers/analysis/open_transactions.h"

#include "analyzers/analysis/wait_graph.h"
#include "analyzers/trace/sql_text.h"

#include <algorithm>

namespace casebook {
namespace {

constexpr double quiet_wait_ms = 50;

bool counts(const DatabaseSession& session)
{
    return session.is_client() && !session.is_own_capture() && !session.is_backup() && !session.is_vacuum() &&
           (session.xact_age_ms || session.is_idle_in_transaction()) && session.state != "idle";
}

/// Less what it waited for the lock of another: that is the other's age.
double age_of(const DatabaseSession& session)
{
    if (session.waits_for_lock()) return std::max(session.xact_age_ms.value_or(0) - session.wait_ms().value_or(0), 0.0);
    return std::max(session.xact_age_ms.value_or(0),
                    session.is_idle_in_transaction() ? session.state_ms().value_or(0) : 0);
}

/// The session whose snapshot is oldest: vacuum keeps all that died since.
const DatabaseSession* oldest_snapshot(const SessionSample& sample)
{
    const DatabaseSession* oldest = nullptr;
    for (const DatabaseSession& session : sample.sessions) {
        if (session.is_vacuum() || !session.xact_age_ms || (!session.backend_xmin && !session.backend_xid)) continue;
        if (!oldest || *session.xact_age_ms > *oldest->xact_age_ms) oldest = &session;
    }
    return oldest;
}

} // namespace

TransactionSurvey survey_transactions(const std::vector<SessionSample>& samples, const AnalysisWindows& windows)
{
    TransactionSurvey survey;
    for (const SessionSample& sample : samples) {
        ++survey.all;
        const bool inside = in_analysed_window(windows, sample.at_ns, sample.window);
        if (!inside && windows.limited) continue;
        survey.inside += inside;
        survey.clients += sample.clients();
        survey.hidden += sample.hidden();
        // Whoever waits for it, and, when it is the head, all behind them; by depth, so the nearest come first.
        std::map<std::int64_t, std::vector<const DatabaseSession*>> behind;
        for (const LockChain& chain : wait_graph(sample, quiet_wait_ms).chains)
            for (const LockChain::Waiter& waiter : chain.waiters) {
                behind[chain.head_pid].push_back(waiter.session);
                for (const std::int64_t pid : waiter.session->blocked_by)
                    if (pid != chain.head_pid) behind[pid].push_back(waiter.session);
            }
        const DatabaseSession* oldest = oldest_snapshot(sample);
        const auto working = static_cast<double>(
            std::count_if(sample.sessions.begin(), sample.sessions.end(), [](const DatabaseSession& s) {
                return s.is_client() && !s.state.empty() && s.state != "idle";
            }));
        for (const DatabaseSession& session : sample.sessions) {
            if (!counts(session)) continue;
            // It ran in the window also when it was looked at only later.
            const auto begin = transaction_begin(sample, session);
            const bool ran_inside =
                inside || (begin && sample.at_ns && !windows.limited && *begin < windows.analysed.to_ns &&
                           *sample.at_ns >= windows.analysed.from_ns);
            TransactionGroup& group = survey.groups[transaction_key(session)];
            const auto known = group.by_pid.find(session.pid);
            if (known == group.by_pid.end() || !same_transaction(group.transactions[known->second].begin_ns, begin)) {
                group.by_pid[session.pid] = group.transactions.size();
                group.transactions.push_back({});
                group.transactions.back().begin_ns = begin;
            }
            OpenTransaction& seen = group.transactions[group.by_pid[session.pid]];
            ++seen.samples;
            seen.inside += ran_inside;
            const double idle = session.is_idle_in_transaction() ? session.state_ms().value_or(0) : 0;
            if (inside) survey.oldest_ms = std::max(survey.oldest_ms, age_of(session));
            seen.idle_ms = std::max(seen.idle_ms, idle);
            seen.oldest_xmin = seen.oldest_xmin || &session == oldest;
            const auto waiters = behind.find(session.pid);
            const std::size_t blocked = waiters == behind.end() ? 0 : waiters->second.size();
            seen.waiting += static_cast<double>(blocked);
            seen.working += working;
            if (blocked > 0) seen.blocking_idle_ms = std::max(seen.blocking_idle_ms, idle);
            if (!seen.worst || blocked > seen.blocked || (blocked == seen.blocked && age_of(session) >= seen.age_ms)) {
                seen.worst = &session;
                seen.worst_sample = &sample;
                seen.blocked_pids.clear();
                if (blocked > 0)
                    for (const DatabaseSession* waiter : waiters->second) {
                        seen.blocked_pids.push_back(waiter->pid);
                        seen.blocked_wait_ms = std::max(seen.blocked_wait_ms, waiter->wait_ms().value_or(0));
                    }
            }
            seen.blocked = std::max(seen.blocked, blocked);
            seen.age_ms = std::max(seen.age_ms, age_of(session));
        }
    }
    return survey;
}

SpanTransactions transactions_in_spans(const SpanTable& spans, const SpanClasses& classes,
                                       const AnalysisWindows& windows, double limit_ms)
{
    SpanTransactions look;
    const auto took = [&](SpanTable::Row row, double ms) {
        const std::int64_t from_ns = spans.start_ns[row], to_ns = from_ns + static_cast<std::int64_t>(ms * 1e6);
        const bool inside = from_ns < windows.analysed.to_ns && to_ns >= windows.analysed.from_ns &&
                            (!windows.limited || windows.analysed.contains(from_ns));
        if (inside) {
            ++look.count;
            look.longest_ms = std::max(look.longest_ms, ms);
        }
        if (ms < limit_ms || (!inside && windows.limited)) return;
        SpanTransactions::Long& one = look.by_service[std::string(spans.text(spans.service[row]))];
        if (one.inside && !inside) return;
        if (inside && !one.inside) one = {row, 0, 0, true};
        ++one.count;
        if (ms > one.longest_ms) {
            one.longest_ms = ms;
            one.row = row;
        }
    };
    std::map<SpanTable::Row, SpanTable::Row> open; // entry -> BEGIN; rows of a trace come together, in start order
    for (SpanTable::Row row = 0; row < spans.size(); ++row) {
        if (row > 0 && spans.trace[row] != spans.trace[row - 1]) open.clear();
        if (classes.of[row] != SpanClass::transaction) continue;
        if (spans.statement[row] == 0) {
            if (!spans.children(row).empty()) took(row, static_cast<double>(spans.duration_ns[row]) / 1e6);
            continue;
        }
        const std::string verb = summarize_sql(spans.text(spans.statement[row])).verb;
        if (verb == "BEGIN") open[classes.entry[row]] = row;
        else if (verb == "COMMIT" || verb == "ROLLBACK" || verb == "ABORT")
            if (const auto begin = open.find(classes.entry[row]); begin != open.end()) {
                took(begin->second, static_cast<double>(spans.end_ns(row) - spans.start_ns[begin->second]) / 1e6);
                open.erase(begin);
            }
    }
    return look;
}

} // namespace casebook
