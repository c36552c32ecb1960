#include "widgets/models/capture_tables.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/models/views/table_column.h"

#include <QCoreApplication>
#include <algorithm>
#include <numeric>
#include <set>

namespace casebook {
namespace {

using Kind = TableColumn::Kind;

QString tr(const char* text, int count = -1)
{
    return QCoreApplication::translate("CaptureTables", text, nullptr, count);
}

std::shared_ptr<TableData> finish(std::shared_ptr<TableData> table, std::initializer_list<TableColumn*> columns)
{
    for (TableColumn* one : columns) table->columns.push_back(std::move(*one));
    finish_table(*table);
    return table;
}

bool is_client(const CapturedSession& session)
{
    return session.backend_type.empty() || session.backend_type == "client backend";
}

bool is_idle_in_transaction(const CapturedSession& session)
{
    return session.state.starts_with("idle in transaction");
}

std::string wait_of(const CapturedSession& session)
{
    if (session.wait_event_type.empty()) return session.wait_event;
    if (session.wait_event.empty()) return session.wait_event_type;
    return session.wait_event_type + ": " + session.wait_event;
}

int rank_of(const CapturedSession& session, const std::set<std::int64_t>& blockers)
{
    if (!session.blocked_by.empty() || blockers.count(session.pid)) return 0;
    if (!is_client(session)) return 5;
    if (session.state == "active" || session.state == "fastpath function call") return 1;
    if (is_idle_in_transaction(session)) return 2;
    return session.hidden || session.state.empty() ? 3 : 4;
}

std::string_view state_text(const CapturedSession& session)
{
    if (!session.state.empty()) return session.state;
    return session.hidden ? std::string_view("hidden") : std::string_view(session.backend_type);
}

}  // namespace

std::shared_ptr<TableData> sessions_table(const SharedSample& sample)
{
    auto table = std::make_shared<TableData>();
    table->owners.push_back(sample);
    const auto& sessions = sample->sessions;
    std::set<std::int64_t> blockers;
    for (const CapturedEdge& edge : sample->edges) blockers.insert(edge.blocker);
    std::vector<int> ranks;
    for (const CapturedSession& session : sessions) ranks.push_back(rank_of(session, blockers));
    std::vector<std::size_t> order(sessions.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (ranks[a] != ranks[b]) return ranks[a] < ranks[b];
        return sessions[a].xact_age_ms.value_or(-1) > sessions[b].xact_age_ms.value_or(-1);
    });

    auto pid = named_column_of_ms("pid", tr("pid"), Kind::text), state = named_column_of_ms("state", tr("state"), Kind::text);
    auto wait = named_column_of_ms("wait", tr("waits for"), Kind::text, tr("Wait event: type and name, as PostgreSQL has them"));
    auto transaction = named_column_of_ms("xact_age_ms", tr("transaction"), Kind::duration, tr("How long its transaction is open"));
    auto statement = named_column_of_ms("query_age_ms", tr("statement"), Kind::duration,
                            tr("Since its statement began; of an idle session, the last one"));
    auto blocked = named_column_of_ms("blocked_by", tr("blocked by"), Kind::text, tr("Process ids of the sessions it waits for"));
    auto query = named_column_of_ms("query", tr("query"), Kind::text, tr("The running statement, or the last one"));
    auto user = named_column_of_ms("user", tr("user"), Kind::text), database = named_column_of_ms("database", tr("database"), Kind::text);
    auto application = named_column_of_ms("application", tr("application"), Kind::text);
    auto client = named_column_of_ms("client", tr("client"), Kind::text, tr("Address; empty on a unix socket"));
    for (const std::size_t i : order) {
        const CapturedSession& session = sessions[i];
        pid.texts.push_back(table->keep(std::to_string(session.pid)));
        state.texts.push_back(state_text(session));
        wait.texts.push_back(table->keep(wait_of(session)));
        add_number(transaction, session.xact_age_ms);
        add_number(statement, session.query_age_ms);
        blocked.texts.push_back(table->keep(lock_pids_text(session.blocked_by)));
        query.texts.push_back(session.query);
        user.texts.push_back(session.user);
        database.texts.push_back(session.database);
        application.texts.push_back(session.application);
        client.texts.push_back(session.client);
        ++table->rows;
    }
    return finish(table, {&pid, &state, &wait, &transaction, &statement, &blocked, &query, &user, &database,
                          &application, &client});
}

std::shared_ptr<TableData> waits_table(const SharedSample& sample)
{
    auto table = std::make_shared<TableData>();
    auto wait = named_column_of_ms("wait", tr("waits for"), Kind::text, tr("Wait event: type and name, as PostgreSQL has them"));
    auto sessions = named_column_of_ms("sessions", tr("sessions"), Kind::count);
    sessions.decor = TableColumn::Decor::bar;
    for (const CapturedWait& one : sample->waits) {
        wait.texts.push_back(table->keep(wait_text(one).toStdString()));
        sessions.integers.push_back(one.sessions);
        ++table->rows;
    }
    return finish(table, {&wait, &sessions});
}

std::shared_ptr<TableData> statements_table(const SharedSample& sample)
{
    auto table = std::make_shared<TableData>();
    table->owners.push_back(sample);
    double all_ms = 0;
    for (const CapturedStatement& one : sample->statements) all_ms += std::max(0.0, one.total_ms);
    auto query = named_column_of_ms("query", tr("statement"), Kind::text), calls = named_column_of_ms("calls", tr("calls"), Kind::count);
    auto total = named_column_of_ms("total_ms", tr("total"), Kind::duration, tr("Time of all its calls in the interval"));
    auto share = named_column_of_ms("share", tr("share"), Kind::share, tr("Of the time of the statements listed here"));
    auto mean = named_column_of_ms("mean_ms", tr("mean"), Kind::duration, tr("Time per call"));
    auto rows = named_column_of_ms("rows", tr("rows"), Kind::count, tr("Rows returned or changed by all its calls"));
    auto id = named_column_of_ms("query_id", tr("query id"), Kind::text);
    total.decor = TableColumn::Decor::bar;
    for (const CapturedStatement& one : sample->statements) {
        query.texts.push_back(one.query);
        calls.integers.push_back(one.calls);
        total.numbers.push_back(one.total_ms);
        share.numbers.push_back(all_ms > 0 ? one.total_ms / all_ms : 0);
        add_number(mean, one.calls > 0 ? std::optional(one.total_ms / static_cast<double>(one.calls)) : std::nullopt);
        rows.integers.push_back(one.rows);
        id.texts.push_back(one.query_id);
        ++table->rows;
    }
    return finish(table, {&query, &calls, &total, &share, &mean, &rows, &id});
}

std::shared_ptr<TableData> lock_table(const SharedSample& sample, const std::vector<LockTreeRow>& rows)
{
    auto table = std::make_shared<TableData>();
    table->owners.push_back(sample);
    auto tree = named_column_of_ms("session", tr("session"), Kind::text,
                       tr("Who blocks stands above those who wait; at the left edge, who waits for nobody"));
    auto waiters = named_column_of_ms("waiters", tr("waiters"), Kind::count, tr("Sessions that wait for it, in the end"));
    auto state = named_column_of_ms("state", tr("state"), Kind::text);
    auto transaction = named_column_of_ms("xact_age_ms", tr("transaction"), Kind::duration, tr("How long its transaction is open"));
    auto statement = named_column_of_ms("query_age_ms", tr("statement"), Kind::duration, tr("Since its statement began"));
    auto query = named_column_of_ms("query", tr("query"), Kind::text), user = named_column_of_ms("user", tr("user"), Kind::text);
    auto blocked = named_column_of_ms("blocked_by", tr("waits for"), Kind::text, tr("All sessions it waits for"));
    static const CapturedSession unknown;
    for (const LockTreeRow& row : rows) {
        const bool known = row.session >= 0;
        const CapturedSession& session = known ? sample->sessions[static_cast<std::size_t>(row.session)] : unknown;
        tree.texts.push_back(table->keep(lock_tree_text(row)));
        waiters.integers.push_back(row.waiters);
        std::string what(state_text(session));
        if (row.in_circle) what += what.empty() ? "waits in a circle" : ", waits in a circle";
        state.texts.push_back(table->keep(std::move(what)));
        add_number(transaction, session.xact_age_ms);
        add_number(statement, session.query_age_ms);
        query.texts.push_back(session.query);
        user.texts.push_back(session.user);
        blocked.texts.push_back(table->keep(lock_pids_text(row.blocked_by)));
        ++table->rows;
    }
    return finish(table, {&tree, &waiters, &state, &transaction, &statement, &query, &user, &blocked});
}

std::shared_ptr<TableData> result_table(const std::shared_ptr<const CaptureSummary>& summary)
{
    auto table = std::make_shared<TableData>();
    table->owners.push_back(summary);
    auto kind = named_column_of_ms("kind", tr("what"), Kind::text), name = named_column_of_ms("name", tr("name"), Kind::text);
    auto remark = named_column_of_ms("remark", tr("remark"), Kind::text);
    auto rows = named_column_of_ms("rows", tr("rows"), Kind::count), bytes = named_column_of_ms("bytes", tr("size"), Kind::bytes);
    const auto row = [&](const char* what, std::string_view named, std::string_view remarked, std::int64_t count = -1,
                         std::int64_t size = -1) {
        kind.texts.push_back(what);
        name.texts.push_back(named);
        remark.texts.push_back(remarked);
        rows.integers.push_back(std::max<std::int64_t>(count, 0));
        rows.null.push_back(count < 0);
        bytes.integers.push_back(std::max<std::int64_t>(size, 0));
        bytes.null.push_back(size < 0);
        ++table->rows;
    };
    for (const auto& refusal : summary->refused) row("refused", refusal.question, refusal.why);
    for (const auto& plan : summary->plans)
        if (plan.file.empty()) row("no plan", plan.query, plan.how);
    for (const std::string& hidden : summary->hidden) row("hidden", {}, hidden);
    for (const auto& plan : summary->plans)
        if (!plan.file.empty()) row("plan", plan.query, table->keep(plan.how + ", in " + plan.file));
    for (const auto& file : summary->files) row("file", file.name, {}, file.rows, file.bytes);
    return finish(table, {&kind, &name, &rows, &bytes, &remark});
}

QString sessions_headline(const CaptureSample& sample)
{
    int all = 0, active = 0, waiting = 0, idle_in_transaction = 0, hidden = 0;
    for (const CapturedSession& session : sample.sessions) {
        if (!is_client(session)) continue;
        ++all;
        active += session.state == "active";
        waiting += !session.blocked_by.empty();
        hidden += session.hidden;
        idle_in_transaction += is_idle_in_transaction(session);
    }
    const QString text = tr(all == 1 ? "1 session: %2 active, %3 waiting for locks, %4 idle in transaction"
                       : "%1 sessions: %2 active, %3 waiting for locks, %4 idle in transaction")
        .arg(all)
        .arg(active)
        .arg(waiting)
        .arg(idle_in_transaction);
    return hidden == 0 ? text : text + tr("; what %1 of them do is hidden from this role").arg(hidden);
}

QString wait_text(const CapturedWait& wait)
{
    const QString type = to_qt_line(wait.type, 60), event = to_qt_line(wait.event, 100);
    if (type.isEmpty()) return event;
    return event.isEmpty() ? type : type + QStringLiteral(": ") + event;
}

}  // namespace casebook
