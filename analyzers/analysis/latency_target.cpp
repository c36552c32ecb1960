#include "analyzers/analysis/latency_target.h"

#include "analyzers/analysis/timeout_settings.h"
#include "analyzers/core/text.h"
#include "analyzers/trace/span_names.h"

#include <algorithm>
#include <array>

namespace casebook {
namespace {

/// Words of a target's name that do not say whose it is.
constexpr std::array<std::string_view, 26> plain_words{"sla", "slo", "latency", "response", "time", "duration", "request", "requests", "target", "goal", "max", "limit", "http",
                                                       "p50", "p90", "p95", "p99", "ms", "s", "sec", "seconds", "millis", "milliseconds", "threshold", "objective", "user"};
constexpr std::array<std::string_view, 8> no_service{"", "sla", "slo", "slos", "slas", "targets", "goals", "objectives"};

bool is_plain(std::string_view word) { return std::find(plain_words.begin(), plain_words.end(), word) != plain_words.end(); }

}  // namespace

std::optional<LatencyTarget> latency_target(const std::vector<Setting>& settings, std::string_view service, std::string_view operation)
{
    std::vector<std::string> known = name_words(operation);
    for (std::string& word : name_words(service)) known.push_back(std::move(word));
    std::optional<LatencyTarget> target;
    int best = -1;
    for (const Setting& setting : settings) {
        const std::vector<std::string> words = name_words(setting.name);
        if (std::none_of(words.begin(), words.end(), [](const std::string& word) { return word == "sla" || word == "slo"; })) continue;
        const bool own = equals_ignoring_case(setting.source, service);
        if (!own && std::none_of(no_service.begin(), no_service.end(), [&](std::string_view none) { return equals_ignoring_case(setting.source, none); })) continue;
        int specific = own ? 1 : 0;
        const bool fits = std::all_of(words.begin(), words.end(), [&](const std::string& word) {
            if (is_plain(word)) return true;
            specific += 2;
            return std::find(known.begin(), known.end(), word) != known.end();
        });
        const auto ms = duration_ms(setting);  // "99.9 %" is no duration
        if (!fits || !ms || *ms <= 0 || specific < best) continue;
        best = specific;
        target = LatencyTarget{*ms, &setting};
    }
    return target;
}

}  // namespace casebook
