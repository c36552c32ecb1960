// The metric part of OtlpProtoReader.

#include "analyzers/importers/support/otlp_proto_reader.h"

#include <protozero/types.hpp>

namespace casebook {
namespace {

bool kind_of(std::uint32_t field, MetricKind& kind)
{
    switch (field) {
    case 5: kind = MetricKind::gauge; return true;
    case 7: kind = MetricKind::sum; return true;
    case 9: kind = MetricKind::histogram; return true;
    case 10: kind = MetricKind::exponential_histogram; return true;
    case 11: kind = MetricKind::summary; return true;
    default: return false;
    }
}

double as_double(std::uint64_t bits)
{
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/// Repeated 64-bit values, packed or one by one.
template <class Add>
void each_fixed64(const WireField& field, Add add)
{
    if (field.is_fixed64()) add(field.value);
    if (!field.is_bytes()) return;
    for (std::size_t at = 0; at + 8 <= field.bytes.size(); at += 8) {
        std::uint64_t bits = 0;
        for (std::size_t i = 8; i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(field.bytes[at + i]);
        add(bits);
    }
}

/// Buckets of one side of an exponential histogram: 1 = offset, 2 = counts.
bool side_of(std::string_view message, std::int64_t& offset, std::vector<std::uint64_t>& counts)
{
    WireWalk walk(message);
    WireField field;
    while (walk.next(field)) {
        if (field.number == 1 && field.is_varint()) {
            offset = protozero::decode_zigzag32(static_cast<std::uint32_t>(field.value));
        } else if (field.number == 2 && field.is_varint()) {
            counts.push_back(field.value);
        } else if (field.number == 2 && field.is_bytes()) {
            const char* at = field.bytes.data();
            const char* const end = at + field.bytes.size();
            try {
                while (at != end) counts.push_back(protozero::decode_varint(&at, end));
            } catch (const protozero::exception&) {
                return false;
            }
        }
    }
    return !walk.broken();
}

}  // namespace

Status OtlpProtoReader::metric(std::string_view message, bool complete)
{
    std::string_view name;
    std::string_view unit;
    std::string_view data;
    bool data_complete = true;
    MetricKind kind = MetricKind::gauge;
    bool has_data = false;
    WireWalk walk(message);
    WireField field;
    while (walk.next(field)) {
        if (!field.is_bytes()) continue;
        if (field.number == 1) name = field.bytes;
        else if (field.number == 3) unit = field.bytes;
        else if (kind_of(field.number, kind)) {
            data = field.bytes;
            data_complete = field.complete;
            has_data = true;
        }
    }
    if (!has_data) {
        if (!complete) drop(false, {});
        return {};
    }
    std::int64_t temporality = 0;
    WireWalk head(data);
    while (head.next(field))
        if (field.number == 2 && field.is_varint()) temporality = static_cast<std::int64_t>(field.value);
    // Text is looked at string by string: metrics are few.
    sink_.metrics.set_text(SpanBuilder::Text::unknown);
    sink_.metrics.begin_metric(name, unit, kind, temporality);
    WireWalk points(data);
    while (points.next(field)) {
        if (field.number != 1 || !field.is_bytes()) continue;
        if (field.complete) TRY(point(field.bytes, kind));
        else drop(data_complete, "the bytes of a point are no protobuf");
    }
    return {};
}

Status OtlpProtoReader::point(std::string_view message, MetricKind kind)
{
    OtlpPoint& point = sink_.metrics.draft();
    point.line = offset_;
    const bool number = kind == MetricKind::gauge || kind == MetricKind::sum;
    const bool histogram = kind == MetricKind::histogram;
    const bool exponential = kind == MetricKind::exponential_histogram;
    // Where each kind keeps its attributes and flags (opentelemetry-proto, metrics.proto).
    const std::uint32_t attributes_at = histogram ? 9 : exponential ? 1 : 7;
    const std::uint32_t flags_at = histogram || exponential ? 10 : 8;
    WireWalk walk(message);
    WireField field;
    bool good = true;
    while (walk.next(field)) {
        if (field.number == attributes_at && field.is_bytes()) {
            attribute(field.bytes, sink_.metrics.labels());
            continue;
        }
        if (field.number == flags_at && field.is_varint()) {
            point.no_value = (field.value & 1) != 0;
            continue;
        }
        if (field.number == 3 && field.is_fixed64()) {
            point.time_ns = field.value;
            continue;
        }
        if (number) {
            if (field.number == 4 && field.is_fixed64()) point.value = field.real();
            if (field.number == 6 && field.is_fixed64())
                point.value = static_cast<double>(static_cast<std::int64_t>(field.value));
            continue;
        }
        if (field.number == 4 && field.is_fixed64()) point.count = field.value;
        if (field.number == 5 && field.is_fixed64()) point.sum = field.real();
        if (histogram) {
            if (field.number == 6) each_fixed64(field, [&](std::uint64_t bits) { point.buckets.push_back(bits); });
            if (field.number == 7)
                each_fixed64(field, [&](std::uint64_t bits) { point.bounds.push_back(as_double(bits)); });
            if (field.number == 11 && field.is_fixed64()) point.min = field.real();
            if (field.number == 12 && field.is_fixed64()) point.max = field.real();
        } else if (exponential) {
            if (field.number == 6 && field.is_varint())
                point.scale = protozero::decode_zigzag32(static_cast<std::uint32_t>(field.value));
            if (field.number == 7 && field.is_fixed64()) point.zero_count = field.value;
            if (field.number == 8 && field.is_bytes())
                good &= side_of(field.bytes, point.positive_offset, point.positive);
            if (field.number == 9 && field.is_bytes())
                good &= side_of(field.bytes, point.negative_offset, point.negative);
            if (field.number == 12 && field.is_fixed64()) point.min = field.real();
            if (field.number == 13 && field.is_fixed64()) point.max = field.real();
            if (field.number == 14 && field.is_fixed64()) point.zero_threshold = field.real();
        } else if (field.number == 6 && field.is_bytes()) {  // summary
            WireWalk pair(field.bytes);
            WireField part;
            double quantile = 0;
            double value = 0;
            while (pair.next(part)) {
                if (part.number == 1 && part.is_fixed64()) quantile = part.real();
                if (part.number == 2 && part.is_fixed64()) value = part.real();
            }
            point.quantiles.emplace_back(quantile, value);
        }
    }
    if (!good || walk.broken()) point.malformed = true;
    return sink_.metrics.point(sink_.resource);
}

}  // namespace casebook
