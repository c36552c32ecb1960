#include "widgets/models/views/plan_diff_model.h"

#include "analyzers/core/text.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/views/plan_model.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

QString number(double value) { return QString::fromStdString(format_number(value, 4)); }

/// "A → B"; one text where they are equal.
QString pair_text(const QString& a, const QString& b) { return a == b ? a : a + QStringLiteral(" → ") + b; }

bool is_text(int column) { return column == PlanDiffModel::nodeColumn || column == PlanDiffModel::changeColumn; }

}  // namespace

void PlanDiffModel::set_data(std::shared_ptr<const PlanDiffData> data)
{
    beginResetModel();
    data_ = std::move(data);
    largest_total_ = largest_self_ = 0;
    std::vector<std::uint32_t> depths;
    if (data_)
        for (const PlanDiffNode& node : data_->nodes) {
            depths.push_back(node.depth);
            largest_total_ = std::max(largest_total_, std::fabs(data_->total_difference(node)));
            largest_self_ = std::max(largest_self_, std::fabs(data_->self_difference(node)));
        }
    tree_.assign(std::move(depths));
    endResetModel();
}

int PlanDiffModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QString PlanDiffModel::cell(const PlanDiffNode& node, int column) const
{
    const PlanNodeRow* a = node.a >= 0 ? &data_->a.row.nodes[static_cast<std::size_t>(node.a)] : nullptr;
    const PlanNodeRow* b = node.b >= 0 ? &data_->b.row.nodes[static_cast<std::size_t>(node.b)] : nullptr;
    // What a side does not know is left out; what it does not have is a dash.
    const auto both = [&](auto&& text_of) {
        const QString of_a = a ? text_of(*a) : QStringLiteral("-"), of_b = b ? text_of(*b) : QStringLiteral("-");
        return (of_a.isEmpty() || !a) && (of_b.isEmpty() || !b) ? QString() : pair_text(of_a.isEmpty() ? QStringLiteral("?") : of_a, of_b.isEmpty() ? QStringLiteral("?") : of_b);
    };
    const auto figures = [&](double PlanFigures::*figure) {
        return pair_text(a ? number(data_->figures_a[static_cast<std::size_t>(node.a)].*figure) : QStringLiteral("-"),
                         b ? number(data_->figures_b[static_cast<std::size_t>(node.b)].*figure) : QStringLiteral("-"));
    };
    const auto change = [](double difference) { return difference == 0 ? QString() : (difference > 0 ? QStringLiteral("+") : QString()) + number(difference); };
    switch (column) {
    case nodeColumn: return PlanModel::node_title(data_->node_of(node));
    case changeColumn: return plan_change_text(*data_, node);
    case totalColumn: return figures(&PlanFigures::total);
    case totalChangeColumn: return change(data_->total_difference(node));
    case selfColumn: return figures(&PlanFigures::self);
    case selfChangeColumn: return change(data_->self_difference(node));
    case rowsColumn: return both([](const PlanNodeRow& row) { return row.actual_rows ? number(*row.actual_rows * row.loops.value_or(1)) : QString(); });
    default: return both([](const PlanNodeRow& row) { return row.shared_read ? count_text(*row.shared_read) : QString(); });
    }
}

QVariant PlanDiffModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount() || !data_) return {};
    const FlatTree::Node place = node_at(index.row());
    const PlanDiffNode& node = data_->nodes[place];
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole: return cell(node, column);
    case Qt::ToolTipRole: return QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(plan_place_text(*data_, node).toHtmlEscaped());
    case Qt::TextAlignmentRole: return static_cast<int>(Qt::AlignVCenter | (is_text(column) ? Qt::AlignLeft : Qt::AlignRight));
    case changeRole:
        if (column == totalChangeColumn) return largest_total_ > 0 ? data_->total_difference(node) / largest_total_ : 0.0;
        if (column == selfChangeColumn || column == nodeColumn) return largest_self_ > 0 ? data_->self_difference(node) / largest_self_ : 0.0;
        return {};
    case alertRole: return column == changeColumn && node.change != plan::NodeChange::same;
    default: return fold_data(place, role);
    }
}

QVariant PlanDiffModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount_) return {};
    if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignVCenter | (is_text(section) ? Qt::AlignLeft : Qt::AlignRight));
    const bool timed = !data_ || data_->timed;
    if (role == Qt::ToolTipRole) switch (section) {
        case nodeColumn: return tr("Nodes of both plans, matched by the tables they work on");
        case changeColumn: return tr("What B does differently here");
        case totalColumn: return tr("With everything below, over all loops, A → B");
        case totalChangeColumn: return tr("Total of B less total of A");
        case selfColumn: return tr("In the node itself, over all loops, A → B");
        case selfChangeColumn: return tr("Own of B less own of A");
        case rowsColumn: return tr("Rows the node returned, over all loops, A → B");
        default: return tr("Blocks read from disk or the system's cache, with those below, A → B");
    }
    if (role != Qt::DisplayRole) return {};
    const QString unit = timed ? tr("ms") : tr("cost");
    switch (section) {
    case nodeColumn: return tr("Node");
    case changeColumn: return tr("Change");
    case totalColumn: return tr("Total (%1)").arg(unit);
    case totalChangeColumn: return tr("± total (%1)").arg(unit);
    case selfColumn: return tr("Own (%1)").arg(unit);
    case selfChangeColumn: return tr("± own (%1)").arg(unit);
    case rowsColumn: return tr("Rows");
    default: return tr("Read (blocks)");
    }
}

}  // namespace casebook
