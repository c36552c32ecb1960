#include "widgets/panels/views/table_view.h"

#include "widgets/models/views/table_from_query.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/qt_text.h"
#include "widgets/session/session.h"

#include <QTableView>

namespace casebook {
namespace {

/// The text of a column of that name in a row; empty when there is none.
std::string text_in(const TableData& table, const char* name, std::uint32_t row)
{
    for (const TableColumn& column : table.columns)
        if (column.name == QLatin1String(name) && column.is_text() && !column.is_null(row)) return std::string(column.texts[row]);
    return {};
}

}  // namespace

Evidence trace_evidence(const std::string& trace_id)
{
    return {"Trace " + trace_id, "span_tree", "span",
            "SELECT trace_id, span_id, parent_id, service, operation, kind, status, start_ns, duration_ns, self_ns FROM span "
            "WHERE trace_id = ?1 ORDER BY start_ns, duration_ns DESC, span_id",
            {trace_id}};
}

Evidence span_evidence(const std::string& trace_id, const std::string& span_id)
{
    Evidence evidence = trace_evidence(trace_id);
    evidence.caption += ", span " + span_id;
    evidence.sql.insert(evidence.sql.find(" ORDER BY"), " AND span_id = ?2");
    evidence.arguments.emplace_back(span_id);
    return evidence;
}

Evidence plan_evidence(std::int64_t plan_id)
{
    return {"Plan " + std::to_string(plan_id), "plan", "plan", "SELECT * FROM plan_node WHERE plan_id = ?1 ORDER BY node_id", {plan_id}};
}

TableView::TableView(Session& session, QWidget* parent) : QueryView(session, parent), table_(new DataTable)
{
    set_body(table_);
    connect(table_, &DataTable::activated, this, &TableView::open_row);
    connect(table_, &DataTable::failed, this, [this](const QString& what) { this->session().tell({Message::Kind::error, what, {}}); });
}

void TableView::load()
{
    // Looked at on their own, rows that were never there are no loss.
    if (finding() == nullptr && evidence().view == "events") set_empty_hint(tr("No deploys or other events in the case. Import a CSV with time,kind,service,text, or the answer of `kubectl get events -A -o json`."));
    QueryView::load();
}

void TableView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    std::shared_ptr<TableData> table = table_from_query(std::move(rows));
    // The quantity a finding is about is easier to see as a bar; the first duration is that, where there is one.
    for (TableColumn& column : table->columns)
        if (column.kind == TableColumn::Kind::duration) {
            column.decor = TableColumn::Decor::bar;
            break;
        }
    table_->set_table(std::move(table));
}

void TableView::set_time_zone(TimeZoneMode zone) { table_->set_time_zone(zone); }

void TableView::open_row(std::uint32_t row)
{
    const TableData* table = table_->model().table();
    if (table == nullptr) return;
    const std::string trace = text_in(*table, "trace_id", row), service = text_in(*table, "service", row), operation = text_in(*table, "operation", row);
    const std::string fingerprint = text_in(*table, "fingerprint", row);
    for (const TableColumn& column : table->columns)
        if (column.name == QLatin1String("plan_id") && !column.integers.empty() && !column.is_null(row)) return session().openEvidence(plan_evidence(column.integers[row]));
    Selection selection = session().selection();
    if (!service.empty()) { selection.service = service; selection.operation = operation; }
    if (!fingerprint.empty()) selection.fingerprint = fingerprint;
    if (!trace.empty()) selection.trace_id = trace;
    session().select(selection);
    if (!trace.empty()) session().openEvidence(trace_evidence(trace), finding() ? std::make_shared<const Finding>(*finding()) : nullptr);
}

QString TableView::copyText() const { return table_->selected_text(true); }

}  // namespace casebook
