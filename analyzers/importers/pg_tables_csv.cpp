// pg_stat_user_tables, pg_statio_user_tables, or both joined, as a table:
//   relid,schemaname,relname,seq_scan,seq_tup_read,idx_scan,...,n_live_tup,n_dead_tup,n_mod_since_analyze,...,last_autovacuum,...
//   16831,shop,orders,907,60400000,356,...,200000,0,80,...,2026-11-23 00:11:59.429737+00,...
// A table of schema public goes by its bare name, any other as schema.table.

#include "analyzers/core/importer.h"

#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/snapshot_rows.h"
#include "analyzers/importers/support/table_reader.h"

#include <algorithm>

namespace casebook::importers {

extern const Importer pg_tables_csv;

namespace {

constexpr std::size_t npos = TableReader::npos;

struct TableColumns {
    std::size_t schema, name, live, dead, seq_scans, index_scans, vacuum, autovacuum, analyze, autoanalyze, heap_hit,
        heap_read, index_hit, index_read, modified, size, database;
    int known = 0;

    explicit TableColumns(const Columns& columns)
        : schema(columns.find({"schemaname", "schema", "table_schema", "nspname"})),
          name(columns.find({"relname", "table_name", "tablename", "table", "relation"})),
          live(columns.find({"n_live_tup", "live_tuples", "live_rows", "live_tup"})),
          dead(columns.find({"n_dead_tup", "dead_tuples", "dead_rows", "dead_tup"})),
          seq_scans(columns.find({"seq_scan", "seq_scans"})),
          index_scans(columns.find({"idx_scan", "index_scans", "idx_scans"})), vacuum(columns.find({"last_vacuum"})),
          autovacuum(columns.find({"last_autovacuum"})), analyze(columns.find({"last_analyze"})),
          autoanalyze(columns.find({"last_autoanalyze"})), heap_hit(columns.find({"heap_blks_hit", "heap_hit"})),
          heap_read(columns.find({"heap_blks_read", "heap_read"})),
          index_hit(columns.find({"idx_blks_hit", "index_hit", "idx_hit"})),
          index_read(columns.find({"idx_blks_read", "index_read", "idx_read"})),
          modified(columns.find({"n_mod_since_analyze", "modified_since_analyze"})),
          size(columns.find({"total_bytes", "total_size", "total_relation_size", "pg_total_relation_size", "size_bytes",
                             "table_bytes", "relation_size", "pg_relation_size", "table_size", "size"})),
          database(columns.find({"datname", "database", "current_database", "dbname"}))
    {
        for (const std::size_t column : {live, dead, seq_scans, vacuum, autovacuum, analyze, autoanalyze, heap_hit,
                                         heap_read, index_hit, index_read, modified})
            known += column != npos;
    }

    bool complete() const { return name != npos && known >= 1; }
};

std::optional<std::int64_t> later(std::optional<std::int64_t> a, std::optional<std::int64_t> b)
{
    if (!a || !b) return a ? a : b;
    return std::max(*a, *b);
}

/// A size in bytes: a number, or pg_size_pretty's "8192 bytes", "12 MB", whose units are powers of 1024.
std::optional<std::int64_t> size_of(std::string_view cell)
{
    if (const auto bytes = cell_int(cell)) return bytes;
    cell = trim(cell);
    const std::size_t blank = cell.find(' ');
    if (blank == std::string_view::npos) return {};
    const auto value = cell_double(cell.substr(0, blank), true);
    const std::string_view unit = trim(cell.substr(blank));
    double factor = unit == "bytes" ? 1
                    : unit == "kB"  ? 1024
                    : unit == "MB"  ? 1048576
                    : unit == "GB"  ? 1073741824
                    : unit == "TB"  ? 1099511627776
                                    : 0;
    if (!value || factor == 0 || *value * factor > 9e18) return {};
    return static_cast<std::int64_t>(*value * factor);
}

Status take(const SnapshotRows::Row& row, const TableColumns& columns, ImportContext& context)
{
    const std::string_view schema = trim(row.cell(columns.schema)), name = trim(row.cell(columns.name));
    if (is_null_text(name)) {
        context.drop(row.line, "no_name", "a row without the name of its table");
        return {};
    }
    const std::string qualified =
        schema.empty() || schema == "public" ? std::string(name) : std::string(schema) + "." + std::string(name);
    TableStatRow stat;
    stat.at_ns = row.at_ns;
    stat.table = qualified;
    stat.live_rows = cell_int(row.cell(columns.live));
    stat.dead_rows = cell_int(row.cell(columns.dead));
    stat.seq_scans = cell_int(row.cell(columns.seq_scans));
    stat.index_scans = cell_int(row.cell(columns.index_scans));
    stat.last_vacuum_ns = later(cell_instant(row.cell(columns.vacuum)), cell_instant(row.cell(columns.autovacuum)));
    stat.last_analyze_ns = later(cell_instant(row.cell(columns.analyze)), cell_instant(row.cell(columns.autoanalyze)));
    stat.heap_hit = cell_int(row.cell(columns.heap_hit));
    stat.heap_read = cell_int(row.cell(columns.heap_read));
    stat.index_hit = cell_int(row.cell(columns.index_hit));
    stat.index_read = cell_int(row.cell(columns.index_read));
    stat.modified_since_analyze = cell_int(row.cell(columns.modified));
    stat.size_bytes = size_of(row.cell(columns.size));
    const std::string_view database = trim(row.cell(columns.database));
    if (!is_null_text(database)) stat.database = database;
    TRY(context.add(stat));
    context.stored();
    if (row.guessed) context.repair(row.line, "time_guessed", "dated by the newest time in the snapshot");
    return {};
}

int sniff(const Probe& probe)
{
    const TableLayout layout = table_layout(probe.head, probe.whole);
    if (layout.framing == TableFraming::none) return 0;
    const Columns names(layout.columns);
    const TableColumns columns(names);
    if (!columns.complete() || names.has({"indexrelname", "indexname", "indexdef"})) return 0;
    return columns.known >= 2 ? 90 : names.has({"relname"}) ? 70 : 0;
}

Status read(Source& source, ImportContext& context)
{
    TRY_ASSIGN(const auto table, TableReader::open(source));
    const Columns names(table->columns());
    const TableColumns columns(names);
    if (!columns.complete())
        return fail(Error::Code::notUnderstood, "the table lacks the columns of pg_stat_user_tables",
                    "wanted: relname with n_live_tup, n_dead_tup, seq_scan, last_autovacuum");
    return SnapshotRows::each(*table, names,
                              {columns.vacuum, columns.autovacuum, columns.analyze, columns.autoanalyze}, context,
                              [&](const SnapshotRows::Row& row) { return take(row, columns, context); });
}

}  // namespace

const Importer pg_tables_csv{
    .id = "pg_tables_csv",
    .title = "pg_stat_user_tables (CSV, psql output or JSON rows)",
    .brings = "table_stat",
    .how = "psql -c \"\\copy (select now() as captured_at, * from pg_stat_user_tables left join pg_statio_user_tables "
           "using (relid, schemaname, relname)) to 'tables.csv' csv header\"",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
