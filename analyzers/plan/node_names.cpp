#include "analyzers/plan/node_names.h"

#include "analyzers/core/text.h"

#include <algorithm>
#include <array>
#include <string>

namespace casebook::plan {

namespace {

std::string aggregate_name(const Properties& properties)
{
    const std::string strategy = properties.text("Strategy");
    if (strategy == "Sorted") return "GroupAggregate";
    if (strategy == "Hashed") return "HashAggregate";
    if (strategy == "Mixed") return "MixedAggregate";
    return "Aggregate";
}

std::string join_name(std::string_view method, const Properties& properties)
{
    // "Hash Join" and "Merge Join" carry the type inside the name, "Nested Loop" behind it.
    const std::string type = properties.text("Join Type");
    if (type.empty() || type == "Inner") return std::string(method);
    std::string name(method.ends_with(" Join") ? method.substr(0, method.size() - 5) : method);
    return name + " " + type + " Join";
}

bool take_prefix(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list)
{
    for (const std::string_view item : list) {
        if (text == item) return true;
    }
    return false;
}

void describe_join(Properties& properties, std::string_view name)
{
    static constexpr std::array<std::string_view, 3> methods{"Nested Loop", "Hash", "Merge"};
    for (const std::string_view method : methods) {
        std::string_view rest = name;
        if (!take_prefix(rest, method)) continue;
        if (rest.empty() && method == "Nested Loop") {
            properties.set_text("Join Type", "Inner");
        } else if (rest == " Join") {
            properties.set_text("Join Type", "Inner");
        } else if (rest.starts_with(' ') && rest.ends_with(" Join")) {
            properties.set_text("Join Type", rest.substr(1, rest.size() - 6));
        }
    }
}

}  // namespace

void name_node(Node& node)
{
    Properties& properties = node.properties;
    const std::string type = properties.text("Node Type");
    std::string name = type;
    if (type == "Aggregate") {
        const std::string mode = properties.text("Partial Mode");
        name = (mode.empty() ? "" : mode + " ") + aggregate_name(properties);
    } else if (type == "Nested Loop" || type == "Hash Join" || type == "Merge Join") {
        name = join_name(type, properties);
    } else if (type == "ModifyTable") {
        name = properties.text("Operation");
        if (name.empty()) name = type;
    } else if (type == "SetOp") {
        name = (properties.text("Strategy") == "Hashed" ? "HashSetOp " : "SetOp ") + properties.text("Command");
        if (name.ends_with(' ')) name.pop_back();
    } else if (type == "Custom Scan") {
        const std::string provider = properties.text("Custom Plan Provider");
        if (!provider.empty()) name += " (" + provider + ")";
    } else if (type == "Foreign Scan") {
        const std::string operation = properties.text("Operation");
        if (!operation.empty() && operation != "Select") name = "Foreign " + operation;
    }
    if (properties.text("Scan Direction") == "Backward") name += " Backward";
    if (properties.text("Async Capable") == "true") name = "Async " + name;
    node.node_type = std::move(name);
    properties.remove("Node Type");
}

void describe_node(Node& node, std::string_view printed)
{
    Properties& properties = node.properties;
    std::string_view name = trim(printed);
    take_prefix(name, "XN ");  // Redshift marks every node so
    if (take_prefix(name, "Parallel ")) properties.set_flag("Parallel Aware", true);
    node.node_type = std::string(name);
    if (take_prefix(name, "Async ")) properties.set_flag("Async Capable", true);
    for (const std::string_view mode : {"Partial", "Finalize"}) {
        if (!name.starts_with(mode) || !name.ends_with("Aggregate")) continue;
        properties.set_text("Partial Mode", mode);
        name.remove_prefix(mode.size() + 1);
        break;
    }

    if (name == "Aggregate") properties.set_text("Strategy", "Plain");
    if (name == "GroupAggregate") properties.set_text("Strategy", "Sorted");
    if (name == "HashAggregate") properties.set_text("Strategy", "Hashed");
    if (name == "MixedAggregate") properties.set_text("Strategy", "Mixed");
    if (is_one_of(name, {"Insert", "Update", "Delete", "Merge"})) properties.set_text("Operation", name);
    if (is_one_of(name, {"Foreign Insert", "Foreign Update", "Foreign Delete"}))
        properties.set_text("Operation", name.substr(8));
    if (name == "Foreign Scan") properties.set_text("Operation", "Select");
    if (name.starts_with("Index ")) {
        const bool backward = name.ends_with(" Backward");
        properties.set_text("Scan Direction", backward ? "Backward" : "Forward");
    }
    for (const std::string_view set : {"SetOp", "HashSetOp"}) {
        std::string_view rest = name;
        if (!take_prefix(rest, set) || (!rest.empty() && rest.front() != ' ')) continue;
        properties.set_text("Strategy", set == "SetOp" ? "Sorted" : "Hashed");
        if (!rest.empty()) properties.set_text("Command", rest.substr(1));
    }
    if (name.starts_with("Custom Scan (") && name.ends_with(')'))
        properties.set_text("Custom Plan Provider", name.substr(13, name.size() - 14));
    describe_join(properties, name);
}

bool looks_like_node(std::string_view line)
{
    // Alone in their line, after prefixes.
    static constexpr std::array<std::string_view, 26> alone{
        "Aggregate", "Append", "BitmapAnd", "BitmapOr", "Foreign Scan", "Gather", "Gather Merge", "Group",
        "GroupAggregate", "Hash", "HashAggregate", "HashSetOp", "Incremental Sort", "Limit", "LockRows", "Materialize",
        "Memoize", "Merge Append", "MixedAggregate", "Nested Loop", "ProjectSet", "Recursive Union", "Result", "Sort",
        "Unique", "WindowAgg"};
    // Followed by the name of what they read or write.
    static constexpr std::array<std::string_view, 27> with_name{
        "Bitmap Heap Scan on ", "Bitmap Index Scan on ", "CTE Scan on ", "Custom Scan (", "Delete on ",
        "Foreign Delete on ", "Foreign Insert on ", "Foreign Scan on ", "Foreign Update on ", "Function Scan on ",
        "HashSetOp ", "Index Only Scan Backward using ", "Index Only Scan using ", "Index Scan Backward using ",
        "Index Scan using ", "Insert on ", "Merge on ", "Named Tuplestore Scan on ", "Sample Scan on ", "Seq Scan on ",
        "SetOp ", "Subquery Scan on ", "Table Function Scan on ", "Tid Scan on ", "Update on ", "Values Scan on ",
        "WorkTable Scan on "};
    line = trim(line);
    take_prefix(line, "XN ");
    take_prefix(line, "Parallel ");
    take_prefix(line, "Async ");
    if (!take_prefix(line, "Partial ")) take_prefix(line, "Finalize ");
    if (std::find(alone.begin(), alone.end(), line) != alone.end()) return true;
    if (line.ends_with(" Join")) return is_one_of(line.substr(0, line.find(' ')), {"Hash", "Merge", "Nested"});
    if (line.starts_with("Tid Range Scan on ")) return true;
    return std::any_of(with_name.begin(), with_name.end(), [line](std::string_view start) {
        return line.starts_with(start) && line.size() > start.size();
    });
}

}  // namespace casebook::plan
