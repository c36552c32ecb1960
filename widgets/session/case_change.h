#pragma once

#include "analyzers/store/finding_decisions.h"

#include <optional>
#include <string>
#include <variant>

namespace casebook {

struct DecisionChange {
    std::string analyzer, key;
    FindingDecision before, after;
};

/// No value: the default.
struct ThresholdChange {
    std::string name;
    std::optional<double> before, after;
};

/// Something the user did to the case that can be taken back.
using CaseChange = std::variant<DecisionChange, ThresholdChange>;

}  // namespace casebook
