#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace casebook {

/// Labels of one series, given in any order, as the JSON object MetricPoint wants: keys sorted, the last of equal
/// keys kept, invalid UTF-8 replaced.
class MetricLabels {
public:
    void clear() { labels_.clear(); }
    void set(std::string_view key, std::string_view value) { labels_.emplace_back(key, value); }
    std::string_view get(std::string_view key) const;
    /// Sets `service` where no label names it: from service_name or service.name, else `given` (--service), else `job`,
    /// which OpenTelemetry maps service.name to.
    void name_service(std::string_view given);
    /// Valid until the next call.
    std::string_view json();

private:
    std::vector<std::pair<std::string, std::string>> labels_;
    std::string json_;
};

/// The unit a Prometheus metric name ends with ("_seconds", "_seconds_total", "_bytes"), as UCUM: "s", "By", "1", "%".
/// Empty when it names none.
std::string_view prometheus_unit(std::string_view name);

}  // namespace casebook
