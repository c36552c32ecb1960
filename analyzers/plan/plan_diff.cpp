#include "analyzers/plan/plan_diff.h"

#include "analyzers/core/text.h"
#include "analyzers/plan/plan_queries.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace casebook::plan {

namespace {

using Index = std::size_t;

std::string_view family_of(std::string_view type)
{
    if (is_join(type)) return "join";
    if (is_scan(type)) return "scan";
    if (type.ends_with("Aggregate") || type == "Group") return "aggregate";
    if (type == "Sort" || type == "Incremental Sort") return "sort";
    if (type == "Gather" || type == "Gather Merge") return "gather";
    if (type == "Append" || type == "Merge Append") return "append";
    return type;
}

// What a node is aligned by. Unordered sums of hashes stand for sets of tables.
struct Key {
    std::uint64_t tables = 0;
    std::uint64_t family = 0;
    bool operator==(const Key&) const = default;
};

struct KeyHash {
    std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key.tables * 0x9E3779B97F4A7C15ull ^ key.family); }
};

struct Outline {
    std::vector<Key> keys;
    std::vector<std::string> conditions;
    std::vector<std::string> partition_of;
};

// Literals are not part of what a condition is about.
std::string condition_shape(const Properties& detail)
{
    std::string shape;
    for (const std::string_view key : {"Index Cond", "Filter", "Hash Cond", "Merge Cond", "Join Filter", "Recheck Cond"}) {
        const std::string text = detail.text(key);
        if (text.empty()) continue;
        std::vector<std::string> parts;
        for (const ColumnTest& test : column_tests(text)) parts.push_back(test.column + test.function + test.op);
        std::sort(parts.begin(), parts.end());
        parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
        (shape += key) += ":" + join(parts, ",") + ";";
    }
    return shape;
}

// The alias less the number the planner gives to partitions and to a table that occurs twice: which number it is
// depends on the plan.
std::string_view without_number(std::string_view alias)
{
    const std::size_t bar = alias.rfind('_');
    return bar != std::string_view::npos && bar > 0 && parse_int(alias.substr(bar + 1)) ? alias.substr(0, bar) : alias;
}

bool is_append(std::string_view type)
{
    return type == "Append" || type == "Merge Append";
}

Outline outline(const PlanRow& plan)
{
    Outline out;
    out.keys.resize(plan.nodes.size());
    out.conditions.resize(plan.nodes.size());
    out.partition_of.resize(plan.nodes.size());
    std::vector<std::vector<std::uint64_t>> members(plan.nodes.size());
    for (Index i = plan.nodes.size(); i-- > 0;) {
        const PlanNodeRow& node = plan.nodes[i];
        const Properties detail = detail_of(node);
        // All partitions of a table are the table, however many of them were pruned.
        std::sort(members[i].begin(), members[i].end());
        members[i].erase(std::unique(members[i].begin(), members[i].end()), members[i].end());
        for (const std::uint64_t tables : members[i]) out.keys[i].tables += tables;
        const std::string alias = detail.text("Alias");
        const std::string_view table = without_number(alias);
        if (!alias.empty()) out.keys[i].tables += hash64(table);
        out.keys[i].family = hash64(family_of(node.node_type));
        out.conditions[i] = condition_shape(detail);
        if (!node.parent_id || *node.parent_id < 0 || static_cast<Index>(*node.parent_id) >= i) continue;
        const auto parent = static_cast<Index>(*node.parent_id);
        if (is_append(plan.nodes[parent].node_type)) members[parent].push_back(out.keys[i].tables);
        else out.keys[parent].tables += out.keys[i].tables;
        if (is_append(plan.nodes[parent].node_type) && table.size() < alias.size()) out.partition_of[i] = table;
    }
    return out;
}

NodeChange compare(const PlanNodeRow& before, const PlanNodeRow& after, const std::string& condition_before, const std::string& condition_after)
{
    if (before.node_type != after.node_type) return NodeChange::method;
    if (before.index_name != after.index_name) return NodeChange::index;
    return condition_before == condition_after ? NodeChange::same : NodeChange::condition;
}

std::optional<double> ratio(std::optional<double> after, std::optional<double> before)
{
    if (!after || !before || *before <= 0) return std::nullopt;
    return *after / *before;
}

std::optional<double> root_blocks(const PlanRow& plan)
{
    if (plan.nodes.empty() || !plan.nodes.front().shared_hit || !plan.nodes.front().shared_read) return std::nullopt;
    return static_cast<double>(*plan.nodes.front().shared_hit + *plan.nodes.front().shared_read);
}

std::optional<double> root_rows(const PlanRow& plan)
{
    if (plan.nodes.empty()) return std::nullopt;
    return plan.nodes.front().actual_rows;
}

std::map<std::string, std::string> settings_of(const PlanRow& plan)
{
    std::map<std::string, std::string> settings;
    PlanNodeRow whole;
    whole.detail = plan.detail;
    PlanNodeRow group;
    const Properties detail = detail_of(whole);
    if (const std::string* json = detail.find("Settings")) group.detail = *json;
    const Properties listed = detail_of(group);
    for (const Property& property : listed.all()) settings[property.key] = unquote_json(property.value);
    return settings;
}

}  // namespace

const char* name_of(NodeChange change)
{
    switch (change) {
    case NodeChange::same: return "same";
    case NodeChange::condition: return "condition";
    case NodeChange::index: return "index";
    case NodeChange::method: return "method";
    case NodeChange::added: return "added";
    case NodeChange::removed: return "removed";
    case NodeChange::order: return "order";
    }
    return "same";
}

std::string node_title(const PlanNodeRow& node)
{
    std::string title = node.node_type;
    if (!node.relation.empty()) title += " on " + node.relation;
    if (!node.index_name.empty()) title += " using " + node.index_name;
    return title;
}

PlanDiff diff(const PlanRow& before, const PlanRow& after)
{
    PlanDiff out;
    const Outline first = outline(before);
    const Outline second = outline(after);

    std::vector<bool> paired(before.nodes.size(), false);
    std::vector<int> partner(after.nodes.size(), -1);
    // Of several nodes that would do, one that reads the same relation; then the first that is left.
    for (const bool same_relation : {true, false}) {
        std::unordered_map<Key, std::vector<int>, KeyHash> waiting;
        const auto key_of = [&](Key key, const PlanNodeRow& node) {
            if (same_relation) key.family ^= hash64(node.relation) | 1;
            return key;
        };
        for (Index i = before.nodes.size(); i-- > 0;) {
            if (!paired[i]) waiting[key_of(first.keys[i], before.nodes[i])].push_back(static_cast<int>(i));
        }
        for (Index i = 0; i < after.nodes.size(); ++i) {
            if (partner[i] >= 0) continue;
            const auto known = waiting.find(key_of(second.keys[i], after.nodes[i]));
            if (known == waiting.end() || known->second.empty()) continue;
            partner[i] = known->second.back();
            known->second.pop_back();
            paired[static_cast<Index>(partner[i])] = true;
        }
    }

    // A join of tables that no join of the other plan has is a change of join order, not a new join.
    const auto alone = [&](const PlanNodeRow& node, NodeChange change) { return is_join(node.node_type) ? NodeChange::order : change; };
    for (Index i = 0; i < after.nodes.size(); ++i) {
        const PlanNodeRow& node = after.nodes[i];
        NodePair pair;
        pair.after = static_cast<int>(i);
        pair.before = partner[i];
        pair.weight_ms = node.self_ms.value_or(0);
        if (partner[i] < 0) {
            pair.change = alone(node, NodeChange::added);
            pair.partition_of = second.partition_of[i];
            pair.what = node_title(node);
        } else {
            const auto other = static_cast<Index>(partner[i]);
            const PlanNodeRow& old = before.nodes[other];
            pair.change = compare(old, node, first.conditions[other], second.conditions[i]);
            if (pair.change == NodeChange::condition) pair.what = node_title(node) + ": " + first.conditions[other] + " -> " + second.conditions[i];
            else if (pair.change != NodeChange::same) pair.what = node_title(old) + " -> " + node_title(node);
            if (node.self_ms && old.self_ms) pair.self_ms = *node.self_ms - *old.self_ms;
            pair.weight_ms = std::max(pair.weight_ms, old.self_ms.value_or(0));
        }
        out.pairs.push_back(std::move(pair));
    }
    for (Index i = 0; i < before.nodes.size(); ++i) {
        if (paired[i]) continue;
        NodePair pair;
        pair.before = static_cast<int>(i);
        pair.change = alone(before.nodes[i], NodeChange::removed);
        pair.partition_of = first.partition_of[i];
        pair.what = node_title(before.nodes[i]);
        pair.weight_ms = before.nodes[i].self_ms.value_or(0);
        out.pairs.push_back(std::move(pair));
    }
    out.same_shape = std::all_of(out.pairs.begin(), out.pairs.end(), [](const NodePair& pair) {
        return pair.change == NodeChange::same || pair.change == NodeChange::condition;
    });

    out.time_factor = ratio(execution_ms(after), execution_ms(before));
    out.blocks_factor = ratio(root_blocks(after), root_blocks(before));
    out.rows_factor = ratio(root_rows(after), root_rows(before));
    const auto old_settings = settings_of(before);
    const auto new_settings = settings_of(after);
    std::set<std::string> names;
    for (const auto& [name, value] : old_settings) names.insert(name);
    for (const auto& [name, value] : new_settings) names.insert(name);
    for (const std::string& name : names) {
        const auto value_in = [&name](const auto& settings) {
            const auto found = settings.find(name);
            return found == settings.end() ? std::string("default") : found->second;
        };
        if (value_in(old_settings) != value_in(new_settings))
            out.settings.push_back(name + ": " + value_in(old_settings) + " -> " + value_in(new_settings));
    }
    return out;
}

std::vector<NodePair> changes(const PlanDiff& diff)
{
    std::vector<NodePair> changed;
    std::map<std::pair<NodeChange, std::string>, std::pair<Index, int>> partitions;
    for (const NodePair& pair : diff.pairs) {
        if (pair.change == NodeChange::same) continue;
        const bool whole = pair.change == NodeChange::added || pair.change == NodeChange::removed;
        if (!whole || pair.partition_of.empty()) {
            changed.push_back(pair);
            continue;
        }
        const auto [known, is_new] = partitions.try_emplace({pair.change, pair.partition_of}, changed.size(), 0);
        auto& [index, count] = known->second;
        if (is_new) changed.push_back(pair);
        else changed[index].weight_ms += pair.weight_ms;
        if (++count > 1) changed[index].what = std::to_string(count) + " scans of partitions of " + pair.partition_of;
    }
    const auto rank = [](NodeChange change) {
        switch (change) {
        case NodeChange::method: return 0;
        case NodeChange::index: return 1;
        case NodeChange::order: return 2;
        case NodeChange::added:
        case NodeChange::removed: return 3;
        default: return 4;
        }
    };
    std::stable_sort(changed.begin(), changed.end(), [&](const NodePair& a, const NodePair& b) {
        if (rank(a.change) != rank(b.change)) return rank(a.change) < rank(b.change);
        return a.weight_ms > b.weight_ms;
    });
    return changed;
}

std::uint64_t shape_of(const PlanRow& plan)
{
    std::vector<std::uint64_t> shape(plan.nodes.size());
    std::vector<std::vector<std::uint64_t>> below(plan.nodes.size());
    for (Index i = plan.nodes.size(); i-- > 0;) {
        const PlanNodeRow& node = plan.nodes[i];
        auto& children = below[i];  // last first
        if (is_append(node.node_type)) {
            std::sort(children.begin(), children.end());
            children.erase(std::unique(children.begin(), children.end()), children.end());
        }
        std::string relation = node.relation;
        std::string index = node.index_name;
        // Partitions differ in name only: events_2024_01, events_2024_02.
        if (node.parent_id && *node.parent_id >= 0 && static_cast<Index>(*node.parent_id) < i) {
            if (is_append(plan.nodes[static_cast<Index>(*node.parent_id)].node_type)) {
                const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
                std::erase_if(relation, is_digit);
                std::erase_if(index, is_digit);
            }
        }
        std::string text = node.node_type + "\n" + relation + "\n" + index + "\n";
        for (const std::uint64_t child : children) text += hex64(child);
        shape[i] = hash64(text);
        children = {};
        if (node.parent_id && *node.parent_id >= 0 && static_cast<Index>(*node.parent_id) < i)
            below[static_cast<Index>(*node.parent_id)].push_back(shape[i]);
    }
    return shape.empty() ? 0 : shape.front();
}

}  // namespace casebook::plan
