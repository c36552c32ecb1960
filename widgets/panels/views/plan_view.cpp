#include "widgets/panels/views/plan_view.h"

#include "widgets/charts/line_text.h"
#include "widgets/panels/views/plan_pane.h"
#include "widgets/session/session.h"

#include <algorithm>

namespace casebook {

namespace {

/// "orders" and "public.orders" may be the same relation.
bool same_relation(std::string_view a, std::string_view b)
{
    const auto unqualified = [](std::string_view name) { return name.substr(name.find_last_of('.') + 1); };
    if (a.empty() || b.empty()) return false;
    const bool both_qualified = a.find('.') != std::string_view::npos && b.find('.') != std::string_view::npos;
    return both_qualified ? a == b : unqualified(a) == unqualified(b);
}

/// Nodes (by node_id) that read a table the finding names; those with one of its columns only, when there are any.
std::vector<int> nodes_of_finding(const std::vector<PlanNodeRow>& nodes, const Finding& finding)
{
    std::vector<int> of_table, of_column;
    for (const PlanNodeRow& node : nodes)
        for (const Subject& table : finding.subjects) {
            if ((table.kind != "table" && table.kind != "relation") || !same_relation(node.relation, table.name)) continue;
            of_table.push_back(node.node_id);
            if (std::any_of(finding.subjects.begin(), finding.subjects.end(), [&](const Subject& column) {
                    return column.kind == "column" && node.detail.find(column.name) != std::string::npos;
                }))
                of_column.push_back(node.node_id);
            break;
        }
    return of_column.empty() ? of_table : of_column;
}

}  // namespace

struct PlanEvidenceView::Loaded {
    PlanView plan;
    std::vector<int> marked;
};

PlanEvidenceView::PlanEvidenceView(Session& session, QWidget* parent) : QueryView(session, parent), pane_(new PlanPane)
{
    set_body(pane_);
    set_empty_hint(tr("No plan here. Import or paste the output of EXPLAIN (ANALYZE, BUFFERS)."));
}

void PlanEvidenceView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    const auto column = [&](std::string_view name) { return std::find(rows->columns.begin(), rows->columns.end(), name) - rows->columns.begin(); };
    const auto plan_column = column("plan_id"), node_column = column("node_id");
    const auto columns = static_cast<std::ptrdiff_t>(rows->columns.size());
    if (plan_column == columns) {
        PlanView plan;
        plan.nodes = plan_nodes_of(*rows);
        const std::vector<int> marked = finding() ? nodes_of_finding(plan.nodes, *finding()) : std::vector<int>();
        pane_->set_plan(std::move(plan));
        if (!marked.empty()) pane_->set_evidence(marked);
        return;
    }
    const Value id = rows->rows.front()[static_cast<std::size_t>(plan_column)];
    std::vector<int> returned;
    if (node_column != columns)
        for (const auto& row : rows->rows)
            if (row[static_cast<std::size_t>(plan_column)] == id)
                if (const auto* node = std::get_if<std::int64_t>(&row[static_cast<std::size_t>(node_column)])) returned.push_back(static_cast<int>(*node));
    slot_ = session().read<Loaded>(
        tr("Read the plan"),
        [id, returned](CaseFile& file, const Control& control) -> Result<Loaded> {
            Loaded loaded;
            TRY_ASSIGN(const QueryResult nodes, run_query(file, "SELECT * FROM plan_node WHERE plan_id = ?1 ORDER BY node_id", {id}, {}, control));
            TRY_ASSIGN(const QueryResult head,
                       run_query(file, "SELECT p.planning_ms, p.execution_ms, p.query, f.path FROM plan p LEFT JOIN import_file f ON f.id = p.file_id WHERE p.id = ?1", {id}, {}, control));
            loaded.plan.nodes = plan_nodes_of(nodes);
            if (!head.rows.empty()) {
                const auto& row = head.rows.front();
                const auto real = [&](std::size_t i) -> std::optional<double> {
                    if (const auto* number = std::get_if<double>(&row[i])) return *number;
                    if (const auto* number = std::get_if<std::int64_t>(&row[i])) return static_cast<double>(*number);
                    return {};
                };
                loaded.plan.planning_ms = real(0);
                loaded.plan.execution_ms = real(1);
                loaded.plan.query = to_qt(to_text(row[2]));
                const std::string path = to_text(row[3]);
                loaded.plan.title = to_qt_line(loaded.plan.query.isEmpty() ? path.substr(path.find_last_of('/') + 1) : to_text(row[2]), 120);
            }
            if (returned.size() < loaded.plan.nodes.size()) loaded.marked = returned;
            return loaded;
        },
        this,
        [this](Result<Loaded> loaded) {
            if (!loaded) return show_error(loaded.error());
            if (loaded->marked.empty() && finding()) loaded->marked = nodes_of_finding(loaded->plan.nodes, *finding());
            pane_->set_plan(std::move(loaded->plan));
            if (!loaded->marked.empty()) pane_->set_evidence(loaded->marked);
        });
}

void PlanEvidenceView::set_time_zone(TimeZoneMode) {}

QString PlanEvidenceView::copyText() const { return pane_->text(); }

}  // namespace casebook
