#include "analyzers/importers/support/trace_tags.h"

#include "analyzers/core/text.h"

#include <limits>

namespace casebook {
namespace {

void read_count(std::string_view text, std::uint64_t& count)
{
    const auto number = parse_int(text);
    if (number && *number > 0) count = static_cast<std::uint64_t>(*number);
}

}  // namespace

bool TraceTags::take(std::string_view key, std::string_view value, SpanDraft& draft)
{
    if (key.empty()) return false;
    switch (key[0]) {
    case 'e':
        if (key != "error") return false;
        // OpenTracing writes true and false, Zipkin whatever went wrong: the tag alone means failure there.
        if (equals_ignoring_case(value, "false") || value == "0") return true;
        error_ = true;
        if (!value.empty() && !equals_ignoring_case(value, "true") && value != "1" && draft.status_message.empty())
            draft.status_message = value;
        return true;
    case 'i': return key == "internal.span.format";
    case 'o': {
        if (!key.starts_with("otel.")) return false;
        const std::string_view name = key.substr(5);
        if (name == "status_code") {
            status_given_ = read_span_status(value, draft.status);
            return status_given_;
        }
        if (name == "status_description") {
            draft.status_message = value;
            return true;
        }
        if (name == "scope.name" || name == "library.name") {
            if (scope.empty()) scope = value;
            return true;
        }
        if (name == "dropped_attributes_count") return read_count(value, draft.dropped_attributes), true;
        if (name == "dropped_events_count") return read_count(value, draft.dropped_events), true;
        if (name == "dropped_links_count") return read_count(value, draft.dropped_links), true;
        return name == "scope.version" || name == "library.version";
    }
    case 's': return key == "span.kind" && read_span_kind(value, draft.kind);
    default: return false;
    }
}

void TraceTags::finish(SpanDraft& draft) const
{
    if (error_ && !status_given_) draft.status = SpanStatus::error;
}

std::uint64_t from_micros(std::uint64_t micros)
{
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    return micros > most / 1000 ? most : micros * 1000;
}

}  // namespace casebook
