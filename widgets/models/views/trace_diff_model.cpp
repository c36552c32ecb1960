#include "widgets/models/views/trace_diff_model.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"

#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

constexpr std::size_t small_tree = 100;  // nodes that are all shown at first
constexpr double notable_share = 0.01;   // of the largest difference

QString pair_text(const QString& a, const QString& b) { return a == b ? a : a + QStringLiteral(" → ") + b; }

}  // namespace

void TraceDiffModel::set_data(std::shared_ptr<const TraceDiffData> data)
{
    beginResetModel();
    data_ = std::move(data);
    std::vector<std::uint32_t> depths;
    largest_total_ = largest_self_ = largest_waited_ = 0;
    if (data_) {
        const TraceDiff& diff = data_->diff;
        depths.reserve(diff.nodes.size());
        for (const TraceDiffNode& node : diff.nodes) {
            depths.push_back(node.depth);
            largest_total_ = std::max(largest_total_, std::fabs(diff.total_difference_ns(node)));
            largest_self_ = std::max(largest_self_, std::fabs(diff.self_difference_ns(node)));
            largest_waited_ = std::max(largest_waited_, std::fabs(diff.waited_difference_ns(node)));
        }
        // A little smaller than the largest, so that most cells are no fraction.
        unit_ = unit_for_duration(data_->largest_total_ns / 5);
    }
    tree_.assign(std::move(depths));
    endResetModel();
    if (tree_.size() > small_tree) close_unchanged();
}

void TraceDiffModel::close_unchanged()
{
    if (!data_) return;
    std::vector<std::uint8_t> marks(tree_.size(), 1);
    const double least_self = largest_self_ * notable_share, least_waited = largest_waited_ * notable_share;
    // Backwards every node has heard of all below it before its parent hears of it.
    for (std::size_t i = tree_.size(); i-- > 0;) {
        const auto node = static_cast<FlatTree::Node>(i);
        const TraceDiffNode& at = data_->diff.nodes[i];
        const double self = std::fabs(data_->diff.self_difference_ns(at)), waited = std::fabs(data_->diff.waited_difference_ns(at));
        const bool notable = (self > 0 && self >= least_self) || (waited > 0 && waited >= least_waited) || at.a.errors != at.b.errors;
        if ((notable || !marks[i]) && tree_.parent(node) != FlatTree::none) marks[tree_.parent(node)] = 0;
    }
    beginResetModel();
    tree_.collapse_marked(marks);
    endResetModel();
}

int TraceDiffModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QString TraceDiffModel::number(double ns) const
{
    const double value = ns / unit_.size;
    return QString::fromStdString(std::fabs(value) >= 1000 ? format_count(std::llround(value)) : format_number(value, 3));
}

double TraceDiffModel::change_ns(FlatTree::Node node, int column) const
{
    const TraceDiffNode& at = data_->diff.nodes[node];
    if (column == totalChangeColumn) return data_->diff.total_difference_ns(at);
    return column == selfChangeColumn ? data_->diff.self_difference_ns(at) : data_->diff.waited_difference_ns(at);
}

QString TraceDiffModel::cell(FlatTree::Node node, int column) const
{
    const TraceDiff& diff = data_->diff;
    const TraceDiffNode& at = diff.nodes[node];
    const auto times = [&](std::int64_t TraceDiffSide::*sum) {
        return pair_text(at.only_in_b() ? QStringLiteral("-") : number(diff.per_request_a(at.a.*sum)), at.only_in_a() ? QStringLiteral("-") : number(diff.per_request_b(at.b.*sum)));
    };
    switch (column) {
    case callColumn: {
        QString title = call_title(*data_, node);
        // The service stands where it changes.
        if (at.parent == TraceDiffNode::none || diff.nodes[at.parent].service != at.service) title = to_qt_line(data_->spans->text(at.service), 60) + QStringLiteral("  ") + title;
        if (at.only_in_a()) title += QStringLiteral("  ") + tr("(only in A)");
        if (at.only_in_b()) title += QStringLiteral("  ") + tr("(only in B)");
        return title;
    }
    case callsColumn: return counts_text(*data_, at.a.calls, at.b.calls);
    case errorsColumn: return at.a.errors + at.b.errors == 0 ? QString() : counts_text(*data_, at.a.errors, at.b.errors);
    case totalColumn: return times(&TraceDiffSide::total_ns);
    case selfColumn: return times(&TraceDiffSide::self_ns);
    default: {
        const double change = change_ns(node, column);
        return change == 0 ? QString() : (change > 0 ? QStringLiteral("+") : QString()) + number(change);
    }
    }
}

QVariant TraceDiffModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount() || !data_) return {};
    const FlatTree::Node node = node_at(index.row());
    const TraceDiffNode& at = data_->diff.nodes[node];
    const int column = index.column();
    switch (role) {
    case Qt::DisplayRole: return cell(node, column);
    case Qt::ToolTipRole: return QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(call_text(*data_, node).toHtmlEscaped());
    case Qt::TextAlignmentRole: return static_cast<int>(Qt::AlignVCenter | (column == callColumn ? Qt::AlignLeft : Qt::AlignRight));
    case changeRole: {
        if (column == callsColumn || column == errorsColumn || column == totalColumn || column == selfColumn) return {};
        const double largest = column == totalChangeColumn ? largest_total_ : column == selfChangeColumn ? largest_self_ : largest_waited_;
        return largest > 0 ? change_ns(node, column) / largest : 0.0;
    }
    case errorRole: return at.a.errors + at.b.errors > 0;
    case alertRole: return column == errorsColumn;
    case sideRole: return at.only_in_a() ? 1 : at.only_in_b() ? 2 : 0;
    default: return fold_data(node, role);
    }
}

QVariant TraceDiffModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount_) return {};
    if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignVCenter | (section == callColumn ? Qt::AlignLeft : Qt::AlignRight));
    const QString unit = QString::fromLatin1(unit_.name);
    if (role == Qt::ToolTipRole) switch (section) {
        case callColumn: return tr("Calls of one service and operation below the same caller are one row");
        case callsColumn: return tr("Number of calls, A → B; per request where there are several");
        case errorsColumn: return tr("Calls that failed, A → B");
        case totalColumn: return tr("Time from start to end, summed over the calls, A → B");
        case totalChangeColumn: return tr("Total of B less total of A");
        case selfColumn: return tr("Time not spent in calls below, A → B");
        case selfChangeColumn: return tr("Own time of B less own time of A");
        default: return tr("Own time that the request waited for, B less A: of calls in parallel only that of the last to finish. These add up to the difference of the requests");
    }
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case callColumn: return tr("Call");
    case callsColumn: return tr("Calls");
    case errorsColumn: return tr("Errors");
    case totalColumn: return tr("Total (%1)").arg(unit);
    case totalChangeColumn: return tr("± total (%1)").arg(unit);
    case selfColumn: return tr("Own (%1)").arg(unit);
    case selfChangeColumn: return tr("± own (%1)").arg(unit);
    default: return tr("± waited (%1)").arg(unit);
    }
}

}  // namespace casebook
