#pragma once

// Requests of OTLP/JSON as text, for the unit tests of its importers.

#include <string>

namespace casebook::tests {

inline const std::string trace_id = "0af7651916cd43dd8448eb211c80319c";

inline std::string attribute(const std::string& key, const std::string& value)
{
    return R"({"key":")" + key + R"(","value":)" + value + "}";
}

inline std::string text_value(const std::string& text)
{
    return R"({"stringValue":")" + text + R"("})";
}

/// A span with the usual fields, `more` appended.
inline std::string span(const std::string& id, const std::string& name, const std::string& more = {})
{
    return R"({"traceId":")" + trace_id + R"(","spanId":")" + id + R"(","name":")" + name +
           R"(","kind":2,"startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000501")" + more + "}";
}

inline std::string resource_spans(const std::string& spans, const std::string& attributes = attribute("service.name", R"({"stringValue":"orders"})"))
{
    return R"({"resource":{"attributes":[)" + attributes + R"(]},"scopeSpans":[{"scope":{"name":"lib"},"spans":[)" + spans + "]}]}";
}

inline std::string request(const std::string& elements)
{
    return R"({"resourceSpans":[)" + elements + "]}";
}

inline std::string one(const std::string& spans)
{
    return request(resource_spans(spans));
}

/// A request with every kind of thing in it that both encodings carry.
inline std::string rich_request()
{
    return R"({"resourceSpans":[{"resource":{"attributes":[
 {"key":"service.name","value":{"stringValue":"orders"}},{"key":"service.version","value":{"stringValue":"1.4.0"}},
 {"key":"service.instance.id","value":{"stringValue":"orders-1"}},{"key":"host.name","value":{"stringValue":"node-3"}},
 {"key":"process.pid","value":{"intValue":"77"}},{"key":"telemetry.sdk.name","value":{"stringValue":"opentelemetry"}},
 {"key":"process.command_args","value":{"arrayValue":{"values":[{"stringValue":"x"}]}}}],"droppedAttributesCount":1},
 "scopeSpans":[{"scope":{"name":"lib.http","version":"2"},"spans":[
 {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","parentSpanId":"53995c3f42cd8ad8","name":"GET /a","kind":3,
  "startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000501","attributes":[
  {"key":"s","value":{"stringValue":"t\u00e9xt \"q\" \\"}},{"key":"i","value":{"intValue":"-9223372036854775808"}},{"key":"j","value":{"intValue":12}},
  {"key":"d","value":{"doubleValue":0.1}},{"key":"whole","value":{"doubleValue":100}},{"key":"b","value":{"boolValue":false}},
  {"key":"raw","value":{"bytesValue":"AAEC/w=="}},{"key":"none","value":{}},
  {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"2"},{"doubleValue":2.5},{"boolValue":true},{},{"arrayValue":{"values":[]}}]}}},
  {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}},{"key":"n","value":{"kvlistValue":{"values":[{"key":"x","value":{"intValue":"1"}}]}}}]}}}],
  "droppedAttributesCount":3,"events":[{"timeUnixNano":"1700000000000000100","name":"exception","attributes":[
   {"key":"exception.type","value":{"stringValue":"TimeoutError"}},{"key":"exception.message","value":{"stringValue":"no answer"}},{"key":"n","value":{"intValue":"2"}}]},
   {"name":"retry"}],"droppedEventsCount":2,
  "links":[{"traceId":"0af7651916cd43dd8448eb211c80319d","spanId":"00f067aa0ba902b8","attributes":[{"key":"why","value":{"stringValue":"batch"}}]}],
  "status":{"message":"timed out","code":2}},
 {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"53995c3f42cd8ad8","name":"root","kind":2,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000000001000","status":{"code":1}}]}]}]})";
}

inline std::string metrics_request(const std::string& metrics)
{
    return R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}},
 {"key":"service.instance.id","value":{"stringValue":"orders-1"}}]},"scopeMetrics":[{"scope":{"name":"lib"},"metrics":[)" + metrics + "]}]}]}";
}

inline std::string logs_request()
{
    return R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}}]},"scopeLogs":[{"logRecords":[
 {"timeUnixNano":"1700000000000000000","severityNumber":17,"severityText":"Error","body":{"stringValue":"boom"},"attributes":[{"key":"exception.type","value":{"stringValue":"IOError"}}]},
 {"observedTimeUnixNano":"1700000001000000000","severityNumber":9,"body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}}]}}},
 {"timeUnixNano":"1700000002000000000","severityNumber":5,"eventName":"started"}]}]}]})";
}

}  // namespace casebook::tests
