// Who waits for whom: chains down to their heads, cycles, blockers that nobody can believe.

#include "analyzers/analysis/wait_graph.h"

#include <QtTest>

using namespace casebook;

namespace {

DatabaseSession session(std::int64_t pid, std::string_view state, std::vector<std::int64_t> blocked_by = {},
                        double age_ms = 2000)
{
    DatabaseSession made;
    made.pid = pid;
    made.state = state;
    made.backend_type = "client backend";
    made.blocked_by = std::move(blocked_by);
    if (!made.blocked_by.empty()) {
        made.wait_event_type = "Lock";
        made.wait_event = "transactionid";
    } else if (state != "active") {
        made.wait_event_type = "Client";
    }
    made.query_age_ms = age_ms;
    return made;
}

SessionSample sample(std::vector<DatabaseSession> sessions)
{
    SessionSample made;
    made.sessions = std::move(sessions);
    std::sort(made.sessions.begin(), made.sessions.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
    return made;
}

std::string pids(const LockChain& chain)
{
    std::string text = std::to_string(chain.head_pid) + (chain.cycle ? "*" : "") + ":";
    for (const LockChain::Waiter& waiter : chain.waiters)
        text += " " + std::to_string(waiter.session->pid) + "@" + std::to_string(waiter.depth);
    return text;
}

} // namespace

class tst_wait_graph : public QObject {
    Q_OBJECT

private slots:
    void the_head_of_a_chain_waits_for_nobody()
    {
        // 10 holds; 11 waits for it, 12 for 11, 13 for both: nearest first, then who waited longer.
        const SessionSample one =
            sample({session(10, "idle in transaction"), session(11, "active", {10}, 4000),
                    session(12, "active", {11}, 3000), session(13, "active", {10, 11}, 9000), session(14, "active")});
        const WaitGraph graph = wait_graph(one, 50);
        QCOMPARE(graph.chains.size(), std::size_t{1});
        QCOMPARE(pids(graph.chains[0]), std::string("10: 13@1 11@1 12@2"));
        QCOMPARE(graph.chains[0].head->state, std::string_view("idle in transaction"));
        QCOMPARE(graph.chains[0].waiters[2].waits_for, std::int64_t{11});
        QVERIFY(graph.unexplained.empty() && !graph.unsound);
    }

    void a_waiter_counts_in_one_chain_only()
    {
        const SessionSample one =
            sample({session(1, "active"), session(2, "idle in transaction"), session(5, "active", {2}),
                    session(6, "active", {1, 2}), session(7, "active", {1})});
        const WaitGraph graph = wait_graph(one, 50);
        std::size_t waiters = 0;
        for (const LockChain& chain : graph.chains) waiters += chain.waiters.size();
        QCOMPARE(waiters, std::size_t{3});
        QCOMPARE(pids(graph.chains[0]), std::string("1: 6@1 7@1"));
    }

    void a_cycle_ends_and_says_so()
    {
        const SessionSample one = sample({session(1, "active", {2}), session(2, "active", {3}),
                                          session(3, "active", {1}), session(4, "active", {3})});
        const WaitGraph graph = wait_graph(one, 50);
        QCOMPARE(graph.chains.size(), std::size_t{1});
        QCOMPARE(graph.chains[0].cycle, true);
        QCOMPARE(graph.chains[0].head_pid, std::int64_t{1});
        QCOMPARE(graph.chains[0].waiters.size(), std::size_t{4});
    }

    void short_waits_hold_chains_together_and_are_not_counted()
    {
        const SessionSample one = sample({session(1, "active"), session(2, "active", {1}, 20),
                                          session(3, "active", {2}, 900), session(4, "active", {1}, 49)});
        QCOMPARE(pids(wait_graph(one, 50).chains.at(0)), std::string("1: 3@2"));
        QVERIFY(wait_graph(sample({session(1, "active"), session(4, "active", {1}, 49)}), 50).chains.empty());
    }

    void a_head_that_is_gone_and_a_prepared_transaction()
    {
        const WaitGraph gone = wait_graph(sample({session(2, "active", {77})}), 50);
        QCOMPARE(gone.chains.at(0).head_pid, std::int64_t{77});
        QVERIFY(!gone.chains[0].head);
        const WaitGraph prepared = wait_graph(sample({session(2, "active", {0})}), 50);
        QCOMPARE(prepared.chains.at(0).head_pid, std::int64_t{0});
    }

    void blockers_nobody_can_believe()
    {
        SessionSample itself = sample({session(1, "active"), session(2, "active", {1})});
        itself.sessions[1].blocks_itself = true;
        const WaitGraph unsound = wait_graph(itself, 50);
        QVERIFY(unsound.unsound && unsound.chains.empty());
        QCOMPARE(unsound.unexplained.size(), std::size_t{1});
        // Outside of a transaction nobody holds a row; advisory locks outlive transactions.
        QVERIFY(wait_graph(sample({session(1, "idle"), session(2, "active", {1})}), 50).chains.empty());
        SessionSample advisory = sample({session(1, "idle"), session(2, "active", {1})});
        advisory.sessions[1].wait_event = "advisory";
        QCOMPARE(wait_graph(advisory, 50).chains.size(), std::size_t{1});
        // Named as blocked, and running all the same.
        SessionSample running = sample({session(1, "active"), session(2, "active", {1})});
        running.sessions[1].wait_event_type = "IO";
        QVERIFY(wait_graph(running, 50).chains.empty());
    }

    void long_chains_and_wide_ones_take_no_time()
    {
        std::vector<DatabaseSession> chain{session(1, "active")}, fan{session(1, "active")}, ring;
        const std::int64_t count = 100'000;
        for (std::int64_t pid = 2; pid <= count; ++pid) {
            chain.push_back(session(pid, "active", {pid - 1}));
            fan.push_back(session(pid, "active", {1}));
        }
        for (std::int64_t pid = 1; pid <= count; ++pid) ring.push_back(session(pid, "active", {pid % count + 1}));
        QCOMPARE(wait_graph(sample(chain), 50).chains.at(0).waiters.back().depth, std::uint32_t{99'999});
        QCOMPARE(wait_graph(sample(fan), 50).chains.at(0).waiters.size(), std::size_t{99'999});
        QCOMPARE(wait_graph(sample(ring), 50).chains.at(0).waiters.size(), std::size_t{100'000});
    }
};

QTEST_APPLESS_MAIN(tst_wait_graph)
#include "tst_wait_graph.moc"
