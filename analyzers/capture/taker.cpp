#include "analyzers/capture/taker.h"

#include <algorithm>

namespace casebook::capture_detail {

void Taker::refuse(std::string_view question, std::string why, std::string sql_state)
{
    for (const CaptureSummary::Refusal& known : refused_)
        if (known.question == question && known.why == why) return;
    if (refused_.size() < 200) refused_.push_back({std::string(question), std::move(why), std::move(sql_state)});
}

bool Taker::wants(std::string_view question) const
{
    return wanted_.empty() || std::find(wanted_.begin(), wanted_.end(), question) != wanted_.end();
}

bool is_pgbouncer(const Connection& connection)
{
    return connection.parameter("server_version").find("bouncer") != std::string::npos;
}

Error error_of(const Failure& failure)
{
    switch (failure.kind) {
    case Failure::Kind::cancelled: return {Error::Code::cancelled, "cancelled", {}};
    case Failure::Kind::lost:
        return {Error::Code::server, "the connection to the server was lost: " + failure.message,
                "look at the server's log, and capture again"};
    case Failure::Kind::refused: break;
    }
    return {Error::Code::server, "the server refused: " + failure.message, "try the same connection with psql"};
}

}  // namespace casebook::capture_detail
