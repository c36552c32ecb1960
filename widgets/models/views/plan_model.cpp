#include "widgets/models/views/plan_model.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/charts/time_text.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace casebook {
namespace {

QString number(double value) { return QString::fromStdString(format_number(value, 4)); }

QString ms(double value) { return QString::fromStdString(format_ms(value)); }

QJsonObject properties_of(const PlanNodeRow& node)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(node.detail)).object();
}

bool is_text(int column) { return column == PlanModel::nodeColumn || column == PlanModel::conditionColumn; }

}  // namespace

std::vector<PlanNodeRow> plan_nodes_of(const QueryResult& result)
{
    std::map<std::string_view, std::size_t> at;
    for (std::size_t i = 0; i < result.columns.size(); ++i) at.emplace(result.columns[i], i);
    std::vector<PlanNodeRow> nodes;
    for (const auto& row : result.rows) {
        const auto value = [&](const char* name) -> const Value* {
            const auto found = at.find(name);
            return found == at.end() || found->second >= row.size() || row[found->second].index() == 0 ? nullptr : &row[found->second];
        };
        const auto real = [&](const char* name) -> std::optional<double> {
            const Value* v = value(name);
            if (v == nullptr) return {};
            if (const auto* integer = std::get_if<std::int64_t>(v)) return static_cast<double>(*integer);
            if (const auto* number = std::get_if<double>(v)) return *number;
            return {};
        };
        const auto whole = [&](const char* name) -> std::optional<std::int64_t> {
            const auto number = real(name);
            if (!number || std::fabs(*number) > 9e18) return {};
            return static_cast<std::int64_t>(*number);
        };
        const auto text = [&](const char* name) { const Value* v = value(name); return v == nullptr ? std::string() : to_text(*v); };
        PlanNodeRow node;
        node.node_id = static_cast<int>(whole("node_id").value_or(static_cast<std::int64_t>(nodes.size())));
        if (const auto parent = whole("parent_id")) node.parent_id = static_cast<int>(*parent);
        node.depth = static_cast<int>(std::clamp<std::int64_t>(whole("depth").value_or(0), 0, 1'000'000'000));
        node.node_type = text("node_type");
        node.relation = text("relation");
        node.index_name = text("index_name");
        node.plan_rows = real("plan_rows");
        node.actual_rows = real("actual_rows");
        node.loops = real("loops");
        node.total_ms = real("total_ms");
        node.self_ms = real("self_ms");
        node.rows_removed = real("rows_removed");
        node.shared_hit = whole("shared_hit");
        node.shared_read = whole("shared_read");
        node.temp_written = whole("temp_written");
        if (const auto workers = whole("workers")) node.workers = static_cast<int>(*workers);
        node.detail = text("detail");
        nodes.push_back(std::move(node));
    }
    return nodes;
}

std::optional<double> estimate_factor(const PlanNodeRow& node)
{
    if (!node.actual_rows || !node.plan_rows || node.loops.value_or(0) <= 0) return {};
    return std::max(1.0, *node.actual_rows) / std::max(1.0, *node.plan_rows);
}

PlanModel::PlanModel(QObject* parent) : FoldedModel(parent) {}

void PlanModel::set_plan(PlanView plan)
{
    beginResetModel();
    plan_ = std::move(plan);
    evidence_.clear();
    evidence_marks_.clear();
    std::vector<std::uint32_t> depths;
    for (const PlanNodeRow& node : plan_.nodes) depths.push_back(static_cast<std::uint32_t>(std::max(0, node.depth)));
    tree_.assign(std::move(depths));
    timed_ = std::any_of(plan_.nodes.begin(), plan_.nodes.end(), [](const PlanNodeRow& node) { return node.self_ms.has_value(); });
    cost_.clear();
    own_.clear();
    for (const PlanNodeRow& node : plan_.nodes) {
        cost_.push_back(properties_of(node).value(QLatin1String("Total Cost")).toDouble());
        own_.push_back(timed_ ? node.self_ms.value_or(0) : cost_.back());
    }
    if (!timed_)
        for (std::size_t node = 0; node < own_.size(); ++node)
            if (const auto parent = tree_.parent(static_cast<FlatTree::Node>(node)); parent != FlatTree::none) own_[parent] -= cost_[node];
    own_sum_ = 0;
    for (double& own : own_) own_sum_ += own = std::isfinite(own) ? std::max(0.0, own) : 0.0;
    endResetModel();
}

void PlanModel::set_evidence(const std::vector<int>& node_ids)
{
    evidence_.clear();
    evidence_marks_.assign(plan_.nodes.size(), 0);
    std::vector<int> wanted(node_ids);
    std::sort(wanted.begin(), wanted.end());
    for (std::size_t node = 0; node < plan_.nodes.size(); ++node) {
        if (!std::binary_search(wanted.begin(), wanted.end(), plan_.nodes[node].node_id)) continue;
        evidence_.push_back(static_cast<FlatTree::Node>(node));
        evidence_marks_[node] = 1;
    }
    if (rowCount() > 0) emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount_ - 1));
}

double PlanModel::share(FlatTree::Node node) const { return own_sum_ > 0 ? own_[node] / own_sum_ : 0; }

FlatTree::Node PlanModel::heaviest() const
{
    if (own_.empty()) return FlatTree::none;
    return static_cast<FlatTree::Node>(std::max_element(own_.begin(), own_.end()) - own_.begin());
}

int PlanModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columnCount_; }

QString PlanModel::node_title(const PlanNodeRow& node)
{
    QString title = to_qt_line(node.node_type, 100);
    if (!node.index_name.empty()) title += QStringLiteral(" using ") + to_qt_line(node.index_name, 100);
    if (!node.relation.empty()) title += QStringLiteral(" on ") + to_qt_line(node.relation, 100);
    return title.isEmpty() ? tr("(unnamed node)") : title;
}

QString PlanModel::condition(FlatTree::Node node) const
{
    static constexpr std::array keys{"Filter", "Join Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "One-Time Filter", "Sort Key", "Group Key", "Sort Method"};
    const QJsonObject properties = properties_of(plan_.nodes[node]);
    for (const char* key : keys) {
        const QJsonValue value = properties.value(QLatin1String(key));
        if (value.isUndefined()) continue;
        QString text = value.toVariant().toStringList().join(QStringLiteral(", "));
        if (text.isEmpty()) text = value.toVariant().toString();
        return QLatin1String(key) + QStringLiteral(": ") + text.left(300).simplified();
    }
    return {};
}

QString PlanModel::cell(FlatTree::Node at, int column) const
{
    const PlanNodeRow& node = plan_.nodes[at];
    const auto real = [](const std::optional<double>& value) { return value ? number(*value) : QString(); };
    const auto whole = [](const std::optional<std::int64_t>& value) { return value ? count_text(*value) : QString(); };
    switch (column) {
    case nodeColumn: return node_title(node);
    case selfColumn:
        if (!timed_) return own_[at] > 0 ? number(own_[at]) : QString();
        return node.self_ms ? number(*node.self_ms) : node.loops && *node.loops == 0 ? tr("never run") : QString();
    case totalColumn: return timed_ ? real(node.total_ms) : cost_[at] > 0 ? number(cost_[at]) : QString();
    case rowsColumn: return node.actual_rows ? number(*node.actual_rows * node.loops.value_or(1)) : QString();
    case plannedColumn: return node.plan_rows ? number(*node.plan_rows * std::max(1.0, node.loops.value_or(1))) : QString();
    case factorColumn: {
        const auto factor = estimate_factor(node);
        if (!factor) return {};
        if (*factor < 2 && *factor > 0.5) return tr("right");
        return *factor >= 1 ? tr("%1x more").arg(number(std::round(*factor))) : tr("%1x fewer").arg(number(std::round(1 / *factor)));
    }
    case removedColumn: return node.rows_removed && *node.rows_removed > 0 ? number(*node.rows_removed) : QString();
    case readColumn: return whole(node.shared_read);
    case hitColumn: return whole(node.shared_hit);
    case loopsColumn: return real(node.loops);
    case conditionColumn: return condition(at);
    default: return {};
    }
}

QString PlanModel::node_text(FlatTree::Node at) const
{
    const PlanNodeRow& node = plan_.nodes[at];
    QStringList lines{node_title(node)};
    if (node.self_ms) lines += tr("Own time: %1 (%2 of the plan)").arg(ms(*node.self_ms), QString::fromStdString(format_percent(share(at))));
    if (node.total_ms) lines += tr("With children: %1").arg(ms(*node.total_ms));
    if (!timed_ && cost_[at] > 0) lines += tr("Cost: %1 (%2 own)").arg(number(cost_[at]), number(own_[at]));
    if (node.actual_rows) lines += tr("Rows per loop: %1 in %2 loops, %3 planned").arg(number(*node.actual_rows), number(node.loops.value_or(1)), number(node.plan_rows.value_or(0)));
    else if (node.plan_rows) lines += tr("Rows planned: %1").arg(number(*node.plan_rows));
    if (const auto factor = estimate_factor(node); factor && (*factor >= 2 || *factor <= 0.5))
        lines += *factor > 1 ? tr("Estimate: the planner expected %1 times fewer rows").arg(number(*factor)) : tr("Estimate: the planner expected %1 times more rows").arg(number(1 / *factor));
    if (node.rows_removed.value_or(0) > 0) {
        const double kept = node.actual_rows.value_or(0) * node.loops.value_or(1);
        lines += tr("Rows read and thrown away: %1 (%2)").arg(number(*node.rows_removed), QString::fromStdString(format_percent(*node.rows_removed / (*node.rows_removed + kept))));
    }
    if (node.shared_read || node.shared_hit) lines += tr("Blocks: %1 from cache, %2 read").arg(count_text(node.shared_hit.value_or(0)), count_text(node.shared_read.value_or(0)));
    if (node.temp_written.value_or(0) > 0) lines += tr("Temporary blocks written: %1").arg(count_text(*node.temp_written));
    if (node.workers) lines += tr("Workers: %1").arg(*node.workers);
    if (const QString text = condition(at); !text.isEmpty()) lines += text;
    return lines.join(QLatin1Char('\n'));
}

QVariant PlanModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const FlatTree::Node node = node_at(index.row());
    switch (role) {
    case Qt::DisplayRole: return cell(node, index.column());
    case Qt::ToolTipRole: return QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(node_text(node).toHtmlEscaped());
    case Qt::TextAlignmentRole: return static_cast<int>(Qt::AlignVCenter | (is_text(index.column()) ? Qt::AlignLeft : Qt::AlignRight));
    case shareRole: return share(node);
    case factorRole:
        if (const auto factor = estimate_factor(plan_.nodes[node])) return *factor;
        return {};
    case evidenceRole: return !evidence_marks_.empty() && evidence_marks_[node] != 0;
    default: return fold_data(node, role);
    }
}

QVariant PlanModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount_) return {};
    if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignVCenter | (is_text(section) ? Qt::AlignLeft : Qt::AlignRight));
    if (role == Qt::ToolTipRole) {
        if (section == factorColumn) return tr("Actual rows against what the planner expected");
        if (section == removedColumn) return tr("Rows read and thrown away by filters, over all loops");
        if (section == selfColumn) return timed_ ? tr("Time in the node itself, over all loops") : tr("Cost of the node itself; the plan was not run with ANALYZE");
        return {};
    }
    if (role != Qt::DisplayRole) return {};
    switch (section) {
    case nodeColumn: return tr("Node");
    case selfColumn: return timed_ ? tr("Own time (ms)") : tr("Own cost (units)");
    case totalColumn: return timed_ ? tr("Total (ms)") : tr("Cost (units)");
    case rowsColumn: return tr("Rows");
    case plannedColumn: return tr("Planned rows");
    case factorColumn: return tr("Estimate");
    case removedColumn: return tr("Removed rows");
    case readColumn: return tr("Read (blocks)");
    case hitColumn: return tr("Hit (blocks)");
    case loopsColumn: return tr("Loops");
    default: return tr("Condition");
    }
}

}  // namespace casebook
