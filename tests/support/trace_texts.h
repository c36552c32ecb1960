#pragma once

// Spans and traces of Jaeger and Zipkin as text, for the unit tests of their importers.

#include <string>

namespace casebook::tests {

inline std::string jaeger_span(const std::string& id, const std::string& more = {})
{
    return R"({"traceID":"1f","spanID":")" + id + R"(","operationName":"op )" + id + R"(","startTime":1700000000000000,"duration":250,"processID":"p1")" + more + "}";
}

inline std::string jaeger_trace(const std::string& spans)
{
    return R"({"traceID":"1f","spans":[)" + spans + R"(],"processes":{"p1":{"serviceName":"cart","tags":[{"key":"hostname","type":"string","value":"c-1"}]},"p2":{"serviceName":"db"}},"warnings":null})";
}

inline std::string jaeger(const std::string& traces)
{
    return R"({"data":[)" + traces + R"(],"total":0,"limit":0,"offset":0,"errors":null})";
}

inline std::string zipkin_span(const std::string& id, const std::string& parent, const std::string& kind, const std::string& service, const std::string& more = {})
{
    return R"({"traceId":"00000000000000ab","id":")" + id + "\"" + (parent.empty() ? "" : R"(,"parentId":")" + parent + "\"") + (kind.empty() ? "" : R"(,"kind":")" + kind + "\"") +
           R"(,"name":")" + service + " " + kind + R"(","timestamp":1700000000000000,"duration":100,"localEndpoint":{"serviceName":")" + service + R"(","ipv4":"10.0.0.1"})" + more + "}";
}

}  // namespace casebook::tests
