#include "analyzers/importers/support/metric_labels.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"

#include <algorithm>
#include <array>

namespace casebook {

std::string_view MetricLabels::get(std::string_view key) const
{
    for (auto label = labels_.rbegin(); label != labels_.rend(); ++label)
        if (label->first == key) return label->second;
    return {};
}

void MetricLabels::name_service(std::string_view given)
{
    if (!get("service").empty()) return;
    std::string service;
    for (const std::string_view candidate : {get("service_name"), get("service.name"), given, get("job")})
        if (service.empty()) service = candidate;
    if (!service.empty()) set("service", service);
}

std::string_view MetricLabels::json()
{
    std::stable_sort(labels_.begin(), labels_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    json_ = '{';
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        if (i + 1 < labels_.size() && labels_[i + 1].first == labels_[i].first) continue;
        if (json_.size() > 1) json_ += ',';
        append_json_string(json_, is_clean_utf8(labels_[i].first) ? labels_[i].first : clean_utf8(labels_[i].first));
        json_ += ':';
        append_json_string(json_, is_clean_utf8(labels_[i].second) ? labels_[i].second : clean_utf8(labels_[i].second));
    }
    json_ += '}';
    return json_;
}

std::string_view prometheus_unit(std::string_view name)
{
    for (const std::string_view suffix : {"_total", "_sum", "_max", "_min", "_bucket", "_created"})
        if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
    if (name.ends_with("_count")) return {};
    struct Unit {
        std::string_view suffix, symbol;
    };
    constexpr std::array<Unit, 8> units{{{"_seconds", "s"},
                                         {"_milliseconds", "ms"},
                                         {"_nanoseconds", "ns"},
                                         {"_bytes", "By"},
                                         {"_ratio", "1"},
                                         {"_percent", "%"},
                                         {"_celsius", "Cel"},
                                         {"_microseconds", "us"}}};
    for (const Unit& unit : units)
        if (name.ends_with(unit.suffix)) return unit.symbol;
    return {};
}

}  // namespace casebook
