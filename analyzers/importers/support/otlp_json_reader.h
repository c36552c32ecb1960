#pragma once

#include "analyzers/importers/support/json_values.h"
#include "analyzers/importers/support/otlp_sink.h"

namespace casebook {

/// Decodes parsed OTLP JSON (camelCase or snake_case keys, enums as numbers or names, integers as numbers or text) and
/// hands it to a sink. One per import run.
class OtlpJsonReader {
public:
    explicit OtlpJsonReader(OtlpSink& sink) : sink_(sink) {}

    /// `line`: the one reported in notes on the records that follow.
    void set_line(std::int64_t line) { line_ = line; }

    /// A whole resourceSpans, resourceMetrics or resourceLogs element.
    Status resource(simdjson::dom::object element);
    /// The resource alone (also of an element whose arrays were taken out).
    void resource_head(simdjson::dom::object element);
    /// A scopeSpans, scopeMetrics or scopeLogs element within the resource read last.
    Status scope(simdjson::dom::object element);
    void scope_head(simdjson::dom::object element);
    /// Single records within the scope read last.
    Status span(simdjson::dom::object element);
    Status metric(simdjson::dom::object element);
    Status log(simdjson::dom::object element);
    /// The name, unit and kind of a metric, and then its points one by one.
    void metric_head(simdjson::dom::object element);
    Status point(simdjson::dom::object element);

private:
    Status array_of(const JsonValue& array, Status (OtlpJsonReader::*read)(simdjson::dom::object));
    void attributes(const JsonValue& list, AttributeList& into);
    void attribute(std::string_view key, const JsonValue& value, AttributeList& into);
    Status event(simdjson::dom::object element);
    Status link(simdjson::dom::object element);
    void part_attributes(const JsonValue& list);
    void time(const JsonValue& value, std::uint64_t& ns, bool& known);
    void point_number(const JsonValue& value, std::optional<double>& number);

    OtlpSink& sink_;
    std::int64_t line_ = 0;
    bool time_unreadable_ = false;
    std::string json_;
};

}  // namespace casebook
