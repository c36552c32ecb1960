#include "analyzers/importers/support/span_builder.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"

#include <limits>

namespace casebook {
namespace {

constexpr std::uint64_t last_ns = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// The last word of "SPAN_KIND_CLIENT", "SpanKind.CLIENT", "STATUS_CODE_ERROR".
std::string_view last_word(std::string_view name)
{
    const std::size_t dot = name.rfind('.');
    if (dot != std::string_view::npos) name.remove_prefix(dot + 1);
    for (const std::string_view prefix : {"span_kind_", "status_code_", "spankind_", "statuscode_"})
        if (name.size() > prefix.size() && equals_ignoring_case(name.substr(0, prefix.size()), prefix))
            return name.substr(prefix.size());
    return name;
}

}  // namespace

bool read_span_kind(std::string_view name, SpanKind& kind)
{
    const std::string_view word = last_word(name);
    if (equals_ignoring_case(word, "server")) kind = SpanKind::server;
    else if (equals_ignoring_case(word, "client")) kind = SpanKind::client;
    else if (equals_ignoring_case(word, "producer")) kind = SpanKind::producer;
    else if (equals_ignoring_case(word, "consumer")) kind = SpanKind::consumer;
    else if (word.empty() || equals_ignoring_case(word, "internal") || equals_ignoring_case(word, "unspecified") ||
             equals_ignoring_case(word, "local"))
        kind = SpanKind::internal;
    else return false;
    return true;
}

bool read_span_status(std::string_view name, SpanStatus& status)
{
    const std::string_view word = last_word(name);
    if (equals_ignoring_case(word, "error")) status = SpanStatus::error;
    else if (equals_ignoring_case(word, "ok")) status = SpanStatus::ok;
    else if (word.empty() || equals_ignoring_case(word, "unset")) status = SpanStatus::unset;
    else return false;
    return true;
}

bool read_span_kind(std::int64_t number, SpanKind& kind)
{
    switch (number) {
    case 0:
    case 1: kind = SpanKind::internal; return true;
    case 2: kind = SpanKind::server; return true;
    case 3: kind = SpanKind::client; return true;
    case 4: kind = SpanKind::producer; return true;
    case 5: kind = SpanKind::consumer; return true;
    default: return false;
    }
}

bool read_span_status(std::int64_t number, SpanStatus& status)
{
    switch (number) {
    case 0: status = SpanStatus::unset; return true;
    case 1: status = SpanStatus::ok; return true;
    case 2: status = SpanStatus::error; return true;
    default: return false;
    }
}

void SpanResource::clear()
{
    service = instance = version = instance_id_ = pod_ = host_ = container_ = {};
    named = false;
    others.clear();
}

void SpanResource::add(std::string_view key, std::string_view value)
{
    if (key.starts_with("service.")) {
        if (key == "service.name") {
            service = value;
            return;
        }
        if (key == "service.version") {
            version = value;
            return;
        }
        if (key == "service.instance.id") {
            instance_id_ = value;
            return;
        }
    } else if (key.starts_with("telemetry.sdk.") || key.starts_with("telemetry.distro.") ||
               key.starts_with("process.command")) {
        return;
    } else if (key == "k8s.pod.name") {
        pod_ = value;
    } else if (key == "host.name" || key == "hostname") {  // "hostname": Jaeger's own clients
        host_ = value;
    } else if (key == "container.id") {
        container_ = value;
    }
    others.push_back({key, value});
}

void SpanResource::finish(std::string_view default_service)
{
    named = !service.empty();
    if (!named) service = default_service.empty() ? std::string_view("unknown_service") : default_service;
    for (const std::string_view candidate : {instance_id_, pod_, host_, container_}) {
        if (candidate.empty()) continue;
        instance = candidate;
        break;
    }
}

void SpanBuilder::begin_event(std::string_view name, std::optional<std::int64_t> at_ns)
{
    part_ = "{\"name\":";
    append_json_string(part_, name);
    if (at_ns) {
        part_ += ",\"at_ns\":";
        part_ += attributes_.number(*at_ns);
    }
    part_has_attributes_ = false;
    part_is_exception_ = name == "exception";
}

void SpanBuilder::begin_link(TraceId trace, std::uint64_t span_id)
{
    part_ = "{\"trace_id\":\"";
    append_hex(part_, trace);
    part_ += "\",\"span_id\":\"";
    append_hex(part_, span_id);
    part_ += '"';
    part_has_attributes_ = false;
    part_is_exception_ = false;
}

void SpanBuilder::part_attribute(std::string_view key, std::string_view value, bool json)
{
    part_ += part_has_attributes_ ? "," : ",\"attributes\":{";
    part_has_attributes_ = true;
    append_json_string(part_, key);
    part_ += ':';
    if (json) {
        part_ += value;
    } else {
        append_json_string(part_, value);
    }
    if (!part_is_exception_ || json) return;
    if (key == "exception.type") exception_type_ = attributes_.text().store(value);
    if (key == "exception.message") exception_message_ = attributes_.text().store(value);
}

void SpanBuilder::set_exception(std::string_view type, std::string_view message)
{
    if (!type.empty()) exception_type_ = attributes_.text().store(type);
    if (!message.empty()) exception_message_ = attributes_.text().store(message);
}

void SpanBuilder::end_event()
{
    part_ += part_has_attributes_ ? "}}" : "}";
    attributes_.add_copy("event", part_);
}

void SpanBuilder::end_link()
{
    part_ += part_has_attributes_ ? "}}" : "}";
    attributes_.add_copy("link", part_);
}

bool SpanBuilder::settle_times(const SpanDraft& draft, SpanRow& row, bool extra)
{
    const bool start_good = draft.start_known && draft.start_ns <= last_ns;
    const bool end_good = draft.end_known && draft.end_ns <= last_ns;
    const bool out_of_range = (draft.start_known && !start_good) || (draft.end_known && !end_good);
    if (!start_good && !end_good) {
        const auto drop = [&](std::string_view code, std::string_view detail) {
            if (extra) context_.note(draft.line, code, detail);
            else context_.drop(draft.line, code, detail);
        };
        if (out_of_range) drop("time_out_of_range", "start and end lie beyond the year 2262");
        else if (draft.time_unreadable) drop("bad_time", "start and end are no times");
        else drop("missing_time", "the span has neither start nor end");
        return false;
    }
    if (!start_good) {
        row.start_ns = static_cast<std::int64_t>(draft.end_ns);
        odd("missing_start", "a span without start begins and ends at its end");
    } else {
        row.start_ns = static_cast<std::int64_t>(draft.start_ns);
        if (draft.negative_duration || (end_good && draft.end_ns < draft.start_ns))
            odd("negative_duration", "a span that ends before it starts has duration 0");
        else if (!end_good) odd("missing_end", "a span without end has duration 0");
        else row.duration_ns = static_cast<std::int64_t>(draft.end_ns - draft.start_ns);
    }
    return true;
}

void SpanBuilder::settle_ids(const SpanDraft& draft, SpanRow& row)
{
    row.trace_high = draft.trace.high;
    row.trace_low = draft.trace.low;
    row.span_id = draft.span_id;
    row.parent_id = draft.parent_id;
    if (draft.trace_form == IdForm::missing || draft.span_form == IdForm::missing) {
        // Unlike for any two spans of a file, and for the same span in another file.
        const std::uint64_t seed = mix_ids(hash64(row.name) + static_cast<std::uint64_t>(row.start_ns), ordinal_);
        if (draft.span_form == IdForm::missing) {
            row.span_id = seed;
            odd("missing_span_id", "an id was made up");
        }
        if (draft.trace_form == IdForm::missing) {
            row.trace_high = mix_ids(seed, 1);
            row.trace_low = mix_ids(seed, 2);
            odd("missing_trace_id", "the span stands in a trace of its own");
        }
    }
    if (draft.trace_form == IdForm::hashed || draft.span_form == IdForm::hashed || draft.parent_form == IdForm::hashed)
        odd("unreadable_id", "an id in no known form was replaced by a hash of it");
    if (draft.trace_form == IdForm::encoded || draft.span_form == IdForm::encoded)
        context_.note(draft.line, "encoded_id", "ids are base64 or decimal");
    if (row.parent_id == row.span_id && row.parent_id != 0) {
        row.parent_id = 0;
        odd("self_parent", "a span that names itself as parent is a root");
    }
}

void SpanBuilder::note_dropped(const SpanDraft& draft)
{
    const auto note = [&](std::uint64_t count, std::string_view code, std::string_view key) {
        if (count == 0) return;
        attributes_.add(key, count);
        context_.note(draft.line, code, "the client left some out, see the attribute of that name");
    };
    // Names: OpenTelemetry specification, "mapping to non-OTLP formats".
    note(draft.dropped_attributes, "dropped_attributes", "otel.dropped_attributes_count");
    note(draft.dropped_events, "dropped_events", "otel.dropped_events_count");
    note(draft.dropped_links, "dropped_links", "otel.dropped_links_count");
}

void SpanBuilder::add_derived(const SpanDraft& draft, std::string_view scope)
{
    if ((draft.dropped_attributes | draft.dropped_events | draft.dropped_links) != 0) note_dropped(draft);
    if (!draft.trace_state.empty()) attributes_.add("w3c.tracestate", draft.trace_state);
    if (!draft.status_message.empty()) attributes_.add("otel.status_description", draft.status_message);
    if (!exception_type_.empty() && attributes_.find("exception.type") == nullptr)
        attributes_.add("exception.type", exception_type_);
    if (!exception_message_.empty() && attributes_.find("exception.message") == nullptr)
        attributes_.add("exception.message", exception_message_);
    if (!scope.empty()) attributes_.add("otel.scope.name", scope);
}

/// True when the text was mended, here or before.
bool SpanBuilder::clean(std::string_view& text)
{
    if (!is_clean_utf8(text)) {
        text = attributes_.text().store(clean_utf8(text));
        return true;
    }
    return text_ == Text::mended && text.find(replacement) != std::string_view::npos;
}

void SpanBuilder::odd(std::string_view code, std::string_view detail)
{
    odds_.push_back({code, detail});
}

Status SpanBuilder::finish(const SpanDraft& draft, const SpanResource& resource, std::string_view scope, bool extra)
{
    ++ordinal_;
    odds_.clear();
    SpanRow row;
    row.name = draft.name;
    if (!settle_times(draft, row, extra)) return {};
    settle_ids(draft, row);
    row.kind = draft.kind;
    row.status = draft.status;
    row.service = resource.service;
    row.instance = resource.instance;
    row.version = resource.version;
    if (draft.unknown_kind) odd("unknown_kind", "taken as internal");
    if (draft.unknown_status) odd("unknown_status", "taken as unset");
    if (!draft.guessed.empty()) odd(draft.guessed, "derived from the spans around it");
    add_derived(draft, scope);
    std::vector<AttributeView>& views = attributes_.views();
    views.insert(views.end(), resource.others.begin(), resource.others.end());
    if (text_ != Text::clean) {
        bool mended = clean(row.name);
        for (std::string_view* text : {&row.service, &row.instance, &row.version}) mended |= clean(*text);
        for (AttributeView& attribute : views) {
            mended |= clean(attribute.key);
            mended |= clean(attribute.value);
        }
        if (mended) odd("bad_text", "bytes that are not UTF-8, or NUL, became U+FFFD");
    }
    row.attributes = views;
    TRY(context_.add(row));
    if (!extra) context_.stored();
    // One repair a record, so that no more records are repaired than stored; what else was odd is noted.
    bool first = !extra;
    for (const Odd& odd : odds_) {
        if (first) context_.repair(draft.line, odd.code, odd.detail);
        else context_.note(draft.line, odd.code, odd.detail);
        first = false;
    }
    return {};
}

}  // namespace casebook
