#include "widgets/models/views/session_table.h"

#include "analyzers/core/text.h"
#include "widgets/models/views/table_column.h"

#include <QCoreApplication>
#include <algorithm>
#include <map>
#include <set>

namespace casebook {
namespace {

using Kind = TableColumn::Kind;

QString tr(const char* text) { return QCoreApplication::translate("SessionTable", text); }

/// What a session waits for when it waits for a lock: "stock (ShareLock)", else what its wait event stands for
/// (PostgreSQL documentation, "Wait Events of Type Lock").
std::string lock_text(const DatabaseSession& session)
{
    if (!session.lock_relation.empty()) {
        std::string text(session.lock_relation);
        if (!session.lock_mode.empty()) text += " (" + std::string(session.lock_mode) + ")";
        return text;
    }
    static const std::map<std::string_view, std::string_view> events{
        {"transactionid", "rows a transaction changed"}, {"tuple", "a row"}, {"relation", "a table"}, {"advisory", "an advisory lock"},
        {"virtualxid", "a transaction to end"}, {"extend", "a table to grow"}, {"page", "a page"}, {"object", "an object"}};
    if (const auto known = events.find(session.wait_event); known != events.end()) return std::string(known->second);
    return session.wait_event.empty() ? std::string("a lock") : std::string(session.wait_event);
}

std::string wait_text(const DatabaseSession& session, const std::vector<std::int64_t>& blocked_by)
{
    if (!blocked_by.empty()) return lock_text(session) + ", behind " + lock_pids_text(blocked_by);
    if (session.wait_event_type.empty()) return std::string(session.wait_event);
    return std::string(session.wait_event_type) + (session.wait_event.empty() ? "" : ": " + std::string(session.wait_event));
}

int rank_of(const DatabaseSession& session)
{
    if (session.is_idle_in_transaction() || session.xact_age_ms) return 0;
    if (session.state == "active") return 1;
    return session.state.empty() ? 2 : 3;
}

/// What those who wait directly for each session want from it: that is what it holds, or stands in front of.
std::map<std::int64_t, std::set<std::string>> wanted_from(const SessionSample& sample)
{
    std::map<std::int64_t, std::set<std::string>> wanted;
    for (const DatabaseSession& session : sample.sessions)
        for (const std::int64_t blocker : session.blocked_by) wanted[blocker].insert(session.lock_relation.empty() ? lock_text(session) : std::string(session.lock_relation));
    return wanted;
}

std::string held_text(const LockTreeRow& row, const std::map<std::int64_t, std::set<std::string>>& wanted)
{
    constexpr std::size_t most_named = 3;
    const auto found = wanted.find(row.pid);
    if (found == wanted.end()) return {};
    std::vector<std::string> names(found->second.begin(), found->second.end());
    const bool more = names.size() > most_named;
    if (more) names.resize(most_named);
    return (row.depth == 0 || row.in_circle ? "holds " : "") + join(names, ", ") + (more ? ", ..." : "");
}

}  // namespace

std::optional<std::uint32_t> SessionTable::row_of(std::int64_t pid) const
{
    const auto found = std::find(pids.begin(), pids.end(), pid);
    if (found == pids.end()) return {};
    return static_cast<std::uint32_t>(found - pids.begin());
}

std::size_t lock_waiters(const SessionSample& sample)
{
    return static_cast<std::size_t>(std::count_if(sample.sessions.begin(), sample.sessions.end(), [](const DatabaseSession& one) { return one.waits_for_lock(); }));
}

SessionTable session_table(std::shared_ptr<const SessionSamples> samples, std::size_t which)
{
    const SessionSample& sample = samples->samples[which];
    std::vector<LockEdge> edges;
    std::vector<LockSession> sessions;
    for (const DatabaseSession& session : sample.sessions) {
        sessions.push_back({session.pid, session.state, session.xact_age_ms});
        for (const std::int64_t blocker : session.blocked_by) edges.push_back({session.pid, blocker});
    }
    std::vector<LockTreeRow> rows = lock_tree(edges, sessions);
    SessionTable made;
    made.headline = lock_tree_headline(sessions, rows);
    std::set<int> in_tree;
    for (const LockTreeRow& row : rows) in_tree.insert(row.session);
    std::vector<int> others;
    for (int i = 0; i < static_cast<int>(sample.sessions.size()); ++i)
        if (!in_tree.contains(i) && sample.sessions[static_cast<std::size_t>(i)].is_client()) others.push_back(i);
    const auto session_at = [&](int place) -> const DatabaseSession& { return sample.sessions[static_cast<std::size_t>(place)]; };
    std::stable_sort(others.begin(), others.end(), [&](int a, int b) {
        const int rank_a = rank_of(session_at(a)), rank_b = rank_of(session_at(b));
        return rank_a != rank_b ? rank_a < rank_b : session_at(a).xact_age_ms.value_or(-1) > session_at(b).xact_age_ms.value_or(-1);
    });
    for (const int other : others) rows.push_back({session_at(other).pid, other, 0, 0, {}, false});

    auto table = std::make_shared<TableData>();
    auto tree = named_column_of_ms("session", tr("pid"), Kind::text, tr("Who blocks stands above those who wait; at the left edge, who waits for nobody"));
    auto application = named_column_of_ms("application", tr("application"), Kind::text), state = named_column_of_ms("state", tr("state"), Kind::text);
    auto held = named_column_of_ms("holds", tr("blocks"), Kind::text, tr("What those who wait for it want. At the left edge, and in a circle, it holds that; further in it may be only ahead of them"));
    auto waiters = named_column_of_ms("waiters", tr("waiters"), Kind::count, tr("Sessions that wait for it, in the end"));
    auto wait = named_column_of_ms("wait", tr("waiting for"), Kind::text), waited = named_column_of_ms("wait_ms", tr("waited"), Kind::duration, tr("For the lock; where that is not known, since its statement began"));
    auto age = named_column_of_ms("xact_age_ms", tr("transaction"), Kind::duration, tr("How long its transaction is open")), in_state = named_column_of_ms("state_age_ms", tr("in state"), Kind::duration, tr("Since its state last changed"));
    auto statement = named_column_of_ms("query", tr("statement"), Kind::text, tr("The running statement, or the last one")), user = named_column_of_ms("user", tr("user"), Kind::text), database = named_column_of_ms("database", tr("database"), Kind::text);
    waited.decor = TableColumn::Decor::bar;
    const std::map<std::int64_t, std::set<std::string>> wanted = wanted_from(sample);
    static const DatabaseSession unknown;
    for (const LockTreeRow& row : rows) {
        const DatabaseSession& session = row.session >= 0 ? session_at(row.session) : unknown;
        tree.texts.push_back(table->keep(lock_tree_text(row)));
        application.texts.push_back(session.application);
        std::string what = row.session < 0 ? row.pid == 0 ? std::string() : "not in the sample" : std::string(session.state.empty() && session.is_hidden() ? "hidden" : session.state);
        if (row.in_circle) what += what.empty() ? "waits in a circle" : ", waits in a circle";
        state.texts.push_back(table->keep(std::move(what)));
        held.texts.push_back(table->keep(held_text(row, wanted)));
        waiters.integers.push_back(row.waiters);
        waiters.null.push_back(row.waiters == 0);
        wait.texts.push_back(table->keep(wait_text(session, row.blocked_by)));
        add_number(waited, session.waits_for_lock() || !session.blocked_by.empty() ? session.wait_ms() : std::nullopt);
        add_number(age, session.xact_age_ms);
        add_number(in_state, session.state_ms());
        statement.texts.push_back(session.query);
        user.texts.push_back(session.user);
        database.texts.push_back(session.database);
        made.pids.push_back(row.pid);
        made.queries.emplace_back(session.query);
        ++table->rows;
    }
    for (TableColumn* one : {&tree, &application, &state, &held, &waiters, &wait, &waited, &age, &in_state, &statement, &user, &database}) table->columns.push_back(std::move(*one));
    table->owners.push_back(std::move(samples));
    finish_table(*table);
    made.table = std::move(table);
    return made;
}

}  // namespace casebook
