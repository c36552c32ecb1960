#include "analyzers/importers/support/otlp_proto_reader.h"

#include "analyzers/core/json_writer.h"

#include <limits>
#include <vector>

namespace casebook {
namespace {

/// ASCII without NUL: nothing to mend.
bool is_plain(std::string_view text)
{
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    constexpr std::uint64_t tops = 0x8080808080808080ULL;
    std::uint64_t found = 0;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, 8);
        found |= (word | (word - ones)) & tops;
    }
    for (; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte == 0 || byte > 0x7f) return false;
    }
    return found == 0;
}

constexpr std::size_t max_value_depth = 1000;  // as deep as the JSON encoding may go

struct ListFrame {
    WireWalk walk;
    bool pairs;
    bool first;
};

}  // namespace

void append_any_value(std::string& out, std::string_view message)
{
    std::vector<ListFrame> stack;
    AttributeList numbers;
    const auto put = [&](std::string_view any) {
        WireWalk walk(any);
        WireField field;
        WireField value;
        while (walk.next(field))
            if (field.number >= 1 && field.number <= 7) value = field;  // the last one counts
        switch (value.number) {
        case 1: append_json_string(out, value.bytes); break;
        case 2: out += value.value != 0 ? "true" : "false"; break;
        case 3: out += numbers.number(static_cast<std::int64_t>(value.value)); break;
        case 4: {
            const std::string_view text = numbers.number(value.real());
            if (text == "NaN" || text.ends_with("Infinity")) append_json_string(out, text);
            else out += text;
            break;
        }
        case 5:
        case 6:
            if (stack.size() >= max_value_depth) {
                out += "null";
                break;
            }
            out += value.number == 6 ? '{' : '[';
            stack.push_back({WireWalk(value.bytes), value.number == 6, true});
            break;
        case 7:
            out += '"';
            append_base64(out, value.bytes);
            out += '"';
            break;
        default: out += "null";
        }
    };
    put(message);
    while (!stack.empty()) {
        ListFrame& frame = stack.back();
        WireField item;
        if (!frame.walk.next(item)) {
            out += frame.pairs ? '}' : ']';
            stack.pop_back();
            continue;
        }
        if (item.number != 1 || !item.is_bytes()) continue;
        if (!frame.first) out += ',';
        frame.first = false;
        if (!frame.pairs) {
            put(item.bytes);
            continue;
        }
        WireWalk pair(item.bytes);
        WireField field;
        std::string_view key;
        std::string_view value;
        while (pair.next(field)) {
            if (field.number == 1 && field.is_bytes()) key = field.bytes;
            if (field.number == 2 && field.is_bytes()) value = field.bytes;
        }
        append_json_string(out, key);
        out += ':';
        put(value);
    }
}

std::string_view OtlpProtoReader::text(std::string_view bytes)
{
    if (!is_plain(bytes)) unclean_ = true;
    return bytes;
}

void OtlpProtoReader::any_value(std::string_view key, std::string_view message, AttributeList& into)
{
    WireWalk walk(message);
    WireField value;
    bool any = false;
    while (walk.next(value)) {
        any = true;
        switch (value.number) {
        case 1: into.add(key, text(value.bytes)); break;
        case 2: into.add(key, value.value != 0); break;
        case 3: into.add(key, static_cast<std::int64_t>(value.value)); break;
        case 4: into.add(key, value.real()); break;
        case 5:
        case 6:
            json_.clear();
            append_any_value(json_, message);
            text(json_);
            into.add_copy(key, json_);
            break;
        case 7:
            json_.clear();
            append_base64(json_, value.bytes);
            into.add_copy(key, json_);
            break;
        default: any = false; continue;
        }
        break;
    }
    if (!any) into.add(key, std::string_view());
}

void OtlpProtoReader::attribute(std::string_view message, AttributeList& into)
{
    WireWalk walk(message);
    WireField field;
    std::string_view key;
    std::string_view value;
    while (walk.next(field)) {
        if (field.number == 1 && field.is_bytes()) key = text(field.bytes);
        else if (field.number == 2 && field.is_bytes()) value = field.bytes;
    }
    any_value(key, value, into);
}

void OtlpProtoReader::part_attribute(std::string_view message)
{
    WireWalk walk(message);
    WireField field;
    std::string_view key;
    std::string_view value;
    while (walk.next(field)) {
        if (field.number == 1 && field.is_bytes()) key = text(field.bytes);
        else if (field.number == 2 && field.is_bytes()) value = field.bytes;
    }
    WireWalk any(value);
    if (any.next(field) && field.number == 1 && field.is_bytes()) {
        sink_.spans.part_attribute(key, text(field.bytes), false);
        return;
    }
    json_.clear();
    append_any_value(json_, value);
    sink_.spans.part_attribute(key, text(json_), true);
}

void OtlpProtoReader::event(std::string_view message)
{
    WireWalk head(message);
    WireField field;
    std::string_view name;
    std::optional<std::int64_t> at_ns;
    while (head.next(field)) {
        if (field.number == 1 && field.is_fixed64() && field.value != 0 &&
            field.value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            at_ns = static_cast<std::int64_t>(field.value);
        if (field.number == 2 && field.is_bytes()) name = text(field.bytes);
    }
    sink_.spans.begin_event(name, at_ns);
    WireWalk attributes(message);
    while (attributes.next(field))
        if (field.number == 3 && field.is_bytes()) part_attribute(field.bytes);
    sink_.spans.end_event();
}

void OtlpProtoReader::link(std::string_view message)
{
    WireWalk head(message);
    WireField field;
    TraceId trace;
    std::uint64_t span = 0;
    while (head.next(field)) {
        if (field.number == 1 && field.is_bytes()) trace_id_from_bytes(field.bytes, trace);
        if (field.number == 2 && field.is_bytes()) span_id_from_bytes(field.bytes, span);
    }
    sink_.spans.begin_link(trace, span);
    WireWalk attributes(message);
    while (attributes.next(field))
        if (field.number == 4 && field.is_bytes()) part_attribute(field.bytes);
    sink_.spans.end_link();
}

void OtlpProtoReader::drop(bool complete, std::string_view what)
{
    if (complete) {
        context_.drop(offset_, "broken_protobuf", what);
    } else {
        dropped_truncated_ = true;
        context_.drop(offset_, "truncated", "the input ends inside this record");
    }
}

Status OtlpProtoReader::span(std::string_view message)
{
    SpanDraft draft;
    draft.line = offset_;
    unclean_ = resource_unclean_;
    SpanBuilder& spans = sink_.spans;
    spans.begin();
    WireWalk walk(message);
    WireField field;
    while (walk.next(field)) {
        const bool bytes = field.is_bytes();
        switch (field.number) {
        case 1: if (bytes) draft.trace_form = trace_id_from_bytes(field.bytes, draft.trace); break;
        case 2:
            if (!bytes) break;
            draft.span_form = span_id_from_bytes(field.bytes, draft.span_id);
            spans.expect(draft);
            break;
        case 3: if (bytes) draft.trace_state = text(field.bytes); break;
        case 4: if (bytes) draft.parent_form = span_id_from_bytes(field.bytes, draft.parent_id); break;
        case 5: if (bytes) draft.name = text(field.bytes); break;
        case 6:
            if (field.is_varint())
                draft.unknown_kind = !read_span_kind(static_cast<std::int64_t>(field.value), draft.kind);
            break;
        case 7:
            if (!field.is_fixed64()) break;
            draft.start_ns = field.value;
            draft.start_known = field.value != 0;
            break;
        case 8:
            if (!field.is_fixed64()) break;
            draft.end_ns = field.value;
            draft.end_known = field.value != 0;
            break;
        case 9: if (bytes) attribute(field.bytes, spans.attributes()); break;
        case 10: if (field.is_varint()) draft.dropped_attributes = field.value; break;
        case 11: if (bytes) event(field.bytes); break;
        case 12: if (field.is_varint()) draft.dropped_events = field.value; break;
        case 13: if (bytes) link(field.bytes); break;
        case 14: if (field.is_varint()) draft.dropped_links = field.value; break;
        case 15: {
            if (!bytes) break;
            WireWalk status(field.bytes);
            WireField part;
            while (status.next(part)) {
                if (part.number == 2 && part.is_bytes()) draft.status_message = text(part.bytes);
                if (part.number == 3 && part.is_varint())
                    draft.unknown_status = !read_span_status(static_cast<std::int64_t>(part.value), draft.status);
            }
            break;
        }
        default: break;
        }
    }
    if (walk.broken()) {
        drop(true, "the bytes of a span are no protobuf");
        return {};
    }
    spans.set_text(unclean_ ? SpanBuilder::Text::unknown : SpanBuilder::Text::clean);
    return spans.finish(draft, sink_.resource, sink_.scope);
}

Status OtlpProtoReader::log(std::string_view message)
{
    OtlpLog log;
    log.line = offset_;
    sink_.log_attributes.clear();
    std::string body;
    WireWalk walk(message);
    WireField field;
    while (walk.next(field)) {
        switch (field.number) {
        case 1: if (field.is_fixed64()) log.time_ns = field.value; break;
        case 2: if (field.is_varint()) log.severity_number = static_cast<std::int64_t>(field.value); break;
        case 3: if (field.is_bytes()) log.severity_text = field.bytes; break;
        case 5: {
            if (!field.is_bytes()) break;
            WireWalk any(field.bytes);
            WireField value;
            if (!any.next(value)) break;
            if (value.number == 1 && value.is_bytes()) {
                log.body = value.bytes;
            } else {
                append_any_value(body, field.bytes);
                log.body =
                    body.starts_with('"') ? std::string_view(body).substr(1, body.size() - 2) : std::string_view(body);
            }
            break;
        }
        case 6: if (field.is_bytes()) attribute(field.bytes, sink_.log_attributes); break;
        case 11: if (field.is_fixed64()) log.observed_ns = field.value; break;
        case 12: if (field.is_bytes()) log.event_name = field.bytes; break;
        default: break;
        }
    }
    if (walk.broken()) {
        drop(true, "the bytes of a log record are no protobuf");
        return {};
    }
    return sink_.log(log);
}

Status OtlpProtoReader::scope(std::string_view message, OtlpSignal signal)
{
    sink_.scope = {};
    WireWalk head(message);
    WireField field;
    while (head.next(field)) {
        if (field.number != scope_field || !field.is_bytes()) continue;
        WireWalk scope(field.bytes);
        WireField part;
        while (scope.next(part))
            if (part.number == 1 && part.is_bytes()) {
                unclean_ = false;
                sink_.scope = text(part.bytes);
                resource_unclean_ = resource_unclean_ || unclean_;
            }
    }
    WireWalk records(message);
    while (records.next(field)) {
        if (field.number != record_field || !field.is_bytes()) continue;
        if (!field.complete && signal != OtlpSignal::metrics) {
            drop(false, {});
            continue;
        }
        switch (signal) {
        case OtlpSignal::traces: TRY(span(field.bytes)); break;
        case OtlpSignal::metrics: TRY(metric(field.bytes, field.complete)); break;
        case OtlpSignal::logs: TRY(log(field.bytes)); break;
        case OtlpSignal::none: drop(true, "a record that is neither span nor metric nor log record"); break;
        }
    }
    if (records.broken()) context_.note(offset_, "broken_protobuf", "the rest of a scope is no protobuf");
    return {};
}

bool OtlpProtoReader::resource_head(std::string_view message)
{
    sink_.begin_resource();
    unclean_ = false;
    std::uint64_t dropped = 0;
    bool records = false;
    WireWalk walk(message);
    WireField field;
    while (walk.next(field)) {
        if (!field.is_bytes()) continue;
        if (field.number == scope_element_field || field.number == old_scope_element_field) records = true;
        if (field.number != resource_field) continue;
        WireWalk resource(field.bytes);
        WireField part;
        while (resource.next(part)) {
            if (part.number == 1 && part.is_bytes() && part.complete) attribute(part.bytes, sink_.resource_attributes);
            if (part.number == 2 && part.is_varint()) dropped = part.value;
        }
    }
    resource_unclean_ = unclean_;
    sink_.end_resource(dropped, offset_);
    return records;
}

Status OtlpProtoReader::resource(std::string_view message, bool complete, std::int64_t offset)
{
    offset_ = offset;
    dropped_truncated_ = false;
    if (resource_head(message)) {
        const OtlpSignal signal = signal_of_resource(message);
        WireWalk walk(message);
        WireField field;
        while (walk.next(field)) {
            if (!field.is_bytes() || (field.number != scope_element_field && field.number != old_scope_element_field))
                continue;
            TRY(context_.control().check());
            TRY(scope(field.bytes, signal));
        }
        if (walk.broken() && complete)
            context_.note(offset, "broken_protobuf", "the rest of a resource is no protobuf");
    }
    if (!complete && !dropped_truncated_)
        context_.note(offset, "truncated", "the input ends inside this resource; complete records were kept");
    return {};
}

}  // namespace casebook
