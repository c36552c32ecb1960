#pragma once

#include "analyzers/importers/support/span_builder.h"

#include <cstdint>
#include <string_view>

namespace casebook {

/// What the formats before OTLP keep in tags and OTLP in fields: kind, status, scope, dropped counts. Jaeger's and
/// Zipkin's importers pass every tag through here, so that a span gives the same row in each encoding. The names are
/// those of the OpenTelemetry specification, "mapping to non-OTLP formats", and of OpenTracing.
class TraceTags {
public:
    void begin()
    {
        scope = {};
        status_given_ = error_ = false;
    }
    /// True when the tag became a field of `draft` or says nothing worth keeping; false: it is an attribute.
    bool take(std::string_view key, std::string_view value, SpanDraft& draft);
    /// After the last tag: settles the status.
    void finish(SpanDraft& draft) const;

    std::string_view scope;  ///< otel.scope.name

private:
    bool status_given_ = false;
    bool error_ = false;
};

/// Microseconds as nanoseconds; the largest number when that does not fit, which is out of range for a time.
std::uint64_t from_micros(std::uint64_t micros);

}  // namespace casebook
