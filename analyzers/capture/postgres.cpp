#include "analyzers/capture/postgres.h"

#include "analyzers/capture/postgres_sample.h"
#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook::capture_detail {

namespace {

constexpr int oldest_version = 13;
constexpr int newest_known_version = 18;
constexpr int tested_version = 15;
/// The server's own timeout comes first; a server that does not even keep that counts as gone after so much more.
constexpr int grace_ms = 10'000;

/// Whether asking again is of no use: it lacks a right, a relation, a function, a column, or the library is not loaded.
bool is_lasting(std::string_view sql_state)
{
    return sql_state.starts_with("42") || sql_state == "55000" || sql_state == "0A000" || sql_state == "58P01";
}

std::string marked(std::string_view command, std::string_view rest)
{
    return std::string(command) + " " + std::string(statement_mark) + std::string(rest);
}

}  // namespace

PostgresTaker::PostgresTaker(Connection& connection, const CaptureOptions& options)
    : connection_(connection), options_(options)
{
    wanted_ = options.questions;
}

/// Opens a read-only transaction whose settings end with it: set_config(..., true) is SET LOCAL that pg_stat_statements
/// counts as one statement. search_path keeps functions and operators of others out.
std::string PostgresTaker::begin() const
{
    const auto ms = [](int value) { return "'" + std::to_string(std::max(value, 1)) + "'"; };
    return marked("begin", " transaction read only;\n") +
           marked("select", " set_config('statement_timeout', ") + ms(options_.statement_timeout_ms) +
           ", true), set_config('lock_timeout', " + ms(options_.lock_timeout_ms) +
           ", true), set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, MDY', true), "
           "set_config('IntervalStyle', 'postgres', true), set_config('max_parallel_workers_per_gather', '0', true), "
           "set_config('search_path', 'pg_catalog', true);\n";
}

int PostgresTaker::patience_ms() const { return options_.statement_timeout_ms + grace_ms; }

Outcome<Answer> PostgresTaker::ask(const std::string& sql)
{
    Outcome<Answer> answer = connection_.run(begin() + sql + ";\n" + marked("commit", ""), patience_ms());
    // A text that cannot be parsed fails before its BEGIN: a rollback then would leave a warning in the server's log.
    if (!answer && answer.error().kind == Failure::Kind::refused && connection_.in_transaction()) {
        const Outcome<Answer> ended = connection_.run(marked("rollback", ""), patience_ms());
        if (!ended && ended.error().kind != Failure::Kind::refused) return tl::unexpected(ended.error());
    }
    return answer;
}

Status PostgresTaker::look_around()
{
    server_.version_number = connection_.server_version();
    version_.server = server_.version_number / 10'000;
    server_.version = "PostgreSQL " + connection_.parameter("server_version");
    server_.host = connection_.host();
    server_.port = connection_.port();
    server_.encryption = connection_.encryption();
    server_.tested = version_.server == tested_version;
    if (version_.server < oldest_version)
        return fail(Error::Code::server, server_.version + " is too old: capture knows 13 and later",
                    "export pg_stat_activity and pg_stat_statements with psql's \\copy");

    const auto before = Waiter::Clock::now();
    const Outcome<Answer> answer = ask(sql_for("server", version_, false));
    server_.round_trip_ms = std::chrono::duration<double, std::milli>(Waiter::Clock::now() - before).count();
    if (!answer) return tl::unexpected(error_of(answer.error()));
    server_.database = std::string(answer->get(0, "database"));
    server_.user = std::string(answer->get(0, "current_user"));
    server_.superuser = answer->get(0, "superuser") == "t";
    server_.standby = answer->get(0, "standby") == "t";
    version_.statements_schema = std::string(answer->get(0, "statements_schema"));
    version_.statements_version = std::string(answer->get(0, "statements_version"));
    if (answer->get(0, "reads_all_stats") != "t")
        server_.hidden.push_back("what other users' sessions and statements do: states, waits, texts (a superuser opens it: GRANT "
                                 "pg_monitor TO " + server_.user + ")");
    if (answer->get(0, "reads_all_settings") != "t")
        server_.hidden.push_back("settings that only superusers see (GRANT pg_read_all_settings or pg_monitor opens them)");
    if (version_.server > newest_known_version)
        server_.hidden.push_back("what is new since PostgreSQL 18, which is the newest version that capture knows");
    return {};
}

void PostgresTaker::give_up_on(const CaptureQuestion& question, const Failure& failure)
{
    std::string why = failure.message;
    BackOff& state = back_off_[std::string(question.id)];
    if (failure.sql_state == "57014" || failure.sql_state == "55P03") {
        // It took too long, or waits for a lock: asking again at once would make things worse.
        why += "; asked again less often";
        state.skip = state.after;
        state.after = std::min(state.after * 2, 1024);
    } else if (is_lasting(failure.sql_state)) {
        state.for_good = true;
        if (failure.sql_state == "42501") why += " (GRANT pg_monitor opens it)";
    }
    refuse(question.id, why, failure.sql_state);
}

/// The answer to one question; nothing when it was not asked or refused.
Outcome<std::optional<Answer>> PostgresTaker::ask(const CaptureQuestion& question, const Turn& turn, Snapshot& snapshot)
{
    BackOff& state = back_off_[std::string(question.id)];
    if (state.for_good) return std::optional<Answer>();
    if (state.skip > 0) {
        --state.skip;
        return std::optional<Answer>();
    }
    if (question.id.starts_with("statements") && version_.statements_schema.empty()) {
        state.for_good = true;
        const std::string why = "the extension pg_stat_statements is not in database " + server_.database +
                                " (shared_preload_libraries, then CREATE EXTENSION pg_stat_statements)";
        if (question.id == "statements") {
            refuse(question.id, why, {});
            snapshot.sample.problems.push_back(std::string(question.id) + ": " + why);
        }
        return std::optional<Answer>();
    }
    const std::string sql = sql_for(question.id, version_, turn.first() || turn.last());
    if (sql.empty()) {  // this version has no such view
        state.for_good = true;
        return std::optional<Answer>();
    }
    const auto before = Waiter::Clock::now();
    Outcome<Answer> answer = ask(sql);
    if (!answer && answer.error().kind != Failure::Kind::refused) return tl::unexpected(answer.error());
    const double ms = std::chrono::duration<double, std::milli>(Waiter::Clock::now() - before).count();
    asked_.push_back({std::string(question.id), answer.has_value(), ms,
                      answer ? static_cast<std::int64_t>(answer->rows()) : 0});
    if (!answer) {
        give_up_on(question, answer.error());
        snapshot.sample.problems.push_back(std::string(question.id) + ": " + answer.error().message);
        return std::optional<Answer>();
    }
    state.after = 1;
    return std::optional<Answer>(std::move(*answer));
}

Outcome<Snapshot> PostgresTaker::take(const Turn& turn)
{
    Snapshot snapshot;
    asked_.clear();
    for (const CaptureQuestion& question : capture_questions()) {
        if (question.server != CaptureQuestion::Server::postgresql || !wants(question.id)) continue;
        if (question.when == CaptureQuestion::When::once && !turn.first()) continue;
        if (question.when == CaptureQuestion::When::firstAndLast && !turn.first() && !turn.last()) continue;
        Outcome<std::optional<Answer>> asked = ask(question, turn, snapshot);
        if (!asked) return tl::unexpected(asked.error());
        if (!*asked) continue;
        const Answer& answer = **asked;
        snapshot.tables.push_back(csv_of(answer, std::string(question.file), {}, connection_.secrets()));
        if (question.id == "sessions") {
            add_sessions(snapshot.sample, answer, connection_.secrets());
            if (answer.rows() > 0)
                snapshot.sample.at_ns = parse_instant(answer.get(0, "sampled_at")).value_or(0);
            if (const std::int64_t hidden = hidden_rows(answer); hidden > 0)
                refuse("sessions", "what other users' sessions do is hidden from this role (GRANT pg_monitor opens it)", {});
        } else if (question.id == "statements") {
            snapshot.sample.statements = statements_.add(answer);
            if (const std::int64_t hidden = hidden_rows(answer); hidden > 0)
                refuse("statements", "the texts of other users' statements are hidden from this role (GRANT pg_monitor opens them)",
                       {});
        } else if (question.id == "settings") {
            for (std::size_t row = 0; row < answer.rows(); ++row)
                if (answer.get(row, "name") == "max_connections") max_connections_ = answer.get(row, "setting");
        } else if (question.id == "databases") {
            snapshot.tables.push_back(database_series(answer, max_connections_, connection_.secrets()));
        }
    }
    return snapshot;
}

Result<std::unique_ptr<Taker>> postgres_taker(Connection& connection, const CaptureOptions& options)
{
    auto taker = std::make_unique<PostgresTaker>(connection, options);
    TRY(taker->look_around());
    return taker;
}

}  // namespace casebook::capture_detail
