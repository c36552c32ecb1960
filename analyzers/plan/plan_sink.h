#pragma once

#include "analyzers/plan/plan_tree.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace casebook::plan {

/// Builds plans from the events of a structured format (JSON, YAML, XML): objects, arrays, keys and scalars in
/// document order. The value of an object's "Plan" is a node, the elements of a node's "Plans" are its children, of
/// its "Workers" its workers; whatever else a node or statement holds becomes a property, as JSON text.
/// Never recursive. Events must be balanced; reading may stop anywhere.
class Sink {
public:
    Sink(Format format, std::vector<Tree>& plans) : format_(format), plans_(plans) {}

    void key(std::string_view name) { key_.assign(name); }
    void begin_object();
    void end_object();
    void begin_array();
    void end_array();
    void text(std::string_view value);
    void number(std::string_view spelled);
    void flag(bool value);
    void null();

private:
    enum class Frame : std::uint8_t { list, statement, node, nodes, workers, worker, group };

    Frame top() const { return frames_.empty() ? Frame::list : frames_.back(); }
    void open(Frame frame) { frames_.push_back(frame); }
    Properties* target();
    void begin_node();
    void end_node();
    void begin_group(char bracket);
    void separate();
    void end_group(char bracket);
    void scalar(std::string json);

    Format format_;
    std::vector<Tree>& plans_;
    Tree tree_;
    std::vector<Frame> frames_;
    std::vector<int> open_nodes_;
    Worker worker_;
    std::string key_;

    // A group being collected as JSON text: its brackets, and whether a comma is due.
    std::string group_key_;
    std::string group_;
    std::vector<char> group_brackets_;
    bool group_comma_ = false;
};

}  // namespace casebook::plan
