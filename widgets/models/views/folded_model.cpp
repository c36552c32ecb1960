#include "widgets/models/views/folded_model.h"

namespace casebook {

void FoldedModel::set_collapsed(FlatTree::Node node, bool collapsed)
{
    if (!tree_.is_visible(node) || tree_.is_collapsed(node) == collapsed || tree_.descendants(node) == 0) return;
    const int row = row_of(node);
    const auto count_with = [&](bool closed) { tree_.set_collapsed(node, closed); return static_cast<int>(tree_.visible_count()); };
    const int before = static_cast<int>(tree_.visible_count());
    const int after = count_with(collapsed);
    tree_.set_collapsed(node, !collapsed);  // the rows must change between begin and end
    if (collapsed) {
        beginRemoveRows({}, row + 1, row + before - after);
        tree_.set_collapsed(node, true);
        endRemoveRows();
    } else {
        beginInsertRows({}, row + 1, row + after - before);
        tree_.set_collapsed(node, false);
        endInsertRows();
    }
    emit dataChanged(index(row, 0), index(row, columnCount() - 1));
}

void FoldedModel::expand_all()
{
    beginResetModel();
    tree_.expand_all();
    endResetModel();
}

void FoldedModel::collapse_from(std::uint32_t depth)
{
    beginResetModel();
    tree_.collapse_from(depth);
    endResetModel();
}

void FoldedModel::reveal(FlatTree::Node node)
{
    if (node >= tree_.size() || tree_.is_visible(node)) return;
    beginResetModel();
    tree_.reveal({node});
    endResetModel();
}

int FoldedModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(tree_.visible_count()); }

QVariant FoldedModel::fold_data(FlatTree::Node node, int role) const
{
    switch (role) {
    case nodeRole: return QVariant::fromValue<quint32>(node);
    case depthRole: return static_cast<int>(tree_.depth(node));
    case foldRole: return tree_.descendants(node) == 0 ? 0 : tree_.is_collapsed(node) ? 2 : 1;
    default: return {};
    }
}

}  // namespace casebook
