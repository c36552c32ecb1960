#include "widgets/panels/views/plan_pane.h"

#include "analyzers/core/text.h"
#include "widgets/charts/line_text.h"
#include "widgets/charts/time_text.h"
#include "widgets/panels/views/plan_delegate.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QKeyEvent>
#include <QLabel>
#include <QMouseEvent>
#include <QSplitter>
#include <QStackedLayout>
#include <QTableView>
#include <QTreeWidget>
#include <algorithm>

namespace casebook {

PlanPane::PlanPane(QWidget* parent)
    : QWidget(parent), model_(new PlanModel(this)), view_(new QTableView), properties_(new QTreeWidget), summary_(new QLabel),
      hint_(new QLabel(tr("No plan chosen. Import EXPLAIN output (text, JSON, YAML or XML), or paste it.\n"
                          "EXPLAIN (ANALYZE, BUFFERS) says most."))),
      body_(new QWidget), stack_(new QStackedLayout), splitter_(new QSplitter(Qt::Vertical))
{
    view_->setModel(model_);
    view_->setItemDelegate(new PlanDelegate(view_));
    view_->setShowGrid(false);
    view_->setWordWrap(false);
    view_->setAlternatingRowColors(true);
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setTabKeyNavigation(false);
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view_->verticalHeader()->setDefaultSectionSize(view_->fontMetrics().height() + 8);
    view_->horizontalHeader()->setHighlightSections(false);
    view_->horizontalHeader()->setStretchLastSection(true);
    view_->setAccessibleName(tr("Plan nodes"));
    view_->installEventFilter(this);
    view_->viewport()->installEventFilter(this);
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
    view_->setContextMenuPolicy(Qt::ActionsContextMenu);
    const auto add = [this](const QString& text, const QKeySequence& keys, auto&& act) {
        auto* action = new QAction(text, view_);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, act);
        view_->addAction(action);
    };
    add(tr("Copy Node"), QKeySequence::Copy, [this] {
        if (view_->currentIndex().isValid()) QApplication::clipboard()->setText(model_->node_text(model_->node_at(view_->currentIndex().row())));
    });
    add(tr("Copy Plan as Text"), QKeySequence(), [this] { QApplication::clipboard()->setText(text()); });
    add(tr("Heaviest Node"), Qt::Key_H, [this] { go_to(model_->heaviest()); });
    add(tr("Next Node of the Evidence"), Qt::Key_G, [this] {
        const auto& marked = model_->evidence();
        if (marked.empty()) return;
        const FlatTree::Node current = view_->currentIndex().isValid() ? model_->node_at(view_->currentIndex().row()) : 0;
        const auto next = std::upper_bound(marked.begin(), marked.end(), current);
        go_to(next == marked.end() ? marked.front() : *next);
    });
    add(tr("Open All"), Qt::Key_Asterisk, [this] { model_->expand_all(); });
    add(tr("Close All but Two Levels"), Qt::Key_Slash, [this] { model_->collapse_from(1); });
}

void PlanPane::set_plan(PlanView plan)
{
    model_->set_plan(std::move(plan));
    stack_->setCurrentWidget(model_->rowCount() > 0 ? body_ : static_cast<QWidget*>(hint_));
    summary_->setText(summary());
    const QFontMetrics metrics = view_->fontMetrics();
    for (int column = 0; column < model_->columnCount(); ++column) {
        int width = metrics.horizontalAdvance(model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()) + 20;
        for (int row = 0; row < std::min(200, model_->rowCount()); ++row) {
            int room = metrics.horizontalAdvance(model_->index(row, column).data().toString()) + 16;
            if (column == PlanModel::nodeColumn) room += PlanDelegate::fold_x(model_->index(row, 0).data(PlanModel::depthRole).toInt()) + 24;
            width = std::max(width, room);
        }
        if (column == PlanModel::selfColumn) width = std::max(width, 130);
        if (column == PlanModel::factorColumn) width += 14;
        view_->setColumnWidth(column, std::min(width, column == PlanModel::nodeColumn ? 520 : 200));
    }
    if (model_->rowCount() > 0) view_->setCurrentIndex(model_->index(0, 0));
    else properties_->clear();
}

void PlanPane::set_evidence(const std::vector<int>& node_ids)
{
    model_->set_evidence(node_ids);
    if (!model_->evidence().empty()) go_to(model_->evidence().front());
}

void PlanPane::go_to(FlatTree::Node node)
{
    if (node >= model_->tree().size()) return;
    model_->reveal(node);
    const QModelIndex index = model_->index(model_->row_of(node), 0);
    view_->setCurrentIndex(index);
    view_->scrollTo(index);
}

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

void PlanPane::fold(int row, bool close)
{
    const FlatTree::Node node = model_->node_at(row);
    model_->set_collapsed(node, close);
}

bool PlanPane::eventFilter(QObject* watched, QEvent* event)
{
    const QModelIndex current = view_->currentIndex();
    if (watched == view_ && event->type() == QEvent::KeyPress && current.isValid()) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Home || key == Qt::Key_End) {
            go_to(model_->node_at(key == Qt::Key_Home ? 0 : model_->rowCount() - 1));
            return true;
        }
        if (key != Qt::Key_Left && key != Qt::Key_Right) return false;
        const FlatTree::Node node = model_->node_at(current.row());
        const FlatTree& tree = model_->tree();
        const bool open = tree.descendants(node) > 0 && !tree.is_collapsed(node);
        if (key == Qt::Key_Left && open) fold(current.row(), true);
        else if (key == Qt::Key_Left && tree.parent(node) != FlatTree::none) go_to(tree.parent(node));
        else if (key == Qt::Key_Right && tree.is_collapsed(node)) fold(current.row(), false);
        else if (key == Qt::Key_Right && open) go_to(node + 1);
        return true;
    }
    if (watched == view_->viewport() && (event->type() == QEvent::MouseButtonPress || event->type() == QEvent::MouseButtonDblClick)) {
        auto* mouse = static_cast<QMouseEvent*>(event);
        const QModelIndex index = view_->indexAt(mouse->position().toPoint());
        if (!index.isValid() || index.column() != PlanModel::nodeColumn || mouse->button() != Qt::LeftButton) return false;
        const int state = index.data(PlanModel::foldRole).toInt();
        const int x = mouse->position().toPoint().x() - view_->visualRect(index).left() - PlanDelegate::fold_x(index.data(PlanModel::depthRole).toInt());
        const bool on_mark = x >= -4 && x < PlanDelegate::fold_width;
        if (state == 0 || (!on_mark && event->type() == QEvent::MouseButtonPress)) return false;
        fold(index.row(), state == 1);
        view_->setCurrentIndex(index.siblingAtColumn(0));
        return true;
    }
    return QWidget::eventFilter(watched, event);
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
