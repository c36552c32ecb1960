#include "widgets/panels/views/data_table.h"

#include "widgets/panels/views/table_delegate.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QSaveFile>
#include <QStackedLayout>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <algorithm>
#include <map>

namespace casebook {
namespace {

constexpr int filter_pause_ms = 150;
constexpr qint64 most_copied_cells = 1'000'000;
constexpr int fitted_rows = 100;
constexpr int widest_column = 420;
constexpr int least_letters = 16, least_name_letters = 34;  // of a text that gives way
constexpr int spark_width = 100;
constexpr int bar_width = 110;
constexpr int arrow_width = 8;   // beside the title of the column that sorts

/// The text of the largest number of a column: rows further down may need more room than the first ones.
QString largest_text(const TableColumn& column, TimeZoneMode zone)
{
    if (column.is_text() || column.kind == TableColumn::Kind::instant || !column.shown.empty()) return {};
    TableColumn one;
    one.kind = column.kind;
    one.decor = column.decor;
    one.factor = column.factor;
    one.scale = column.scale;
    one.decimals = column.decimals;
    if (column.integers.empty()) one.numbers = {column.largest};
    else one.integers = {static_cast<std::int64_t>(std::min(column.largest, 9e18))};
    return cell_text(one, 0, zone);
}

}  // namespace

DataTable::DataTable(QWidget* parent)
    : QWidget(parent), model_(new TableModel(this)), view_(new QTableView), filter_(new QLineEdit), count_(new QLabel), bar_(new QHBoxLayout), hint_(new QLabel),
      body_(new QWidget), stack_(new QStackedLayout), filter_timer_(new QTimer(this))
{
    view_->setModel(model_);
    view_->setItemDelegate(new TableDelegate(view_));
    view_->setAlternatingRowColors(true);
    view_->setShowGrid(false);
    view_->setWordWrap(false);
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->setTabKeyNavigation(false);
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view_->verticalHeader()->setDefaultSectionSize(view_->fontMetrics().height() + 8);
    view_->horizontalHeader()->setHighlightSections(false);
    view_->horizontalHeader()->setSectionsMovable(true);
    view_->horizontalHeader()->setSortIndicatorClearable(true);
    view_->horizontalHeader()->setSortIndicator(-1, Qt::DescendingOrder);
    view_->setSortingEnabled(true);
    view_->setAccessibleName(tr("Table"));
    filter_->setPlaceholderText(tr("Filter: word, column:word, duration>100ms, -not"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter rows"));
    count_->setAccessibleName(tr("Row count"));
    hint_->setAlignment(Qt::AlignCenter);
    hint_->setWordWrap(true);
    hint_->setMargin(24);
    filter_timer_->setSingleShot(true);
    filter_timer_->setInterval(filter_pause_ms);
    set_hint(tr("No rows."));

    bar_->setContentsMargins(4, 4, 4, 4);
    bar_->setSpacing(8);
    bar_->addWidget(filter_, 1);
    bar_->addWidget(count_);
    auto* column = new QVBoxLayout(body_);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(bar_);
    column->addWidget(view_, 1);
    setLayout(stack_);  // before widgets come in: a stack without a window shows its first one as a window
    stack_->addWidget(hint_);
    stack_->addWidget(body_);
    setFocusProxy(view_);

    view_->viewport()->installEventFilter(this);
    view_->horizontalHeader()->viewport()->installEventFilter(this);
    connect(view_->horizontalHeader(), &QHeaderView::sortIndicatorChanged, this, &DataTable::share_room);
    connect(view_->horizontalHeader(), &QHeaderView::sectionResized, this, [this] { set_by_hand_ = set_by_hand_ || header_pressed_; });

    add_actions();
    connect(filter_, &QLineEdit::textChanged, filter_timer_, qOverload<>(&QTimer::start));
    connect(filter_, &QLineEdit::returnPressed, this, [this] { filter_now(); view_->setFocus(); });
    connect(filter_timer_, &QTimer::timeout, this, &DataTable::filter_now);
    connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& current) {
        if (current.isValid()) emit current_row_changed(model_->table_row(current.row()));
    });
    connect(view_, &QTableView::activated, this, [this](const QModelIndex& index) { emit activated(model_->table_row(index.row())); });
    update_state();
}

void DataTable::add_actions()
{
    const auto add = [this](const QString& text, const QKeySequence& keys, auto&& act) {
        auto* action = new QAction(text, view_);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, act);
        view_->addAction(action);
    };
    view_->setContextMenuPolicy(Qt::ActionsContextMenu);
    add(tr("Copy"), QKeySequence::Copy, &DataTable::copy);
    add(tr("Copy with Header"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C), &DataTable::copy_with_header);
    add(tr("Copy Cell"), QKeySequence(), [this] { QApplication::clipboard()->setText(view_->currentIndex().data().toString()); });
    add(tr("Export as CSV…"), QKeySequence(), &DataTable::ask_and_export_csv);
    add(tr("Filter"), QKeySequence::Find, [this] { filter_->setFocus(); filter_->selectAll(); });
    add(tr("Clear Filter"), Qt::Key_Escape, [this] { filter_->clear(); });
    add(tr("Fit Columns"), QKeySequence(), &DataTable::fit_columns);
}

QAction* DataTable::add_row_command(const QString& text, const QString& tip, const QKeySequence& keys, int least, int most, std::function<void()> act)
{
    auto* action = new QAction(text, view_);
    action->setToolTip(keys.isEmpty() ? tip : QStringLiteral("%1 (%2)").arg(tip, keys.toString(QKeySequence::NativeText)));
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(action, &QAction::triggered, this, std::move(act));
    view_->insertAction(view_->actions().value(0), action);
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setToolButtonStyle(Qt::ToolButtonTextOnly);
    bar_->addWidget(button);
    const auto update = [this, action, least, most] {
        const auto rows = view_->selectionModel()->selectedRows().size();
        action->setEnabled(rows >= least && rows <= most);
    };
    connect(view_->selectionModel(), &QItemSelectionModel::selectionChanged, action, update);
    connect(model_, &QAbstractItemModel::modelReset, action, update);
    update();
    return action;
}

std::vector<std::uint32_t> DataTable::selected_table_rows(std::size_t most) const
{
    std::vector<std::uint32_t> rows;
    for (const QItemSelectionRange& range : view_->selectionModel()->selection())
        for (int row = range.top(); row <= range.bottom() && rows.size() < most; ++row) rows.push_back(static_cast<std::uint32_t>(row));
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    for (std::uint32_t& row : rows) row = model_->table_row(static_cast<int>(row));
    return rows;
}

void DataTable::set_table(std::shared_ptr<const TableData> table)
{
    filter_timer_->stop();
    filter_->blockSignals(true);
    filter_->clear();
    filter_->blockSignals(false);
    view_->horizontalHeader()->setSortIndicator(-1, Qt::DescendingOrder);
    model_->set_table(std::move(table));
    fit_columns();
    update_state();
    look_for_rows();
}

void DataTable::reveal(const QStringList& texts)
{
    wanted_ = texts;
    look_for_rows();
}

void DataTable::point_at(Finder find)
{
    find_ = std::move(find);
    look_for_rows();
}

void DataTable::look_for_rows()
{
    // Views sort and choose a first row after they set a table; what was asked for comes after that.
    if (find_) QMetaObject::invokeMethod(this, &DataTable::go_to_found, Qt::QueuedConnection);
    if (!wanted_.isEmpty()) QMetaObject::invokeMethod(this, &DataTable::reveal_now, Qt::QueuedConnection);
}

void DataTable::go_to_found()
{
    const TableData* table = model_->table();
    if (find_ && table != nullptr)
        if (const auto row = find_(*table)) go_to(*row);
}

void DataTable::reveal_now()
{
    const TableData* table = model_->table();
    if (wanted_.isEmpty() || table == nullptr || table->rows == 0) return;
    std::vector<std::string> texts;
    for (const QString& text : wanted_) texts.push_back(text.toStdString());
    for (std::uint32_t row = 0; row < table->rows; ++row) {
        const bool all = std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
            return std::any_of(table->columns.begin(), table->columns.end(),
                               [&](const TableColumn& column) { return column.is_text() && !column.is_null(row) && column.texts[row] == text; });
        });
        if (!all) continue;
        wanted_.clear();
        if (model_->shown_row(row) < 0) set_filter({});
        return go_to(row);
    }
}

void DataTable::set_hint(const QString& text)
{
    hint_text_ = text;
    hint_->setText(text);
}

void DataTable::set_time_zone(TimeZoneMode zone) { model_->set_time_zone(zone); }

void DataTable::sort_by(int column, Qt::SortOrder order) { view_->sortByColumn(column, order); }

void DataTable::set_filter(const QString& text)
{
    filter_->setText(text);
    filter_now();
}

void DataTable::filter_now()
{
    filter_timer_->stop();
    const std::optional<std::uint32_t> current = current_table_row();
    model_->set_filter(filter_->text());
    if (current) go_to(*current);
    update_state();
}

void DataTable::go_to(std::uint32_t table_row)
{
    const int row = model_->shown_row(table_row);
    if (row < 0) return;
    const QModelIndex index = model_->index(row, std::max(0, view_->horizontalHeader()->logicalIndex(0)));
    view_->setCurrentIndex(index);
    view_->scrollTo(index);
}

std::optional<std::uint32_t> DataTable::current_table_row() const
{
    const QModelIndex index = view_->currentIndex();
    if (!index.isValid()) return {};
    return model_->table_row(index.row());
}

void DataTable::fit_columns()
{
    const QFontMetrics metrics = view_->fontMetrics();
    const int rows = std::min(fitted_rows, model_->rowCount());
    bool names = true;
    widths_.clear();
    for (int column = 0; column < model_->columnCount(); ++column) {
        const int title = metrics.horizontalAdvance(model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()) + 18;
        const TableColumn& source = model_->table()->columns[static_cast<std::size_t>(column)];
        int width = std::max(title, metrics.horizontalAdvance(largest_text(source, model_->time_zone())) + 16);
        for (int row = 0; row < rows; ++row)
            width = std::max(width, metrics.horizontalAdvance(model_->index(row, column).data().toString()) + 16);
        const int spark = source.sparks.empty() ? 0 : spark_width;
        // Without a text the line has the column for itself.
        const bool only_spark = spark > 0 && !source.texts.empty() && source.texts.front().empty();
        width = only_spark ? std::max(title, spark) : width + spark;
        if (source.decor == TableColumn::Decor::change || source.decor == TableColumn::Decor::gain) width += 16;
        width = std::min(width, widest_column);
        names = names && source.is_text();
        const bool gives_way = source.is_text() && !only_spark;
        const int least = gives_way ? std::max(title, metrics.averageCharWidth() * least_letters + spark) : width;
        if (source.decor == TableColumn::Decor::bar) width = std::max(width, bar_width);
        widths_.push_back({width, std::min(width, least), names && gives_way, spark, title});
    }
    // A text may have the room that is left; a number far from its title would be hard to read.
    const int last = model_->columnCount() - 1;
    view_->horizontalHeader()->setStretchLastSection(last >= 0 && model_->table()->columns[static_cast<std::size_t>(last)].is_text());
    set_by_hand_ = false;
    share_room();
    // Views hide columns after they set a table.
    QMetaObject::invokeMethod(this, &DataTable::share_room, Qt::QueuedConnection);
}

void DataTable::share_room()
{
    const int columns = static_cast<int>(widths_.size());
    if (set_by_hand_ || columns == 0 || columns != model_->columnCount()) return;
    // What the row is may have more than half of the room, but not all: some numbers belong beside it.
    const int room = view_->viewport()->width();
    const auto named = static_cast<int>(std::count_if(widths_.begin(), widths_.end(), [](const Width& width) { return width.names; }));
    const int letters = view_->fontMetrics().averageCharWidth() * least_name_letters, most_for_name = room * 3 / 5 / std::max(1, named);
    const int sorted = view_->horizontalHeader()->sortIndicatorSection();
    const auto width_of = [&](int column, int cap) {
        const Width& width = widths_[static_cast<std::size_t>(column)];
        const int shared = std::min(width.natural, std::max({width.least, width.names ? std::min(letters + width.spark, most_for_name) : 0, cap}));
        return column == sorted ? std::max(shared, width.title + arrow_width) : shared;
    };
    const auto sum = [&](int cap) {
        int all = 0;
        for (int column = 0; column < columns; ++column)
            if (!view_->isColumnHidden(column)) all += width_of(column, cap);
        return all;
    };
    // The widest texts give way first: the largest cap with which all columns have room.
    int cap = widest_column, low = 0;
    if (sum(cap) > room) {
        while (low + 1 < cap) {
            const int middle = (low + cap) / 2;
            (sum(middle) <= room ? low : cap) = middle;
        }
        cap = low;
    }
    for (int column = 0; column < columns; ++column)
        if (!view_->isColumnHidden(column)) view_->setColumnWidth(column, width_of(column, cap));
}

bool DataTable::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == view_->viewport() && event->type() == QEvent::Resize) share_room();
    if (watched == view_->horizontalHeader()->viewport()) {
        if (event->type() == QEvent::MouseButtonPress) header_pressed_ = true;
        if (event->type() == QEvent::MouseButtonRelease) header_pressed_ = false;
    }
    return QWidget::eventFilter(watched, event);
}

void DataTable::update_state()
{
    const qint64 all = model_->table() ? static_cast<qint64>(model_->table()->rows) : 0, shown = model_->rowCount();
    stack_->setCurrentWidget(all > 0 ? body_ : static_cast<QWidget*>(hint_));
    QString text = tr("%1 of %2 rows").arg(count_text(shown), count_text(all));
    if (shown == all) text = all == 1 ? tr("1 row") : tr("%1 rows").arg(count_text(all));
    if (model_->table() && model_->table()->cut) text += tr(", more were not fetched");
    if (all > 0 && shown == 0) text = tr("No row of %1 matches").arg(count_text(all));
    count_->setText(text);
}

QString DataTable::selected_text(bool with_header) const
{
    std::map<int, std::vector<std::pair<int, int>>> by_row;  // shown row -> visual columns
    QHeaderView* header = view_->horizontalHeader();
    qint64 cells = 0;
    int first_column = model_->columnCount(), last_column = -1;
    for (const QItemSelectionRange& range : view_->selectionModel()->selection()) {
        for (int row = range.top(); row <= range.bottom() && cells < most_copied_cells; ++row) {
            by_row[row].emplace_back(range.left(), range.right());
            cells += range.width();
        }
        first_column = std::min(first_column, range.left());
        last_column = std::max(last_column, range.right());
    }
    std::vector<int> columns;
    for (int column = first_column; column <= last_column; ++column)
        if (!view_->isColumnHidden(column)) columns.push_back(column);
    std::sort(columns.begin(), columns.end(), [header](int a, int b) { return header->visualIndex(a) < header->visualIndex(b); });
    QString text;
    const auto cell = [&](const QString& value, bool first) {
        if (!first) text += QLatin1Char('\t');
        QString plain = value;
        text += plain.replace(QLatin1Char('\t'), QLatin1Char(' ')).replace(QLatin1Char('\n'), QLatin1Char(' '));
    };
    if (with_header && !by_row.empty()) {
        for (const int column : columns) cell(model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString(), column == columns.front());
        text += QLatin1Char('\n');
    }
    for (const auto& [row, ranges] : by_row) {
        for (const int column : columns) {
            const bool selected = std::any_of(ranges.begin(), ranges.end(), [column](const auto& range) { return column >= range.first && column <= range.second; });
            cell(selected ? model_->index(row, column).data().toString() : QString(), column == columns.front());
        }
        text += QLatin1Char('\n');
    }
    return text;
}

void DataTable::copy() { QApplication::clipboard()->setText(selected_text(false)); }
void DataTable::copy_with_header() { QApplication::clipboard()->setText(selected_text(true)); }

QString DataTable::export_csv(const QString& path) const
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || !model_->write_csv(file) || !file.commit())
        return tr("%1 could not be written: %2").arg(path, file.errorString());
    return {};
}

void DataTable::ask_and_export_csv()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Export as CSV"), QStringLiteral("rows.csv"), tr("CSV (*.csv)"));
    if (path.isEmpty()) return;
    const QString problem = export_csv(path);
    if (!problem.isEmpty()) emit failed(problem);
}

}  // namespace casebook
