#include "analyzers/playbook/walk.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <set>

namespace casebook {
namespace {

constexpr double reported_together = 0.2;  // causes of at least a fifth of the slow time are named side by side

/// A word of a command line.
std::string quoted(const std::string& text)
{
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

class Builder {
public:
    Builder(const Playbook& playbook, const WalkRules& rules, const WalkInput& input) : playbook_(playbook), rules_(rules), input_(input) {}

    Walk build()
    {
        walk_.symptom = playbook_.id;
        walk_.title = playbook_.title;
        walk_.pattern = playbook_.pattern;
        walk_.likely = playbook_.likely;
        walk_.checks = input_.checks;
        walk_.mitigation = playbook_.mitigation;
        order_questions();
        fill_steps();
        find_causes();
        add_actions();
        walk_.conclusion = conclusion();
        walk_.next = next();
        return std::move(walk_);
    }

private:
    const WalkAnswer* answer_of(std::string_view analyzer) const
    {
        for (const WalkAnswer& answer : input_.answers)
            if (answer.analyzer == analyzer) return &answer;
        return nullptr;
    }

    const Mitigation* mitigation_of(const std::string& analyzer) const
    {
        const auto found = rules_.mitigation.find(analyzer);
        return found == rules_.mitigation.end() ? nullptr : &found->second;
    }

    /// What may be the reason behind an analyzer's finding, among those that exist.
    std::vector<std::string> deeper(const std::string& analyzer) const
    {
        std::vector<std::string> found;
        if (const auto known = rules_.deeper.find(analyzer); known != rules_.deeper.end())
            for (const std::string& id : known->second)
                if (answer_of(id)) found.push_back(id);
        return found;
    }

    void order_questions()
    {
        for (const PlaybookQuestion& question : playbook_.questions)
            if (answer_of(question.analyzer)) questions_.push_back(question);
        if (playbook_.id == "unknown") {
            std::vector<std::string> others;
            for (const WalkAnswer& answer : input_.answers)
                if (answer.verdict != Verdict::notEnoughEvidence && position_of(answer.analyzer) == questions_.size()) others.push_back(answer.analyzer);
            std::sort(others.begin(), others.end());
            for (const std::string& id : others) questions_.push_back({id, 4, "It can be answered with the evidence at hand."});
        }
        // Reasons of what is confirmed come right behind it. Each analyzer moves once, so this ends.
        std::set<std::string> moved;
        for (std::size_t i = 0; i < questions_.size(); ++i) {
            const PlaybookQuestion asked = questions_[i];
            const WalkAnswer* answer = answer_of(asked.analyzer);
            if (answer->verdict != Verdict::confirmed || answer->kind != AnalyzerKind::cause) continue;
            std::size_t behind = i + 1;
            for (const std::string& id : deeper(asked.analyzer)) {
                const std::size_t from = position_of(id);
                if (from <= i || !moved.insert(id).second) continue;
                PlaybookQuestion question{id, asked.step, asked.analyzer + " is confirmed, and this may be the reason behind it."};
                if (from < questions_.size()) questions_.erase(questions_.begin() + static_cast<std::ptrdiff_t>(from));
                questions_.insert(questions_.begin() + static_cast<std::ptrdiff_t>(behind++), std::move(question));
            }
        }
    }

    std::size_t position_of(const std::string& analyzer) const
    {
        const auto found = std::find_if(questions_.begin(), questions_.end(), [&](const PlaybookQuestion& question) { return question.analyzer == analyzer; });
        return static_cast<std::size_t>(found - questions_.begin());
    }

    void fill_steps()
    {
        for (const PlaybookStep& step : rules_.steps) {
            WalkStep made{step.number, step.title, step.why, step.budget_minutes, {}, {}, {}};
            const auto need = [&](const Missing& missing) {
                const bool known = std::any_of(made.missing.begin(), made.missing.end(), [&](const Missing& other) { return other.evidence == missing.evidence; });
                if (!known) made.missing.push_back(missing);
            };
            if (step.number == 1)
                for (const Missing& missing : input_.symptom_missing) need(missing);
            for (const PlaybookQuestion& question : questions_) {
                if (question.step != step.number) continue;
                const WalkAnswer& answer = *answer_of(question.analyzer);
                made.questions.push_back({question.analyzer, answer.verdict, question.why, answer.reason});
                if (answer.verdict == Verdict::confirmed || answer.verdict == Verdict::ruledOut) continue;
                for (const Missing& missing : answer.missing)
                    need({missing.evidence, "for " + question.analyzer + (missing.why.empty() ? "" : ": " + missing.why), missing.command});
            }
            walk_.steps.push_back(std::move(made));
        }
    }

    /// Confirmed answers in the order asked, then those off this walk: what was found is never hidden.
    std::vector<const WalkAnswer*> confirmed() const
    {
        std::vector<const WalkAnswer*> found;
        for (const PlaybookQuestion& question : questions_)
            if (const WalkAnswer* answer = answer_of(question.analyzer); answer->verdict == Verdict::confirmed) found.push_back(answer);
        for (const WalkAnswer& answer : input_.answers)
            if (answer.verdict == Verdict::confirmed && position_of(answer.analyzer) == questions_.size()) found.push_back(&answer);
        return found;
    }

    static const std::string& sentence_of(const WalkAnswer& answer) { return answer.headline.empty() ? answer.reason : answer.headline; }

    /// Confirmed causes that nothing explains, in order of harm.
    void find_causes()
    {
        const std::vector<const WalkAnswer*> all = confirmed();
        for (const WalkAnswer* answer : all) {
            if (answer->kind != AnalyzerKind::cause || answer->explained) continue;
            WalkCause cause{answer->analyzer, answer->key, sentence_of(*answer), answer->severity, answer->share, {}};
            for (const WalkAnswer* other : all)
                if (std::find(other->explained_by.begin(), other->explained_by.end(), answer->analyzer) != other->explained_by.end())
                    cause.explains.push_back(other->analyzer);
            walk_.causes.push_back(std::move(cause));
        }
        const auto on_walk = [&](const WalkCause& cause) { return position_of(cause.analyzer) < questions_.size(); };
        std::stable_sort(walk_.causes.begin(), walk_.causes.end(), [&](const WalkCause& a, const WalkCause& b) {
            if (a.severity != b.severity) return a.severity < b.severity;
            return on_walk(a) && !on_walk(b);
        });
    }

    void add_actions()
    {
        for (const WalkCause& cause : walk_.causes) {
            const WalkAnswer& answer = *answer_of(cause.analyzer);
            const auto add = [&](int step, const std::string& text) {
                walk_.steps[static_cast<std::size_t>(step - 1)].actions.push_back((walk_.causes.size() > 1 ? cause.analyzer + ": " : "") + text);
            };
            if (const Mitigation* first = mitigation_of(cause.analyzer)) add(5, "now: " + first->title);
            for (const Fix& fix : answer.fixes)
                add(5, fix.title + (fix.effect.empty() ? "" : " (" + fix.effect + ")") + (fix.effort.empty() ? "" : ", " + fix.effort));
            if (!answer.proof.empty()) add(6, "proof: " + answer.proof);
            if (!answer.rollback.empty()) add(6, "take it back when: " + answer.rollback);
            for (const Fix& fix : answer.fixes)
                if (!fix.watch.empty()) add(6, "watch: " + fix.watch);
            if (!answer.proof.empty()) add(7, "alert when this no longer holds: " + answer.proof);
        }
    }

    std::string conclusion() const
    {
        if (!walk_.causes.empty()) return causes_text();
        std::string text;
        for (const WalkAnswer* seen : confirmed_symptoms()) {
            text += (text.empty() ? "" : ". ") + seen->analyzer + ": " + sentence_of(*seen);
            const std::string open = names_of(deeper(seen->analyzer), [&](const WalkAnswer& other) {
                return other.verdict == Verdict::notEnoughEvidence || other.verdict == Verdict::inconclusive || other.verdict == Verdict::suspected;
            });
            text += open.empty() ? ". Why is not shown yet" : ". Why is not shown yet; open: " + open;
        }
        if (text.empty()) text = "No cause is confirmed";
        const auto listed = [&](const char* title, Verdict verdict) {
            std::vector<std::string> ids;
            for (const PlaybookQuestion& question : questions_) ids.push_back(question.analyzer);
            const std::string names = names_of(ids, [&](const WalkAnswer& answer) { return answer.verdict == verdict && (answer.kind == AnalyzerKind::cause || verdict == Verdict::ruledOut); });
            if (!names.empty()) text += std::string(". ") + title + ": " + names;
        };
        listed("Suspected", Verdict::suspected);
        listed("Cannot be told", Verdict::inconclusive);
        listed("Ruled out", Verdict::ruledOut);
        listed("Not enough evidence for", Verdict::notEnoughEvidence);
        return text + ".";
    }

    std::vector<const WalkAnswer*> confirmed_symptoms() const
    {
        std::vector<const WalkAnswer*> found = confirmed();
        std::erase_if(found, [](const WalkAnswer* answer) { return answer->kind != AnalyzerKind::symptom; });
        return found;
    }

    template <class Wanted>
    std::string names_of(const std::vector<std::string>& ids, Wanted wanted) const
    {
        std::string names;
        for (const std::string& id : ids)
            if (wanted(*answer_of(id))) names += (names.empty() ? "" : ", ") + id;
        return names;
    }

    std::string causes_text() const
    {
        std::string text;
        double explained = 0;
        std::size_t large = 0;
        bool shares_known = true;
        for (const WalkCause& cause : walk_.causes) {
            if (cause.severity == Severity::note && !text.empty()) break;  // sorted: only notes follow
            if (!text.empty()) text += ". And ";
            else if (cause.severity == Severity::note) text = "Users hardly feel it, but ";
            text += cause.analyzer + ": " + cause.headline;
            if (!cause.explains.empty()) text += " (seen as " + join(cause.explains, ", ") + ")";
            if (cause.share) {
                explained += *cause.share;
                large += *cause.share >= reported_together;
            } else {
                shares_known = false;
            }
        }
        if (large >= 2 && shares_known && explained < 0.95) text += ". About " + format_percent(1 - explained) + " of the slow time remains unexplained";
        for (const WalkAnswer* seen : confirmed_symptoms())
            if (!seen->explained && seen->severity != Severity::note) text += ". Also seen, cause not found yet: " + seen->analyzer + ": " + sentence_of(*seen);
        return text + ".";
    }

    WalkNext next() const
    {
        if (!walk_.causes.empty()) {
            const WalkCause& cause = walk_.causes.front();
            const WalkAnswer& answer = *answer_of(cause.analyzer);
            const std::string show = "casebook-cli show " + quoted(input_.case_path) + " " + quoted(cause.key);
            if (const Mitigation* first = mitigation_of(cause.analyzer)) return {first->title, show, first->why};
            if (!answer.fixes.empty()) return {answer.fixes.front().title, show, answer.fixes.front().effect.empty() ? cause.headline : answer.fixes.front().effect};
            return {"Read the proof and choose a fix", show, cause.headline};
        }
        for (const WalkAnswer* seen : confirmed_symptoms())  // users hurt: before the root cause is known
            if (const Mitigation* first = mitigation_of(seen->analyzer); first && seen->severity == Severity::critical)
                return {first->title, "casebook-cli show " + quoted(input_.case_path) + " " + quoted(seen->key), first->why};
        for (const WalkCheck& check : walk_.checks)
            if (check.state == WalkCheck::State::missing) return {"Say what is normal: " + check.name, check.command, check.text};
        for (const PlaybookQuestion& question : questions_) {
            const WalkAnswer& answer = *answer_of(question.analyzer);
            if (answer.verdict != Verdict::suspected) continue;
            if (!answer.missing.empty())
                return {"Bring " + answer.missing.front().evidence, answer.missing.front().command, "it would confirm or refute " + answer.analyzer + ": " + answer.reason};
            if (!answer.key.empty() && answer.kind == AnalyzerKind::cause)
                return {"Look at the suspicion", "casebook-cli show " + quoted(input_.case_path) + " " + quoted(answer.key), answer.analyzer + ": " + answer.headline};
        }
        for (const WalkStep& step : walk_.steps)
            for (const Missing& missing : step.missing)
                if (!missing.command.empty()) return {"Bring " + missing.evidence, missing.command, missing.why};
        if (playbook_.id != "unknown")
            return {"Ask all other questions", "casebook-cli walk " + quoted(input_.case_path) + " --symptom unknown", "this playbook is walked to its end without a cause"};
        return {"Record the next occurrence", "", "nothing was found, and everything that the evidence allows was checked"};
    }

    const Playbook& playbook_;
    const WalkRules& rules_;
    const WalkInput& input_;
    std::vector<PlaybookQuestion> questions_;
    Walk walk_;
};

}  // namespace

std::string_view name_of(WalkCheck::State state)
{
    switch (state) {
    case WalkCheck::State::good: return "good";
    case WalkCheck::State::doubtful: return "doubtful";
    case WalkCheck::State::missing: return "missing";
    }
    return "";
}

Walk build_walk(const Playbook& playbook, const WalkRules& rules, const WalkInput& input) { return Builder(playbook, rules, input).build(); }

}  // namespace casebook
