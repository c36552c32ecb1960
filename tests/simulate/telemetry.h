#pragma once

#include "tests/simulate/queueing.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace casebook::simulate {

using AttributeValue = std::variant<std::string, std::int64_t, bool>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

/// What a process says about itself.
struct Resource { std::string service, version, instance; };

struct Span {
    std::uint64_t trace_high = 0, trace_low = 0, id = 0, parent = 0;
    std::string name;
    int kind = 1;  ///< OTLP: 1 internal 2 server 3 client 4 producer 5 consumer
    Nanoseconds start = 0, end = 0;
    bool failed = false;
    Attributes attributes;
    Resource resource;
};

/// The instruments of one process. Counters and histograms are cumulative.
class Meter {
public:
    explicit Meter(Resource resource) : resource_(std::move(resource)) {}
    void add(const std::string& name, const std::string& unit, double more, Attributes attributes = {});
    void set(const std::string& name, const std::string& unit, double value, Attributes attributes = {});
    void record(const std::string& name, const std::string& unit, double value, Attributes attributes = {});
    Resource& resource() { return resource_; }
    /// One OTLP/JSON export request; empty when nothing was measured yet.
    std::string sample(Nanoseconds start, Nanoseconds now) const;

private:
    struct Point {
        Attributes attributes;
        double value = 0;
        std::vector<std::uint64_t> buckets;
        std::uint64_t count = 0;
    };
    enum class Kind { counter, gauge, histogram };
    struct Instrument { Kind kind; std::string unit; std::map<std::string, Point> points; };
    Point& point(const std::string& name, Kind kind, const std::string& unit, Attributes attributes);

    Resource resource_;
    std::map<std::string, Instrument> instruments_;
};

/// OTLP/JSON lines of spans: one export request per process and five seconds, as a batching exporter writes them.
std::string otlp_traces(const std::vector<Span>& spans);

/// "2026-03-02T09:14:00.250Z"
std::string iso_time(Nanoseconds at);

}  // namespace casebook::simulate
