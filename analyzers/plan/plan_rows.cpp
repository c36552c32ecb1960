#include "analyzers/plan/plan_rows.h"

#include "analyzers/core/json_writer.h"
#include "analyzers/plan/plan_times.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace casebook::plan {

namespace {

bool is_any(std::string_view key, std::initializer_list<std::string_view> keys)
{
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool has_column(std::string_view key)
{
    return is_any(key, {"Relation Name", "Index Name", "Plan Rows", "Actual Rows", "Actual Loops", "Workers Launched",
                        "Shared Hit Blocks", "Shared Read Blocks", "Temp Written Blocks"});
}

bool is_condition(std::string_view key)
{
    return is_any(key, {"Filter", "Join Filter", "Index Cond", "Recheck Cond", "TID Cond"});
}

std::string detail_of(const Node& node)
{
    JsonWriter json;
    json.begin_object();
    for (const Property& property : node.properties.all()) {
        if (!has_column(property.key)) json.key(property.key).raw(property.value);
    }
    if (!node.workers.empty()) {
        json.key("Workers").begin_array();
        for (const Worker& worker : node.workers) {
            json.begin_object().key("Worker Number").value(worker.number);
            for (const Property& property : worker.properties.all()) json.key(property.key).raw(property.value);
            json.end_object();
        }
        json.end_array();
    }
    json.end_object();
    return json.take();
}

std::optional<double> rows_removed(const Node& node)
{
    const auto loops = node.properties.number("Actual Loops");
    if (!loops) return std::nullopt;
    double removed = 0;
    bool known = false;
    for (const Property& property : node.properties.all()) {
        if (property.key.starts_with("Rows Removed by ")) {
            removed += node.properties.number(property.key).value_or(0);
            known = true;
        } else if (is_condition(property.key)) {
            known = true;
        }
    }
    if (!known) return std::nullopt;
    return removed * *loops;
}

PlanNodeRow node_row(const Node& node, int id, int depth, bool with_buffers)
{
    const Properties& properties = node.properties;
    PlanNodeRow row;
    row.node_id = id;
    if (node.parent >= 0) row.parent_id = node.parent;
    row.depth = depth;
    row.node_type = node.node_type;
    row.relation = properties.text("Relation Name");
    row.index_name = properties.text("Index Name");
    row.plan_rows = properties.number("Plan Rows");
    row.actual_rows = properties.number("Actual Rows");
    row.loops = properties.number("Actual Loops");
    row.rows_removed = rows_removed(node);
    if (const auto launched = properties.integer("Workers Launched")) row.workers = static_cast<int>(*launched);
    const auto blocks = [&](std::string_view key) -> std::optional<std::int64_t> {
        const auto value = properties.integer(key);
        if (!value && with_buffers) return 0;
        return value;
    };
    row.shared_hit = blocks("Shared Hit Blocks");
    row.shared_read = blocks("Shared Read Blocks");
    row.temp_written = blocks("Temp Written Blocks");
    row.detail = detail_of(node);
    return row;
}

}  // namespace

PlanRow plan_row(Tree&& tree)
{
    PlanRow row;
    row.format = name_of(tree.format);
    row.query = tree.properties.text("Query Text");
    row.query_id = tree.properties.text("Query Identifier");
    row.planning_ms = tree.properties.number("Planning Time");
    row.execution_ms = tree.properties.number("Execution Time");
    if (!row.execution_ms) row.execution_ms = tree.properties.number("Total Runtime");
    if (tree.source_line > 0) row.source_line = tree.source_line;

    JsonWriter json;
    json.begin_object();
    for (const Property& property : tree.properties.all()) {
        if (is_any(property.key, {"Query Text", "Query Identifier", "Planning Time", "Execution Time", "Total Runtime"}))
            continue;
        json.key(property.key).raw(property.value);
    }
    json.end_object();
    row.detail = json.take();

    const std::vector<NodeTime> times = node_times(tree);
    const bool with_buffers = tree.has_buffers && tree.analyzed();
    row.nodes.reserve(tree.nodes.size());
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
        Node& node = tree.nodes[i];
        const int depth = node.parent < 0 ? 0 : row.nodes[static_cast<std::size_t>(node.parent)].depth + 1;
        row.nodes.push_back(node_row(node, static_cast<int>(i), depth, with_buffers));
        if (!times.empty()) {
            row.nodes.back().total_ms = times[i].total_ms;
            row.nodes.back().self_ms = times[i].self_ms;
        }
        node.properties = Properties();
        node.workers.clear();
    }
    return row;
}

}  // namespace casebook::plan
