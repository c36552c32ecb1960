#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace casebook {

/// One message of a PostgreSQL server log, from whichever of its three formats.
struct PostgresMessage {
    std::int64_t line = 0;  ///< 1-based line on which it begins
    std::optional<std::int64_t> at_ns;
    std::string severity;   ///< "LOG", "ERROR", ... as printed; empty for a line that is no message
    std::string text;       ///< without the tabs that mark continued lines
    std::string details;    ///< "DETAIL:  ...", "CONTEXT:  ...", "STATEMENT:  ..." line by line, each part as the log labels it
    std::string user, database, application, query_id, pid;
    bool guessed_zone = false;  ///< the time zone was a name that is not known; taken as UTC

    /// Text and details, as one would read them.
    std::string whole() const;
};

/// A line of a stderr log cut at its label: what log_line_prefix printed, "LOG", and the message. `label` is empty for
/// lines that continue a message or are none.
struct PostgresLogLine {
    std::string_view prefix, label, text;
    bool continues = false;  ///< begins with the tab that marks a continued line
    bool same_line = false;  ///< continues without a line end: syslog cuts long lines
};
PostgresLogLine cut_postgres_line(std::string_view line);

/// True for the labels of the server in English: LOG, ERROR, ..., and those of details.
bool is_postgres_label(std::string_view label);

/// True for DETAIL, HINT, QUERY, CONTEXT, STATEMENT, LOCATION, BACKTRACE: parts of the message before them.
bool is_postgres_detail(std::string_view label);

/// Reads what a log_line_prefix of whatever making tells: time, process, user, database, application, query id.
void read_postgres_prefix(std::string_view prefix, PostgresMessage& message);

/// Time of a log with its zone ("2026-11-23 00:30:53.256 CET", "1763857853.256"); zones are those of PostgreSQL's own
/// default list. `guessed` is set when the zone is unknown.
std::optional<std::int64_t> postgres_log_time(std::string_view text, bool& guessed);

/// A message of auto_explain: "duration: 12.345 ms  plan:" in any language, and the plan in the lines behind.
struct LoggedPlan {
    std::string_view duration_ms;
    std::string_view plan;
};
std::optional<LoggedPlan> logged_plan(std::string_view message);

enum class PostgresLogKind : std::uint8_t { none, stderr_text, csv, json };
/// Which kind of server log a text begins as. In a stderr log one of the first lines must have a time or process and
/// a label, or be a message of auto_explain; a psql transcript with its "ERROR:  ..." is none.
PostgresLogKind postgres_log_kind(std::string_view head);
inline bool looks_like_postgres_log(std::string_view head) { return postgres_log_kind(head) != PostgresLogKind::none; }

}  // namespace casebook
