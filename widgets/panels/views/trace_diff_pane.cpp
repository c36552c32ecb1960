#include "widgets/panels/views/trace_diff_pane.h"

#include "widgets/charts/view_colors.h"
#include "widgets/panels/views/comparison_head.h"
#include "widgets/panels/views/data_table.h"
#include "widgets/panels/views/fold_view.h"
#include "widgets/panels/views/trace_diff_delegate.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QSplitter>
#include <QTableView>
#include <QToolBar>
#include <QVBoxLayout>
#include <algorithm>

namespace casebook {
namespace {

constexpr int narrow = 900;                  // below it, the list of differences goes under the tree
constexpr std::size_t most_places = 10;      // in the text
constexpr std::size_t most_calls = 5000;     // in the text
constexpr int widest_figure = 160, widest_call = 480, least_call = 220, change_width = 104;

}  // namespace

TraceDiffPane::TraceDiffPane(QWidget* parent)
    : QWidget(parent), model_(new TraceDiffModel(this)), view_(new FoldView(*model_)), differences_(new DataTable), headline_(new QLabel), sides_{new QLabel, new QLabel},
      tools_(new QToolBar), splitter_(new QSplitter)
{
    view_->setItemDelegate(new TraceDiffDelegate(view_));
    view_->set_double_click_folds(false);
    view_->setAccessibleName(tr("Calls of A and B"));
    differences_->view().setAccessibleName(tr("Where the difference is"));
    differences_->set_hint(tr("A and B make the same calls and take the same time."));
    dress_headline(headline_);
    auto* lines = new QVBoxLayout(this);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(0);
    lines->addWidget(headline_);
    for (int side = 0; side < 2; ++side) {
        QLabel* label = sides_[side];
        dress_side(label, side);
        connect(label, &QLabel::linkActivated, this, [this, side] {
            const TraceDiffData* data = model_->comparison();
            if (data != nullptr) emit span_chosen(side == 1 ? data->longest_b : data->longest_a);
        });
        lines->addWidget(label);
    }
    lines->addWidget(tools_);
    splitter_->addWidget(view_);
    splitter_->addWidget(differences_);
    splitter_->setStretchFactor(0, 3);
    splitter_->setStretchFactor(1, 2);
    splitter_->setCollapsible(0, false);
    lines->addWidget(splitter_, 1);
    setFocusProxy(view_);
    add_actions();
    connect(view_, &QTableView::activated, this, [this](const QModelIndex& index) {
        const FlatTree::Node node = model_->node_at(index.row());
        choose(node, !model_->comparison()->diff.nodes[node].only_in_a());
    });
    const auto node_of = [this](quint32 row) { return static_cast<FlatTree::Node>(differences_->model().table()->columns.back().integers[row]); };
    connect(differences_, &DataTable::current_row_changed, this, [this, node_of](quint32 row) { view_->go_to(node_of(row)); });
    connect(differences_, &DataTable::activated, this, [this, node_of](quint32 row) {
        const FlatTree::Node node = node_of(row);
        choose(node, !model_->comparison()->diff.nodes[node].only_in_a());
    });
}

void TraceDiffPane::add_actions()
{
    view_->add_action(tr("Open Longest Call of A"), Qt::Key_A, [this] { choose(view_->current_node(), false); });
    view_->add_action(tr("Open Longest Call of B"), Qt::Key_B, [this] { choose(view_->current_node(), true); });
    QAction* next = view_->add_action(tr("Next Difference"), Qt::Key_N, [this] { next_difference(1); });
    QAction* previous = view_->add_action(tr("Previous Difference"), QKeySequence(Qt::SHIFT | Qt::Key_N), [this] { next_difference(-1); });
    // In the table of differences too, where letters would search its texts.
    differences_->addAction(next);
    differences_->addAction(previous);
    QAction* close = view_->add_action(tr("Only What Differs"), Qt::Key_D, [this] { model_->close_unchanged(); });
    view_->add_action(tr("Copy Call"), QKeySequence::Copy, [this] {
        if (view_->current_node() != FlatTree::none) QApplication::clipboard()->setText(call_text(*model_->comparison(), view_->current_node()));
    });
    QAction* copy = view_->add_action(tr("Copy as Text"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), [this] { QApplication::clipboard()->setText(text()); });
    auto* swap = new QAction(tr("Swap A and B"), this);
    swap->setObjectName(QStringLiteral("swap"));
    connect(swap, &QAction::triggered, this, &TraceDiffPane::swap_asked);
    next->setToolTip(tr("Go to the next difference, largest first (N)"));
    close->setToolTip(tr("Close what is the same on both sides (D); * opens all"));
    copy->setToolTip(tr("Copy sentence, differences and calls as text (Ctrl+Shift+C)"));
    for (QAction* action : {next, close, swap, copy}) tools_->addAction(action);
}

void TraceDiffPane::set_comparison(std::shared_ptr<const TraceDiffData> data)
{
    model_->set_data(data);
    const auto& nodes = data->diff.nodes;
    view_->setColumnHidden(TraceDiffModel::errorsColumn, std::none_of(nodes.begin(), nodes.end(), [](const TraceDiffNode& node) { return node.a.errors + node.b.errors > 0; }));
    view_->setColumnHidden(TraceDiffModel::waitedChangeColumn, !data->parallel);
    view_->fit_columns(widest_figure, widest_call);
    view_->setColumnWidth(0, std::max(view_->columnWidth(0), least_call));
    for (const int column : {TraceDiffModel::totalChangeColumn, TraceDiffModel::selfChangeColumn, TraceDiffModel::waitedChangeColumn})
        view_->setColumnWidth(column, std::max(view_->columnWidth(column), change_width));
    headline_->setText(headline_text());
    show_sides();
    // The largest difference is what people look for; the table of them takes the tree there.
    if (!nodes.empty()) view_->go_to(data->ranked.empty() ? 0 : data->ranked.front());
    differences_->set_table(difference_table(data));
    differences_->view().setColumnHidden(differences_->model().columnCount() - 1, true);
}

QString TraceDiffPane::headline_text() const { return model_->comparison() == nullptr ? QString() : headline(*model_->comparison()); }

QString TraceDiffPane::side_label(bool side_b) const { return sides_[side_b]->text(); }

void TraceDiffPane::show_sides()
{
    if (model_->comparison() == nullptr) return;
    for (int side = 0; side < 2; ++side) {
        const TraceDiffData& data = *model_->comparison();
        const std::uint64_t requests = side == 1 ? data.diff.requests_b : data.diff.requests_a;
        QString text = QStringLiteral("<b>%1</b> &nbsp;%2").arg(side == 1 ? QStringLiteral("B") : QStringLiteral("A"), side_text(data, side == 1, zone_).toHtmlEscaped());
        if (requests > 0) text += QStringLiteral(" · <a href='open'>%1</a>").arg(requests == 1 ? tr("open trace") : tr("open the longest"));
        sides_[side]->setText(text);
    }
}

void TraceDiffPane::set_time_zone(TimeZoneMode zone)
{
    zone_ = zone;
    differences_->set_time_zone(zone);
    show_sides();
}

void TraceDiffPane::next_difference(int direction)
{
    if (model_->comparison() == nullptr || model_->comparison()->ranked.empty()) return;
    const std::vector<std::uint32_t>& ranked = model_->comparison()->ranked;
    const auto found = std::find(ranked.begin(), ranked.end(), view_->current_node());
    if (found == ranked.end()) return view_->go_to(ranked.front());
    const auto size = static_cast<std::ptrdiff_t>(ranked.size());
    view_->go_to(ranked[static_cast<std::size_t>((found - ranked.begin() + direction + size) % size)]);
}

void TraceDiffPane::choose(FlatTree::Node node, bool side_b)
{
    if (model_->comparison() == nullptr || node >= model_->comparison()->diff.nodes.size()) return;
    const TraceDiffNode& at = model_->comparison()->diff.nodes[node];
    const SpanTable::Row row = (side_b ? at.b : at.a).longest;
    if (row != SpanTable::no_row) emit span_chosen(row);
}

QString TraceDiffPane::text() const
{
    if (model_->comparison() == nullptr) return {};
    const TraceDiffData& data = *model_->comparison();
    QString text = headline(data) + QLatin1Char('\n');
    text += QStringLiteral("A  ") + side_text(data, false, zone_) + QStringLiteral("\nB  ") + side_text(data, true, zone_) + QStringLiteral("\n\n");
    for (std::size_t i = 0; i < std::min(data.ranked.size(), most_places); ++i) {
        const TraceDiffNode& at = data.diff.nodes[data.ranked[i]];
        text += signed_duration_text(data.diff.waited_difference_ns(at)) + QLatin1Char('\t') + call_place(data, data.ranked[i]) + QLatin1Char('\t') +
                tr("calls %1").arg(counts_text(data, at.a.calls, at.b.calls)) + QLatin1Char('\n');
    }
    if (data.ranked.size() > most_places) text += tr("… and %1 smaller differences").arg(count_text(static_cast<std::int64_t>(data.ranked.size() - most_places))) + QLatin1Char('\n');
    text += QLatin1Char('\n');
    const auto rows = static_cast<std::size_t>(model_->rowCount());
    for (std::size_t row = 0; row < std::min(rows, most_calls); ++row) {
        const FlatTree::Node node = model_->node_at(static_cast<int>(row));
        QStringList cells;
        for (int column = 1; column < model_->columnCount(); ++column) {
            const QString cell = model_->index(static_cast<int>(row), column).data().toString();
            if (!cell.isEmpty() && !view_->isColumnHidden(column)) cells += model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString() + QLatin1Char(' ') + cell;
        }
        text += QString(static_cast<qsizetype>(std::min<std::uint32_t>(model_->tree().depth(node), 60)) * 2, QLatin1Char(' ')) +
                model_->index(static_cast<int>(row), 0).data().toString() + QStringLiteral("  (") + cells.join(QStringLiteral(", ")) + QStringLiteral(")\n");
    }
    if (rows > most_calls) text += tr("… and %1 more calls").arg(count_text(static_cast<std::int64_t>(rows - most_calls))) + QLatin1Char('\n');
    return text;
}

void TraceDiffPane::arrange() { splitter_->setOrientation(width() < narrow ? Qt::Vertical : Qt::Horizontal); }

void TraceDiffPane::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    arrange();
}

void TraceDiffPane::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) show_sides();
}

}  // namespace casebook
