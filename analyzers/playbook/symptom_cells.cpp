#include "analyzers/playbook/symptom_cells.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr double at_threshold = 0.8, most_with_unknown = 0.5;

SymptomCell cell(std::string name, bool required, bool known, bool satisfied, double score, std::string why)
{
    SymptomCell made{std::move(name), required};
    if (!known) return made;
    made.state = satisfied ? SymptomCell::State::satisfied : SymptomCell::State::contradicted;
    made.score = satisfied ? score : 0;
    made.why = std::move(why);
    return made;
}

}  // namespace

double cell_score(double value, double threshold, double full)
{
    if (threshold == full) return 1;
    return at_threshold + (1 - at_threshold) * std::clamp((value - threshold) / (full - threshold), 0.0, 1.0);
}

SymptomCell at_least(std::string name, bool required, std::optional<double> value, double threshold, double neutral, std::string why)
{
    const double v = value.value_or(0);
    return cell(std::move(name), required, value.has_value(), v >= threshold, cell_score(v, threshold, 2 * threshold - neutral), std::move(why));
}

SymptomCell share_at_least(std::string name, bool required, std::optional<double> share, double threshold, std::string why)
{
    const double v = share.value_or(0);
    const double full = threshold >= 0.5 ? (1 + threshold) / 2 : 2 * threshold;
    return cell(std::move(name), required, share.has_value(), v >= threshold, cell_score(v, threshold, full), std::move(why));
}

SymptomCell at_most(std::string name, bool required, std::optional<double> value, double threshold, double neutral, std::string why)
{
    const double v = value.value_or(0);
    return cell(std::move(name), required, value.has_value(), v <= threshold, cell_score(v, threshold, (threshold + neutral) / 2), std::move(why));
}

SymptomCell yes_or_no(std::string name, bool required, std::optional<bool> value, std::string why)
{
    return cell(std::move(name), required, value.has_value(), value.value_or(false), 1, std::move(why));
}

double match_of(const std::vector<SymptomCell>& cells)
{
    double sum = 0;
    bool unknown = false;
    for (const SymptomCell& cell : cells) {
        if (cell.required && cell.state == SymptomCell::State::contradicted) return 0;
        unknown = unknown || (cell.required && cell.state == SymptomCell::State::unknown);
        sum += cell.score;
    }
    const double match = cells.empty() ? 0 : sum / static_cast<double>(cells.size());
    return std::round((unknown ? std::min(match, most_with_unknown) : match) * 1000) / 1000;
}

}  // namespace casebook
