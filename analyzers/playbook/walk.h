#pragma once

#include "analyzers/core/analyzer.h"
#include "analyzers/playbook/playbook_data.h"

#include <optional>
#include <string>
#include <vector>

namespace casebook {

/// Something to be sure of before any question: is there a base to compare with, are spans complete, do clocks agree.
struct WalkCheck {
    enum class State { good, doubtful, missing };
    std::string name;     ///< baseline sampling clocks
    State state = State::good;
    std::string text;
    std::string command;  ///< what mends it; may be empty
};
std::string_view name_of(WalkCheck::State state);  ///< "good" "doubtful" "missing"

/// How one analyzer answered, with its strongest finding if it has one.
struct WalkAnswer {
    std::string analyzer;
    AnalyzerKind kind = AnalyzerKind::cause;
    Verdict verdict = Verdict::ruledOut;
    std::string reason;
    std::vector<Missing> missing;
    std::string key, headline;       ///< of the finding; empty without one. Of several confirmed ones the first that nothing explains
    Severity severity = Severity::note;
    std::optional<double> share;     ///< of the slow requests' time that it explains, about
    std::vector<Fix> fixes;
    std::string proof, rollback;
    std::vector<std::string> explained_by;  ///< analyzers whose findings are behind its confirmed ones, where the chain of causes ends
    bool explained = false;          ///< all its confirmed findings are explained by others
};

struct WalkInput {
    std::vector<WalkAnswer> answers;      ///< of the analyzers that exist; questions of others are left out
    std::vector<WalkCheck> checks;
    std::vector<Missing> symptom_missing; ///< cells of the symptom that nothing was imported for
    std::string case_path = "CASE";       ///< for commands
};

struct WalkQuestion { std::string analyzer; Verdict verdict = Verdict::ruledOut; std::string why, reason; };
struct WalkStep {
    int number = 0;
    std::string title, why;
    std::optional<int> budget_minutes;
    std::vector<WalkQuestion> questions;
    std::vector<Missing> missing;         ///< what would open the questions that could not be answered
    std::vector<std::string> actions;     ///< fixes, proofs, prevention, from the causes found; they name the cause when there are several
};
struct WalkNext { std::string title, command, why; };

/// A confirmed cause that nothing explains, and which analyzers' confirmed findings it explains.
struct WalkCause {
    std::string analyzer, key, headline;
    Severity severity = Severity::note;
    std::optional<double> share;
    std::vector<std::string> explains;
};

struct Walk {
    std::string symptom, title, pattern, likely;
    std::vector<WalkCheck> checks;
    std::vector<Mitigation> mitigation;   ///< before any cause is known
    std::vector<WalkStep> steps;          ///< seven
    WalkNext next;
    std::string conclusion;
    std::vector<WalkCause> causes;        ///< largest first; empty while no cause is confirmed
};

/// The walk of one symptom over what is known: pure, deterministic. Questions come in the playbook's order; what may be the
/// reason behind a confirmed cause moves up behind it; what is ruled out is shown and passed. The confirmed causes that
/// nothing explains conclude, those that hurt users most first, then what users feel that none of them explains. Playbook `unknown` goes on with every other analyzer that could answer.
/// Next is, in this order: undo or mitigate what is confirmed, also a symptom that hurts users when there is a quick way; say what is normal when no base is known; bring what would
/// confirm a suspicion; read a suspicion's proof; bring what the first unanswered question needs; another playbook.
Walk build_walk(const Playbook& playbook, const WalkRules& rules, const WalkInput& input);

}  // namespace casebook
