#pragma once

#include "analyzers/core/importer.h"
#include "analyzers/plan/plan_rows.h"
#include "analyzers/plan/read_plans.h"
#include "tests/support/places.h"
#include "tests/support/recording_context.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace casebook::tests {

/// Keeps plans and log lines whole.
class PlanContext : public RecordingContext {
public:
    struct LogLine {
        std::optional<std::int64_t> at_ns;
        std::string level, text;
        std::int64_t line = 0;
    };
    std::vector<PlanRow> plans;
    std::vector<LogLine> log_lines;

    using RecordingContext::add;
    Status add(const PlanRow& row) override
    {
        plans.push_back(row);
        return {};
    }
    Status add(const LogLineRow& row) override
    {
        log_lines.push_back({row.at_ns, std::string(row.level), std::string(row.text), row.source_line});
        return {};
    }
};

inline std::string file_text(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

/// The importer that takes these bytes; nullptr when none does or two score alike.
inline const Importer* importer_for(std::string_view bytes, std::string_view path = "input")
{
    const Probe probe{path, "txt", bytes.substr(0, 64 << 10), bytes.size() <= (64 << 10)};
    const Importer* best = nullptr;
    int score = 0;
    for (const Importer* importer : all_importers()) {
        const int own = importer->sniff(probe);
        if (own == score && own > 0) best = nullptr;
        if (own > score) best = importer;
        score = std::max(score, own);
    }
    return best;
}

struct PlanImport {
    std::string importer, error;
    PlanContext context;
};

/// Sniffs and imports; `importer` is empty when nobody takes it.
inline void import_plans(PlanImport& result, std::string_view bytes)
{
    const Importer* importer = importer_for(bytes);
    if (!importer) return;
    result.importer = importer->id;
    const Control control;
    const auto source = Source::from_memory(bytes, control);
    const Status status = importer->read(*source, result.context);
    if (!status) result.error = status.error().what;
}

/// The only plan of a text as its rows; no nodes when it is not read.
inline PlanRow plan_of(std::string_view text)
{
    auto plans = plan::read(plan::format_of(text), text);
    if (!plans || plans->trees.size() != 1) return {};
    return plan::plan_row(std::move(plans->trees.front()));
}

/// What must be equal in every format and frame of one plan: structure, estimates and the properties named.
inline std::string signature(const plan::Tree& tree, const std::vector<std::string_view>& without = {})
{
    std::string out;
    for (const plan::Node& node : tree.nodes) {
        out += std::to_string(node.parent) + " " + node.node_type + "\n";
        std::map<std::string, std::string> sorted;
        for (const plan::Property& property : node.properties.all()) {
            const bool left_out = std::any_of(without.begin(), without.end(), [&](std::string_view part) {
                return property.key.find(part) != std::string::npos;
            });
            if (!left_out) sorted[property.key] = property.value;
        }
        for (const auto& [key, value] : sorted) out += "    " + key + ": " + value + "\n";
    }
    return out;
}

inline std::string signature(const PlanRow& plan)
{
    std::string out;
    for (const PlanNodeRow& node : plan.nodes) {
        std::ostringstream line;
        line << node.depth << " " << node.node_type << " [" << node.relation << "|" << node.index_name << "] "
             << node.plan_rows.value_or(-1) << " " << node.loops.value_or(-1);
        out += line.str() + "\n";
    }
    return out;
}

}  // namespace casebook::tests
