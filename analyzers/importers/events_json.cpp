// What happened when, as JSON objects: one per line, an array, `kubectl get events -o json`, Grafana annotations,
// GitHub deployments:
//   {"time":"2026-11-23T01:41:12Z","kind":"deploy","service":"catalog","text":"3.4.1 -> 3.5.0"}
//   {"kind":"List","items":[{"reason":"OOMKilling","message":"...","lastTimestamp":"...","involvedObject":{"name":"orders-7d8f"}}]}

#include "analyzers/core/importer.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/event_kind.h"
#include "analyzers/importers/support/json_objects.h"
#include "analyzers/importers/support/source.h"

#include <simdjson.h>

namespace casebook::importers {

extern const Importer events_json;

namespace {

namespace dom = simdjson::dom;

/// The first of several keys that holds text; numbers in their JSON spelling.
std::string text_at(dom::element object, std::initializer_list<std::string_view> keys)
{
    for (const std::string_view key : keys) {
        dom::element value;
        if (object[key].get(value) || value.is_null()) continue;
        if (value.is_string()) return std::string(std::string_view(value));
        if (value.is_int64() || value.is_uint64() || value.is_double()) return simdjson::minify(value);
    }
    return {};
}

std::optional<std::int64_t> time_of(dom::element object)
{
    for (const std::string_view key :
         {"time", "timestamp", "at", "when", "date", "ts", "@timestamp", "eventTime", "lastTimestamp", "firstTimestamp",
          "created_at", "createdAt", "started_at", "startedAt", "deployed_at", "start"}) {
        const std::string text = text_at(object, {key});
        if (const auto at = parse_instant(text)) return at;
    }
    dom::element metadata;
    if (!object["metadata"].get(metadata)) return parse_instant(text_at(metadata, {"creationTimestamp"}));
    return {};
}

/// The workload a Kubernetes object belongs to: "orders-api-7d88bf9c4-8l8fx" is a pod of "orders-api".
std::string workload_of(std::string_view kind, std::string_view name)
{
    const auto drop_suffix = [&](std::size_t least, std::size_t most) {
        const std::size_t dash = name.rfind('-');
        if (dash == std::string_view::npos || dash == 0) return;
        const std::string_view suffix = name.substr(dash + 1);
        if (suffix.size() >= least && suffix.size() <= most &&
            suffix.find_first_not_of("0123456789bcdfghjklmnpqrstvwxz") == std::string_view::npos)
            name = name.substr(0, dash);
    };
    if (kind == "Pod") drop_suffix(5, 5);
    if (kind == "Pod" || kind == "ReplicaSet") drop_suffix(5, 10);
    return std::string(name);
}

class EventObjects {
public:
    EventObjects(Source& source, ImportContext& context) : context_(context), objects_(source) {}

    Status read()
    {
        for (;;) {
            TRY_ASSIGN(const auto bytes, objects_.next());
            if (!bytes) return {};
            TRY(context_.control().check());
            padded_.assign(*bytes);
            padded_.reserve(padded_.size() + simdjson::SIMDJSON_PADDING);
            dom::element object;
            if (parser_.parse(padded_.data(), padded_.size(), false).get(object)) {
                context_.drop(objects_.line(), objects_.cut() ? "truncated" : "bad_json",
                              "an event that is no valid JSON");
                continue;
            }
            dom::array nested;
            if (!object["items"].get(nested) || !object["events"].get(nested) || !object["annotations"].get(nested))
                for (const dom::element item : nested) TRY(take(item));
            else TRY(take(object));
        }
    }

private:
    Status take(dom::element object)
    {
        const auto at = time_of(object);
        if (!at) {
            context_.drop(objects_.line(), "no_time", "an event without time");
            return {};
        }
        dom::element involved;
        const bool kubernetes = !object["involvedObject"].get(involved) || !object["regarding"].get(involved);
        std::string text = text_at(object, {"text", "message", "description", "title", "summary", "note", "name"});
        std::string service = text_at(object, {"service", "service_name", "serviceName", "app", "application",
                                               "component", "repository", "environment"});
        std::string kind;
        bool guessed = false;
        if (kubernetes) {
            const std::string reason = text_at(object, {"reason"});
            const std::string_view told = event_kind_in(reason);
            kind = told.empty() ? lower(reason) : std::string(told);
            service = workload_of(text_at(involved, {"kind"}), text_at(involved, {"name"}));
            text = reason + ": " + text;
        } else {
            kind = lower(
                text_at(object, {"kind", "type", "event", "event_type", "eventType", "category", "task", "action"}));
            if (kind == "annotation" || kind == "event") kind.clear();
            take_tags(object, kind, service);
            if (kind.empty()) {
                const std::string_view told = event_kind_in(text);
                kind = told.empty() ? "event" : told;
                guessed = true;
            } else if (kind == "deployment" || kind == "deployed" || kind == "release" || kind == "rollout") {
                kind = "deploy";
            }
        }
        EventRow row;
        row.at_ns = *at;
        row.kind = kind;
        row.service = service.empty() ? context_.default_service() : std::string_view(service);
        row.text = text;
        TRY(context_.add(row));
        context_.stored();
        if (guessed) context_.repair(objects_.line(), "kind_guessed", "no kind given; taken from the text: " + kind);
        return {};
    }

    /// Grafana: "tags": ["deploy", "service:orders"].
    static void take_tags(dom::element object, std::string& kind, std::string& service)
    {
        dom::array tags;
        if (object["tags"].get(tags)) return;
        for (const dom::element tag : tags) {
            std::string_view text;
            if (tag.get(text)) continue;
            for (const std::string_view prefix : {"service:", "service=", "app:", "app="})
                if (text.starts_with(prefix) && service.empty()) service = text.substr(prefix.size());
            if (kind.empty()) kind = event_kind_in(text);
        }
    }

    ImportContext& context_;
    JsonObjects objects_;
    dom::parser parser_;
    std::string padded_;
};

int sniff(const Probe& probe)
{
    const std::size_t open = probe.head.find('{');
    if (open == std::string_view::npos || probe.head.find_first_not_of(" \t\r\n[\xEF\xBB\xBF") != open) return 0;
    const std::string_view head = probe.head.substr(open);
    const std::string_view start = head.substr(0, 4096);
    if (start.find("\"involvedObject\"") != std::string_view::npos ||
        (start.find("\"EventList\"") != std::string_view::npos))
        return 90;
    const std::size_t size = json_object_size(head);
    if (size == std::string_view::npos) return 0;
    dom::parser parser;
    dom::element object;
    const std::string text(head.substr(0, size));
    if (parser.parse(text).get(object)) return 0;
    for (const std::string_view foreign :
         {"level", "severity", "logger", "traceId", "trace_id", "spanId", "value", "values", "error_severity", "metric",
          "resourceSpans", "duration", "pid", "phase"})
        if (!object[foreign].error()) return 0;
    if (!time_of(object)) return 0;
    const bool kind =
        !text_at(object, {"kind", "type", "event", "event_type", "eventType", "category", "task"}).empty() ||
        !object["tags"].error();
    const bool told = !text_at(object, {"text", "message", "description", "title", "summary"}).empty();
    const bool service =
        !text_at(object, {"service", "service_name", "app", "application", "component", "environment"}).empty();
    return kind && (told || service) ? 70 : 0;
}

Status read(Source& source, ImportContext& context) { return EventObjects(source, context).read(); }

}  // namespace

const Importer events_json{
    .id = "events_json",
    .title = "Events: deploys, restarts, changes (JSON)",
    .brings = "event",
    .how = "kubectl get events -A -o json > events.json; or one object per line: "
           "{\"time\":\"...\",\"kind\":\"deploy\",\"service\":\"...\",\"text\":\"...\"}",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
