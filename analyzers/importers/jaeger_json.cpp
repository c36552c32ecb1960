// Traces as Jaeger's query service answers and its UI saves them (GET /api/traces), bare trace objects, span documents
// of its Elasticsearch storage, and arrays of spans with their process inside:
// {"data":[{"traceID":"2be38093ead7a083","spans":[{"traceID":"2be38093ead7a083","spanID":"7606ddfe69932d34","operationName":"GET /cart","references":[{"refType":"CHILD_OF","traceID":"2be38093ead7a083","spanID":"492770a15935810f"}],"startTime":1605223981761425,"duration":267037,"tags":[{"key":"span.kind","type":"string","value":"server"}],"logs":[],"processID":"p1","warnings":null}],"processes":{"p1":{"serviceName":"cart","tags":[]}},"warnings":null}],"total":0,"limit":0,"offset":0,"errors":null}
// [{"traceID":"2be38093ead7a083","spanID":"7606ddfe69932d34","operationName":"GET /cart","references":[],"startTime":1605223981761425,"duration":267037,"tags":[],"process":{"serviceName":"cart","tags":[]}}]

#include "analyzers/core/importer.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/json_elements.h"
#include "analyzers/importers/support/json_hollow.h"
#include "analyzers/importers/support/json_peek.h"
#include "analyzers/importers/support/json_records.h"
#include "analyzers/importers/support/json_values.h"
#include "analyzers/importers/support/source.h"
#include "analyzers/importers/support/span_builder.h"
#include "analyzers/importers/support/trace_tags.h"

#include <algorithm>
#include <array>
#include <deque>
#include <unordered_map>

namespace casebook::importers {
namespace {

using namespace std::string_view_literals;
using simdjson::dom::array;
using simdjson::dom::object;

constexpr std::array trace_arrays{"data"sv, "hits"sv};
constexpr std::array envelopes{"hits"sv};
constexpr std::array single_traces{"data"sv};
constexpr std::array element_keys{"traceID"sv, "spans"sv, "spanID"sv, "processes"sv, "_source"sv};
constexpr std::array outermost_keys{"data"sv};
constexpr std::array span_arrays{"spans"sv};
constexpr ElementRules rules{.arrays = trace_arrays, .inside = envelopes, .whole = element_keys, .single = single_traces,
                             .outermost = outermost_keys};

// UI dumps embed each parent in its child, four levels of JSON a generation.
constexpr std::size_t max_depth = 10'000;

int sniff(const Probe& probe)
{
    const JsonPeek peek(probe.head);
    if (!peek.is_json()) return 0;
    constexpr int deep = 7;
    const bool spans = peek.has("spanID", deep) || peek.has("spans", deep, '[');
    if (peek.has("traceID", deep) && spans) {
        for (const std::string_view key : {"operationName"sv, "processID"sv, "processes"sv, "process"sv, "references"sv})
            if (peek.has(key, deep)) return 95;
    }
    // A search that found nothing.
    if (peek.has("data", 1, '[') && peek.has("total", 1) && peek.has("limit", 1) && peek.has("offset", 1) && peek.has("errors", 1) &&
        peek.keys().size() == 5)
        return 60;
    return 0;
}

/// A service as spans refer to it.
struct Process {
    std::string_view id;
    AttributeList text;
    SpanResource resource;
};

class Run {
public:
    Run(Source& source, ImportContext& context)
        : context_(context), elements_(source, rules), default_service_(context.default_service()), spans_(context),
          parser_(max_depth), record_parser_(max_depth), records_(context, record_parser_)
    {
    }

    Status all()
    {
        for (;;) {
            TRY_ASSIGN(const auto element, elements_.next());
            note_oddities(elements_, context_);
            if (!element) break;
            TRY(one(*element));
        }
        if (elements_.nothing_fits())
            return fail(Error::Code::notUnderstood, "there are no Jaeger traces in this JSON", "An answer of /api/traces, or a trace saved from the UI, is looked for");
        return {};
    }

private:
    Status one(const JsonElement& element)
    {
        if (element.too_large) {
            context_.drop(element.line, "too_large", "a trace larger than 512 MiB in a compressed or piped input");
            return {};
        }
        suspicious_ = element.backslashes && element.text.find("\\u0000") != std::string_view::npos;
        place(element.line, false);
        if (element.complete && element.text.size() <= max_whole_bytes) {
            JsonValue document;
            object fields;
            if (parser_.parse_strictly(element.text, element.slack, document) && document.get_object().get(fields) == simdjson::SUCCESS)
                return trace_or_span(fields);
        }
        return apart(element);
    }

    void place(std::int64_t line, bool mended)
    {
        line_ = line;
        spans_.set_text(mended ? SpanBuilder::Text::mended : suspicious_ ? SpanBuilder::Text::unknown : SpanBuilder::Text::clean);
    }

    Status trace_or_span(object fields)
    {
        JsonValue wrapped;
        if (fields["_source"].get(wrapped) == simdjson::SUCCESS && wrapped.get_object().get(fields) != simdjson::SUCCESS) return {};
        array spans;
        begin_trace(fields);
        if (fields["spans"].get_array().get(spans) != simdjson::SUCCESS) {
            JsonValue id;
            if (fields["spanID"].get(id) == simdjson::SUCCESS) return span(fields);
            return {};
        }
        for (const JsonValue item : spans) {
            object record;
            if (item.get_object().get(record) == simdjson::SUCCESS) TRY(span(record));
        }
        return {};
    }

    /// Reads an element that is large, broken or cut: its processes first, then its spans.
    Status apart(const JsonElement& element)
    {
        const JsonHollow hollow = hollow_json(element.text, span_arrays);
        JsonValue document;
        object fields;
        const bool readable = parser_.parse(hollow.skeleton, 0, document) && document.get_object().get(fields) == simdjson::SUCCESS;
        if (hollow.arrays.empty()) {  // a single span, or nothing of use
            if (readable && element.complete) {
                place(element.line, parser_.mended());
                return trace_or_span(fields);
            }
            const bool recognisable = element.text.find("\"spanID\"") != std::string_view::npos;
            if (!recognisable) context_.note(element.line, element.complete ? "broken_json" : "truncated", "a trace that cannot be read");
            else context_.drop(element.line, element.complete ? "broken_json" : "truncated", "a span that cannot be read");
            return {};
        }
        if (readable) {
            begin_trace(fields);
        } else {
            context_.note(element.line, "broken_json", "the processes of these spans cannot be read");
            forget_processes();
        }
        const bool mended = readable && parser_.mended();
        records_.begin();
        for (const JsonHollow::Array& spans : hollow.arrays) {
            const std::int64_t line = element.line + std::count(element.text.data(), spans.items.data(), '\n');
            TRY(records_.read(
                spans.items, line, [&](std::int64_t where, bool record_mended) { place(where, mended || record_mended); },
                [&](object record) { return span(record); }));
        }
        if (!element.complete) {
            if (processes_.empty()) context_.note(element.line, "truncated", "the input ends before the names of the services");
            else if (!records_.dropped_truncated()) context_.note(element.line, "truncated", "the input ends inside this trace; complete spans were kept");
        }
        return {};
    }

    void forget_processes()
    {
        process_index_.clear();
        processes_.clear();
    }

    /// The trace's id and its processes.
    void begin_trace(object fields)
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

    void warnings(object fields)
    {
        array list;
        if (fields["warnings"].get_array().get(list) != simdjson::SUCCESS) return;
        for (const JsonValue warning : list) context_.note(line_, "jaeger_warning", json_text(warning));
    }

    void read_process(const JsonValue& value, Process& process)
    {
        process.resource.clear();
        process.text.clear();
        object fields;
        if (value.get_object().get(fields) == simdjson::SUCCESS) {
            for (const auto field : fields) {
                if (field.key == "serviceName") process.resource.add("service.name", json_text(field.value));
                else if (field.key == "tags" || field.key == "tag")
                    each_tag(field.value, process.text, [&](std::string_view key, std::string_view text, bool) { process.resource.add(key, text); });
            }
        }
        process.resource.finish(default_service_);
        if (!process.resource.named && default_service_.empty())
            context_.note(line_, "no_service", "a process names no service; --service gives it one");
    }

    /// Tags are a list of key, type, value; in Elasticsearch also a map whose keys have '@' for '.'. `take` gets key,
    /// text and whether the value is no string. The types are not used: they may be absent, or wrong.
    template <class Take>
    void each_tag(const JsonValue& tags, AttributeList& text, Take take)
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

    const SpanResource& process_of(std::string_view id, const JsonValue* inside)
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

    Status span(object fields)
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

    static bool micros(const JsonValue& value, std::uint64_t& ns, SpanDraft& draft)
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

    static bool duration(const JsonValue& value, std::uint64_t& ns, SpanDraft& draft)
    {
        const auto number = json_double(value);
        if (number && *number < 0) {
            draft.negative_duration = true;
            return false;
        }
        return micros(value, ns, draft);
    }

    /// The first CHILD_OF of the same trace is the parent, else the first FOLLOWS_FROM; all others are links.
    void read_references(const JsonValue& list, SpanDraft& draft)
    {
        array references;
        if (list.get_array().get(references) != simdjson::SUCCESS) return;
        struct Reference {
            TraceId trace;
            std::uint64_t span = 0;
            IdForm form = IdForm::missing;
            bool follows = false;
        };
        std::vector<Reference> found;
        for (const JsonValue item : references) {
            object fields;
            if (item.get_object().get(fields) != simdjson::SUCCESS) continue;
            Reference reference;
            reference.trace = draft.trace;
            for (const auto field : fields) {  // "span", the whole parent in UI dumps, is passed over
                if (field.key == "traceID") json_trace_id(field.value, IdStyle::hex, reference.trace);
                else if (field.key == "spanID") reference.form = json_span_id(field.value, IdStyle::hex, reference.span);
                else if (field.key == "refType") reference.follows = equals_ignoring_case(json_text(field.value), "FOLLOWS_FROM");
            }
            if (reference.span != 0) found.push_back(reference);
        }
        const Reference* parent = nullptr;
        for (const Reference& reference : found)
            if (reference.trace == draft.trace && (parent == nullptr || (parent->follows && !reference.follows))) parent = &reference;
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

    void read_logs(const JsonValue& list)
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
                    if (at && *at <= static_cast<std::uint64_t>(INT64_MAX) / 1000) at_ns = static_cast<std::int64_t>(*at * 1000);
                }
            }
            if (has_parts) read_log(parts, at_ns);
        }
    }

    void read_log(const JsonValue& parts, std::optional<std::int64_t> at_ns)
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
            spans_.set_exception(value_of("error.kind"), value_of("message").empty() ? value_of("error.object") : value_of("message"));
        }
        spans_.begin_event(name, at_ns);
        for (const LogPart& part : log_) spans_.part_attribute(part.key, part.value, part.bare);
        spans_.end_event();
    }

    ImportContext& context_;
    JsonElements elements_;
    std::string default_service_;
    SpanBuilder spans_;
    TraceTags tags_;
    JsonParser parser_;
    JsonParser record_parser_;
    JsonRecords records_;
    std::deque<Process> processes_;  // of the trace at hand
    std::unordered_map<std::string_view, const Process*> process_index_;
    Process own_;                    // of a span that carries its own
    TraceId trace_;
    IdForm trace_form_ = IdForm::missing;
    struct LogPart {
        std::string_view key, value;
        bool bare;
    };
    std::vector<LogPart> log_;
    std::int64_t line_ = 0;
    bool suspicious_ = false;
};

Status read(Source& source, ImportContext& context)
{
    return Run(source, context).all();
}

}  // namespace

extern const Importer jaeger_json;
const Importer jaeger_json{
    .id = "jaeger_json",
    .title = "Jaeger traces (JSON)",
    .brings = "span",
    .how = "Jaeger UI: a trace, then Trace JSON; or curl 'http://JAEGER:16686/api/traces?service=NAME&lookback=1h&limit=1000'",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
