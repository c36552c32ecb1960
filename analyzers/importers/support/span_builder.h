#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/attribute_list.h"
#include "analyzers/importers/support/trace_ids.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Who emitted a span: its service, the instance and version of it, and what else its resource says.
/// Views must live until the next clear().
class SpanResource {
public:
    void clear();
    /// Takes one resource attribute: service.name, service.version and the instance are set apart, what describes only
    /// the SDK or the command line is left out (telemetry.sdk.*, telemetry.distro.*, process.command*).
    void add(std::string_view key, std::string_view value);
    /// Call after the last add(): settles instance and service. `default_service` stands in for a missing name; with
    /// neither the service is unknown_service, as OpenTelemetry SDKs have it.
    void finish(std::string_view default_service);

    std::string_view service, instance, version;
    bool named = false;                ///< service.name was given
    std::vector<AttributeView> others;

private:
    // What names an instance when service.instance.id is absent: the narrowest thing first.
    std::string_view instance_id_, pod_, host_, container_;
};

/// A span as a format gives it, before it is made sound.
struct SpanDraft {
    TraceId trace;
    std::uint64_t span_id = 0;
    std::uint64_t parent_id = 0;
    IdForm trace_form = IdForm::missing;
    IdForm span_form = IdForm::missing;
    IdForm parent_form = IdForm::missing;
    std::string_view name;
    SpanKind kind = SpanKind::internal;
    SpanStatus status = SpanStatus::unset;
    std::string_view status_message;
    std::string_view trace_state;   ///< W3C; tells how the trace was sampled
    std::uint64_t start_ns = 0;
    std::uint64_t end_ns = 0;
    bool start_known = false;
    bool end_known = false;
    bool negative_duration = false; ///< a duration below zero was given; the end is not used then
    bool time_unreadable = false;   ///< a time was given and is no number, or beyond 64 bits
    bool unknown_kind = false;
    bool unknown_status = false;
    std::string_view guessed;       ///< code of a guess the importer made; empty = none
    std::uint64_t dropped_attributes = 0, dropped_events = 0, dropped_links = 0;
    std::int64_t line = 0;
};

/// Turns drafts into span rows: settles ids and times, cuts self-parents, cleans text, counts every record once.
/// Used by every trace importer, so that the same span gives the same row in each encoding.
class SpanBuilder {
public:
    explicit SpanBuilder(ImportContext& context) : context_(context) {}

    /// Attributes of the span being read. Cleared by begin().
    AttributeList& attributes() { return attributes_; }
    void begin()
    {
        attributes_.clear();
        exception_type_ = exception_message_ = {};
    }

    /// Once the ids are known and much else is still to be read: a hint to the store.
    void expect(const SpanDraft& draft)
    {
        context_.expect_span(draft.trace.high, draft.trace.low, draft.span_id);
    }

    /// An event or a link as JSON, from pieces: begin, attributes, end. A value is JSON already when `json`. The type
    /// and message of exception events also become attributes of the span, those of the last one.
    void begin_event(std::string_view name, std::optional<std::int64_t> at_ns);
    void begin_link(TraceId trace, std::uint64_t span_id);
    void part_attribute(std::string_view key, std::string_view value, bool json);
    void end_event();
    /// The type and message of an exception that another kind of event tells of; empty ones change nothing.
    void set_exception(std::string_view type, std::string_view message);
    void end_link();

    /// Adds the row and counts one record stored, or counts it dropped. `extra`: a second row of a record that is
    /// counted with its other row, which must come after this one.
    Status finish(const SpanDraft& draft, const SpanResource& resource, std::string_view scope, bool extra = false);

    /// How far the text of the spans that follow can be trusted.
    enum class Text : std::uint8_t {
        clean,    ///< UTF-8 without NUL
        unknown,  ///< may hold NUL or bytes that are not UTF-8: look at each string
        mended,   ///< as unknown, and U+FFFD stands where bytes were mended: a span that has one counts as repaired
    };
    void set_text(Text text) { text_ = text; }

private:
    bool settle_times(const SpanDraft& draft, SpanRow& row, bool extra);
    void settle_ids(const SpanDraft& draft, SpanRow& row);
    void add_derived(const SpanDraft& draft, std::string_view scope);
    bool clean(std::string_view& text);
    void odd(std::string_view code, std::string_view detail);
    void note_dropped(const SpanDraft& draft);

    ImportContext& context_;
    AttributeList attributes_;
    std::string part_;             // JSON of the event or link being read
    bool part_has_attributes_ = false;
    bool part_is_exception_ = false;
    std::string_view exception_type_, exception_message_;
    Text text_ = Text::clean;
    std::uint64_t ordinal_ = 0;
    struct Odd {
        std::string_view code, detail;
    };
    std::vector<Odd> odds_;        // of the span at hand
};

/// Reads kind and status names of any spelling: "SPAN_KIND_CLIENT", "client", "SpanKind.CLIENT". False when unknown.
bool read_span_kind(std::string_view name, SpanKind& kind);
bool read_span_status(std::string_view name, SpanStatus& status);
/// OTLP's numbers. False when out of range.
bool read_span_kind(std::int64_t number, SpanKind& kind);
bool read_span_status(std::int64_t number, SpanStatus& status);

}  // namespace casebook
