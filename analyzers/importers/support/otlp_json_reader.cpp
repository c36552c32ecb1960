#include "analyzers/importers/support/otlp_json_reader.h"

#include "analyzers/core/instant.h"
#include "analyzers/importers/support/json_any_value.h"

#include <limits>

namespace casebook {
namespace {

using simdjson::dom::array;
using simdjson::dom::element_type;
using simdjson::dom::object;

bool is(std::string_view key, std::string_view camel, std::string_view snake)
{
    return key == camel || key == snake;
}

}  // namespace

void OtlpJsonReader::attribute(std::string_view key, const JsonValue& any, AttributeList& into)
{
    std::string_view field;
    JsonValue value;
    if (!unwrap_any_value(any, field, value)) {
        into.add(key, std::string_view());
        return;
    }
    switch (value.type()) {
    case element_type::STRING: into.add(key, value.get_string().value_unsafe()); break;
    case element_type::INT64: into.add(key, value.get_int64().value_unsafe()); break;
    case element_type::UINT64: into.add(key, value.get_uint64().value_unsafe()); break;
    case element_type::DOUBLE: into.add(key, value.get_double().value_unsafe()); break;
    case element_type::BOOL: into.add(key, value.get_bool().value_unsafe()); break;
    case element_type::NULL_VALUE: into.add(key, std::string_view()); break;
    case element_type::ARRAY:
    case element_type::OBJECT:
        json_.clear();
        append_any_value(json_, any);
        into.add_copy(key, json_);
        break;
    }
}

void OtlpJsonReader::attributes(const JsonValue& list, AttributeList& into)
{
    array entries;
    if (list.get_array().get(entries) == simdjson::SUCCESS) {
        for (const JsonValue entry : entries) {
            object fields;
            if (entry.get_object().get(fields) != simdjson::SUCCESS) continue;
            std::string_view key;
            JsonValue value;
            bool has_key = false;
            bool has_value = false;
            for (const auto field : fields) {
                if (field.key == "key") {
                    has_key = field.value.get_string().get(key) == simdjson::SUCCESS;
                } else if (field.key == "value") {
                    value = field.value;
                    has_value = true;
                }
            }
            if (!has_key) continue;
            if (has_value) attribute(key, value, into);
            else into.add(key, std::string_view());
        }
        return;
    }
    object map;  // not OTLP, but some dumps write a plain map
    if (list.get_object().get(map) != simdjson::SUCCESS) return;
    for (const auto field : map) attribute(field.key, field.value, into);
}

void OtlpJsonReader::time(const JsonValue& value, std::uint64_t& ns, bool& known)
{
    std::string_view text;
    if (value.get_string().get(text) == simdjson::SUCCESS) {
        if (parse_digits(text, ns)) {
            known = ns != 0;
            return;
        }
        if (text.empty()) return;
        if (const auto instant = parse_instant(text); instant && *instant > 0) {
            ns = static_cast<std::uint64_t>(*instant);
            known = true;
            return;
        }
        time_unreadable_ = true;
        return;
    }
    if (value.is_null()) return;
    if (const auto number = json_unsigned(value)) {
        ns = *number;
        known = ns != 0;
        return;
    }
    time_unreadable_ = true;
}

void OtlpJsonReader::part_attributes(const JsonValue& list)
{
    array entries;
    if (list.get_array().get(entries) != simdjson::SUCCESS) return;
    for (const JsonValue entry : entries) {
        JsonValue key;
        JsonValue any;
        std::string_view field;
        JsonValue value;
        if (entry["key"].get(key) != simdjson::SUCCESS) continue;
        if (entry["value"].get(any) == simdjson::SUCCESS && unwrap_any_value(any, field, value) && value.is_string() &&
            !field.starts_with('i')) {
            sink_.spans.part_attribute(json_text(key), json_text(value), false);
            continue;
        }
        json_.clear();
        if (entry["value"].get(any) == simdjson::SUCCESS) append_any_value(json_, any);
        else json_ = "null";
        sink_.spans.part_attribute(json_text(key), json_, true);
    }
}

Status OtlpJsonReader::event(object element)
{
    std::string_view name;
    std::uint64_t ns = 0;
    bool known = false;
    std::optional<JsonValue> list;
    for (const auto field : element) {
        if (field.key == "name") name = json_text(field.value);
        else if (is(field.key, "timeUnixNano", "time_unix_nano")) time(field.value, ns, known);
        else if (field.key == "attributes") list = field.value;
    }
    std::optional<std::int64_t> at_ns;
    if (known && ns <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        at_ns = static_cast<std::int64_t>(ns);
    sink_.spans.begin_event(name, at_ns);
    if (list) part_attributes(*list);
    sink_.spans.end_event();
    return {};
}

Status OtlpJsonReader::link(object element)
{
    TraceId trace;
    std::uint64_t span = 0;
    std::optional<JsonValue> list;
    for (const auto field : element) {
        if (is(field.key, "traceId", "trace_id")) json_trace_id(field.value, IdStyle::otlp, trace);
        else if (is(field.key, "spanId", "span_id")) json_span_id(field.value, IdStyle::otlp, span);
        else if (field.key == "attributes") list = field.value;
    }
    sink_.spans.begin_link(trace, span);
    if (list) part_attributes(*list);
    sink_.spans.end_link();
    return {};
}

Status OtlpJsonReader::array_of(const JsonValue& list, Status (OtlpJsonReader::*read)(object))
{
    array items;
    if (list.get_array().get(items) != simdjson::SUCCESS) return {};
    for (const JsonValue item : items) {
        object fields;
        if (item.get_object().get(fields) == simdjson::SUCCESS) TRY((this->*read)(fields));
    }
    return {};
}

void OtlpJsonReader::resource_head(object element)
{
    sink_.begin_resource();
    JsonValue resource;
    std::uint64_t dropped = 0;
    object fields;
    if (element["resource"].get(resource) == simdjson::SUCCESS &&
        resource.get_object().get(fields) == simdjson::SUCCESS) {
        for (const auto field : fields) {
            if (field.key == "attributes") attributes(field.value, sink_.resource_attributes);
            else if (is(field.key, "droppedAttributesCount", "dropped_attributes_count"))
                dropped = json_unsigned(field.value).value_or(0);
        }
    }
    sink_.end_resource(dropped, line_);
}

Status OtlpJsonReader::resource(object element)
{
    resource_head(element);
    for (const auto field : element) {
        const std::string_view key = field.key;
        if (is(key, "scopeSpans", "scope_spans") || is(key, "scopeMetrics", "scope_metrics") ||
            is(key, "scopeLogs", "scope_logs") ||
            is(key, "instrumentationLibrarySpans", "instrumentation_library_spans") ||
            is(key, "instrumentationLibraryMetrics", "instrumentation_library_metrics") ||
            is(key, "instrumentationLibraryLogs", "instrumentation_library_logs"))
            TRY(array_of(field.value, &OtlpJsonReader::scope));
    }
    return {};
}

void OtlpJsonReader::scope_head(object element)
{
    sink_.scope = {};
    for (const auto field : element) {
        if (field.key != "scope" && !is(field.key, "instrumentationLibrary", "instrumentation_library")) continue;
        JsonValue name;
        if (field.value["name"].get(name) == simdjson::SUCCESS) sink_.scope = json_text(name);
    }
}

Status OtlpJsonReader::scope(object element)
{
    scope_head(element);
    for (const auto field : element) {
        if (field.key == "spans") TRY(array_of(field.value, &OtlpJsonReader::span));
        else if (field.key == "metrics") TRY(array_of(field.value, &OtlpJsonReader::metric));
        else if (is(field.key, "logRecords", "log_records") || field.key == "logs")
            TRY(array_of(field.value, &OtlpJsonReader::log));
    }
    return {};
}

Status OtlpJsonReader::span(object element)
{
    SpanDraft draft;
    draft.line = line_;
    time_unreadable_ = false;
    SpanBuilder& spans = sink_.spans;
    spans.begin();
    for (const auto field : element) {
        const std::string_view key = field.key;
        const JsonValue& value = field.value;
        switch (key.size()) {
        case 4:
            if (key == "name") {
                draft.name = json_text(value);
            } else if (key == "kind") {
                const auto number = json_int(value);
                const bool known =
                    number ? read_span_kind(*number, draft.kind) : read_span_kind(json_text(value), draft.kind);
                draft.unknown_kind = !known;
            }
            break;
        case 5:
            if (key == "links") TRY(array_of(value, &OtlpJsonReader::link));
            break;
        case 6:
            if (key == "spanId") {
                draft.span_form = json_span_id(value, IdStyle::otlp, draft.span_id);
                spans.expect(draft);
            } else if (key == "events") {
                TRY(array_of(value, &OtlpJsonReader::event));
            } else if (key == "status") {
                object fields;
                if (value.get_object().get(fields) != simdjson::SUCCESS) break;
                for (const auto part : fields) {
                    if (part.key == "message") {
                        draft.status_message = json_text(part.value);
                    } else if (part.key == "code") {
                        const auto number = json_int(part.value);
                        const bool known = number ? read_span_status(*number, draft.status)
                                                  : read_span_status(json_text(part.value), draft.status);
                        draft.unknown_status = !known;
                    }
                }
            }
            break;
        case 7:
            if (key == "traceId") draft.trace_form = json_trace_id(value, IdStyle::otlp, draft.trace);
            else if (key == "span_id") draft.span_form = json_span_id(value, IdStyle::otlp, draft.span_id);
            break;
        case 8:
            if (key == "trace_id") draft.trace_form = json_trace_id(value, IdStyle::otlp, draft.trace);
            break;
        case 10:
            if (key == "attributes") attributes(value, spans.attributes());
            else if (key == "traceState") draft.trace_state = json_text(value);
            break;
        case 12:
            if (key == "parentSpanId") draft.parent_form = json_span_id(value, IdStyle::otlp, draft.parent_id);
            break;
        case 14:
            if (key == "parent_span_id") draft.parent_form = json_span_id(value, IdStyle::otlp, draft.parent_id);
            break;
        default:
            if (is(key, "startTimeUnixNano", "start_time_unix_nano")) time(value, draft.start_ns, draft.start_known);
            else if (is(key, "endTimeUnixNano", "end_time_unix_nano")) time(value, draft.end_ns, draft.end_known);
            else if (key == "trace_state") draft.trace_state = json_text(value);
            else if (is(key, "droppedAttributesCount", "dropped_attributes_count"))
                draft.dropped_attributes = json_unsigned(value).value_or(0);
            else if (is(key, "droppedEventsCount", "dropped_events_count"))
                draft.dropped_events = json_unsigned(value).value_or(0);
            else if (is(key, "droppedLinksCount", "dropped_links_count"))
                draft.dropped_links = json_unsigned(value).value_or(0);
        }
    }
    draft.time_unreadable = time_unreadable_;
    return spans.finish(draft, sink_.resource, sink_.scope);
}

Status OtlpJsonReader::log(object element)
{
    OtlpLog log;
    log.line = line_;
    bool known = false;
    sink_.log_attributes.clear();
    std::string body;
    for (const auto field : element) {
        const std::string_view key = field.key;
        if (is(key, "timeUnixNano", "time_unix_nano")) {
            time(field.value, log.time_ns, known);
        } else if (is(key, "observedTimeUnixNano", "observed_time_unix_nano")) {
            time(field.value, log.observed_ns, known);
        } else if (is(key, "severityNumber", "severity_number")) {
            log.severity_number = json_int(field.value).value_or(0);
        } else if (is(key, "severityText", "severity_text")) {
            log.severity_text = json_text(field.value);
        } else if (is(key, "eventName", "event_name")) {
            log.event_name = json_text(field.value);
        } else if (key == "attributes") {
            attributes(field.value, sink_.log_attributes);
        } else if (key == "body") {
            std::string_view name;
            JsonValue value;
            if (!unwrap_any_value(field.value, name, value)) continue;
            if (value.is_string()) {
                log.body = json_text(value);
            } else {
                append_any_value(body, field.value);
                log.body = body;
            }
        }
    }
    return sink_.log(log);
}

}  // namespace casebook
