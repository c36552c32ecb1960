#pragma once

#include "analyzers/core/rows.h"
#include "analyzers/importers/support/attribute_list.h"
#include "analyzers/importers/support/json_values.h"
#include "analyzers/importers/support/span_builder.h"
#include "analyzers/importers/support/trace_ids.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace casebook {

/// Where a Zipkin span was recorded, or whom it called.
struct ZipkinEndpoint {
    std::string_view service, address;
    std::int64_t port = 0;

    bool empty() const { return service.empty() && address.empty(); }
    /// Equal for equal endpoints; 0 when empty.
    std::uint64_t hash() const;
};

struct ZipkinAnnotation {
    std::optional<std::uint64_t> at_us;
    std::string_view value;
};

/// One side of a call (or a local span) as Zipkin has it, from either version of its format.
struct ZipkinSpan {
    TraceId trace;
    IdForm trace_form = IdForm::missing;
    std::uint64_t id = 0;
    IdForm id_form = IdForm::missing;
    std::uint64_t parent = 0;
    IdForm parent_form = IdForm::missing;
    std::string_view name;
    SpanKind kind = SpanKind::internal;
    bool unknown_kind = false;
    bool shared = false;               ///< the server's half of a call, under the client's id
    std::optional<std::uint64_t> start_us, duration_us;
    bool negative_duration = false;
    bool time_unreadable = false;
    ZipkinEndpoint local, remote;
    std::vector<AttributeView> tags;
    std::vector<ZipkinAnnotation> annotations;

    void clear();
};

/// Reads a span object of version 2 (localEndpoint, kind, tags) or version 1 (annotations cs, sr, ... with endpoints,
/// binaryAnnotations) into one span, or into two when a version 1 span holds both halves of a call: the client's first.
/// Texts point into the DOM or `text`.
class ZipkinReader {
public:
    /// How many of spans() hold something: 0 when the object is no span.
    std::size_t read(simdjson::dom::object element);
    ZipkinSpan& span(std::size_t index) { return spans_[index]; }

private:
    struct Noted {
        std::optional<std::uint64_t> at_us;
        std::string_view value;
        ZipkinEndpoint endpoint;
        bool has_endpoint = false;
    };
    struct Binary {
        std::string_view key, value;
        ZipkinEndpoint endpoint;
    };

    bool read_time(const JsonValue& value, std::optional<std::uint64_t>& us);
    void read_annotations(const JsonValue& list);
    void read_binary_annotations(const JsonValue& list);
    std::size_t convert_version_1();
    const Noted* noted(std::string_view value) const;
    void set_tag(ZipkinSpan& span, std::string_view key, std::string_view value);

    ZipkinSpan spans_[2];
    AttributeList text_;
    std::vector<Noted> noted_;
    std::vector<Binary> binary_;
};

}  // namespace casebook
