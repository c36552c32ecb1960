#include "analyzers/importers/support/jaeger_reader.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {
namespace {

using simdjson::dom::array;
using simdjson::dom::object;

bool micros(const JsonValue& value, std::uint64_t& ns, SpanDraft& draft)
{
    if (value.is_null()) return false;
    if (const auto whole = json_unsigned(value)) {
        ns = from_micros(*whole);
        return true;
    }
    const auto number = json_double(value);
    if (number && *number >= 0 && *number < 9e15) {
        ns = static_cast<std::uint64_t>(*number * 1000);
        return true;
    }
    draft.time_unreadable = true;
    return false;
}

bool duration(const JsonValue& value, std::uint64_t& ns, SpanDraft& draft)
{
    const auto number = json_double(value);
    if (number && *number < 0) {
        draft.negative_duration = true;
        return false;
    }
    return micros(value, ns, draft);
}

}  // namespace

/// Tags are a list of key, type, value; in Elasticsearch also a map whose keys have '@' for '.'. `take` gets key,
/// text and whether the value is no string. The types are not used: they may be absent, or wrong.
template <class Take>
void JaegerReader::each_tag(const JsonValue& tags, AttributeList& text, Take take)
{
    array list;
    object map;
    if (tags.get_array().get(list) == simdjson::SUCCESS) {
        for (const JsonValue tag : list) {
            object fields;
            if (tag.get_object().get(fields) != simdjson::SUCCESS) continue;
            std::string_view key;
            std::string_view value;
            bool bare = false;
            for (const auto field : fields) {
                if (field.key == "key") {
                    key = json_text(field.value);
                } else if (field.key == "value") {
                    value = json_scalar_text(field.value, text);
                    bare = !field.value.is_string() && !value.empty();
                }
            }
            if (!key.empty()) take(key, value, bare);
        }
    } else if (tags.get_object().get(map) == simdjson::SUCCESS) {
        for (const auto field : map) {
            std::string key(field.key);
            std::replace(key.begin(), key.end(), '@', '.');
            const std::string_view value = json_scalar_text(field.value, text);
            take(text.text().store(key), value, !field.value.is_string() && !value.empty());
        }
    }
}

void JaegerReader::forget_processes()
{
    process_index_.clear();
    processes_.clear();
}

/// The trace's id and its processes.
void JaegerReader::begin_trace(object fields)
{
    forget_processes();
    trace_ = {};
    trace_form_ = IdForm::missing;
    JsonValue value;
    if (fields["traceID"].get(value) == simdjson::SUCCESS) trace_form_ = json_trace_id(value, IdStyle::hex, trace_);
    object table;
    if (fields["processes"].get_object().get(table) == simdjson::SUCCESS) {
        for (const auto entry : table) {
            Process& process = processes_.emplace_back();
            process.id = entry.key;
            read_process(entry.value, process);
            process_index_[process.id] = &process;
        }
    }
    warnings(fields);
}

void JaegerReader::warnings(object fields)
{
    array list;
    if (fields["warnings"].get_array().get(list) != simdjson::SUCCESS) return;
    for (const JsonValue warning : list) context_.note(line_, "jaeger_warning", json_text(warning));
}

void JaegerReader::read_process(const JsonValue& value, Process& process)
{
    process.resource.clear();
    process.text.clear();
    object fields;
    if (value.get_object().get(fields) == simdjson::SUCCESS) {
        for (const auto field : fields) {
            if (field.key == "serviceName") process.resource.add("service.name", json_text(field.value));
            else if (field.key == "tags" || field.key == "tag")
                each_tag(field.value, process.text,
                         [&](std::string_view key, std::string_view text, bool) { process.resource.add(key, text); });
        }
    }
    process.resource.finish(default_service_);
    if (!process.resource.named && default_service_.empty())
        context_.note(line_, "no_service", "a process names no service; --service gives it one");
}

const SpanResource& JaegerReader::process_of(std::string_view id, const JsonValue* inside)
{
    if (const auto found = process_index_.find(id); found != process_index_.end()) return found->second->resource;
    if (inside != nullptr) {
        read_process(*inside, own_);
    } else {
        own_.resource.clear();
        own_.resource.finish(default_service_);
        context_.note(line_, "no_process", "a span refers to a process that is not there");
    }
    return own_.resource;
}

Status JaegerReader::span(object fields)
{
    SpanDraft draft;
    draft.line = line_;
    draft.trace = trace_;
    draft.trace_form = trace_form_;
    spans_.begin();
    tags_.begin();
    std::string_view process_id;
    JsonValue process;
    JsonValue references;
    JsonValue logs;
    bool has_process = false;
    bool has_references = false;
    bool has_logs = false;
    std::uint64_t duration_ns = 0;
    bool duration_known = false;
    std::uint64_t old_parent = 0;
    for (const auto field : fields) {
        const std::string_view key = field.key;
        const JsonValue& value = field.value;
        if (key == "traceID") draft.trace_form = json_trace_id(value, IdStyle::hex, draft.trace);
        else if (key == "spanID") draft.span_form = json_span_id(value, IdStyle::hex, draft.span_id);
        else if (key == "parentSpanID") json_span_id(value, IdStyle::hex, old_parent);
        else if (key == "operationName") draft.name = json_text(value);
        else if (key == "startTime") draft.start_known = micros(value, draft.start_ns, draft);
        else if (key == "duration") duration_known = duration(value, duration_ns, draft);
        else if (key == "processID") process_id = json_text(value);
        else if (key == "process") process = value, has_process = true;
        else if (key == "references") references = value, has_references = true;
        else if (key == "logs") logs = value, has_logs = true;
        else if (key == "tags" || key == "tag")
            each_tag(value, spans_.attributes(), [&](std::string_view tag, std::string_view text, bool) {
                if (!tags_.take(tag, text, draft)) spans_.attributes().add(tag, text);
            });
    }
    spans_.expect(draft);
    tags_.finish(draft);
    if (draft.start_known && duration_known) {
        draft.end_known = true;
        draft.end_ns = draft.start_ns > UINT64_MAX - duration_ns ? UINT64_MAX : draft.start_ns + duration_ns;
    }
    if (has_references) read_references(references, draft);
    if (draft.parent_id == 0) draft.parent_id = old_parent;
    if (has_logs) read_logs(logs);
    warnings(fields);
    return spans_.finish(draft, process_of(process_id, has_process ? &process : nullptr), tags_.scope);
}

/// The first CHILD_OF of the same trace is the parent, else the first FOLLOWS_FROM; all others are links.
void JaegerReader::read_references(const JsonValue& list, SpanDraft& draft)
{
    array references;
    if (list.get_array().get(references) != simdjson::SUCCESS) return;
    std::vector<Reference>& found = references_;
    found.clear();
    for (const JsonValue item : references) {
        object fields;
        if (item.get_object().get(fields) != simdjson::SUCCESS) continue;
        Reference reference;
        reference.trace = draft.trace;
        for (const auto field : fields) {  // "span", the whole parent in UI dumps, is passed over
            if (field.key == "traceID") json_trace_id(field.value, IdStyle::hex, reference.trace);
            else if (field.key == "spanID") reference.form = json_span_id(field.value, IdStyle::hex, reference.span);
            else if (field.key == "refType")
                reference.follows = equals_ignoring_case(json_text(field.value), "FOLLOWS_FROM");
        }
        if (reference.span != 0) found.push_back(reference);
    }
    const Reference* parent = nullptr;
    for (const Reference& reference : found)
        if (reference.trace == draft.trace && (parent == nullptr || (parent->follows && !reference.follows)))
            parent = &reference;
    for (const Reference& reference : found) {
        if (&reference == parent) continue;
        spans_.begin_link(reference.trace, reference.span);
        spans_.end_link();
    }
    if (parent == nullptr) return;
    draft.parent_id = parent->span;
    draft.parent_form = parent->form;
    // The parent does not wait for this span: OpenTelemetry's name for it.
    if (parent->follows) spans_.attributes().add("opentracing.ref_type", "follows_from");
}

void JaegerReader::read_logs(const JsonValue& list)
{
    array logs;
    if (list.get_array().get(logs) != simdjson::SUCCESS) return;
    for (const JsonValue log : logs) {
        object fields;
        if (log.get_object().get(fields) != simdjson::SUCCESS) continue;
        std::optional<std::int64_t> at_ns;
        JsonValue parts;
        bool has_parts = false;
        for (const auto field : fields) {
            if (field.key == "fields") {
                parts = field.value;
                has_parts = true;
            } else if (field.key == "timestamp") {
                const auto at = json_unsigned(field.value);
                if (at && *at <= static_cast<std::uint64_t>(INT64_MAX) / 1000)
                    at_ns = static_cast<std::int64_t>(*at * 1000);
            }
        }
        if (has_parts) read_log(parts, at_ns);
    }
}

void JaegerReader::read_log(const JsonValue& parts, std::optional<std::int64_t> at_ns)
{
    AttributeList& text = spans_.attributes();
    log_.clear();
    std::string_view name;
    each_tag(parts, text, [&](std::string_view key, std::string_view value, bool bare) {
        if (key == "event" && name.empty()) name = value;
        else log_.push_back({key, value, bare});
    });
    const auto value_of = [&](std::string_view key) {
        const auto found = std::find_if(log_.begin(), log_.end(), [&](const LogPart& part) { return part.key == key; });
        return found == log_.end() ? std::string_view() : found->value;
    };
    // OpenTracing's way of logging an exception.
    if (name == "error" && value_of("exception.type").empty()) {
        spans_.set_exception(value_of("error.kind"),
                             value_of("message").empty() ? value_of("error.object") : value_of("message"));
    }
    spans_.begin_event(name, at_ns);
    for (const LogPart& part : log_) spans_.part_attribute(part.key, part.value, part.bare);
    spans_.end_event();
}

}  // namespace casebook
