#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace casebook {

/// A tree in pre-order that can be folded, for views that paint rows: no recursion, so depth and width do not
/// matter. A node is its place in pre-order. Folding costs O(visible nodes); asking costs O(1) or O(log n).
class FlatTree {
public:
    using Node = std::uint32_t;
    static constexpr Node none = 0xffffffffu;

    /// Depth per node in pre-order; a node deeper than its predecessor by more than one hangs under the predecessor.
    /// Everything starts open.
    void assign(std::vector<std::uint32_t> depths);

    std::size_t size() const { return depths_.size(); }
    std::uint32_t depth(Node node) const { return depths_[node]; }
    Node parent(Node node) const { return parents_[node]; }
    /// Nodes below, not counting itself.
    std::uint32_t descendants(Node node) const { return descendants_[node]; }
    bool is_collapsed(Node node) const { return collapsed_[node] != 0; }

    void set_collapsed(Node node, bool collapsed);
    void expand_all();
    /// Closes every node of `depth` and deeper.
    void collapse_from(std::uint32_t depth);
    /// Closes the nodes with a mark and opens all others; one mark per node.
    void collapse_marked(const std::vector<std::uint8_t>& marks);
    /// Opens or closes a node with all below it.
    void set_subtree_collapsed(Node node, bool collapsed);
    /// Opens what hides the nodes. True when anything changed.
    bool reveal(const std::vector<Node>& nodes);

    std::size_t visible_count() const { return visible_.size(); }
    Node at(std::size_t visible_row) const { return visible_[visible_row]; }
    /// The row the node is shown in, or that of the closed ancestor which hides it.
    std::size_t row_of(Node node) const;
    bool is_visible(Node node) const;

private:
    void rebuild();

    std::vector<std::uint32_t> depths_, descendants_;
    std::vector<Node> parents_;
    std::vector<std::uint8_t> collapsed_;
    std::vector<Node> visible_;
};

}  // namespace casebook
