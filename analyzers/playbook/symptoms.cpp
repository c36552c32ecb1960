#include "analyzers/playbook/symptoms.h"

#include "analyzers/playbook/symptom_rows.h"

#include <algorithm>
#include <array>

namespace casebook {
namespace {

constexpr std::string_view own = "Casebook's own";

constexpr std::array<Threshold, 34> limits{{
    {"symptom.p99_factor", 2, "x", own},
    {"symptom.flat", 1.2, "x", own},
    {"symptom.all_factor", 1.5, "x", own},
    {"symptom.ratio_without_base", 20, "x", own},
    {"symptom.cpu_low", 50, "%", "Casebook's own: wide for a symptom, the analyzers are stricter"},
    {"symptom.cpu_high", 80, "%", own},
    {"symptom.errors_factor", 2, "x", own},
    {"symptom.errors_floor", 0.1, "points", "what an objective of 99.9 % allows"},
    {"symptom.errors_minutes", 2, "min", own},
    {"symptom.memory_high", 90, "%", own},
    {"symptom.autocorrelation", 0.5, "1", own},
    {"symptom.periods", 3, "periods", own},
    {"symptom.spike_height", 2, "x", own},
    {"symptom.instance_factor", 2, "x", own},
    {"symptom.instance_share", 50, "%", own},
    {"symptom.steal", 5, "%", own},
    {"symptom.queue_growth", 1.5, "x", "Casebook's own: keeps the noise of a steady queue out"},
    {"symptom.queue_minutes", 5, "min", "as common.sustained"},
    {"symptom.deploy_lag", 4, "h", "Casebook's own: releases of the last hours are asked for first"},
    {"symptom.hit_drop", 10, "points", own},
    {"symptom.timeout_share", 1, "%", own},
    {"symptom.timeout_pile", 50, "%", own},
    {"symptom.p99_mild_factor", 1.2, "x", own},
    {"symptom.p99_rise", 50, "ms", own},
    {"symptom.mean_flat", 1.05, "x", own},
    {"symptom.completed", 90, "%", own},
    {"symptom.collapse_factor", 5, "x", own},
    {"symptom.load_correlation", 0.6, "1", own},
    {"symptom.db_share", 40, "%", own},
    {"symptom.memory_r2", 0.8, "1", own},
    {"symptom.memory_growth", 1.1, "x", own},
    {"symptom.services", 3, "services", own},
    {"symptom.cascade_minutes", 15, "min", own},
    {"symptom.cascade_linked", 60, "%", own},
}};
constexpr double listed_from = 0.4;

std::array<std::string_view, 17> make_ids()
{
    std::array<std::string_view, 17> ids;
    std::size_t i = 0;
    for (const SymptomRow& row : symptom_rows()) ids[i++] = row.id;
    ids[i] = "unknown";
    return ids;
}

}  // namespace

std::span<const std::string_view> symptom_ids()
{
    static const auto ids = make_ids();
    return ids;
}

bool is_symptom(std::string_view id)
{
    const auto ids = symptom_ids();
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::span<const Threshold> symptom_thresholds() { return limits; }

std::vector<SymptomMatch> match_symptoms(const Signals& signals, const std::map<std::string, double>& overrides, std::string_view named)
{
    const Limit limit = [&](std::string_view name) {
        const std::string full = "symptom." + std::string(name);
        if (const auto set = overrides.find(full); set != overrides.end()) return set->second;
        for (const Threshold& threshold : limits)
            if (threshold.name == full) return threshold.value;
        return 0.0;
    };
    std::vector<SymptomMatch> matches;
    std::map<std::string, int> ranks;
    for (const SymptomRow& row : symptom_rows()) {
        const std::vector<SymptomCell> cells = row.cells(signals, limit);
        SymptomMatch match{std::string(row.id), match_of(cells), {}, {}};
        if (match.match < listed_from && match.id != named) continue;
        for (const SymptomCell& cell : cells) {
            if (cell.state == SymptomCell::State::unknown) match.unknown.push_back(cell.name);
            if (!cell.why.empty()) match.why += (match.why.empty() ? "" : ", ") + cell.why;
        }
        ranks[match.id] = row.rank;
        matches.push_back(std::move(match));
    }
    std::sort(matches.begin(), matches.end(), [&](const SymptomMatch& a, const SymptomMatch& b) { return a.match != b.match ? a.match > b.match : ranks[a.id] < ranks[b.id]; });
    if (named.empty()) return matches;
    const auto found = std::find_if(matches.begin(), matches.end(), [&](const SymptomMatch& match) { return match.id == named; });
    if (found == matches.end()) matches.insert(matches.begin(), {std::string(named), 0, {}, {}});
    else std::rotate(matches.begin(), found, found + 1);
    std::string& why = matches.front().why;
    why = "named by the user" + (why.empty() ? std::string() : ": " + why);
    return matches;
}

}  // namespace casebook
