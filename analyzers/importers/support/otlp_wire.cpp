#include "analyzers/importers/support/otlp_wire.h"

namespace casebook {
namespace {

constexpr int max_records_looked_at = 16;

bool is_key_text(std::string_view key)
{
    if (key.empty() || key.size() > 256) return false;
    for (const char c : key)
        if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') return false;
    return true;
}

/// What a look at a level of the message says.
enum class Look { wrong, plausible, certain };

/// KeyValue: 1 = key, 2 = value.
Look look_at_attribute(std::string_view bytes, bool complete)
{
    WireWalk walk(bytes);
    WireField field;
    Look look = Look::plausible;
    while (walk.next(field)) {
        if (!field.is_bytes() || field.number > 2) return Look::wrong;
        if (field.number == 1 && field.complete) {
            if (!is_key_text(field.bytes)) return Look::wrong;
            look = Look::certain;
        }
    }
    return walk.broken() && complete ? Look::wrong : look;
}

/// Resource: 1 = attributes, 2 = dropped count, 3 = entity references.
Look look_at_resource(std::string_view bytes, bool complete)
{
    WireWalk walk(bytes);
    WireField field;
    Look look = Look::plausible;
    while (walk.next(field)) {
        if (field.number == 1 && field.is_bytes()) {
            const Look attribute = look_at_attribute(field.bytes, field.complete);
            if (attribute == Look::wrong) return Look::wrong;
            if (attribute == Look::certain) look = Look::certain;
        } else if (!(field.number == 2 && field.is_varint()) && !(field.number == 3 && field.is_bytes())) {
            return Look::wrong;
        }
    }
    return walk.broken() && complete ? Look::wrong : look;
}

/// ScopeSpans, ScopeMetrics, ScopeLogs: 1 = scope, 2 = records, 3 = schema URL.
Look look_at_scope(std::string_view bytes, bool complete)
{
    WireWalk walk(bytes);
    WireField field;
    Look look = Look::plausible;
    while (walk.next(field)) {
        if (!field.is_bytes() || field.number > 3) return Look::wrong;
        if (field.number != record_field || look == Look::certain) continue;
        if (signal_of_record(field.bytes) != OtlpSignal::none) look = Look::certain;
        else if (field.complete && !field.bytes.empty()) return Look::wrong;
    }
    return walk.broken() && complete ? Look::wrong : look;
}

Look look_at_resource_element(std::string_view bytes, bool complete)
{
    WireWalk walk(bytes);
    WireField field;
    Look look = Look::plausible;
    while (walk.next(field)) {
        if (!field.is_bytes()) return Look::wrong;
        Look inner = Look::plausible;
        if (field.number == resource_field) inner = look_at_resource(field.bytes, field.complete);
        else if (field.number == scope_element_field || field.number == old_scope_element_field)
            inner = look_at_scope(field.bytes, field.complete);
        else if (field.number != 3) return Look::wrong;
        if (inner == Look::wrong) return Look::wrong;
        if (inner == Look::certain) look = Look::certain;
    }
    return walk.broken() && complete ? Look::wrong : look;
}

}  // namespace

OtlpSignal signal_of_record(std::string_view record)
{
    WireWalk walk(record);
    WireField field;
    bool name = false;
    bool points = false;
    bool body = false;
    std::string_view first;
    while (walk.next(field)) {
        switch (field.number) {
        case 1:
            if (field.is_fixed64()) return OtlpSignal::logs;  // time
            name = field.is_bytes();
            first = field.bytes;
            break;
        case 2:
            if (field.is_varint()) return OtlpSignal::logs;  // severity
            if (field.is_bytes() && field.bytes.size() == 8 && first.size() == 16)
                return OtlpSignal::traces; // the two ids
            break;
        case 5:
            body = body || field.is_bytes();
            points = points || field.is_bytes();
            break;
        case 6:
            if (field.is_varint()) return OtlpSignal::traces;  // kind
            body = body || field.is_bytes();
            break;
        case 7:
        case 8:
            if (field.is_fixed64()) return OtlpSignal::traces;  // start, end
            points = points || (field.is_bytes() && field.number == 7);
            break;
        case 9:
        case 10: points = points || field.is_bytes(); break;
        case 11:
            if (field.is_fixed64()) return OtlpSignal::logs;  // observed time
            points = points || field.is_bytes();
            break;
        default: break;
        }
    }
    if (name && points) return OtlpSignal::metrics;
    return body && !name ? OtlpSignal::logs : OtlpSignal::none;
}

OtlpSignal signal_of_resource(std::string_view resource_element)
{
    WireWalk scopes(resource_element);
    WireField scope;
    int looked_at = 0;
    while (scopes.next(scope)) {
        if (!scope.is_bytes() || (scope.number != scope_element_field && scope.number != old_scope_element_field))
            continue;
        WireWalk records(scope.bytes);
        WireField record;
        while (records.next(record) && looked_at < max_records_looked_at) {
            if (record.number != record_field || !record.is_bytes()) continue;
            ++looked_at;
            const OtlpSignal signal = signal_of_record(record.bytes);
            if (signal != OtlpSignal::none) return signal;
        }
    }
    return OtlpSignal::none;
}

bool looks_like_otlp(std::string_view request)
{
    WireWalk walk(request);
    WireField field;
    bool certain = false;
    while (walk.next(field)) {
        if (!field.is_bytes()) return false;
        if (field.number != resource_element_field) {
            // ExportTracePartialSuccess and the like are answers, not data; unknown fields may follow, never lead.
            if (!certain) return false;
            continue;
        }
        const Look look = look_at_resource_element(field.bytes, field.complete);
        if (look == Look::wrong) return false;
        certain = certain || look == Look::certain;
    }
    return certain;
}

OtlpFraming otlp_framing(std::string_view head)
{
    if (head.size() < 8) return OtlpFraming::none;
    if (looks_like_otlp(head)) return OtlpFraming::raw;
    std::uint32_t fixed = 0;
    for (int i = 0; i < 4; ++i) fixed = fixed << 8 | static_cast<unsigned char>(head[static_cast<std::size_t>(i)]);
    if (fixed >= 4 && looks_like_otlp(head.substr(4, fixed))) return OtlpFraming::fixed32;
    if (fixed >= 4 && head.substr(4).starts_with("\x28\xb5\x2f\xfd"))
        return OtlpFraming::fixed32; // zstd in each message
    const char* at = head.data();
    try {
        const std::uint64_t length = protozero::decode_varint(&at, head.data() + head.size());
        const std::string_view rest = head.substr(static_cast<std::size_t>(at - head.data()));
        if (length >= 4 && looks_like_otlp(rest.substr(0, length))) return OtlpFraming::varint;
    } catch (const protozero::exception&) {
        return OtlpFraming::none;
    }
    return OtlpFraming::none;
}

}  // namespace casebook
