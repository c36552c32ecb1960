#include "analyzers/core/json_writer.h"
#include "analyzers/playbook/walk_case.h"

namespace casebook {
namespace {

void write(JsonWriter& json, const Missing& missing)
{
    json.begin_object().key("evidence").value(missing.evidence).key("why").value(missing.why).key("command").value(missing.command).end_object();
}

void write(JsonWriter& json, const WalkStep& step)
{
    json.begin_object().key("number").value(step.number).key("title").value(step.title).key("budget_minutes");
    if (step.budget_minutes) json.value(*step.budget_minutes);
    else json.null();
    json.key("why").value(step.why).key("questions").begin_array();
    for (const WalkQuestion& question : step.questions)
        json.begin_object().key("analyzer").value(question.analyzer).key("verdict").value(name_of(question.verdict)).key("why").value(question.why)
            .key("reason").value(question.reason).end_object();
    json.end_array().key("missing").begin_array();
    for (const Missing& missing : step.missing) write(json, missing);
    json.end_array().key("actions").begin_array();
    for (const std::string& action : step.actions) json.value(action);
    json.end_array().end_object();
}

}  // namespace

std::string to_json(const Walk& walk)
{
    JsonWriter json;
    json.begin_object().key("symptom").value(walk.symptom).key("title").value(walk.title);
    json.key("checks").begin_array();
    for (const WalkCheck& check : walk.checks)
        json.begin_object().key("name").value(check.name).key("state").value(name_of(check.state)).key("text").value(check.text).key("command").value(check.command).end_object();
    json.end_array().key("mitigation").begin_array();
    for (const Mitigation& mitigation : walk.mitigation) json.begin_object().key("title").value(mitigation.title).key("why").value(mitigation.why).end_object();
    json.end_array().key("steps").begin_array();
    for (const WalkStep& step : walk.steps) write(json, step);
    json.end_array().key("next").begin_object().key("title").value(walk.next.title).key("command").value(walk.next.command).key("why").value(walk.next.why).end_object();
    json.key("conclusion").value(walk.conclusion).key("causes").begin_array();
    for (const WalkCause& cause : walk.causes) {
        json.begin_object().key("analyzer").value(cause.analyzer).key("key").value(cause.key).key("headline").value(cause.headline).key("severity").value(name_of(cause.severity));
        if (cause.share) json.key("share").value(*cause.share);
        json.key("explains").begin_array();
        for (const std::string& other : cause.explains) json.value(other);
        json.end_array().end_object();
    }
    json.end_array().end_object();
    return json.take();
}

}  // namespace casebook
