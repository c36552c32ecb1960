#pragma once

#include "widgets/models/views/flat_tree.h"

#include <QAbstractTableModel>

namespace casebook {

/// A tree of any depth and width as a table of the nodes in sight; column 0 holds the nodes. Subclasses fill `tree_`, between
/// beginResetModel() and endResetModel(), and say what the cells show.
class FoldedModel : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int foldedColumn = 0;
    enum FoldRole {
        nodeRole = Qt::UserRole + 100,  ///< quint32: the node
        depthRole,                      ///< int
        foldRole,                       ///< int: 0 leaf, 1 open, 2 closed
        lastFoldRole = foldRole,
    };

    using QAbstractTableModel::QAbstractTableModel;

    const FlatTree& tree() const { return tree_; }
    FlatTree::Node node_at(int row) const { return tree_.at(static_cast<std::size_t>(row)); }
    int row_of(FlatTree::Node node) const { return static_cast<int>(tree_.row_of(node)); }
    void set_collapsed(FlatTree::Node node, bool collapsed);
    void expand_all();
    void collapse_from(std::uint32_t depth);
    void reveal(FlatTree::Node node);

    int rowCount(const QModelIndex& parent = {}) const override;

protected:
    /// The answer to one of the roles above; nothing for others.
    QVariant fold_data(FlatTree::Node node, int role) const;

    FlatTree tree_;
};

}  // namespace casebook
