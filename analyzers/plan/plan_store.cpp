#include "analyzers/plan/plan_store.h"

namespace casebook::plan {

namespace {

PlanNodeRow node_of(const Statement& row)
{
    PlanNodeRow node;
    node.node_id = static_cast<int>(row.integer(1));
    if (const auto parent = row.optional_integer(2)) node.parent_id = static_cast<int>(*parent);
    node.depth = static_cast<int>(row.integer(3));
    node.node_type = row.text(4);
    node.relation = row.text(5);
    node.index_name = row.text(6);
    node.plan_rows = row.optional_real(7);
    node.actual_rows = row.optional_real(8);
    node.loops = row.optional_real(9);
    node.total_ms = row.optional_real(10);
    node.self_ms = row.optional_real(11);
    node.rows_removed = row.optional_real(12);
    node.shared_hit = row.optional_integer(13);
    node.shared_read = row.optional_integer(14);
    node.temp_written = row.optional_integer(15);
    if (const auto workers = row.optional_integer(16)) node.workers = static_cast<int>(*workers);
    node.detail = row.text(17);
    return node;
}

}  // namespace

Result<std::vector<StoredPlan>> load_plans(Database& database, const std::string& where, const std::vector<Value>& arguments)
{
    const std::string condition = where.empty() ? std::string() : " WHERE " + where;
    std::vector<StoredPlan> plans;
    TRY_ASSIGN(Statement heads, database.prepare("SELECT id, file_id, format, query_id, fingerprint, query, at_ns, planning_ms, "
                                                 "execution_ms, source_line, detail, coalesce((SELECT f.window FROM import_file f WHERE f.id = file_id), '') FROM plan" + condition + " ORDER BY id"));
    for (std::size_t i = 0; i < arguments.size(); ++i) heads.bind(static_cast<int>(i) + 1, arguments[i]);
    while (true) {
        TRY_ASSIGN(const bool more, heads.step());
        if (!more) break;
        StoredPlan plan;
        plan.id = heads.integer(0);
        plan.file_id = heads.integer(1);
        plan.row.format = heads.text(2);
        plan.row.query_id = heads.text(3);
        plan.fingerprint = heads.text(4);
        plan.row.query = heads.text(5);
        plan.row.at_ns = heads.optional_integer(6);
        plan.row.planning_ms = heads.optional_real(7);
        plan.row.execution_ms = heads.optional_real(8);
        plan.row.source_line = heads.optional_integer(9);
        plan.row.detail = heads.text(10);
        plan.window = heads.text(11);
        plans.push_back(std::move(plan));
    }
    TRY_ASSIGN(Statement nodes, database.prepare("SELECT plan_id, node_id, parent_id, depth, node_type, relation, index_name, plan_rows, "
                                                 "actual_rows, loops, total_ms, self_ms, rows_removed, shared_hit, shared_read, "
                                                 "temp_written, workers, detail FROM plan_node WHERE plan_id = ?1 ORDER BY node_id"));
    for (StoredPlan& plan : plans) {
        nodes.bind(1, plan.id);
        while (true) {
            TRY_ASSIGN(const bool more, nodes.step());
            if (!more) break;
            plan.row.nodes.push_back(node_of(nodes));
        }
    }
    return plans;
}

Result<StoredPlan> load_plan(Database& database, std::int64_t id)
{
    TRY_ASSIGN(std::vector<StoredPlan> plans, load_plans(database, "id = ?1", {Value(id)}));
    if (plans.empty()) return fail(Error::Code::usage, "the case holds no plan " + std::to_string(id));
    return std::move(plans.front());
}

}  // namespace casebook::plan
