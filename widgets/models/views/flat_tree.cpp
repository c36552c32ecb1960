#include "widgets/models/views/flat_tree.h"

#include <algorithm>

namespace casebook {

void FlatTree::assign(std::vector<std::uint32_t> depths)
{
    depths_ = std::move(depths);
    const std::size_t size = depths_.size();
    parents_.assign(size, none);
    descendants_.assign(size, 0);
    collapsed_.assign(size, 0);
    std::vector<Node> path;  // the open ancestors of the current node
    for (Node node = 0; node < size; ++node) {
        const std::size_t depth = std::min<std::size_t>(depths_[node], path.size());
        depths_[node] = static_cast<std::uint32_t>(depth);
        path.resize(depth);
        if (depth > 0) parents_[node] = path.back();
        path.push_back(node);
    }
    // Backwards every node is complete before its parent sees it.
    for (std::size_t node = size; node-- > 0;)
        if (parents_[node] != none) descendants_[parents_[node]] += descendants_[node] + 1;
    rebuild();
}

void FlatTree::rebuild()
{
    visible_.clear();
    const std::size_t size = depths_.size();
    for (std::size_t node = 0; node < size;) {
        visible_.push_back(static_cast<Node>(node));
        node += collapsed_[node] ? descendants_[node] + 1 : 1;
    }
}

void FlatTree::set_collapsed(Node node, bool collapsed)
{
    if (descendants_[node] == 0 || (collapsed_[node] != 0) == collapsed) return;
    collapsed_[node] = collapsed;
    rebuild();
}

void FlatTree::expand_all()
{
    std::fill(collapsed_.begin(), collapsed_.end(), std::uint8_t{0});
    rebuild();
}

void FlatTree::collapse_from(std::uint32_t depth)
{
    for (std::size_t node = 0; node < depths_.size(); ++node)
        collapsed_[node] = depths_[node] >= depth && descendants_[node] > 0;
    rebuild();
}

void FlatTree::collapse_marked(const std::vector<std::uint8_t>& marks)
{
    for (std::size_t node = 0; node < depths_.size(); ++node) collapsed_[node] = marks[node] != 0 && descendants_[node] > 0;
    rebuild();
}

void FlatTree::set_subtree_collapsed(Node node, bool collapsed)
{
    for (std::size_t i = node; i <= node + descendants_[node]; ++i) collapsed_[i] = collapsed && descendants_[i] > 0;
    rebuild();
}

bool FlatTree::reveal(const std::vector<Node>& nodes)
{
    bool changed = false;
    std::vector<std::uint8_t> walked(size(), 0);  // each ancestor once, so many nodes of one deep chain stay linear
    for (const Node node : nodes) {
        if (node >= size()) continue;
        for (Node up = parents_[node]; up != none && !walked[up]; up = parents_[up]) {
            walked[up] = 1;
            if (collapsed_[up]) { collapsed_[up] = 0; changed = true; }
        }
    }
    if (changed) rebuild();
    return changed;
}

std::size_t FlatTree::row_of(Node node) const
{
    const auto next = std::upper_bound(visible_.begin(), visible_.end(), node);
    return next == visible_.begin() ? 0 : static_cast<std::size_t>(next - visible_.begin()) - 1;
}

bool FlatTree::is_visible(Node node) const
{
    return node < size() && std::binary_search(visible_.begin(), visible_.end(), node);
}

}  // namespace casebook
