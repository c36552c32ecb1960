#include "analyzers/analysis/sessions.h"

#include "analyzers/analysis/context.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/store/case_file.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace casebook {
namespace {

constexpr std::int64_t same_sample_ns = 200'000'000;

bool starts_with_word(std::string_view text, std::string_view lower_word)
{
    text = trim(text);
    return text.size() >= lower_word.size() && equals_ignoring_case(text.substr(0, lower_word.size()), lower_word) &&
           (text.size() == lower_word.size() || text[lower_word.size()] == ' ' || text[lower_word.size()] == '(' ||
            text[lower_word.size()] == '\n' || text[lower_word.size()] == ';');
}

void read_blockers(std::string_view list, DatabaseSession& session)
{
    for (const std::string_view part : split(list, ',')) {
        const auto pid = parse_int(trim(part));
        if (!pid) continue;
        if (*pid == session.pid) session.blocks_itself = true;
        else session.blocked_by.push_back(*pid);
    }
    std::sort(session.blocked_by.begin(), session.blocked_by.end());
    session.blocked_by.erase(std::unique(session.blocked_by.begin(), session.blocked_by.end()),
                             session.blocked_by.end());
}

std::optional<double> age(const Statement& rows, int column)
{
    const auto ms = rows.optional_real(column);
    if (!ms || !(*ms >= 0)) return {};
    return std::min(*ms, static_cast<double>(longest_duration_ns) / 1e6);
}

} // namespace

bool DatabaseSession::is_client() const
{
    if (!backend_type.empty()) return backend_type == "client backend";
    for (const std::string_view background : {"autovacuum:", "start_replication", "base_backup"})
        if (starts_with_word(query, background)) return false;
    return !state.empty() || (!user.empty() && !database.empty());
}

bool DatabaseSession::waits_for_lock() const { return equals_ignoring_case(wait_event_type, "Lock"); }

bool DatabaseSession::is_own_capture() const { return application.starts_with("casebook"); }

bool DatabaseSession::is_backup() const
{
    static constexpr std::array<std::string_view, 10> names{
        "pg_dump", "pg_basebackup", "pgbackrest",    "barman",    "wal-g",
        "wal-e",   "pg_probackup",  "pg_receivewal", "pg_rewind", "pg_restore"};
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return contains_ignoring_case(application, name); }) ||
           contains_ignoring_case(application, "backup");
}

bool DatabaseSession::is_vacuum() const
{
    return backend_type == "autovacuum worker" || starts_with_word(query, "autovacuum:") ||
           starts_with_word(query, "vacuum");
}

std::optional<double> DatabaseSession::wait_ms() const
{
    if (lock_wait_ms) return lock_wait_ms;
    if (query_age_ms && state_age_ms) return std::min(*query_age_ms, *state_age_ms);
    return query_age_ms ? query_age_ms : state_age_ms ? state_age_ms : xact_age_ms;
}

std::optional<double> DatabaseSession::state_ms() const { return state_age_ms ? state_age_ms : query_age_ms; }

std::string_view DatabaseSession::who() const
{
    return !application.empty() ? application : !user.empty() ? user : std::string_view("an unnamed client");
}

const DatabaseSession* SessionSample::find(std::int64_t pid) const
{
    const auto found =
        std::lower_bound(sessions.begin(), sessions.end(), pid,
                         [](const DatabaseSession& session, std::int64_t of) { return session.pid < of; });
    return found != sessions.end() && found->pid == pid ? &*found : nullptr;
}

std::size_t SessionSample::clients() const
{
    return static_cast<std::size_t>(std::count_if(sessions.begin(), sessions.end(),
                                                  [](const DatabaseSession& session) { return session.is_client(); }));
}

std::size_t SessionSample::hidden() const
{
    return static_cast<std::size_t>(std::count_if(sessions.begin(), sessions.end(), [](const DatabaseSession& session) {
        return session.is_client() && session.is_hidden();
    }));
}

bool SessionSample::looks_complete() const
{
    return std::any_of(sessions.begin(), sessions.end(),
                       [](const DatabaseSession& session) { return !session.is_client() || session.state == "idle"; });
}

Result<SessionSamples> load_session_samples(CaseFile& file, const Control& control)
{
    SessionSamples loaded;
    TRY_ASSIGN(
        Statement rows,
        file.database().prepare(
            "SELECT s.file_id, s.at_ns, coalesce(f.window, ''), s.pid, s.user, s.database, s.application, s.state, "
            "s.wait_event_type, s.wait_event, s.query, s.backend_type, s.lock_type, s.lock_mode, s.lock_relation, "
            "s.blocked_by, s.xact_age_ms, s.query_age_ms, s.state_age_ms, s.lock_wait_ms, s.leader_pid, s.backend_xid, "
            "s.backend_xmin FROM sessions s LEFT JOIN import_files f ON f.id = s.file_id ORDER BY f.path, s.file_id, "
            "s.at_ns, s.rowid"));
    std::unordered_set<std::int64_t> pids;
    for (std::size_t count = 0;; ++count) {
        TRY_ASSIGN(const bool more, rows.step());
        if (!more) break;
        if (count % 4096 == 0) TRY(control.check());
        std::optional<std::int64_t> at;
        if (!rows.is_null(1)) at = clamp_instant(rows.integer(1));
        const std::int64_t pid = rows.integer(3);
        auto& samples = loaded.samples;
        const bool same = !samples.empty() && samples.back().file_id == rows.integer(0) &&
                          samples.back().at_ns.has_value() == at.has_value() &&
                          (!at || *at - *samples.back().at_ns <= same_sample_ns) && (pid == 0 || !pids.contains(pid));
        if (!same) {
            samples.push_back({rows.integer(0), at, at, loaded.strings.text(loaded.strings.intern(rows.text(2))), {}});
            pids.clear();
        }
        pids.insert(pid);
        samples.back().to_ns = at;
        DatabaseSession session;
        session.pid = pid;
        int column = 4;
        for (std::string_view DatabaseSession::*text :
             {&DatabaseSession::user, &DatabaseSession::database, &DatabaseSession::application,
              &DatabaseSession::state, &DatabaseSession::wait_event_type, &DatabaseSession::wait_event,
              &DatabaseSession::query, &DatabaseSession::backend_type, &DatabaseSession::lock_type,
              &DatabaseSession::lock_mode, &DatabaseSession::lock_relation})
            session.*text = loaded.strings.text(loaded.strings.intern(rows.text(column++)));
        read_blockers(rows.text(column++), session);
        for (std::optional<double> DatabaseSession::*ms :
             {&DatabaseSession::xact_age_ms, &DatabaseSession::query_age_ms, &DatabaseSession::state_age_ms,
              &DatabaseSession::lock_wait_ms})
            session.*ms = age(rows, column++);
        for (std::optional<std::int64_t> DatabaseSession::*number :
             {&DatabaseSession::leader_pid, &DatabaseSession::backend_xid, &DatabaseSession::backend_xmin})
            session.*number = rows.optional_integer(column++);
        samples.back().sessions.push_back(std::move(session));
    }
    for (SessionSample& sample : loaded.samples)
        std::stable_sort(sample.sessions.begin(), sample.sessions.end(),
                         [](const DatabaseSession& a, const DatabaseSession& b) { return a.pid < b.pid; });
    std::stable_sort(loaded.samples.begin(), loaded.samples.end(),
                     [](const SessionSample& a, const SessionSample& b) { return a.at_ns < b.at_ns; });
    return loaded;
}

bool in_analysed_window(const AnalysisWindows& windows, std::optional<std::int64_t> at_ns, std::string_view window)
{
    if (at_ns) return windows.analysed_name == "case" || windows.analysed.contains(*at_ns);
    return !windows.limited && (window.empty() || windows.analysed_name == "case" || window == windows.analysed_name);
}

std::string transaction_key(const DatabaseSession& session) { return finding_key({session.database, session.who()}); }

std::optional<std::int64_t> transaction_begin(const SessionSample& sample, const DatabaseSession& session)
{
    if (!sample.at_ns || !session.xact_age_ms) return {};
    return *sample.at_ns - static_cast<std::int64_t>(*session.xact_age_ms * 1e6);
}

bool same_transaction(std::optional<std::int64_t> begin_a_ns, std::optional<std::int64_t> begin_b_ns)
{
    return !begin_a_ns || !begin_b_ns || std::abs(*begin_a_ns - *begin_b_ns) < 500'000'000;
}

Evidence session_evidence(const SessionSample& sample, const std::vector<RankedPid>& pids, std::string caption)
{
    std::string list;
    for (std::size_t i = 0; i < pids.size(); ++i)
        list += (i == 0 ? "(" : ", (") + std::to_string(i) + ", " + std::to_string(pids[i].pid) + ", " +
                std::to_string(pids[i].depth) + ")";
    Evidence evidence{
        std::move(caption),
        "table",
        "session",
        "WITH chosen(position, pid, depth) AS (VALUES " + list +
            ") SELECT s.at_ns, c.depth, s.pid, s.application, s.user, s.database, s.state, s.wait_event_type, "
            "s.wait_event, s.blocked_by, s.xact_age_ms, s.state_age_ms, CASE WHEN s.blocked_by <> '' THEN "
            "coalesce(s.lock_wait_ms, s.query_age_ms, s.state_age_ms, s.xact_age_ms) END AS wait_ms, s.lock_mode, "
            "s.lock_relation, s.query "
            "FROM session s JOIN chosen c ON c.pid = s.pid WHERE s.file_id = ?1 AND ",
        {sample.file_id}};
    if (sample.at_ns) {
        evidence.sql += "s.at_ns >= ?2 AND s.at_ns <= ?3 ORDER BY c.position";
        evidence.arguments.emplace_back(*sample.at_ns);
        evidence.arguments.emplace_back(*sample.to_ns);
    } else {
        evidence.sql += "s.at_ns IS NULL ORDER BY c.position";
    }
    return evidence;
}

std::string_view plain_relation(std::string_view relation)
{
    relation = trim(relation);
    if (relation.starts_with("public.")) relation.remove_prefix(7);
    if (relation.size() > 2 && relation.front() == '"' && relation.back() == '"' &&
        relation.find('"', 1) == relation.size() - 1)
        relation = relation.substr(1, relation.size() - 2);
    return relation;
}

} // namespace casebook
