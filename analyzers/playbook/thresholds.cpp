#include "analyzers/playbook/thresholds.h"

#include "analyzers/analysis/context.h"
#include "analyzers/playbook/symptoms.h"

namespace casebook {

std::vector<NamedThreshold> all_thresholds()
{
    std::vector<NamedThreshold> all;
    for (const auto list : {common_thresholds(), symptom_thresholds()})
        for (const Threshold& threshold : list) all.push_back({std::string(threshold.name), threshold.value, threshold.unit, threshold.source});
    for (const Analyzer* analyzer : all_analyzers())
        for (const Threshold& threshold : analyzer->thresholds)
            all.push_back({std::string(analyzer->id) + "." + std::string(threshold.name), threshold.value, threshold.unit, threshold.source});
    return all;
}

std::optional<double> default_threshold(std::string_view name)
{
    for (const NamedThreshold& threshold : all_thresholds())
        if (threshold.name == name) return threshold.value;
    return {};
}

}  // namespace casebook
