#include "widgets/models/capture_locks.h"

namespace casebook {
namespace {

std::vector<LockSession> sessions_of(const CaptureSample& sample)
{
    std::vector<LockSession> sessions;
    for (const CapturedSession& session : sample.sessions) sessions.push_back({session.pid, session.state, session.xact_age_ms});
    return sessions;
}

}  // namespace

std::vector<LockTreeRow> lock_tree(const CaptureSample& sample)
{
    std::vector<LockEdge> edges;
    for (const CapturedEdge& edge : sample.edges) edges.push_back({edge.waiter, edge.blocker});
    return lock_tree(edges, sessions_of(sample));
}

std::string lock_tree_headline(const CaptureSample& sample, const std::vector<LockTreeRow>& rows)
{
    return lock_tree_headline(sessions_of(sample), rows);
}

}  // namespace casebook
