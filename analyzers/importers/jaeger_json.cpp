// Traces as Jaeger's query service answers and its UI saves them (GET /api/traces), bare trace objects, span documents
// of its Elasticsearch storage, and arrays of spans with their process inside:
// {"data":[{"traceID":"2be38093ead7a083","spans":[{"traceID":"2be38093ead7a083","spanID":"7606ddfe69932d34","operationName":"GET /cart","references":[{"refType":"CHILD_OF","traceID":"2be38093ead7a083","spanID":"492770a15935810f"}],"startTime":1605223981761425,"duration":267037,"tags":[{"key":"span.kind","type":"string","value":"server"}],"logs":[],"processID":"p1","warnings":null}],"processes":{"p1":{"serviceName":"cart","tags":[]}},"warnings":null}],"total":0,"limit":0,"offset":0,"errors":null}
// [{"traceID":"2be38093ead7a083","spanID":"7606ddfe69932d34","operationName":"GET /cart","references":[],"startTime":1605223981761425,"duration":267037,"tags":[],"process":{"serviceName":"cart","tags":[]}}]

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/jaeger_reader.h"
#include "analyzers/importers/support/json_hollow.h"
#include "analyzers/importers/support/json_peek.h"
#include "analyzers/importers/support/json_records.h"
#include "analyzers/importers/support/parsed_elements.h"

#include <algorithm>
#include <array>

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
constexpr ElementRules rules{.arrays = trace_arrays,
                             .inside = envelopes,
                             .whole = element_keys,
                             .single = single_traces,
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
        for (const std::string_view key :
             {"operationName"sv, "processID"sv, "processes"sv, "process"sv, "references"sv})
            if (peek.has(key, deep)) return 95;
    }
    // A search that found nothing.
    if (peek.has("data", 1, '[') && peek.has("total", 1) && peek.has("limit", 1) && peek.has("offset", 1) &&
        peek.has("errors", 1) && peek.keys().size() == 5)
        return 60;
    return 0;
}

class Run {
public:
    Run(Source& source, ImportContext& context)
        : context_(context), elements_(source, rules, context, max_depth), reader_(context), parser_(max_depth),
          record_parser_(max_depth), records_(context, record_parser_)
    {
    }

    Status all()
    {
        for (;;) {
            TRY_ASSIGN(const ParsedElement* element, elements_.next());
            if (element == nullptr) break;
            TRY(one(*element));
        }
        if (elements_.input().nothing_fits())
            return fail(Error::Code::notUnderstood, "there are no Jaeger traces in this JSON",
                        "An answer of /api/traces, or a trace saved from the UI, is looked for");
        return {};
    }

private:
    Status one(const ParsedElement& element)
    {
        if (element.too_large) {
            context_.drop(element.line, "too_large", "a trace larger than 512 MiB in a compressed or piped input");
            return {};
        }
        suspicious_ = element.escaped_nul;
        place(element.line, false);
        return element.fields ? trace_or_span(*element.fields) : apart(element);
    }

    void place(std::int64_t line, bool mended)
    {
        reader_.place(line, mended        ? SpanBuilder::Text::mended
                            : suspicious_ ? SpanBuilder::Text::unknown
                                          : SpanBuilder::Text::clean);
    }

    Status trace_or_span(object fields)
    {
        JsonValue wrapped;
        if (fields["_source"].get(wrapped) == simdjson::SUCCESS &&
            wrapped.get_object().get(fields) != simdjson::SUCCESS)
            return {};
        array spans;
        reader_.begin_trace(fields);
        if (fields["spans"].get_array().get(spans) != simdjson::SUCCESS) {
            JsonValue id;
            if (fields["spanID"].get(id) == simdjson::SUCCESS) return reader_.span(fields);
            return {};
        }
        for (const JsonValue item : spans) {
            object record;
            if (item.get_object().get(record) == simdjson::SUCCESS) TRY(reader_.span(record));
        }
        return {};
    }

    /// Reads an element that is large, broken or cut: its processes first, then its spans.
    Status apart(const JsonElement& element)
    {
        const JsonHollow hollow = hollow_json(element.text, span_arrays);
        JsonValue document;
        object fields;
        const bool readable =
            parser_.parse(hollow.skeleton, 0, document) && document.get_object().get(fields) == simdjson::SUCCESS;
        if (hollow.arrays.empty()) {  // a single span, or nothing of use
            if (readable && element.complete) {
                place(element.line, parser_.mended());
                return trace_or_span(fields);
            }
            const bool recognisable = element.text.find("\"spanID\"") != std::string_view::npos;
            if (!recognisable)
                context_.note(element.line, element.complete ? "broken_json" : "truncated",
                              "a trace that cannot be read");
            else
                context_.drop(element.line, element.complete ? "broken_json" : "truncated",
                              "a span that cannot be read");
            return {};
        }
        if (readable) {
            reader_.begin_trace(fields);
        } else {
            context_.note(element.line, "broken_json", "the processes of these spans cannot be read");
            reader_.begin_unknown_trace();
        }
        const bool mended = readable && parser_.mended();
        records_.begin();
        for (const JsonHollow::Array& spans : hollow.arrays) {
            const std::int64_t line = element.line + std::count(element.text.data(), spans.items.data(), '\n');
            TRY(records_.read(
                spans.items, line,
                [&](std::int64_t where, bool record_mended) { place(where, mended || record_mended); },
                [&](object record) { return reader_.span(record); }));
        }
        if (!element.complete) {
            if (!reader_.has_processes())
                context_.note(element.line, "truncated", "the input ends before the names of the services");
            else if (!records_.dropped_truncated())
                context_.note(element.line, "truncated", "the input ends inside this trace; complete spans were kept");
        }
        return {};
    }

    ImportContext& context_;
    ParsedElements elements_;
    JaegerReader reader_;
    JsonParser parser_;
    JsonParser record_parser_;
    JsonRecords records_;
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
    .how = "Jaeger UI: a trace, then Trace JSON; or curl "
           "'http://JAEGER:16686/api/traces?service=NAME&lookback=1h&limit=1000'",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
