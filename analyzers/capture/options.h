#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// One thing that capture asks a server for: a file of the bundle. Ids are stable ("sessions", "locks", "statements").
struct CaptureQuestion {
    enum class Server { postgresql, pgbouncer };
    enum class When {
        everySnapshot,
        firstAndLast,  ///< what changes slowly or costs more: definitions, sizes
        once,
    };
    std::string_view id;
    std::string_view title;  ///< "Sessions and who blocks whom"
    std::string_view cost;   ///< in words, for a person who decides whether to take it
    std::string_view file;   ///< in the bundle: "sessions.csv"
    When when = When::everySnapshot;
    Server server = Server::postgresql;
};

/// All questions, in the order in which they are asked.
std::span<const CaptureQuestion> capture_questions();

/// What to take, how often, and how far capture may go. The defaults harm nothing.
struct CaptureOptions {
    /// As for psql: "host=db user=app dbname=shop", a URI, the bare name of a database, or empty. What it does not say
    /// comes from service file, PG* variables, .pgpass and the usual defaults. A password in it is used and forgotten.
    std::string conninfo;
    int snapshots = 6;        ///< at least 1
    int every_ms = 10'000;    ///< from the beginning of one snapshot to the beginning of the next, at least 100
    int explain_top = 10;     ///< statements to explain, those that took most time in between; 0: none
    bool analyze_queries = false;  ///< EXPLAIN ANALYZE, that is: run them. SELECT only, rolled back
    /// Values for the parameters $1, $2 ... of statements that are to be explained, by query id as pg_stat_statements
    /// prints it. Text as in SQL without quotes.
    std::map<std::string, std::vector<std::string>> parameters;
    int statement_timeout_ms = 5'000;
    int lock_timeout_ms = 1'000;
    int connect_timeout_ms = 10'000;  ///< when neither the connection string nor PGCONNECT_TIMEOUT says otherwise
    std::vector<std::string> questions;  ///< ids of what to take; empty: all
};

/// A connection string made of keywords and values ("host", "db"), quoted as libpq wants it; empty values are left out.
std::string make_conninfo(const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace casebook
