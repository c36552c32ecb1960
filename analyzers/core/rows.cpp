#include "analyzers/core/rows.h"

namespace casebook {

std::string_view name_of(SpanKind kind)
{
    switch (kind) {
    case SpanKind::internal: return "internal";
    case SpanKind::server: return "server";
    case SpanKind::client: return "client";
    case SpanKind::producer: return "producer";
    case SpanKind::consumer: return "consumer";
    }
    return "internal";
}

std::string_view name_of(SpanStatus status)
{
    switch (status) {
    case SpanStatus::unset: return "unset";
    case SpanStatus::ok: return "ok";
    case SpanStatus::error: return "error";
    }
    return "unset";
}

}  // namespace casebook
