#include "analyzers/core/analyzer.h"
#include "analyzers/core/importer.h"
#include "analyzers/core/json_writer.h"
#include "analyzers/core/text.h"
#include "analyzers/playbook/playbook_data.h"
#include "analyzers/playbook/symptoms.h"
#include "analyzers/playbook/thresholds.h"
#include "app/cli/command.h"
#include "app/cli/exit_status.h"
#include "app/cli/samples.h"
#include "app/cli/table.h"
#include "app/cli/terminal.h"

#include <algorithm>
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
    for (const std::string_view id : symptom_ids()) {
        const auto playbook = playbook_of(id);
        entries.push_back({{"id", std::string(id), {}}, {"title", playbook ? playbook->title : std::string(), {}},
                           {"pattern", playbook ? playbook->pattern : std::string(), {}},
                           {"likely", playbook ? playbook->likely : std::string(), {}}});
    }
    return entries;
}

std::vector<Entry> thresholds()
{
    std::vector<Entry> entries;
    for (const NamedThreshold& threshold : all_thresholds()) {
        std::string title = threshold.name.substr(threshold.name.rfind('.') + 1);
        std::replace(title.begin(), title.end(), '_', ' ');
        entries.push_back({{"id", threshold.name, {}}, {"title", title, {}}, {"default", "", threshold.value},
                           {"unit", std::string(threshold.unit), {}}, {"source", std::string(threshold.source), {}}});
    }
    return entries;
}

std::vector<Entry> samples()
{
    std::vector<Entry> entries;
    for (const Sample& sample : bundled_samples())
        entries.push_back({{"id", sample.id, {}}, {"title", sample.title, {}}, {"path", sample.path, {}}});
    return entries;
}

/// The SQL functions that a case adds to SQLite's own.
std::vector<Entry> functions()
{
    const auto entry = [](const char* id, const char* title, const char* arguments) {
        return Entry{{"id", id, {}}, {"title", title, {}}, {"arguments", arguments, {}}};
    };
    return {
        entry("percentile", "exact percentile of a column, an aggregate: percentile(duration_ns, 99)", "x, p from 0 to 100"),
        entry("fingerprint", "one value for all spellings of an SQL statement, whatever its literals", "sql"),
        entry("template", "a path or URL with its variable parts replaced: /orders/:id", "path or URL"),
    };
}

struct Kind {
    std::string_view name;
    std::vector<Entry> (*entries)();
};
constexpr std::array kinds{Kind{"importers", importers},   Kind{"analyzers", analyzers}, Kind{"symptoms", symptoms},
                           Kind{"thresholds", thresholds}, Kind{"samples", samples},     Kind{"functions", functions}};

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

/// Not cut to the terminal: the commands in it are there to be copied.
std::string as_table(const std::vector<Entry>& entries, bool color)
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
    return table.text(0, color, 0, 2000);
}

std::string names_of_kinds()
{
    std::string names;
    for (const Kind& kind : kinds) names += (names.empty() ? "" : ", ") + std::string(kind.name);
    return names;
}

Result<int> list_all(const Arguments& arguments, Terminal& terminal)
{
    if (!arguments.has("--json")) {
        std::string text;
        for (const Kind& kind : kinds)
            text += (text.empty() ? "" : "\n") + std::string(kind.name) + "\n" + as_table(kind.entries(), terminal.color());
        terminal.print(text);
        return exit_status::done;
    }
    JsonWriter json;
    json.begin_object();
    for (const Kind& kind : kinds) {
        json.key(kind.name);
        append_json(json, kind.entries());
    }
    json.end_object();
    terminal.print(json.text() + "\n");
    return exit_status::done;
}

Result<int> run(const Arguments& arguments, Terminal& terminal)
{
    if (!arguments.has("WHAT")) return list_all(arguments, terminal);
    const std::string wanted = arguments.value("WHAT");
    for (const Kind& kind : kinds) {
        if (kind.name != wanted) continue;
        if (!arguments.has("--json")) {
            terminal.print(as_table(kind.entries(), terminal.color()));
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
    "[importers|analyzers|symptoms|thresholds|samples|functions] [--json]",
    "the formats that can be imported, the questions asked, the thresholds used, ...",
    "importers: formats, what each brings and how to get it from a live system. analyzers: the questions and what they need.\n"
    "symptoms: the patterns that are looked for first. thresholds: every number a verdict depends on, its source; --set changes one.\n"
    "samples: evidence that comes with Casebook. functions: what query knows beside SQLite's own. Without a word: all of them.",
    {{"WHAT", "what to list; everything when left out", Positional::Count::optional}},
    {{"--json", "", "print an array of objects with id, title and what else the list holds"}},
    run,
};

}  // namespace casebook::cli::commands
