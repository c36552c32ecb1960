#pragma once

#include "analyzers/core/result.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Something to do against the harm before the cause is known or mended.
struct Mitigation { std::string title, why; };

struct PlaybookQuestion {
    std::string analyzer;
    int step = 0;     ///< 1..4
    std::string why;  ///< why this symptom asks it
};

/// One symptom's playbook: resources/playbooks/<symptom>.json.
struct Playbook {
    std::string id, title, pattern, likely;
    std::vector<Mitigation> mitigation;
    std::vector<PlaybookQuestion> questions;  ///< in the order they are asked; steps ascend
};

struct PlaybookStep {
    int number = 0;
    std::string title;
    std::optional<int> budget_minutes;  ///< none: as long as it takes
    std::string why;
};

/// What all playbooks share: resources/playbooks/walk.json.
struct WalkRules {
    std::vector<PlaybookStep> steps;                            ///< the seven
    std::map<std::string, std::vector<std::string>> deeper;     ///< by analyzer: what may be the reason behind it
    std::map<std::string, Mitigation> mitigation;               ///< by analyzer: the quickest thing to do once it is confirmed
};

/// Error notUnderstood naming what is missing.
Result<Playbook> parse_playbook(std::string_view json);
Result<WalkRules> parse_walk_rules(std::string_view json);

/// The built-in ones. Error usage for an id that has no playbook.
Result<Playbook> playbook_of(std::string_view symptom);
Result<WalkRules> walk_rules();

}  // namespace casebook
