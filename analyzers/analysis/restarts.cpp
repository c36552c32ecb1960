#include "analyzers/analysis/restarts.h"

#include "analyzers/core/text.h"

#include <algorithm>

namespace casebook {

Result<std::vector<RestartMoment>> restart_moments(CaseEvidence& evidence)
{
    std::vector<RestartMoment> moments;
    TRY_ASSIGN(const auto* events, evidence.events());
    for (const Event& event : *events)
        for (const std::string_view kind : {"restart", "deploy", "oom", "crash"})
            if (contains_ignoring_case(event.kind, kind)) {
                moments.push_back({event.at_ns, event.service, {}});
                break;
            }
    TRY_ASSIGN(const auto* counters, evidence.metric("restarts"));
    for (const Series& series : *counters)
        for (std::size_t i = 1; i < series.value.size(); ++i)
            if (series.value[i] > series.value[i - 1])
                moments.push_back({series.at_ns[i], series.service, series.instance});
    std::stable_sort(moments.begin(), moments.end(),
                     [](const RestartMoment& a, const RestartMoment& b) { return a.at_ns < b.at_ns; });
    return moments;
}

std::vector<RestartMoment> restarts_of(const std::vector<RestartMoment>& all, const std::string& service)
{
    std::vector<RestartMoment> own;
    for (const RestartMoment& moment : all)
        if (moment.service.empty() || service.empty() || equals_ignoring_case(moment.service, service))
            own.push_back(moment);
    return own;
}

}  // namespace casebook
