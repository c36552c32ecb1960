#pragma once

#include "widgets/models/views/folded_model.h"
#include "widgets/models/views/trace_diff_data.h"

#include <memory>

namespace casebook {

/// A comparison of requests as a table of the calls in sight, foldable. Node numbers are those of the TraceDiff.
class TraceDiffModel : public FoldedModel {
    Q_OBJECT
public:
    enum Column { callColumn, callsColumn, errorsColumn, totalColumn, totalChangeColumn, selfColumn, selfChangeColumn, waitedChangeColumn, columnCount_ };
    enum Role {
        changeRole = lastFoldRole + 1,  ///< double -1..1 in columns of changes: against the largest of the column; above 0 is slower in B.
                                        ///< In the first column that of the waited time
        errorRole,                      ///< bool: B or A has errors here
        sideRole,                       ///< int: 1 only in A, 2 only in B, 0 in both
        alertRole,                      ///< bool: the cell's text is one to look at
    };

    explicit TraceDiffModel(QObject* parent = nullptr) : FoldedModel(parent) {}

    /// Opens everything, but of large comparisons only what differs.
    void set_data(std::shared_ptr<const TraceDiffData> data);
    const TraceDiffData* comparison() const { return data_.get(); }
    /// Closes what holds no notable difference: 1 % of the largest.
    void close_unchanged();

    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString cell(FlatTree::Node node, int column) const;
    double change_ns(FlatTree::Node node, int column) const;
    QString number(double ns) const;

    std::shared_ptr<const TraceDiffData> data_;
    ScaledUnit unit_;
    double largest_total_ = 0, largest_self_ = 0, largest_waited_ = 0;
};

}  // namespace casebook
