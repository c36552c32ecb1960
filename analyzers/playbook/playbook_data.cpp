#include "analyzers/playbook/playbook_data.h"

#include "analyzers/core/resources.h"

#include <simdjson.h>

namespace casebook {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

std::string text_at(const object& from, const char* key)
{
    std::string_view text;
    if (from[key].get(text) != simdjson::SUCCESS) return {};
    return std::string(text);
}

int number_at(const object& from, const char* key)
{
    std::int64_t number = 0;
    if (from[key].get(number) != simdjson::SUCCESS) return 0;
    return static_cast<int>(number);
}

tl::unexpected<Error> broken(const std::string& what) { return fail(Error::Code::notUnderstood, "a playbook is not usable: " + what); }

std::vector<object> objects_at(const object& from, const char* key)
{
    std::vector<object> found;
    array items;
    if (from[key].get(items) != simdjson::SUCCESS) return found;
    for (const element item : items) {
        object entry;
        if (item.get(entry) == simdjson::SUCCESS) found.push_back(entry);
    }
    return found;
}

}  // namespace

Result<Playbook> parse_playbook(std::string_view json)
{
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(json);
    object root;
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) return broken("it is not a JSON object");
    Playbook playbook{text_at(root, "id"), text_at(root, "title"), text_at(root, "pattern"), text_at(root, "likely"), {}, {}};
    if (playbook.id.empty() || playbook.title.empty()) return broken("id or title is missing");
    for (const object& entry : objects_at(root, "mitigation")) playbook.mitigation.push_back({text_at(entry, "title"), text_at(entry, "why")});
    for (const object& entry : objects_at(root, "questions")) {
        playbook.questions.push_back({text_at(entry, "analyzer"), number_at(entry, "step"), text_at(entry, "why")});
        const PlaybookQuestion& added = playbook.questions.back();
        if (added.analyzer.empty() || added.why.empty() || added.step < 1 || added.step > 7) return broken(playbook.id + ": a question lacks analyzer, step or why");
    }
    if (playbook.questions.empty()) return broken(playbook.id + ": no questions");
    return playbook;
}

Result<WalkRules> parse_walk_rules(std::string_view json)
{
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(json);
    object root;
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) return broken("the rules are not a JSON object");
    WalkRules rules;
    for (const object& entry : objects_at(root, "steps")) {
        PlaybookStep step{number_at(entry, "number"), text_at(entry, "title"), {}, text_at(entry, "why")};
        if (const int minutes = number_at(entry, "budget_minutes"); minutes > 0) step.budget_minutes = minutes;
        rules.steps.push_back(std::move(step));
    }
    object deeper, mitigation;
    if (root["deeper"].get(deeper) == simdjson::SUCCESS)
        for (const auto field : deeper) {
            array ids;
            if (field.value.get(ids) != simdjson::SUCCESS) continue;
            for (const element id : ids) {
                std::string_view text;
                if (id.get(text) == simdjson::SUCCESS) rules.deeper[std::string(field.key)].emplace_back(text);
            }
        }
    if (root["mitigation"].get(mitigation) == simdjson::SUCCESS)
        for (const auto field : mitigation) {
            object entry;
            if (field.value.get(entry) == simdjson::SUCCESS) rules.mitigation[std::string(field.key)] = {text_at(entry, "title"), text_at(entry, "why")};
        }
    if (rules.steps.size() != 7) return broken("there are not seven steps");
    return rules;
}

Result<Playbook> playbook_of(std::string_view symptom)
{
    const std::string_view json = resource("playbooks/" + std::string(symptom) + ".json");
    if (json.empty() || symptom == "walk") return fail(Error::Code::usage, "there is no symptom " + std::string(symptom), "casebook-cli list symptoms shows them");
    return parse_playbook(json);
}

Result<WalkRules> walk_rules() { return parse_walk_rules(resource("playbooks/walk.json")); }

}  // namespace casebook
