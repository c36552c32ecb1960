#include "widgets/panels/views/plan_pane.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/charts/time_text.h"
#include "widgets/panels/views/plan_delegate.h"

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QSplitter>
#include <QStackedLayout>
#include <QTreeWidget>
#include <algorithm>

namespace casebook {

PlanPane::PlanPane(QWidget* parent)
    : QWidget(parent), model_(new PlanModel(this)), view_(new FoldView(*model_)), properties_(new QTreeWidget), summary_(new QLabel),
      hint_(new QLabel(tr("No plan chosen. Import EXPLAIN output (text, JSON, YAML or XML), or paste it.\n"
                          "EXPLAIN (ANALYZE, BUFFERS) says most."))),
      body_(new QWidget), stack_(new QStackedLayout), splitter_(new QSplitter(Qt::Vertical))
{
    view_->setItemDelegate(new PlanDelegate(view_));
    view_->horizontalHeader()->setStretchLastSection(true);
    view_->setAccessibleName(tr("Plan nodes"));
    properties_->setColumnCount(2);
    properties_->setHeaderLabels({tr("Property"), tr("Value")});
    properties_->setRootIsDecorated(false);
    properties_->setAlternatingRowColors(true);
    properties_->setColumnWidth(0, 180);
    properties_->setAccessibleName(tr("Properties of the node"));
    summary_->setTextFormat(Qt::PlainText);
    summary_->setContentsMargins(8, 4, 8, 4);
    summary_->setWordWrap(true);
    hint_->setAlignment(Qt::AlignCenter);
    hint_->setWordWrap(true);
    splitter_->addWidget(view_);
    splitter_->addWidget(properties_);
    splitter_->setStretchFactor(0, 3);
    splitter_->setStretchFactor(1, 1);
    auto* lines = new QVBoxLayout(body_);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(summary_);
    lines->addWidget(splitter_, 1);
    setLayout(stack_);  // before widgets come in: a stack without a window shows its first one as a window
    stack_->addWidget(hint_);
    stack_->addWidget(body_);
    setFocusProxy(view_);
    add_actions();
    connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &PlanPane::show_node);
}

void PlanPane::add_actions()
{
    view_->add_action(tr("Copy Node"), QKeySequence::Copy, [this] {
        if (view_->current_node() != FlatTree::none) QApplication::clipboard()->setText(model_->node_text(view_->current_node()));
    });
    view_->add_action(tr("Copy Plan as Text"), QKeySequence(), [this] { QApplication::clipboard()->setText(text()); });
    view_->add_action(tr("Heaviest Node"), Qt::Key_H, [this] { go_to(model_->heaviest()); });
    view_->add_action(tr("Next Node of the Evidence"), Qt::Key_G, [this] {
        const auto& marked = model_->evidence();
        if (marked.empty()) return;
        const FlatTree::Node current = view_->current_node() == FlatTree::none ? 0 : view_->current_node();
        const auto next = std::upper_bound(marked.begin(), marked.end(), current);
        go_to(next == marked.end() ? marked.front() : *next);
    });
}

void PlanPane::set_plan(PlanView plan)
{
    model_->set_plan(std::move(plan));
    stack_->setCurrentWidget(model_->rowCount() > 0 ? body_ : static_cast<QWidget*>(hint_));
    summary_->setText(summary());
    view_->fit_columns(200, 520);
    view_->setColumnWidth(PlanModel::selfColumn, std::max(view_->columnWidth(PlanModel::selfColumn), 130));
    view_->setColumnWidth(PlanModel::factorColumn, view_->columnWidth(PlanModel::factorColumn) + 14);  // of the arrow
    if (model_->rowCount() > 0) view_->setCurrentIndex(model_->index(0, 0));
    else properties_->clear();
}

void PlanPane::set_evidence(const std::vector<int>& node_ids)
{
    model_->set_evidence(node_ids);
    if (!model_->evidence().empty()) go_to(model_->evidence().front());
}

void PlanPane::go_to(FlatTree::Node node) { view_->go_to(node); }

QString PlanPane::summary() const
{
    const PlanView& plan = model_->plan();
    QStringList parts;
    if (!plan.title.isEmpty()) parts += plan.title;
    if (plan.execution_ms) parts += tr("execution %1").arg(QString::fromStdString(format_ms(*plan.execution_ms)));
    if (plan.planning_ms) parts += tr("planning %1").arg(QString::fromStdString(format_ms(*plan.planning_ms)));
    parts += plan.nodes.size() == 1 ? tr("1 node") : tr("%1 nodes").arg(count_text(static_cast<std::int64_t>(plan.nodes.size())));
    const FlatTree::Node heaviest = model_->heaviest();
    if (heaviest != FlatTree::none && model_->share(heaviest) > 0)
        parts += (model_->shares_cost() ? tr("costliest: %1, %2 of the cost") : tr("slowest: %1, %2 of the time"))
                     .arg(PlanModel::node_title(plan.nodes[heaviest]), QString::fromStdString(format_percent(model_->share(heaviest))));
    if (model_->shares_cost()) parts += tr("not run: EXPLAIN (ANALYZE, BUFFERS) would add times and rows");
    return parts.join(QStringLiteral(" · "));
}

void PlanPane::show_node()
{
    properties_->clear();
    const QModelIndex current = view_->currentIndex();
    if (!current.isValid()) return;
    const FlatTree::Node node = model_->node_at(current.row());
    const auto add = [this](const QString& key, const QString& value) {
        auto* item = new QTreeWidgetItem(properties_, {key, value.left(2000).simplified()});
        item->setToolTip(1, QStringLiteral("<p style='white-space:pre-wrap'>%1</p>").arg(value.left(4000).toHtmlEscaped()));
    };
    const QStringList lines = model_->node_text(node).split(QLatin1Char('\n'));
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const qsizetype colon = lines[i].indexOf(QStringLiteral(": "));
        if (i == 0) add(tr("Node"), lines[i]);
        else if (colon > 0) add(lines[i].left(colon), lines[i].mid(colon + 2));
        else add(QString(), lines[i]);
    }
    const QJsonObject detail = QJsonDocument::fromJson(QByteArray::fromStdString(model_->plan().nodes[node].detail)).object();
    for (auto property = detail.begin(); property != detail.end(); ++property) {
        const QJsonValue value = property.value();
        QString text = value.toVariant().toString();
        if (value.isObject()) text = QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
        else if (value.isArray()) {
            text = value.toVariant().toStringList().join(QStringLiteral(", "));
            if (text.isEmpty() || !value[0].isString()) text = QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
        }
        add(property.key(), text);
    }
}

QString PlanPane::text() const
{
    QString text = summary() + QLatin1Char('\n');
    for (int row = 0; row < model_->rowCount(); ++row) {
        const FlatTree::Node node = model_->node_at(row);
        QStringList cells;
        for (int column = 1; column < model_->columnCount(); ++column) {
            const QString cell = model_->index(row, column).data().toString();
            if (!cell.isEmpty()) cells += model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString() + QLatin1Char(' ') + cell;
        }
        text += QString(static_cast<qsizetype>(std::min<std::uint32_t>(model_->tree().depth(node), 60)) * 2, QLatin1Char(' ')) +
                PlanModel::node_title(model_->plan().nodes[node]) + QStringLiteral("  (") + cells.join(QStringLiteral(", ")) + QStringLiteral(")\n");
    }
    return text;
}

}  // namespace casebook
