#include "widgets/models/views/plan_table.h"

#include "analyzers/core/text.h"
#include "widgets/models/views/table_from_query.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("PlanTable", text); }

constexpr double right_factor = 2;  // estimates less than this far off count as right, as in the plan itself

std::string estimate_text(double more, double fewer)
{
    if (std::max(more, fewer) < right_factor) return tr("right").toStdString();
    const QString factor = QString::fromStdString(format_number(std::round(std::max(more, fewer)), 4));
    return (more >= fewer ? tr("%1x more") : tr("%1x fewer")).arg(factor).toStdString();
}

}  // namespace

const char* plan_table_query()
{
    // Rows and estimates are per loop; estimates below one row count as one, as in the plan itself.
    return "WITH node AS (SELECT plan_id, max(1.0, actual_rows) AS actual, max(1.0, plan_rows) AS planned FROM plan_node "
           "WHERE actual_rows IS NOT NULL AND plan_rows IS NOT NULL AND loops > 0), "
           "factor AS (SELECT plan_id, max(actual / planned) AS more, max(planned / actual) AS fewer FROM node GROUP BY plan_id) "
           "SELECT f.path AS file, p.query, coalesce(p.execution_ms, root.total_ms) AS execution_ms, root.actual_rows * root.loops AS rows, factor.more, factor.fewer, "
           "(SELECT group_concat(relation, ', ') FROM (SELECT DISTINCT relation FROM plan_node WHERE plan_id = p.id AND relation <> '' ORDER BY node_id)) AS tables, "
           "p.source_line AS line, p.planning_ms, p.nodes, p.format, p.id AS plan_id "
           "FROM plan p LEFT JOIN import_file f ON f.id = p.file_id LEFT JOIN plan_node root ON root.plan_id = p.id AND root.node_id = 0 "
           "LEFT JOIN factor ON factor.plan_id = p.id ORDER BY execution_ms DESC";
}

std::shared_ptr<TableData> plan_table(std::shared_ptr<const QueryResult> rows)
{
    std::shared_ptr<TableData> table = table_from_query(std::move(rows));
    const auto find = [&](const char* name) {
        return std::find_if(table->columns.begin(), table->columns.end(), [name](const TableColumn& column) { return column.name == QLatin1String(name); });
    };
    if (const auto query = find("query"); query != table->columns.end()) {
        query->title = tr("statement");
        query->shown = query->texts;
        for (std::string_view& text : query->shown)
            if (text.empty()) text = table->keep(tr("no statement in this file").toStdString());
    }
    if (const auto file = find("file"); file != table->columns.end()) {
        file->shown = file->texts;
        for (std::string_view& text : file->shown) text = text.substr(text.find_last_of('/') + 1);
    }
    if (const auto time = find("execution_ms"); time != table->columns.end()) {
        time->decor = TableColumn::Decor::bar;
        time->help = tr("Time of the statement; of its first node where the plan does not say it");
    }
    // Both directions become one column: how far the worst estimate is off sorts, which way is read.
    const auto more = find("more"), fewer = find("fewer");
    if (more != table->columns.end() && fewer != table->columns.end()) {
        more->name = QStringLiteral("worst_estimate");
        more->title = tr("worst estimate");
        more->help = tr("Actual rows against planned rows, of the node where they differ most");
        std::vector<double> factors;
        for (std::size_t row = 0; row < table->rows; ++row) {
            const bool known = !more->is_null(row) && !fewer->is_null(row);
            more->shown.push_back(known ? table->keep(estimate_text(more->number(row), fewer->number(row))) : std::string_view());
            factors.push_back(known ? std::max(more->number(row), fewer->number(row)) : 0);
        }
        if (!more->is_text()) {
            more->integers.clear();
            more->numbers = std::move(factors);
        }
        table->columns.erase(fewer);
    }
    finish_table(*table);
    return table;
}

}  // namespace casebook
