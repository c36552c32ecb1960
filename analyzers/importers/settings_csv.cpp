// Settings, limits and sizes as a table: pg_settings, SHOW ALL, or anything with a name and a value:
//   name,setting,unit,source                    source,name,value,unit
//   max_connections,100,,configuration file     orders,pool.max,10,connections

#include "analyzers/core/importer.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/table_reader.h"

namespace casebook::importers {

extern const Importer settings_csv;

namespace {

constexpr std::size_t npos = TableReader::npos;

struct SettingColumns {
    std::size_t name, value, unit, source;
    bool postgresql = false;

    explicit SettingColumns(const Columns& columns)
    {
        name = columns.find(
            {"name", "key", "parameter", "setting_name", "property", "option", "variable", "variable_name"});
        value = columns.find({"setting", "value", "current_value", "variable_value"});
        unit = columns.find({"unit", "units"});
        source = columns.find({"service", "component", "source", "scope", "app", "application"});
        // pg_settings: the value is called setting, and source says which file it came from.
        postgresql = name != npos && columns.find({"setting"}) == value && value != npos;
        if (postgresql) source = npos;
        // Two columns only: "setting,value".
        if (name == npos && value != npos && columns.has({"setting"}) && columns.has({"value"})) {
            name = columns.find({"setting"});
            value = columns.find({"value"});
        }
    }

    bool complete() const { return name != npos && value != npos && name != value; }
};

int sniff(const Probe& probe)
{
    const TableLayout layout = table_layout(probe.head, probe.whole);
    if (layout.framing == TableFraming::none) return 0;
    const Columns names(layout.columns);
    const SettingColumns columns(names);
    if (!columns.complete()) return 0;
    if (columns.postgresql) return 80;
    // With a time beside name and value it is a metric.
    if (names.has({"time", "timestamp", "ts", "at", "date", "_time", "captured_at", "now"}) || names.size() > 6)
        return 0;
    return columns.unit != npos || columns.source != npos || names.size() <= 3 ? 55 : 0;
}

Status read(Source& source, ImportContext& context)
{
    TRY_ASSIGN(const auto table, TableReader::open(source));
    const Columns names(table->columns());
    const SettingColumns columns(names);
    if (!columns.complete())
        return fail(Error::Code::notUnderstood, "the table has no columns for a setting's name and value",
                    "wanted: source,name,value,unit");
    for (;;) {
        TRY_ASSIGN(const bool there, table->next());
        if (!there) return {};
        TRY(context.control().check());
        if (table->ragged()) {
            context.drop(table->line(), "ragged_row",
                         std::to_string(table->cell_count()) + " cells under " +
                             std::to_string(table->columns().size()) + " columns");
            continue;
        }
        SettingRow row;
        row.name = trim(table->cell(columns.name));
        row.value = trim(table->cell(columns.value));
        row.unit = trim(table->cell(columns.unit));
        row.source = trim(table->cell(columns.source));
        if (row.source.empty())
            row.source = columns.postgresql ? std::string_view("postgresql") : context.default_service();
        if (row.name.empty()) {
            context.drop(table->line(), "no_name", "a value without the name of its setting");
            continue;
        }
        TRY(context.add(row));
        context.stored();
    }
}

}  // namespace

const Importer settings_csv{
    .id = "settings_csv",
    .title = "Settings (CSV): pg_settings, or source,name,value,unit",
    .brings = "setting",
    .how = "psql -c \"\\copy (select name, setting, unit, source from pg_settings) to 'settings.csv' csv header\"",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
