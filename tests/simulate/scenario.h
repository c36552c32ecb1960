#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace casebook::simulate {

/// Which mechanism goes wrong, and how much.
struct Scenario {
    std::string kind;                       ///< one of kinds()
    std::uint64_t seed = 1;
    int names = 0;                          ///< naming scheme, 0 or 1
    bool healthy = false;                   ///< the twin: same system, load and announcements, nothing goes wrong
    std::map<std::string, double> settings; ///< over the kind's defaults: "rate", "baseline_s", "incident_s", ...
};

struct Kind {
    std::string name, row;                  ///< row of the symptom table that it must match; empty: none is promised
    std::string cause;                      ///< analyzer that names it
    std::vector<std::string> also;          ///< true as well
    std::string what;
};
const std::vector<Kind>& kinds();
const Kind* find_kind(const std::string& name);

/// Simulates and writes traces.ndjson, metrics.ndjson, events.csv, gc.log (where there is one) and truth.json into an
/// existing folder. Same scenario, same bytes. Throws std::invalid_argument for an unknown kind or setting.
void simulate(const Scenario& scenario, const std::filesystem::path& folder);

}  // namespace casebook::simulate
