#include "tests/simulate/telemetry.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>

namespace casebook::simulate {
namespace {

constexpr std::array bounds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0};  // seconds, semantic conventions
constexpr Nanoseconds batch_ns = 5'000'000'000;

void write(JsonWriter& json, const Attributes& attributes)
{
    json.begin_array();
    for (const auto& [key, value] : attributes) {
        json.begin_object().key("key").value(key).key("value").begin_object();
        if (const auto* text = std::get_if<std::string>(&value)) json.key("stringValue").value(*text);
        else if (const auto* number = std::get_if<std::int64_t>(&value)) json.key("intValue").value(std::to_string(*number));
        else json.key("boolValue").value(std::get<bool>(value));
        json.end_object().end_object();
    }
    json.end_array();
}

void write(JsonWriter& json, const Resource& resource)
{
    json.key("resource").begin_object().key("attributes");
    write(json, Attributes{{"service.name", resource.service}, {"service.version", resource.version}, {"service.instance.id", resource.instance}});
    json.end_object();
}

std::string key_of(const Attributes& attributes)
{
    JsonWriter json;
    write(json, attributes);
    return json.take();
}

}  // namespace

Meter::Point& Meter::point(const std::string& name, Kind kind, const std::string& unit, Attributes attributes)
{
    Instrument& instrument = instruments_.try_emplace(name, Instrument{kind, unit, {}}).first->second;
    Point& found = instrument.points[key_of(attributes)];
    found.attributes = std::move(attributes);
    return found;
}

void Meter::add(const std::string& name, const std::string& unit, double more, Attributes attributes)
{
    point(name, Kind::counter, unit, std::move(attributes)).value += more;
}

void Meter::set(const std::string& name, const std::string& unit, double value, Attributes attributes)
{
    point(name, Kind::gauge, unit, std::move(attributes)).value = value;
}

void Meter::record(const std::string& name, const std::string& unit, double value, Attributes attributes)
{
    Point& found = point(name, Kind::histogram, unit, std::move(attributes));
    const double scale = unit == "ms" ? 1000 : 1;
    found.buckets.resize(bounds.size() + 1);
    std::size_t bucket = 0;
    while (bucket < bounds.size() && value > bounds[bucket] * scale) ++bucket;
    ++found.buckets[bucket];
    ++found.count;
    found.value += value;
}

std::string Meter::sample(Nanoseconds start, Nanoseconds now) const
{
    if (instruments_.empty()) return {};
    JsonWriter json;
    json.begin_object().key("resourceMetrics").begin_array().begin_object();
    write(json, resource_);
    json.key("scopeMetrics").begin_array().begin_object().key("scope").begin_object().key("name").value("simulated").end_object();
    json.key("metrics").begin_array();
    for (const auto& [name, instrument] : instruments_) {
        json.begin_object().key("name").value(name).key("unit").value(instrument.unit);
        json.key(instrument.kind == Kind::counter ? "sum" : instrument.kind == Kind::gauge ? "gauge" : "histogram").begin_object();
        if (instrument.kind != Kind::gauge) json.key("aggregationTemporality").value(2);
        if (instrument.kind == Kind::counter) json.key("isMonotonic").value(true);
        json.key("dataPoints").begin_array();
        for (const auto& [key, point] : instrument.points) {
            json.begin_object().key("attributes");
            write(json, point.attributes);
            json.key("startTimeUnixNano").value(std::to_string(start)).key("timeUnixNano").value(std::to_string(now));
            if (instrument.kind != Kind::histogram) {
                json.key("asDouble").value(point.value);
            } else {
                const double scale = instrument.unit == "ms" ? 1000 : 1;
                json.key("count").value(std::to_string(point.count)).key("sum").value(point.value).key("bucketCounts").begin_array();
                for (const std::uint64_t count : point.buckets) json.value(std::to_string(count));
                json.end_array().key("explicitBounds").begin_array();
                for (const double bound : bounds) json.value(bound * scale);
                json.end_array();
            }
            json.end_object();
        }
        json.end_array().end_object().end_object();
    }
    json.end_array().end_object().end_array().end_object().end_array().end_object();
    return json.take();
}

std::string otlp_traces(const std::vector<Span>& spans)
{
    std::map<std::tuple<Nanoseconds, std::string, std::string>, std::vector<const Span*>> batches;
    for (const Span& span : spans) batches[{span.end / batch_ns, span.resource.instance, span.resource.version}].push_back(&span);
    std::string lines;
    for (auto& [place, batch] : batches) {
        std::sort(batch.begin(), batch.end(), [](const Span* a, const Span* b) { return a->end != b->end ? a->end < b->end : a->id < b->id; });
        JsonWriter json;
        json.begin_object().key("resourceSpans").begin_array().begin_object();
        write(json, batch.front()->resource);
        json.key("scopeSpans").begin_array().begin_object().key("scope").begin_object().key("name").value("simulated").end_object();
        json.key("spans").begin_array();
        for (const Span* span : batch) {
            json.begin_object().key("traceId").value(hex64(span->trace_high) + hex64(span->trace_low)).key("spanId").value(hex64(span->id));
            if (span->parent != 0) json.key("parentSpanId").value(hex64(span->parent));
            json.key("name").value(span->name).key("kind").value(span->kind);
            json.key("startTimeUnixNano").value(std::to_string(span->start)).key("endTimeUnixNano").value(std::to_string(span->end)).key("attributes");
            write(json, span->attributes);
            json.key("status").begin_object();
            if (span->failed) json.key("code").value(2);
            json.end_object().end_object();
        }
        json.end_array().end_object().end_array().end_object().end_array().end_object();
        lines += json.text() + "\n";
    }
    return lines;
}

std::string iso_time(Nanoseconds at) { return format_instant(at); }

}  // namespace casebook::simulate
