#pragma once

#include "analyzers/core/control.h"
#include "analyzers/core/result.h"

#include <string>
#include <vector>

namespace casebook {

/// Whether one question can be asked of a server.
struct QuestionAvailability {
    std::string id, title;
    bool available = false;
    std::string why_not;  ///< a sentence with what to do, when it is not available
    std::string cost;     ///< "8 ms, 212 rows each snapshot"
    double cost_ms = 0;   ///< one answer, measured
    std::int64_t rows = 0;
};

/// What a connection leads to.
struct ServerDescription {
    bool pgbouncer = false;   ///< PgBouncer's admin console, not a PostgreSQL
    std::string version;      ///< "PostgreSQL 15.20", "PgBouncer 1.18.0"
    int version_number = 0;   ///< 150020; 0 for PgBouncer
    bool tested = false;      ///< this version is one that capture is tested against
    std::string host, port, database, user;
    bool superuser = false;
    bool standby = false;
    std::string encryption;   ///< "TLSv1.3", "unix socket", "none"
    double round_trip_ms = 0;
    std::vector<std::string> hidden;  ///< what this role does not get to see, a sentence each with what opens it
    std::vector<QuestionAvailability> questions;  ///< asked once each, within the default timeouts
};

/// Connects, looks around and asks every question once, writing nothing. `conninfo` as in CaptureOptions.
/// Blocks; cancelled within 200 ms. Errors: usage (the string makes no sense), server (refused, wrong password, ...),
/// cancelled. No message contains the password.
Result<ServerDescription> test_connection(const std::string& conninfo, const Control& control);

}  // namespace casebook
