// PgBouncer's admin console: SHOW commands of the simple protocol. Columns differ between versions; they are kept by name, and
// those that make series are looked up by name.

#include "analyzers/capture/questions.h"
#include "analyzers/capture/taker.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"

#include <array>
#include <chrono>
#include <map>

namespace casebook::capture_detail {

namespace {

/// A column of SHOW POOLS or SHOW DATABASES as a series, under the name that pgbouncer_exporter gives it
/// (https://github.com/prometheus-community/pgbouncer_exporter).
struct SeriesOf {
    std::string_view column, name, unit;
};
constexpr std::array pool_series{
    SeriesOf{"cl_active", "pgbouncer_pools_client_active_connections", "1"},
    SeriesOf{"cl_waiting", "pgbouncer_pools_client_waiting_connections", "1"},
    SeriesOf{"sv_active", "pgbouncer_pools_server_active_connections", "1"},
    SeriesOf{"sv_idle", "pgbouncer_pools_server_idle_connections", "1"},
    SeriesOf{"sv_used", "pgbouncer_pools_server_used_connections", "1"},
    SeriesOf{"sv_login", "pgbouncer_pools_server_login_connections", "1"},
    SeriesOf{"maxwait", "pgbouncer_pools_client_maxwait_seconds", "s"},
};

struct Show {
    std::string_view question, command;
};
constexpr std::array shows{
    Show{"pools", "SHOW POOLS"},
    Show{"clients", "SHOW CLIENTS"},
    Show{"servers", "SHOW SERVERS"},
    Show{"stats", "SHOW STATS"},
    Show{"pool_databases", "SHOW DATABASES"},
    Show{"config", "SHOW CONFIG"},
};

class PgBouncerTaker final : public Taker {
public:
    PgBouncerTaker(Connection& connection, const CaptureOptions& options) : connection_(connection), options_(options)
    {
        wanted_ = options.questions;
    }

    Status look_around()
    {
        server_.pgbouncer = true;
        server_.tested = true;
        server_.host = connection_.host();
        server_.port = connection_.port();
        server_.user = connection_.user();
        server_.database = connection_.database();
        server_.encryption = connection_.encryption();
        const auto before = Waiter::Clock::now();
        const Outcome<Answer> answer = connection_.run("SHOW VERSION", patience_ms());
        server_.round_trip_ms = std::chrono::duration<double, std::milli>(Waiter::Clock::now() - before).count();
        if (!answer) return tl::unexpected(error_of(answer.error()));
        server_.version = answer->rows() > 0 && answer->columns() > 0 ? std::string(answer->cell(0, 0)) : "PgBouncer";
        return {};
    }

    Outcome<Snapshot> take(const Turn& turn) override;
    Outcome<std::vector<WholeFile>> explain() override { return std::vector<WholeFile>(); }

private:
    int patience_ms() const { return options_.statement_timeout_ms + 5'000; }
    CsvTable series_of_pools() const;
    void add_clients(CaptureSample& sample, const Answer& clients) const;
    CsvTable config_table(const Answer& config) const;

    Connection& connection_;
    const CaptureOptions& options_;
    std::string sampled_at_;
    Answer pools_, databases_;
};

Outcome<Snapshot> PgBouncerTaker::take(const Turn& turn)
{
    Snapshot snapshot;
    asked_.clear();
    // The console does not tell the time; this host's clock does.
    snapshot.sample.at_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                std::chrono::system_clock::now().time_since_epoch()).count();
    sampled_at_ = format_instant(snapshot.sample.at_ns);
    pools_ = databases_ = Answer();
    for (const Show& show : shows) {
        const CaptureQuestion& question = *find_question(show.question);
        if (!wants(question.id) || (question.when == CaptureQuestion::When::once && !turn.first())) continue;
        const auto before = Waiter::Clock::now();
        const Outcome<Answer> answer = connection_.run(std::string(show.command), patience_ms());
        if (!answer && answer.error().kind != Failure::Kind::refused) return tl::unexpected(answer.error());
        const double ms = std::chrono::duration<double, std::milli>(Waiter::Clock::now() - before).count();
        asked_.push_back({std::string(question.id), answer.has_value(), ms,
                          answer ? static_cast<std::int64_t>(answer->rows()) : 0});
        if (!answer) {
            std::string why = answer.error().message;
            if (question.id == "config") why += " (only admin_users see it)";
            snapshot.sample.problems.push_back(std::string(question.id) + ": " + why);
            refuse(question.id, std::move(why), answer.error().sql_state);
            continue;
        }
        if (question.id == "config") snapshot.tables.push_back(config_table(*answer));
        else snapshot.tables.push_back(csv_of(*answer, std::string(question.file), sampled_at_, connection_.secrets()));
        if (question.id == "pools") pools_ = *answer;
        else if (question.id == "pool_databases") databases_ = *answer;
        else if (question.id == "clients") add_clients(snapshot.sample, *answer);
    }
    snapshot.tables.push_back(series_of_pools());
    for (std::size_t row = 0; row < pools_.rows(); ++row)
        if (const auto waiting = parse_int(pools_.get(row, "cl_waiting")); waiting && *waiting > 0)
            snapshot.sample.waits.push_back({"Pool", std::string(pools_.get(row, "database")) + "/" +
                                                         std::string(pools_.get(row, "user")),
                                             static_cast<int>(*waiting)});
    return snapshot;
}

/// Used, waiting and largest size of each pool, all with the same labels.
CsvTable PgBouncerTaker::series_of_pools() const
{
    CsvTable table;
    table.file = "metrics.csv";
    table.header = "time,name,value,unit,database,user,pool\n";
    std::map<std::string, std::string, std::less<>> sizes;
    for (std::size_t row = 0; row < databases_.rows(); ++row)
        sizes[std::string(databases_.get(row, "name"))] = databases_.get(row, "pool_size");
    for (std::size_t row = 0; row < pools_.rows(); ++row) {
        const std::string database = kept_text(pools_.get(row, "database"), false, connection_.secrets());
        const std::string user = kept_text(pools_.get(row, "user"), false, connection_.secrets());
        if (database == "pgbouncer") continue;  // the console itself
        const std::string pool = database + "/" + user;
        for (const SeriesOf& one : pool_series) {
            const std::string_view value = pools_.get(row, one.column);
            if (!value.empty()) table.add_row({sampled_at_, one.name, value, one.unit, database, user, pool});
        }
        if (const auto size = sizes.find(database); size != sizes.end() && !size->second.empty())
            table.add_row({sampled_at_, "pgbouncer_databases_pool_size", size->second, "1", database, user, pool});
    }
    return table;
}

void PgBouncerTaker::add_clients(CaptureSample& sample, const Answer& clients) const
{
    for (std::size_t row = 0; row < clients.rows(); ++row) {
        const auto text = [&](std::string_view column) {
            return kept_text(clients.get(row, column), false, connection_.secrets());
        };
        if (text("database") == "pgbouncer") continue;
        CapturedSession session;
        session.pid = parse_int(clients.get(row, "remote_pid")).value_or(0);
        session.user = text("user");
        session.database = text("database");
        session.application = text("application_name");
        session.client = text("addr");
        session.state = text("state");
        session.backend_type = "pgbouncer client";
        sample.sessions.push_back(std::move(session));
    }
}

/// As settings are imported, with the pooler as their source.
CsvTable PgBouncerTaker::config_table(const Answer& config) const
{
    CsvTable table;
    table.file = find_question("config")->file;
    table.header = "source,name,value,unit,sampled_at\n";
    for (std::size_t row = 0; row < config.rows(); ++row) {
        const std::string name = kept_text(config.get(row, "key"), false, connection_.secrets());
        const std::string value = kept_text(config.get(row, "value"), true, connection_.secrets());
        const std::string_view unit = name.ends_with("_timeout") || name.ends_with("_lifetime") ? "s" : "";
        table.add_row({"pgbouncer", name, value, unit, sampled_at_});
    }
    return table;
}

}  // namespace

Result<std::unique_ptr<Taker>> pgbouncer_taker(Connection& connection, const CaptureOptions& options)
{
    auto taker = std::make_unique<PgBouncerTaker>(connection, options);
    TRY(taker->look_around());
    return taker;
}

}  // namespace casebook::capture_detail
