#pragma once

#include "analyzers/plan/plan_tree.h"

#include <string>
#include <string_view>
#include <vector>

namespace casebook::plan {

/// Sets what text EXPLAIN prints as `key: value` under the names and types of JSON EXPLAIN: "Buffers" becomes
/// "Shared Hit Blocks" and its like, "Sort Method: quicksort  Memory: 25kB" three properties, "Output" a list.
/// `node_type` decides what "Batches" are batches of; empty for properties of the statement.
void set_text_property(Properties& properties, std::string_view node_type, std::string_view key, std::string_view value);

/// "a = 'x', b = 'y'" as a JSON object.
std::string settings_json(std::string_view value);

/// "Trigger t for constraint c on r: time=1.2 calls=3" as a JSON object; empty when it is no such line.
std::string trigger_json(std::string_view line);

/// The lines "Functions", "Options", "Timing" of a JIT block.
class JitBlock {
public:
    bool add(std::string_view key, std::string_view value);  ///< false when the key is none of JIT's
    bool empty() const { return functions_.empty() && options_.empty() && timing_.empty(); }
    std::string json() const;

private:
    std::string functions_, options_, timing_;
};

/// The keys of an aggregate with grouping sets, line by line, as JSON EXPLAIN nests them.
class GroupingSets {
public:
    void add(std::string_view key, std::string_view value);  ///< "Group Key", "Hash Key" or "Sort Key"
    /// Writes "Group Key" when there was one line, else "Grouping Sets".
    void store(Properties& properties) const;
    bool empty() const { return lines_.empty(); }

private:
    struct Line {
        std::string key;
        std::vector<std::string> items;
    };
    std::vector<Line> lines_;
};

}  // namespace casebook::plan
