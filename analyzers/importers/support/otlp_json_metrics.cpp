// The metric part of OtlpJsonReader.

#include "analyzers/importers/support/otlp_json_reader.h"

#include <limits>

namespace casebook {
namespace {

using simdjson::dom::array;
using simdjson::dom::object;

bool is(std::string_view key, std::string_view camel, std::string_view snake)
{
    return key == camel || key == snake;
}

bool kind_of(std::string_view key, MetricKind& kind)
{
    if (key == "gauge") kind = MetricKind::gauge;
    else if (key == "sum") kind = MetricKind::sum;
    else if (key == "histogram") kind = MetricKind::histogram;
    else if (is(key, "exponentialHistogram", "exponential_histogram")) kind = MetricKind::exponential_histogram;
    else if (key == "summary") kind = MetricKind::summary;
    else return false;
    return true;
}

std::int64_t temporality_of(const JsonValue& value)
{
    if (const auto number = json_int(value)) return *number;
    const std::string_view name = json_text(value);
    if (name.ends_with("DELTA") || name.ends_with("delta")) return 1;
    return name.ends_with("CUMULATIVE") || name.ends_with("cumulative") ? 2 : 0;
}

/// Bucket counts; false when one is no count.
bool counts_of(const JsonValue& list, std::vector<std::uint64_t>& counts)
{
    array items;
    if (list.get_array().get(items) != simdjson::SUCCESS) return list.is_null();
    for (const JsonValue item : items) {
        const auto count = json_unsigned(item);
        if (!count) return false;
        counts.push_back(*count);
    }
    return true;
}

bool numbers_of(const JsonValue& list, std::vector<double>& numbers)
{
    array items;
    if (list.get_array().get(items) != simdjson::SUCCESS) return list.is_null();
    for (const JsonValue item : items) {
        const auto number = json_double(item);
        if (!number) return false;
        numbers.push_back(*number);
    }
    return true;
}

/// Offset and counts of one side of an exponential histogram.
bool side_of(const JsonValue& value, std::int64_t& offset, std::vector<std::uint64_t>& counts)
{
    object fields;
    if (value.get_object().get(fields) != simdjson::SUCCESS) return value.is_null();
    bool good = true;
    for (const auto field : fields) {
        if (field.key == "offset") {
            offset = json_int(field.value).value_or(0);
            good &= offset >= std::numeric_limits<std::int32_t>::min() &&
                    offset <= std::numeric_limits<std::int32_t>::max();
        } else if (is(field.key, "bucketCounts", "bucket_counts")) {
            good &= counts_of(field.value, counts);
        }
    }
    return good;
}

}  // namespace

void OtlpJsonReader::metric_head(object element)
{
    std::string_view name;
    std::string_view unit;
    MetricKind kind = MetricKind::gauge;
    std::int64_t temporality = 0;
    for (const auto field : element) {
        if (field.key == "name") name = json_text(field.value);
        else if (field.key == "unit") unit = json_text(field.value);
        else if (kind_of(field.key, kind)) {
            object data;
            if (field.value.get_object().get(data) != simdjson::SUCCESS) continue;
            for (const auto part : data)
                if (is(part.key, "aggregationTemporality", "aggregation_temporality"))
                    temporality = temporality_of(part.value);
        }
    }
    sink_.metrics.begin_metric(name, unit, kind, temporality);
}

Status OtlpJsonReader::metric(object element)
{
    metric_head(element);
    for (const auto field : element) {
        MetricKind kind{};
        object data;
        if (!kind_of(field.key, kind) || field.value.get_object().get(data) != simdjson::SUCCESS) continue;
        for (const auto part : data)
            if (is(part.key, "dataPoints", "data_points")) TRY(array_of(part.value, &OtlpJsonReader::point));
    }
    return {};
}

void OtlpJsonReader::point_number(const JsonValue& value, std::optional<double>& number)
{
    if (value.is_null()) return;
    number = json_double(value);
    if (!number) sink_.metrics.draft().malformed = true;
}

Status OtlpJsonReader::point(object element)
{
    OtlpPoint& point = sink_.metrics.draft();
    point.line = line_;
    time_unreadable_ = false;
    bool good = true;
    for (const auto field : element) {
        const std::string_view key = field.key;
        const JsonValue& value = field.value;
        bool known = false;
        if (key == "attributes") {
            attributes(value, sink_.metrics.labels());
        } else if (is(key, "timeUnixNano", "time_unix_nano")) {
            time(value, point.time_ns, known);
        } else if (is(key, "asDouble", "as_double") || is(key, "asInt", "as_int")) {
            point_number(value, point.value);
        } else if (key == "flags") {
            point.no_value = (json_unsigned(value).value_or(0) & 1) != 0;  // FLAG_NO_RECORDED_VALUE
        } else if (key == "count") {
            point.count = json_unsigned(value);
            good &= point.count.has_value();
        } else if (key == "sum") {
            point_number(value, point.sum);
        } else if (key == "min") {
            point_number(value, point.min);
        } else if (key == "max") {
            point_number(value, point.max);
        } else if (is(key, "bucketCounts", "bucket_counts")) {
            good &= counts_of(value, point.buckets);
        } else if (is(key, "explicitBounds", "explicit_bounds")) {
            good &= numbers_of(value, point.bounds);
        } else if (key == "scale") {
            point.scale = json_int(value).value_or(0);
        } else if (is(key, "zeroCount", "zero_count")) {
            point.zero_count = json_unsigned(value).value_or(0);
        } else if (is(key, "zeroThreshold", "zero_threshold")) {
            point.zero_threshold = json_double(value).value_or(0);
        } else if (key == "positive") {
            good &= side_of(value, point.positive_offset, point.positive);
        } else if (key == "negative") {
            good &= side_of(value, point.negative_offset, point.negative);
        } else if (is(key, "quantileValues", "quantile_values")) {
            array items;
            if (value.get_array().get(items) != simdjson::SUCCESS) continue;
            for (const JsonValue item : items) {
                JsonValue quantile;
                JsonValue at;
                // Absent means 0, as everywhere in protobuf's JSON.
                const double q =
                    item["quantile"].get(quantile) == simdjson::SUCCESS ? json_double(quantile).value_or(0) : 0;
                const double v = item["value"].get(at) == simdjson::SUCCESS ? json_double(at).value_or(0) : 0;
                point.quantiles.emplace_back(q, v);
            }
        }
    }
    if (!good) point.malformed = true;
    return sink_.metrics.point(sink_.resource);
}

}  // namespace casebook
