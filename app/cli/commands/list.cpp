#include "analyzers/core/analyzer.h"
#include "analyzers/core/importer.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/playbook_data.h"
#include "analyzers/playbook/symptoms.h"
#include "analyzers/playbook/thresholds.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <array>

namespace casebook::cli::commands {

namespace {

/// A field of an entry: text, or a number that JSON prints as one.
struct Field {
    std::string_view name;
    std::string text;
    std::optional<double> number;
};
using Entry = std::vector<Field>;  // "id" and "title" first

std::vector<Entry> importers()
{
    std::vector<Entry> entries;
    for (const Importer* importer : all_importers())
        entries.push_back({{"id", std::string(importer->id), {}}, {"title", std::string(importer->title), {}},
                           {"brings", std::string(importer->brings), {}}, {"how", std::string(importer->how), {}}});
    return entries;
}

std::vector<Entry> analyzers()
{
    std::vector<Entry> entries;
    for (const Analyzer* analyzer : all_analyzers())
        entries.push_back({{"id", std::string(analyzer->id), {}}, {"title", std::string(analyzer->question), {}},
                           {"kind", analyzer->kind == AnalyzerKind::cause ? "cause" : "symptom", {}},
                           {"needs", std::string(analyzer->needs), {}}, {"improves", std::string(analyzer->improves), {}}});
    return entries;
}

std::vector<Entry> symptoms()
{
    std::vector<Entry> entries;
    for (const std::string_view id : symptom_ids())
        if (const auto playbook = playbook_of(id))
            entries.push_back({{"id", std::string(id), {}}, {"title", playbook->title, {}}, {"pattern", playbook->pattern, {}}, {"likely", playbook->likely, {}}});
    return entries;
}

std::vector<Entry> thresholds()
{
    std::vector<Entry> entries;
    for (const NamedThreshold& threshold : all_thresholds()) {
        std::string title = threshold.name.substr(threshold.name.find_last_of('.') + 1);
        for (char& c : title)
            if (c == '_') c = ' ';
        entries.push_back({{"id", threshold.name, {}}, {"title", title, {}}, {"default", "", threshold.value}, {"unit", std::string(threshold.unit), {}},
                           {"source", std::string(threshold.source), {}}});
    }
    return entries;
}

struct Kind {
    std::string_view name;
    std::vector<Entry> (*entries)();
};
constexpr std::array kinds{Kind{"importers", importers}, Kind{"analyzers", analyzers}, Kind{"symptoms", symptoms}, Kind{"thresholds", thresholds}};

void append_json(JsonWriter& json, const std::vector<Entry>& entries)
{
    json.begin_array();
    for (const Entry& entry : entries) {
        json.begin_object();
        for (const Field& field : entry) {
            json.key(field.name);
            if (field.number) json.value(*field.number);
            else json.value(field.text);
        }
        json.end_object();
    }
    json.end_array();
}

std::string as_table(const std::vector<Entry>& entries, int width, bool color)
{
    if (entries.empty()) return "(none)\n";
    std::vector<Table::Column> columns;
    for (const Field& field : entries.front()) columns.push_back({std::string(field.name), field.number.has_value()});
    Table table(std::move(columns));
    for (const Entry& entry : entries) {
        std::vector<std::string> cells;
        for (const Field& field : entry) cells.push_back(field.number ? format_number(*field.number) : field.text);
        table.add(std::move(cells));
    }
    return table.text(width, color);
}

std::string names_of_kinds()
{
    std::string names;
    for (const Kind& kind : kinds) names += (names.empty() ? "" : ", ") + std::string(kind.name);
    return names;
}

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    const std::string wanted = arguments.value("WHAT");
    for (const Kind& kind : kinds) {
        if (kind.name != wanted) continue;
        if (!arguments.has("--json")) {
            terminal.print(as_table(kind.entries(), terminal.width(), terminal.color()));
            return exit_status::done;
        }
        JsonWriter json;
        append_json(json, kind.entries());
        terminal.print(json.text() + "\n");
        return exit_status::done;
    }
    return fail(Error::Code::usage, "list: there is no list of '" + wanted + "'", "one of: " + names_of_kinds());
}

}  // namespace

extern const Command list;
const Command list{
    "list",
    "importers|analyzers|symptoms|thresholds [--json]",
    "the formats that can be imported, the questions asked, the symptoms known, the thresholds used",
    "",
    {{"WHAT", "importers, analyzers, symptoms or thresholds"}},
    {{"--json", "", "print an array of objects with id, title and what else the list holds"}},
    run,
};

}  // namespace casebook::cli::commands
