#pragma once

#include "analyzers/plan/plan_tree.h"

#include <string_view>

namespace casebook::plan {

/// Gives a node read from JSON, YAML or XML its `node_type`: "Aggregate" with "Strategy" "Hashed" and "Partial Mode"
/// "Partial" is "Partial HashAggregate", "ModifyTable" with "Operation" "Insert" is "Insert", a left "Hash Join" is
/// "Hash Left Join". Removes the property "Node Type".
void name_node(Node& node);

/// The other way round for a node read from text: from what is printed before " using ", " on " or the costs sets
/// `node_type` (less "Parallel ") and the properties that make it up: "Strategy", "Join Type", "Operation", ...
void describe_node(Node& node, std::string_view printed);

/// Whether a line without figures is a node as EXPLAIN (COSTS OFF) prints one: "Limit", "Hash Left Join",
/// "Seq Scan on orders o". Case matters.
bool looks_like_node(std::string_view line);

}  // namespace casebook::plan
