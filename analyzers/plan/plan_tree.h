#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace casebook::plan {

enum class Format : std::uint8_t { text, json, yaml, xml };
std::string_view name_of(Format format);  ///< "text", "json", "yaml", "xml"

/// One property under the name EXPLAIN (FORMAT JSON) gives it; `value` is JSON text.
struct Property {
    std::string key;
    std::string value;
};

/// Properties in the order in which they were read; a key occurs once.
///
/// What text EXPLAIN leaves out because it says nothing is left out here too, so that the four formats of one plan
/// give equal properties: counters that are zero, flags that are false, "Partial Mode" "Simple".
class Properties {
public:
    /// Sets `key`, or replaces its value. Values that say nothing (see above) are not kept.
    void set(std::string_view key, std::string value);
    void set_text(std::string_view key, std::string_view text);
    /// `spelled` is a decimal number as EXPLAIN prints it; equal numbers get equal JSON ("0.00" and "0" are 0).
    void set_number(std::string_view key, std::string_view spelled);
    void set_flag(std::string_view key, bool flag);
    void set_list(std::string_view key, const std::vector<std::string_view>& items);

    const std::string* find(std::string_view key) const;  ///< JSON text, nullptr when absent
    bool has(std::string_view key) const { return find(key) != nullptr; }
    std::optional<double> number(std::string_view key) const;
    std::optional<std::int64_t> integer(std::string_view key) const;  ///< rounded
    std::string text(std::string_view key) const;  ///< unquoted; empty when absent; numbers and the like as spelled
    void remove(std::string_view key);

    const std::vector<Property>& all() const { return all_; }
    bool empty() const { return all_.empty(); }

private:
    std::vector<Property> all_;
};

/// What one parallel worker did in a node: "Actual Rows", "Sort Space Used", ...
struct Worker {
    std::int64_t number = 0;
    Properties properties;
};

/// A node as EXPLAIN has it, the same whatever the format was.
struct Node {
    int parent = -1;        ///< index into Tree::nodes
    std::string node_type;  ///< as text EXPLAIN prints it, less "Parallel "
    Properties properties;
    std::vector<Worker> workers;
};

/// One plan. Nodes are in pre-order, so a subtree is a range and every parent comes before its children.
struct Tree {
    Format format = Format::text;
    std::vector<Node> nodes;
    Properties properties;  ///< of the statement: "Planning Time", "Settings", "JIT", "Triggers", "Query Text", ...
    bool has_buffers = false;       ///< buffer counters were printed, so a missing one is zero
    std::int64_t source_line = 0;   ///< 1-based line on which it began; 0 = not known
    /// The plan was read with ANALYZE (some node has actual rows), and with timing.
    bool analyzed() const;
    bool timed() const;
};

/// `end[i]` is one past the last node of the subtree of node i.
std::vector<int> subtree_ends(const Tree& tree);

/// A zero counter, which text EXPLAIN would not print. `json` is the value's JSON text.
bool is_silent(std::string_view key, std::string_view json);
/// Appends a decimal number as JSON in one spelling per value; text that is no number becomes a JSON string.
void append_number(std::string& json, std::string_view spelled);
/// The text of a JSON string; other JSON is returned as it is.
std::string unquote_json(std::string_view json);

}  // namespace casebook::plan
