#include "widgets/models/views/plan_diff_data.h"

#include "analyzers/core/text.h"
#include "analyzers/plan/plan_queries.h"
#include "widgets/charts/line_text.h"
#include "widgets/charts/time_text.h"
#include "widgets/models/views/plan_model.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

namespace casebook {
namespace {

using plan::NodeChange;

QString tr(const char* text) { return QCoreApplication::translate("PlanDiff", text); }

constexpr double equal_share = 0.05;   // two runs of one plan differ by as much
constexpr double notable_rows = 1.5;   // rows returned, one against the other, that are another question
constexpr std::int64_t notable_read = 1000;  // blocks (8 MB) read from disk more: may be a cold cache

bool is_timed(const PlanRow& plan)
{
    return std::any_of(plan.nodes.begin(), plan.nodes.end(), [](const PlanNodeRow& node) { return node.self_ms.has_value(); });
}

std::size_t index(int node) { return static_cast<std::size_t>(node); }

/// The parent's index; -1 for roots.
int parent_of(const PlanRow& plan, std::size_t node)
{
    const int parent = plan.nodes[node].parent_id.value_or(-1);
    return parent >= 0 && index(parent) < node ? parent : -1;
}

std::vector<PlanFigures> figures_of(const PlanRow& plan, bool timed)
{
    std::vector<PlanFigures> figures(plan.nodes.size());
    for (std::size_t i = plan.nodes.size(); i-- > 0;) {
        const PlanNodeRow& node = plan.nodes[i];
        if (timed) {
            figures[i] = {node.total_ms.value_or(0), node.self_ms.value_or(0)};
            continue;
        }
        figures[i].total = plan::detail_of(node).number("Total Cost").value_or(0);
        if (!std::isfinite(figures[i].total)) figures[i].total = 0;
        // The children came before and have taken their cost off.
        figures[i].self = std::max(0.0, figures[i].self + figures[i].total);
        if (const int parent = parent_of(plan, i); parent >= 0) figures[index(parent)].self -= figures[i].total;
    }
    return figures;
}

/// The pairs as a tree: a node of the second plan hangs where it does there, one that only the first has below the place of its
/// parent in the first.
std::vector<PlanDiffNode> merge(const PlanDiffData& data)
{
    const auto& pairs = data.diff.pairs;
    std::vector<int> pair_of_a(data.a.row.nodes.size(), -1), pair_of_b(data.b.row.nodes.size(), -1);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (pairs[i].before >= 0) pair_of_a[index(pairs[i].before)] = static_cast<int>(i);
        if (pairs[i].after >= 0) pair_of_b[index(pairs[i].after)] = static_cast<int>(i);
    }
    std::vector<std::vector<std::size_t>> below(pairs.size());
    std::vector<std::size_t> roots;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const bool in_b = pairs[i].after >= 0;
        const int parent = in_b ? parent_of(data.b.row, index(pairs[i].after)) : parent_of(data.a.row, index(pairs[i].before));
        if (parent < 0) roots.push_back(i);
        else below[index((in_b ? pair_of_b : pair_of_a)[index(parent)])].push_back(i);
    }
    std::vector<PlanDiffNode> nodes;
    std::vector<std::pair<std::size_t, std::uint32_t>> open;
    for (auto root = roots.rbegin(); root != roots.rend(); ++root) open.emplace_back(*root, 0);
    while (!open.empty()) {
        const auto [at, depth] = open.back();
        open.pop_back();
        nodes.push_back({depth, pairs[at].before, pairs[at].after, pairs[at].change});
        for (auto child = below[at].rbegin(); child != below[at].rend(); ++child) open.emplace_back(*child, depth + 1);
    }
    return nodes;
}

double whole(const plan::StoredPlan& plan, const std::vector<PlanFigures>& figures, bool timed)
{
    if (timed)
        if (const auto ms = plan::execution_ms(plan.row)) return *ms;
    return figures.empty() ? 0 : figures.front().total;
}

std::optional<double> rows_of(const PlanNodeRow& node)
{
    if (!node.actual_rows) return {};
    return *node.actual_rows * node.loops.value_or(1);
}

QString line_of(const std::string& text) { return to_qt_line(text, 160); }

/// What a place of both plans was in the first; its table only where it is called otherwise.
QString former_title(const PlanDiffData& data, const PlanDiffNode& node)
{
    PlanNodeRow former = data.a.row.nodes[index(node.a)];
    if (former.relation == data.node_of(node).relation) former.relation.clear();
    return PlanModel::node_title(former);
}

/// What the place is or was, after its name: ", which was …".
QString story_of(const PlanDiffData& data, const PlanDiffNode& node)
{
    switch (node.change) {
    case NodeChange::method:
    case NodeChange::index: return tr(", which was %1").arg(former_title(data, node));
    case NodeChange::added: return tr(", which A does not have");
    case NodeChange::removed: return tr(", which B does not have");
    case NodeChange::order: return node.b >= 0 ? tr(", which joins other tables than A does") : tr(", which joins other tables than B does");
    case NodeChange::condition: return tr(", which uses its condition differently");
    case NodeChange::same: break;
    }
    return {};
}

QString caveats(const PlanDiffData& data)
{
    QString text;
    const auto add = [&](const QString& sentence) { text += QLatin1Char(' ') + sentence; };
    if (!data.timed) add(tr("One of them has no times: EXPLAIN (ANALYZE, BUFFERS) would add them; figures are the planner's cost."));
    if (!data.a.fingerprint.empty() && !data.b.fingerprint.empty() && data.a.fingerprint != data.b.fingerprint) add(tr("They are plans of different statements."));
    if (data.a.row.nodes.empty() || data.b.row.nodes.empty()) return text;
    const PlanNodeRow &a = data.a.row.nodes.front(), &b = data.b.row.nodes.front();
    const auto rows_a = rows_of(a), rows_b = rows_of(b);
    if (rows_a && rows_b && std::max(*rows_a, *rows_b) >= notable_rows * std::max(1.0, std::min(*rows_a, *rows_b)))
        add(tr("They do not return as many rows (%1 → %2), so they may have had other parameters or data.")
                .arg(QString::fromStdString(format_number(*rows_a, 4)), QString::fromStdString(format_number(*rows_b, 4))));
    // Other ways to the rows read other blocks; the same way does when the cache held less.
    if (a.shared_read && b.shared_read && data.timed && data.diff.same_shape)
        if (*b.shared_read - *a.shared_read >= notable_read || *a.shared_read - *b.shared_read >= notable_read)
            add(tr("Blocks read from disk differ (%1 → %2): a cold cache may be part of the difference.").arg(count_text(*a.shared_read), count_text(*b.shared_read)));
    if (!data.diff.settings.empty()) add(tr("Settings differ: %1.").arg(line_of(join(data.diff.settings, ", "))));
    return text;
}

}  // namespace

double PlanDiffData::total_difference(const PlanDiffNode& node) const
{
    return (node.b >= 0 ? figures_b[index(node.b)].total : 0) - (node.a >= 0 ? figures_a[index(node.a)].total : 0);
}

double PlanDiffData::self_difference(const PlanDiffNode& node) const
{
    return (node.b >= 0 ? figures_b[index(node.b)].self : 0) - (node.a >= 0 ? figures_a[index(node.a)].self : 0);
}

std::shared_ptr<const PlanDiffData> compare_plans(plan::StoredPlan a, plan::StoredPlan b, const QString& name_a, const QString& name_b)
{
    auto data = std::make_shared<PlanDiffData>();
    data->a = std::move(a);
    data->b = std::move(b);
    data->name_a = name_a;
    data->name_b = name_b;
    data->diff = plan::diff(data->a.row, data->b.row);
    data->timed = is_timed(data->a.row) && is_timed(data->b.row);
    data->figures_a = figures_of(data->a.row, data->timed);
    data->figures_b = figures_of(data->b.row, data->timed);
    data->nodes = merge(*data);
    for (std::size_t i = 0; i < data->nodes.size(); ++i)
        if (data->nodes[i].change != NodeChange::same || data->self_difference(data->nodes[i]) != 0) data->ranked.push_back(static_cast<std::uint32_t>(i));
    std::stable_sort(data->ranked.begin(), data->ranked.end(), [&](std::uint32_t left, std::uint32_t right) {
        return std::fabs(data->self_difference(data->nodes[left])) > std::fabs(data->self_difference(data->nodes[right]));
    });
    return data;
}

QString plan_change_text(const PlanDiffData& data, const PlanDiffNode& node)
{
    switch (node.change) {
    case NodeChange::method:
    case NodeChange::index: return tr("was %1").arg(former_title(data, node));
    case NodeChange::added: return tr("only in B");
    case NodeChange::removed: return tr("only in A");
    case NodeChange::order: return node.b >= 0 ? tr("join order: only in B") : tr("join order: only in A");
    case NodeChange::condition: return tr("condition used differently");
    case NodeChange::same: break;
    }
    return {};
}

QString plan_figure_text(const PlanDiffData& data, double figure)
{
    return data.timed ? QString::fromStdString(format_ms(figure)) : tr("%1 cost units").arg(QString::fromStdString(format_number(figure, 4)));
}

QString plan_diff_headline(const PlanDiffData& data)
{
    const double a = whole(data.a, data.figures_a, data.timed), b = whole(data.b, data.figures_b, data.timed), difference = b - a;
    const QString sides = QStringLiteral("%1 → %2").arg(plan_figure_text(data, a), plan_figure_text(data, b));
    QString text;
    if (std::fabs(difference) <= equal_share * std::max(a, b)) {
        text = data.timed ? tr("A and B take about the same time (%1)").arg(sides) : tr("A and B cost about the same (%1)").arg(sides);
        text += data.diff.same_shape ? tr("; they do the same in the same order.") : tr(", but they do not do the same: see what changed.");
        return text + caveats(data);
    }
    const QString size = plan_figure_text(data, std::fabs(difference));
    if (data.timed) text = (difference > 0 ? tr("B takes %1 longer (%2)") : tr("B takes %1 less (%2)")).arg(size, sides);
    else text = (difference > 0 ? tr("B costs %1 more (%2)") : tr("B costs %1 less (%2)")).arg(size, sides);
    const auto place = std::find_if(data.ranked.begin(), data.ranked.end(), [&](std::uint32_t at) { return data.self_difference(data.nodes[at]) * difference > 0; });
    if (place == data.ranked.end()) return text + QLatin1Char('.') + caveats(data);
    const PlanDiffNode& node = data.nodes[*place];
    const double own = data.self_difference(node);
    // One place can differ by more than the whole, when another one makes up for it.
    const QString of_it = std::fabs(own) <= std::fabs(difference) * (1 + equal_share) ? tr("; %1 of it in %2") : difference > 0 ? tr("; %1 more in %2, and less elsewhere") : tr("; %1 less in %2, and more elsewhere");
    text += of_it.arg(plan_figure_text(data, std::fabs(own)), PlanModel::node_title(data.node_of(node))) + story_of(data, node) + QLatin1Char('.');
    return text + caveats(data);
}

QString plan_side_text(const PlanDiffData& data, bool side_b)
{
    const plan::StoredPlan& plan = side_b ? data.b : data.a;
    QStringList facts{side_b ? data.name_b : data.name_a};
    if (!plan.row.query.empty()) facts += to_qt_line(plan.row.query, 120);
    facts += plan_figure_text(data, whole(plan, side_b ? data.figures_b : data.figures_a, data.timed));
    facts += plan.row.nodes.size() == 1 ? tr("1 node") : tr("%1 nodes").arg(count_text(static_cast<std::int64_t>(plan.row.nodes.size())));
    facts.removeAll(QString());
    return facts.join(QStringLiteral(" · "));
}

QString plan_place_text(const PlanDiffData& data, const PlanDiffNode& node)
{
    QStringList lines{PlanModel::node_title(data.node_of(node))};
    if (const QString change = plan_change_text(data, node); !change.isEmpty()) lines += change;
    for (const bool side_b : {false, true}) {
        const int at = side_b ? node.b : node.a;
        const QString side = side_b ? QStringLiteral("B") : QStringLiteral("A");
        if (at < 0) continue;
        const PlanNodeRow& row = (side_b ? data.b : data.a).row.nodes[index(at)];
        const PlanFigures& figures = (side_b ? data.figures_b : data.figures_a)[index(at)];
        lines += tr("%1: own %2, with what is below %3").arg(side, plan_figure_text(data, figures.self), plan_figure_text(data, figures.total));
        if (const auto rows = rows_of(row)) lines += tr("%1: rows %2 in %3 loops").arg(side, QString::fromStdString(format_number(*rows, 4)), QString::fromStdString(format_number(row.loops.value_or(1), 4)));
        const plan::Properties detail = plan::detail_of(row);
        for (const char* key : {"Index Cond", "Filter", "Hash Cond", "Merge Cond", "Join Filter", "Sort Key"})
            if (const std::string text = detail.text(key); !text.empty()) lines += side + QStringLiteral(": ") + QLatin1String(key) + QLatin1Char(' ') + line_of(text);
    }
    return lines.join(QLatin1Char('\n'));
}

}  // namespace casebook
