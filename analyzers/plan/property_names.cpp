#include "analyzers/plan/property_names.h"

#include <algorithm>
#include <array>

namespace casebook::plan {

namespace {

template <std::size_t Size>
bool contains(const std::array<std::string_view, Size>& list, std::string_view key)
{
    return std::find(list.begin(), list.end(), key) != list.end();
}

}  // namespace

std::string key_of_tag(std::string_view tag)
{
    if (tag == "One-Time-Filter") return "One-Time Filter";
    if (tag == "Full-sort-Groups") return "Full-sort Groups";
    if (tag == "Pre-sorted-Groups") return "Pre-sorted Groups";
    std::string key(tag);
    const std::size_t io = key.find("I-O-");
    std::replace(key.begin(), key.end(), '-', ' ');
    if (io == 0 || (io != std::string::npos && key[io - 1] == ' ')) key[io + 1] = '/';
    return key;
}

bool is_text_property(std::string_view key)
{
    static constexpr std::array<std::string_view, 44> names{
        "Alias", "CTE Name", "Cache Key", "Cache Mode", "Command", "Conflict Filter", "Conflict Resolution",
        "Constraint Name", "Custom Plan Provider", "Filter", "Format", "Function Call", "Function Name", "Hash Cond",
        "Index Cond", "Index Name", "Join Filter", "Join Type", "Merge Cond", "Node", "Node Type", "One-Time Filter",
        "Operation", "Order By", "Parent Relationship", "Partial Mode", "Query Parameters", "Query Text",
        "Recheck Cond", "Relation", "Relation Name", "Remote SQL", "Repeatable Seed", "Run Condition",
        "Sampling Method", "Schema", "Sort Method", "Sort Space Type", "Strategy", "Subplan Name", "TID Cond",
        "Table Function Name", "Trigger Name", "Tuplestore Name"};
    return contains(names, key);
}

bool is_list_property(std::string_view key)
{
    static constexpr std::array<std::string_view, 9> names{
        "Output", "Sort Key", "Presorted Key", "Group Key", "Hash Key", "Params Evaluated", "Conflict Arbiter Indexes",
        "Sampling Parameters", "Merge Key"};
    return contains(names, key);
}

}  // namespace casebook::plan
