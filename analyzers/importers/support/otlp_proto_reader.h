#pragma once

#include "analyzers/importers/support/otlp_sink.h"
#include "analyzers/importers/support/otlp_wire.h"

#include <string>
#include <string_view>

namespace casebook {

/// Decodes OTLP protobuf off the wire and hands it to a sink. One per import run.
class OtlpProtoReader {
public:
    OtlpProtoReader(ImportContext& context, OtlpSink& sink) : context_(context), sink_(sink) {}

    /// A resourceSpans, resourceMetrics or resourceLogs message; `complete` false when its end is missing. `offset` is
    /// where it stands in the input, for notes. Records that break off or are broken are counted as dropped.
    Status resource(std::string_view message, bool complete, std::int64_t offset);

private:
    Status scope(std::string_view message, OtlpSignal signal);
    Status span(std::string_view message);
    Status metric(std::string_view message, bool complete);
    Status point(std::string_view message, MetricKind kind);
    Status log(std::string_view message);
    bool resource_head(std::string_view message);
    void event(std::string_view message);
    void link(std::string_view message);
    void part_attribute(std::string_view message);
    void attribute(std::string_view message, AttributeList& into);
    void any_value(std::string_view key, std::string_view message, AttributeList& into);
    /// The text, noting when it may not be clean.
    std::string_view text(std::string_view bytes);
    void drop(bool complete, std::string_view what);

    ImportContext& context_;
    OtlpSink& sink_;
    std::int64_t offset_ = 0;
    std::string json_, bytes_;
    bool unclean_ = false;           // of the record at hand
    bool resource_unclean_ = false;
    bool dropped_truncated_ = false;
};

/// Appends an AnyValue message as plain JSON. No recursion.
void append_any_value(std::string& out, std::string_view message);

}  // namespace casebook
