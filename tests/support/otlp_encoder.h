#pragma once

#include "analyzers/importers/support/trace_ids.h"

#include <protozero/pbf_writer.hpp>
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace casebook::tests {

/// Encodes an OTLP JSON request (camelCase keys, hex ids) as OTLP protobuf, field by field after opentelemetry-proto, so
/// that both importers can be given the same data. For tests: what it does not know it leaves out.
class OtlpEncoder {
public:
    static std::string encode(std::string_view json)
    {
        simdjson::dom::parser parser;
        const simdjson::padded_string text{json};
        return OtlpEncoder().request(parser.parse(text).value());
    }

    /// With the big-endian length of the collector's file exporter before it.
    static std::string framed(const std::string& message)
    {
        std::string out;
        for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(message.size() >> shift & 0xff);
        return out + message;
    }

private:
    using Value = simdjson::dom::element;
    using Writer = protozero::pbf_writer;

    static std::uint64_t whole(const Value& value)
    {
        if (value.is_string()) return std::stoull(std::string(value.get_string().value()));
        if (value.is_int64()) return static_cast<std::uint64_t>(value.get_int64().value());
        return value.is_uint64() ? value.get_uint64().value() : static_cast<std::uint64_t>(value.get_double().value());
    }
    static std::int64_t integer(const Value& value)
    {
        return value.is_string() ? std::stoll(std::string(value.get_string().value())) : value.get_int64().value();
    }
    static double real(const Value& value)
    {
        return value.is_string() ? std::stod(std::string(value.get_string().value())) : value.get_double().value();
    }
    static std::string text(const Value& value) { return std::string(value.get_string().value()); }
    static std::string bytes_of_hex(const Value& value)
    {
        const std::string hex = text(value);
        std::string out;
        for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
        return out;
    }

    template <class Each>
    static void each(const Value& list, Each use)
    {
        for (const Value item : list.get_array()) use(item);
    }
    template <class Fill>
    static void message(Writer& out, std::uint32_t field, Fill fill)
    {
        std::string inner;
        Writer writer(inner);
        fill(writer);
        out.add_message(field, inner);
    }

    void any_value(Writer& out, const Value& value)
    {
        for (const auto field : value.get_object()) {
            if (field.key == "stringValue") out.add_string(1, text(field.value));
            else if (field.key == "boolValue") out.add_bool(2, field.value.get_bool().value());
            else if (field.key == "intValue") out.add_int64(3, integer(field.value));
            else if (field.key == "doubleValue") out.add_double(4, real(field.value));
            else if (field.key == "arrayValue")
                message(out, 5, [&](Writer& list) {
                    each(field.value["values"].value(), [&](const Value& item) { message(list, 1, [&](Writer& w) { any_value(w, item); }); });
                });
            else if (field.key == "kvlistValue")
                message(out, 6, [&](Writer& list) { attributes(list, 1, field.value["values"].value()); });
            else if (field.key == "bytesValue") {
                std::string bytes;
                decode_base64(text(field.value), bytes);
                out.add_bytes(7, bytes);
            }
        }
    }

    void attributes(Writer& out, std::uint32_t number, const Value& list)
    {
        each(list, [&](const Value& entry) {
            message(out, number, [&](Writer& pair) {
                pair.add_string(1, text(entry["key"].value()));
                message(pair, 2, [&](Writer& any) { any_value(any, entry["value"].value()); });
            });
        });
    }

    void span(Writer& out, const Value& value)
    {
        for (const auto field : value.get_object()) {
            const std::string_view key = field.key;
            if (key == "traceId") out.add_bytes(1, bytes_of_hex(field.value));
            else if (key == "spanId") out.add_bytes(2, bytes_of_hex(field.value));
            else if (key == "parentSpanId") out.add_bytes(4, bytes_of_hex(field.value));
            else if (key == "name") out.add_string(5, text(field.value));
            else if (key == "kind") out.add_enum(6, static_cast<std::int32_t>(integer(field.value)));
            else if (key == "startTimeUnixNano") out.add_fixed64(7, whole(field.value));
            else if (key == "endTimeUnixNano") out.add_fixed64(8, whole(field.value));
            else if (key == "attributes") attributes(out, 9, field.value);
            else if (key == "droppedAttributesCount") out.add_uint32(10, static_cast<std::uint32_t>(whole(field.value)));
            else if (key == "events")
                each(field.value, [&](const Value& event) {
                    message(out, 11, [&](Writer& w) {
                        for (const auto part : event.get_object()) {
                            if (part.key == "timeUnixNano") w.add_fixed64(1, whole(part.value));
                            else if (part.key == "name") w.add_string(2, text(part.value));
                            else if (part.key == "attributes") attributes(w, 3, part.value);
                        }
                    });
                });
            else if (key == "droppedEventsCount") out.add_uint32(12, static_cast<std::uint32_t>(whole(field.value)));
            else if (key == "links")
                each(field.value, [&](const Value& link) {
                    message(out, 13, [&](Writer& w) {
                        for (const auto part : link.get_object()) {
                            if (part.key == "traceId") w.add_bytes(1, bytes_of_hex(part.value));
                            else if (part.key == "spanId") w.add_bytes(2, bytes_of_hex(part.value));
                            else if (part.key == "attributes") attributes(w, 4, part.value);
                        }
                    });
                });
            else if (key == "status")
                message(out, 15, [&](Writer& w) {
                    for (const auto part : field.value.get_object()) {
                        if (part.key == "message") w.add_string(2, text(part.value));
                        else if (part.key == "code") w.add_enum(3, static_cast<std::int32_t>(integer(part.value)));
                    }
                });
        }
    }

    void log(Writer& out, const Value& value)
    {
        for (const auto field : value.get_object()) {
            if (field.key == "timeUnixNano") out.add_fixed64(1, whole(field.value));
            else if (field.key == "severityNumber") out.add_enum(2, static_cast<std::int32_t>(integer(field.value)));
            else if (field.key == "severityText") out.add_string(3, text(field.value));
            else if (field.key == "body") message(out, 5, [&](Writer& w) { any_value(w, field.value); });
            else if (field.key == "attributes") attributes(out, 6, field.value);
            else if (field.key == "observedTimeUnixNano") out.add_fixed64(11, whole(field.value));
            else if (field.key == "eventName") out.add_string(12, text(field.value));
        }
    }

    /// `kind` is the field of the metric the point belongs to: 5 gauge, 7 sum, 9 histogram, 10 exponential, 11 summary.
    void point(Writer& out, const Value& value, int kind)
    {
        const auto side = [&](std::uint32_t number, const Value& buckets) {
            message(out, number, [&](Writer& w) {
                if (Value offset; !buckets["offset"].get(offset)) w.add_sint32(1, static_cast<std::int32_t>(integer(offset)));
                std::vector<std::uint64_t> counts;
                if (Value list; !buckets["bucketCounts"].get(list)) each(list, [&](const Value& item) { counts.push_back(whole(item)); });
                w.add_packed_uint64(2, counts.begin(), counts.end());
            });
        };
        for (const auto field : value.get_object()) {
            const std::string_view key = field.key;
            if (key == "attributes") attributes(out, kind == 9 ? 9 : kind == 10 ? 1 : 7, field.value);
            else if (key == "startTimeUnixNano") out.add_fixed64(2, whole(field.value));
            else if (key == "timeUnixNano") out.add_fixed64(3, whole(field.value));
            else if (key == "asDouble") out.add_double(4, real(field.value));
            else if (key == "asInt") out.add_sfixed64(6, integer(field.value));
            else if (key == "flags") out.add_uint32(kind == 9 || kind == 10 ? 10 : 8, static_cast<std::uint32_t>(whole(field.value)));
            else if (key == "count") out.add_fixed64(4, whole(field.value));
            else if (key == "sum") out.add_double(5, real(field.value));
            else if (key == "min") out.add_double(kind == 9 ? 11 : 12, real(field.value));
            else if (key == "max") out.add_double(kind == 9 ? 12 : 13, real(field.value));
            else if (key == "bucketCounts") {
                std::vector<std::uint64_t> counts;
                each(field.value, [&](const Value& item) { counts.push_back(whole(item)); });
                out.add_packed_fixed64(6, counts.begin(), counts.end());
            } else if (key == "explicitBounds") {
                std::vector<double> bounds;
                each(field.value, [&](const Value& item) { bounds.push_back(real(item)); });
                out.add_packed_double(7, bounds.begin(), bounds.end());
            } else if (key == "scale") out.add_sint32(6, static_cast<std::int32_t>(integer(field.value)));
            else if (key == "zeroCount") out.add_fixed64(7, whole(field.value));
            else if (key == "positive") side(8, field.value);
            else if (key == "negative") side(9, field.value);
            else if (key == "zeroThreshold") out.add_double(14, real(field.value));
            else if (key == "quantileValues")
                each(field.value, [&](const Value& item) {
                    message(out, 6, [&](Writer& w) {
                        w.add_double(1, real(item["quantile"].value()));
                        w.add_double(2, real(item["value"].value()));
                    });
                });
        }
    }

    void metric(Writer& out, const Value& value)
    {
        for (const auto field : value.get_object()) {
            const std::string_view key = field.key;
            const int kind = key == "gauge" ? 5 : key == "sum" ? 7 : key == "histogram" ? 9 : key == "exponentialHistogram" ? 10 : key == "summary" ? 11 : 0;
            if (key == "name") out.add_string(1, text(field.value));
            else if (key == "description") out.add_string(2, text(field.value));
            else if (key == "unit") out.add_string(3, text(field.value));
            else if (kind != 0)
                message(out, static_cast<std::uint32_t>(kind), [&](Writer& w) {
                    for (const auto part : field.value.get_object()) {
                        if (part.key == "dataPoints") each(part.value, [&](const Value& item) { message(w, 1, [&](Writer& p) { point(p, item, kind); }); });
                        else if (part.key == "aggregationTemporality") w.add_enum(2, static_cast<std::int32_t>(integer(part.value)));
                        else if (part.key == "isMonotonic") w.add_bool(3, part.value.get_bool().value());
                    }
                });
        }
    }

    void scope(Writer& out, const Value& value)
    {
        for (const auto field : value.get_object()) {
            if (field.key == "scope")
                message(out, 1, [&](Writer& w) {
                    if (Value name; !field.value["name"].get(name)) w.add_string(1, text(name));
                    if (Value version; !field.value["version"].get(version)) w.add_string(2, text(version));
                });
            else if (field.key == "spans") each(field.value, [&](const Value& item) { message(out, 2, [&](Writer& w) { span(w, item); }); });
            else if (field.key == "metrics") each(field.value, [&](const Value& item) { message(out, 2, [&](Writer& w) { metric(w, item); }); });
            else if (field.key == "logRecords") each(field.value, [&](const Value& item) { message(out, 2, [&](Writer& w) { log(w, item); }); });
        }
    }

    std::string request(const Value& document)
    {
        std::string out;
        Writer writer(out);
        for (const auto array : document.get_object())
            each(array.value, [&](const Value& element) {
                message(writer, 1, [&](Writer& w) {
                    for (const auto field : element.get_object()) {
                        if (field.key == "resource")
                            message(w, 1, [&](Writer& r) {
                                if (Value list; !field.value["attributes"].get(list)) attributes(r, 1, list);
                                if (Value count; !field.value["droppedAttributesCount"].get(count)) r.add_uint32(2, static_cast<std::uint32_t>(whole(count)));
                            });
                        else if (field.key == "scopeSpans" || field.key == "scopeMetrics" || field.key == "scopeLogs")
                            each(field.value, [&](const Value& item) { message(w, 2, [&](Writer& s) { scope(s, item); }); });
                    }
                });
            });
        return out;
    }
};

}  // namespace casebook::tests
