// Traces as Zipkin answers and keeps them, version 2 and version 1: an array of spans, an array of traces, or a span on
// each line:
// [{"traceId":"ef86c83c0a05a6d6","parentId":"ef86c83c0a05a6d6","id":"ecc00062ceef4bf0","kind":"CLIENT","name":"get","timestamp":1531282088548312,"duration":20333,"localEndpoint":{"serviceName":"mobile-gateway","ipv4":"172.17.0.13"},"tags":{"http.method":"GET"}}]
// [{"traceId":"b9a8a881c981cfa3","id":"b9a8a881c981cfa3","name":"get","timestamp":1532083356570000,"duration":575113,"annotations":[{"timestamp":1532083356570000,"value":"sr","endpoint":{"serviceName":"route-service","ipv4":"172.19.0.18"}}],"binaryAnnotations":[{"key":"http.status_code","value":"500","endpoint":{"serviceName":"route-service","ipv4":"172.19.0.18"}}]}]
//
// The input is read twice, at most 256 MiB of it at a time: a span's row depends on the spans around it (zipkin_index.h).

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/json_elements.h"
#include "analyzers/importers/support/json_parser.h"
#include "analyzers/importers/support/json_peek.h"
#include "analyzers/importers/support/json_records.h"
#include "analyzers/importers/support/source.h"
#include "analyzers/importers/support/span_builder.h"
#include "analyzers/importers/support/trace_tags.h"
#include "analyzers/importers/support/zipkin_index.h"
#include "analyzers/importers/support/zipkin_span.h"

#include <array>
#include <limits>

namespace casebook::importers {
namespace {

using namespace std::string_view_literals;
using simdjson::dom::object;

constexpr std::array outermost_keys{"traceId"sv, "id"sv, "parentId"sv, "name"sv, "localEndpoint"sv};
constexpr ElementRules rules{.outermost = outermost_keys, .documents = true};
constexpr std::size_t chunk_bytes = std::size_t{256} << 20;

int sniff(const Probe& probe)
{
    const JsonPeek peek(probe.head);
    if (!peek.is_json()) return 0;
    const JsonPeek::Key* const trace = peek.find("traceId", 3);
    const JsonPeek::Key* const id = peek.find("id", 3);
    if (trace == nullptr || id == nullptr || trace->depth != id->depth) return 0;
    // OTLP, Jaeger and others that say traceId as well.
    for (const std::string_view foreign : {"spanId"sv, "spanID"sv, "traceID"sv, "segments"sv, "operationName"sv})
        if (peek.has(foreign, 3)) return 0;
    int fitting = 0;
    for (const std::string_view key : {"localEndpoint"sv, "remoteEndpoint"sv, "parentId"sv, "timestamp"sv, "duration"sv,
                                       "kind"sv, "annotations"sv, "binaryAnnotations"sv, "tags"sv, "name"sv})
        if (peek.has(key, trace->depth)) ++fitting;
    if (peek.has("localEndpoint", trace->depth) || peek.has("binaryAnnotations", trace->depth)) return 95;
    return fitting >= 2 ? 80 : 0;
}

/// Tags that describe the process rather than the call, as collectors write them into every span.
bool is_resource_tag(std::string_view key)
{
    return key == "service.version" || key == "service.instance.id" || key == "host.name" || key == "k8s.pod.name" ||
           key == "container.id" || key.starts_with("telemetry.sdk.") || key.starts_with("telemetry.distro.") ||
           key.starts_with("process.command");
}

class Run {
public:
    Run(Source& source, ImportContext& context)
        : source_(source), context_(context), elements_(source, rules), default_service_(context.default_service()),
          spans_(context)
    {
    }

    Status all()
    {
        for (;;) {
            if (position_ >= indexed_until_) TRY(index_chunk());
            TRY_ASSIGN(const auto element, elements_.next());
            note_oddities(elements_, context_);
            if (!element) break;
            position_ = element->offset + element->text.size();
            TRY(one(*element));
        }
        if (spans_seen_ == 0 && (others_seen_ > 0 || elements_.nothing_fits()))
            return fail(Error::Code::notUnderstood, "there are no Zipkin spans in this JSON",
                        "An answer of /api/v2/traces or /api/v1/traces is looked for");
        return {};
    }

private:
    /// Learns about the spans that stand in the next chunk, of which nothing is taken yet.
    Status index_chunk()
    {
        index_.clear();
        const auto behind = static_cast<std::size_t>(position_ - source_.offset());
        TRY_ASSIGN(std::string_view window, source_.window(behind + chunk_bytes));
        const bool all = window.size() < behind + chunk_bytes;
        window.remove_prefix(std::min(behind, window.size()));
        const Control silent(context_.control().stop_token());
        const auto ahead = Source::from_memory(window, silent);
        JsonElements elements(*ahead, rules);
        std::uint64_t end = 0;
        for (;;) {
            TRY_ASSIGN(const auto element, elements.next());
            if (!element || (!element->complete && !all)) break;
            simdjson::dom::element document;
            object fields;
            if (element->complete && parser_.parse(element->text, element->slack, document) &&
                document.get_object().get(fields) == simdjson::SUCCESS) {
                const std::size_t count = reader_.read(fields);
                for (std::size_t i = 0; i < count; ++i) index_.add(reader_.span(i));
            }
            end = element->offset + element->text.size();
            if (end >= chunk_bytes) break;
        }
        index_.finish();
        if (end == 0 || (all && end < chunk_bytes))
            indexed_until_ = all ? std::numeric_limits<std::uint64_t>::max() : position_ + 1;
        else indexed_until_ = position_ + end;
        return {};
    }

    Status one(const JsonElement& element)
    {
        line_ = element.line;
        if (!element.complete) {
            const bool recognisable = element.text.find("\"traceId\"") != std::string_view::npos;
            if (recognisable) context_.drop(line_, "truncated", "the input ends inside this span");
            else context_.note(line_, "truncated", "the input ends inside an object");
            return {};
        }
        simdjson::dom::element document;
        object fields;
        if (element.too_large || !parser_.parse(element.text, element.slack, document) ||
            document.get_object().get(fields) != simdjson::SUCCESS) {
            context_.drop(line_, element.too_large ? "too_large" : "broken_json",
                          element.too_large ? "a span larger than 512 MiB in a compressed or piped input"
                                            : parser_.error());
            return {};
        }
        const bool suspicious = element.backslashes && element.text.find("\\u0000") != std::string_view::npos;
        spans_.set_text(parser_.mended() ? SpanBuilder::Text::mended
                        : suspicious     ? SpanBuilder::Text::unknown
                                         : SpanBuilder::Text::clean);
        const std::size_t count = reader_.read(fields);
        if (count == 0) {
            ++others_seen_;
            context_.note(line_, "not_a_span", "an object without traceId");
            return {};
        }
        ++spans_seen_;
        // The record is counted with its first span, so that comes last.
        for (std::size_t i = count; i-- > 0;) TRY(row(reader_.span(i), i > 0));
        return {};
    }

    Status row(ZipkinSpan& span, bool extra)
    {
        SpanDraft draft;
        draft.line = line_;
        const auto derived_start = span.start_us ? std::nullopt : index_.start_of(span);
        index_.settle(span);
        if (derived_start) {
            span.start_us = derived_start;
            draft.guessed = "derived_time";
        }
        draft.trace = span.trace;
        draft.trace_form = span.trace_form;
        draft.span_id = span.id;
        draft.span_form = span.id_form;
        draft.parent_id = span.parent;
        draft.parent_form = span.parent_form;
        draft.name = span.name;
        draft.kind = span.kind;
        draft.unknown_kind = span.unknown_kind;
        draft.time_unreadable = span.time_unreadable;
        draft.negative_duration = span.negative_duration;
        if (span.start_us) {
            draft.start_known = true;
            draft.start_ns = from_micros(*span.start_us);
        }
        if (draft.start_known && span.duration_us) {
            const std::uint64_t duration = from_micros(*span.duration_us);
            draft.end_known = true;
            draft.end_ns = duration > UINT64_MAX - draft.start_ns ? UINT64_MAX : draft.start_ns + duration;
        }
        spans_.begin();
        spans_.expect(draft);
        tags_.begin();
        resource_.clear();
        resource_.add("service.name", span.local.service);
        for (const AttributeView& tag : span.tags) {
            if (tags_.take(tag.key, tag.value, draft)) continue;
            if (is_resource_tag(tag.key)) resource_.add(tag.key, tag.value);
            else spans_.attributes().add(tag.key, tag.value);
        }
        tags_.finish(draft);
        add_remote(span);
        for (const ZipkinAnnotation& annotation : span.annotations) add_event(annotation);
        resource_.finish(default_service_);
        // Zipkin's endpoint says which of a service's processes this was, when no tag does.
        if (resource_.instance.empty()) resource_.instance = span.local.address;
        if (!resource_.named && default_service_.empty())
            context_.note(line_, "no_service", "a span names no service; --service gives it one");
        return spans_.finish(draft, resource_, tags_.scope, extra);
    }

    /// The other side of a call under OpenTelemetry's names, unless a tag says the same.
    void add_remote(const ZipkinSpan& span)
    {
        if (span.remote.empty()) return;
        bool service_told = span.remote.service.empty();
        bool address_told = span.remote.address.empty();
        for (const AttributeView& tag : span.tags) {
            service_told = service_told || tag.value == span.remote.service;
            address_told = address_told || tag.value == span.remote.address || tag.key == "server.address" ||
                           tag.key == "net.peer.name" || tag.key == "network.peer.address" ||
                           tag.key == "client.address";
        }
        AttributeList& attributes = spans_.attributes();
        if (!service_told) attributes.add("service.peer.name", span.remote.service);
        if (address_told) return;
        if (span.kind == SpanKind::server || span.kind == SpanKind::consumer) {
            attributes.add("client.address", span.remote.address);
        } else {
            attributes.add("server.address", span.remote.address);
            if (span.remote.port > 0) attributes.add("server.port", span.remote.port);
        }
    }

    /// An annotation is a name; OpenTelemetry's exporters put the attributes of an event behind it, as `"name": {...}`
    /// (specification) or `name|{...}|dropped` (collector).
    void add_event(const ZipkinAnnotation& annotation)
    {
        std::optional<std::int64_t> at_ns;
        if (annotation.at_us &&
            *annotation.at_us <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / 1000)
            at_ns = static_cast<std::int64_t>(*annotation.at_us * 1000);
        const std::string_view value = annotation.value;
        std::string_view name = value;
        object attributes;
        bool has_attributes = false;
        if (value.starts_with('"') && value.ends_with('}')) {
            wrapped_.assign(1, '{');
            wrapped_ += value;
            wrapped_ += '}';
            simdjson::dom::element document;
            object event;
            if (event_parser_.parse_strictly(wrapped_, 0, document) &&
                document.get_object().get(event) == simdjson::SUCCESS && event.size() == 1) {
                const auto field = *event.begin();
                has_attributes = field.value.get_object().get(attributes) == simdjson::SUCCESS;
                if (has_attributes) name = field.key;
            }
        } else if (const std::size_t bar = value.find("|{"); bar != std::string_view::npos) {
            const std::size_t end = value.rfind('}');
            simdjson::dom::element document;
            if (end != std::string_view::npos && end > bar &&
                event_parser_.parse_strictly(value.substr(bar + 1, end - bar), 0, document) &&
                document.get_object().get(attributes) == simdjson::SUCCESS) {
                has_attributes = true;
                name = value.substr(0, bar);
            }
        }
        spans_.begin_event(name, at_ns);
        if (has_attributes)
            for (const auto field : attributes)
                spans_.part_attribute(field.key, json_scalar_text(field.value, spans_.attributes()),
                                      !field.value.is_string() && !field.value.is_null());
        spans_.end_event();
    }

    Source& source_;
    ImportContext& context_;
    JsonElements elements_;
    std::string default_service_;
    SpanBuilder spans_;
    SpanResource resource_;
    TraceTags tags_;
    ZipkinReader reader_;
    ZipkinIndex index_;
    JsonParser parser_;
    JsonParser event_parser_;
    std::string wrapped_;
    std::uint64_t position_ = 0;        // end of the element read last, in the input
    std::uint64_t indexed_until_ = 0;
    std::int64_t line_ = 0;
    std::int64_t spans_seen_ = 0, others_seen_ = 0;
};

Status read(Source& source, ImportContext& context)
{
    return Run(source, context).all();
}

}  // namespace

extern const Importer zipkin_json;
const Importer zipkin_json{
    .id = "zipkin_json",
    .title = "Zipkin traces (JSON, version 2 and 1)",
    .brings = "span",
    .how = "curl 'http://ZIPKIN:9411/api/v2/traces?serviceName=NAME&limit=1000'; or the download button of a trace",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
