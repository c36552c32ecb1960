#pragma once

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// One cell of the symptom table, held against what was measured.
struct SymptomCell {
    enum class State { unknown, contradicted, satisfied };
    std::string name;      ///< as listed in `unknown`
    bool required = false;
    State state = State::unknown;
    double score = 0;      ///< 0.8..1 when satisfied, else 0
    std::string why;       ///< the measurement in words; empty when unknown
};

/// 0.8 at the threshold, rising in a straight line to 1 at `full`, which lies on the satisfied side.
double cell_score(double value, double threshold, double full);

/// value >= threshold. `full` = where the excess over `neutral` is twice the threshold's; for shares of 1/2 and more, where
/// half of the headroom to 1 is left.
SymptomCell at_least(std::string name, bool required, std::optional<double> value, double threshold, double neutral, std::string why);
SymptomCell share_at_least(std::string name, bool required, std::optional<double> share, double threshold, std::string why);
/// value <= threshold. `full` = where the excess over `neutral` is half of the threshold's.
SymptomCell at_most(std::string name, bool required, std::optional<double> value, double threshold, double neutral, std::string why);
/// A plain yes or no: 1 or 0.
SymptomCell yes_or_no(std::string name, bool required, std::optional<bool> value, std::string why);

/// Scores over cells; 0 when a required cell is contradicted, at most 0.5 when one is unknown.
double match_of(const std::vector<SymptomCell>& cells);

}  // namespace casebook
