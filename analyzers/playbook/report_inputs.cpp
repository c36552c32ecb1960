#include "analyzers/playbook/report_inputs.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/playbook/thresholds.h"

#include <simdjson.h>

#include <vector>

namespace casebook {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

std::string base_name(const std::string& path)
{
    const auto slash = path.find_last_of('/');
    return slash == std::string::npos || slash + 1 == path.size() ? path : path.substr(slash + 1);
}

/// "plan.json", "a.csv and b.csv", "a.csv and 3 more files".
std::string listed(const std::vector<std::string>& names)
{
    if (names.size() == 1) return names[0];
    if (names.size() == 2) return names[0] + " and " + names[1];
    return names[0] + " and " + std::to_string(names.size() - 1) + " more files";
}

std::vector<std::string> only_in(const std::map<std::int64_t, std::string>& these, const std::map<std::int64_t, std::string>& others)
{
    std::vector<std::string> names;
    for (const auto& [id, name] : these)
        if (!others.contains(id)) names.push_back(name);
    return names;
}

double value_of(const std::map<std::string, double>& set, const std::string& name)
{
    const auto found = set.find(name);
    return found != set.end() ? found->second : default_threshold(name).value_or(0);
}

/// As it was typed, not rounded for reading.
std::string exact(double number)
{
    JsonWriter json;
    json.value(number);
    return json.take();
}

}  // namespace

std::string to_json(const AnalysisInputs& inputs)
{
    JsonWriter json;
    json.begin_object().key("program").value(inputs.program).key("plain").value(inputs.plain).key("files").begin_array();
    for (const auto& [id, name] : inputs.files) json.begin_object().key("id").value(id).key("name").value(name).end_object();
    json.end_array().key("thresholds").begin_object();
    for (const auto& [name, value] : inputs.thresholds) json.key(name).value(value);
    json.end_object().key("reads").begin_object();
    for (const auto& [analyzer, names] : inputs.reads) {
        json.key(analyzer).begin_array();
        for (const std::string& name : names) json.value(name);
        json.end_array();
    }
    json.end_object().end_object();
    return json.take();
}

AnalysisInputs inputs_from_json(std::string_view text)
{
    AnalysisInputs inputs;
    simdjson::dom::parser parser;
    const simdjson::padded_string padded(text);
    object root, members;
    array items;
    if (parser.parse(padded).get(root) != simdjson::SUCCESS) return inputs;
    std::string_view program;
    if (root["program"].get(program) == simdjson::SUCCESS) inputs.program = program;
    if (root["plain"].get(inputs.plain) != simdjson::SUCCESS) inputs.plain = false;
    if (root["files"].get(items) == simdjson::SUCCESS)
        for (const element item : items) {
            std::int64_t id = 0;
            std::string_view name;
            if (item["id"].get(id) == simdjson::SUCCESS && item["name"].get(name) == simdjson::SUCCESS) inputs.files[id] = name;
        }
    if (root["thresholds"].get(members) == simdjson::SUCCESS)
        for (const auto [name, value] : members) {
            double number = 0;
            if (value.get(number) == simdjson::SUCCESS) inputs.thresholds[std::string(name)] = number;
        }
    if (root["reads"].get(members) == simdjson::SUCCESS)
        for (const auto [analyzer, names] : members) {
            std::set<std::string>& read = inputs.reads[std::string(analyzer)];
            if (names.get(items) != simdjson::SUCCESS) continue;
            for (const element name : items) {
                std::string_view one;
                if (name.get(one) == simdjson::SUCCESS) read.emplace(one);
            }
        }
    return inputs;
}

Result<std::map<std::string, double>> case_thresholds(CaseFile& file)
{
    TRY_ASSIGN(const auto stored, stored_thresholds(file));
    std::map<std::string, double> differing;
    for (const auto& [name, value] : stored)
        if (const auto usual = default_threshold(name); usual && *usual != value) differing[name] = value;
    return differing;
}

Result<AnalysisInputs> describe_inputs(CaseFile& file, const AnalyzeOptions& options, std::map<std::string, double> thresholds)
{
    AnalysisInputs inputs;
    inputs.program = CASEBOOK_VERSION;
    inputs.plain = !options.range && options.window.empty() && options.baseline.empty() && options.symptom.empty() && options.only.empty() && options.thresholds.empty();
    TRY_ASSIGN(const auto files, import_files(file));
    for (const ImportFileRow& row : files) inputs.files[row.id] = base_name(row.path);
    inputs.thresholds = std::move(thresholds);
    return inputs;
}

std::set<std::string> changed_thresholds(const AnalysisInputs& before, const AnalysisInputs& now)
{
    std::set<std::string> names;
    for (const auto* set : {&before.thresholds, &now.thresholds})
        for (const auto& [name, value] : *set)
            if (value_of(before.thresholds, name) != value_of(now.thresholds, name)) names.insert(name);
    return names;
}

std::string what_changed(const AnalysisInputs& before, const AnalysisInputs& now)
{
    std::vector<std::string> parts;
    if (const auto added = only_in(now.files, before.files); !added.empty()) parts.push_back(listed(added) + (added.size() == 1 ? " was imported" : " were imported"));
    if (const auto gone = only_in(before.files, now.files); !gone.empty()) parts.push_back(listed(gone) + (gone.size() == 1 ? " was taken out" : " were taken out"));
    for (const std::string& name : changed_thresholds(before, now))
        parts.push_back(name + " was set to " + exact(value_of(now.thresholds, name)) + " (was " + exact(value_of(before.thresholds, name)) + ")");
    if (parts.empty() && before.plain != now.plain) parts.push_back(now.plain ? "the whole case was analyzed again" : "only a part of the case was analyzed");
    if (parts.empty() && !before.program.empty() && before.program != now.program) parts.push_back("Casebook " + now.program + " analyzed it");
    std::string text;
    for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
    return text;
}

}  // namespace casebook
