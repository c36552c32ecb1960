#include "analyzers/capture/questions.h"

#include "analyzers/core/resources.h"
#include "analyzers/core/text.h"

#include <array>

namespace casebook {

namespace {

using Question = CaptureQuestion;
using When = Question::When;
using Server = Question::Server;

constexpr std::array questions{
    Question{"sessions", "Sessions, what they wait for, and who blocks whom",
             "small: reads shared memory; the lock manager is stopped for a moment per waiting session", "sessions.csv"},
    Question{"locks", "Locks that are waited for or that are strong", "small: reads the lock table once", "locks.csv"},
    Question{"statements", "pg_stat_statements",
             "grows with the number of statements: reads all counters and texts, at most 5,000", "statements.csv"},
    Question{"statements_info", "When pg_stat_statements was reset, and what it threw out", "none to speak of",
             "statements_info.csv"},
    Question{"tables", "Tables: scans, dead rows, vacuum, blocks; sizes at the beginning and the end",
             "grows with the number of tables, at most 1,000; sizes look at files", "tables.csv"},
    Question{"indexes", "Indexes: definitions and use", "grows with the number of indexes, at most 5,000", "indexes.csv",
             When::firstAndLast},
    Question{"settings", "Settings that matter", "none to speak of", "settings.csv", When::once},
    Question{"databases", "Databases: connections, commits, blocks, deadlocks", "none to speak of", "databases.csv"},
    Question{"database_sizes", "Sizes of the databases", "looks at every file of every database", "database_sizes.csv",
             When::firstAndLast},
    Question{"replication", "Standbys and how far they are behind", "none to speak of", "replication.csv"},
    Question{"replication_slots", "Replication slots and what they hold back", "none to speak of",
             "replication_slots.csv"},
    Question{"prepared_transactions", "Transactions of two-phase commit that wait for their end", "none to speak of",
             "prepared_transactions.csv"},
    Question{"pools", "Pools: clients that wait, server connections in use", "none to speak of", "pools.csv",
             When::everySnapshot, Server::pgbouncer},
    Question{"clients", "Clients of PgBouncer", "a row per client", "clients.csv", When::everySnapshot,
             Server::pgbouncer},
    Question{"servers", "Server connections of PgBouncer", "a row per connection", "servers.csv", When::everySnapshot,
             Server::pgbouncer},
    Question{"stats", "Traffic per database", "none to speak of", "stats.csv", When::everySnapshot, Server::pgbouncer},
    Question{"pool_databases", "Databases and the sizes of their pools", "none to speak of", "pool_databases.csv",
             When::everySnapshot, Server::pgbouncer},
    Question{"config", "Configuration of PgBouncer", "none to speak of", "config.csv", When::once, Server::pgbouncer},
};

}  // namespace

std::span<const CaptureQuestion> capture_questions() { return questions; }

namespace capture_detail {

const CaptureQuestion* find_question(std::string_view id)
{
    for (const CaptureQuestion& question : questions)
        if (question.id == id) return &question;
    return nullptr;
}

int server_of_statements_version(std::string_view extension_version)
{
    // https://www.postgresql.org/docs/current/pgstatstatements.html and the extension's upgrade scripts.
    const std::vector<std::string_view> parts = split(extension_version, '.');
    const auto major = parts.empty() ? std::nullopt : parse_int(parts[0]);
    const auto minor = parts.size() < 2 ? std::nullopt : parse_int(parts[1]);
    if (!major || !minor) return 12;
    const std::int64_t number = *major * 1000 + *minor;
    if (number >= 1012) return 18;
    if (number >= 1011) return 17;
    if (number >= 1010) return 15;
    if (number >= 1009) return 14;
    return number >= 1008 ? 13 : 12;
}

std::string_view sql_file_for(std::string_view question, const SqlVersion& version)
{
    const bool of_statements = question.starts_with("statements") || question.starts_with("explain_");
    const int wanted = of_statements ? server_of_statements_version(version.statements_version) : version.server;
    std::string_view best;
    std::int64_t best_step = 0;
    const std::string prefix = "capture/" + std::string(question) + "_";
    for (const Resource& file : all_resources()) {
        if (!file.name.starts_with(prefix) || !file.name.ends_with(".sql")) continue;
        const auto step = parse_int(file.name.substr(prefix.size(), file.name.size() - prefix.size() - 4));
        if (!step || *step > wanted || *step <= best_step) continue;
        best = file.name;
        best_step = *step;
    }
    return best;
}

std::string sql_for(std::string_view question, const SqlVersion& version, bool with_sizes)
{
    std::string sql;
    for (const std::string_view line : split(resource(sql_file_for(question, version)), '\n'))
        if (!line.starts_with("--") && !trim(line).empty()) (sql += line) += '\n';
    const auto replace = [&](std::string_view placeholder, std::string_view value) {
        for (std::size_t at = sql.find(placeholder); at != std::string::npos; at = sql.find(placeholder, at + value.size()))
            sql.replace(at, placeholder.size(), value);
    };
    replace("@statements_schema@", version.statements_schema);
    replace("@with_sizes@", with_sizes ? "true" : "false");
    return sql;
}

}  // namespace capture_detail

}  // namespace casebook
