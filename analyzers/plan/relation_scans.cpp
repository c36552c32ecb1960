#include "analyzers/core/text.h"
#include "analyzers/plan/plan_queries.h"

#include <algorithm>
#include <map>
#include <utility>

namespace casebook::plan {

namespace {

using Index = std::size_t;

// A scan's filter also mentions the outer side of a join: only comparisons of its own columns count.
void keep_own(std::vector<ColumnTest>& tests, const RelationScan& scan)
{
    std::erase_if(tests, [&](const ColumnTest& test) {
        return !test.qualifier.empty() && test.qualifier != scan.alias && test.qualifier != scan.relation;
    });
}

double kept_rows(const PlanNodeRow& node)
{
    return node.actual_rows.value_or(0) * node.loops.value_or(0);
}

}  // namespace

std::vector<RelationScan> relation_scans(const PlanRow& plan)
{
    std::vector<RelationScan> scans;
    const std::vector<Truncation> cut = truncations(plan);
    const std::vector<int> ends = subtree_ends(plan);
    const auto blocks = own_blocks(plan);
    const auto whole_ms = execution_ms(plan);
    std::optional<std::int64_t> whole_blocks;
    if (!plan.nodes.empty() && plan.nodes.front().shared_hit && plan.nodes.front().shared_read)
        whole_blocks = *plan.nodes.front().shared_hit + *plan.nodes.front().shared_read;

    for (Index i = 0; i < plan.nodes.size(); ++i) {
        const PlanNodeRow& node = plan.nodes[i];
        if (!is_scan(node.node_type) || node.relation.empty()) continue;
        const Properties detail = detail_of(node);
        RelationScan scan;
        scan.node = static_cast<int>(i);
        scan.relation = node.relation;
        scan.schema = detail.text("Schema");
        scan.alias = detail.text("Alias");
        scan.index = node.index_name;
        scan.node_type = node.node_type;
        scan.filter_text = detail.text("Filter");
        scan.filter = column_tests(scan.filter_text);
        scan.condition = column_tests(detail.text("Index Cond"));
        scan.has_actuals = node.loops.has_value();
        scan.loops = node.loops.value_or(0);
        scan.rows_kept = kept_rows(node);
        scan.rows_removed = detail.number("Rows Removed by Filter").value_or(0) * scan.loops;
        scan.rows_read = scan.rows_kept + scan.rows_removed;
        scan.self_ms = node.self_ms;
        scan.blocks = blocks[i];
        scan.truncation = cut[i];
        // The indexes of a bitmap scan are nodes of their own below it.
        if (node.node_type == "Bitmap Heap Scan") {
            for (Index below = i + 1; below < static_cast<Index>(ends[i]); ++below) {
                const PlanNodeRow& index = plan.nodes[below];
                if (index.node_type != "Bitmap Index Scan") continue;
                if (scan.index.empty()) scan.index = index.index_name;
                const auto more = column_tests(detail_of(index).text("Index Cond"));
                scan.condition.insert(scan.condition.end(), more.begin(), more.end());
                if (scan.self_ms && index.self_ms) *scan.self_ms += *index.self_ms;
                if (scan.blocks && blocks[below]) *scan.blocks += *blocks[below];
            }
        }
        keep_own(scan.filter, scan);
        keep_own(scan.condition, scan);
        if (scan.self_ms && whole_ms && *whole_ms > 0) scan.share = std::min(1.0, *scan.self_ms / *whole_ms);
        else if (scan.blocks && whole_blocks && *whole_blocks > 0)
            scan.share = std::min(1.0, static_cast<double>(*scan.blocks) / static_cast<double>(*whole_blocks));
        scans.push_back(std::move(scan));
    }
    return scans;
}

std::vector<std::string> index_columns(const RelationScan& scan, std::size_t max_columns)
{
    std::vector<std::string> columns;
    const auto add = [&](const ColumnTest& test) {
        if (columns.size() < max_columns && std::find(columns.begin(), columns.end(), test.column) == columns.end())
            columns.push_back(test.column);
    };
    const auto usable = [](const ColumnTest& test) { return !test.in_or && !test.negated && test.is_sargable(); };
    for (const ColumnTest& test : scan.filter) {
        if (usable(test) && test.is_equality()) add(test);
    }
    // Behind equalities an index serves one range.
    for (const ColumnTest& test : scan.filter) {
        const bool range = test.op == "<" || test.op == "<=" || test.op == ">" || test.op == ">=";
        if (!usable(test) || !range || std::find(columns.begin(), columns.end(), test.column) != columns.end()) continue;
        add(test);
        break;
    }
    return columns;
}

std::vector<PartitionScan> partition_scans(const PlanRow& plan)
{
    // By the nearest Append above and the partitioned table.
    std::map<std::pair<int, std::string>, PartitionScan> groups;
    std::vector<int> append_above(plan.nodes.size(), -1);
    for (Index i = 0; i < plan.nodes.size(); ++i) {
        const PlanNodeRow& node = plan.nodes[i];
        if (node.parent_id && *node.parent_id >= 0 && static_cast<Index>(*node.parent_id) < i) {
            const auto parent = static_cast<Index>(*node.parent_id);
            const std::string& type = plan.nodes[parent].node_type;
            append_above[i] = type == "Append" || type == "Merge Append" ? static_cast<int>(parent) : append_above[parent];
        }
        if (append_above[i] < 0 || !is_scan(node.node_type) || node.relation.empty()) continue;
        // The planner numbers the aliases of partitions; the tables of a UNION keep theirs.
        const Properties detail = detail_of(node);
        const std::string alias = detail.text("Alias");
        const std::size_t bar = alias.rfind('_');
        if (bar == std::string::npos || bar == 0 || !parse_int(std::string_view(alias).substr(bar + 1))) continue;
        std::string table = alias.substr(0, bar);
        PartitionScan& group = groups[{append_above[i], table}];
        group.append = append_above[i];
        group.table = std::move(table);
        group.members.push_back(static_cast<int>(i));
        group.executed += !node.loops || *node.loops > 0;
        group.with_rows += kept_rows(node) > 0;
        if (group.members.size() > 1) continue;
        group.tests = column_tests(detail.text("Filter"));
        for (ColumnTest& test : column_tests(detail.text("Index Cond"))) group.tests.push_back(std::move(test));
    }
    std::vector<PartitionScan> found;
    for (auto& [key, group] : groups) {
        const PlanNodeRow& append = plan.nodes[static_cast<Index>(group.append)];
        group.removed = static_cast<int>(detail_of(append).integer("Subplans Removed").value_or(0));
        // One partition left and the rest removed is pruning at its best, and worth telling.
        if (group.members.size() > 1 || group.removed > 0) found.push_back(std::move(group));
    }
    return found;
}

}  // namespace casebook::plan
