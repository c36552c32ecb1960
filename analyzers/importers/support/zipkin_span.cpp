#include "analyzers/importers/support/zipkin_span.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {
namespace {

using simdjson::dom::array;
using simdjson::dom::object;

void read_endpoint(const JsonValue& value, ZipkinEndpoint& endpoint)
{
    object fields;
    if (value.get_object().get(fields) != simdjson::SUCCESS) return;
    for (const auto field : fields) {
        if (field.key == "serviceName") endpoint.service = json_text(field.value);
        else if (field.key == "ipv4") endpoint.address = json_text(field.value);
        else if (field.key == "ipv6" && endpoint.address.empty()) endpoint.address = json_text(field.value);
        else if (field.key == "port") endpoint.port = json_int(field.value).value_or(0);
    }
}

/// The annotations that version 1 made a span's kind of.
bool is_core(std::string_view value)
{
    return value == "cs" || value == "cr" || value == "sr" || value == "ss" || value == "ms" || value == "mr";
}

bool same_place(const ZipkinEndpoint& a, const ZipkinEndpoint& b)
{
    return a.service == b.service && (a.address == b.address || a.address.empty() || b.address.empty());
}

}  // namespace

std::uint64_t ZipkinEndpoint::hash() const
{
    if (empty()) return 0;
    return mix_ids(hash64(service), mix_ids(hash64(address), static_cast<std::uint64_t>(port)));
}

void ZipkinSpan::clear()
{
    std::vector<AttributeView> kept_tags = std::move(tags);
    std::vector<ZipkinAnnotation> kept_annotations = std::move(annotations);
    kept_tags.clear();
    kept_annotations.clear();
    *this = ZipkinSpan();
    tags = std::move(kept_tags);
    annotations = std::move(kept_annotations);
}

bool ZipkinReader::read_time(const JsonValue& value, std::optional<std::uint64_t>& us)
{
    if (value.is_null()) return true;
    us = json_unsigned(value);
    if (us) return true;
    const auto number = json_double(value);  // a fraction of a microsecond
    if (number && *number >= 0 && *number < 9e15) us = static_cast<std::uint64_t>(*number);
    return us.has_value();
}

void ZipkinReader::read_annotations(const JsonValue& list)
{
    array items;
    if (list.get_array().get(items) != simdjson::SUCCESS) return;
    for (const JsonValue item : items) {
        object fields;
        if (item.get_object().get(fields) != simdjson::SUCCESS) continue;
        Noted& entry = noted_.emplace_back();
        for (const auto field : fields) {
            if (field.key == "timestamp") read_time(field.value, entry.at_us);
            else if (field.key == "value") entry.value = json_scalar_text(field.value, text_);
            else if (field.key == "endpoint") {
                read_endpoint(field.value, entry.endpoint);
                entry.has_endpoint = true;
            }
        }
    }
}

void ZipkinReader::read_binary_annotations(const JsonValue& list)
{
    array items;
    if (list.get_array().get(items) != simdjson::SUCCESS) return;
    for (const JsonValue item : items) {
        object fields;
        if (item.get_object().get(fields) != simdjson::SUCCESS) continue;
        Binary& entry = binary_.emplace_back();
        for (const auto field : fields) {
            if (field.key == "key") entry.key = json_text(field.value);
            else if (field.key == "value") entry.value = json_scalar_text(field.value, text_);
            else if (field.key == "endpoint") read_endpoint(field.value, entry.endpoint);
        }
    }
}

/// The last value of a key counts, as in Zipkin's own converter.
void ZipkinReader::set_tag(ZipkinSpan& span, std::string_view key, std::string_view value)
{
    constexpr std::size_t most_compared = 200;  // no real span has more; a made-up one must not take quadratic time
    if (span.tags.size() <= most_compared) {
        const auto found =
            std::find_if(span.tags.begin(), span.tags.end(), [&](const AttributeView& tag) { return tag.key == key; });
        if (found != span.tags.end()) {
            found->value = value;
            return;
        }
    }
    span.tags.push_back({key, value});
}

const ZipkinReader::Noted* ZipkinReader::noted(std::string_view value) const
{
    const auto found =
        std::find_if(noted_.begin(), noted_.end(), [&](const Noted& entry) { return entry.value == value; });
    return found == noted_.end() ? nullptr : &*found;
}

std::size_t ZipkinReader::convert_version_1()
{
    const Noted* const cs = noted("cs");
    const Noted* const cr = noted("cr");
    const Noted* const sr = noted("sr");
    const Noted* const ss = noted("ss");
    const Noted* const ms = noted("ms");
    const Noted* const mr = noted("mr");
    const bool client = cs != nullptr || cr != nullptr;
    const bool server = sr != nullptr || ss != nullptr;

    ZipkinSpan& first = spans_[0];
    const auto place = [](const Noted* a, const Noted* b) { return a != nullptr ? a->endpoint : b->endpoint; };
    const auto times = [](ZipkinSpan& span, const Noted* begin, const Noted* end) {
        if (!span.start_us && begin != nullptr) span.start_us = begin->at_us;
        if (!span.duration_us && begin != nullptr && end != nullptr && begin->at_us && end->at_us &&
            *end->at_us >= *begin->at_us)
            span.duration_us = *end->at_us - *begin->at_us;
    };
    std::size_t count = 1;
    if (client) {
        first.kind = SpanKind::client;
        first.local = place(cs, cr);
        times(first, cs, cr);
        if (server) {
            ZipkinSpan& second = spans_[1];
            second.trace = first.trace;
            second.trace_form = first.trace_form;
            second.id = first.id;
            second.id_form = first.id_form;
            second.parent = first.parent;
            second.parent_form = first.parent_form;
            second.name = first.name;
            second.kind = SpanKind::server;
            second.shared = true;
            second.local = place(sr, ss);
            times(second, sr, ss);
            count = 2;
        }
    } else if (server) {
        first.kind = SpanKind::server;
        first.local = place(sr, ss);
        times(first, sr, ss);
    } else if (ms != nullptr || mr != nullptr) {
        first.kind = ms != nullptr ? SpanKind::producer : SpanKind::consumer;
        first.local = place(ms, mr);
        times(first, ms != nullptr ? ms : mr, nullptr);
    }
    for (const Binary& entry : binary_) {  // "lc", or any: where a local span ran
        if (!first.local.empty()) break;
        if (entry.key != "sa" && entry.key != "ca" && entry.key != "ma") first.local = entry.endpoint;
    }
    for (const Noted& entry : noted_) {
        if (!first.local.empty()) break;
        first.local = entry.endpoint;
    }
    const auto side = [&](const ZipkinEndpoint& endpoint) -> ZipkinSpan& {
        return count == 2 && !same_place(endpoint, spans_[0].local) && same_place(endpoint, spans_[1].local)
                   ? spans_[1]
                   : spans_[0];
    };
    for (const Binary& entry : binary_) {
        if (entry.key == "sa" || entry.key == "ma") {
            first.remote = entry.endpoint;
        } else if (entry.key == "ca") {
            spans_[count - 1].remote = entry.endpoint;
        } else if (entry.key == "lc") {
            if (!entry.value.empty()) set_tag(first, entry.key, entry.value);
        } else if (!entry.key.empty()) {
            set_tag(side(entry.endpoint), entry.key, entry.value);
        }
    }
    for (const Noted& entry : noted_)
        if (!is_core(entry.value)) side(entry.endpoint).annotations.push_back({entry.at_us, entry.value});
    return count;
}

std::size_t ZipkinReader::read(object element)
{
    spans_[0].clear();
    spans_[1].clear();
    text_.clear();
    noted_.clear();
    binary_.clear();
    ZipkinSpan& span = spans_[0];
    bool version_1 = false;
    bool is_span = false;
    for (const auto field : element) {
        const std::string_view key = field.key;
        const JsonValue& value = field.value;
        if (key == "traceId") {
            span.trace_form = json_trace_id(value, IdStyle::hex, span.trace);
            is_span = true;
        } else if (key == "id") {
            span.id_form = json_span_id(value, IdStyle::hex, span.id);
        } else if (key == "parentId") {
            span.parent_form = json_span_id(value, IdStyle::hex, span.parent);
        } else if (key == "name") {
            span.name = json_text(value);
        } else if (key == "kind") {
            span.unknown_kind = !value.is_null() && !read_span_kind(json_text(value), span.kind);
        } else if (key == "timestamp") {
            // Zero means unknown, as in its thrift ancestor.
            if (!read_time(value, span.start_us)) span.time_unreadable = true;
            if (span.start_us == 0) span.start_us.reset();
        } else if (key == "duration") {
            const auto number = json_double(value);
            if (number && *number < 0) span.negative_duration = true;
            else if (!read_time(value, span.duration_us)) span.time_unreadable = true;
        } else if (key == "localEndpoint") {
            read_endpoint(value, span.local);
        } else if (key == "remoteEndpoint") {
            read_endpoint(value, span.remote);
        } else if (key == "shared") {
            span.shared = json_flag(value);
        } else if (key == "tags") {
            object tags;
            if (value.get_object().get(tags) != simdjson::SUCCESS) continue;
            for (const auto tag : tags) span.tags.push_back({tag.key, json_scalar_text(tag.value, text_)});
        } else if (key == "annotations") {
            read_annotations(value);
        } else if (key == "binaryAnnotations") {
            version_1 = true;
            read_binary_annotations(value);
        }
    }
    if (!is_span) return 0;
    version_1 =
        version_1 || std::any_of(noted_.begin(), noted_.end(), [](const Noted& entry) { return entry.has_endpoint; });
    if (version_1) return convert_version_1();
    for (const Noted& entry : noted_) span.annotations.push_back({entry.at_us, entry.value});
    return 1;
}

}  // namespace casebook
