// Playbooks are data: every symptom has one, every analyzer is reached by one, and what they say is complete.

#include "analyzers/core/analyzer.h"
#include "analyzers/core/resources.h"
#include "analyzers/playbook/playbook_data.h"
#include "analyzers/playbook/symptoms.h"

#include <iostream>
#include <regex>
#include <set>

int main()
{
    using namespace casebook;
    int broken = 0;
    const auto expect = [&](bool holds, const std::string& subject, const std::string& rule) {
        if (holds) return;
        ++broken;
        std::cout << subject << ": " << rule << "\n";
    };
    static const std::regex analyzer_id("(latency|errors|database|pool|cache|memory|cpu|threads|dependency|queue|capacity)\\.[a-z][a-z0-9_]*");

    std::set<std::string> files, asked;
    for (const Resource& file : all_resources())
        if (file.name.starts_with("playbooks/")) files.emplace(file.name.substr(10, file.name.size() - 15));
    expect(files.erase("walk") == 1, "playbooks/walk.json", "what all playbooks share is missing");
    for (const std::string_view id : symptom_ids()) expect(files.erase(std::string(id)) == 1, std::string(id), "resources/playbooks has no file for it");
    for (const std::string& file : files) expect(false, "playbooks/" + file + ".json", "no symptom has this id");

    for (const std::string_view id : symptom_ids()) {
        const auto playbook = playbook_of(id);
        expect(playbook.has_value(), std::string(id), playbook ? "" : playbook.error().what);
        if (!playbook) continue;
        expect(playbook->id == id, std::string(id), "its id is not its file's name");
        expect(!playbook->pattern.empty() && !playbook->likely.empty(), std::string(id), "pattern or likeliest cause is missing");
        expect(!playbook->mitigation.empty(), std::string(id), "nothing to do before the cause is known");
        std::set<std::string> once;
        int step = 1;
        for (const PlaybookQuestion& question : playbook->questions) {
            expect(std::regex_match(question.analyzer, analyzer_id), std::string(id) + " " + question.analyzer, "that is no analyzer id");
            expect(once.insert(question.analyzer).second, std::string(id) + " " + question.analyzer, "asked twice");
            expect(question.step >= step && question.step <= 4, std::string(id) + " " + question.analyzer, "steps ascend from 1 to 4");
            step = question.step;
            asked.insert(question.analyzer);
        }
    }
    for (const Analyzer* analyzer : all_analyzers())
        expect(asked.count(std::string(analyzer->id)) == 1, std::string(analyzer->id), "no playbook asks it");

    const auto rules = walk_rules();
    expect(rules.has_value(), "playbooks/walk.json", rules ? "" : rules.error().what);
    if (rules) {
        for (std::size_t i = 0; i < rules->steps.size(); ++i) expect(rules->steps[i].number == static_cast<int>(i) + 1, "playbooks/walk.json", "steps are not numbered 1 to 7");
        for (const auto& [id, reasons] : rules->deeper) {
            expect(asked.count(id) == 1, "deeper " + id, "no playbook asks it");
            for (const std::string& reason : reasons) expect(asked.count(reason) == 1 && reason != id, "deeper " + id + " " + reason, "no playbook asks it");
        }
        for (const auto& [id, mitigation] : rules->mitigation)
            expect(asked.count(id) == 1 && !mitigation.title.empty() && !mitigation.why.empty(), "mitigation " + id, "incomplete, or no playbook asks it");
    }
    std::cout << symptom_ids().size() << " playbooks, " << asked.size() << " questions, " << broken << " broken rules\n";
    return broken == 0 ? 0 : 1;
}
