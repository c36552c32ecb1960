#pragma once

#include "widgets/models/views/folded_model.h"
#include "widgets/models/views/plan_diff_data.h"
#include "widgets/models/views/trace_diff_model.h"

namespace casebook {

/// Two plans as one foldable table of nodes. Node numbers are places in PlanDiffData::nodes.
class PlanDiffModel : public FoldedModel {
    Q_OBJECT
public:
    enum Column { nodeColumn, changeColumn, totalColumn, totalChangeColumn, selfColumn, selfChangeColumn, rowsColumn, readColumn, columnCount_ };
    enum Role {
        changeRole = TraceDiffModel::changeRole,  ///< as there, so that both are painted alike
        alertRole = TraceDiffModel::alertRole,
    };

    explicit PlanDiffModel(QObject* parent = nullptr) : FoldedModel(parent) {}

    void set_data(std::shared_ptr<const PlanDiffData> data);
    const PlanDiffData* comparison() const { return data_.get(); }

    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString cell(const PlanDiffNode& node, int column) const;

    std::shared_ptr<const PlanDiffData> data_;
    double largest_total_ = 0, largest_self_ = 0;
};

}  // namespace casebook
