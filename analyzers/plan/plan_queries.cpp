#include "analyzers/plan/plan_queries.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <cmath>
#include <simdjson.h>

namespace casebook::plan {

namespace {

using Index = std::size_t;

bool starts(std::string_view text, std::string_view start)
{
    return text.starts_with(start);
}

// Reads all of its input before it returns a row: what is above it cannot stop what is below.
bool reads_all(std::string_view type)
{
    return type == "Sort" || type == "Hash" || type.ends_with("Aggregate") || starts(type, "HashSetOp") || type == "BitmapAnd" ||
           type == "BitmapOr" || type == "Bitmap Index Scan" || type == "Insert" || type == "Update" || type == "Delete" ||
           type == "Merge";
}

// A bitmap's parts print what they put into it, or 0; a change of rows prints 0 unless it returns them.
bool counts_rows(std::string_view type)
{
    return !starts(type, "Bitmap Index Scan") && type != "BitmapAnd" && type != "BitmapOr" && type != "Insert" && type != "Update" &&
           type != "Delete" && type != "Merge";
}

// Rows per loop, as near to the estimate as rounding allows.
double certain_rows(const PlanNodeRow& node)
{
    const double rows = *node.actual_rows;
    if (*node.loops <= 1 || rows != std::floor(rows)) return rows;
    return std::clamp(*node.plan_rows, std::max(rows - 0.5, 0.0), rows + 0.5);
}

bool groups_in_order(std::string_view type)
{
    return type.ends_with("GroupAggregate");
}

Properties properties_of(std::string_view json)
{
    Properties out;
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    if (parser.parse(simdjson::padded_string(json)).get_object().get(object)) return out;
    for (const auto [key, value] : object) out.set(key, simdjson::minify(value));
    return out;
}

std::optional<Index> parent_of(const PlanRow& plan, Index i)
{
    const auto parent = plan.nodes[i].parent_id;
    if (!parent || *parent < 0 || static_cast<Index>(*parent) >= i) return std::nullopt;
    return static_cast<Index>(*parent);
}

}  // namespace

Properties detail_of(const PlanNodeRow& node)
{
    return properties_of(node.detail);
}

std::vector<int> subtree_ends(const PlanRow& plan)
{
    std::vector<int> ends(plan.nodes.size());
    for (Index i = plan.nodes.size(); i-- > 0;) {
        ends[i] = std::max(ends[i], static_cast<int>(i) + 1);
        if (const auto parent = parent_of(plan, i)) ends[*parent] = std::max(ends[*parent], ends[i]);
    }
    return ends;
}

std::vector<std::vector<int>> children_of(const PlanRow& plan)
{
    std::vector<std::vector<int>> children(plan.nodes.size());
    for (Index i = 0; i < plan.nodes.size(); ++i) {
        if (const auto parent = parent_of(plan, i)) children[*parent].push_back(static_cast<int>(i));
    }
    return children;
}

bool is_scan(std::string_view type)
{
    return type == "Seq Scan" || type == "Sample Scan" || starts(type, "Tid ") || is_index_scan(type) || type == "Foreign Scan" ||
           type == "Async Foreign Scan" || starts(type, "Custom Scan");
}

bool is_index_scan(std::string_view type)
{
    return starts(type, "Index Scan") || starts(type, "Index Only Scan") || type == "Bitmap Heap Scan";
}

bool is_join(std::string_view type)
{
    return starts(type, "Nested Loop") || starts(type, "Hash Join") || starts(type, "Merge Join") ||
           ((starts(type, "Hash ") || starts(type, "Merge ")) && type.ends_with(" Join"));
}

std::optional<double> execution_ms(const PlanRow& plan)
{
    if (plan.execution_ms && *plan.execution_ms > 0) return plan.execution_ms;
    return plan.nodes.empty() ? std::nullopt : plan.nodes.front().total_ms;
}

std::vector<Truncation> truncations(const PlanRow& plan)
{
    std::vector<Truncation> out(plan.nodes.size(), Truncation::none);
    std::vector<Truncation> below(plan.nodes.size(), Truncation::none);
    std::vector<int> seen(plan.nodes.size(), 0);  // children so far, subplans not counted
    for (Index i = 0; i < plan.nodes.size(); ++i) {
        const PlanNodeRow& node = plan.nodes[i];
        Truncation cut = Truncation::none;
        if (const auto above = parent_of(plan, i)) {
            const Index parent = *above;
            const std::string& type = plan.nodes[parent].node_type;
            const bool subplan = node.detail.find("\"Subplan Name\"") != std::string::npos;
            cut = subplan ? Truncation::none : below[parent];
            if (!subplan && seen[parent]++ > 0 && (type.find("Semi") != std::string::npos || type.find("Anti") != std::string::npos) &&
                starts(type, "Nested Loop"))
                cut = Truncation::semi;
            // Either side of a merge join may be left unread when the other ends.
            if (!subplan && cut == Truncation::none && starts(type, "Merge ") && type.ends_with("Join")) cut = Truncation::merge;
            // An EXISTS is a subplan that is asked for one row.
            if (subplan && plan.nodes[parent].detail.find("EXISTS(SubPlan") != std::string::npos) cut = Truncation::semi;
        }
        out[i] = cut;
        if (reads_all(node.node_type) && !groups_in_order(node.node_type)) cut = Truncation::none;
        if (node.node_type == "Limit") cut = Truncation::limit;
        below[i] = cut;
        if (node.loops && *node.loops == 0) out[i] = Truncation::neverRun;
    }
    return out;
}

std::vector<Misestimate> misestimates(const PlanRow& plan, double factor)
{
    const std::vector<Truncation> cut = truncations(plan);
    std::vector<Misestimate> all(plan.nodes.size());
    std::vector<double> worst_below(plan.nodes.size(), 1);
    for (Index i = plan.nodes.size(); i-- > 0;) {
        const PlanNodeRow& node = plan.nodes[i];
        Misestimate& out = all[i];
        out.node = static_cast<int>(i);
        out.truncation = cut[i];
        if (counts_rows(node.node_type) && node.plan_rows && node.actual_rows && node.loops && *node.loops > 0) {
            const double actual = certain_rows(node);
            out.plan_rows = *node.plan_rows;
            out.actual_rows = *node.actual_rows;
            const double planned = std::max(1.0, *node.plan_rows);
            const double got = std::max(1.0, actual);
            out.factor = std::max(planned / got, got / planned);
            out.underestimated = got > planned;
            out.rows_total = std::max(*node.plan_rows, actual) * *node.loops;
            // Rows below a node that was cut off tell nothing of where an error begins.
            out.is_origin = out.factor >= factor && worst_below[i] * 1.5 < out.factor;
        }
        if (const auto parent = parent_of(plan, i)) {
            auto& above = worst_below[*parent];
            above = std::max({above, worst_below[i], cut[i] == Truncation::none ? out.factor : 1.0});
        }
    }
    // What an estimate decided: the node itself, all above it, and what a nested loop above runs once per row of it.
    std::vector<double> below(plan.nodes.size(), 0);  // self times of the subtree
    for (Index i = plan.nodes.size(); i-- > 0;) {
        const PlanNodeRow& node = plan.nodes[i];
        below[i] += node.self_ms.value_or(0);
        if (const auto parent = parent_of(plan, i)) below[*parent] += below[i];
    }
    std::vector<double> fed(plan.nodes.size(), 0);
    std::vector<bool> has_outer(plan.nodes.size(), false);
    std::vector<Misestimate> found;
    for (Index i = 0; i < plan.nodes.size(); ++i) {
        const PlanNodeRow& node = plan.nodes[i];
        fed[i] = node.self_ms.value_or(0);
        if (const auto parent = parent_of(plan, i)) {
            const PlanNodeRow& above = plan.nodes[*parent];
            fed[i] += fed[*parent];
            const bool outer = !has_outer[*parent] && node.detail.find("\"Subplan Name\"") == std::string::npos;
            if (outer) has_outer[*parent] = true;
            if (outer && starts(above.node_type, "Nested Loop")) fed[i] += below[*parent] - above.self_ms.value_or(0) - below[i];
        }
        all[i].fed_ms = fed[i];
        if (all[i].factor >= factor) found.push_back(all[i]);
    }
    return found;
}

std::vector<std::optional<std::int64_t>> own_blocks(const PlanRow& plan)
{
    std::vector<std::optional<std::int64_t>> own(plan.nodes.size());
    for (Index i = 0; i < plan.nodes.size(); ++i) {
        const PlanNodeRow& node = plan.nodes[i];
        if (node.shared_hit && node.shared_read) own[i] = *node.shared_hit + *node.shared_read;
    }
    for (Index i = 0; i < plan.nodes.size(); ++i) {
        const PlanNodeRow& node = plan.nodes[i];
        const auto parent = parent_of(plan, i);
        if (!parent || !node.shared_hit || !node.shared_read) continue;
        // Blocks of a CTE and of an InitPlan are counted where they were first asked for, which is inside the parent too.
        if (auto& above = own[*parent]) *above -= *node.shared_hit + *node.shared_read;
    }
    for (auto& blocks : own) {
        if (blocks) *blocks = std::max<std::int64_t>(0, *blocks);
    }
    return own;
}

}  // namespace casebook::plan
