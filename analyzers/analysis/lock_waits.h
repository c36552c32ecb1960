#pragma once

#include "analyzers/analysis/context.h"
#include "analyzers/analysis/wait_graph.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace casebook {

/// One transaction at the head of chains over consecutive samples.
struct LockEpisode {
    std::int64_t head_pid = 0;
    std::string database;
    std::optional<std::int64_t> begun_ns; ///< start of the head's transaction
    std::vector<std::pair<const SessionSample*, LockChain>> seen;
    std::map<std::string, std::size_t> relations; ///< waiters by what they wait for
};

/// All episodes about one relation of one database.
struct LockContention {
    std::string database, relation;
    std::vector<const LockEpisode*> episodes;
    const SessionSample* worst_sample = nullptr;
    const LockChain* worst = nullptr;
    std::size_t most_waiters = 0, same_head_samples = 0;
    double longest_ms = 0;
    std::map<const SessionSample*, std::size_t> waiters_in;
    std::set<std::string> fingerprints; ///< of what waits
};

/// What the samples of the analysed window show of waiting.
struct LockSurvey {
    std::size_t samples = 0, all_samples = 0, with_waits = 0, unsound = 0, clients = 0, hidden = 0;
    double longest_ms = 0;
    std::size_t most_waiters = 0;
    std::vector<LockEpisode> episodes;
    std::map<std::string, std::vector<std::pair<const SessionSample*, const DatabaseSession*>>> unexplained; ///< by key
};

/// The relation a session waits for: what the lock is on, else what its statement is about; empty when neither is known.
std::string waited_for_relation(const DatabaseSession& waiter);

/// Walks every sample of the analysed window; waits below `quiet_ms` hold chains together and count for nothing. They point into
/// `samples`.
LockSurvey survey_lock_waits(const std::vector<SessionSample>& samples, const AnalysisWindows& windows, double quiet_ms);

/// The episodes by database and relation, keyed as a finding about them is. They point into `survey`.
std::map<std::string, LockContention> lock_contentions(const LockSurvey& survey);

/// What the waiting amounts to over all samples that show it.
struct LockLoad {
    double waiting = 0, working = 0; ///< sessions, summed over the samples: that wait here, and that are not idle
    std::optional<TimeRange> when;   ///< from the start of the longest wait; nothing when samples have no time
};
LockLoad load_of(const LockContention& one);

}  // namespace casebook
