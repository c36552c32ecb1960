// pg_stat_statements as a table: \copy ... csv header, COPY text, every psql format, JSON rows, spreadsheet exports;
// and pg_stat_statements_info. Columns are told by name, whatever the extension's version:
//   userid,dbid,toplevel,queryid,query,plans,total_plan_time,...,calls,total_exec_time,...,rows,shared_blks_hit,...
//   16806,5,t,-8801420025506140379,"select status,count(*) from orders group by
//   1",1,0.04672,...,1,22.651421,...,4,2971,...

#include "analyzers/core/importer.h"

#include "analyzers/core/instant.h"
#include "analyzers/core/text.h"
#include "analyzers/importers/support/columns.h"
#include "analyzers/importers/support/table_reader.h"

namespace casebook::importers {

extern const Importer pg_stat_statements_csv;

namespace {

constexpr std::string_view info_source = "pg_stat_statements_info";

struct StatementColumns {
    std::size_t taken_at, query_id, query, calls, rows, shared_hit, shared_read, temp_written, stats_reset;
    ScaledColumn total, mean, least, most, deviation;

    explicit StatementColumns(const Columns& columns)
        : taken_at(columns.find({"captured_at", "snapshot_at", "snapshot_time", "snap_time", "sample_time",
                                 "sampled_at", "collected_at", "now", "clock_timestamp", "current_timestamp", "statement_timestamp",
                                 "ts", "timestamp", "time", "at"})),
          query_id(columns.find({"queryid", "query_id", "query_hash", "query_identifier"})),
          query(
              columns.find({"query", "query_text", "short_query", "statement", "sql", "sql_text", "normalized_query"})),
          calls(columns.find({"calls", "call_count", "executions", "num_calls", "total_calls"})),
          rows(columns.find({"rows", "total_rows", "rows_returned", "row_count"})),
          shared_hit(columns.find({"shared_blks_hit", "shared_hit", "shared_blocks_hit"})),
          shared_read(columns.find({"shared_blks_read", "shared_read", "shared_blocks_read"})),
          temp_written(columns.find({"temp_blks_written", "temp_written", "temp_blocks_written"})),
          stats_reset(columns.find({"stats_reset"})),
          total(columns.find_duration(
              {"total_exec_time", "total_time", "total_execution_time", "total_duration", "total"})),
          mean(columns.find_duration(
              {"mean_exec_time", "mean_time", "avg_exec_time", "avg_time", "average_time", "mean", "avg", "average"})),
          least(columns.find_duration({"min_exec_time", "min_time", "min"})),
          most(columns.find_duration({"max_exec_time", "max_time", "max"})),
          deviation(columns.find_duration({"stddev_exec_time", "stddev_time", "stddev"}))
    {}

    bool statements() const
    {
        return calls != TableReader::npos && (total || mean) &&
               (query != TableReader::npos || query_id != TableReader::npos);
    }
};

/// Columns of the view by their number, for dumps without a header (CREATE FUNCTION scripts of the extension, 1.1 to
/// 1.12). Only the versions whose numbers differ can be told apart; 1.3 to 1.7 have the same columns.
std::vector<std::string> columns_by_count(const std::vector<std::string>& row)
{
    std::vector<std::string> names;
    const auto add = [&](std::string_view list) {
        for (const std::string_view name : split(list, ' ')) names.emplace_back(name);
    };
    std::size_t count = row.size();
    if (count > 1 && !parse_int(row.front()) && cell_instant(row.front())) {
        add("captured_at");
        --count;
    }
    const bool exec = count >= 32;
    if (count == 18) add("userid dbid query");
    else if (count == 19 || count == 23 || count == 32) add("userid dbid queryid query");
    else if (count == 33 || count == 43 || count == 49 || count == 52) add("userid dbid toplevel queryid query");
    else return {};
    if (exec)
        add("plans total_plan_time min_plan_time max_plan_time mean_plan_time stddev_plan_time calls total_exec_time "
            "min_exec_time "
            "max_exec_time mean_exec_time stddev_exec_time rows");
    else add(count == 23 ? "calls total_time min_time max_time mean_time stddev_time rows" : "calls total_time rows");
    add("shared_blks_hit shared_blks_read shared_blks_dirtied shared_blks_written local_blks_hit local_blks_read "
        "local_blks_dirtied "
        "local_blks_written temp_blks_read temp_blks_written");
    while (names.size() < row.size()) names.push_back("column_" + std::to_string(names.size() + 1));
    return names;
}

/// A row without a header is a statement row when its numbers stand where the version has them.
bool is_headerless(const std::vector<std::string>& row)
{
    const std::vector<std::string> names = columns_by_count(row);
    if (names.empty()) return false;
    const Columns columns(names);
    for (const std::string_view name : {"userid", "dbid", "calls", "rows", "shared_blks_hit", "temp_blks_written"})
        if (!parse_int(row[columns.find({name})])) return false;
    const std::size_t toplevel = columns.find({"toplevel"});
    if (toplevel != TableReader::npos && !cell_bool(row[toplevel])) return false;
    return cell_double(row[StatementColumns(columns).total.index], false).has_value();
}

int sniff(const Probe& probe)
{
    const TableLayout layout = table_layout(probe.head, probe.whole);
    if (layout.framing == TableFraming::none) return 0;
    const Columns columns(layout.columns);
    if (columns.has({"dealloc"}) && columns.has({"stats_reset"})) return 95;
    if (StatementColumns(columns).statements())
        return columns.has({"queryid"}) && columns.has({"total_exec_time", "total_time"}) ? 98 : 85;
    if (layout.framing == TableFraming::delimited && is_headerless(layout.columns)) return 80;
    return 0;
}

Status read_info(TableReader& table, ImportContext& context)
{
    for (;;) {
        TRY_ASSIGN(const bool there, table.next());
        if (!there) return {};
        if (table.ragged()) {
            context.drop(table.line(), "ragged_row", "another number of cells than the header");
            continue;
        }
        for (std::size_t i = 0; i < table.columns().size(); ++i) {
            std::string name = lower(trim(table.columns()[i]));
            std::string value(trim(table.cell(i)));
            if (name == "now") name = "captured_at";
            if (!parse_int(value))
                if (const auto at = cell_instant(value)) value = format_instant(*at);
            TRY(context.add(SettingRow{info_source, name, value, {}}));
        }
        context.stored();
    }
}

class StatementImport {
public:
    StatementImport(TableReader& table, ImportContext& context)
        : table_(table), context_(context), columns_(Columns(table.columns())),
          comma_(table.layout().framing == TableFraming::delimited && table.layout().dialect.delimiter != ',')
    {
        table_.absorb_in(columns_.query);
    }

    Status read()
    {
        for (std::int64_t count = 0;; ++count) {
            if (count % 4096 == 0) TRY(context_.control().check());
            TRY_ASSIGN(const bool there, table_.next());
            if (!there) return {};
            if (table_.ragged())
                context_.drop(table_.line(), "ragged_row",
                              std::to_string(table_.cell_count()) + " cells under " +
                                  std::to_string(table_.columns().size()) + " columns");
            else TRY(read_row());
        }
    }

private:
    std::optional<double> ms(const ScaledColumn& column) const
    {
        return cell_ms(table_.cell(column.index), column.to_ms, comma_);
    }

    std::optional<std::int64_t> count(std::size_t column) const { return cell_int(table_.cell(column)); }

    /// The id as a decimal number. Spreadsheets turn 19 digits into 2.99583E+18: that id is lost, and no id is better
    /// than a wrong one.
    std::string_view query_id(std::string_view& lost) const
    {
        const std::string_view cell = trim(table_.cell(columns_.query_id));
        if (is_null_text(cell)) return {};
        const bool number = cell.find_first_not_of("-0123456789") == std::string_view::npos;
        const bool hexadecimal =
            cell.size() >= 8 && cell.find_first_not_of("0123456789abcdefABCDEFx") == std::string_view::npos;
        if (number || hexadecimal) return cell;
        lost = cell;
        return {};
    }

    Status read_row()
    {
        StatementRow row;
        const auto calls = count(columns_.calls);
        if (!calls || *calls < 0) {
            context_.drop(table_.line(), "bad_number",
                          "calls is \"" + std::string(table_.cell(columns_.calls).substr(0, 40)) + "\"");
            return {};
        }
        row.calls = *calls;
        row.mean_ms = ms(columns_.mean);
        const auto total = ms(columns_.total);
        if (!total && !row.mean_ms) {
            context_.drop(table_.line(), "bad_number", "neither a total nor a mean time");
            return {};
        }
        row.total_ms = total ? *total : *row.mean_ms * static_cast<double>(row.calls);
        row.min_ms = ms(columns_.least);
        row.max_ms = ms(columns_.most);
        row.stddev_ms = ms(columns_.deviation);
        row.rows = count(columns_.rows);
        row.shared_hit = count(columns_.shared_hit);
        row.shared_read = count(columns_.shared_read);
        row.temp_written = count(columns_.temp_written);

        std::string_view lost_id;
        row.query_id = query_id(lost_id);
        std::string_view query = trim(table_.cell(columns_.query));
        if (query == "<insufficient privilege>" || is_null_text(query)) {
            if (columns_.query != TableReader::npos)
                context_.note(table_.line(), "no_query_text",
                              query.empty() ? "the statement's text is missing" : query);
            query = {};
        }
        row.query = query;

        row.snapshot_at_ns = context_.at_ns();
        const std::string_view taken_at = trim(table_.cell(columns_.taken_at));
        const auto at = cell_instant(taken_at);
        if (at) row.snapshot_at_ns = at;
        TRY(add_reset_time());
        TRY(context_.add(row));
        context_.stored();
        if (!total) context_.repair(table_.line(), "no_total_time", "total taken as calls times mean");
        else if (!lost_id.empty())
            context_.repair(table_.line(), "query_id_lost",
                            "\"" + std::string(lost_id.substr(0, 40)) + "\" is no query id any more");
        else if (!at && !taken_at.empty())
            context_.repair(table_.line(), "bad_time", "\"" + std::string(taken_at.substr(0, 40)) + "\" is no time");
        return {};
    }

    /// A dump joined with the info view carries the reset time in every row; one setting says it.
    Status add_reset_time()
    {
        const std::string_view cell = trim(table_.cell(columns_.stats_reset));
        if (cell.empty() || cell == reset_) return {};
        reset_ = cell;
        const auto at = cell_instant(cell);
        if (!at) return {};
        const std::string value = format_instant(*at);
        return context_.add(SettingRow{info_source, "stats_reset", value, {}});
    }

    TableReader& table_;
    ImportContext& context_;
    const StatementColumns columns_;
    const bool comma_;  // cells may have decimal commas
    std::string reset_;
};

Status read(Source& source, ImportContext& context)
{
    TRY_ASSIGN(const auto table, TableReader::open(source));
    if (is_headerless(table->columns())) {
        std::vector<std::string> names = columns_by_count(table->columns());
        context.note(1, "no_header", "columns taken from their number, " + std::to_string(names.size()));
        table->header_is_data(std::move(names));
    }
    const Columns columns(table->columns());
    if (columns.has({"dealloc"}) && columns.has({"stats_reset"}) && !columns.has({"calls"}))
        return read_info(*table, context);
    if (!StatementColumns(columns).statements())
        return fail(Error::Code::notUnderstood, "the table lacks the columns of pg_stat_statements",
                    "export at least queryid or query, calls and total_exec_time (or total_time), with a header line");
    return StatementImport(*table, context).read();
}

}  // namespace

const Importer pg_stat_statements_csv{
    .id = "pg_stat_statements_csv",
    .title = "pg_stat_statements (CSV, psql output or JSON rows)",
    .brings = "statement",
    .how = "psql -c \"\\copy (select now() as captured_at, * from pg_stat_statements) to 'statements.csv' csv header\"",
    .sniff = sniff,
    .read = read,
};

}  // namespace casebook::importers
