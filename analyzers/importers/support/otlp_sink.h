#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/importers/support/attribute_list.h"
#include "analyzers/importers/support/otlp_metrics.h"
#include "analyzers/importers/support/span_builder.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace casebook {

/// A log record as either encoding gives it.
struct OtlpLog {
    std::uint64_t time_ns = 0;
    std::uint64_t observed_ns = 0;
    std::int64_t severity_number = 0;
    std::string_view severity_text;
    std::string_view body;        ///< text, or JSON of a body that is no string
    std::string_view event_name;
    std::int64_t line = 0;
};

/// Where the OTLP decoders (JSON and protobuf) deliver what they read. All decisions about rows are taken behind it,
/// so both encodings of the same data give the same rows. Views must live until the next begin_resource().
class OtlpSink {
public:
    explicit OtlpSink(ImportContext& context)
        : spans(context), metrics(context), context_(context), default_service_(context.default_service()) {}

    /// Then resource attributes go to resource_attributes, then end_resource().
    void begin_resource()
    {
        resource_attributes.clear();
        resource.clear();
        scope = {};
    }
    void end_resource(std::uint64_t dropped_attributes, std::int64_t line);

    /// How far the text of what follows can be trusted.
    void set_text(SpanBuilder::Text text)
    {
        spans.set_text(text);
        metrics.set_text(text);
        text_state_ = text;
    }
    /// One log record with its attributes in `log_attributes`.
    Status log(const OtlpLog& log);

    AttributeList resource_attributes;
    AttributeList log_attributes;
    SpanResource resource;
    std::string_view scope;  ///< name of the instrumentation scope at hand
    SpanBuilder spans;
    OtlpMetrics metrics;

private:
    ImportContext& context_;
    std::string default_service_;
    std::string text_;
    SpanBuilder::Text text_state_ = SpanBuilder::Text::clean;
};

}  // namespace casebook
