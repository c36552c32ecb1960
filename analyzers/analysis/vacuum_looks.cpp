#include "analyzers/analysis/vacuum_looks.h"

#include "analyzers/analysis/releases.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace casebook {
namespace {

constexpr double ns_per_hour = 3600e9, ns_per_minute = 60e9;
constexpr double naptime_min = 1; ///< autovacuum_naptime: what is younger held nothing back for a round
constexpr std::int64_t near_ns = 600'000'000'000;

/// VACUUM of this table, or of the whole database.
bool cleans(const DatabaseSession& session, const TableState& state)
{
    if (!state.database.empty() && !session.database.empty() && session.database != state.database) return false;
    if (names_word(session.query, bare_table(state.name))) return true;
    static constexpr std::array<std::string_view, 5> options{"vacuum", "full", "freeze", "verbose", "analyze"};
    std::string_view query = trim(session.query);
    if (query.ends_with(';')) query = trim(query.substr(0, query.size() - 1));
    const std::string_view last = query.substr(query.find_last_of(" )") + 1);
    return last.empty() || std::any_of(options.begin(), options.end(),
                                       [&](std::string_view option) { return equals_ignoring_case(last, option); });
}

} // namespace

const TableState* table_state_of(const AnalysisWindows& windows, const TableHistory& history, double hours)
{
    const TableState* newest = nullptr;
    for (const TableState& state : history) {
        const bool named = windows.analysed_name != "case";
        if (state.at_ns && named
                ? *state.at_ns < windows.analysed.to_ns &&
                      static_cast<double>(windows.analysed.from_ns - *state.at_ns) < hours * ns_per_hour
                : in_analysed_window(windows, state.at_ns, state.window))
            newest = &state;
    }
    return newest;
}

const TableState* base_state_of(const AnalysisWindows& windows, const TableHistory& history, const TableState& now)
{
    const bool chosen = windows.baseline && !windows.proposed;
    for (const TableState& state : history) {
        if (!state.blocks_per_row() || &state == &now) continue;
        if (!state.at_ns || !now.at_ns) {
            if (chosen && !state.window.empty() && state.window == windows.baseline_name && state.window != now.window)
                return &state;
        } else if (*state.at_ns < *now.at_ns && (!chosen || windows.baseline->contains(*state.at_ns))) {
            return &state;
        }
    }
    return nullptr;
}

VacuumSessions::VacuumSessions(const std::vector<SessionSample>& samples, const AnalysisWindows& windows)
{
    std::map<std::int64_t, std::size_t> latest; // of each pid, in holders_
    for (const SessionSample& sample : samples) {
        const bool inside = in_analysed_window(windows, sample.at_ns, sample.window);
        const bool has_xmin = std::any_of(sample.sessions.begin(), sample.sessions.end(),
                                          [](const DatabaseSession& s) { return s.backend_xmin.has_value(); });
        for (const DatabaseSession& session : sample.sessions) {
            if (session.is_vacuum()) {
                if ((session.state == "active" || session.state.empty()) && names_word(session.query, "vacuum"))
                    vacuums_.push_back({&sample, &session});
                continue;
            }
            if (!inside || session.is_own_capture() || !session.is_client() || session.state == "idle") continue;
            if (!session.xact_age_ms || *session.xact_age_ms * 1e6 < naptime_min * ns_per_minute) continue;
            if (has_xmin && !session.backend_xmin && !session.backend_xid) continue;
            // A transaction that several snapshots show is there once, when it was oldest.
            const auto [known, added] = latest.try_emplace(session.pid, holders_.size());
            if (!added) {
                SnapshotHolder& last = holders_[known->second];
                if (same_transaction(transaction_begin(*last.sample, *last.session),
                                     transaction_begin(sample, session))) {
                    if (*session.xact_age_ms > *last.session->xact_age_ms) last = {&sample, &session};
                    continue;
                }
                known->second = holders_.size();
            }
            holders_.push_back({&sample, &session});
        }
    }
    std::stable_sort(holders_.begin(), holders_.end(), [](const SnapshotHolder& a, const SnapshotHolder& b) {
        return *a.session->xact_age_ms > *b.session->xact_age_ms;
    });
}

bool VacuumSessions::clean(const TableState& state) const
{
    return std::any_of(vacuums_.begin(), vacuums_.end(), [&](const SnapshotHolder& one) {
        const auto at = one.sample->at_ns;
        return (!at || !state.at_ns || std::abs(*at - *state.at_ns) <= near_ns) && cleans(*one.session, state);
    });
}

SnapshotHolder VacuumSessions::holder(const TableState& state, double holder_age_min) const
{
    const auto spared = [&](const SnapshotHolder& one) {
        const DatabaseSession& session = *one.session;
        if (!state.database.empty() && !session.database.empty() && session.database != state.database) return false;
        if (*session.xact_age_ms * 1e6 >= holder_age_min * ns_per_minute) return true;
        const auto begin = transaction_begin(*one.sample, session);
        return begin && state.last_vacuum_ns && *begin <= *state.last_vacuum_ns;
    };
    const auto oldest = std::find_if(holders_.begin(), holders_.end(), spared);
    return oldest == holders_.end() ? SnapshotHolder{} : *oldest;
}

Unvacuumed unvacuumed_of(const TableHistory& history, const TableState& now)
{
    Unvacuumed found;
    if (!now.at_ns) return found;
    std::optional<std::int64_t> since = now.last_vacuum_ns;
    found.ever = since.has_value();
    if (!since)
        for (const TableState& state : history) {
            if (!state.at_ns || *state.at_ns > *now.at_ns) continue;
            if (state.last_vacuum_ns) since.reset(); // counters were reset after it
            else if (!since) since = state.at_ns;
        }
    if (since) found.hours = static_cast<double>(*now.at_ns - *since) / ns_per_hour;
    return found;
}

OverTheLine over_the_line(const TableHistory& history, const TableState& now,
                          const std::function<bool(const TableState&)>& is_over)
{
    OverTheLine found;
    const TableState *below = nullptr, *over = nullptr;
    for (const TableState& state : history) {
        if (!state.at_ns || !now.at_ns || *state.at_ns > *now.at_ns) continue;
        if (is_over(state)) {
            if (!over) over = &state;
        } else {
            below = &state;
            over = nullptr;
        }
    }
    if (!over) return found;
    if (below) found.below_h = static_cast<double>(*now.at_ns - *below->at_ns) / ns_per_hour;
    found.over_min = static_cast<double>(*now.at_ns - *over->at_ns) / ns_per_minute;
    return found;
}

} // namespace casebook
