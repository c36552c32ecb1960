// pg_stat_activity as a table, with or without the pids that block each session and the lock it waits for:
//   pid,application_name,state,wait_event_type,wait_event,blocked_by,xact_age,state_age,query
//   20707,order-svc-2,active,Lock,transactionid,{20693},00:00:03.000381,00:00:03.00038,update inventory set q=q-1 where
//   id=1

#include "analyzers/core/importer.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/snapshot_rows.h"
#include "analyzers/importers/support/table_reader.h"

namespace casebook::importers {

extern const Importer pg_sessions_csv;

namespace {

constexpr std::size_t npos = TableReader::npos;

struct SessionColumns {
    std::size_t pid, user, database, application, state, wait_type, wait, blocked_by, xact_start, query_start,
        state_change, backend_start, backend_type, leader_pid, backend_xid, backend_xmin, lock_type, lock_mode,
        lock_relation, lock_wait_start, query;
    ScaledColumn xact_age, query_age, state_age, lock_wait;

    explicit SessionColumns(const Columns& columns)
        : pid(columns.find({"pid", "procpid", "process_id", "backend_pid"})),
          user(columns.find({"usename", "user", "username", "rolname", "role"})),
          database(columns.find({"datname", "database", "db", "dbname"})),
          application(columns.find({"application_name", "application", "app"})), state(columns.find({"state"})),
          wait_type(columns.find({"wait_event_type", "wait_type"})), wait(columns.find({"wait_event", "wait"})),
          blocked_by(columns.find(
              {"blocked_by", "pg_blocking_pids", "blocking_pids", "blocking_pid", "blockers", "blocked_by_pids"})),
          xact_start(columns.find({"xact_start", "transaction_start"})), query_start(columns.find({"query_start"})),
          state_change(columns.find({"state_change"})), backend_start(columns.find({"backend_start"})),
          backend_type(columns.find({"backend_type"})), leader_pid(columns.find({"leader_pid"})),
          backend_xid(columns.find({"backend_xid"})), backend_xmin(columns.find({"backend_xmin"})),
          lock_type(columns.find({"lock_type", "locktype", "waiting_locktype", "wait_locktype"})),
          lock_mode(columns.find({"lock_mode", "mode", "waiting_mode", "wait_mode"})),
          lock_relation(columns.find({"lock_relation", "locked_relation", "waiting_relation", "wait_relation",
                                      "relation", "relname", "locked_item"})),
          lock_wait_start(columns.find({"lock_waitstart", "lock_wait_start", "waitstart", "wait_start"})),
          query(columns.find({"query", "current_query", "query_text", "sql"})),
          xact_age(columns.find_duration({"xact_age", "transaction_age", "xact_duration", "xact_time"})),
          query_age(columns.find_duration(
              {"query_age", "query_duration", "query_time", "duration", "runtime", "running_for"})),
          state_age(columns.find_duration({"state_age", "state_duration", "idle_age", "idle_time", "idle_for"})),
          lock_wait(columns.find_duration({"lock_wait", "lock_wait_age", "wait_age", "wait_duration", "waiting_for"}))
    {}

    /// Enough to tell pg_stat_activity from other tables with a pid or a query.
    bool complete() const
    {
        const int of_activity = (state != npos) + (wait_type != npos) + (wait != npos) +
                                (xact_start != npos || static_cast<bool>(xact_age)) +
                                (query_start != npos || static_cast<bool>(query_age)) + (backend_start != npos) +
                                (backend_type != npos);
        return (pid != npos && (of_activity >= 2 || blocked_by != npos)) ||
               (pid == npos && query != npos && state != npos && of_activity >= 2);
    }
};

/// "{20693,20692}", "[1, 2]" or "20693" as "20693,20692".
std::string pid_list(std::string_view cell)
{
    std::string pids;
    std::size_t at = 0;
    while (at < cell.size()) {
        const std::size_t begin = cell.find_first_of("0123456789", at);
        if (begin == std::string_view::npos) break;
        const std::size_t end = std::min(cell.find_first_not_of("0123456789", begin), cell.size());
        if (!pids.empty()) pids += ',';
        pids += cell.substr(begin, end - begin);
        at = end;
    }
    return pids;
}

class SessionImport {
public:
    SessionImport(const SessionColumns& columns, bool comma, ImportContext& context)
        : columns_(columns), comma_(comma), context_(context)
    {}

    Status take(const SnapshotRows::Row& row)
    {
        SessionRow session;
        session.at_ns = row.at_ns;
        const auto pid = cell_int(row.cell(columns_.pid));
        if (!pid && columns_.pid != npos) {
            context_.drop(row.line, "bad_number",
                          "\"" + std::string(row.cell(columns_.pid).substr(0, 40)) + "\" is no pid");
            return {};
        }
        session.pid = pid.value_or(0);
        session.user = text(row, columns_.user);
        session.database = text(row, columns_.database);
        session.application = text(row, columns_.application);
        // Background processes have no application; their type says what they are, and their state stays empty.
        if (session.application.empty() && text(row, columns_.backend_type) != "client backend")
            session.application = text(row, columns_.backend_type);
        session.state = text(row, columns_.state);
        session.wait_event_type = text(row, columns_.wait_type);
        session.wait_event = text(row, columns_.wait);
        const std::string blocked_by = pid_list(row.cell(columns_.blocked_by));
        session.blocked_by = blocked_by;
        session.query = text(row, columns_.query);
        session.xact_age_ms = age(row, columns_.xact_age, columns_.xact_start);
        session.query_age_ms = age(row, columns_.query_age, columns_.query_start);
        session.state_age_ms = age(row, columns_.state_age, columns_.state_change);
        session.backend_type = text(row, columns_.backend_type);
        session.leader_pid = cell_int(row.cell(columns_.leader_pid));
        session.backend_xid = cell_int(row.cell(columns_.backend_xid));
        session.backend_xmin = cell_int(row.cell(columns_.backend_xmin));
        session.lock_type = text(row, columns_.lock_type);
        session.lock_mode = text(row, columns_.lock_mode);
        session.lock_relation = text(row, columns_.lock_relation);
        session.lock_wait_ms = age(row, columns_.lock_wait, columns_.lock_wait_start);
        TRY(context_.add(session));
        context_.stored();
        if (row.guessed) context_.repair(row.line, "time_guessed", "dated by the newest time in the snapshot");
        return {};
    }

private:
    static std::string_view text(const SnapshotRows::Row& row, std::size_t column)
    {
        const std::string_view cell = trim(row.cell(column));
        return is_null_text(cell) ? std::string_view() : cell;
    }

    /// The age as given, else from the start and the snapshot's time.
    std::optional<double> age(const SnapshotRows::Row& row, const ScaledColumn& given, std::size_t start) const
    {
        const std::string_view cell = trim(row.cell(given.index));
        if (!is_null_text(cell))
            if (const auto ms = cell_ms(cell, given.to_ms, comma_)) return ms;
        const auto began = cell_instant(row.cell(start));
        if (!began || !row.at_ns) return {};
        // now() of the query that took the snapshot may lie before a start it shows.
        return std::max(0.0, static_cast<double>(*row.at_ns - *began) / 1e6);
    }

    const SessionColumns& columns_;
    const bool comma_;
    ImportContext& context_;
};

int sniff(const Probe& probe)
{
    const TableLayout layout = table_layout(probe.head, probe.whole);
    if (layout.framing == TableFraming::none) return 0;
    const SessionColumns columns{Columns(layout.columns)};
    return columns.complete() ? columns.pid != npos ? 92 : 72 : 0;
}

Status read(Source& source, ImportContext& context)
{
    TRY_ASSIGN(const auto table, TableReader::open(source));
    const Columns names(table->columns());
    const SessionColumns columns(names);
    if (!columns.complete())
        return fail(Error::Code::notUnderstood, "the table lacks the columns of pg_stat_activity",
                    "wanted: pid, state, wait_event_type, wait_event, query");
    table->absorb_in(columns.query);
    SessionImport sessions(columns, table->layout().dialect.delimiter != ',', context);
    return SnapshotRows::each(
        *table, names, {columns.xact_start, columns.query_start, columns.state_change, columns.backend_start}, context,
        [&](const SnapshotRows::Row& row) { return sessions.take(row); });
}

}  // namespace

const Importer pg_sessions_csv{
    .id = "pg_sessions_csv",
    .title = "pg_stat_activity (CSV, psql output or JSON rows)",
    .brings = "session",
    .how = "psql -c \"\\copy (select now() as captured_at, pg_blocking_pids(pid) as blocked_by, * from "
           "pg_stat_activity) to 'sessions.csv' csv header\", several times",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
