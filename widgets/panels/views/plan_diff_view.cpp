#include "widgets/panels/views/plan_diff_view.h"

#include "widgets/charts/line_text.h"
#include "widgets/panels/views/comparison_head.h"
#include "widgets/panels/views/fold_view.h"
#include "widgets/panels/views/keys_at_once.h"
#include "widgets/panels/views/span_lookup.h"
#include "widgets/panels/views/table_view.h"
#include "widgets/panels/views/trace_diff_delegate.h"
#include "widgets/session/session.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QLabel>
#include <QToolBar>
#include <QVBoxLayout>
#include <algorithm>

namespace casebook {
namespace {

constexpr int widest_figure = 190, widest_node = 420, change_width = 104;
constexpr int most_lines = 5000;  // of nodes, in the text

/// A plan of a comparison: its id and what it is called.
struct Side {
    std::optional<std::int64_t> plan_id;
    QString name;
};

}  // namespace

Evidence plan_comparison(std::int64_t plan_a, std::int64_t plan_b)
{
    return {QCoreApplication::translate("PlanDiff", "Plan %1 (A) against plan %2 (B)").arg(plan_a).arg(plan_b).toStdString(), "plan_diff", "plan",
            "SELECT CASE p.id WHEN ?1 THEN 'A' ELSE 'B' END AS side, p.id AS plan_id, f.path AS file, p.source_line AS line "
            "FROM plan p LEFT JOIN import_file f ON f.id = p.file_id WHERE p.id IN (?1, ?2)",
            {plan_a, plan_b}};
}

PlanDiffView::PlanDiffView(Session& session, QWidget* parent)
    : QueryView(session, parent), model_(new PlanDiffModel(this)), tree_(new FoldView(*model_)), headline_(new QLabel), sides_{new QLabel, new QLabel}
{
    tree_->setItemDelegate(new TraceDiffDelegate(tree_));
    tree_->set_double_click_folds(false);
    tree_->setAccessibleName(tr("Nodes of both plans"));
    dress_headline(headline_);
    auto* body = new QWidget;
    auto* lines = new QVBoxLayout(body);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(headline_);
    for (int side = 0; side < 2; ++side) {
        QLabel* label = sides_[side];
        dress_side(label, side);
        connect(label, &QLabel::linkActivated, this, [this, side] {
            if (const PlanDiffData* data = model_->comparison()) this->session().openEvidence(plan_evidence(side == 1 ? data->b.id : data->a.id));
        });
        lines->addWidget(label);
    }
    auto* tools = new QToolBar;
    lines->addWidget(tools);
    lines->addWidget(tree_, 1);
    body->setFocusProxy(tree_);
    add_actions(*tools);
    set_body(body);
    set_empty_hint(tr("The case does not have these plans any more. Choose two from Plans."));
    connect(tree_, &QTableView::activated, this, [this](const QModelIndex& index) { open_node(model_->node_at(index.row())); });
}

void PlanDiffView::add_actions(QToolBar& tools)
{
    QAction* next = tree_->add_action(tr("Next Difference"), Qt::Key_N, [this] { next_difference(1); });
    tree_->add_action(tr("Previous Difference"), QKeySequence(Qt::SHIFT | Qt::Key_N), [this] { next_difference(-1); });
    tree_->add_action(tr("Copy Node"), QKeySequence::Copy, [this] {
        if (tree_->current_node() != FlatTree::none) QApplication::clipboard()->setText(plan_place_text(*model_->comparison(), model_->comparison()->nodes[tree_->current_node()]));
    });
    QAction* copy = tree_->add_action(tr("Copy as Text"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), [this] { QApplication::clipboard()->setText(copyText()); });
    auto* swap = new QAction(tr("Swap A and B"), this);
    connect(swap, &QAction::triggered, this, &PlanDiffView::swap);
    next->setToolTip(tr("Go to the next difference, largest first (N)"));
    copy->setToolTip(tr("Copy sentence, sides and nodes as text (Ctrl+Shift+C)"));
    for (QAction* action : {next, swap, copy}) tools.addAction(action);
}

void PlanDiffView::load()
{
    model_->set_data(nullptr);
    if (evidence().sql.empty())
        return show_hint(tr("No plans chosen to compare. In Plans, select two (Ctrl+click) and press Compare Plans: before and after an index, or a fast and a slow run."));
    QueryView::load();
}

void PlanDiffView::show_rows(std::shared_ptr<const QueryResult> rows)
{
    const auto side_column = column_of(*rows, "side"), id_column = column_of(*rows, "plan_id"), file_column = column_of(*rows, "file"), line_column = column_of(*rows, "line");
    if (!side_column || !id_column) return show_hint(tr("The query of this evidence does not say what to compare: it needs the columns side (A or B) and plan_id."));
    Side sides[2];
    for (const auto& row : rows->rows) {
        const std::string name = to_text(row[*side_column]);
        const auto* id = std::get_if<std::int64_t>(&row[*id_column]);
        if ((name != "A" && name != "B") || id == nullptr) continue;
        Side& side = sides[name == "B"];
        if (side.plan_id) continue;
        side.plan_id = *id;
        const std::string path = file_column ? to_text(row[*file_column]) : std::string(), line = line_column ? to_text(row[*line_column]) : std::string();
        side.name = path.empty() ? tr("plan %1").arg(*id) : to_qt_line(path.substr(path.find_last_of('/') + 1), 80);
        if (!line.empty()) side.name += tr(", line %1").arg(to_qt_line(line, 20));
    }
    if (!sides[0].plan_id || !sides[1].plan_id) return show_hint(tr("Only one of the two plans is in the case. Choose two from Plans."));
    using Made = std::shared_ptr<const PlanDiffData>;
    slot_ = session().read<Made>(
        tr("Compare plans"),
        [a = sides[0], b = sides[1]](CaseFile& file, const Control&) -> Result<Made> {
            TRY_ASSIGN(plan::StoredPlan first, plan::load_plan(file.database(), *a.plan_id));
            TRY_ASSIGN(plan::StoredPlan second, plan::load_plan(file.database(), *b.plan_id));
            return compare_plans(std::move(first), std::move(second), a.name, b.name);
        },
        this,
        [this](Result<Made> made) {
            if (!made) return show_error(made.error());
            show_comparison(std::move(*made));
        });
}

void PlanDiffView::show_comparison(std::shared_ptr<const PlanDiffData> data)
{
    model_->set_data(data);
    tree_->fit_columns(widest_figure, widest_node);
    for (const int column : {PlanDiffModel::totalChangeColumn, PlanDiffModel::selfChangeColumn}) tree_->setColumnWidth(column, std::max(tree_->columnWidth(column), change_width));
    headline_->setText(headline_text());
    for (int side = 0; side < 2; ++side)
        sides_[side]->setText(QStringLiteral("<b>%1</b> &nbsp;%2 · <a href='open'>%3</a>")
                                  .arg(side == 1 ? QStringLiteral("B") : QStringLiteral("A"), plan_side_text(*data, side == 1).toHtmlEscaped(), tr("open plan")));
    show_body();
    if (!data->nodes.empty()) tree_->go_to(data->ranked.empty() ? 0 : data->ranked.front());
    take_keys(*this);
}

QString PlanDiffView::headline_text() const { return model_->comparison() == nullptr ? QString() : plan_diff_headline(*model_->comparison()); }

void PlanDiffView::next_difference(int direction)
{
    if (model_->comparison() == nullptr || model_->comparison()->ranked.empty()) return;
    const std::vector<std::uint32_t>& ranked = model_->comparison()->ranked;
    const auto found = std::find(ranked.begin(), ranked.end(), tree_->current_node());
    if (found == ranked.end()) return tree_->go_to(ranked.front());
    const auto size = static_cast<std::ptrdiff_t>(ranked.size());
    tree_->go_to(ranked[static_cast<std::size_t>((found - ranked.begin() + direction + size) % size)]);
}

void PlanDiffView::open_node(FlatTree::Node place)
{
    const PlanDiffData* data = model_->comparison();
    if (data == nullptr || place >= data->nodes.size()) return;
    const PlanDiffNode& node = data->nodes[place];
    Evidence evidence = plan_evidence(node.b >= 0 ? data->b.id : data->a.id);
    evidence.sql = "SELECT * FROM plan_node WHERE plan_id = ?1 AND node_id = ?2";
    evidence.arguments.emplace_back(std::int64_t{data->node_of(node).node_id});
    session().openEvidence(evidence);
}

void PlanDiffView::swap()
{
    const auto* data = model_->comparison();
    if (data == nullptr) return;
    using Made = std::shared_ptr<const PlanDiffData>;
    slot_ = session().compute<Made>(
        tr("Compare plans"), [a = data->b, b = data->a, name_a = data->name_b, name_b = data->name_a](const Control&) -> Result<Made> { return compare_plans(a, b, name_a, name_b); }, this,
        [this](Result<Made> made) {
            if (!made) return show_error(made.error());
            show_comparison(std::move(*made));
        });
}

QString PlanDiffView::copyText() const
{
    const PlanDiffData* data = model_->comparison();
    if (data == nullptr) return {};
    QString text = plan_diff_headline(*data) + QStringLiteral("\nA  ") + plan_side_text(*data, false) + QStringLiteral("\nB  ") + plan_side_text(*data, true) + QStringLiteral("\n\n");
    const int rows = std::min(model_->rowCount(), most_lines);
    for (int row = 0; row < rows; ++row) {
        QStringList cells;
        for (int column = 1; column < model_->columnCount(); ++column) {
            const QString cell = model_->index(row, column).data().toString();
            if (!cell.isEmpty()) cells += model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString() + QLatin1Char(' ') + cell;
        }
        text += QString(static_cast<qsizetype>(std::min<std::uint32_t>(model_->tree().depth(model_->node_at(row)), 60)) * 2, QLatin1Char(' ')) + model_->index(row, 0).data().toString() +
                QStringLiteral("  (") + cells.join(QStringLiteral(", ")) + QStringLiteral(")\n");
    }
    return text;
}

}  // namespace casebook
