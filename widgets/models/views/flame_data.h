#pragma once

#include "analyzers/trace/span_table.h"

#include <QString>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// Stacks merged from the root: equal paths are one node, whose width is what it and all below it cost. Nodes are in
/// pre-order, children by cost, largest first; everything is iterative.
class FlameData {
public:
    using Node = std::uint32_t;
    static constexpr Node none = 0xffffffffu;

    std::size_t size() const { return parent_.size(); }
    bool empty() const { return parent_.empty(); }
    double total() const { return total_sum_; }
    double total(Node node) const { return total_[node]; }
    double self(Node node) const { return self_[node]; }
    std::uint64_t count(Node node) const { return count_[node]; }  ///< spans or samples
    std::uint32_t depth(Node node) const { return depth_[node]; }
    Node parent(Node node) const { return parent_[node]; }
    /// Where the node begins, in units of cost from the left.
    double left(Node node) const { return left_[node]; }
    std::uint32_t label(Node node) const { return label_[node]; }
    std::string_view text(std::uint32_t label) const { return texts_[label]; }
    /// What decides the colour: the service of a span, the module of a frame.
    std::string_view group(std::uint32_t label) const { return groups_[label]; }
    std::size_t labels() const { return texts_.size(); }
    std::uint32_t depth_count() const { return static_cast<std::uint32_t>(levels_.size()); }
    /// Nodes of one depth from left to right.
    const std::vector<Node>& level(std::uint32_t depth) const { return levels_[depth]; }
    const QString& unit() const { return unit_; }  ///< "ns", "samples", "bytes"

    friend class FlameBuilder;

private:
    void lay_out();

    std::vector<Node> parent_;
    std::vector<std::uint32_t> depth_, label_;
    std::vector<double> total_, self_, left_;
    std::vector<std::uint64_t> count_;
    std::vector<std::string_view> texts_, groups_;
    std::vector<std::vector<Node>> levels_;
    double total_sum_ = 0;
    QString unit_;
    std::vector<std::shared_ptr<const void>> owners_;
    std::vector<std::unique_ptr<std::string>> made_;
};

/// Own time of the spans under some roots (rows), by service and operation. Keeps the table.
std::shared_ptr<const FlameData> flame_of_spans(std::shared_ptr<const SpanTable> spans, const std::vector<SpanTable::Row>& roots);

/// Folded stacks ("a;b;c", root first) with their values.
struct FoldedStack { std::string stack; double value = 0; };
std::shared_ptr<const FlameData> flame_of_stacks(const std::vector<FoldedStack>& stacks, const QString& unit);

}  // namespace casebook
