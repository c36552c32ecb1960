#include "analyzers/capture/server.h"

#include "analyzers/capture/questions.h"
#include "analyzers/capture/taker.h"
#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {

namespace {

using namespace capture_detail;

const char* how_often(CaptureQuestion::When when)
{
    switch (when) {
    case CaptureQuestion::When::everySnapshot: return "each snapshot";
    case CaptureQuestion::When::firstAndLast: return "first and last snapshot";
    case CaptureQuestion::When::once: return "once";
    }
    return "";
}

}  // namespace

Result<ServerDescription> test_connection(const std::string& conninfo, const Control& control)
{
    CaptureOptions options;
    options.conninfo = conninfo;
    TRY_ASSIGN(const auto connection, Connection::open(conninfo, options.connect_timeout_ms, control));
    const bool pgbouncer = is_pgbouncer(*connection);
    TRY_ASSIGN(const auto taker, pgbouncer ? pgbouncer_taker(*connection, options) : postgres_taker(*connection, options));
    const Outcome<Snapshot> snapshot = taker->take({1, 1});
    if (!snapshot) return tl::unexpected(error_of(snapshot.error()));

    ServerDescription server = taker->server();
    const CaptureQuestion::Server kind = pgbouncer ? CaptureQuestion::Server::pgbouncer : CaptureQuestion::Server::postgresql;
    for (const CaptureQuestion& question : capture_questions()) {
        if (question.server != kind) continue;
        QuestionAvailability availability{std::string(question.id), std::string(question.title)};
        for (const Taker::Asked& asked : taker->asked()) {
            if (asked.question != question.id || !asked.answered) continue;
            availability.available = true;
            availability.cost_ms = asked.ms;
            availability.rows = asked.rows;
            availability.cost = format_ms(asked.ms) + ", " + format_count(asked.rows) + (asked.rows == 1 ? " row, " : " rows, ") +
                                how_often(question.when);
        }
        if (!availability.available)
            for (const CaptureSummary::Refusal& refusal : taker->refused())
                if (refusal.question == question.id) availability.why_not = refusal.why;
        if (!availability.available && availability.why_not.empty())
            availability.why_not = "this server has nothing of the kind";
        server.questions.push_back(std::move(availability));
    }
    return server;
}

}  // namespace casebook
