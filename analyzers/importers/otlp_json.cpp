// OTLP in its JSON encoding: what the collector's file exporter writes (one request per line), what Tempo and Jaeger
// answer, pretty-printed files, arrays of requests. Traces, metrics and logs, in one file if need be:
// {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders-api"}}]},"scopeSpans":[{"scope":{"name":"@opentelemetry/instrumentation-pg"},"spans":[{"traceId":"a4f95123ed9ee177a52d79d8e753d95f","spanId":"c7af56d0f2970b0d","name":"pg.query:SELECT","kind":3,"startTimeUnixNano":"1795392405383000000","endTimeUnixNano":"1795392405386850917"}]}]}]}
// {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders-api"}}]},"scopeMetrics":[{"metrics":[{"name":"db.client.connection.pending_requests","unit":"{request}","sum":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1795392406319000000","asInt":"13"}]}}]}]}]}

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/json_hollow.h"
#include "analyzers/importers/support/json_peek.h"
#include "analyzers/importers/support/json_records.h"
#include "analyzers/importers/support/otlp_json_reader.h"
#include "analyzers/importers/support/parsed_elements.h"

#include <algorithm>
#include <array>

namespace casebook::importers {
namespace {

using namespace std::string_view_literals;
using simdjson::dom::object;

constexpr std::array resource_arrays{"resourceSpans"sv, "resource_spans"sv, "batches"sv, "resourceMetrics"sv,
                                     "resource_metrics"sv, "resourceLogs"sv, "resource_logs"sv};
constexpr std::array envelopes{"trace"sv, "result"sv, "data"sv};  // Tempo v2, Jaeger's api_v3
constexpr std::array scope_arrays{"scopeSpans"sv, "scope_spans"sv, "scopeMetrics"sv, "scope_metrics"sv, "scopeLogs"sv,
                                  "scope_logs"sv, "instrumentationLibrarySpans"sv, "instrumentation_library_spans"sv,
                                  "instrumentationLibraryMetrics"sv, "instrumentationLibraryLogs"sv};
constexpr std::array record_arrays{"spans"sv, "metrics"sv, "logRecords"sv, "log_records"sv, "logs"sv};
constexpr std::array point_arrays{"dataPoints"sv, "data_points"sv};
constexpr std::array metric_kinds{
    "gauge"sv, "sum"sv, "histogram"sv, "exponentialHistogram"sv, "exponential_histogram"sv, "summary"sv};
constexpr ElementRules rules{.arrays = resource_arrays, .inside = envelopes, .whole = scope_arrays};

int sniff(const Probe& probe)
{
    const JsonPeek peek(probe.head);
    if (!peek.is_json()) return 0;
    for (const std::string_view key : resource_arrays) {
        // "batches" alone is a common word: the next level has to fit.
        if (!peek.has(key, 4, '[')) continue;
        if (key != "batches" || peek.has("resource", 6) || peek.has("scopeSpans", 6) ||
            peek.has("instrumentationLibrarySpans", 6))
            return 95;
    }
    for (const std::string_view key : scope_arrays)
        if (peek.has(key, 2, '[')) return 90;  // resource spans without their envelope
    return 0;
}

/// One run over one input.
class Run {
public:
    Run(Source& source, ImportContext& context)
        : context_(context), elements_(source, rules, context), sink_(context), reader_(sink_),
          records_(context, record_parser_)
    {
    }

    Status all()
    {
        for (;;) {
            TRY_ASSIGN(const ParsedElement* element, elements_.next());
            if (element == nullptr) break;
            TRY(one(*element));
        }
        const JsonElements& input = elements_.input();
        if (input.nothing_fits())
            return fail(Error::Code::notUnderstood, "there is no OTLP data in this JSON",
                        "resourceSpans, resourceMetrics or resourceLogs are looked for");
        if (input.foreign_documents() > 0 && input.foreign_documents() < input.documents())
            context_.note(0, "ignored_document", "JSON documents that hold no OTLP data");
        return {};
    }

private:
    Status one(const ParsedElement& element)
    {
        if (element.too_large) {
            context_.drop(element.line, "too_large", "a resource larger than 512 MiB in a compressed or piped input");
            return {};
        }
        suspicious_ = element.escaped_nul;
        place(element.line, false);
        return element.fields ? reader_.resource(*element.fields) : apart(element);
    }

    void place(std::int64_t line, bool mended)
    {
        reader_.set_line(line);
        const auto text = mended ? SpanBuilder::Text::mended
                          : suspicious_ ? SpanBuilder::Text::unknown : SpanBuilder::Text::clean;
        sink_.set_text(text);
    }

    /// Reads an element that is large, broken or cut: resource, scopes and records one after the other.
    Status apart(const JsonElement& element)
    {
        const JsonHollow hollow = hollow_json(element.text, scope_arrays);
        JsonValue document;
        object fields;
        if (parser_.parse(hollow.skeleton, 0, document) && document.get_object().get(fields) == simdjson::SUCCESS) {
            resource_mended_ = parser_.mended();
            place(element.line, resource_mended_);
            reader_.resource_head(fields);
        } else {
            context_.note(element.line, "broken_json", "the resource of these records cannot be read");
            sink_.begin_resource();
            sink_.end_resource(0, element.line);
        }
        records_.begin();
        for (const JsonHollow::Array& scopes : hollow.arrays) {
            JsonItems items(scopes.items);
            for (JsonItems::Item scope; items.next(scope);)
                if (scope.is_object) TRY(scope_apart(scope, line_of(element, scope.text)));
        }
        if (!element.complete && !records_.dropped_truncated())
            context_.note(element.line, "truncated", "the input ends inside this resource; complete records were kept");
        return {};
    }

    static std::int64_t line_of(const JsonElement& element, std::string_view part)
    {
        return element.line + std::count(element.text.data(), part.data(), '\n');
    }

    Status scope_apart(const JsonItems::Item& scope, std::int64_t line)
    {
        JsonValue document;
        object fields;
        if (scope.complete && scope.text.size() <= batch_bytes &&
            scope_parser_.parse_strictly(scope.text, 0, document) &&
            document.get_object().get(fields) == simdjson::SUCCESS) {
            place(line, resource_mended_);
            return reader_.scope(fields);
        }
        const JsonHollow hollow = hollow_json(scope.text, record_arrays);
        sink_.scope = {};
        if (scope_parser_.parse(hollow.skeleton, 0, document) && document.get_object().get(fields) == simdjson::SUCCESS)
            reader_.scope_head(fields);
        const bool mended = resource_mended_ || scope_parser_.mended();
        const auto at = [&](std::int64_t where, bool record_mended) { place(where, record_mended || mended); };
        for (const JsonHollow::Array& array : hollow.arrays) {
            const std::int64_t first = line + std::count(scope.text.data(), array.items.data(), '\n');
            if (array.key == "spans") {
                TRY(records_.read(array.items, first, at, [&](object record) { return reader_.span(record); }));
            } else if (array.key == "metrics") {
                TRY(records_.read(
                    array.items, first, at, [&](object record) { return reader_.metric(record); },
                    [&](std::string_view metric, bool complete, std::int64_t where) {
                        return metric_apart(metric, complete, where);
                    }));
            } else {
                TRY(records_.read(array.items, first, at, [&](object record) { return reader_.log(record); }));
            }
        }
        return {};
    }

    Result<bool> metric_apart(std::string_view metric, bool complete, std::int64_t line)
    {
        const JsonHollow hollow = hollow_json(metric, point_arrays, metric_kinds);
        JsonValue document;
        object fields;
        if (hollow.arrays.empty() || !scope_parser_.parse(hollow.skeleton, 0, document) ||
            document.get_object().get(fields) != simdjson::SUCCESS)
            return false;
        place(line, scope_parser_.mended());
        reader_.metric_head(fields);
        JsonParser point_parser;
        JsonRecords points(context_, point_parser);
        const auto at = [&](std::int64_t where, bool mended) { place(where, mended); };
        for (const JsonHollow::Array& array : hollow.arrays)
            TRY(points.read(array.items, line, at, [&](object record) { return reader_.point(record); }));
        if (!complete && !points.dropped_truncated())
            context_.note(line, "truncated", "the input ends inside this metric; complete points were kept");
        return true;
    }

    ImportContext& context_;
    ParsedElements elements_;
    OtlpSink sink_;
    OtlpJsonReader reader_;
    JsonParser parser_;         // the resource of an element taken apart
    JsonParser scope_parser_;   // its texts live while records of the scope are read
    JsonParser record_parser_;
    JsonRecords records_;
    bool suspicious_ = false;
    bool resource_mended_ = false;
};

Status read(Source& source, ImportContext& context)
{
    return Run(source, context).all();
}

}  // namespace

extern const Importer otlp_json;
const Importer otlp_json{
    .id = "otlp_json",
    .title = "OpenTelemetry traces, metrics and logs (OTLP JSON)",
    .brings = "span metric log_line",
    .how = "OpenTelemetry Collector: file exporter (format: json), or Tempo: curl "
           "'http://TEMPO:3200/api/v2/traces/TRACE_ID'",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
