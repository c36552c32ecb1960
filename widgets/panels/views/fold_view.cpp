#include "widgets/panels/views/fold_view.h"

#include "widgets/panels/views/fold_delegate.h"

#include <QAction>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>

namespace casebook {
namespace {

constexpr int measured_rows = 200;

}  // namespace

FoldView::FoldView(FoldedModel& model, QWidget* parent) : QTableView(parent), model_(model)
{
    setModel(&model);
    setShowGrid(false);
    setWordWrap(false);
    setAlternatingRowColors(true);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    setTabKeyNavigation(false);
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    horizontalHeader()->setHighlightSections(false);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    add_action(tr("Open All"), Qt::Key_Asterisk, [this] { model_.expand_all(); });
    add_action(tr("Close All but Two Levels"), Qt::Key_Slash, [this] { model_.collapse_from(1); });
}

QAction* FoldView::add_action(const QString& text, const QKeySequence& keys, std::function<void()> act)
{
    auto* action = new QAction(text, this);
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(action, &QAction::triggered, this, std::move(act));
    addAction(action);
    return action;
}

FlatTree::Node FoldView::current_node() const { return currentIndex().isValid() ? model_.node_at(currentIndex().row()) : FlatTree::none; }

void FoldView::go_to(FlatTree::Node node)
{
    if (node >= model_.tree().size()) return;
    model_.reveal(node);
    const QModelIndex index = model_.index(model_.row_of(node), FoldedModel::foldedColumn);
    setCurrentIndex(index);
    scrollTo(index);
}

void FoldView::fit_columns(int widest, int widest_node)
{
    const QFontMetrics metrics = fontMetrics();
    for (int column = 0; column < model_.columnCount(); ++column) {
        int width = metrics.horizontalAdvance(model_.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()) + 20;
        for (int row = 0; row < std::min(measured_rows, model_.rowCount()); ++row) {
            const QModelIndex index = model_.index(row, column);
            int room = metrics.horizontalAdvance(index.data().toString()) + 16;
            if (column == FoldedModel::foldedColumn) room += FoldDelegate::fold_x(index.data(FoldedModel::depthRole).toInt()) + 24;
            width = std::max(width, room);
        }
        setColumnWidth(column, std::min(width, column == FoldedModel::foldedColumn ? widest_node : widest));
    }
}

void FoldView::keyPressEvent(QKeyEvent* event)
{
    const FlatTree::Node node = current_node();
    if (node == FlatTree::none || event->modifiers() & ~Qt::KeypadModifier) return QTableView::keyPressEvent(event);
    const FlatTree& tree = model_.tree();
    const bool open = tree.descendants(node) > 0 && !tree.is_collapsed(node);
    switch (event->key()) {
    case Qt::Key_Home: return go_to(model_.node_at(0));
    case Qt::Key_End: return go_to(model_.node_at(model_.rowCount() - 1));
    case Qt::Key_Left:
        if (open) model_.set_collapsed(node, true);
        else if (tree.parent(node) != FlatTree::none) go_to(tree.parent(node));
        return;
    case Qt::Key_Right:
        if (open) go_to(node + 1);
        else model_.set_collapsed(node, false);
        return;
    default: return QTableView::keyPressEvent(event);
    }
}

bool FoldView::fold_at(const QMouseEvent& event, bool anywhere)
{
    const QPoint point = event.position().toPoint();
    const QModelIndex index = indexAt(point);
    if (!index.isValid() || index.column() != FoldedModel::foldedColumn || event.button() != Qt::LeftButton) return false;
    const int state = index.data(FoldedModel::foldRole).toInt();
    const int x = point.x() - visualRect(index).left() - FoldDelegate::fold_x(index.data(FoldedModel::depthRole).toInt());
    const bool on_mark = x >= -4 && x < FoldDelegate::fold_width;
    if (state == 0 || (!on_mark && !anywhere)) return false;
    model_.set_collapsed(model_.node_at(index.row()), state == 1);
    setCurrentIndex(index);
    return true;
}

void FoldView::mousePressEvent(QMouseEvent* event)
{
    if (!fold_at(*event, false)) QTableView::mousePressEvent(event);
}

void FoldView::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (!fold_at(*event, double_click_folds_)) QTableView::mouseDoubleClickEvent(event);
}

}  // namespace casebook
